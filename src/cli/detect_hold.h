/* detect_hold - hits of correlations, held back until all files are read, then counted by time.
 *
 * Files come by name: auth.log stands before auth.log.1, which is older. Counted as they come, hits of
 * the older file would be too late for any window.
 * Bounded: at HOLD_MOST hits (about 200 MB) the earlier half is counted ahead of its turn; what then
 * still comes and is older may be too late, which the correlator counts and the summary tells.
 */
#ifndef CLI_DETECT_HOLD_H
#define CLI_DETECT_HOLD_H

#include "event/alert.h"

#define HOLD_MOST 1000000u

struct held {
    struct hit hit;
    const char *file;
    uint64_t place;                /* line or record */
    uint64_t order;                /* in which it came: hits of one time stay in order */
};

struct detect_hold {
    struct held *hits;
    uint32_t count, capacity, most; /* most 0: HOLD_MOST */
    uint64_t order;
    uint64_t bytes;                 /* of groups and values, which are malloc'ed */
    void (*put)(void *owner, const struct held *held); /* in the order of time */
    void *owner;
};

/* Holds the hit; group and value are copied, file and the rules' ids must live on. False when memory
 * is short: the hit is lost. */
bool detect_hold_add(struct detect_hold *hold, const struct hit *hit, const char *file,
                     uint64_t place);
/* Hands out all that is held and frees everything. */
void detect_hold_finish(struct detect_hold *hold);

#endif
