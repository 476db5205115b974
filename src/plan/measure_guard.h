/* measure_guard - what a measure's SQL may do. Private to the room. */
#ifndef PLAN_MEASURE_GUARD_H
#define PLAN_MEASURE_GUARD_H

#include "base/error.h"

#include <sqlite3.h>

struct measure_guard {
    struct slice sql;       /* the measure that is being prepared */
    struct slice *tables;   /* names of the records' tables */
    uint32_t table_count;
};

/* For sqlite3_set_authorizer, with a struct measure_guard: SELECT over the m_* views and known
 * functions, nothing else. */
int measure_authorise(void *context, int action, const char *first, const char *second,
                      const char *database, const char *view);

/* A measure must not define a name that looks like a view (WITH m_x AS …): SQLite tells the
 * authoriser the name of a WITH where it tells that of a view. */
bool measure_check_names(struct slice sql, struct error *e);

/* SQLite reads 'after {1} hours|' || x / 3600 as ('after {1} hours|' || x) / 3600, which is 0: a text
 * joined to arithmetic that stands in no parentheses is refused. */
bool measure_check_joins(struct slice sql, struct error *e);

#endif
