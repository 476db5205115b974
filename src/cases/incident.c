#include "cases/incident.h"
#include "cases/triage.h"

#include <assert.h>

#include "base/clock.h"
#include "records/agency.h"
#include "records/alert.h"
#include "records/notice.h"
#include "records/system.h"

#define TITLE_LEAST 3
#define TITLE_MOST 300
#define TEXT_MOST 10000

/* In the order of enum incident_state and enum incident_move. */
static const char *const states[] = { "new",       "confirmed", "contained", "eradicated",
                                      "recovered", "closed",    "rejected" };
static const char *const moves[] = { "confirm", "contain", "eradicate", "recover",  "close",
                                     "reject",  "reopen",  "tell",      "severity", "note" };

_Static_assert(sizeof states / sizeof *states == INCIDENT_STATES, "a name for each state");
_Static_assert(sizeof moves / sizeof *moves == INCIDENT_MOVES, "a name for each move");

static int find(const char *const *names, int count, struct slice name)
{
    for (int i = 0; i < count; i++)
        if (slice_is(name, names[i]))
            return i;
    return -1;
}

bool incident_state_parse(struct slice name, enum incident_state *state_out)
{
    int i = find(states, INCIDENT_STATES, name);
    if (i >= 0)
        *state_out = (enum incident_state)i;
    return i >= 0;
}

const char *incident_move_name(enum incident_move move)
{
    return move < INCIDENT_MOVES ? moves[move] : "?";
}

bool incident_move_parse(struct slice name, enum incident_move *move_out)
{
    int i = find(moves, INCIDENT_MOVES, name);
    if (i >= 0)
        *move_out = (enum incident_move)i;
    return i >= 0;
}

/* ---- what each move does besides changing the state ------------------------------------------------ */

struct work {
    struct records *records;
    const struct actor *actor;
    const struct incident_request *request;
    struct records_incident *incident;
    struct records_incident_entry *entry;
    int64_t now;
};

typedef bool move_function(struct work *w, struct error *e);

static bool input_error(struct error *e, const char *place)
{
    error_place(e, "%s", place);
    return error_kind(e, ERROR_INPUT);
}

static bool note_needed(struct work *w, struct error *e)
{
    if (slice_trim(w->request->note).len >= 3)
        return true;
    error_set(e, "this move needs a note that says why");
    return input_error(e, "note");
}

static bool do_confirm(struct work *w, struct error *e)
{
    (void)e;
    w->incident->confirmed_at = w->now;
    return true;
}

static bool do_contain(struct work *w, struct error *e)
{
    (void)e;
    w->incident->contained_at = w->now;
    return true;
}

static bool do_eradicate(struct work *w, struct error *e)
{
    (void)e;
    w->incident->eradicated_at = w->now;
    return true;
}

static bool do_recover(struct work *w, struct error *e)
{
    (void)e;
    w->incident->recovered_at = w->now;
    return true;
}

static bool do_end(struct work *w, struct error *e)
{
    w->incident->closed_at = w->now;
    return note_needed(w, e);
}

/* Back to 'confirmed': what was reached after that counts no longer, the time line keeps it. */
static bool do_reopen(struct work *w, struct error *e)
{
    struct records_incident *i = w->incident;
    if (!i->confirmed_at)
        i->confirmed_at = w->now;
    i->contained_at = i->eradicated_at = i->recovered_at = i->closed_at = 0;
    return note_needed(w, e);
}

static bool do_severity(struct work *w, struct error *e)
{
    int severity = w->request->severity;
    if (severity < 1 || severity > 4) {
        error_set(e, "the severity is low, medium, high or critical");
        return input_error(e, "severity");
    }
    w->entry->kind = SLICE("severity");
    w->entry->from_state = slice_of(records_level_name(w->incident->severity));
    w->entry->to_state = slice_of(records_level_name(severity));
    w->incident->severity = severity;
    return true;
}

static bool do_note(struct work *w, struct error *e)
{
    w->entry->kind = SLICE("note");
    return note_needed(w, e);
}

