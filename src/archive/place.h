/* place - where the value of a field stands in its raw line (private to block_write and block_read). */
#ifndef ARCHIVE_PLACE_H
#define ARCHIVE_PLACE_H

#include "base/buffer.h"
#include "event/event.h"

/* As the field record writes it (block.h). */
enum how { IN_LINE, IN_LINE_ESCAPED, BESIDE, JSON_STRING };

struct place {
    enum how how;
    size_t at, len;
    bool string;   /* it is a whole JSON string: its end can be seen */
};

/* From `from` on, or before it; BESIDE when nowhere. gap: how far behind `from` it stood in the event
 * before of the same shape, INT64_MIN when there was none. */
struct place place_find(struct slice raw, size_t from, const struct event_field *field, int64_t gap,
                        struct buffer *scratch);

#endif
