/* Exceptions: what raises nothing, for which rule and where, until when; made from a false positive in
 * one step, with a preview over the alerts that the records hold. */
#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"
#include "base/fold.h"
#include "event/roster.h"
#include "records/alert.h"
#include "records/exception.h"

#define CONDITIONS_MOST 32u

/* ---- conditions: "Image|endswith = \evil.exe", one a line ------------------------------------------- */

enum how { EQUAL, CONTAINS, STARTS, ENDS };

struct condition {
    struct slice field, value;
    enum how how;
};

struct conditions {
    struct condition list[CONDITIONS_MOST];
    uint32_t count;
};

static const char *const hows[] = { "", "contains", "startswith", "endswith" };

static bool how_of(struct slice word, enum how *out)
{
    for (unsigned i = 0; i < sizeof hows / sizeof *hows; i++)
        if (slice_is(word, hows[i])) {
            *out = (enum how)i;
            return true;
        }
    return false;
}

static bool condition_read(struct api_call *call, struct slice line, struct condition *out)
{
    size_t equal = slice_find_byte(line, '=');
    struct slice left = slice_trim(slice_cut(line, 0, equal));
    size_t bar = slice_find_byte(left, '|');

    out->field = slice_trim(slice_cut(left, 0, bar));
    out->value = slice_trim(slice_after(line, equal + 1));
    if (equal == line.len || !out->field.len || !out->value.len ||
        !how_of(slice_trim(slice_after(left, bar + 1)), &out->how))
        return api_fail(call, 400, "input_wrong", "conditions",
                        "write 'Field = value' or 'Field|endswith = value', one a line");
    return true;
}

static bool conditions_read(struct api_call *call, struct conditions *out)
{
    struct slice rest = api_text(call, "conditions"), line;

    out->count = 0;
    while (slice_split(&rest, '\n', &line)) {
        line = slice_trim(line);
        if (!line.len)
            continue;
        if (out->count == CONDITIONS_MOST)
            return api_fail(call, 400, "input_wrong", "conditions", "at most %u conditions",
                            CONDITIONS_MOST);
        if (!condition_read(call, line, &out->list[out->count++]))
            return false;
    }
    return out->count > 0 ||
           api_fail(call, 400, "input_wrong", "conditions",
                    "write 'Field = value' or 'Field|endswith = value', one a line");
}

static bool holds(const struct condition *c, struct slice value, struct arena *arena)
{
    struct slice have = fold_case_in(arena, value), want = fold_case_in(arena, c->value);

    switch (c->how) {
    case EQUAL: return slice_equal(have, want);
    case CONTAINS: return slice_find(have, want) < have.len || !want.len;
    case STARTS: return slice_starts(have, want);
    case ENDS: return slice_ends(have, want);
    }
    return false;
}

static bool field_fits(const struct conditions *all, const struct condition *one,
                       const struct json *fields, struct arena *arena)
{
    for (uint32_t i = 0; i < all->count; i++) { /* lines of one field are alternatives */
        const struct condition *c = &all->list[i];
        if (!slice_equal(c->field, one->field))
            continue;
        for (uint32_t k = 0; fields && k < fields->count; k++)
            if (slice_equal(fields->children[k].name, c->field) &&
                holds(c, json_text(&fields->children[k], SLICE("")), arena))
                return true;
    }
    return false;
}

static bool event_fits(const struct conditions *all, const struct json *fields, struct arena *arena)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (!field_fits(all, &all->list[i], fields, arena))
            return false;
    return true;
}

/* ---- the Sigma filter -------------------------------------------------------------------------------- */

/* Wildcards of Sigma stand for themselves. */
static void put_value(struct json_writer *w, struct slice value, struct arena *arena)
{
    BUFFER_AUTO out;

    buffer_init(&out, 65536);
    for (size_t i = 0; i < value.len; i++) {
        bool special = value.data[i] == '*' || value.data[i] == '?' ||
                       (value.data[i] == '\\' && i + 1 < value.len &&
                        strchr("*?\\", value.data[i + 1]));
        if (special)
            buffer_add_byte(&out, '\\');
        buffer_add_byte(&out, value.data[i]);
    }
    json_put_text(w, arena_copy(arena, buffer_slice(&out)));
}

struct making {
    struct api_call *call;
    const struct conditions *conditions;
    const struct yaml *rule;      /* NULL: not ours to know its log source */
};

