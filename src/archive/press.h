/* press - a part of a block, compressed a stretch at a time (private to archive).
 *
 * A packed block's text is so long, and its level so dear, that compressing it at once would keep the thread
 * that commits from its senders for most of a second. block_write_part (block.h) does the small ones at once.
 */
#ifndef ARCHIVE_PRESS_H
#define ARCHIVE_PRESS_H

#include <zstd.h>

#include "archive/block.h"

struct press {
    ZSTD_CCtx *context;          /* its own: commits use the thread's between two steps */
    struct buffer *out;
    struct slice bytes;          /* the caller's, until the part is done */
    size_t start, at;            /* in out; in bytes */
};

/* Begins a part that is appended to out. False: memory is short, or the part is too large. */
bool press_begin(struct press *press, enum block_part part, struct slice bytes, int level, struct buffer *out,
                 struct error *e);
/* Compresses some 10 ms more. *done_out: the part stands in out, complete. */
bool press_step(struct press *press, bool *done_out, struct error *e);
void press_free(struct press *press);

#endif
