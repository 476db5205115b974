/* plan_check - the plan evaluated for a day, as known on a day: which agency meets which
 * obligation, and the rows behind every figure. The same rows make figure, unknowns, basis and
 * list, so that they cannot drift apart.
 *
 * Good: one check answers matrix, drawer, table and report; it reads one snapshot of the records.
 * Never: a figure of the plan computed elsewhere.
 */
#ifndef PLAN_PLAN_CHECK_H
#define PLAN_PLAN_CHECK_H

#include "base/json.h"
#include "plan/standing.h"

struct plan_agency {
    struct slice key, name, name_en, kind;
    struct slice valid_from, valid_to;  /* days, both included */
    bool has_system;                    /* owns or runs one */
};

struct plan_check_options {
    int64_t at;                 /* the moment asked, also: what was known then; 0: now */
    struct slice period;        /* id; empty: see below */
    struct slice agency;        /* key; empty: all */
    struct slice obligation;    /* id; empty: all */
    bool exact;                 /* judge in `period` itself, also where the cadence has it not */
};

struct plan_result {
    const struct plan *plan;
    int64_t at, first_start;            /* first_start INT64_MAX: never started */
    struct period chosen;               /* of the options; the year's quarter of `at` when empty */
    struct plan_agency *agencies;       /* of the register, in its order, alive or not */
    uint32_t agency_count;
    struct plan_standing *standings;    /* by obligation, period, agency */
    uint32_t standing_count;
    uint32_t counts[STANDINGS];         /* without those on trial */
    bool *vacant;                       /* by obligation of the plan: in a period that was judged its
                                         * agency does not exist, so nobody owes it */
    struct name_book *names;
};

/* records_path: the records' database file, read only. Without a period: for each obligation and
 * cadence the period that holds `at`, and the one before it when it ended after the first start.
 * With a period: each obligation in plan_period_for(). Memory is the arena's; about a kilobyte a
 * standing. False for an unknown period, agency or obligation, a refused measure, unreadable
 * records. */
bool plan_check(const struct plan *plan, const char *records_path,
                const struct plan_check_options *options, struct arena *arena,
                struct plan_result **result_out, struct error *e);

/* NULL when the agency does not owe it in that period, or it was not asked. */
const struct plan_standing *plan_result_find(const struct plan_result *result,
                                             struct slice obligation, struct slice agency,
                                             struct slice period);

/* Name of a system, source, agency, alert or incident by an evidence key ("system:so-tttt.cong") or
 * a bare kind and id; the id itself when there is none. */
struct slice plan_result_name(const struct plan_result *result, struct slice kind, struct slice id,
                              const char *language);

/* ---- saying it -------------------------------------------------------------------------------- */

/* Why it stands so / the target's figure / a row's reason, in words. */
void plan_say_standing(const struct plan_result *result, const struct plan_standing *standing,
                       const char *language, struct buffer *out);
void plan_say_target(const struct plan_result *result, const struct target_standing *target,
                     const char *language, struct buffer *out);
void plan_say_reason(const struct plan *plan, struct slice reason, const char *language,
                     struct buffer *out);
/* Which of the role's duties are vacant, in words; false when none is. */
bool plan_say_vacant(const struct plan_result *result, const struct plan_role *role,
                     const char *language, struct buffer *out);
/* "all", "at least 95 %", "shown only". */
void plan_say_goal(const struct plan_target *target, const char *language, struct buffer *out);
/* "Met" / "Đạt". */
const char *plan_say_standing_name(enum standing standing, const char *language);
/* "1.234.567" / "1,234,567". */
void plan_say_number(int64_t number, const char *language, struct buffer *out);

/* ---- as JSON, in the shapes of openapi.yaml --------------------------------------------------- */

void plan_head_json(struct json_writer *w, const struct plan *plan, const char *language);
/* Its members alone, into an object that the caller opened. */
void plan_head_members_json(struct json_writer *w, const struct plan *plan, const char *language);
void plan_period_json(struct json_writer *w, const struct period *period, const char *language);
/* Obligation. */
void plan_obligation_json(struct json_writer *w, const struct plan_obligation *obligation,
                          const char *language);
/* MaybeFigure of a target, or null. */
void plan_figure_json(struct json_writer *w, const struct target_standing *target,
                      const char *language);
/* Cell; NULL: null. */
void plan_cell_json(struct json_writer *w, const struct plan_result *result,
                    const struct plan_standing *standing, const char *language);
/* The members of Standing but `history`, into an object that the caller opened and closes; rows and
 * SQL of each target with `evidence`. */
void plan_standing_json(struct json_writer *w, const struct plan_result *result,
                        const struct plan_standing *standing, const char *language, bool evidence);
/* Coverage. */
void plan_coverage_json(struct json_writer *w, const struct plan *plan,
                        const struct plan_coverage *coverage, const char *language);
/* The whole result: one object, for `plan check --json`. */
void plan_result_json(struct json_writer *w, const struct plan_result *result, const char *language,
                      bool evidence);

#endif
