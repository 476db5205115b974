#include "records/hold.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/incident.h"
#include "records/store.h"

/* Whose incident it is, for the audit log; ERROR_NOT_FOUND. */
static bool agency_of(struct records *records, int64_t incident, struct arena *arena,
                      struct slice *agency_out, struct error *e)
{
    struct records_incident row;
    if (!records_incident_get(records, &RECORDS_SCOPE_ALL, incident, arena, &row, e))
        return false;
    *agency_out = row.agency;
    return true;
}

/* kind: "hold" or "release", of the time line and of the audit log. */
static bool write_down(struct records *records, const struct actor *actor, int64_t incident,
                       struct slice agency, const char *kind, struct slice reason, struct error *e)
{
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    struct records_incident_entry entry = {
        .kind = slice_of(kind), .user = actor->user, .text = reason,
    };
    return records_audit_id(records, actor, agency, "incident", kind, incident,
                            records_detail(&detail, 1, "reason", reason), e) &&
           records_incident_append(records, incident, &entry, e);
}

bool records_hold_set(struct records *records, const struct actor *actor, int64_t incident,
                      struct slice reason, struct error *e)
{
    ARENA_AUTO arena;
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    struct slice agency;
    arena_init(&arena, 0);
    if (!reason.len) {
        error_set(e, "say why the incident's events are held");
        error_place(e, "reason");
        return error_kind(e, ERROR_INPUT);
    }
    if (!records_begin(records, &t, e) || !agency_of(records, incident, &arena, &agency, e) ||
        !statement_start(records,
            "INSERT INTO incident_hold (incident, since, by_whom, reason) SELECT ?1, ?2, ?3, ?4 "
            "WHERE NOT EXISTS (SELECT 1 FROM incident_hold WHERE incident = ?1 "
            "AND released_at IS NULL)", &s, e))
        return false;
    statement_put(&s, incident);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    statement_put_text(&s, reason);
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records)) {
        error_set(e, "the incident's events are held already");
        return error_kind(e, ERROR_CONFLICT);
    }
    return write_down(records, actor, incident, agency, "hold", reason, e) &&
           records_commit(&t, e);
}

bool records_hold_release(struct records *records, const struct actor *actor, int64_t incident,
                          struct slice reason, struct error *e)
{
    ARENA_AUTO arena;
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    struct slice agency;
    arena_init(&arena, 0);
    if (!records_begin(records, &t, e) || !agency_of(records, incident, &arena, &agency, e) ||
        !statement_start(records, "UPDATE incident_hold SET released_at = ?2, released_by = ?3 "
                         "WHERE incident = ?1 AND released_at IS NULL", &s, e))
        return false;
    statement_put(&s, incident);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records)) {
        error_set(e, "the incident's events are not held");
        return error_kind(e, ERROR_CONFLICT);
    }
    return write_down(records, actor, incident, agency, "release", reason, e) &&
           records_commit(&t, e);
}

bool records_hold_get(struct records *records, int64_t incident, struct arena *arena,
                      bool *held_out, struct records_hold *hold_out, struct error *e)
{
    STATEMENT s = { 0 };
    *hold_out = (struct records_hold){ .incident = incident };
    *held_out = false;
    if (!statement_start(records, "SELECT since, by_whom, reason FROM incident_hold "
                         "WHERE incident = ? AND released_at IS NULL", &s, e))
        return false;
    statement_put(&s, incident);
    if (statement_next(&s, e)) {
        *held_out = true;
        hold_out->since = statement_get(&s);
        hold_out->by_whom = statement_get_text(&s, arena);
        hold_out->reason = statement_get_text(&s, arena);
    }
    return !s.failed && records_arena_held(arena, e);
}

bool records_hold_of_day(struct records *records, int32_t day, struct slice class,
                         int64_t *incident_out, struct error *e)
{
    int64_t begins;
    char prefix[32];
    STATEMENT s = { 0 };
    *incident_out = 0;
    if (!clock_from_day(day, 0, &begins))
        return error_set(e, "there is no day %d", (int)day);
    sqlite3_snprintf(sizeof prefix, prefix, "%d.%.*s.", (int)day, SLICE_ARGS(class));
    if (!statement_start(records,
            "SELECT h.incident FROM incident_hold h JOIN incident i ON i.id = h.incident "
            "WHERE h.released_at IS NULL AND (("
            "?3 + ?5 > min(coalesce(i.occurred_at, i.detected_at), i.detected_at, "
            "coalesce((SELECT min(a.first_time) FROM incident_alert l JOIN alert a ON a.id = l.alert "
            "WHERE l.incident = i.id), i.detected_at)) - ?5 "
            "AND ?3 < coalesce(i.closed_at, ?4) + ?5) "
            "OR EXISTS (SELECT 1 FROM incident_alert l JOIN alert_match m ON m.alert = l.alert "
            "WHERE l.incident = i.id AND m.day = ?1 AND m.class = ?2) "
            "OR EXISTS (SELECT 1 FROM incident_alert l JOIN alert_event v ON v.alert = l.alert "
            "WHERE l.incident = i.id AND substr(v.event, 1, length(?6)) = ?6)) LIMIT 1", &s, e))
        return false;
    statement_put(&s, day);
    statement_put_text(&s, class);
    statement_put(&s, begins);
    statement_put(&s, clock_now());
    statement_put(&s, CLOCK_DAY);
    statement_put_text(&s, slice_of(prefix));
    if (statement_next(&s, e))
        *incident_out = statement_get(&s);
    return !s.failed;
}
