/* incident - the life cycle of an incident as a table of state × move.
 *
 *   new → confirmed → contained → eradicated → recovered → closed
 *   new, confirmed → rejected        closed, rejected → confirmed (reopen)
 *   tell, severity, note leave the state as it is.
 *
 * What is not in the table is refused with a sentence. Every move is written to the time line and
 * the audit log in one transaction with the change.
 */
#ifndef CASES_INCIDENT_H
#define CASES_INCIDENT_H

#include "cases/clock.h"
#include "records/incident.h"

enum incident_state {
    INCIDENT_NEW, INCIDENT_CONFIRMED, INCIDENT_CONTAINED, INCIDENT_ERADICATED, INCIDENT_RECOVERED,
    INCIDENT_CLOSED, INCIDENT_REJECTED, INCIDENT_STATES
};

enum incident_move {
    MOVE_CONFIRM, MOVE_CONTAIN, MOVE_ERADICATE, MOVE_RECOVER, MOVE_CLOSE, MOVE_REJECT, MOVE_REOPEN,
    MOVE_TELL, MOVE_SEVERITY, MOVE_NOTE, INCIDENT_MOVES
};

/* "new" … "rejected"; "confirm" … "note". */
bool incident_state_parse(struct slice name, enum incident_state *state_out);
const char *incident_move_name(enum incident_move move);
bool incident_move_parse(struct slice name, enum incident_move *move_out);

/* Bit (1u << move) for each move open to the actor now. */
unsigned incident_moves_open(const struct records_incident *incident, const struct actor *actor);

struct incident_opening {
    struct slice title, description, category;
    struct slice title_en;              /* of a title that nobody wrote, for readers of English; else empty */
    int severity;                       /* 1 low … 4 critical */
    struct slice agency, system;        /* system may be empty */
    int64_t occurred_at, detected_at;   /* 0: not known / now; an alert seen earlier is the detection */
    const int64_t *alerts;              /* to be escalated into it; may be NULL */
    uint32_t alert_count;
};

/* Opens one by hand. Agencies' users only for their own agency. */
bool incident_open(struct records *records, const struct actor *actor,
                   const struct incident_opening *opening, const struct regime_clock *clock,
                   int64_t *id_out, struct error *e);

/* Escalates an alert into an incident of the same agency that has not ended; an older alert moves its
 * detection, and with it the clock. The note, if any, goes to the time line. */
bool incident_join(struct records *records, const struct actor *actor, int64_t id, int64_t alert,
                   struct slice note, struct error *e);

struct incident_request {
    enum incident_move move;
    struct slice note;      /* needed for note, reject, close, reopen; text of the entry otherwise */
    int severity;           /* for severity: 1 … 4 */
    struct slice receiver;  /* for tell; empty: the regime's */
    struct slice channel;   /* for tell: mail, phone, letter, …; empty: "console" */
    int64_t at;             /* when it happened, for tell; 0: now; never in the future and never
                             * before detection */
};

/* Carries it on. Outside the actor's scope: ERROR_NOT_FOUND; not in the table: ERROR_CONFLICT; not
 * for this role: ERROR_FORBIDDEN; a missing note: ERROR_INPUT with place "note". */
bool incident_move(struct records *records, const struct actor *actor, int64_t id,
                   const struct incident_request *request, struct error *e);

#endif
