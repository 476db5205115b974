/* fixture - batches made by hand, and searches over them counted. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "archive/archive.h"
#include "archive/search.h"

#define FIXTURE_DAY INT64_C(1763942400000000000) /* 2025-11-24T00:00:00Z */

struct fixture_event {
    const char *raw;
    const char *agency;           /* source and system are made from it */
    int64_t time;                 /* seconds behind FIXTURE_DAY */
    const char *fields[16];       /* name, value, …; pointers not into raw */
};

struct batch *fixture_batch(const struct fixture_event *events, uint32_t count);
/* Commits them as one batch; aborts the test when that fails. */
void fixture_store(struct archive *archive, const struct fixture_event *events, uint32_t count);
/* Seals everything that is there, as if the day were over. */
void fixture_seal(struct archive *archive);

/* Number of events found by the lead's eyes; -1 when the search failed. */
int fixture_count(const char *directory, const char *query);
/* The raw lines found, newest first, joined by '|' (static memory). */
const char *fixture_lines(const char *directory, const char *query,
                          const struct search_options *options);
/* The table, rows joined by '|', cells by ','. */
const char *fixture_table(const char *directory, const char *query);
extern struct search_foot fixture_foot; /* of the last of these */

#endif