/* Stops the regime's clock; it is also a row of the ledger of notices. */
static bool do_tell(struct work *w, struct error *e)
{
    const struct incident_request *r = w->request;
    struct records_incident *i = w->incident;
    int64_t at = r->at ? r->at : w->now;
    if (i->told_at) {
        error_set(e, "the receiver was told of this incident before");
        return error_kind(e, ERROR_CONFLICT);
    }
    if (at > w->now || at < i->detected_at) {
        error_set(e, "it was told after its detection and not in the future");
        return input_error(e, "at");
    }
    i->told_at = at;
    i->told_channel = r->channel.len ? r->channel : SLICE("console");
    w->entry->kind = SLICE("tell");
    w->entry->time = at;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct slice subject = arena_print(&arena, "incident:%lld", (long long)i->id);
    struct records_notice notice = {
        .kind = SLICE("incident"), .subject = subject, .agency = i->agency, .incident = i->id,
        .receiver = r->receiver.len ? r->receiver : SLICE("lead"), .channel = i->told_channel,
        .sent_at = at, .due_at = i->tell_due, .text = r->note,
    };
    int64_t id;
    return records_notice_add(w->records, w->actor, &notice, &id, e);
}

/* ---- the table --------------------------------------------------------------------------------------- */

#define HANDLERS (ROLE_LEAD | ROLE_AGENCY | ROLE_RESPONDER)
#define JUDGES (ROLE_LEAD | ROLE_RESPONDER)   /* he who owes does not end his own case */

struct cell {
    enum incident_state to;
    unsigned roles;           /* 0: no such move from this state */
    move_function *function;
};

#define STAY(state)                                             \
    [MOVE_TELL] = { state, HANDLERS, do_tell },                 \
    [MOVE_NOTE] = { state, HANDLERS, do_note },                 \
    [MOVE_SEVERITY] = { state, HANDLERS, do_severity }

static const struct cell cells[INCIDENT_STATES][INCIDENT_MOVES] = {
    [INCIDENT_NEW] = {
        [MOVE_CONFIRM] = { INCIDENT_CONFIRMED, HANDLERS, do_confirm },
        [MOVE_REJECT] = { INCIDENT_REJECTED, JUDGES, do_end },
        STAY(INCIDENT_NEW),
    },
    [INCIDENT_CONFIRMED] = {
        [MOVE_CONTAIN] = { INCIDENT_CONTAINED, HANDLERS, do_contain },
        [MOVE_REJECT] = { INCIDENT_REJECTED, JUDGES, do_end },
        STAY(INCIDENT_CONFIRMED),
    },
    [INCIDENT_CONTAINED] = {
        [MOVE_ERADICATE] = { INCIDENT_ERADICATED, HANDLERS, do_eradicate },
        STAY(INCIDENT_CONTAINED),
    },
    [INCIDENT_ERADICATED] = {
        [MOVE_RECOVER] = { INCIDENT_RECOVERED, HANDLERS, do_recover },
        STAY(INCIDENT_ERADICATED),
    },
    [INCIDENT_RECOVERED] = {
        [MOVE_CLOSE] = { INCIDENT_CLOSED, JUDGES, do_end },
        STAY(INCIDENT_RECOVERED),
    },
    [INCIDENT_CLOSED] = {   /* telling late is still better than never */
        [MOVE_TELL] = { INCIDENT_CLOSED, HANDLERS, do_tell },
        [MOVE_REOPEN] = { INCIDENT_CONFIRMED, JUDGES, do_reopen },
    },
    [INCIDENT_REJECTED] = {
        [MOVE_REOPEN] = { INCIDENT_CONFIRMED, JUDGES, do_reopen },
    },
};

unsigned incident_moves_open(const struct records_incident *incident, const struct actor *actor)
{
    enum incident_state state;
    struct records_scope scope = records_scope_of(actor);
    if (!incident_state_parse(incident->state, &state) ||
        !records_scope_holds(&scope, incident->agency))
        return 0;
    unsigned open = 0;
    for (unsigned move = 0; move < INCIDENT_MOVES; move++)
        if (cells[state][move].roles & actor->role)
            open |= 1u << move;
    if (incident->told_at)
        open &= ~(1u << MOVE_TELL);
    return open;
}

