#include "cases/triage.h"

#include <assert.h>

#include "cases/incident.h"

enum triage_state { ALERT_NEW, ALERT_TAKEN, ALERT_FALSE_POSITIVE, ALERT_ESCALATED, ALERT_CLOSED,
                    ALERT_STATES };

/* In the order of enum triage_state and enum triage_move. */
static const char *const states[] = { "new", "taken", "false_positive", "escalated", "closed" };
static const char *const moves[] = { "take", "release", "false_positive", "escalate", "close" };

_Static_assert(sizeof states / sizeof *states == ALERT_STATES, "a name for each state");
_Static_assert(sizeof moves / sizeof *moves == TRIAGE_MOVES, "a name for each move");

const char *triage_move_name(enum triage_move move)
{
    return move < TRIAGE_MOVES ? moves[move] : "?";
}

/* ---- the table --------------------------------------------------------------------------------------- */

#define HANDLERS (ROLE_LEAD | ROLE_AGENCY | ROLE_RESPONDER)

struct cell {
    enum triage_state to;
    unsigned roles;    /* 0: no such move from this state */
    bool own;          /* only who took it, or the lead */
};

static const struct cell cells[ALERT_STATES][TRIAGE_MOVES] = {
    [ALERT_NEW] = {
        [TRIAGE_TAKE] = { ALERT_TAKEN, HANDLERS, false },
        [TRIAGE_FALSE_POSITIVE] = { ALERT_FALSE_POSITIVE, HANDLERS, false },
        [TRIAGE_ESCALATE] = { ALERT_ESCALATED, HANDLERS, false },
    },
    [ALERT_TAKEN] = {
        [TRIAGE_RELEASE] = { ALERT_NEW, HANDLERS, true },
        [TRIAGE_FALSE_POSITIVE] = { ALERT_FALSE_POSITIVE, HANDLERS, false },
        [TRIAGE_ESCALATE] = { ALERT_ESCALATED, HANDLERS, false },
        [TRIAGE_CLOSE] = { ALERT_CLOSED, HANDLERS, false },
    },
    [ALERT_FALSE_POSITIVE] = {
        [TRIAGE_RELEASE] = { ALERT_NEW, HANDLERS, false },
    },
};

static const struct cell *cell_of(const struct records_alert *alert, enum triage_move move)
{
    for (unsigned i = 0; i < ALERT_STATES; i++)
        if (slice_is(alert->state, states[i]))
            return cells[i][move].roles ? &cells[i][move] : NULL;
    return NULL;
}

static bool may(const struct cell *cell, const struct records_alert *alert,
                const struct actor *actor)
{
    return (cell->roles & actor->role) &&
           (!cell->own || actor->role == ROLE_LEAD || slice_equal(alert->taken_by, actor->user));
}

unsigned triage_moves_open(const struct records_alert *alert, const struct actor *actor)
{
    struct records_scope scope = records_scope_of(actor);
    if (!records_scope_holds(&scope, alert->agency))
        return 0;
    unsigned open = 0;
    for (unsigned move = 0; move < TRIAGE_MOVES; move++) {
        const struct cell *cell = cell_of(alert, (enum triage_move)move);
        if (cell && may(cell, alert, actor))
            open |= 1u << move;
    }
    return open;
}

/* The alert within the actor's scope, when this move is open to the actor. */
static bool admit(struct records *records, const struct actor *actor, int64_t id,
                  enum triage_move move, struct arena *arena, struct records_alert *alert,
                  const struct cell **cell_out, struct error *e)
{
    struct records_scope scope = records_scope_of(actor);
    if (!records_alert_get(records, &scope, id, arena, alert, e))
        return false;
    const struct cell *cell = cell_of(alert, move);
    if (!cell) {
        error_set(e, "an alert that is '%.*s' cannot take the move '%s'", SLICE_ARGS(alert->state),
                  moves[move]);
        return error_kind(e, ERROR_CONFLICT);
    }
    if (!may(cell, alert, actor)) {
        if (cell->roles & actor->role)
            error_set(e, "only who took the alert gives it back, or the lead");
        else
            error_set(e, "your role may not take the move '%s'", moves[move]);
        return error_kind(e, ERROR_FORBIDDEN);
    }
    *cell_out = cell;
    return true;
}

static bool change(struct records *records, const struct actor *actor, int64_t id,
                   enum triage_move move, struct slice reason, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_alert alert;
    const struct cell *cell;
    RECORDS_TRANSACTION t = { 0 };
    return records_begin(records, &t, e) &&
           admit(records, actor, id, move, &arena, &alert, &cell, e) &&
           records_alert_change(records, actor, id, moves[move], alert.state, states[cell->to],
                                reason, e) &&
           records_commit(&t, e);
}

static bool reason_check(struct slice reason, struct error *e)
{
    if (slice_trim(reason).len >= 3 && reason.len <= 8000)
        return true;
    error_set(e, "say why, in a few words");
    error_place(e, "reason");
    return error_kind(e, ERROR_INPUT);
}

bool triage_take(struct records *records, const struct actor *actor, int64_t alert,
                 struct error *e)
{
    return change(records, actor, alert, TRIAGE_TAKE, SLICE_NONE, e);
}

bool triage_release(struct records *records, const struct actor *actor, int64_t alert,
                    struct error *e)
{
    return change(records, actor, alert, TRIAGE_RELEASE, SLICE_NONE, e);
}

bool triage_false_positive(struct records *records, const struct actor *actor, int64_t alert,
                           struct slice reason, struct error *e)
{
    return reason_check(reason, e) &&
           change(records, actor, alert, TRIAGE_FALSE_POSITIVE, reason, e);
}

bool triage_close(struct records *records, const struct actor *actor, int64_t alert,
                  struct slice reason, struct error *e)
{
    return reason_check(reason, e) && change(records, actor, alert, TRIAGE_CLOSE, reason, e);
}

/* ---- escalate ---------------------------------------------------------------------------------------- */

static int severity_of(int level)
{
    return level < 1 ? 1 : level; /* informational is no severity */
}

bool triage_escalate(struct records *records, const struct actor *actor, int64_t alert,
                     const struct triage_escalation *x, const struct regime_clock *clock,
                     int64_t *incident_out, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_alert a;
    const struct cell *cell;
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) ||
        !admit(records, actor, alert, TRIAGE_ESCALATE, &arena, &a, &cell, e))
        return false;
    assert(cell->to == ALERT_ESCALATED);
    if (!a.agency.len) {
        error_set(e, "nobody knows whose alert this is: its sender is not in the register");
        error_hint(e, "%s", "enter the source first, or open an incident by hand");
        return error_kind(e, ERROR_CONFLICT);
    }
    if (x->incident) {
        *incident_out = x->incident;
        return incident_join(records, actor, x->incident, alert, x->note, e) &&
               records_commit(&t, e);
    }
    struct slice own_title = a.title_vi.len ? a.title_vi : a.title;
    struct incident_opening opening = {
        .title = x->title.len ? x->title : own_title, .description = x->note,
        .title_en = x->title.len || !a.title_vi.len ? SLICE_NONE : a.title,
        .severity = x->severity ? x->severity : severity_of(a.level), .agency = a.agency,
        .system = a.system, .occurred_at = a.first_time < a.learnt_at ? a.first_time : a.learnt_at,
        .detected_at = a.learnt_at,
        .alerts = &alert, .alert_count = 1,
    };
    return incident_open(records, actor, &opening, clock, incident_out, e) &&
           records_commit(&t, e);
}
