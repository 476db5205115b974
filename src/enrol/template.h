/* template - texts with {{names}} in them, filled from a table.
 *
 * "{{name}}" becomes its value; everything else, single braces included, stays. A name that is not in
 * the table, or a "{{" without its end on the line, is an error with its line.
 */
#ifndef ENROL_TEMPLATE_H
#define ENROL_TEMPLATE_H

#include "base/buffer.h"
#include "base/error.h"

struct template_value {
    const char *name;
    struct slice value;   /* empty: this server does not have it */
};

/* `file` names the text in errors. *lacking_out: a value that it needs is empty (the text is of no
 * use then). False: wrong template, or out is full. */
bool template_fill(struct slice text, const char *file, const struct template_value *values,
                   size_t count, struct buffer *out, bool *lacking_out, struct error *e);

#endif
