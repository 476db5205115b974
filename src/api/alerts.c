#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"
#include "cases/triage.h"

#define AROUND (5 * CLOCK_MINUTE)
#define RECORD_DAYS 30

/* ---- the list -------------------------------------------------------------------------------- */

static void counts_put(struct json_writer *json, const struct records_alert_counts *counts)
{
    json_open_object_member(json, "counts");
    json_integer_member(json, "new", (int64_t)counts->fresh);
    json_integer_member(json, "taken", (int64_t)counts->taken);
    json_integer_member(json, "closed", (int64_t)counts->closed);
    json_integer_member(json, "false_positive", (int64_t)counts->false_positive);
    json_integer_member(json, "escalated", (int64_t)counts->escalated);
    json_integer_member(json, "mine", (int64_t)counts->mine);
    json_close_object(json);
}

static struct records_alert_filter filter_of(const struct api_call *call)
{
    struct records_alert_filter filter = {
        .states = api_text(call, "state"),
        .agency = api_text(call, "agency"),
        .source = api_text(call, "source"),
        .rule = api_text(call, "rule"),
        .words = api_text(call, "words"),
        .from = api_number(call, "from"),
        .to = api_number(call, "to"),
    };

    if (api_given(call, "level"))
        records_level_parse(api_text(call, "level"), &filter.level);
    if (api_number(call, "mine"))
        filter.taken_by = call->actor.user;
    return filter;
}

bool api_alert_list(struct api_call *call)
{
    struct records_alert_filter filter = filter_of(call);
    struct records_page page = api_page(call);
    struct records_alert_counts counts;
    struct records_alert_list list;
    struct json_writer *json = &call->json;

    if (!api_agency_allowed(call, filter.agency) ||
        !records_alert_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                            &call->error) ||
        !records_alert_counts(call->records, &call->scope, &filter, call->actor.user, &counts,
                              &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < list.count; i++) {
        json_open_object(json);
        shape_alert_summary(call, &list.rows[i]);
        json_close_object(json);
    }
    shape_list_close(json, list.next, list.total);
    json_integer_member(json, "matches", (int64_t)list.matches);
    counts_put(json, &counts);
    json_close_object(json);
    return true;
}

/* ---- one: the rule --------------------------------------------------------------------------- */

static void list_put(struct json_writer *json, const char *name, const struct yaml *list)
{
    json_open_array_member(json, name);
    for (uint32_t i = 0; list && i < list->count; i++)
        if (list->children[i].kind == YAML_SCALAR)
            json_put_text(json, list->children[i].text);
    json_close_array(json);
}

static void detail_put(struct api_call *call, const struct records_alert *alert,
                       const struct yaml *rule, struct slice text)
{
    struct json_writer *json = &call->json;

    json_open_object_member(json, "detail");
    json_text_member(json, "id", alert->rule);
    json_text_member(json, "title", shape_alert_title(call, alert->title, alert->title_vi));
    shape_text_or_null(json, "description", yaml_member_text(rule, "description", SLICE_NONE));
    shape_text_or_null(json, "author", alert->author);
    shape_text_or_null(json, "license", alert->license);
    json_text_member(json, "level", slice_of(records_level_name(alert->level)));
    shape_text_or_null(json, "status", yaml_member_text(rule, "status", SLICE_NONE));
    list_put(json, "falsepositives", yaml_member(rule, "falsepositives"));
    list_put(json, "references", yaml_member(rule, "references"));
    shape_text_or_null(json, "text", text);
    json_close_object(json);
}

/* ---- one: its events ------------------------------------------------------------------------- */

static void events_put(struct api_call *call, const struct records_alert *alert,
                       const struct records_alert_event *events, uint32_t count)
{
    json_open_array_member(&call->json, "events");
    for (uint32_t i = 0; i < count; i++) {
        const struct records_alert_event *one = &events[i];
        bool own = slice_equal(one->source, alert->source);
        struct shape_event event = {
            .id = one->event, .time = one->time, .received = one->received,
            .agency = alert->agency,
            .system = alert->system, .system_name = alert->system_name,
            .source = one->source, .source_name = own ? alert->source_name : one->source,
            .decoder = one->decoder, .product = one->product, .category = one->category,
            .service = one->service, .raw = one->raw,
        };
        struct json *fields;
        struct error e = ERROR_NONE;
        if (one->fields.len && json_parse(one->fields, call->arena, &fields, &e))
            event.fields = fields;
        shape_event_put(call, &event);
    }
    json_close_array(&call->json);
}

/* The field with its value, in the language of the search. */
static struct slice entity_query(struct api_call *call, struct slice entity)
{
    size_t equal = slice_find_byte(entity, '=');
    BUFFER_AUTO out;

    buffer_init(&out, 8192);
    if (equal < entity.len) {
        buffer_add(&out, slice_cut(entity, 0, equal));
        buffer_add_byte(&out, ':');
        entity = slice_after(entity, equal + 1);
    }
    buffer_add_byte(&out, '"');
    for (size_t i = 0; i < entity.len; i++) {
        if (entity.data[i] == '"' || entity.data[i] == '\\')
            buffer_add_byte(&out, '\\');
        buffer_add_byte(&out, entity.data[i]);
    }
    buffer_add_byte(&out, '"');
    return arena_copy(call->arena, buffer_slice(&out));
}

