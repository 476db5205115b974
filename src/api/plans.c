/* plans - the plan, its matrix, one standing with its evidence, the text's coverage. */
#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"

#define HISTORY 4

static bool have_plan(struct api_call *call)
{
    return call->options->plan ||
           api_fail(call, 503, "plan_missing", NULL, "there is no plan in force here");
}

/* The plan's id is its folder's name. */
void shape_plan_head(struct api_call *call)
{
    const struct plan *plan = call->options->plan;
    struct slice rest = slice_of(plan->folder), part, id = SLICE("");

    while (slice_split(&rest, '/', &part))
        if (part.len)
            id = part;
    json_text_member(&call->json, "id", id);
    json_text_member(&call->json, "number", plan->key.number);
    json_text_member(&call->json, "title", plan_words_in(&plan->title, call->language));
    json_text_member(&call->json, "issued", plan->key.date);
    json_text_member(&call->json, "issuer", plan->key.issuer);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static void regime_put(struct api_call *call, const struct regime *regime)
{
    struct json_writer *json = &call->json;

    json_open_object_member(json, "regime");
    json_text_member(json, "id", regime->id);
    json_text_member(json, "title", plan_words_in(&regime->title, call->language));
    json_text_member(json, "from", regime->holds_from);
    shape_text_or_null(json, "to", regime->holds_to);
    if (regime->successor)
        json_text_member(json, "superseded_by",
                         arena_print(call->arena, api_say(call, "since %.*s by %.*s"),
                                     SLICE_ARGS(regime->successor->holds_from),
                                     SLICE_ARGS(plan_words_in(&regime->successor->title,
                                                              call->language))));
    else
        json_null_member(json, "superseded_by");
    json_open_array_member(json, "notes");
    for (uint32_t i = 0; i < regime->value_count; i++)
        if (!regime->values[i].confirmed)
            json_put_text(json, arena_print(call->arena, api_say(call, "%.*s (%.*s) is to be "
                                                                       "confirmed"),
                                            SLICE_ARGS(regime->values[i].name),
                                            SLICE_ARGS(regime->values[i].source)));
    for (uint32_t i = 0; i < call->options->plan->note_count; i++)
        json_put_text(json, plan_words_in(&call->options->plan->notes[i], call->language));
    json_close_array(json);
    json_close_object(json);
}

/* Newest first: the years back to the first start, with their halves, quarters and months. */
static void periods_put(struct api_call *call, int64_t first)
{
    int cutoff = call->options->plan->regime->cutoff;
    struct period year = period_at(PERIOD_YEAR, call->now, cutoff);

    json_open_array_member(&call->json, "periods");
    for (int years = 0; years < 10 && (years == 0 || year.to > first); years++) {
        for (int kind = PERIOD_YEAR; kind >= PERIOD_MONTH; kind--) {
            struct period one = period_at((enum period_kind)kind, year.to - 1, cutoff);
            while (one.from >= year.from) {
                if (one.from <= call->now && one.to > first)
                    plan_period_json(&call->json, &one, call->language);
                one = period_before(&one, cutoff);
            }
        }
        year = period_before(&year, cutoff);
    }
    json_close_array(&call->json);
}

/* Of the installation; call->now when it never started. */
static int64_t first_start(struct api_call *call)
{
    struct error e = ERROR_NONE;
    struct slice text;
    int64_t first;

    if (records_setting_get(call->records, "first_start", call->arena, &text, &e) &&
        slice_to_i64(text, &first))
        return first;
    return call->now;
}

bool api_plan_get(struct api_call *call)
{
    const struct plan *plan = call->options->plan;
    struct json_writer *json = &call->json;
    char day[CALENDAR_DAY];

    if (!have_plan(call))
        return false;
    int64_t first = first_start(call);
    calendar_day_text(first, day);
    json_open_object(json);
    shape_plan_head(call);
    regime_put(call, plan->regime);
    periods_put(call, first);
    json_text_member(json, "period",
                     slice_of(period_at(PERIOD_QUARTER, call->now, plan->regime->cutoff).id));
    json_text_member(json, "first_day", slice_of(day));
    json_open_array_member(json, "clauses");
    for (uint32_t i = 0; i < plan->clause_count; i++) {
        json_open_object(json);
        json_text_member(json, "id", plan->clauses[i].id);
        json_text_member(json, "title", plan_words_in(&plan->clauses[i].title, call->language));
        json_close_object(json);
    }
    json_close_array(json);
    json_open_array_member(json, "obligations");
    for (uint32_t i = 0; i < plan->obligation_count; i++)
        plan_obligation_json(json, &plan->obligations[i], call->language);
    json_close_array(json);
    json_close_object(json);
    return true;
}

/* ---- the matrix ------------------------------------------------------------------------------ */

/* Agencies that owe something in this result and that the call sees, in the register's order. */
static const struct plan_agency **columns(struct api_call *call, const struct plan_result *result,
                                          uint32_t *count_out)
{
    const struct plan_agency **list =
        arena_array(call->arena, result->agency_count + 1, sizeof(const struct plan_agency *));
    bool *owes = arena_zero(call->arena, result->agency_count + 1);

    *count_out = 0;
    if (!list || !owes)
        return NULL;
    for (uint32_t i = 0; i < result->standing_count; i++)
        if (standings_seen(call, &result->standings[i]))
            owes[result->standings[i].agency - result->agencies] = true;
    for (uint32_t i = 0; i < result->agency_count; i++)
        if (owes[i])
            list[(*count_out)++] = &result->agencies[i];
    return list;
}

static void columns_put(struct api_call *call, const struct plan_agency **list, uint32_t count)
{
    struct json_writer *json = &call->json;

    json_open_array_member(json, "columns");
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(json);
        shape_agency(call, "agency", list[i]->key);
        json_text_member(json, "kind", list[i]->kind);
        json_text_member(json, "kind_title", shape_kind_title(call, list[i]->kind));
        json_close_object(json);
    }
    json_close_array(json);
}

