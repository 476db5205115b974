/* docx - fills a Word template: content controls, named by their tag, else by their title, else by
 * their text "[name]", are replaced by values in the formatting of their first run.
 *
 * A control named `list.field` repeats what holds it, the table row, else the paragraph, once for
 * each record of `list`. LibreOffice 7.4 drops tags, and of rich-text controls the title too; of
 * plain-text controls it keeps the title but drops the formatting. Hence the third way.
 * Good: templates that officials edit in Word or LibreOffice.
 * Bad: controls around whole rows (LibreOffice drops them).
 * Never: text put in except through libxml2.
 */
#ifndef REPORT_DOCX_H
#define REPORT_DOCX_H

#include "base/buffer.h"
#include "base/error.h"

struct docx_field {
    const char *name;
    struct slice value;                 /* UTF-8; \n begins a new line */
};

struct docx_list {
    const char *name;
    const char *const *fields;          /* names of the columns */
    uint32_t field_count;
    const struct slice *values;         /* record by record, field by field */
    uint32_t record_count;
};

struct docx_values {
    const struct docx_field *fields;
    uint32_t field_count;
    const struct docx_list *lists;
    uint32_t list_count;
};

/* Largest template, and largest part of one when unpacked. */
#define DOCX_TEMPLATE_MOST (16u << 20)
#define DOCX_PART_MOST (32u << 20)

/* Appends the filled document to out. The same input gives the same bytes. False when the template
 * is no DOCX or names a field that is not there (said with its name and part). */
bool docx_fill(struct slice template, const struct docx_values *values, struct buffer *out,
               struct error *e);

#endif
