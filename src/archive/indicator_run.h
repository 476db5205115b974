/* indicator_run - the indicators of a stretch of events as bytes: what stands for each, and how often.
 *
 *     checked.h, behind it per indicator, by rising key: difference to the key before, count: varint
 *
 * Sealing writes one run a window, behind the others: a table by key would be written anew nearly whole with
 * each window, since keys are spread evenly. When the day is over small runs are merged.
 */
#ifndef ARCHIVE_INDICATOR_RUN_H
#define ARCHIVE_INDICATOR_RUN_H

#include "base/buffer.h"
#include "base/error.h"

struct indicator_count {
    uint64_t key;                /* indicator_key(), as a number without sign */
    uint64_t count;
};

/* Sorts the counts in place, adds up those of one key, and appends them as a run; returns how many it has. */
size_t indicator_run_write(struct indicator_count *counts, size_t count, struct buffer *out);

struct indicator_run {
    const unsigned char *at, *end;
    struct indicator_count now;
    bool damaged;                /* it ended within an indicator */
};

/* False where the checksum is wrong. The bytes are the caller's and outlive the walk. */
bool indicator_run_open(struct slice bytes, struct indicator_run *run_out, struct error *e);
/* The next one is run->now; false at the end. */
bool indicator_run_next(struct indicator_run *run);

#endif
