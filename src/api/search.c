#include "api/search.h"

#include <stdio.h>

#include "api/shape.h"
#include "records/system.h"

#define BUDGET_MS 15000

/* ---- what is asked --------------------------------------------------------------------------- */

bool search_request(struct api_call *call, struct api_search_request *request_out)
{
    struct api_search_request request = {
        .query = api_text(call, "query"),
        .to = api_given(call, "to") ? api_number(call, "to") : call->now,
        .all = call->scope.all,
        .scope = call->scope.agency,
        .agency = api_text(call, "agency"),
        .source = api_text(call, "source"),
        .budget_ms = BUDGET_MS,
    };

    request.from = api_given(call, "from") ? api_number(call, "from") : request.to - CLOCK_DAY;
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
    if (call->error.kind == ERROR_INPUT && !request->id) {
        char place[sizeof call->error.place];
        snprintf(place, sizeof place, "%s", call->error.place);
        snprintf(call->error.place, sizeof call->error.place, "query:%.200s",
                 place[0] ? place : "1");
    }
    if (call->error.kind == ERROR_BUSY)
        call->code = "search_down";
    return false;
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

/* ---- the foot -------------------------------------------------------------------------------- */

static const char *stopped(const char *end, const char *limit)
{
    static const char *const words[][2] = {
        { "bytes", "as much was read as one search may read" },
        { "rows", "as much was read as one search may read" },
        { "time", "the search ran as long as one may" },
        { "cancelled", "the search was stopped" },
    };

    if (strcmp(end, "limit") == 0)
        return limit;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], end) == 0)
            return words[i][1];
    return NULL;
}

int64_t search_number(const struct json *json, const char *name)
{
    return json_integer(json_member(json, name), 0);
}

void search_foot_put(struct api_call *call, const struct json *foot, const char *limit)
{
    struct json_writer *json = &call->json;
    struct slice end = json_member_text(foot, "end");
    char *text = arena_text(call->arena, end.len ? end : SLICE("cancelled"));
    const char *why = text ? stopped(text, limit) : NULL;
    const struct json *elapsed = json_member(foot, "elapsed_ms");

    if (!why && search_number(foot, "blocks_damaged") > 0)
        why = "a part of the archive is damaged";
    json_name(json, "foot");
    json_open_object(json);
    json_integer_member(json, "blocks_read", search_number(foot, "blocks_read"));
    json_integer_member(json, "blocks_skipped",
                        search_number(foot, "blocks_skipped_time") +
                            search_number(foot, "blocks_skipped_source") +
                            search_number(foot, "blocks_skipped_words") +
                            search_number(foot, "blocks_skipped_limit"));
    json_integer_member(json, "bytes", search_number(foot, "bytes_inflated"));
    json_name(json, "milliseconds");
    json_put_number(json, elapsed ? elapsed->number : 0);
    json_boolean_member(json, "complete", !why);
    shape_text_or_null(json, "stopped", why ? slice_of(api_say(call, why)) : SLICE_NONE);
    json_close_object(json);
}
