/* standing - what the plan check said last of each obligation × agency × period, and since when a duty
 * was late: stored by the hub for the measures that ask for it (m_standing, m_late); and the
 * exemptions that were granted.
 */
#ifndef RECORDS_STANDING_H
#define RECORDS_STANDING_H

#include "records/records.h"

struct records_standing {
    struct slice plan, obligation, agency, period;
    struct slice state;                 /* met, due, late, not_met, exempt, unknown */
    int64_t due;                        /* ns */
};

/* Replaces all standings of the plans and periods of `rows`, at once, and begins and ends the times in
 * which duties were late. asof: the moment they were judged for. By the hub after plan_check; written
 * by the system, not audited. */
bool records_standing_put(struct records *records, const struct records_standing *rows,
                          uint32_t count, int64_t asof, struct error *e);

struct records_exemption {
    int64_t id;
    struct slice plan, obligation, agency, subject, reason, document, asked_by, granted_by;
    struct slice holds_from, holds_to;  /* days, both included */
    int64_t learnt_at, revoked_at;      /* revoked_at 0: in force */
};

/* Grants one: granted_by is the actor's user; asked_by may be neither that user's name nor full name,
 * whatever their case. */
bool records_exemption_grant(struct records *records, const struct actor *actor,
                             const struct records_exemption *exemption, int64_t *id_out,
                             struct error *e);
bool records_exemption_revoke(struct records *records, const struct actor *actor, int64_t id,
                              struct error *e);
bool records_exemption_list(struct records *records, const struct records_scope *scope,
                            struct slice plan, struct slice obligation, struct slice agency,
                            struct arena *arena, struct records_exemption **rows_out,
                            uint32_t *count_out, struct error *e);

#endif
