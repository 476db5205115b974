/* repeats - requests that a sender marked and may send again.
 *
 * A sender that got no answer sends again; its mark tells that it is the same batch. Two equal lines
 * without a mark may both be true, so nothing else is ever taken for a repeat. Which records of a
 * marked request are stored is committed with them (event/batch.h, struct batch_mark) and told to us
 * again when the pipeline starts, so that a kill forgets nothing: a request of which a part was stored
 * is taken on from there.
 *
 * Three kinds: a mark of its own (X-Batch-Id), of which the newest REPEATS_MOST are known; the place
 * within a numbered stream (a relay's), of which only the last place is needed, however long ago; and
 * a stream without numbers (a journal), of which the last request is known by its records themselves.
 * Good: any thread.
 */
#ifndef INTAKE_REPEATS_H
#define INTAKE_REPEATS_H

#include "base/slice.h"
#include "event/batch.h"

#define REPEATS_MOST 8192u
#define REPEATS_STREAMS 4096u
#define REPEATS_MARK_MOST 200u          /* bytes of a mark */
#define REPEATS_ANSWER_MOST (4u * 1024)

struct repeats;

struct repeats_part {
    uint32_t first, count;              /* records of the request, from 0 */
    unsigned char check[BATCH_MARK_KEY]; /* of a checked mark; then parts stand in order */
};

enum repeat {
    REPEAT_NEW,        /* never seen: it is noted as on its way, repeats_end must follow */
    REPEAT_PARTLY,     /* the same, but known.parts of it are stored already */
    REPEAT_ON_ITS_WAY,
    REPEAT_STORED      /* all of it */
};

struct repeats_known {
    uint64_t count;                     /* REPEAT_STORED: its records; 0: not known */
    struct slice answer;                /* REPEAT_STORED: as answered then; data NULL: not kept */
    struct repeats_part *parts;         /* REPEAT_PARTLY */
    uint32_t part_count;
};

struct repeats *repeats_new(void);      /* NULL when memory is short */
void repeats_free(struct repeats **repeats);

/* The identity of a request: sender and mark as texts. place 0: a mark of its own; else where in the
 * sender's stream `mark` the request begins, counted in records from 1. Its first and count are for
 * who hands it on. */
struct batch_mark repeats_mark(struct slice sender, struct slice mark, uint64_t place);

/* The same for a stream without numbers: each request may be the last one again, as far as its records
 * are those of known.parts. It is REPEAT_NEW or REPEAT_PARTLY. */
struct batch_mark repeats_checked(struct slice sender, struct slice stream);

/* *known_out is freed by repeats_known_free. */
enum repeat repeats_begin(struct repeats *repeats, const struct batch_mark *mark,
                          struct repeats_known *known_out);
void repeats_known_free(struct repeats_known *known);
/* Those records of it are committed (mark->first, mark->count). Also at start, for what the archive
 * remembers, oldest first. */
void repeats_stored(struct repeats *repeats, const struct batch_mark *mark);
/* The request is over: all of it stored with that answer, or not (then it may come again). */
void repeats_end(struct repeats *repeats, const struct batch_mark *mark, bool stored,
                 uint64_t count, struct slice answer);

#endif
