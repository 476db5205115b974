/* standing - what the plan check says of an obligation × agency × period, and the rows behind it.
 *
 *   exempt    exemptions granted in time cover most of its days, or nothing could be measured
 *   met       every target holds, whatever the unknown rows turn out to be
 *   unknown   no target fails, but one rests on what is not known (fault says whose)
 *   due       something fails, and there is time until the due date; or a clock of its own still runs
 *   late      it fails, within the grace behind the due date
 *   not_met   it fails, and the grace is over
 *
 * Figures are compared as integers, cross-multiplied; unknown rows stand in neither sum, but a
 * target holds (or fails) only when they could not turn it.
 */
#ifndef PLAN_STANDING_H
#define PLAN_STANDING_H

#include "plan/measure.h"

enum standing {
    STANDING_MET, STANDING_DUE, STANDING_LATE, STANDING_NOT_MET, STANDING_EXEMPT, STANDING_UNKNOWN,
    STANDINGS
};
/* "met", "due", "late", "not_met", "exempt", "unknown". */
const char *standing_name(enum standing standing);

enum verdict { VERDICT_HOLDS, VERDICT_FAILS, VERDICT_PENDING, VERDICT_UNKNOWN, VERDICT_EMPTY };

/* A sentence to be said in either language: an English form with {1}…{4}, and what goes in. */
#define PLAN_ARGUMENTS 4
struct plan_sentence_form {
    const char *form;                   /* key of its translation; or NULL and */
    struct slice reason;                /* a measure's own reason: "form|1|2" */
    struct slice arguments[PLAN_ARGUMENTS];
    struct plan_words words[PLAN_ARGUMENTS]; /* used where arguments[i] is empty */
    struct plan_sentence_form *more;    /* said behind it, in brackets; NULL: nothing */
};

struct target_standing {
    const struct plan_target *target;
    enum verdict verdict;
    bool near;                          /* fails, but reaches `warn` */
    bool has_figure;                    /* rows counted */
    int64_t numerator, denominator;     /* of a count: denominator 0 */
    uint32_t unknown, pending;          /* rows in neither sum */
    uint32_t basis_rows[3];             /* that count, by enum basis */
    enum fault fault;
    struct measure_row *rows;           /* of this agency */
    uint32_t row_count;
    struct plan_sentence_form said;
};

struct plan_exemption {
    int64_t id;
    struct slice obligation, agency, subject, reason, document, granted_by, holds_from, holds_to;
    int64_t from, to;                   /* the same days as [from, to) */
    int64_t learnt_at;                  /* when it was granted */
};

struct plan_standing {
    const struct plan_obligation *obligation;
    const struct plan_agency *agency;
    struct period period;
    enum standing standing;
    bool trial;                         /* measured and shown, does not count yet */
    int64_t due;                        /* ns; until this moment there is time */
    int64_t late_days;                  /* of late and not met */
    enum fault fault;
    bool has_basis;
    enum basis basis;                   /* the weakest row that counts */
    const struct plan_exemption *exemption;
    struct target_standing *targets;    /* one per target of the obligation, in its order */
    const struct target_standing *deciding;
    struct plan_sentence_form said;
};

/* Judges one target over an agency's rows. open: evidence of the kinds it needs arrived in time; if not,
 * only the rows that rest on evidence speak.
 * started: the installation had started before the period's end. Fills everything but target. */
void target_judge(struct target_standing *t, bool open, bool started);
/* Judges the whole: targets, due, exemption are filled already; at: the moment asked. */
void standing_judge(struct plan_standing *s, int64_t at);

#endif
