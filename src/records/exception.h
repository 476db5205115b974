/* exception - matches that raise nothing because people said so: for which rules, where, why, by whom
 * and until when. One ends by itself; until then it can be ended early. What it silenced is counted.
 */
#ifndef RECORDS_EXCEPTION_H
#define RECORDS_EXCEPTION_H

#include "event/alert.h"
#include "records/records.h"

#define RECORDS_EXCEPTION_DAYS_MOST 366

struct records_exception {
    int64_t id;
    struct slice rules, title;           /* ids, blank between; the first rule's title */
    struct slice agency, system, source; /* empty: any */
    struct slice conditions;             /* as people wrote them */
    struct slice filter;                 /* the Sigma filter */
    struct slice reason;
    int64_t until, alert;                /* alert 0: made from none */
    /* read only */
    struct slice by_whom, ended_by;
    int64_t since, ended_at, last_match; /* 0: not */
    uint64_t silenced;
};

/* filter(owner, id, arena) writes the Sigma filter once the number is known. */
bool records_exception_add(struct records *records, const struct actor *actor,
                           const struct records_exception *exception,
                           struct slice (*filter)(void *owner, int64_t id, struct arena *arena),
                           void *owner, int64_t *id_out, struct error *e);
bool records_exception_end(struct records *records, const struct actor *actor, int64_t id,
                           struct error *e);
/* rule empty: any. in_force: only those that hold now. Newest first; an agency sees its own. */
bool records_exception_list(struct records *records, const struct records_scope *scope,
                            struct slice rule, bool in_force, struct arena *arena,
                            struct records_exception **rows_out, uint32_t *count_out,
                            struct error *e);

struct records_rule_limit {
    struct slice rule, by_whom;
    int64_t fold, most, since;
};

bool records_rule_limit_put(struct records *records, const struct actor *actor, struct slice rule,
                            int64_t fold, int64_t most, struct error *e);
bool records_rule_limits(struct records *records, struct arena *arena,
                         struct records_rule_limit **rows_out, uint32_t *count_out,
                         struct error *e);

/* Of the outbox, within the hub's transaction. */
bool records_tally_fold(struct records *records, const struct match_tally *tally, struct error *e);

struct records_throttle {
    struct slice rule, agency;
    uint64_t matches;
    int64_t first_time, last_time;
};

/* Held back since that day (20261124). */
bool records_throttles(struct records *records, const struct records_scope *scope, int32_t since,
                       struct arena *arena, struct records_throttle **rows_out, uint32_t *count_out,
                       struct error *e);

/* Alerts of each rule since that time, over all agencies. */
struct records_rule_count { struct slice rule; uint64_t alerts, matches, false_positive; };
bool records_rule_counts(struct records *records, int64_t since, struct arena *arena,
                         struct records_rule_count **rows_out, uint32_t *count_out, struct error *e);

#endif