static void logsource_put(struct json_writer *w, const struct yaml *rule)
{
    static const char *const names[] = { "product", "category", "service" };
    const struct yaml *source = yaml_member(rule, "logsource");
    bool any = false;

    json_open_object_member(w, "logsource");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct slice text = yaml_member_text(source, names[i], SLICE_NONE);
        if (text.len)
            json_text_member(w, names[i], text);
        any |= text.len > 0;
    }
    if (!any) /* of an indicator or a correlation */
        json_text_member(w, "product", SLICE(ROSTER_ANY_EVENT));
    json_close_object(w);
}

static struct slice filter_text(void *owner, int64_t id, struct arena *arena)
{
    struct making *m = owner;
    const struct conditions *c = m->conditions;
    BUFFER_AUTO out;
    struct json_writer w;

    buffer_init(&out, 0);
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_text_member(&w, "title", arena_print(arena, "Exception %lld", (long long)id));
    json_text_member(&w, "id", arena_print(arena, "exception-%lld", (long long)id));
    logsource_put(&w, m->rule);
    json_open_object_member(&w, "filter");
    json_open_array_member(&w, "rules");
    json_put_text(&w, api_text(m->call, "rule"));
    json_close_array(&w);
    json_open_object_member(&w, "selection");
    for (uint32_t i = 0; i < c->count; i++) {
        bool before = false;
        for (uint32_t k = 0; k < i; k++)
            before |= slice_equal(c->list[k].field, c->list[i].field) &&
                      c->list[k].how == c->list[i].how;
        if (before)
            continue;
        json_name_slice(&w, c->list[i].how
                                ? arena_print(arena, "%.*s|%s", SLICE_ARGS(c->list[i].field),
                                              hows[c->list[i].how])
                                : c->list[i].field);
        json_open_array(&w);
        for (uint32_t k = i; k < c->count; k++)
            if (slice_equal(c->list[k].field, c->list[i].field) &&
                c->list[k].how == c->list[i].how)
                put_value(&w, c->list[k].value, arena);
        json_close_array(&w);
    }
    json_close_object(&w);
    json_text_member(&w, "condition", SLICE("not selection"));
    json_close_object(&w);
    json_close_object(&w);
    return arena_copy(arena, buffer_slice(&out));
}

/* ---- the list ---------------------------------------------------------------------------------------- */

static const char *state_of(const struct records_exception *x, int64_t now)
{
    return x->ended_at ? "ended" : x->until <= now ? "expired" : "in_force";
}

static void exception_put(struct api_call *call, const struct records_exception *x)
{
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_integer_member(json, "id", x->id);
    json_text_member(json, "rule", x->rules);
    json_text_member(json, "title", x->title);
    shape_agency(call, "agency", x->agency);
    shape_text_or_null(json, "system", x->system);
    shape_text_or_null(json, "source", x->source);
    json_text_member(json, "conditions", x->conditions);
    json_text_member(json, "filter", x->filter);
    json_text_member(json, "reason", x->reason);
    json_text_member(json, "by", x->by_whom);
    json_time_member(json, "since", x->since);
    json_time_member(json, "until", x->until);
    json_text_member(json, "state", slice_of(state_of(x, call->now)));
    shape_text_or_null(json, "ended_by", x->ended_by);
    json_time_member(json, "ended", x->ended_at);
    shape_integer_or_null(json, "alert", x->alert != 0, x->alert);
    json_integer_member(json, "silenced", (int64_t)x->silenced);
    json_time_member(json, "last_match", x->last_match);
    json_close_object(json);
}

bool api_exception_list(struct api_call *call)
{
    struct records_exception *rows;
    uint32_t count;

    if (!records_exception_list(call->records, &call->scope, api_text(call, "rule"),
                                api_number(call, "in_force") != 0, call->arena, &rows, &count,
                                &call->error))
        return false;
    shape_list_open(&call->json);
    for (uint32_t i = 0; i < count; i++)
        exception_put(call, &rows[i]);
    json_close_array(&call->json);
    json_integer_member(&call->json, "total", count);
    json_close_object(&call->json);
    return true;
}

/* ---- preview ----------------------------------------------------------------------------------------- */

struct preview { uint64_t alerts, matches, of_alerts, of_matches; };

