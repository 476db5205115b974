/* outbox - how far the hub has read each of the archive's day files.
 *
 * The cursor is moved in the same transaction as what was folded up to it, so that a hub killed at
 * any moment goes on where the records really are; expiry of a day file waits for its cursors.
 */
#ifndef RECORDS_OUTBOX_H
#define RECORDS_OUTBOX_H

#include "records/records.h"

struct records_outbox {
    const char *stream;      /* "alerts", "counters" */
    int32_t day;             /* 20261124 */
    struct slice class;
    uint64_t sequence;       /* the last one folded; 0: none yet */
};

/* Sets o->sequence for its stream, day and class. */
bool records_outbox_get(struct records *records, struct records_outbox *o, struct error *e);
/* Moves it on; never back (ERROR_CONFLICT). */
bool records_outbox_put(struct records *records, const struct records_outbox *o, struct error *e);

#endif
