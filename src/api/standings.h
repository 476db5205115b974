/* standings - the plan's check, asked once for many: everybody who opens the matrix within a few
 * seconds reads one and the same result. */
#ifndef API_STANDINGS_H
#define API_STANDINGS_H

#include "api/call.h"
#include "plan/plan_check.h"

struct standings;

struct standings *standings_new(const struct plan *plan, const char *records); /* NULL: memory */
void standings_free(struct standings **standings);

struct standing_view {
    const struct plan_result *result;   /* all obligations, all agencies, in `chosen` or around */
    struct standing_entry *entry;       /* held until standings_release */
};

/* The check of the whole plan for the call's `period` (empty: the quarter that holds `at`) as known
 * at `at` (0: now). A result of "now" may be a few seconds old, unless something was changed since.
 * False: 400 for a period, 503 when there is no plan. Who reads it must look only at what the
 * call's scope holds: standings_seen. */
bool standings_read(struct api_call *call, struct slice period, int64_t at,
                    struct standing_view *view_out);
void standings_release(struct standing_view *view);
#define STANDING_VIEW __attribute__((cleanup(standings_release))) struct standing_view

/* What was read last is no longer true. */
void standings_stale(struct standings *standings);

/* Whether the call may see it. */
bool standings_seen(const struct api_call *call, const struct plan_standing *standing);
/* The moment that the parameter `at` (a day) stands for: its end, never in the future; 0 left out.
 */
int64_t standings_at(const struct api_call *call);
/* The period's id: the parameter `period`, else the quarter of `at`. */
struct slice standings_period(const struct api_call *call, int64_t at);

/* Of the quarter that runs (a calendar quarter without a plan). */
struct slice standings_quarter(const struct api_call *call);

/* The standing that the parameters obligation, agency, period and at name, checked for this call.
 * False: 404 where there is none or it is not the caller's. */
bool standing_find(struct api_call *call, struct plan_result **result_out,
                   const struct plan_standing **standing_out);
/* Writes it as Standing: with history, and with what people did about it. */
bool standing_answer(struct api_call *call);
/* The members notices, exemptions, evidence, declare, moves, exemption_reasons. */
bool standing_record_put(struct api_call *call, const struct plan_standing *standing);
/* The members notices and returned of an agency's home page. */
bool standing_waiting_put(struct api_call *call);
/* "standing:II.2.1.a/2026-Q4": what a notice is about. */
struct slice standing_subject(struct api_call *call, const struct plan_standing *standing);
/* The target for which an agency itself declares evidence of this kind: what a measure counts by agency.
 * NULL: none. What is declared says all that the target asks (its topics), else it could never count. */
const struct plan_target *standing_declarable(const struct plan_obligation *obligation, struct slice kind);
/* Who may exempt: the role that the plan names, else the lead. */
enum role standing_grantor(const struct plan_obligation *obligation);

struct standing_counts {
    uint32_t of[STANDINGS];
};

void standing_counts_put(struct json_writer *json, const char *name,
                         const struct standing_counts *counts);
/* Duty of a standing: an object. */
void standing_duty_put(struct api_call *call, const struct plan_result *result,
                       const struct plan_standing *standing);
/* ClauseShare, one a clause that has a standing the call sees: an array. `before` may be NULL. */
void standing_clauses_put(struct api_call *call, const struct plan_result *result,
                          const struct plan_result *before);
struct standing_counts standing_counts_of(const struct api_call *call,
                                          const struct plan_result *result, struct slice agency);
/* The standings that the call sees, the most pressing first: late and not met before due (by date),
 * unknown, then the rest. In the arena. */
const struct plan_standing **standings_pressing(struct api_call *call,
                                                const struct plan_result *result,
                                                struct slice agency, uint32_t *count_out);

#endif