static const struct cell *cell_find(const struct records_incident *incident,
                                    const struct actor *actor, enum incident_move move,
                                    struct error *e)
{
    enum incident_state state;
    bool known = incident_state_parse(incident->state, &state);
    assert(known);
    const struct cell *cell = &cells[state][move];
    if (!known || !cell->roles) {
        error_set(e, "an incident that is '%s' cannot take the move '%s'", states[state],
                  moves[move]);
        error_kind(e, ERROR_CONFLICT);
        return NULL;
    }
    if (!(cell->roles & actor->role)) {
        error_set(e, "your role may not take the move '%s'", moves[move]);
        error_kind(e, ERROR_FORBIDDEN);
        return NULL;
    }
    return cell;
}

bool incident_move(struct records *records, const struct actor *actor, int64_t id,
                   const struct incident_request *request, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_incident incident;
    struct records_scope scope = records_scope_of(actor);
    RECORDS_TRANSACTION t = { 0 };
    if (request->move >= INCIDENT_MOVES || request->note.len > TEXT_MOST) {
        error_set(e, "the move is unknown, or its note is too long");
        return input_error(e, "move");
    }
    if (!records_begin(records, &t, e) ||
        !records_incident_get(records, &scope, id, &arena, &incident, e))
        return false;
    const struct cell *cell = cell_find(&incident, actor, request->move, e);
    if (!cell)
        return false;
    int64_t now = clock_now();
    struct records_incident_entry entry = {
        .time = now, .kind = SLICE("move"), .user = actor->user, .text = request->note,
        .from_state = incident.state, .to_state = slice_of(states[cell->to]),
    };
    struct work work = { records, actor, request, &incident, &entry, now };
    incident.state = slice_of(states[cell->to]);
    if (!cell->function(&work, e))
        return false;
    if (slice_is(entry.kind, "tell") || slice_is(entry.kind, "note"))
        entry.from_state = entry.to_state = SLICE_NONE;
    return records_incident_update(records, actor, &incident, moves[request->move], e) &&
           records_incident_append(records, id, &entry, e) && records_commit(&t, e);
}

/* ---- open ---------------------------------------------------------------------------------------------- */

static bool opening_check(const struct actor *actor, const struct incident_opening *o,
                          struct error *e)
{
    struct records_scope scope = records_scope_of(actor);
    if (!(actor->role & HANDLERS)) {
        error_set(e, "your role may not open incidents");
        return error_kind(e, ERROR_FORBIDDEN);
    }
    if (!o->agency.len || !records_scope_holds(&scope, o->agency)) {
        error_set(e, "an incident belongs to an agency, an agency's user opens only its own");
        error_place(e, "agency");
        return error_kind(e, o->agency.len ? ERROR_FORBIDDEN : ERROR_INPUT);
    }
    struct slice title = slice_trim(o->title);
    if (title.len < TITLE_LEAST || title.len > TITLE_MOST * 4) {
        error_set(e, "a title has %d to %d characters", TITLE_LEAST, TITLE_MOST);
        return input_error(e, "title");
    }
    if (o->severity < 1 || o->severity > 4) {
        error_set(e, "the severity is low, medium, high or critical");
        return input_error(e, "severity");
    }
    if (o->description.len > TEXT_MOST * 4) {
        error_set(e, "the description is too long");
        return input_error(e, "description");
    }
    return true;
}

/* Escalates the alert into the incident: its state, the link, a line in the time line. */
static bool alert_join(struct records *records, const struct actor *actor, int64_t incident,
                       int64_t id, struct slice agency, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_scope scope = records_scope_of(actor);
    struct records_alert alert;
    if (!records_alert_get(records, &scope, id, &arena, &alert, e))
        return false;
    if (!slice_equal(alert.agency, agency)) {
        error_set(e, "the alert %lld is about another agency", (long long)id);
        return input_error(e, "alerts");
    }
    if (!slice_is(alert.state, "new") && !slice_is(alert.state, "taken")) {
        error_set(e, "an alert that is '%.*s' cannot be escalated", SLICE_ARGS(alert.state));
        return error_kind(e, ERROR_CONFLICT);
    }
    struct records_incident_entry entry = {
        .time = alert.first_time, .kind = SLICE("alert"), .user = actor->user, .alert = id,
    };
    return records_alert_change(records, actor, id, "escalate", alert.state, "escalated",
                                SLICE_NONE, e) &&
           records_incident_link(records, actor, incident, id, e) &&
           records_incident_append(records, incident, &entry, e);
}

