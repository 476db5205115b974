#include "api/search.h"

#include <stdio.h>

#include "api/shape.h"
#include "records/system.h"

/* ---- what is asked --------------------------------------------------------------------------- */

bool search_request(struct api_call *call, struct api_search_request *request_out)
{
    struct api_search_request request = {
        .query = api_text(call, "query"),
        .to = call->now,
        .all = call->scope.all,
        .scope = call->scope.agency,
        .agency = api_text(call, "agency"),
        .source = api_text(call, "source"),
        .budget_ms = SEARCH_BUDGET_MS,
        .budget_bytes = SEARCH_BUDGET_BYTES,
    };

    if (call->route->lane != API_LIVE && api_given(call, "to"))
        request.to = api_number(call, "to");
    request.from = request.to - CLOCK_DAY;
    if (call->route->lane != API_LIVE && api_given(call, "from"))
        request.from = api_number(call, "from");
    if (request.from >= request.to)
        return api_fail(call, 400, "input_wrong", "from", "'from' must lie before 'to'");
    *request_out = request;
    return api_agency_allowed(call, request.agency);
}

bool search_ask(struct api_call *call, const struct api_search_request *request,
                bool (*line)(void *, enum api_search_line, struct slice), void *user)
{
    const struct api_search *with = &call->options->search;

    if (!with->run)
        return api_fail(call, 503, "search_down", NULL, "the archive cannot be searched now");
    if (!request->all && request->scope.len == 0)
        return api_fail(call, 403, "agency_denied", NULL, "you see only your own agency");
    if (with->run(with->owner, request, line, user, &call->error))
        return true;
    if (call->error.kind == ERROR_INPUT && !request->id && !request->rule.len) {
        const char *last = strrchr(call->error.place, ':');
        char column[16];
        snprintf(column, sizeof column, "%.15s", last ? last + 1 : "1");
        snprintf(call->error.place, sizeof call->error.place, "query:%s", column);
    }
    if (call->error.kind == ERROR_BUSY)
        call->code = "search_down";
    return false;
}

int64_t search_number(const struct json *json, const char *name)
{
    return json_integer(json_member(json, name), 0);
}

/* ---- names ----------------------------------------------------------------------------------- */

void search_names_free(struct search_names *names)
{
    map_free(&names->systems);
    map_free(&names->sources);
}

static struct slice name_of(struct api_call *call, struct map *map, struct slice key,
                            struct slice (*read)(struct api_call *, struct slice))
{
    struct slice *known = map_get(map, key);

    if (!known && key.len) {
        known = arena_alloc(call->arena, sizeof *known);
        struct slice copy = arena_copy(call->arena, key);
        if (!known || !copy.data)
            return key;
        *known = read(call, key);
        map_put(map, copy, known);
    }
    return known && known->len ? *known : key;
}

static struct slice read_system(struct api_call *call, struct slice key)
{
    struct records_system system;
    struct error e = ERROR_NONE;

    return records_system_get(call->records, &call->scope, key, call->arena, &system, &e)
               ? system.name : SLICE_NONE;
}

static struct slice read_source(struct api_call *call, struct slice key)
{
    struct records_source source;
    struct error e = ERROR_NONE;

    return records_source_get(call->records, &call->scope, key, call->arena, &source, &e)
               ? source.name : SLICE_NONE;
}

struct slice search_name(struct api_call *call, struct search_names *names, struct slice kind,
                         struct slice key)
{
    if (slice_is(kind, "agency"))
        return shape_agency_short(call, key);
    if (slice_is(kind, "system"))
        return name_of(call, &names->systems, key, read_system);
    return name_of(call, &names->sources, key, read_source);
}

/* ---- one event ------------------------------------------------------------------------------- */

static int64_t time_member(const struct json *json, const char *name)
{
    int64_t time = 0;

    clock_parse(json_member_text(json, name), &time);
    return time;
}

void search_event_put(struct api_call *call, struct search_names *names, const struct json *json)
{
    const struct json *logsource = json_member(json, "logsource");
    struct shape_event event = {
        .id = json_member_text(json, "id"),
        .time = time_member(json, "time"),
        .received = time_member(json, "received"),
        .agency = json_member_text(json, "agency"),
        .system = json_member_text(json, "system"),
        .source = json_member_text(json, "source"),
        .decoder = json_member_text(json, "decoder"),
        .product = json_member_text(logsource, "product"),
        .category = json_member_text(logsource, "category"),
        .service = json_member_text(logsource, "service"),
        .raw = json_member_text(json, "raw"),
        .fields = json_member(json, "fields"),
    };

    event.system_name = search_name(call, names, SLICE("system"), event.system);
    event.source_name = search_name(call, names, SLICE("source"), event.source);
    shape_event_put(call, &event);
}

bool search_cursor_read(struct api_call *call, struct api_search_request *request)
{
    struct slice cursor = api_text(call, "cursor");
    size_t colon = slice_find_byte(cursor, ':');

    if (cursor.len == 0)
        return true;
    request->before = slice_after(cursor, colon + 1);
    if (slice_to_i64(slice_cut(cursor, 0, colon), &request->before_time) && request->before.len)
        return true;
    return api_fail(call, 400, "input_wrong", "cursor", "the cursor is not one of ours");
}

