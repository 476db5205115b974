#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"
#include "records/hold.h"
#include "cases/incident.h"
#include "records/alert.h"

#define AROUND (5 * CLOCK_MINUTE)

/* ---- the list -------------------------------------------------------------------------------- */

bool api_incident_list(struct api_call *call)
{
    struct records_page page = api_page(call);
    struct records_incident_list list;
    struct json_writer *json = &call->json;
    struct records_incident_filter filter = {
        .states = api_text(call, "state"),
        .agency = api_text(call, "agency"),
        .words = api_text(call, "words"),
    };

    if (api_given(call, "severity"))
        records_level_parse(api_text(call, "severity"), &filter.severity);
    if (!api_agency_allowed(call, filter.agency) ||
        !records_incident_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                               &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < list.count; i++) {
        json_open_object(json);
        shape_incident_summary(call, &list.rows[i]);
        json_close_object(json);
    }
    shape_list_close(json, list.next, list.total);
    json_close_object(json);
    return true;
}

/* ---- one ------------------------------------------------------------------------------------- */

static void entry_put(struct api_call *call, const struct records_incident_entry *entry,
                      const struct records_alert_list *alerts)
{
    struct json_writer *json = &call->json;
    const struct records_alert *alert = NULL;
    struct slice text = entry->text;

    if (entry->alert)
        text = shape_alert_title(call, entry->alert_title, entry->alert_title_vi);
    for (uint32_t i = 0; i < alerts->count && entry->alert; i++)
        if (alerts->rows[i].id == entry->alert)
            alert = &alerts->rows[i];
    json_open_object(json);
    json_time_member(json, "time", entry->time);
    json_text_member(json, "kind", entry->kind);
    shape_text_or_null(json, "by", entry->user_name.len ? entry->user_name : entry->user);
    shape_text_or_null(json, "text", text);
    shape_text_or_null(json, "from_state", entry->from_state);
    shape_text_or_null(json, "to_state", entry->to_state);
    shape_integer_or_null(json, "alert", entry->alert != 0, entry->alert);
    json_name(json, "events");
    if (alert)
        shape_events_link(json, SLICE(""), alert->first_time - AROUND, alert->last_time + AROUND,
                          alert->agency, alert->source);
    else
        json_put_null(json);
    json_name(json, "package");
    if (entry->sha256.len) {
        json_open_object(json);
        json_integer_member(json, "events", (int64_t)entry->events);
        json_text_member(json, "sha256", entry->sha256);
        json_close_object(json);
    } else {
        json_put_null(json);
    }
    json_close_object(json);
}

/* The standings whose evidence names this incident, in the quarter of its detection. Roles that do
 * not read the plan get none; so does who asks while there is no plan. */
static void obligations_put(struct api_call *call, const struct records_incident *incident)
{
    const struct plan *plan = call->options->plan;
    struct json_writer *json = &call->json;
    struct slice name = arena_print(call->arena, "incident:%lld", (long long)incident->id);
    STANDING_VIEW view = { 0 };
    struct period period;

    json_open_array_member(json, "obligations");
    if (plan) {
        period = period_at(PERIOD_QUARTER, incident->detected_at, plan->regime->cutoff);
        if (!standings_read(call, slice_of(period.id), 0, &view))
            error_clear(&call->error);
    }
    for (uint32_t i = 0; view.result && i < view.result->standing_count; i++) {
        const struct plan_standing *s = &view.result->standings[i];
        bool names = false;
        for (uint32_t t = 0; t < s->obligation->target_count && !names; t++)
            for (uint32_t r = 0; r < s->targets[t].row_count && !names; r++)
                names = slice_equal(s->targets[t].rows[r].evidence, name);
        if (!names || !standings_seen(call, s))
            continue;
        json_open_object(json);
        json_text_member(json, "obligation", s->obligation->id);
        json_text_member(json, "title", plan_words_in(&s->obligation->title, call->language));
        json_text_member(json, "agency", s->agency->key);
        json_text_member(json, "period", slice_of(s->period.id));
        json_close_object(json);
    }
    json_close_array(json);
}

static bool alerts_of(struct api_call *call, int64_t incident, struct records_alert_list *list_out)
{
    struct records_alert_filter filter = { .incident = incident };
    struct records_page page = { .limit = 200 };

    return records_alert_list(call->records, &call->scope, &filter, &page, call->arena, list_out,
                              &call->error);
}

