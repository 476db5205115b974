/* duties - what the hub does at its hours: watch the sources, learn their rhythm, keep no longer than
 * the law and the operator want, see to a full disk, store where the plan stands, tidy.
 *
 * One call a turn of the hub's loop; each duty has its own pace and never hinders another.
 */
#ifndef SERVE_DUTIES_H
#define SERVE_DUTIES_H

#include "records/records.h"

#include "serve/keeper.h"

/* The setting that asks for the keeper now, whatever the hour (haidang archive retain). */
#define DUTIES_RETAIN_ASKED "archive.retain"

struct duties {
    struct records *records;       /* the hub's own connection */
    const char *records_path;
    int64_t skew_most;             /* ns that a source's clock may be wrong */
    struct keeper keeper;
    const struct plan *plan;       /* what is judged; NULL: nothing is */
    const char *orders;            /* path of the keeper's orders */
    int nudges;                    /* to the pipeline */
    bool listening;                /* the pipeline lives, and its gaps so far are written down */

    /* its own */
    int64_t watch_due, learn_due, tidy_due, keep_due, disk_due, judge_due; /* steady clock */
    struct arena ordered_arena;    /* files that were ordered to go, until they are gone */
    struct keeper_file *ordered;
    size_t ordered_count;
    struct slice asked;            /* DUTIES_RETAIN_ASKED as it was seen last */
    char asked_bytes[40];
    bool disk_full;
};

void duties_step(struct duties *duties);
void duties_end(struct duties *duties);

#endif
