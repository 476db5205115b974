/* checked - bytes behind a checksum of their own, for what stands in a day file outside of blocks.
 *
 *     xxh3 of the rest:u64 | the rest
 */
#ifndef ARCHIVE_CHECKED_H
#define ARCHIVE_CHECKED_H

#include "base/buffer.h"

/* Makes room for the checksum; returns where it is, for checked_end when the rest was written. */
size_t checked_begin(struct buffer *out);
void checked_end(struct buffer *out, size_t begin);
/* False where the checksum is wrong; the rest is a part of bytes. */
bool checked_open(struct slice bytes, struct slice *rest_out);

#endif
