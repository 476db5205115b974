/* keeper - how long events are kept: the law's terms, what the operator wishes beyond, what incidents
 * hold, and what a full disk asks for.
 *
 * The law's least term of a class stands in the regime that holds today (log_days_level_3 …). The
 * operator may keep longer (archive.keep); when the disk is short, what is beyond the law's term goes
 * first, the oldest foremost. Nothing goes that the hub has not folded, or that an incident on hold
 * may need. The keeper decides; the pipeline, who alone writes the archive, deletes (archive_expire),
 * by orders that stand in the roster's folder for a few minutes.
 */
#ifndef SERVE_KEEPER_H
#define SERVE_KEEPER_H

#include "archive/retention.h"
#include "plan/plan.h"
#include "records/records.h"

#define KEEPER_ORDERS "retention.json"     /* in the roster's folder */
#define KEEPER_CURSOR "batches"            /* of the records' outbox: what the hub has folded */

struct keeper {
    struct records *records;
    const struct regime *regime;           /* the plan's, else keeper_regime's; NULL: nothing goes */
    const char *archive;
    int64_t keep_days;                     /* the operator's wish; 0: as long as the disk allows */
    uint64_t reserve;                      /* bytes of the disk that stay free */
};

/* Why a file that is over does not go now. */
enum keeper_stay { KEEPER_GOES, KEEPER_NOT_FOLDED, KEEPER_HELD };

struct keeper_file {
    struct retention_due due;
    enum keeper_stay stay;
    int64_t incident;                      /* that holds it */
};

/* Day files whose time is over, oldest first, in the arena. short_of_disk: only the law's terms count,
 * and no more go than the reserve asks for. */
bool keeper_list(const struct keeper *keeper, int64_t now, bool short_of_disk, struct arena *arena,
                 struct keeper_file **files_out, size_t *count_out, struct error *e);

/* The regime of the folder that holds today, for a server whose plan cannot be read: what the law lets
 * go does not hang on the plan. In the arena. */
bool keeper_regime(const char *folder, int64_t now, struct arena *arena,
                   const struct regime **regime_out, struct error *e);

/* The orders for those that go, as JSON. */
void keeper_write_orders(const struct keeper_file *files, size_t count, int64_t now,
                         struct buffer *out);
/* What the pipeline reads; ERROR_CONFLICT when they are too old to be carried out. */
bool keeper_read_orders(const char *path, int64_t now, struct arena *arena,
                        struct retention_due **due_out, size_t *count_out, struct error *e);

/* The reserve in force: as configured, but at most a fortieth of the disk. */
uint64_t keeper_reserve(uint64_t configured, uint64_t total);

#endif
