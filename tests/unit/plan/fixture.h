/* fixture - a small plan and small records for the plan's tests. */
#ifndef PLAN_FIXTURE_H
#define PLAN_FIXTURE_H

#include "plan/plan_check.h"

#define PLAN_802 SOURCE_ROOT "/plans/802-kh-ubnd-2019"

/* Moment of a local time, "2026-11-24" or "2026-11-24T07:00"; asserts that it is one. */
int64_t at(const char *text);

/* A folder with a plan of one obligation, measured by `sql` (NULL: a fixed fine row), that owes
 * `agency` kinds so-nganh; each yaml line `old` is replaced by `new` (NULL: as it is). */
const char *plan_folder(const char *sql, const char *old, const char *new);
/* Loads it or fails the test. */
struct plan *plan_small(const char *sql, const char *old, const char *new);

/* Records with agencies so-tttt and so-tc (systems s1, s2 each, with a source each), first started
 * at `start`; then the SQL statements. Returns the path. */
const char *records_small(const char *start, const char *sql);

#endif
