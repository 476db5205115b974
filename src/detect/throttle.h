/* throttle - how often a rule may speak: duplicates of one entity are one alert within a window, and
 * a rule that fires above its rate in an agency is held back. What is held back is counted by the
 * caller (event/alert.h, struct match_tally); the events themselves are kept in any case.
 *
 * The first THROTTLE_WHOLE matches of a window go on whole, so that an alert has events to look at.
 * Bounded: beyond THROTTLE_KEYS_MOST the windows opened first are forgotten, and so speak again.
 * Good: one a thread.
 */
#ifndef DETECT_THROTTLE_H
#define DETECT_THROTTLE_H

#include "event/alert.h"
#include "event/roster.h"

#define THROTTLE_WHOLE 20u             /* as many events as an alert keeps */
#define THROTTLE_KEYS_MOST 65536u
#define THROTTLE_FOLD 600              /* seconds */
#define THROTTLE_MOST 1000             /* alerts an hour, rule and agency */

struct throttle;

struct throttle *throttle_new(void); /* NULL: memory */
void throttle_free(struct throttle **throttle);
/* The limits of single rules from now on (copied). */
void throttle_limits(struct throttle *throttle, const struct roster_limit *limits, uint32_t count);
/* May this alert of the event go on? False: *kind_out says as what it is counted. */
bool throttle_pass(struct throttle *throttle, const struct event *event, const struct alert *alert,
                   int64_t now, enum tally_kind *kind_out);

#endif
