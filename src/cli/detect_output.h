/* detect_output - what haidang detect says of an alert: table, JSON lines, CSV, one HTML page. */
#ifndef CLI_DETECT_OUTPUT_H
#define CLI_DETECT_OUTPUT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "event/alert.h"

enum output_form { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV };

struct output_alert {
    const struct alert *alert;
    const char *file;
    uint64_t place;        /* line or record */
    const char *language;
    bool colour;
};

void output_head(enum output_form form, struct buffer *out);
void output_put(enum output_form form, const struct output_alert *alert, struct buffer *out);

#endif
