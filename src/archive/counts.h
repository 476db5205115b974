/* counts - what a batch adds to the counters of its sources, as bytes in its row.
 *
 *     version:u8 = 1 | per source: key, protocol (each length:varint, bytes), received, stored,
 *     repeated, quarantined, refused, undecoded: varint, first, last, skew: zigzag varint
 */
#ifndef ARCHIVE_COUNTS_H
#define ARCHIVE_COUNTS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "event/batch.h"

void counts_write(const struct batch_count *counts, uint32_t count, struct buffer *out);
/* In the arena, bytes copied. */
bool counts_read(struct slice bytes, struct arena *arena, struct batch_count **counts_out,
                 uint32_t *count_out, struct error *e);

#endif
