/* The rules in force: list, one with its text and compiled form, switching off, how often it may
 * speak. The compiler writes the list (cache/catalogue.json); it is read anew when it changed. */
#include <sys/stat.h>

#include "api/private.h"
#include "api/resource.h"
#include "api/shape.h"
#include "base/file.h"
#include "base/fold.h"
#include "records/alert.h"
#include "records/exception.h"

#define DAYS 7
#define CATALOGUE_MOST (256u << 20)

/* Threat indicators raise alerts under these ids; they are rules that nobody wrote. */
static const struct { const char *id, *title; } own[] = {
    { "indicator:address", "Threat indicator: address or network" },
    { "indicator:domain", "Threat indicator: domain" },
    { "indicator:url", "Threat indicator: URL" },
    { "indicator:email", "Threat indicator: e-mail address" },
    { "indicator:hash", "Threat indicator: file hash" },
};

/* ---- what is known of rules -------------------------------------------------------------------------- */

struct knowledge {
    struct json *catalogue;                   /* array; NULL: none */
    struct records_rule_count *counts;
    struct records_rule_disabled *disabled;
    struct records_rule_limit *limits;
    struct records_throttle *throttles;
    struct records_exception *exceptions;     /* in force */
    uint32_t count_count, disabled_count, limit_count, throttle_count, exception_count;
};

static bool read_catalogue(struct api_call *call, struct json **out)
{
    struct slice text;
    struct stat s;

    *out = NULL;
    if (!call->options->catalogue || stat(call->options->catalogue, &s) != 0)
        return true; /* nothing was compiled yet */
    return file_read(call->options->catalogue, CATALOGUE_MOST, call->arena, &text, &call->error) &&
           json_parse(text, call->arena, out, &call->error);
}

static bool learn(struct api_call *call, struct knowledge *k)
{
    struct records *r = call->records;
    struct arena *arena = call->arena;
    struct error *e = &call->error;

    *k = (struct knowledge){ 0 };
    return read_catalogue(call, &k->catalogue) &&
           records_rule_counts(r, call->now - DAYS * CLOCK_DAY, arena, &k->counts, &k->count_count,
                               e) &&
           records_rule_disabled(r, arena, &k->disabled, &k->disabled_count, e) &&
           records_rule_limits(r, arena, &k->limits, &k->limit_count, e) &&
           records_throttles(r, &call->scope, clock_day(call->now - DAYS * CLOCK_DAY, CLOCK_ZONE),
                             arena, &k->throttles, &k->throttle_count, e) &&
           records_exception_list(r, &call->scope, SLICE(""), true, arena, &k->exceptions,
                                  &k->exception_count, e);
}

static const struct records_rule_disabled *disabled_of(const struct knowledge *k, struct slice id)
{
    for (uint32_t i = 0; i < k->disabled_count; i++)
        if (slice_equal(k->disabled[i].rule, id))
            return &k->disabled[i];
    return NULL;
}

static void counts_put(struct json_writer *json, const struct knowledge *k, struct slice id)
{
    struct records_rule_count found = { 0 };
    uint64_t throttled = 0, exceptions = 0;

    for (uint32_t i = 0; i < k->count_count; i++)
        if (slice_equal(k->counts[i].rule, id))
            found = k->counts[i];
    for (uint32_t i = 0; i < k->throttle_count; i++)
        if (slice_equal(k->throttles[i].rule, id))
            throttled += k->throttles[i].matches;
    for (uint32_t i = 0; i < k->exception_count; i++)
        exceptions += slice_names(k->exceptions[i].rules, id);
    json_integer_member(json, "alerts", (int64_t)found.alerts);
    json_integer_member(json, "matches", (int64_t)found.matches);
    json_integer_member(json, "false_positive", (int64_t)found.false_positive);
    json_integer_member(json, "throttled", (int64_t)throttled);
    json_integer_member(json, "exceptions", (int64_t)exceptions);
}

static void limits_put(struct json_writer *json, const struct knowledge *k, struct slice id)
{
    struct records_rule_limit limit = { 0 };

    for (uint32_t i = 0; i < k->limit_count; i++)
        if (slice_equal(k->limits[i].rule, id))
            limit = k->limits[i];
    json_integer_member(json, "fold", limit.fold);
    json_integer_member(json, "most", limit.most);
}

