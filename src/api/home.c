/* home - the answer to each role's first question of the day. */
#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"
#include "records/alert.h"
#include "records/incident.h"
#include "records/system.h"

#define PRESSING 50
#define CALLS 5

static bool sources_put(struct api_call *call)
{
    struct records_health_counts sources;

    if (!records_source_counts(call->records, &call->scope, SLICE_NONE, &sources, &call->error))
        return false;
    shape_health(&call->json, "sources", &sources);
    return true;
}

static void head_put(struct api_call *call, const char *kind, const struct plan_result *result)
{
    struct json_writer *json = &call->json;
    struct standing_counts sums = standing_counts_of(call, result, SLICE_NONE);

    json_open_object(json);
    json_text_member(json, "kind", slice_of(kind));
    json_name(json, "period");
    plan_period_json(json, &result->chosen, call->language);
    json_time_member(json, "at", result->at);
    standing_counts_put(json, "counts", &sums);
}

static void plan_put(struct api_call *call)
{
    json_open_object_member(&call->json, "plan");
    shape_plan_head(call);
    json_close_object(&call->json);
}

/* ---- lead ------------------------------------------------------------------------------------ */

static void pressing_put(struct api_call *call, const struct plan_result *result)
{
    struct json_writer *json = &call->json;
    uint32_t count;
    const struct plan_standing **list = standings_pressing(call, result, SLICE_NONE, &count);

    json_open_array_member(json, "pressing");
    for (uint32_t i = 0; i < count && i < PRESSING; i++) {
        enum standing standing = list[i]->standing;
        if (standing != STANDING_NOT_MET && standing != STANDING_LATE && standing != STANDING_DUE)
            break;
        json_open_object(json);
        shape_agency(call, "agency", list[i]->agency->key);
        json_name(json, "duty");
        standing_duty_put(call, result, list[i]);
        json_close_object(json);
    }
    json_close_array(json);
}

static bool home_lead(struct api_call *call, const struct plan_result *result)
{
    head_put(call, "lead", result);
    json_name(&call->json, "clauses");
    standing_clauses_put(call, result, NULL);
    pressing_put(call, result);
    if (!shape_open_counts(call, SLICE_NONE) || !sources_put(call))
        return false;
    json_close_object(&call->json);
    return true;
}

/* ---- agency ---------------------------------------------------------------------------------- */

static bool home_agency(struct api_call *call, const struct plan_result *result)
{
    struct json_writer *json = &call->json;
    struct records_system_filter filter = { .agency = call->actor.agency };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_system_list systems;
    uint32_t count;

    if (!records_system_list(call->records, &call->scope, &filter, &page, call->arena, &systems,
                             &call->error))
        return false;
    head_put(call, "agency", result);
    shape_agency(call, "agency", call->actor.agency);
    const struct plan_standing **duties =
        standings_pressing(call, result, call->actor.agency, &count);
    json_open_array_member(json, "duties");
    for (uint32_t i = 0; i < count; i++)
        standing_duty_put(call, result, duties[i]);
    json_close_array(json);
    json_open_array_member(json, "systems");
    for (uint32_t i = 0; i < systems.count; i++) {
        json_open_object(json);
        shape_system(call, &systems.rows[i]);
        json_close_object(json);
    }
    json_close_array(json);
    if (!sources_put(call) || !shape_open_counts(call, SLICE_NONE) || !standing_waiting_put(call))
        return false;
    json_close_object(json);
    return true;
}

/* ---- incident team --------------------------------------------------------------------------- */

static bool alerts_put(struct api_call *call, const char *name, struct slice states,
                       struct slice taken_by, uint64_t *total_out)
{
    struct records_alert_filter filter = { .states = states, .taken_by = taken_by };
    struct records_page page = { .limit = 10, .sort = SLICE("-level") };
    struct records_alert_list list;
    struct json_writer *json = &call->json;

    if (!records_alert_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                            &call->error))
        return false;
    json_open_array_member(json, name);
    for (uint32_t i = 0; i < list.count; i++) {
        json_open_object(json);
        shape_alert_summary(call, &list.rows[i]);
        json_close_object(json);
    }
    json_close_array(json);
    *total_out = list.total;
    return true;
}

