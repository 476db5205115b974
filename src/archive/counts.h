/* counts - what a batch adds to the counters of its sources, as bytes in its row.
 *
 *     version:u8 = 1 | per source: key, protocol (each length:varint, bytes), received, stored,
 *     repeated, quarantined, refused, undecoded: varint, first, last, skew: zigzag varint
 *
 * With tallies (matches that raised no alert): version:u8 = 2 | sources: varint | each source as above
 *     | per tally: kind:varint, rule, agency, system, entity (length:varint, bytes), exception, count:
 *     varint, first, last: zigzag varint
 */
#ifndef ARCHIVE_COUNTS_H
#define ARCHIVE_COUNTS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "event/batch.h"

struct counts {
    struct batch_count *sources;
    uint32_t source_count;
    struct match_tally *tallies;
    uint32_t tally_count;
};

void counts_write(const struct batch *batch, struct buffer *out);
/* In the arena, bytes copied. */
bool counts_read(struct slice bytes, struct arena *arena, struct counts *out, struct error *e);

#endif
