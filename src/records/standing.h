/* standing - what the plan check said last of each obligation × agency × period: a cache that the
 * plan room computes and everybody else reads; and the exemptions that were granted.
 */
#ifndef RECORDS_STANDING_H
#define RECORDS_STANDING_H

#include "records/records.h"

struct records_standing {
    struct slice plan, obligation, agency, period;
    struct slice state;                 /* met, due, late, not_met, exempt, unknown */
    struct slice basis;                 /* the weakest that counts; empty: no row counts */
    bool has_figure;
    int64_t numerator;
    bool has_denominator;               /* false: a plain number */
    int64_t denominator;
    int64_t unknown;                    /* rows in neither sum */
    struct slice unit, sentence, sentence_vi;
    int64_t due;                        /* 0: none */
    int64_t late_days;                  /* 0: in time */
    struct slice figure;                /* JSON: targets with their figures and rows */
    int64_t asof, computed_at;
};

/* Replaces all standings of that plan that were computed for `periods` of `rows` by rows, at once.
 * By the hub after plan_check; written by the system, not audited. */
bool records_standing_put(struct records *records, const struct records_standing *rows,
                          uint32_t count, struct error *e);

struct records_standing_filter {
    struct slice plan, obligation, agency, period;  /* empty: any */
};

/* Ordered by obligation, agency, period; without `figure`, which only records_standing_get reads. */
bool records_standing_list(struct records *records, const struct records_scope *scope,
                           const struct records_standing_filter *filter, struct arena *arena,
                           struct records_standing **rows_out, uint32_t *count_out,
                           struct error *e);
bool records_standing_get(struct records *records, const struct records_scope *scope,
                          struct slice plan, struct slice obligation, struct slice agency,
                          struct slice period, struct arena *arena,
                          struct records_standing *standing_out, struct error *e);

struct records_exemption {
    int64_t id;
    struct slice plan, obligation, agency, subject, reason, document, asked_by, granted_by;
    struct slice holds_from, holds_to;  /* days, both included */
    int64_t learnt_at, revoked_at;      /* revoked_at 0: in force */
};

/* Grants one: granted_by is the actor's user and must differ from asked_by. */
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