static void links_put(struct api_call *call, const struct records_alert *alert)
{
    struct json_writer *json = &call->json;

    json_name(json, "context");
    shape_events_link(json, SLICE(""), alert->first_time - AROUND, alert->first_time + AROUND,
                      alert->agency, alert->source);
    json_name(json, "day");
    if (alert->entity.len)
        shape_events_link(json, entity_query(call, alert->entity), alert->last_time - CLOCK_DAY,
                          alert->last_time + CLOCK_SECOND, SLICE_NONE, SLICE_NONE);
    else
        json_put_null(json);
}

/* ---- one: what was done with it -------------------------------------------------------------- */

static void moves_put(struct api_call *call, const struct records_alert *alert,
                      const struct records_alert_move *moves, uint32_t count)
{
    struct json_writer *json = &call->json;
    unsigned open = triage_moves_open(alert, &call->actor);

    json_open_array_member(json, "history");
    json_open_object(json);
    json_time_member(json, "time", alert->first_time);
    json_null_member(json, "by");
    json_text_member(json, "move", SLICE("raised"));
    json_null_member(json, "reason");
    json_close_object(json);
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(json);
        json_time_member(json, "time", moves[i].time);
        shape_text_or_null(json, "by", moves[i].user_name.len ? moves[i].user_name
                                                              : moves[i].user);
        json_text_member(json, "move", moves[i].move);
        shape_text_or_null(json, "reason", moves[i].reason);
        json_close_object(json);
    }
    json_close_array(json);
    json_open_array_member(json, "can");
    for (int move = 0; move < TRIAGE_MOVES; move++)
        if (open & (1u << move))
            json_put_text(json, slice_of(triage_move_name((enum triage_move)move)));
    json_close_array(json);
}

static void record_put(struct json_writer *json, const struct records_rule_record *record)
{
    json_open_object_member(json, "record");
    json_integer_member(json, "days", RECORD_DAYS);
    json_integer_member(json, "alerts", (int64_t)record->alerts);
    json_integer_member(json, "true_positive", (int64_t)record->true_positive);
    json_integer_member(json, "false_positive", (int64_t)record->false_positive);
    json_close_object(json);
}

bool api_alert_get(struct api_call *call)
{
    int64_t id = api_number(call, "alert");
    struct records_alert alert;
    struct records_alert_event *events;
    struct records_alert_move *moves;
    struct records_rule_record record;
    uint32_t event_count, move_count;
    struct yaml *rule = NULL;
    struct slice text = SLICE_NONE;
    struct json *why = NULL;
    struct error e = ERROR_NONE;

    if (!records_alert_get(call->records, &call->scope, id, call->arena, &alert, &call->error) ||
        !records_alert_events(call->records, &call->scope, id, call->arena, &events, &event_count,
                              &call->error) ||
        !records_alert_moves(call->records, &call->scope, id, call->arena, &moves, &move_count,
                             &call->error) ||
        !records_alert_rule(call->records, alert.rule, call->now - RECORD_DAYS * CLOCK_DAY, &record,
                            &call->error))
        return false;
    rule_book_read(api_rules_of(call), alert.rule, call->arena, &text, &rule);
    if (alert.why.len && !json_parse(alert.why, call->arena, &why, &e))
        why = NULL;
    json_open_object(&call->json);
    shape_alert_summary(call, &alert);
    detail_put(call, &alert, rule, text);
    shape_why(&call->json, why);
    shape_correlation(&call->json, why, rule);
    events_put(call, &alert, events, event_count);
    record_put(&call->json, &record);
    links_put(call, &alert);
    moves_put(call, &alert, moves, move_count);
    json_close_object(&call->json);
    return true;
}

/* ---- moves: each answers with the alert as it is now ----------------------------------------- */

/* What is outside the scope is not there, before its state is spoken of. */
static bool seen(struct api_call *call)
{
    struct records_alert alert;

    return records_alert_get(call->records, &call->scope, api_number(call, "alert"), call->arena,
                             &alert, &call->error);
}

static bool moved(struct api_call *call)
{
    api_changed(call);
    return api_alert_get(call);
}

bool api_alert_take(struct api_call *call)
{
    return seen(call) &&
           triage_take(call->records, &call->actor, api_number(call, "alert"), &call->error) &&
           moved(call);
}

bool api_alert_release(struct api_call *call)
{
    return seen(call) &&
           triage_release(call->records, &call->actor, api_number(call, "alert"), &call->error) &&
           moved(call);
}

bool api_alert_false_positive(struct api_call *call)
{
    return seen(call) &&
           triage_false_positive(call->records, &call->actor, api_number(call, "alert"),
                                 api_text(call, "reason"), &call->error) &&
           moved(call);
}

bool api_alert_close(struct api_call *call)
{
    return seen(call) &&
           triage_close(call->records, &call->actor, api_number(call, "alert"),
                        api_text(call, "reason"), &call->error) &&
           moved(call);
}

bool api_alert_escalate(struct api_call *call)
{
    struct regime_clock clock = shape_clock(call);
    struct triage_escalation escalation = {
        .incident = api_number(call, "incident"),
        .title = api_text(call, "title"),
        .note = api_text(call, "note"),
    };
    int64_t incident;

    if (api_given(call, "severity"))
        records_level_parse(api_text(call, "severity"), &escalation.severity);
    return seen(call) &&
           triage_escalate(call->records, &call->actor, api_number(call, "alert"), &escalation,
                           &clock, &incident, &call->error) &&
           moved(call);
}
