/* hits - the hits of one batch, open windows of correlation, as bytes in one row.
 *
 *     checked.h, behind it
 *     per hit: time: zigzag varint, difference to the hit before | sequence: the same | rule, base rule,
 *              group, value: varint 0 as in the hit before, else length + 1, and bytes
 */
#ifndef ARCHIVE_HITS_H
#define ARCHIVE_HITS_H

#include "base/buffer.h"
#include "event/batch.h"

/* first: sequence of the batch's first event. *newest_out: the latest of their times. */
void hits_write(const struct batch *batch, uint64_t first, struct buffer *out, int64_t *newest_out);

struct hits {
    const unsigned char *at, *end;
    struct hit now;              /* its texts stand in the bytes; .event is 0 */
    uint64_t sequence;           /* of its event */
    bool damaged;
};

/* Over bytes that outlive the walk. False where their checksum is wrong. */
bool hits_open(struct slice bytes, struct hits *hits_out);
/* The next one is hits->now; false at the end, and where the bytes are damaged. */
bool hits_next(struct hits *hits);

#endif