static bool home_responder(struct api_call *call)
{
    struct records_incident_filter filter = { .states = SLICE("open") };
    struct records_page page = { .limit = 20, .sort = SLICE("due") };
    struct records_incident_list incidents;
    struct json_writer *json = &call->json;
    uint64_t fresh, mine;

    json_open_object(json);
    json_text_member(json, "kind", SLICE("responder"));
    json_time_member(json, "at", call->now);
    if (!alerts_put(call, "alerts", SLICE("new"), SLICE_NONE, &fresh) ||
        !alerts_put(call, "mine", SLICE("taken"), call->actor.user, &mine) ||
        !records_incident_list(call->records, &call->scope, &filter, &page, call->arena, &incidents,
                               &call->error))
        return false;
    json_integer_member(json, "alerts_new", (int64_t)fresh);
    json_open_array_member(json, "incidents");
    for (uint32_t i = 0; i < incidents.count; i++) {
        json_open_object(json);
        shape_incident_summary(call, &incidents.rows[i]);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return true;
}

/* ---- leader ---------------------------------------------------------------------------------- */

static void rows_put(struct api_call *call, const struct plan_result *result)
{
    int64_t measured = 0, all = 0;

    for (uint32_t i = 0; i < result->standing_count; i++) {
        const struct plan_standing *s = &result->standings[i];
        for (uint32_t t = 0; t < s->obligation->target_count && standings_seen(call, s); t++) {
            measured += s->targets[t].basis_rows[BASIS_MEASURED];
            all += (int64_t)s->targets[t].basis_rows[BASIS_MEASURED] +
                   s->targets[t].basis_rows[BASIS_VERIFIED] +
                   s->targets[t].basis_rows[BASIS_DECLARED];
        }
    }
    json_integer_member(&call->json, "measured_rows", measured);
    json_integer_member(&call->json, "all_rows", all);
}

struct trouble {
    const struct plan_agency *agency;
    const struct plan_standing *worst;
    uint32_t late, not_met;
};

static bool worse(const struct trouble *a, const struct trouble *b)
{
    return a->not_met != b->not_met ? a->not_met > b->not_met : a->late > b->late;
}

/* The five that need a phone call; `list` is the most pressing first, so an agency's first is its
 * worst. */
static void calls_put(struct api_call *call, const struct plan_result *result)
{
    struct json_writer *json = &call->json;
    struct trouble top[CALLS] = { 0 };
    struct trouble *all = arena_zero(call->arena, (result->agency_count + 1) * sizeof *all);
    uint32_t count, used = 0;
    const struct plan_standing **list = standings_pressing(call, result, SLICE_NONE, &count);

    for (uint32_t i = 0; all && list && i < count; i++) {
        struct trouble *one = &all[list[i]->agency - result->agencies];
        one->agency = list[i]->agency;
        if (list[i]->standing == STANDING_LATE)
            one->late++;
        if (list[i]->standing == STANDING_NOT_MET)
            one->not_met++;
        if (!one->worst)
            one->worst = list[i];
    }
    for (uint32_t i = 0; all && i < result->agency_count; i++) {
        if (!all[i].agency || all[i].late + all[i].not_met == 0)
            continue;
        uint32_t place = used;
        while (place > 0 && worse(&all[i], &top[place - 1]))
            place--;
        if (place == CALLS)
            continue;
        used += used < CALLS;
        memmove(&top[place + 1], &top[place], (used - 1 - place) * sizeof *top);
        top[place] = all[i];
    }
    json_open_array_member(json, "calls");
    for (uint32_t i = 0; i < used; i++) {
        json_open_object(json);
        shape_agency(call, "agency", top[i].agency->key);
        json_integer_member(json, "late", top[i].late);
        json_integer_member(json, "not_met", top[i].not_met);
        json_name(json, "worst");
        standing_duty_put(call, result, top[i].worst);
        json_close_object(json);
    }
    json_close_array(json);
}

static bool incidents_put(struct api_call *call, const struct period *period)
{
    struct records_incident_filter opened = { .from = period->from, .to = period->to };
    struct records_incident_filter open = { .states = SLICE("open") };
    struct records_page page = { .limit = 1 };
    struct records_incident_list list;

    if (!records_incident_list(call->records, &call->scope, &opened, &page, call->arena, &list,
                               &call->error))
        return false;
    json_integer_member(&call->json, "incidents_opened", (int64_t)list.total);
    if (!records_incident_list(call->records, &call->scope, &open, &page, call->arena, &list,
                               &call->error))
        return false;
    json_integer_member(&call->json, "incidents_open", (int64_t)list.total);
    return true;
}

/* The same period of the year before; false: the system did not run then. */
static bool year_before(struct api_call *call, const struct plan_result *result,
                        struct standing_view *view_out)
{
    int cutoff = result->plan->regime->cutoff;
    struct period before;
    struct slice id;

    id = arena_print(call->arena, "%04d%s", result->chosen.year - 1, result->chosen.id + 4);
    if (!period_parse(id, cutoff, &before) || result->first_start >= before.to)
        return false;
    if (standings_read(call, id, 0, view_out))
        return true;
    error_clear(&call->error);
    return false;
}

static bool home_leader(struct api_call *call, const struct plan_result *result)
{
    STANDING_VIEW before = { 0 };
    struct json_writer *json = &call->json;
    struct standing_counts sums;
    uint32_t agencies = 0;

    year_before(call, result, &before);
    head_put(call, "leader", result);
    plan_put(call);
    if (before.result) {
        sums = standing_counts_of(call, before.result, SLICE_NONE);
        standing_counts_put(json, "previous", &sums);
    } else {
        json_null_member(json, "previous");
    }
    rows_put(call, result);
    for (uint32_t i = 0; i < result->agency_count; i++) {
        char day[CALENDAR_DAY];
        calendar_day_text(result->at, day);
        agencies += slice_compare(result->agencies[i].valid_from, slice_of(day)) <= 0 &&
                    slice_compare(result->agencies[i].valid_to, slice_of(day)) >= 0;
    }
    json_integer_member(json, "agencies", agencies);
    json_name(json, "clauses");
    standing_clauses_put(call, result, before.result);
    calls_put(call, result);
    if (!incidents_put(call, &result->chosen))
        return false;
    json_close_object(json);
    return true;
}

/* ---- the others ------------------------------------------------------------------------------ */

static bool home_reader(struct api_call *call, const struct plan_result *result)
{
    struct records_incident_filter open = { .states = SLICE("open") };
    struct records_page page = { .limit = 1 };
    struct records_incident_list list;

    head_put(call, "reader", result);
    plan_put(call);
    json_name(&call->json, "clauses");
    standing_clauses_put(call, result, NULL);
    if (!records_incident_list(call->records, &call->scope, &open, &page, call->arena, &list,
                               &call->error))
        return false;
    shape_integer_or_null(&call->json, "incidents_open", call->actor.role == ROLE_POLICE,
                          (int64_t)list.total);
    json_close_object(&call->json);
    return true;
}

static bool home_admin(struct api_call *call)
{
    uint64_t users;
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_text_member(json, "kind", SLICE("admin"));
    json_time_member(json, "at", call->now);
    json_name(json, "doctor");
    if (!shape_doctor(call) || !sources_put(call) ||
        !records_user_count(call->records, &users, &call->error))
        return false;
    json_integer_member(json, "users", (int64_t)users);
    json_close_object(json);
    return true;
}

bool api_home(struct api_call *call)
{
    STANDING_VIEW view = { 0 };

    if (call->actor.role == ROLE_ADMIN)
        return home_admin(call);
    if (call->actor.role == ROLE_RESPONDER)
        return home_responder(call);
    if (!standings_read(call, api_text(call, "period"), standings_at(call), &view))
        return false;
    switch (call->actor.role) {
    case ROLE_LEAD:
        return home_lead(call, view.result);
    case ROLE_AGENCY:
        return home_agency(call, view.result);
    case ROLE_LEADER:
        return home_leader(call, view.result);
    default:
        return home_reader(call, view.result);
    }
}
