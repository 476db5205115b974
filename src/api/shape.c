#include "api/shape.h"

#include "base/config.h"

#include "cases/clock.h"
#include "records/alert.h"
#include "records/incident.h"
#include "records/system.h"

/* ---- small ones ------------------------------------------------------------------------------ */

void shape_ref(struct json_writer *json, struct slice id, struct slice name,
               struct slice short_name)
{
    if (id.len == 0) {
        json_put_null(json);
        return;
    }
    json_open_object(json);
    json_text_member(json, "id", id);
    json_text_member(json, "name", name.len ? name : id);
    if (short_name.len)
        json_text_member(json, "short", short_name);
    json_close_object(json);
}

void shape_ref_member(struct json_writer *json, const char *name, struct slice id,
                      struct slice title, struct slice short_name)
{
    json_name(json, name);
    shape_ref(json, id, title, short_name);
}

static void agencies_read(struct api_call *call)
{
    struct records_agency_filter filter = { .key = SLICE("") };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_agency_list list;
    struct error e = ERROR_NONE;

    call->agencies_read = true;
    if (!records_agency_list(call->records, &RECORDS_SCOPE_ALL, &filter, &page, call->arena, &list,
                             &e))
        return;
    for (uint32_t i = 0; i < list.count; i++)
        map_put(&call->agencies, list.rows[i].key, &list.rows[i]);
}

/* Names of public bodies are public: the scope does not ask here. */
static const struct records_agency *agency_of(struct api_call *call, struct slice key)
{
    if (!call->agencies_read && key.len)
        agencies_read(call);
    return map_get(&call->agencies, key);
}

void shape_agency(struct api_call *call, const char *name, struct slice key)
{
    const struct records_agency *agency = agency_of(call, key);

    if (name)
        json_name(&call->json, name);
    shape_ref(&call->json, key, agency ? shape_agency_title(call, agency) : key,
              agency ? agency->short_name : SLICE_NONE);
}

struct slice shape_agency_short(struct api_call *call, struct slice key)
{
    const struct records_agency *agency = agency_of(call, key);

    if (agency && agency->short_name.len)
        return agency->short_name;
    return agency ? shape_agency_title(call, agency) : key;
}

struct slice shape_agency_title(const struct api_call *call, const struct records_agency *agency)
{
    return !api_vietnamese(call) && agency->name_en.len ? agency->name_en : agency->name;
}

void shape_text_or_null(struct json_writer *json, const char *name, struct slice text)
{
    if (text.len)
        json_text_member(json, name, text);
    else
        json_null_member(json, name);
}

void shape_integer_or_null(struct json_writer *json, const char *name, bool there, int64_t value)
{
    if (there)
        json_integer_member(json, name, value);
    else
        json_null_member(json, name);
}

void shape_health(struct json_writer *json, const char *name,
                  const struct records_health_counts *counts)
{
    json_open_object_member(json, name);
    json_integer_member(json, "heard", counts->heard);
    json_integer_member(json, "silent", counts->silent);
    json_integer_member(json, "never", counts->never);
    json_integer_member(json, "unknown", counts->unknown);
    json_close_object(json);
}

void shape_events_link(struct json_writer *json, struct slice query, int64_t from, int64_t to,
                       struct slice agency, struct slice source)
{
    json_open_object(json);
    json_text_member(json, "query", query);
    json_time_member(json, "from", from);
    json_time_member(json, "to", to);
    shape_text_or_null(json, "agency", agency);
    shape_text_or_null(json, "source", source);
    json_close_object(json);
}

void shape_list_open(struct json_writer *json)
{
    json_open_object(json);
    json_open_array_member(json, "items");
}

void shape_list_close(struct json_writer *json, struct slice next, uint64_t total)
{
    json_close_array(json);
    shape_next(json, next);
    json_integer_member(json, "total", (int64_t)total);
}

void shape_next(struct json_writer *json, struct slice next)
{
    shape_text_or_null(json, "next", next);
}

/* ---- alerts, incidents ----------------------------------------------------------------------- */

struct slice shape_alert_title(const struct api_call *call, struct slice title, struct slice title_vi)
{
    return api_vietnamese(call) && title_vi.len ? title_vi : title;
}

static void words_put(struct json_writer *json, const char *name, struct slice words)
{
    struct slice part;

    json_open_array_member(json, name);
    while (slice_split(&words, ' ', &part))
        if (part.len)
            json_put_text(json, part);
    json_close_array(json);
}