/* Brings *at forward to the moment at which people could see the first of the alerts: the law counts
 * from detection (Circular 20/2017/TT-BTTTT: no later than five days after it), not from opening. */
static bool detection_find(struct records *records, const struct actor *actor, const int64_t *alerts,
                           uint32_t count, int64_t *at, struct error *e)
{
    struct records_scope scope = records_scope_of(actor);
    for (uint32_t i = 0; i < count; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        struct records_alert alert;
        if (!records_alert_get(records, &scope, alerts[i], &arena, &alert, e))
            return false;
        *at = alert.learnt_at < *at ? alert.learnt_at : *at;
    }
    return true;
}

/* Lets the incident's clock begin at an earlier detection. */
static bool detection_move(struct records *records, const struct actor *actor,
                           struct records_incident *incident, int64_t at, struct error *e)
{
    if (at == incident->detected_at)
        return true;
    if (incident->tell_due)
        incident->tell_due -= incident->detected_at - at;
    incident->detected_at = at;
    return records_incident_update(records, actor, incident, "detected", e);
}

static bool system_check(struct records *records, const struct incident_opening *o,
                         struct error *e)
{
    if (!o->system.len)
        return true;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_scope scope = { .agency = o->agency };
    struct records_system system;
    struct error none = ERROR_NONE;
    if (records_system_get(records, &scope, o->system, &arena, &system, &none))
        return true;
    error_set(e, "the agency has no system '%.*s'", SLICE_ARGS(o->system));
    return input_error(e, "system");
}

bool incident_open(struct records *records, const struct actor *actor,
                   const struct incident_opening *opening, const struct regime_clock *clock,
                   int64_t *id_out, struct error *e)
{
    const struct incident_opening *o = opening;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    struct records_agency agency;
    if (!opening_check(actor, o, e) || !records_begin(records, &t, e) ||
        !records_agency_get(records, &RECORDS_SCOPE_ALL, o->agency, &arena, &agency, e) ||
        !system_check(records, o, e))
        return false;
    int64_t now = clock_now();
    struct records_incident incident = {
        .title = slice_trim(o->title), .title_en = o->title_en, .description = o->description,
        .category = o->category,
        .state = SLICE("new"), .severity = o->severity, .agency = o->agency, .system = o->system,
        .regime = clock ? clock->regime : SLICE_NONE, .opened_by = actor->user, .opened_at = now,
        .occurred_at = o->occurred_at, .detected_at = o->detected_at ? o->detected_at : now,
    };
    if (incident.detected_at > now || incident.occurred_at > now) {
        error_set(e, "an incident is not detected in the future");
        return input_error(e, "detected");
    }
    if (!detection_find(records, actor, o->alerts, o->alert_count, &incident.detected_at, e))
        return false;
    incident.tell_due = clock_due(clock, incident.detected_at);
    struct records_incident_entry entry = {
        .time = now, .kind = SLICE("opened"), .user = actor->user, .to_state = SLICE("new"),
    };
    if (!records_incident_insert(records, actor, &incident, id_out, e) ||
        !records_incident_append(records, *id_out, &entry, e))
        return false;
    for (uint32_t i = 0; i < o->alert_count; i++)
        if (!alert_join(records, actor, *id_out, o->alerts[i], o->agency, e))
            return false;
    return records_commit(&t, e);
}

bool incident_join(struct records *records, const struct actor *actor, int64_t id, int64_t alert,
                   struct slice note, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_incident incident;
    struct records_scope scope = records_scope_of(actor);
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) ||
        !records_incident_get(records, &scope, id, &arena, &incident, e))
        return false;
    if (incident.closed_at) {
        error_set(e, "the incident %.*s has ended", SLICE_ARGS(incident.code));
        error_kind(e, ERROR_CONFLICT);
        return false;
    }
    int64_t detected = incident.detected_at;
    if (!alert_join(records, actor, id, alert, incident.agency, e) ||
        !detection_find(records, actor, &alert, 1, &detected, e) ||
        !detection_move(records, actor, &incident, detected, e))
        return false;
    struct records_incident_entry entry = { .kind = SLICE("note"), .user = actor->user,
                                            .text = note };
    return (!note.len || records_incident_append(records, id, &entry, e)) &&
           records_commit(&t, e);
}
