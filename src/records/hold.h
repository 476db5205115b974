/* hold - legal holds: while an incident is on hold, no day file that may hold its events is deleted,
 * however old. Setting and releasing one is written into the audit log and the incident's time line.
 */
#ifndef RECORDS_HOLD_H
#define RECORDS_HOLD_H

#include "records/records.h"

struct records_hold {
    int64_t incident, since;
    struct slice by_whom, reason;
};

/* ERROR_CONFLICT when it is held already; ERROR_INPUT without a reason. */
bool records_hold_set(struct records *records, const struct actor *actor, int64_t incident,
                      struct slice reason, struct error *e);
/* ERROR_CONFLICT when it is not held. */
bool records_hold_release(struct records *records, const struct actor *actor, int64_t incident,
                          struct slice reason, struct error *e);
/* *held_out: whether it is, then *hold_out says by whom and why. */
bool records_hold_get(struct records *records, int64_t incident, struct arena *arena,
                      bool *held_out, struct records_hold *hold_out, struct error *e);

/* The incident on hold that may have events in that day file; 0: none. A day is held from the day
 * before the incident began (or its first alert) to the day after it was closed; and wherever a
 * match of its alerts or one of their events stands. */
bool records_hold_of_day(struct records *records, int32_t day, struct slice class,
                         int64_t *incident_out, struct error *e);

#endif