static bool alert_fits(struct api_call *call, const struct records_alert *alert,
                       const struct conditions *conditions, bool *fits)
{
    struct records_alert_event *events;
    uint32_t count;
    struct arena_mark mark = arena_mark(call->arena);
    bool all = true;

    if (!records_alert_events(call->records, &call->scope, alert->id, call->arena, &events, &count,
                              &call->error))
        return false;
    for (uint32_t i = 0; i < count && all; i++) {
        struct json *fields = NULL;
        struct error e = ERROR_NONE;
        all = json_parse(events[i].fields, call->arena, &fields, &e) &&
              event_fits(conditions, fields, call->arena);
    }
    *fits = all && count > 0;
    arena_reset(call->arena, mark);
    return true;
}

static bool place_fits(struct api_call *call, const struct records_alert *alert)
{
    struct slice system = api_text(call, "system"), source = api_text(call, "source"),
                 agency = api_text(call, "agency");

    return (!agency.len || slice_equal(agency, alert->agency)) &&
           (!system.len || slice_equal(system, alert->system)) &&
           (!source.len || slice_equal(source, alert->source));
}

static bool count_page(struct api_call *call, const struct records_alert_list *list,
                       const struct conditions *conditions, struct preview *p)
{
    for (uint32_t i = 0; i < list->count; i++) {
        bool fits = false;
        p->of_alerts++;
        p->of_matches += list->rows[i].matches;
        if (!place_fits(call, &list->rows[i]))
            continue;
        if (!alert_fits(call, &list->rows[i], conditions, &fits))
            return false;
        p->alerts += fits;
        p->matches += fits ? list->rows[i].matches : 0;
    }
    return true;
}

bool api_exception_preview(struct api_call *call)
{
    int64_t days = api_number(call, "days");
    struct records_alert_filter filter = { .rule = api_text(call, "rule"),
                                           .from = call->now - days * CLOCK_DAY };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_alert_list list;
    struct conditions conditions;
    struct preview p = { 0 };

    if (!conditions_read(call, &conditions) ||
        !records_alert_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                            &call->error) ||
        !count_page(call, &list, &conditions, &p))
        return false;
    json_open_object(&call->json);
    json_integer_member(&call->json, "days", days);
    json_integer_member(&call->json, "alerts", (int64_t)p.alerts);
    json_integer_member(&call->json, "matches", (int64_t)p.matches);
    json_integer_member(&call->json, "of_alerts", (int64_t)p.of_alerts);
    json_integer_member(&call->json, "of_matches", (int64_t)p.of_matches);
    json_boolean_member(&call->json, "complete", list.next.len == 0);
    json_close_object(&call->json);
    return true;
}

/* ---- making and ending ------------------------------------------------------------------------------- */

static bool one_put(struct api_call *call, int64_t id)
{
    struct records_exception *rows;
    uint32_t count;

    if (!records_exception_list(call->records, &call->scope, SLICE(""), false, call->arena, &rows,
                                &count, &call->error))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i].id == id) {
            exception_put(call, &rows[i]);
            return true;
        }
    return api_fail(call, 404, NULL, NULL, "there is no such thing");
}

bool api_exception_add(struct api_call *call)
{
    struct conditions conditions;
    struct slice text = SLICE_NONE, rule = api_text(call, "rule");
    struct yaml *document = NULL;
    int64_t id;

    if (!conditions_read(call, &conditions))
        return false;
    rule_book_read(api_rules_of(call), rule, call->arena, &text, &document);
    struct making making = { call, &conditions, document };
    struct records_exception x = {
        .rules = rule, .title = yaml_member_text(document, "title", rule),
        .agency = api_text(call, "agency"), .system = api_text(call, "system"),
        .source = api_text(call, "source"), .conditions = api_text(call, "conditions"),
        .reason = api_text(call, "reason"), .until = api_number(call, "until"),
        .alert = api_given(call, "alert") ? api_number(call, "alert") : 0,
    };
    if (!records_exception_add(call->records, &call->actor, &x, filter_text, &making, &id,
                               &call->error))
        return false;
    api_changed(call);
    call->status = 201;
    return one_put(call, id);
}

bool api_exception_end(struct api_call *call)
{
    if (!records_exception_end(call->records, &call->actor, api_number(call, "exception"),
                               &call->error))
        return false;
    api_changed(call);
    return one_put(call, api_number(call, "exception"));
}