struct slice shape_entity(struct slice entity)
{
    size_t equal = slice_find_byte(entity, '=');

    return equal < entity.len ? slice_after(entity, equal + 1) : entity;
}

/* Members only: an alert's page adds more. */
void shape_alert_summary(struct api_call *call, const struct records_alert *alert)
{
    struct json_writer *json = &call->json;

    json_integer_member(json, "id", alert->id);
    json_text_member(json, "title", shape_alert_title(call, alert->title, alert->title_vi));
    json_text_member(json, "level", slice_of(records_level_name(alert->level)));
    json_text_member(json, "state", alert->state);
    json_text_member(json, "rule", alert->rule);
    shape_agency(call, "agency", alert->agency);
    shape_ref_member(json, "system", alert->system, alert->system_name, SLICE_NONE);
    shape_ref_member(json, "source", alert->source, alert->source_name, SLICE_NONE);
    shape_text_or_null(json, "entity", shape_entity(alert->entity));
    json_time_member(json, "first_time", alert->first_time);
    json_time_member(json, "last_time", alert->last_time);
    json_integer_member(json, "matches", (int64_t)alert->matches);
    shape_text_or_null(json, "taken_by", alert->taken_by_name.len ? alert->taken_by_name
                                                                   : alert->taken_by);
    shape_integer_or_null(json, "incident", alert->incident != 0, alert->incident);
    words_put(json, "tags", alert->tags);
}

struct regime_clock shape_clock(const struct api_call *call)
{
    struct regime_clock clock = { .regime = SLICE("") };
    const struct plan *plan = call->options->plan;
    const struct regime_value *days =
        plan ? regime_value(plan->regime, SLICE("incident_days")) : NULL;
    const struct regime_value *receiver =
        plan ? regime_value(plan->regime, SLICE("incident_to")) : NULL;

    if (!days || days->kind != REGIME_NUMBER)
        return clock;
    clock.regime = plan->regime->id;
    clock.source = days->source;
    clock.confirmed = days->confirmed;
    clock.span = days->number * CLOCK_DAY;
    if (receiver && receiver->kind == REGIME_TEXT)
        clock.receiver = plan_words_in(&receiver->text, call->language);
    return clock;
}

static void clock_put(struct api_call *call, const struct records_incident *incident,
                      enum clock_standing standing)
{
    struct regime_clock clock = shape_clock(call);
    struct json_writer *json = &call->json;
    bool ours = slice_equal(clock.regime, incident->regime);

    json_open_object(json);
    json_text_member(json, "id", SLICE("tell"));
    json_text_member(json, "title", slice_of(api_say(call, "Tell of the incident")));
    shape_text_or_null(json, "receiver", ours ? clock.receiver : SLICE_NONE);
    json_time_member(json, "starts", incident->detected_at);
    json_time_member(json, "due", incident->tell_due);
    json_time_member(json, "stopped", incident->told_at);
    json_text_member(json, "standing", slice_of(clock_standing_name(standing)));
    json_name(json, "days");
    json_put_number(json, (double)(incident->tell_due - incident->detected_at) / (double)CLOCK_DAY);
    shape_text_or_null(json, "source", ours ? clock.source : incident->regime);
    json_boolean_member(json, "confirmed", ours && clock.confirmed);
    json_close_object(json);
}

bool shape_incident_clock(struct api_call *call, const struct records_incident *incident,
                          bool running_only)
{
    enum clock_standing standing;

    if (!clock_standing_of(incident, call->now, &standing))
        return false;
    if (running_only && standing != CLOCK_RUNNING && standing != CLOCK_LATE)
        return false;
    clock_put(call, incident, standing);
    return true;
}

/* Members only. */
void shape_incident_summary(struct api_call *call, const struct records_incident *incident)
{
    struct json_writer *json = &call->json;

    json_integer_member(json, "id", incident->id);
    json_text_member(json, "number", incident->code);
    json_text_member(json, "title", incident->title_en.len && !api_vietnamese(call)
                                        ? incident->title_en : incident->title);
    json_text_member(json, "state", incident->state);
    json_text_member(json, "severity",
                     slice_of(records_level_name(incident->severity < 1 ? 1 : incident->severity)));
    shape_agency(call, "agency", incident->agency);
    shape_ref_member(json, "system", incident->system, incident->system_name, SLICE_NONE);
    json_time_member(json, "opened", incident->opened_at);
    shape_text_or_null(json, "opened_by", incident->opened_by_name.len ? incident->opened_by_name
                                                                        : incident->opened_by);
    json_time_member(json, "closed", incident->closed_at);
    json_integer_member(json, "alerts", incident->alerts);
    json_name(json, "clock");
    if (!shape_incident_clock(call, incident, true))
        json_put_null(json);
}

