/* triage - what people do with an alert: take it, give it back, judge it, make an incident of it.
 *
 *   new → taken (take)            taken, false_positive → new (release)
 *   new, taken → false_positive   new, taken → escalated (escalate)    taken → closed (close)
 *
 * A table of state × move as in cases/incident.h, refused and recorded in the same way.
 */
#ifndef CASES_TRIAGE_H
#define CASES_TRIAGE_H

#include "cases/clock.h"
#include "records/alert.h"

enum triage_move {
    TRIAGE_TAKE, TRIAGE_RELEASE, TRIAGE_FALSE_POSITIVE, TRIAGE_ESCALATE, TRIAGE_CLOSE, TRIAGE_MOVES
};

/* "take", "release", "false_positive", "escalate", "close". */
const char *triage_move_name(enum triage_move move);

/* Bit (1u << move) for each move open to the actor now. Who took it may give it back, or the lead. */
unsigned triage_moves_open(const struct records_alert *alert, const struct actor *actor);

bool triage_take(struct records *records, const struct actor *actor, int64_t alert,
                 struct error *e);
bool triage_release(struct records *records, const struct actor *actor, int64_t alert,
                    struct error *e);
/* The reason is needed: at least three characters. */
bool triage_false_positive(struct records *records, const struct actor *actor, int64_t alert,
                           struct slice reason, struct error *e);
/* Looked at, true, but nothing to do (an incident would be too much); the reason is needed. */
bool triage_close(struct records *records, const struct actor *actor, int64_t alert,
                  struct slice reason, struct error *e);

struct triage_escalation {
    int64_t incident;        /* joins this one; 0: opens a new one */
    struct slice title;      /* empty: the alert's, which each reader sees in his language */
    int severity;            /* 0: by the alert's level */
    struct slice note;       /* may be empty */
};

/* Makes an incident of it, or joins one of the same agency; detected when the records
 * learnt of the alert, occurred at its first match. */
bool triage_escalate(struct records *records, const struct actor *actor, int64_t alert,
                     const struct triage_escalation *escalation, const struct regime_clock *clock,
                     int64_t *incident_out, struct error *e);

#endif
