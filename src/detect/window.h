/* window - the hits of one group of one correlation, by time, and what is counted of them (private to
 * detect).
 *
 * A tally follows the window that ends with the newest hit: each hit is added once and taken away once,
 * so that a hit costs the same however many are open. A hit that comes late is counted by a second
 * tally that slides from its place on.
 */
#ifndef DETECT_WINDOW_H
#define DETECT_WINDOW_H

#include "detect/blob.h"

struct entry {
    int64_t time;
    uint64_t value;      /* hash of it, for value_count */
    double number;       /* value_sum, value_avg; NAN: none */
    uint32_t position;   /* which of the referred rules */
    struct event_id id;  /* day 0: none yet, sequence is its running number (event/batch.h) */
};

struct seen { uint64_t value; uint32_t count; }; /* count 0: free */

/* What is counted of entries [first, next). */
struct tally {
    uint32_t first, next;
    double sum;
    uint32_t numbers, removed;       /* removed: since the sum was last made anew */
    uint32_t kinds, *positions;      /* temporal: how often each of the rules; allocated when needed */
    struct seen *seen;               /* value_count: hash table */
    uint32_t different, seen_capacity;
    bool failed;                     /* memory was short: it counts too little */
};

struct window_hits {
    struct entry *memory, *entries;  /* by time; entries stand within memory */
    uint32_t count, capacity;
    struct tally tally;              /* of the window that ends with the newest */
};

void window_free(struct window_hits *w);
/* Puts the entry where its time belongs, forgets what no window can hold any more (or, at `most`
 * entries, the oldest). Its place, or UINT32_MAX when it is too late or memory is short; *forgotten is
 * the number of entries that went, *lost of those that might still have counted. */
uint32_t window_insert(struct window_hits *w, const struct blob_correlation *k,
                       const struct entry *entry, uint32_t most, uint32_t *forgotten,
                       uint32_t *lost);
/* The tally of the windows that hold entry `at`: window_first() of the one that ends with it, then
 * window_next() until false. The tally is the window's own where the entry is the newest, else
 * `late`, which the caller zeroes and frees. */
struct tally *window_first(struct window_hits *w, const struct blob_correlation *k, uint32_t at,
                           struct tally *late);
bool window_next(struct window_hits *w, const struct blob_correlation *k, uint32_t at,
                 struct tally *tally);
void tally_free(struct tally *tally);
/* Does the correlation's condition hold? *value_out: what was counted. */
bool tally_holds(const struct tally *tally, const struct blob_correlation *k,
                 const struct entry *entries, double *value_out);

#endif
