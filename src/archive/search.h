/* search - runs a query over the day files, newest first, read-only, within a budget.
 *
 * Good: in a process of its own (to cancel it is to kill it), results relayed as they come.
 * Bad: without a time range on a year of files; the budget ends it and the foot says so.
 * Never: without a scope. What the scope does not name is not read, not counted, not explained:
 *        an agency never sees another's events, nor that they exist.
 */
#ifndef ARCHIVE_SEARCH_H
#define ARCHIVE_SEARCH_H

#include "archive/query.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "event/event.h"

/* Whose events may be seen. All zero sees nothing. */
struct search_scope {
    bool all;                     /* lead, incident team: every agency, and unknown senders */
    const struct slice *agencies; /* else these keys only */
    size_t agency_count;
};

struct search_event {
    struct event event;           /* bytes live until the callback returns (search_get: arena) */
    struct event_id id;
};

/* Events of one day file that were stored after one look and up to the next (archive/tail.h). */
struct search_window {
    struct event_id after;        /* the last one seen; sequence 0: none yet */
    uint64_t upto;                /* the last one now */
};

struct search_options {
    const char *directory;        /* the archive's */
    struct search_scope scope;
    int64_t from, to;             /* event time in [from, to), ns UTC; 0: open */
    struct slice agency, source;  /* only this agency, this source (within the scope); empty: any */
    uint64_t limit;               /* events or table rows to deliver; 0: SEARCH_LIMIT */
    struct event_id before;       /* next page: events behind (older than) this one, whose … */
    int64_t before_time;          /* … time was this; .day 0: from the newest */
    uint64_t budget_bytes;        /* inflated bytes; 0: none */
    uint64_t budget_rows;         /* events looked at; 0: none */
    unsigned budget_ms;           /* wall time; 0: none */
    unsigned buckets;             /* histogram over time: about so many; 0: none. Costs: the limit
                                   * no longer ends the reading, the budget does */
    const struct search_window *windows; /* only what was stored in these; NULL: all there is */
    size_t window_count;
    const struct slice *facets;   /* fields whose most frequent values are wanted */
    size_t facet_count;
    bool own;                     /* only the machine's own events (class SEARCH_OWN_CLASS), which no
                                   * other search sees: the canary's */
    bool explain;                 /* say for every block whether it was read, or why not
                                   * (handlers.explain; block 0: the whole file, not reached or beside
                                   * the times): "read", "damaged", "time", "source", "words", "limit",
                                   * "budget", "cancelled" */
};

#define SEARCH_OWN_CLASS "canary"
#define SEARCH_LIMIT 100
#define SEARCH_FACET_VALUES 10

struct search_cell {
    struct slice text;            /* always: what to show; empty with none for no value */
    double number;
    bool is_number, none;
};

struct search_table {
    const struct slice *columns;  /* names; "time" holds ISO 8601 in UTC */
    size_t column_count;
};

struct search_bucket {
    int64_t from;                 /* ns UTC */
    uint64_t count;
};

struct search_value {
    struct slice value;
    uint64_t count;
};

struct search_facet {
    struct slice field;
    struct search_value values[SEARCH_FACET_VALUES];
    size_t value_count;
    uint64_t with, distinct;      /* events that have the field; different values seen */
};

enum search_end {
    SEARCH_COMPLETE,              /* everything that could match was read */
    SEARCH_LIMITED,               /* as many as asked for; older ones may exist */
    SEARCH_BUDGET_BYTES, SEARCH_BUDGET_ROWS, SEARCH_BUDGET_TIME,
    SEARCH_CANCELLED              /* a callback said so */
};
/* "complete", "limit", "bytes", "rows", "time", "cancelled". */
const char *search_end_name(enum search_end end);

/* The foot line: what was read, what was not, and why. */
struct search_foot {
    enum search_end end;
    uint64_t files, files_skipped;        /* in the directory; outside time, class or scope */
    uint64_t blocks;                      /* within the scope, in the files not skipped: those not
                                           * reached too */
    uint64_t blocks_read;
    uint64_t skipped_time, skipped_scope, skipped_source, skipped_words, skipped_limit;
    uint64_t blocks_damaged;              /* checksum wrong: skipped, reported, the rest read */
    uint64_t files_unread;                /* not damaged, and could not be opened: told of as damage is */
    uint64_t blocks_left;                 /* not reached when the budget ended */
    uint64_t rows_scanned, matched, delivered;
    uint64_t bytes_inflated;
    int64_t elapsed_ns;
    int64_t read_down_to;                 /* all newer than this was read; 0: everything (in
                                           * `progress`: so far) */
    uint64_t regex_limit;                 /* values that a regular expression gave up on: whether they
                                           * match is not known */
    uint64_t cut;                         /* groups or rows beyond what a pipe holds in memory */
    struct slice damaged;                 /* the first damaged block, "file: block n: reason" */
};

/* Any may be NULL; false from one ends the search (SEARCH_CANCELLED). Order of calls: explain and
 * events or rows as they come, with them progress and behind it the buckets as they stand; at the
 * end the buckets and facets. */
struct search_handlers {
    void *owner;
    bool (*event)(void *owner, const struct search_event *event);
    bool (*row)(void *owner, const struct search_table *table, const struct search_cell *cells);
    bool (*buckets)(void *owner, int64_t width, const struct search_bucket *buckets, size_t count);
    bool (*facet)(void *owner, const struct search_facet *facet);
    bool (*explain)(void *owner, const char *file, int64_t block, const char *why);
    bool (*progress)(void *owner, const struct search_foot *so_far);  /* about ten a second */
};

/* Runs it. foot_out is filled in any case; its slices live in arena. False: a wrong query for
 * these options, or the archive cannot be read at all; a damaged block or file is not a failure. */
bool search_run(const struct query *query, const struct search_options *options,
                const struct search_handlers *handlers, struct arena *arena,
                struct search_foot *foot_out, struct error *e);

/* One event by its id, in the arena. Not in the scope is answered like not there: ERROR_NOT_FOUND.
 */
bool search_get(const char *directory, const struct search_scope *scope,
                const struct event_id *id, struct arena *arena, struct search_event *event_out,
                struct error *e);

/* One JSON object, no line end:
 * {"id":"20261124.standard.184","time":"2026-11-24T00:30:05.120000000Z","received":"…",
 *  "source":"…","system":"…","agency":"…","decoder":"…","logsource":{"product":"linux",…},
 *  "flags":["undecoded"],"raw":"…","fields":{"user":"root","src_ip":["10.0.0.1","10.0.0.2"]},
 *  "whole":{"src_ip":"[\"10.0.0.1\",\"10.0.0.2\"]"}}
 * whole: the texts of objects and arrays, whose members stand in fields; left out when there are none.
 * Bytes that are no UTF-8 become U+FFFD. Numbers and booleans stay what they are. */
void search_event_json(const struct search_event *event, struct buffer *out);
/* {"user":"root","count":17} */
void search_row_json(const struct search_table *table, const struct search_cell *cells,
                     struct buffer *out);
/* {"columns":["user","count"]} and ["root",17]: the same where the order matters. */
void search_columns_json(const struct search_table *table, struct buffer *out);
void search_cells_json(const struct search_table *table, const struct search_cell *cells,
                       struct buffer *out);
/* {"width_ns":60000000000,"buckets":[["2026-11-24T00:30:00Z",17],…]} */
void search_buckets_json(int64_t width, const struct search_bucket *buckets, size_t count,
                         struct buffer *out);
/* {"end":"complete","blocks":…,…,"mb_per_second":…} */
void search_foot_json(const struct search_foot *foot, struct buffer *out);

#endif
