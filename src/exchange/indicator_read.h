/* indicator_read - what the readers of indicator_file.h share (private to exchange). */
#ifndef EXCHANGE_INDICATOR_READ_H
#define EXCHANGE_INDICATOR_READ_H

#include "base/json.h"
#include "exchange/indicator_file.h"

struct indicator_reading {
    const struct indicator_file *file;
    struct indicator_file_count *count;
    struct arena scratch;    /* of one value */
    struct error *e;
    bool ended;              /* take() said no */
};

/* Reads the text and hands it on with what stands in `item`; a wrong one is told at `place`. */
void indicator_put(struct indicator_reading *r, struct slice text, enum indicator_type wanted,
                   struct indicator_item item, const char *place);
void indicator_refuse(struct indicator_reading *r, struct error *e, const char *place);

/* What a feed calls a type ("ip-dst", "md5_hash", "FileHash-SHA256"); ANY when it is none of ours,
 * false when it is one that we do not match (ssdeep, filename, …). *port_out: "address|port". */
bool indicator_word(struct slice word, enum indicator_type *type_out, bool *port_out);
/* A date or time; 0 when it is none. */
int64_t indicator_time(struct slice text);

void indicator_read_lines(struct indicator_reading *r);
bool indicator_read_stix(struct indicator_reading *r, const struct json *bundle);
bool indicator_read_misp(struct indicator_reading *r, const struct json *document);

#endif
