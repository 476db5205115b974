#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"
#include "records/alert.h"
#include "records/incident.h"
#include "records/system.h"

/* Kinds of the register as people read them; another kind is shown as it stands there. */
static const struct {
    const char *kind, *title;
} kinds[] = {
    { "so-nganh", "Departments" },
    { "ubnd-huyen", "District units" },
    { "ubnd-xa", "Communes and wards" },
    { "cong-an", "Police" },
};

struct slice shape_kind_title(const struct api_call *call, struct slice kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_is(kind, kinds[i].kind))
            return slice_of(api_say(call, kinds[i].title));
    return kind;
}

static void texts_put(struct json_writer *json, const char *name, const struct slice *texts,
                      uint32_t count)
{
    json_open_array_member(json, name);
    for (uint32_t i = 0; i < count; i++)
        json_put_text(json, texts[i]);
    json_close_array(json);
}

/* Members only. The counts are null-free: without a plan nothing is counted. */
static bool summary_put(struct api_call *call, const struct records_agency *agency,
                        const struct plan_result *result)
{
    struct json_writer *json = &call->json;
    struct records_health_counts sources;
    struct standing_counts sums = { { 0 } };

    if (!records_source_counts(call->records, &call->scope, agency->key, &sources, &call->error))
        return false;
    if (result)
        sums = standing_counts_of(call, result, agency->key);
    json_text_member(json, "id", agency->key);
    json_text_member(json, "name", shape_agency_title(call, agency));
    json_text_member(json, "short", agency->short_name.len ? agency->short_name : agency->name);
    json_text_member(json, "kind", agency->kind);
    json_text_member(json, "kind_title", shape_kind_title(call, agency->kind));
    texts_put(json, "codes", agency->codes, agency->code_count);
    texts_put(json, "aliases", agency->aliases, agency->alias_count);
    shape_text_or_null(json, "valid_from", agency->valid_from);
    shape_text_or_null(json, "valid_to", agency->valid_to);
    json_integer_member(json, "systems", agency->systems);
    shape_health(json, "sources", &sources);
    standing_counts_put(json, "counts", &sums);
    return true;
}

bool api_agency_list(struct api_call *call)
{
    char today[CALENDAR_DAY];
    struct records_page page = api_page(call);
    struct records_agency_list list;
    STANDING_VIEW view = { 0 };
    struct json_writer *json = &call->json;
    struct records_agency_filter filter = {
        .kind = api_text(call, "kind"),
        .words = api_text(call, "words"),
        .alive = api_text(call, "at"),
    };

    calendar_day_text(call->now, today);
    if (filter.alive.len == 0)
        filter.alive = slice_of(today);
    if (!records_agency_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                             &call->error))
        return false;
    if (call->options->plan && !standings_read(call, standings_quarter(call), 0, &view))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < list.count; i++) {
        json_open_object(json);
        if (!summary_put(call, &list.rows[i], view.result))
            return false;
        json_close_object(json);
    }
    shape_list_close(json, list.next, list.total);
    json_close_object(json);
    return true;
}

/* ---- one ------------------------------------------------------------------------------------- */

static void refs_put(struct api_call *call, const char *name, const struct slice *keys,
                     uint32_t count)
{
    json_open_array_member(&call->json, name);
    for (uint32_t i = 0; i < count; i++)
        shape_agency(call, NULL, keys[i]);
    json_close_array(&call->json);
}

static bool register_put(struct api_call *call, struct slice agency)
{
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_system_filter of_systems = { .agency = agency };
    struct records_source_filter of_sources = { .agency = agency };
    struct records_system_list systems;
    struct records_source_list sources;
    struct json_writer *json = &call->json;

    if (!records_system_list(call->records, &call->scope, &of_systems, &page, call->arena, &systems,
                             &call->error) ||
        !records_source_list(call->records, &call->scope, &of_sources, &page, call->arena, &sources,
                             &call->error))
        return false;
    json_open_array_member(json, "system_list");
    for (uint32_t i = 0; i < systems.count; i++) {
        json_open_object(json);
        shape_system(call, &systems.rows[i]);
        json_close_object(json);
    }
    json_close_array(json);
    json_open_array_member(json, "source_list");
    for (uint32_t i = 0; i < sources.count; i++) {
        json_open_object(json);
        shape_source(call, &sources.rows[i]);
        json_close_object(json);
    }
    json_close_array(json);
    return true;
}

bool shape_open_counts(struct api_call *call, struct slice agency)
{
    const unsigned alert_readers = ROLE_LEAD | ROLE_AGENCY | ROLE_RESPONDER;
    const unsigned case_readers = alert_readers | ROLE_POLICE | ROLE_LEADER;
    struct records_alert_filter of_alerts = { .agency = agency };
    struct records_incident_filter of_incidents = { .agency = agency, .states = SLICE("open") };
    struct records_page page = { .limit = 1 };
    struct records_alert_counts alerts = { 0 };
    struct records_incident_list incidents = { 0 };

    if (!records_alert_counts(call->records, &call->scope, &of_alerts, call->actor.user, &alerts,
                              &call->error) ||
        !records_incident_list(call->records, &call->scope, &of_incidents, &page, call->arena,
                               &incidents, &call->error))
        return false;
    shape_integer_or_null(&call->json, "alerts_new", call->actor.role & alert_readers,
                          (int64_t)alerts.fresh);
    shape_integer_or_null(&call->json, "incidents_open", call->actor.role & case_readers,
                          (int64_t)incidents.total);
    return true;
}

static void duties_put(struct api_call *call, const struct plan_result *result, struct slice agency)
{
    uint32_t count = 0;
    const struct plan_standing **duties =
        result ? standings_pressing(call, result, agency, &count) : NULL;

    json_open_array_member(&call->json, "duties");
    for (uint32_t i = 0; i < count; i++)
        standing_duty_put(call, result, duties[i]);
    json_close_array(&call->json);
}

bool api_agency_get(struct api_call *call)
{
    struct slice key = api_text(call, "agency"), quarter = standings_quarter(call);
    struct records_agency agency;
    STANDING_VIEW view = { 0 };
    struct slice asked = api_text(call, "period");
    struct period period;
    int cutoff = call->options->plan ? call->options->plan->regime->cutoff : 0;

    if (!records_agency_get(call->records, &call->scope, key, call->arena, &agency, &call->error))
        return false;
    if (call->options->plan &&
        !standings_read(call, asked.len ? asked : quarter, 0, &view))
        return false;
    period_parse(asked.len ? asked : quarter, cutoff, &period);
    json_open_object(&call->json);
    if (!summary_put(call, &agency, view.result))
        return false;
    refs_put(call, "predecessors", agency.predecessors, agency.predecessor_count);
    refs_put(call, "successors", agency.successors, agency.successor_count);
    if (!register_put(call, key))
        return false;
    duties_put(call, view.result, key);
    json_name(&call->json, "period");
    plan_period_json(&call->json, &period, call->language);
    if (!shape_open_counts(call, key))
        return false;
    json_close_object(&call->json);
    return true;
}