void search_cursor_print(const struct json *event, char text[SEARCH_CURSOR])
{
    snprintf(text, SEARCH_CURSOR, "%lld:%.*s", (long long)time_member(event, "time"),
             SLICE_ARGS(json_member_text(event, "id")));
}

/* ---- over time ------------------------------------------------------------------------------- */

static int64_t floor_to(int64_t time, int64_t anchor, int64_t width)
{
    int64_t rest = (time - anchor) % width;

    return time - (rest < 0 ? rest + width : rest);
}

/* Counts by bucket: those that the archive gave, and the empty ones between. */
static int64_t buckets_put(struct api_call *call, const struct json *given, int64_t from,
                           int64_t to, int64_t width)
{
    struct json_writer *json = &call->json;
    const struct json *list = json_member(given, "buckets");
    int64_t anchor = from, total = 0, time;
    uint32_t next = 0;

    if (list && list->count && clock_parse(json_text(json_element(json_element(list, 0), 0),
                                                     SLICE_NONE), &time))
        anchor = time;
    json_open_array_member(json, "items");
    for (int64_t at = floor_to(from, anchor, width); at < to; at += width) {
        int64_t count = 0;
        while (list && next < list->count) {
            const struct json *pair = json_element(list, next);
            if (!clock_parse(json_text(json_element(pair, 0), SLICE_NONE), &time) ||
                time >= at + width)
                break;
            count += json_integer(json_element(pair, 1), 0);
            next++;
        }
        total += count;
        json_open_object(json);
        json_time_member(json, "time", at);
        json_integer_member(json, "count", count);
        json_close_object(json);
    }
    json_close_array(json);
    return total;
}

void search_histogram_put(struct api_call *call, const struct json *line,
                          const struct api_search_request *request)
{
    struct json_writer *json = &call->json;
    int64_t width = search_number(line, "width_ns"), range = request->to - request->from;

    if (width <= 0 || range / width > 2000)
        width = (range + request->buckets - 1) / request->buckets;
    json_time_member(json, "from", request->from);
    json_time_member(json, "to", request->to);
    json_name(json, "bucket_seconds");
    json_put_number(json, (double)width / (double)CLOCK_SECOND);
    json_integer_member(json, "total",
                        buckets_put(call, line, request->from, request->to, width));
}

/* ---- the foot -------------------------------------------------------------------------------- */

const char *search_stopped(const struct json *foot, const char *limit)
{
    static const char *const words[][2] = {
        { "bytes", "as much was read as one search may read" },
        { "rows", "as much was read as one search may read" },
        { "time", "the search ran as long as one may" },
        { "cancelled", "the search was stopped" },
    };

    struct slice end = json_member_text(foot, "end");
    if (slice_is(end, "limit"))
        return limit;
    if (end.len == 0) /* the foot itself is missing */
        end = SLICE("cancelled");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_is(end, words[i][0]))
            return words[i][1];
    if (search_number(foot, "blocks_damaged") > 0)
        return "a part of the archive is damaged";
    return search_number(foot, "regex_limit") > 0 ? "a regular expression gave up on some values"
                                                  : NULL;
}

static void skipped_put(struct json_writer *json, const struct json *foot)
{
    static const char *const reasons[] = { "time", "source", "words", "limit" };
    char name[40];

    json_open_object_member(json, "skipped");
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        snprintf(name, sizeof name, "blocks_skipped_%s", reasons[i]);
        json_integer_member(json, reasons[i], search_number(foot, name));
    }
    json_close_object(json);
}

void search_foot_members(struct api_call *call, const struct json *foot, const char *limit)
{
    struct json_writer *json = &call->json;
    const char *why = search_stopped(foot, limit);
    const struct json *elapsed = json_member(foot, "elapsed_ms");

    json_integer_member(json, "blocks_read", search_number(foot, "blocks_read"));
    json_integer_member(json, "blocks_skipped",
                        search_number(foot, "blocks_skipped_time") +
                            search_number(foot, "blocks_skipped_source") +
                            search_number(foot, "blocks_skipped_words") +
                            search_number(foot, "blocks_skipped_limit"));
    json_integer_member(json, "bytes", search_number(foot, "bytes_inflated"));
    json_name(json, "milliseconds");
    json_put_number(json, elapsed ? elapsed->number : 0);
    skipped_put(json, foot);
    json_integer_member(json, "blocks_left", search_number(foot, "blocks_left"));
    json_integer_member(json, "events", search_number(foot, "rows_scanned"));
    json_integer_member(json, "matched", search_number(foot, "matched"));
    json_integer_member(json, "regex_limit", search_number(foot, "regex_limit"));
    json_integer_member(json, "cut", search_number(foot, "cut"));
    shape_text_or_null(json, "damaged", call->scope.all ? json_member_text(foot, "damaged")
                                                        : SLICE_NONE);
    json_time_member(json, "read_down_to", time_member(foot, "read_down_to"));
    json_boolean_member(json, "complete", !why);
    shape_text_or_null(json, "stopped", why ? slice_of(api_say(call, why)) : SLICE_NONE);
}

void search_foot_put(struct api_call *call, const struct json *foot, const char *limit)
{
    json_open_object_member(&call->json, "foot");
    search_foot_members(call, foot, limit);
    json_close_object(&call->json);
}
