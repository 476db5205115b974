/* stage - the pipes of a query, run over what the filter let through (private to search).
 *
 * A chain of operators: each takes an event or a table row and hands on to the next; those that
 * need all (count, sort) hand on when the search ends. Memory is bounded (SEARCH_GROUPS_MAX,
 * SEARCH_SORT_MAX); what went over is said by chain_cut. */
#ifndef ARCHIVE_STAGE_H
#define ARCHIVE_STAGE_H

#include "archive/search.h"
#include "archive/tree.h"

/* What flows: an event, or a row of a table. */
struct item {
    const struct search_event *event;    /* NULL: a row */
    const struct search_table *table;
    const struct search_cell *cells;
};

struct chain;

struct chain_sink {
    void *owner;
    bool (*take)(void *owner, const struct item *item); /* false: no more, please */
};

/* From stage `first` of the query on. range: for a timechart that chose no span. NULL: no memory. */
struct chain *chain_new(const struct query *query, uint32_t first, int64_t range,
                        const struct chain_sink *sink);
void chain_free(struct chain **chain);
/* False: whoever stands behind wants no more. */
bool chain_push(struct chain *chain, const struct search_event *event);
bool chain_finish(struct chain *chain);
/* Groups or rows that did not fit. */
uint64_t chain_cut(const struct chain *chain);

/* --- before the search (stage_needs.c) --- */

/* The first stage that is no `limit`: those before it are the search's own. */
uint32_t chain_first(const struct query *query);

#define CHAIN_ALL UINT64_MAX
/* So many of the newest events make the result, of which at most `rows` rows go out: known where each
 * event is one row up to a `limit` or the end. CHAIN_ALL: any may count, and they may come in any order. */
uint64_t chain_newest(const struct query *query, uint64_t rows);

/* The stages look at fields or the text of events, not only at their time and number. */
bool chain_needs_events(const struct query *query, uint32_t first);

/* The fields of the record that stage `first` looks at, when it is one that looks at few; names_out
 * has room for QUERY_COLUMNS_MAX * 2. False: it may look at any. */
bool chain_fields(const struct query *query, uint32_t first, struct slice *names_out,
                  size_t *count_out);

/* --- values (stage_value.c) --- */

/* A round length of time so that a range has about `buckets` of them. */
int64_t stage_span(int64_t range, unsigned buckets);
/* Begin of the span (days begin at midnight in Asia/Ho_Chi_Minh). */
int64_t stage_bucket(int64_t time, int64_t span);

/* The value of a field or pseudo-field; text may use scratch (cleared first). */
struct search_cell stage_event_cell(const struct search_event *event, struct slice field,
                                    struct buffer *scratch);
/* A copy in one piece of memory (free()); NULL: no memory. */
struct search_event *stage_keep_event(const struct search_event *event);

#endif
