/* hunt - which of many indicators were ever here, and when: over the tables of the day files.
 *
 * Good: a hundred thousand indicators against a month in seconds; 'first seen'.
 * Bad: for one value: search for it.
 * Never: shown to an agency: the tables know no scope.
 */
#ifndef ARCHIVE_HUNT_H
#define ARCHIVE_HUNT_H

#include "archive/day.h"
#include "archive/indicator.h"
#include "base/error.h"

struct hunt_hit {
    struct day_name day;
    enum indicator_kind kind;
    struct slice value;          /* in its one form (indicator.h) */
    size_t index;                /* which of the given ones */
    uint64_t count;              /* events of that day that have it */
};

struct hunt_foot {
    uint64_t given, refused;     /* indicators; those that are neither address, hash nor host */
    uint64_t days, rows;         /* day files looked at; indicators stored in them */
    uint64_t damaged;            /* files that could not be read: skipped */
    int64_t elapsed_ns;
};

/* Day files of receipt days first_day..last_day (20261124; 0: open), newest first. Slices of a hit
 * live until each returns; false from it ends the hunt. */
bool hunt_run(const char *directory, const struct slice *indicators, size_t count,
              int32_t first_day, int32_t last_day,
              bool (*each)(void *owner, const struct hunt_hit *hit), void *owner,
              struct hunt_foot *foot_out, struct error *e);

#endif
