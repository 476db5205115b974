/* aside - day files that the writer can no longer use: set aside whole, never deleted.
 *
 * A damaged file of today, or one of another format, must not keep its class from being stored until
 * midnight. It is renamed, its write-ahead log with it, and a new file of the same name goes on:
 *
 *     20261124.standard.db  →  20261124.standard.db.damaged-43200000000     (or .format-…)
 *
 * The number is the one with which the new file begins to count events, batches and alerts. It is
 * beyond all that the old one gave, so that ids stay unique and who reads on from a cursor misses
 * nothing: the highest of what is known of the old file and the microseconds since the day began
 * (a file does not take a million events a second on average).
 * Never: deleted by us; the file may still be read with SQLite, or brought back from a back-up.
 */
#ifndef ARCHIVE_ASIDE_H
#define ARCHIVE_ASIDE_H

#include "archive/day.h"

enum aside_why { ASIDE_DAMAGED, ASIDE_FORMAT };

struct aside {
    struct day_name name;        /* of the day file that it was */
    enum aside_why why;
    uint64_t number;             /* with which the next file began */
    char file[DAY_FILE + 32];
};

/* Renames the day file, its log and its index. known: no number below it is free (0: nothing is
 * known). *number_out: with which the next file is to begin. True when there is no such file, too. */
bool aside_put(const char *directory, const struct day_name *name, enum aside_why why,
               uint64_t known, uint64_t *number_out, struct error *e);
/* All that were set aside, newest day first. A missing directory is an empty one. */
bool aside_list(const char *directory, struct arena *arena, struct aside **list_out,
                size_t *count_out, struct error *e);
/* The number with which a new file of that name is to begin: 1 unless one was set aside. */
bool aside_number(const char *directory, const struct day_name *name, uint64_t *number_out,
                  struct error *e);
/* A number that is free by the clock alone; for a file that was there and holds nothing any more. */
uint64_t aside_by_clock(const struct day_name *name);

#endif