static void row_put(struct api_call *call, const struct plan_obligation *o,
                    const struct period *period)
{
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_text_member(json, "obligation", o->id);
    json_text_member(json, "clause", o->clause->id);
    json_text_member(json, "clause_title", plan_words_in(&o->clause->title, call->language));
    json_text_member(json, "title", plan_words_in(&o->title, call->language));
    json_text_member(json, "period", slice_of(period->id));
    json_close_object(json);
}

/* What the cells cannot show: duties that nobody owes. */
static void notes_put(struct api_call *call, const struct plan_result *result)
{
    json_open_array_member(&call->json, "notes");
    for (uint32_t i = 0; i < result->plan->role_count; i++) {
        BUFFER_AUTO vacant;
        buffer_init(&vacant, 8192);
        if (plan_say_vacant(result, &result->plan->roles[i], call->language, &vacant))
            json_put_text(&call->json, buffer_slice(&vacant));
    }
    json_close_array(&call->json);
}

bool api_plan_matrix(struct api_call *call)
{
    STANDING_VIEW view = { 0 };
    struct json_writer *json = &call->json;
    uint32_t count;

    if (!have_plan(call) ||
        !standings_read(call, api_text(call, "period"), standings_at(call), &view))
        return false;
    const struct plan_result *result = view.result;
    const struct plan *plan = result->plan;
    const struct plan_agency **list = columns(call, result, &count);
    struct standing_counts sums = standing_counts_of(call, result, SLICE_NONE);

    json_open_object(json);
    json_name(json, "period");
    plan_period_json(json, &result->chosen, call->language);
    json_time_member(json, "at", result->at);
    json_open_array_member(json, "rows");
    for (uint32_t i = 0; i < plan->obligation_count; i++) {
        struct period period = plan_period_for(plan, &plan->obligations[i], &result->chosen);
        row_put(call, &plan->obligations[i], &period);
    }
    json_close_array(json);
    columns_put(call, list, count);
    json_open_array_member(json, "cells");
    for (uint32_t i = 0; i < plan->obligation_count; i++) {
        const struct plan_obligation *o = &plan->obligations[i];
        struct period period = plan_period_for(plan, o, &result->chosen);
        json_open_array(json);
        for (uint32_t k = 0; k < count; k++)
            plan_cell_json(json, result,
                           plan_result_find(result, o->id, list[k]->key, slice_of(period.id)),
                           call->language);
        json_close_array(json);
    }
    json_close_array(json);
    standing_counts_put(json, "counts", &sums);
    notes_put(call, result);
    json_close_object(json);
    return true;
}

