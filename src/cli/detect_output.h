/* detect_output - what haidang detect says of alerts: a line each, JSON lines, CSV, a table by rule. */
#ifndef CLI_DETECT_OUTPUT_H
#define CLI_DETECT_OUTPUT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "cli/findings.h"

enum output_form { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV };

struct output_look {
    const char *language;
    bool colour;
    unsigned width;        /* columns of the terminal; 0: lines are not cut */
};

void output_head(enum output_form form, struct buffer *out);
/* One alert, a line. */
void output_put(enum output_form form, const struct detect_found *found,
                const struct output_look *look, struct buffer *out);
/* All rules that matched, each with its first alerts; sorted by the caller (findings_sort). */
void output_by_rule(const struct findings *findings, const struct output_look *look,
                    struct buffer *out);

#endif