static void state_put(struct json_writer *json, const struct knowledge *k, struct slice id)
{
    const struct records_rule_disabled *off = disabled_of(k, id);

    json_boolean_member(json, "enabled", !off);
    json_name(json, "disabled");
    if (!off) {
        json_put_null(json);
        return;
    }
    json_open_object(json);
    json_text_member(json, "reason", off->reason);
    json_text_member(json, "by", off->by_whom);
    json_time_member(json, "since", off->since);
    json_time_member(json, "until", off->until);
    json_close_object(json);
}

static struct slice text_of(const struct json *rule, const char *name)
{
    return json_text(json_member(rule, name), SLICE(""));
}

/* Members of RuleSummary. */
static void summary_put(struct api_call *call, const struct knowledge *k, const struct json *rule)
{
    struct json_writer *json = &call->json;
    struct slice id = text_of(rule, "id"), vi = text_of(rule, "title_vi");
    const struct json *tags = json_member(rule, "tags");

    json_text_member(json, "id", id);
    json_text_member(json, "title", api_vietnamese(call) && vi.len ? vi : text_of(rule, "title"));
    json_text_member(json, "level", text_of(rule, "level"));
    shape_text_or_null(json, "status", text_of(rule, "status"));
    shape_text_or_null(json, "author", text_of(rule, "author"));
    shape_text_or_null(json, "license", text_of(rule, "license"));
    shape_text_or_null(json, "product", text_of(rule, "product"));
    shape_text_or_null(json, "category", text_of(rule, "category"));
    shape_text_or_null(json, "service", text_of(rule, "service"));
    json_boolean_member(json, "correlation", json_boolean(json_member(rule, "correlation"), false));
    json_open_array_member(json, "tags");
    for (uint32_t i = 0; tags && i < tags->count; i++)
        json_put_text(json, json_text(&tags->children[i], SLICE("")));
    json_close_array(json);
    counts_put(json, k, id);
    state_put(json, k, id);
}

/* The indicators' rules as the catalogue would have them. */
static const struct json *own_rules(struct api_call *call, uint32_t *count_out)
{
    uint32_t count = sizeof own / sizeof *own;
    BUFFER_AUTO text;
    struct json_writer w;
    struct json *list = NULL;
    struct error e = ERROR_NONE;

    buffer_init(&text, 0);
    json_writer_init(&w, &text);
    json_open_array(&w);
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(&w);
        json_text_member(&w, "id", slice_of(own[i].id));
        json_text_member(&w, "title", slice_of(api_say(call, own[i].title)));
        json_text_member(&w, "level", SLICE("high"));
        json_close_object(&w);
    }
    json_close_array(&w);
    json_parse(arena_copy(call->arena, buffer_slice(&text)), call->arena, &list, &e);
    *count_out = list ? list->count : 0;
    return list ? list->children : NULL;
}

/* ---- the list ---------------------------------------------------------------------------------------- */

static bool wanted(struct api_call *call, const struct knowledge *k, const struct json *rule)
{
    struct slice words = api_text(call, "words"), level = api_text(call, "level"), folded;
    bool enabled = !disabled_of(k, text_of(rule, "id"));
    BUFFER_AUTO all;

    buffer_init(&all, 65536);
    if ((level.len && !slice_equal(level, text_of(rule, "level"))) ||
        (api_given(call, "enabled") && (api_number(call, "enabled") != 0) != enabled))
        return false;
    if (!words.len)
        return true;
    const struct slice parts[] = { text_of(rule, "title"), text_of(rule, "title_vi"),
                                   text_of(rule, "id"), text_of(rule, "author"),
                                   text_of(rule, "product"), text_of(rule, "category") };
    const struct json *tags = json_member(rule, "tags");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buffer_add(&all, parts[i]);
        buffer_add_byte(&all, ' ');
    }
    for (uint32_t i = 0; tags && i < tags->count; i++) {
        buffer_add(&all, json_text(&tags->children[i], SLICE("")));
        buffer_add_byte(&all, ' ');
    }
    folded = fold_search_in(call->arena, buffer_slice(&all));
    words = fold_search_in(call->arena, words);
    return slice_find(folded, words) < folded.len;
}