/* ---- systems, sources ------------------------------------------------------------------------ */

/* Members only. */
void shape_system(struct api_call *call, const struct records_system *system)
{
    struct json_writer *json = &call->json;

    json_text_member(json, "id", system->key);
    json_text_member(json, "name",
                     !api_vietnamese(call) && system->name_en.len ? system->name_en : system->name);
    shape_agency(call, "agency", system->agency);
    shape_integer_or_null(json, "level", system->level != 0, system->level);
    shape_text_or_null(json, "operator", system->operator_name);
    json_text_member(json, "health", slice_of(records_health_name(system->health)));
    shape_health(json, "sources", &system->sources);
    json_time_member(json, "last_seen", system->last_seen);
}

/* Members only. */
void shape_source(struct api_call *call, const struct records_source *source)
{
    struct json_writer *json = &call->json;

    json_text_member(json, "id", source->key);
    json_text_member(json, "name", source->name);
    shape_agency(call, "agency", source->agency);
    shape_ref_member(json, "system", source->system, source->system_name, SLICE_NONE);
    shape_text_or_null(json, "protocol", source->protocol);
    json_text_member(json, "health", slice_of(records_health_name(source->health)));
    json_time_member(json, "first_seen", source->first_seen);
    json_time_member(json, "last_seen", source->last_seen);
    json_integer_member(json, "events_day", (int64_t)source->events_day);
    json_name(json, "per_minute");
    json_put_number(json, (double)source->events_recent / 5.0);
    json_integer_member(json, "undecoded_day", (int64_t)source->undecoded_day);
    json_name(json, "skew_seconds");
    if (source->last_seen)
        json_put_number(json, (double)source->skew / (double)CLOCK_SECOND);
    else
        json_put_null(json);
    shape_integer_or_null(json, "usual_pause_seconds", source->usual_pause != 0,
                          source->usual_pause / CLOCK_SECOND);
    json_integer_member(json, "silent_after_seconds", source->silent_after / CLOCK_SECOND);
    json_open_array_member(json, "spark");
    for (int i = 0; i < RECORDS_SPARK; i++)
        json_put_integer(json, (int64_t)source->spark[i]);
    json_close_array(json);
}

static struct slice connect_line(struct api_call *call, const char *address, const char *before,
                                 const char *between, const char *after)
{
    struct slice host = SLICE_NONE;
    uint16_t port;

    if (!address || !address[0] || !config_split_address(slice_of(address), &host, &port))
        return SLICE_NONE;
    return arena_print(call->arena, "%s%.*s%s%u%s", before, SLICE_ARGS(host), between,
                       (unsigned)port, after);
}

/* A source known by a token sends over HTTP; one known by its address by syslog; of one known by neither no
 * line would be taken for its own: it gets a package first. */
void shape_connect(struct api_call *call, const char *name, const struct records_source *source)
{
    const struct api_options *options = call->options;
    struct json_writer *json = &call->json;
    bool by_token = source && source->token_sha256.len;
    bool by_address = !source || (!by_token && source->network.len);

    struct slice rsyslog = SLICE_NONE, logger = SLICE_NONE, http = SLICE_NONE;

    if (by_address) {
        rsyslog = connect_line(call, options->syslog_address, "*.* action(type=\"omfwd\" target=\"",
                               "\" port=\"", "\" protocol=\"tcp\" "
                               "TCP_Framing=\"octet-counted\" "
                               "template=\"RSYSLOG_SyslogProtocol23Format\")");
        logger = connect_line(call, options->syslog_address, "logger -n ", " -P ",
                              " -T --rfc5424 'xin chao'");
    }
    if (by_token || !source)
        http = connect_line(call, options->http_address, "curl -H \"Authorization: Bearer $TOKEN\" "
                            "--data-binary @events.jsonl http://", ":", "/events");
    json_open_object_member(json, name);
    shape_text_or_null(json, "rsyslog", rsyslog);
    shape_text_or_null(json, "logger", logger);
    shape_text_or_null(json, "http", http);
    json_close_object(json);
}
