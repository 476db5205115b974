/* clock - how long there is to tell of an incident: the regime's number, never ours.
 *
 * Decision 05/2017/QĐ-TTg with Circular 20/2017/TT-BTTTT: no later than five days after detection
 * (vn-2019). Later law counts in hours. The caller reads the regime and fills struct regime_clock.
 */
#ifndef CASES_CLOCK_H
#define CASES_CLOCK_H

#include "records/incident.h"

struct regime_clock {
    struct slice regime;     /* "vn-2019"; empty: the regime sets no such clock */
    struct slice receiver;   /* who must be told */
    struct slice source;     /* the paragraph of law */
    bool confirmed;          /* false: the regime marks it as to be confirmed */
    int64_t span;            /* ns from detection; incident_days * CLOCK_DAY */
};

enum clock_standing {
    CLOCK_RUNNING,   /* not told, still time */
    CLOCK_MET,       /* told in time */
    CLOCK_LATE,      /* not told, and over time */
    CLOCK_MISSED     /* told too late */
};

/* "running", "met", "late", "missed". */
const char *clock_standing_name(enum clock_standing standing);

/* When the clock that began at detection ends; 0 when the regime sets none. Told at that very
 * moment is still in time. */
int64_t clock_due(const struct regime_clock *clock, int64_t detected_at);

/* Of an incident at `now`; false when no clock runs for it (rejected, or none set). */
bool clock_standing_of(const struct records_incident *incident, int64_t now,
                       enum clock_standing *standing_out);

#endif
