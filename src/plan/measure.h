/* measure - runs a plan's SQL over the records, shut in: it sees the m_* views and nothing else.
 *
 * A measure is data that somebody may change without a compiler, so it is not trusted: read-only
 * connection, an authoriser that lets pass SELECT, the m_* views and known functions only, no name
 * of its own that looks like a view, a limit of time and rows.
 * Good: measures_open once a check, measure_run for each measure and period; one snapshot of the
 *       records from the first to the last.
 * Never: SQL of a plan on another connection.
 */
#ifndef PLAN_MEASURE_H
#define PLAN_MEASURE_H

#include "plan/plan.h"

#define MEASURE_ROWS_MOST 200000
#define MEASURE_TIME (5 * INT64_C(1000000000)) /* ns a measure may take */

enum basis { BASIS_DECLARED, BASIS_VERIFIED, BASIS_MEASURED };  /* from weak to strong */
const char *basis_name(enum basis basis);

enum fault { FAULT_NONE, FAULT_OURS, FAULT_THEIRS, FAULT_THIRD };  /* whose it is that it is unknown */

struct measure_row {
    struct slice agency, subject, evidence;
    struct slice reason;        /* "heard on {1} of {2} days|41|92", see plan_say */
    int64_t weight;             /* 0: a note, counted nowhere */
    int8_t ok;                  /* 1, 0, -1 unknown */
    bool pending;               /* ok is unknown since there still is time */
    enum basis basis;
    enum fault fault;
};

struct measure_rows {
    struct measure_row *rows;   /* ordered by agency, then as the measure gave them */
    uint32_t count;
};

struct measure_input {
    const struct plan *plan;
    struct period period;
    int64_t asof;               /* what was known then */
    int64_t due;
    const struct plan_topic *topics;
    uint32_t topic_count;
};

struct measures;

/* Opens the records read-only for measures. path NULL: an empty database with the program's schema,
 * in memory (lint). */
bool measures_open(const char *path, struct measures **measures_out, struct error *e);
void measures_close(struct measures **measures);
/* First start of the installation, ns; INT64_MAX when it never started. */
int64_t measures_first_start(const struct measures *measures);
/* Milliseconds instead of MEASURE_TIME, for tests. */
void measures_set_time(struct measures *measures, int64_t nanoseconds);

/* All rows of one measure. False (place: the measure's file) when it is refused, too slow, too
 * long, or its columns are not those of a measure. Rows are the arena's. */
bool measure_run(struct measures *measures, const struct plan_measure *measure,
                 const struct measure_input *input, struct arena *arena,
                 struct measure_rows *rows_out, struct error *e);

/* Any other SELECT over the views, by the same guard: for what the engine itself must know. `row`
 * gets each row's texts (SLICE_NONE for NULL), valid during the call; false stops. */
bool measures_query(struct measures *measures, const char *sql, const struct slice *values,
                    uint32_t value_count, bool (*row)(void *, const struct slice *columns, int count),
                    void *context, struct error *e);

#define MEASURES_AUTO __attribute__((cleanup(measures_close))) struct measures

#endif
