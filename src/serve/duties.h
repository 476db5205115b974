/* duties - what the hub does at its hours: watch the sources, learn their rhythm, tidy.
 *
 * One call a turn of the hub's loop; each duty has its own pace and never hinders another.
 */
#ifndef SERVE_DUTIES_H
#define SERVE_DUTIES_H

#include "records/records.h"

struct duties {
    struct records *records;       /* the hub's own connection */
    int64_t skew_most;             /* ns that a source's clock may be wrong */
    int64_t watch_due, learn_due, tidy_due;   /* steady clock */
};

void duties_step(struct duties *duties);

#endif
