/* report - documents out: the standing of the plan as a report in the layout of Decree
 * 30/2020/NĐ-CP, Appendix I, from a template that officials may edit in Word.
 *
 * Good: every figure in it comes from one plan_result, so it cannot differ from the console.
 * Never: a number that has no rows; text of the report in code that could stand in the template.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/buffer.h"
#include "plan/plan_check.h"

/* The template that comes with the program, a DOCX file. */
struct slice report_template(void);

/* Appends the report as DOCX to out. result: of a plan_check with a period, all agencies.
 * template_bytes: SLICE_NONE for report_template(). False when the template is no DOCX or names an
 * unknown field. The report is in Vietnamese: it is an official paper. */
bool report_standing(const struct plan_result *result, struct slice template_bytes,
                     struct buffer *out, struct error *e);

/* "bao-cao-802-kh-ubnd-2019-2026-Q4.docx"; text has REPORT_NAME bytes. */
#define REPORT_NAME 160
void report_standing_name(const struct plan_result *result, char *text);

#endif
