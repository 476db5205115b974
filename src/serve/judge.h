/* judge - stores what the plan check says of the running and the just ended periods, so that measures
 * can ask who is late (m_standing, m_late: records/standing.h).
 *
 * Good: at the hub's start, once the first alerts are folded, and each hour.
 * Never: what the console shows: that is always computed when it is asked for.
 */
#ifndef SERVE_JUDGE_H
#define SERVE_JUDGE_H

#include "plan/plan.h"
#include "records/records.h"

/* Checks the plan as of `now` over the database at records_path and stores every standing. */
bool judge_store(struct records *records, const char *records_path, const struct plan *plan,
                 int64_t now, struct error *e);

#endif
