/* rhythm - how a source usually sends: events an hour by the hour of the week, and its longest usual
 * pause. Learnt from what was counted, kept compactly (an hour a row, six weeks).
 *
 * The hours in which our own listeners were down are no sample: our deafness is nobody's rhythm.
 */
#ifndef RECORDS_RHYTHM_H
#define RECORDS_RHYTHM_H

#include "records/source.h"

#define RECORDS_RHYTHM_DAYS 28              /* of pauses that are looked at */
#define RECORDS_RHYTHM_DAYS_LEAST 3         /* below that its registered cadence counts */
#define RECORDS_RHYTHM_TIMES 3              /* silent after so many times its longest usual pause, */
#define RECORDS_RHYTHM_LEAST (5 * INT64_C(60000000000))  /* but not before five minutes */

/* Of every source: the longest usual pause (of the last 28 days' longest pauses all but the longest
 * tenth) and after how long it is silent. To be called about each hour. */
bool records_rhythm_learn(struct records *records, int64_t now, struct error *e);

struct records_rhythm_hour {
    int64_t usual;       /* events, the median of its samples; -1: there is none */
    bool never_empty;    /* enough samples, and none was empty */
};

/* For `count` hours from `first` on (hours since 1970, UTC), of that source: the same hour of the week
 * in the weeks before, or of the day in the days before while there are less than three weeks. */
bool records_rhythm_hours(struct records *records, struct slice source, int64_t first,
                          uint32_t count, struct records_rhythm_hour *hours_out, struct error *e);

#endif