static void lists_put(struct api_call *call, const struct records_incident *incident,
                      const struct records_alert_list *alerts)
{
    struct json_writer *json = &call->json;
    unsigned open = incident_moves_open(incident, &call->actor);

    json_open_array_member(json, "alert_list");
    for (uint32_t i = 0; i < alerts->count; i++) {
        json_open_object(json);
        shape_alert_summary(call, &alerts->rows[i]);
        json_close_object(json);
    }
    json_close_array(json);
    json_open_array_member(json, "moves");
    for (int move = 0; move < INCIDENT_MOVES; move++)
        if (open & (1u << move))
            json_put_text(json, slice_of(incident_move_name((enum incident_move)move)));
    json_close_array(json);
}

/* Whether its events are held back from deletion, since when, by whom and why. */
static bool hold_put(struct api_call *call, int64_t id)
{
    struct json_writer *json = &call->json;
    struct records_hold hold;
    bool held;

    if (!records_hold_get(call->records, id, call->arena, &held, &hold, &call->error))
        return false;
    json_name(json, "hold");
    if (!held) {
        json_put_null(json);
        return true;
    }
    json_open_object(json);
    json_time_member(json, "since", hold.since);
    json_text_member(json, "by", hold.by_whom);
    json_text_member(json, "reason", hold.reason);
    json_close_object(json);
    return true;
}

static bool incident_put(struct api_call *call, int64_t id)
{
    struct records_incident incident;
    struct records_incident_entry *entries;
    struct records_alert_list alerts;
    struct json_writer *json = &call->json;
    uint32_t count;

    if (!records_incident_get(call->records, &call->scope, id, call->arena, &incident,
                              &call->error) ||
        !records_incident_entries(call->records, &call->scope, id, call->arena, &entries, &count,
                                  &call->error) ||
        !alerts_of(call, id, &alerts))
        return false;
    json_open_object(json);
    shape_incident_summary(call, &incident);
    shape_text_or_null(json, "description", incident.description);
    json_open_array_member(json, "clocks");
    shape_incident_clock(call, &incident, false);
    json_close_array(json);
    json_open_array_member(json, "timeline");
    for (uint32_t i = 0; i < count; i++)
        entry_put(call, &entries[i], &alerts);
    json_close_array(json);
    lists_put(call, &incident, &alerts);
    obligations_put(call, &incident);
    if (!hold_put(call, id))
        return false;
    json_close_object(json);
    return true;
}

bool api_incident_get(struct api_call *call)
{
    return incident_put(call, api_number(call, "incident"));
}

/* ---- changes --------------------------------------------------------------------------------- */

bool api_incident_open(struct api_call *call)
{
    const struct api_value *alerts = api_value(call, "alerts");
    struct regime_clock clock = shape_clock(call);
    struct incident_opening opening = {
        .title = api_text(call, "title"),
        .description = api_text(call, "description"),
        .agency = api_text(call, "agency"),
        .system = api_text(call, "system"),
        .alerts = alerts->numbers,
        .alert_count = alerts->count,
    };
    int64_t id;

    records_level_parse(api_text(call, "severity"), &opening.severity);
    if (!api_agency_allowed(call, opening.agency) ||
        !incident_open(call->records, &call->actor, &opening, &clock, &id, &call->error))
        return false;
    api_changed(call);
    call->status = 201;
    return incident_put(call, id);
}

bool api_incident_move(struct api_call *call)
{
    int64_t id = api_number(call, "incident");
    struct records_incident incident;
    struct incident_request request = { .note = api_text(call, "note") };

    incident_move_parse(api_text(call, "move"), &request.move);
    if (api_given(call, "severity"))
        records_level_parse(api_text(call, "severity"), &request.severity);
    if (!records_incident_get(call->records, &call->scope, id, call->arena, &incident,
                              &call->error))
        return false;
    if (request.move == MOVE_SEVERITY && !api_given(call, "severity"))
        return api_fail(call, 400, "input_wrong", "severity", "'%s' is missing", "severity");
    if (!incident_move(call->records, &call->actor, id, &request, &call->error))
        return false;
    api_changed(call);
    return incident_put(call, id);
}

bool api_incident_hold(struct api_call *call)
{
    int64_t id = api_number(call, "incident");
    struct records_incident incident;
    struct slice reason = api_text(call, "reason");

    if (!records_incident_get(call->records, &call->scope, id, call->arena, &incident,
                              &call->error))
        return false;
    if (api_number(call, "held") ? !records_hold_set(call->records, &call->actor, id, reason,
                                                     &call->error)
                                 : !records_hold_release(call->records, &call->actor, id, reason,
                                                         &call->error))
        return false;
    api_changed(call);
    return incident_put(call, id);
}
