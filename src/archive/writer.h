/* writer - the private side of archive.h: the day files that are open (writer_day.c), what goes into one
 * (writer_insert.c), the commit (archive.c) and the sealer (seal.c). */
#ifndef ARCHIVE_WRITER_H
#define ARCHIVE_WRITER_H

#include "archive/archive.h"
#include "archive/block.h"
#include "archive/chain.h"
#include "archive/day.h"
#include "archive/fetch.h"
#include "archive/limit.h"
#include "base/map.h"

enum { INSERT_BATCH, INSERT_BLOCK, INSERT_PART, INSERT_ORIGIN, INSERT_ALERT, INSERT_HITS,
       INSERT_INDICATORS, INSERT_MARK, FORGET_PLACES, FORGET_REQUEST, FORGET_OLDEST,
       INSERTS };

/* A tail block as it was committed, so that sealing need not read it back. */
struct kept {
    int64_t block;
    struct fetched data;
};

struct day {
    struct day_name name;
    char file[DAY_FILE];
    sqlite3 *db;
    sqlite3_stmt *inserts[INSERTS];
    uint64_t next_sequence, next_batch, next_block, next_alert;
    unsigned char chain[CHAIN_BYTES];
    struct map origins;            /* "source\0system\0agency" → number */
    struct arena keys;
    uint64_t tail_blocks, tail_events, tail_text;
    uint64_t marks;                /* written since it was opened */
    bool unpacked;                 /* has sealed blocks that were not packed yet */
    struct kept *kept;
    size_t kept_count, kept_capacity;
    uint64_t used;                 /* for closing the one not used for longest */
};

struct sealer;

/* Memory of sealed tails, used again for the next ones; freed when there is nothing to seal. */
struct spare {
    struct fetched *list;
    size_t count, capacity;
};

/* Batches of the last commits, by running number. */
struct numbered_batch {
    uint64_t base;                 /* running number of its first event */
    uint32_t count;
    struct event_id first;
};

/* A day file that could not be sealed: others come first. */
struct resting {
    struct day_name name;          /* day 0: free */
    int64_t until;                 /* ns UTC */
};

struct numbered {
    struct numbered_batch *batches;
    size_t count, capacity;
};

struct archive {
    char *directory;
    int lock;
    struct day *days[ARCHIVE_OPEN_FILES];
    uint64_t uses;
    struct block_builder *builder;
    struct buffer parts[PART_COUNT], key, counts;
    struct archive_statistics statistics;
    int64_t said_at;               /* steady; when a failure was last logged */
    int64_t kept_said_at;          /* … and that a broken file stays */
    uint64_t unsaid;               /* events not stored since then */
    struct sealer *sealer;         /* NULL between two windows */
    struct resting resting[ARCHIVE_OPEN_FILES]; /* newest first */
    struct spare spare;
    struct numbered numbered;
    uint64_t kept_bytes;           /* of all days */
    int64_t stored_at;             /* steady; of the last commit */
    size_t look_at;                /* next of the listed files to be looked through for old tails */
    bool looked_back;
    int64_t looked_at;             /* steady; of the last archive_look */
    uint64_t given;                /* no number below it is free in the file that just failed */
    uint64_t begin_at;             /* number for the file that is being made behind one set aside */
};

/* The open day file of that name; opened (made) when needed. NULL: e is set. */
struct day *writer_day(struct archive *archive, const struct day_name *name, bool make,
                       struct error *e);
/* No batch is received into it any more: what is left to do is sealing. */
bool writer_is_over(const struct day_name *name, int64_t now);
/* Closes it without asking: after a failure, so that the next use reads what really is there. */
void writer_forget(struct archive *archive, struct day *day);

/* Reads which origins the file numbers already. */
bool writer_load_origins(struct archive *archive, struct day *day, struct error *e);
/* For statements that give no rows. */
bool writer_step(struct day *day, sqlite3_stmt *statement, struct error *e);
/* count 0: nothing. */
bool writer_insert_mark(struct day *day, const struct batch_mark *mark, struct error *e);
/* Remembers which ids the batch's events get, if detect may name them later. False: memory is short. */
bool writer_number(struct archive *archive, const struct batch *batch, const struct event_id *first);
/* Forgets the batches from this running number on: their transaction failed. */
void writer_unnumber(struct archive *archive, uint64_t base);
/* Turns a running number into the event's id; what has one keeps it. batch is the one that names it, first
 * the id of its first event. False: that event was not stored, or too long ago. */
bool writer_event_id(const struct archive *archive, const struct batch *batch, const struct event_id *first,
                     struct event_id *id);
/* Everything of one batch within the caller's transaction; *first_out is its first sequence. */
bool writer_insert_batch(struct archive *archive, struct day *day, const struct batch *batch,
                         uint64_t *first_out, struct error *e);

/* --- files that cannot be used any more (mend.c) --- */

/* The number below which no event, batch or alert of this file is free. */
uint64_t writer_first_free(const struct day *day);
/* Whether this failure stays however often it is tried: broken pages, another format. */
bool writer_is_broken(const struct error *reason);
/* Renames the file (aside.h), says so and makes the new one at once: the old one may be taken away
 * before the next event comes, and its numbers must not be given again. Not where the disk takes no
 * other file either, nor more than ARCHIVE_ASIDE_MOST. False: said. */
bool writer_set_aside(struct archive *archive, const struct day_name *name,
                      const struct error *reason);
/* False (ERROR_DAMAGED) when a file opened anew holds less than it was given before. */
bool writer_holds_all(const struct archive *archive, const struct day *day, struct error *e);
/* A file without a batch goes on behind one that was set aside, or (was_there) that lost what it
 * held: an empty batch with the first free number. */
bool writer_begin_beyond(struct archive *archive, struct day *day, bool was_there,
                         struct error *e);

/* A block ready to be stored. */
struct block_done {
    struct block_summary summary;
    const struct block_origin *origins;
    uint32_t origin_count;
    struct slice parts[PART_COUNT]; /* an empty one is not stored */
};

/* Inserts it within the caller's transaction. */
bool writer_insert_block(struct archive *archive, struct day *day, const struct block_done *block,
                         int kind, struct error *e);

void sealer_free(struct archive *archive);
void spare_free(struct spare *spare);
void spare_put(struct spare *spare, struct fetched *fetched);
void spare_take(struct spare *spare, struct fetched *fetched);

/* Keeps the parts of the tail that is just being stored, where memory allows: the builder's, which has
 * to be cleared then. */
void writer_keep(struct archive *archive, struct day *day, const struct slice *parts);
/* The tail's data when they are kept; the owner is then who took them. */
bool writer_take_kept(struct archive *archive, struct day *day, int64_t block,
                      struct fetched *data_out);
void writer_drop_kept(struct archive *archive, struct day *day);
bool sealer_check(const struct sealer *sealer);

#endif
