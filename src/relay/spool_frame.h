/* spool_frame - a row's data: records as a block of event/relayed.h in one zstd frame with its checksum. For
 * the spool only. */
#ifndef RELAY_SPOOL_FRAME_H
#define RELAY_SPOOL_FRAME_H

#include <zstd.h>

#include "base/buffer.h"
#include "event/batch.h"

struct spool_frame {
    ZSTD_CCtx *zstd;
    struct buffer plain, packed;
};

bool spool_frame_init(struct spool_frame *f, struct error *e);
void spool_frame_free(struct spool_frame *f);
/* The batches' records in f->packed. */
bool spool_frame_pack(struct spool_frame *f, struct batch *const *batches, size_t count, struct error *e);
/* Whether the disk gave back what was written, `count` records. They are in f->plain then. */
bool spool_frame_whole(struct spool_frame *f, struct slice frame, uint32_t count);

#endif
