/* indicator - threat indicators as feeds told them, and the allow-list that people added.
 *
 *     records_indicator_begin(r, &actor, &feed, add, &load, e)
 *     records_indicator_put(r, &load, rows, count, e)          as often as needed
 *     records_indicator_end(r, &actor, &load, &feed, e)        from here on it counts
 *
 * Until the end the feed's former indicators hold; what was begun and never ended goes away with the
 * next beginning. Every change lets the generation grow: the hub then publishes a new table.
 */
#ifndef RECORDS_INDICATOR_H
#define RECORDS_INDICATOR_H

#include "event/indicator.h"
#include "records/records.h"

struct records_indicator_feed {
    struct slice key, license, format, file, imported_by;
    uint64_t count, skipped, refused;    /* count: read only */
    int64_t imported_at;                 /* read only; 0: never */
};

struct records_indicator {
    enum indicator_type type;
    struct slice value;                  /* in its one form */
    int confidence;
    enum indicator_tlp tlp;
    int64_t valid_until;                 /* 0: open */
    struct slice note;
    struct slice feed, license;          /* read only */
};

struct records_indicator_load {
    int64_t feed, round;
};

/* add: the feed keeps what it has and gets more; else what comes takes its place. */
bool records_indicator_begin(struct records *records, const struct actor *actor,
                             const struct records_indicator_feed *feed, bool add,
                             struct records_indicator_load *load_out, struct error *e);
bool records_indicator_put(struct records *records, const struct records_indicator_load *load,
                           const struct records_indicator *rows, uint32_t count, struct error *e);
bool records_indicator_end(struct records *records, const struct actor *actor,
                           const struct records_indicator_load *load,
                           const struct records_indicator_feed *feed, struct error *e);

/* Grows with every change of indicators or allow-list. */
bool records_indicator_generation(struct records *records, uint64_t *generation_out,
                                  struct error *e);

bool records_indicator_feeds(struct records *records, struct arena *arena,
                             struct records_indicator_feed **feeds_out, uint32_t *count_out,
                             struct error *e);
/* Takes a feed away with all it holds. */
bool records_indicator_feed_remove(struct records *records, const struct actor *actor,
                                   struct slice key, struct error *e);
/* Takes one value out of every feed; *removed_out: of how many. None: ERROR_NOT_FOUND. */
bool records_indicator_remove(struct records *records, const struct actor *actor,
                              struct slice value, uint64_t *removed_out, struct error *e);

/* Every indicator in force; its slices live until each() returns; false from it ends the walk. */
bool records_indicator_each(struct records *records,
                            bool (*each)(void *owner, const struct records_indicator *row),
                            void *owner, struct error *e);

struct records_indicator_filter {
    struct slice feed;                   /* empty: any */
    int type;                            /* -1: any */
    struct slice words;                  /* in the value or note */
    struct slice after;                  /* the value behind which the page begins; empty: first */
};

/* In the order of values, at most `limit`. */
bool records_indicator_list(struct records *records, const struct records_indicator_filter *filter,
                            uint32_t limit, struct arena *arena,
                            struct records_indicator **rows_out, uint32_t *count_out,
                            struct error *e);

/* Indicators in force by type, and how many of them are past their validity. */
struct records_indicator_counts {
    uint64_t types[INDICATOR_TYPES], expired;
};
bool records_indicator_counts(struct records *records, struct records_indicator_counts *counts_out,
                              struct error *e);

struct records_indicator_allowed {
    struct slice value, reason, by_whom;
    int64_t since;
};

/* value in its one form (indicator_allow_value). */
bool records_indicator_allow(struct records *records, const struct actor *actor, struct slice value,
                             struct slice reason, struct error *e);
bool records_indicator_disallow(struct records *records, const struct actor *actor,
                                struct slice value, struct error *e);
bool records_indicator_allowed(struct records *records, struct arena *arena,
                               struct records_indicator_allowed **rows_out, uint32_t *count_out,
                               struct error *e);

#endif