static void rows_put(struct api_call *call, const struct knowledge *k, const struct json *rows,
                     uint32_t count, uint64_t *total, uint64_t from, uint64_t limit)
{
    for (uint32_t i = 0; i < count; i++) {
        struct arena_mark mark = arena_mark(call->arena);
        bool fits = wanted(call, k, &rows[i]);
        arena_reset(call->arena, mark);
        if (!fits)
            continue;
        if (*total >= from && *total < from + limit) {
            json_open_object(&call->json);
            summary_put(call, k, &rows[i]);
            json_close_object(&call->json);
        }
        ++*total;
    }
}

/* On what no rule was tried, and what correlations lost: else a silent rule would look fine. */
static void detection_put(struct api_call *call)
{
    const struct api_machine *machine = &call->options->machine;
    struct api_machine_state state = { 0 };
    struct error e = ERROR_NONE;

    if (machine->look)
        machine->look(machine->owner, call->language, call->arena, &state, &e);
    shape_detection(&call->json, &state);
}

bool api_rule_list(struct api_call *call)
{
    struct knowledge k;
    uint32_t own_count;
    uint64_t total = 0, from = 0, limit = (uint64_t)api_number(call, "limit");
    struct slice next = SLICE_NONE;

    if (!learn(call, &k))
        return false;
    if (api_given(call, "cursor") && !slice_to_u64(api_text(call, "cursor"), &from))
        return api_fail(call, 400, "input_wrong", "cursor", "this page mark is not ours");
    shape_list_open(&call->json);
    const struct json *mine = own_rules(call, &own_count);
    rows_put(call, &k, mine, own_count, &total, from, limit);
    if (k.catalogue)
        rows_put(call, &k, k.catalogue->children, k.catalogue->count, &total, from, limit);
    if (total > from + limit)
        next = arena_print(call->arena, "%llu", (unsigned long long)(from + limit));
    shape_list_close(&call->json, next, total);
    json_integer_member(&call->json, "days", DAYS);
    detection_put(call);
    json_close_object(&call->json);
    return true;
}

/* ---- one --------------------------------------------------------------------------------------------- */

static const struct json *find(struct api_call *call, const struct knowledge *k, struct slice id)
{
    uint32_t count;
    const struct json *mine = own_rules(call, &count);

    for (uint32_t i = 0; i < count; i++)
        if (slice_equal(text_of(&mine[i], "id"), id))
            return &mine[i];
    for (uint32_t i = 0; k->catalogue && i < k->catalogue->count; i++)
        if (slice_equal(text_of(&k->catalogue->children[i], "id"), id))
            return &k->catalogue->children[i];
    api_fail(call, 404, NULL, NULL, "there is no such thing");
    return NULL;
}

bool api_rule_get(struct api_call *call)
{
    struct slice id = api_text(call, "rule"), text = SLICE_NONE;
    struct knowledge k;
    struct yaml *document = NULL;
    const struct json *rule;

    if (!learn(call, &k) || !(rule = find(call, &k, id)))
        return false;
    rule_book_read(api_rules_of(call), id, call->arena, &text, &document);
    json_open_object(&call->json);
    summary_put(call, &k, rule);
    limits_put(&call->json, &k, id);
    shape_text_or_null(&call->json, "description",
                       yaml_member_text(document, "description", SLICE_NONE));
    shape_text_or_null(&call->json, "explain", text_of(rule, "explain"));
    shape_text_or_null(&call->json, "text", text);
    json_close_object(&call->json);
    return true;
}

static bool is_there(struct api_call *call)
{
    struct knowledge k = { 0 };

    return read_catalogue(call, &k.catalogue) && find(call, &k, api_text(call, "rule"));
}

static bool changed(struct api_call *call)
{
    api_changed(call);
    return api_rule_get(call);
}

bool api_rule_disable(struct api_call *call)
{
    return is_there(call) &&
           records_rule_disable(call->records, &call->actor, api_text(call, "rule"),
                                api_text(call, "reason"),
                                api_given(call, "until") ? api_number(call, "until") : 0,
                                &call->error) &&
           changed(call);
}

bool api_rule_enable(struct api_call *call)
{
    return is_there(call) &&
           records_rule_enable(call->records, &call->actor, api_text(call, "rule"), &call->error) &&
           changed(call);
}

bool api_rule_limit(struct api_call *call)
{
    return is_there(call) &&
           records_rule_limit_put(call->records, &call->actor, api_text(call, "rule"),
                                  api_number(call, "fold"), api_number(call, "most"),
                                  &call->error) &&
           changed(call);
}
