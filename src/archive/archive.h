/* archive - events kept: the one writer of the day files.
 *
 * A day file `YYYYMMDD.<class>.db` holds what one UTC day received of one retention class: events
 * in compressed blocks, the alerts and open correlation hits that came with them, what every
 * source sent, and a chain of digests over the batches. Expiry is deleting a file.
 *
 * Good: commit a batch, then answer the sender; seal while nobody waits.
 * Bad: many commits of single events (store what waits together: archive_store_many).
 * Never: two writers on one directory (the second is refused); a file written by anything else.
 *
 * What holds after kill -9 at any moment: a batch is in its file whole (events, alerts, hits,
 * counts, digest) or not at all; ids have no gap; sealing changes no event and no id.
 * Sealing runs in the writer's thread, a few milliseconds a step, and is not felt by its memory:
 * what was begun and not committed is begun again.
 *
 * A day file whose pages are broken, or that another version wrote, is set aside whole (aside.h) and a
 * new one begun whose ids go on beyond: a damaged file keeps nobody waiting.
 */
#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "base/error.h"
#include "event/batch.h"

struct archive;

/* Opens (makes) the directory for writing. Old files are not touched, so this takes no longer for
 * a full archive. False: not a directory, no right, or another process writes here (ERROR_BUSY). */
bool archive_open(const char *directory, struct archive **archive_out, struct error *e);
/* Commits nothing; what was stored is stored. NULL is fine; sets *archive to NULL. */
void archive_close(struct archive **archive);

/* Stores the batch durably in one transaction: sets batch->first and turns the running numbers in
 * alerts[].earlier into ids; events that were not stored leave that list. False: nothing of it is stored
 * (disk full, I/O error) and the archive can be used again, the same batch too. */
bool archive_commit(struct archive *archive, struct batch *batch, struct error *e);
/* archive_commit, then batch_finish with its outcome, for several that wait: one transaction for those
 * of one day file, so that many small batches share one sync. They are finished in their order, and
 * gone afterwards. */
void archive_store_many(struct archive *archive, struct batch **batches, size_t count);

/* Does about `budget_ms` milliseconds of sealing: merges tail blocks into large ones, grouped by
 * (channel or program, event id, host), events keep their ids. *more_out: there is more to do now;
 * otherwise call again after some seconds. now: ns UTC; a day that is over is sealed to its end.
 * Call it when no batch waits, and also when more_out stayed true for long: behind a lasting load
 * it is the caller who shares the time. False: the step failed and has changed nothing; its file rests for
 * a while, the next call goes on with the others, and e tells of it once until it was sealed after all. */
bool archive_seal_step(struct archive *archive, int64_t now, unsigned budget_ms, bool *more_out,
                       struct error *e);

/* Every some seconds, cheap: can others read the files that are open for writing? The writer itself has
 * much of them in memory and may not meet the damage. One that is damaged is set aside; of a day that is over
 * (open to be sealed) it stays where it is, for readers to find its whole blocks. now: ns UTC. */
void archive_look(struct archive *archive, int64_t now);

struct archive_statistics {
    uint64_t batches, events, raw_bytes, stored_bytes; /* committed since open; tails as written */
    uint64_t failed;                                   /* batches that could not be stored */
    uint64_t sealed_blocks, sealed_events;             /* since open, packed ones too */
    uint64_t tail_blocks;                              /* waiting in the files that are open */
};
struct archive_statistics archive_statistics(const struct archive *archive);

/* Invariants of the writer; used in asserts and tests. */
bool archive_check(const struct archive *archive);

#endif