/* ---- one standing ---------------------------------------------------------------------------- */

static bool history_put(struct api_call *call, const struct plan_standing *now, int64_t at)
{
    int cutoff = call->options->plan->regime->cutoff;
    struct period periods[HISTORY];
    struct json_writer *json = &call->json;

    periods[HISTORY - 1] = now->period;
    for (int i = HISTORY - 1; i > 0; i--)
        periods[i - 1] = period_before(&periods[i], cutoff);
    json_open_array_member(json, "history");
    for (int i = 0; i < HISTORY; i++) {
        struct plan_check_options options = {
            .at = at, .period = slice_of(periods[i].id), .agency = now->agency->key,
            .obligation = now->obligation->id, .exact = true };
        struct plan_result *result;
        char label[PERIOD_LABEL];
        if (!plan_check(call->options->plan, call->options->records, &options, call->arena,
                        &result, &call->error))
            return false;
        const struct plan_standing *s = plan_result_find(result, now->obligation->id,
                                                         now->agency->key, options.period);
        if (!s)
            continue;
        period_label(&periods[i], call->language, label);
        json_open_object(json);
        json_text_member(json, "period", slice_of(periods[i].id));
        json_text_member(json, "label", slice_of(label));
        json_text_member(json, "standing", slice_of(standing_name(s->standing)));
        json_name(json, "figure");
        plan_figure_json(json, s->deciding, call->language);
        json_close_object(json);
    }
    json_close_array(json);
    return true;
}

bool standing_find(struct api_call *call, struct plan_result **result_out,
                   const struct plan_standing **standing_out)
{
    struct slice obligation = api_text(call, "obligation"), agency = api_text(call, "agency");
    int64_t at = standings_at(call);
    struct period period;

    if (!have_plan(call))
        return false;
    const struct plan_obligation *o = plan_obligation(call->options->plan, obligation);
    if (!o || !records_scope_holds(&call->scope, agency))
        return api_fail(call, 404, "not_found", NULL, "there is no such thing");
    struct plan_check_options options = {
        .at = at ? at : call->now, .period = standings_period(call, at), .agency = agency,
        .obligation = obligation };
    if (!plan_check(call->options->plan, call->options->records, &options, call->arena,
                    result_out, &call->error)) {
        if (call->error.kind == ERROR_NOT_FOUND)
            call->error_status = 404;
        return false;
    }
    period = plan_period_for((*result_out)->plan, o, &(*result_out)->chosen);
    *standing_out = plan_result_find(*result_out, obligation, agency, slice_of(period.id));
    return *standing_out ||
           api_fail(call, 404, "not_owed", NULL, "this agency does not owe it");
}

bool standing_answer(struct api_call *call)
{
    const struct plan_standing *s;
    struct plan_result *result;

    call->now = clock_now();   /* behind what was just written */
    if (!standing_find(call, &result, &s))
        return false;
    json_open_object(&call->json);
    plan_standing_json(&call->json, result, s, call->language, true);
    if (!history_put(call, s, result->at) || !standing_record_put(call, s))
        return false;
    json_close_object(&call->json);
    return true;
}

bool api_plan_standing(struct api_call *call)
{
    return standing_answer(call);
}

/* ---- coverage -------------------------------------------------------------------------------- */

bool api_plan_coverage(struct api_call *call)
{
    struct plan_coverage coverage;

    if (!have_plan(call) ||
        !plan_cover(call->options->plan, call->arena, &coverage, &call->error))
        return false;
    plan_coverage_json(&call->json, call->options->plan, &coverage, call->language);
    return true;
}
