/* outbox - what the day files hold for others: alerts and counts for the hub, hits for detect.
 *
 * Read-only on files that another process writes. The hub keeps, per day file, the number of the
 * last batch that it folded, and stores it in the same transaction as what it folded:
 *
 *     outbox_open(&outbox, directory, e);
 *     for each cursor in the records: outbox_seek(outbox, cursor.day, cursor.class, cursor.batch);
 *     on each nudge: while (outbox_next(outbox, &arena, &item, e) && item) { fold; commit; }
 *
 * so that each batch is folded once, whatever dies in between. A batch whose transaction is rolled
 * back is given again after outbox_seek to the batch before it.
 * Never: a long pause with a half-read item; nothing is locked between two calls.
 */
#ifndef ARCHIVE_OUTBOX_H
#define ARCHIVE_OUTBOX_H

#include "base/arena.h"
#include "base/error.h"
#include "event/alert.h"
#include "event/batch.h"

struct outbox;

/* An alert as it was committed; ids are final. */
struct outbox_alert {
    struct alert alert;          /* .event is 0: see id; .earlier holds final ids */
    struct event_id id;          /* of the event that completed the match */
    uint64_t row;                /* of the alert in its day file: (day, class, row) is unique */
    struct slice source, system, agency; /* of that event */
};

/* One committed batch. */
struct outbox_batch {
    int32_t day;
    char class[16];
    uint64_t batch;              /* its number in the file, from 1 without gaps: the cursor */
    int64_t received;            /* ns UTC */
    struct event_id first;       /* of its first event; sequence 0 when it has none */
    uint32_t event_count;
    struct batch_count *counts;  /* what it adds to each source's counters */
    uint32_t count_count;
    struct match_tally *tallies;       /* matches that raised no alert of their own */
    uint32_t tally_count;
    struct outbox_alert *alerts; /* in the order detect made them */
    uint32_t alert_count;
};

/* A directory that does not exist yet is an empty one. */
bool outbox_open(const char *directory, struct outbox **outbox_out, struct error *e);
void outbox_close(struct outbox **outbox);

/* Go on behind that batch of that file (0: from its beginning, as unknown files do). */
bool outbox_seek(struct outbox *outbox, int32_t day, struct slice class, uint64_t batch,
                 struct error *e);
/* The next batch of any file, oldest file first, in the arena; *item_out NULL when all is read.
 * False: a file cannot be read; the other files are given on the next calls. */
bool outbox_next(struct outbox *outbox, struct arena *arena, struct outbox_batch **item_out,
                 struct error *e);

/* One open correlation hit as committed. */
struct outbox_hit {
    struct hit hit;              /* .event is 0: see id */
    struct event_id id;
};

/* All hits whose time is at or after `since` (ns UTC), oldest commit first: pipeline start reads
 * the open windows back. The slices live until the callback returns; false from it ends the walk. A
 * file that cannot be read is said in the log and left out. */
bool outbox_hits(const char *directory, int64_t since,
                 bool (*each)(void *owner, const struct outbox_hit *hit), void *owner,
                 struct error *e);

/* All marks of senders' requests in files of days at or after `since` (ns UTC), oldest file first: so
 * that intake knows what is sent again. false from the callback ends the walk; a file that cannot be
 * read is left out as above. */
bool outbox_marks(const char *directory, int64_t since,
                  bool (*each)(void *owner, const struct batch_mark *mark), void *owner,
                  struct error *e);

#endif
