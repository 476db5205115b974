/* retention - what is kept how long, and the record of what was deleted.
 *
 * How long a class is kept is law, so it is data: the caller brings the rules (from the regime and
 * the systems' levels). A day file goes as a whole, oldest first, and only when its caller says that
 * the hub has folded it and no incident holds it. Before it goes, a line is synced to
 * `deleted.jsonl` beside the day files: what, when, by which rule, how many events, and the head of
 * its chain, so that an export made earlier can still be held against it.
 */
#ifndef ARCHIVE_RETENTION_H
#define ARCHIVE_RETENTION_H

#include "archive/archive.h"
#include "archive/day.h"
#include "base/map.h"

struct retention_rule {
    char class[DAY_CLASS];
    uint32_t days;           /* kept after the receipt day is over; 0: for ever */
    struct slice cite;       /* why: the regime's clause, for the record */
};

struct retention_due {
    struct day_name name;
    const struct retention_rule *rule;
    uint64_t last_batch;     /* the hub must have folded up to here (outbox cursor) */
};

/* Day files whose time is over at `now` (ns UTC), oldest first, in the arena. A class without a rule
 * is kept. Read-only: the hub asks this, holds it against cursors and holds, and orders. */
bool retention_list(const char *directory, const struct retention_rule *rules, size_t rule_count,
                    int64_t now, struct arena *arena, struct retention_due **due_out,
                    size_t *count_out, struct error *e);

/* Deletes one day file of the archive that this process writes, after recording it. The file must
 * still end at last_batch: when more came meanwhile, ERROR_CONFLICT and nothing is deleted.
 * A kill between record and deletion leaves the file; the next call deletes it without a second
 * line. ERROR_NOT_FOUND when it is gone. */
bool archive_expire(struct archive *archive, const struct retention_due *due, int64_t now,
                    struct error *e);

/* What the record tells: file → number of its last batch + 1, keys in the arena. The caller frees the map. */
bool retention_deleted(const char *directory, struct arena *arena, struct map *deleted_out,
                       struct error *e);

#endif
