/* overview - what a search counts beside its results: a histogram over time, and the most frequent
 * values of fields (private to search). */
#ifndef ARCHIVE_OVERVIEW_H
#define ARCHIVE_OVERVIEW_H

#include "archive/search.h"

struct overview {
    struct arena *arena;             /* the search's */
    struct search_foot *foot;        /* whose `cut` counts the values that are too many to keep apart */
    int64_t span;                    /* of the histogram's buckets, ns; 0: none */
    struct search_bucket *buckets;
    size_t bucket_count;
    const struct slice *fields;
    struct overview_facet *facets;   /* one a field; NULL: none */
    size_t facet_count;
    struct buffer scratch;
};

void overview_init(struct overview *overview, struct arena *arena, struct search_foot *foot);
void overview_free(struct overview *overview);

/* No fields: none are counted. False: memory. */
bool overview_begin_facets(struct overview *overview, const struct slice *fields, size_t count,
                           struct error *e);
/* About `wanted` buckets from `from` to `to`, none where they would be too many. False: memory. */
bool overview_begin_buckets(struct overview *overview, int64_t from, int64_t to, unsigned wanted,
                            struct error *e);

void overview_time(struct overview *overview, int64_t time);
void overview_event(struct overview *overview, const struct search_event *event);

/* To the handlers; false when one of them wants no more. */
bool overview_give_buckets(const struct overview *overview, const struct search_handlers *handlers);
bool overview_give_facets(struct overview *overview, const struct search_handlers *handlers);

#endif
