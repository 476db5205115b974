/* spool - what a relay has taken in and the hub has not yet acknowledged, on disk (SQLite, synced).
 *
 * Records are numbered from 1 in the order in which they were stored; rows hold some of them each,
 * compressed and with a checksum (zstd). A record is gone only after the hub has said that it is stored.
 * Bounded: beyond `most` bytes, or when the disk is almost full, nothing more is taken (ERROR_BUSY), and
 * senders wait; what was taken can always be dropped.
 * Good: one thread stores, another one reads and drops.
 */
#ifndef RELAY_SPOOL_H
#define RELAY_SPOOL_H

#include "base/arena.h"
#include "base/buffer.h"
#include "event/batch.h"

struct spool;

#define SPOOL_STREAM_TEXT 33     /* hex, NUL */
#define SPOOL_TAKE_BYTES (1024u * 1024)

/* folder/spool.db, made when missing; with it a new stream. */
bool spool_open(const char *folder, uint64_t most, struct spool **spool_out, struct error *e);
void spool_close(struct spool **spool);
/* The name of this stream: another spool is another stream. */
const char *spool_stream(const struct spool *spool);

/* Whether the disk is almost full; then it is so until it has some room again. Gives back what it can. */
bool spool_is_tight(struct spool *spool);
/* All of these batches or none, synced when it returns. ERROR_BUSY: full, or the disk is. */
bool spool_store(struct spool *spool, struct batch *const *batches, size_t count,
                 struct error *e);

/* The marks of local senders' requests (event/batch.h), oldest first. */
void spool_marks(struct spool *spool, void (*each)(void *owner, const struct batch_mark *mark),
                 void *owner);

struct spool_piece {
    uint64_t place;              /* number of its first record */
    uint32_t count;              /* records */
    struct slice body;           /* zstd frames of event/relayed.h, in the arena */
    int64_t first, last;         /* rows: for spool_drop */
};

/* The oldest records, about SPOOL_TAKE_BYTES of them. count 0: nothing waits. A row that the disk has
 * damaged is left out, said in the log, counted, and named in the table `damaged`. */
bool spool_take(struct spool *spool, struct arena *arena, struct spool_piece *out,
                struct error *e);
/* They are stored at the hub. */
bool spool_drop(struct spool *spool, const struct spool_piece *piece, struct error *e);
/* The hub will never take them: kept aside in the table `damaged`. */
bool spool_set_aside(struct spool *spool, const struct spool_piece *piece, const char *why,
                     struct error *e);

struct spool_figures {
    uint64_t waiting, bytes;     /* records, bytes on disk that wait */
    uint64_t set_aside;          /* records, since the stream began */
    uint64_t next;               /* number of the next record */
    int64_t oldest;              /* when the oldest that waits was stored; 0: none, or it cannot be read */
};
void spool_figures(struct spool *spool, struct spool_figures *out);

#endif
