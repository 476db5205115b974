#include <stdio.h>

#include "api/resource.h"
#include "api/search.h"
#include "api/shape.h"

#define BUDGET_MS 15000
/* Read when the oldest are wanted first: the archive reads newest first. */
#define OLDEST_MOST 5000

/* ---- one event ------------------------------------------------------------------------------- */

static int64_t time_member(const struct json *json, const char *name)
{
    int64_t time = 0;

    clock_parse(json_member_text(json, name), &time);
    return time;
}

static void event_put(struct api_call *call, struct search_names *names, const struct json *json)
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

/* "<time>:<event id>" of the last event of the page before. */
static bool cursor_read(struct api_call *call, struct api_search_request *request)
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

/* ---- a page of events ------------------------------------------------------------------------ */

struct listing {
    struct api_call *call;
    struct search_names names;
    struct arena scratch;        /* of one line */
    uint64_t count;
    struct slice *kept;          /* the oldest are wanted first: all lines, newest first; or NULL */
    char cursor[128];            /* of the last one written */
    struct json *foot;
};

static bool write_event(struct listing *listing, struct slice line)
{
    struct error e = ERROR_NONE;
    struct json *json;

    arena_clear(&listing->scratch);
    if (!json_parse(line, &listing->scratch, &json, &e))
        return error_set(&listing->call->error, "the reader gave an event that is none");
    event_put(listing->call, &listing->names, json);
    snprintf(listing->cursor, sizeof listing->cursor, "%lld:%.*s",
             (long long)time_member(json, "time"), SLICE_ARGS(json_member_text(json, "id")));
    return !listing->call->body.failed;
}

static bool listing_line(void *user, enum api_search_line kind, struct slice line)
{
    struct listing *listing = user;
    struct error e = ERROR_NONE;

    if (kind == API_SEARCH_FOOT)
        return json_parse(line, listing->call->arena, &listing->foot, &e);
    if (kind != API_SEARCH_EVENT)
        return true;
    listing->count++;
    if (!listing->kept)
        return write_event(listing, line);
    if (listing->count > OLDEST_MOST)
        return false;
    listing->kept[listing->count - 1] = arena_copy(listing->call->arena, line);
    return listing->kept[listing->count - 1].data != NULL;
}

static void listing_free(struct listing *listing)
{
    search_names_free(&listing->names);
    arena_free(&listing->scratch);
}

#define LISTING_AUTO __attribute__((cleanup(listing_free))) struct listing

/* The archive reads newest first; so the whole range is read, and it must not hold too much. */
static bool write_oldest(struct listing *listing, uint64_t limit)
{
    struct api_call *call = listing->call;

    if (listing->count >= OLDEST_MOST)
        return api_fail(call, 400, "input_wrong", "order",
                        "more than %d events lie in this time: too many to begin with the oldest",
                        OLDEST_MOST);
    for (uint64_t i = 0; i < listing->count && i < limit; i++)
        if (!write_event(listing, listing->kept[listing->count - 1 - i]))
            return false;
    return true;
}

bool api_event_list(struct api_call *call)
{
    LISTING_AUTO listing = { .call = call };
    struct api_search_request request;
    struct json_writer *json = &call->json;
    uint64_t limit = (uint64_t)api_number(call, "limit");
    bool oldest = slice_is(api_text(call, "order"), "oldest"), more;

    arena_init(&listing.scratch, 16u << 20);
    if (!search_request(call, &request) || !cursor_read(call, &request))
        return false;
    if (oldest && request.before.len)
        return api_fail(call, 400, "input_wrong", "cursor",
                        "there are no further pages with the oldest first");
    if (oldest)
        listing.kept = arena_array(call->arena, OLDEST_MOST, sizeof *listing.kept);
    request.limit = oldest ? OLDEST_MOST : limit;
    json_open_object(json);
    json_name(json, "items");
    json_open_array(json);
    if (!search_ask(call, &request, listing_line, &listing) ||
        (oldest && !write_oldest(&listing, limit)) || call->error.set)
        return false;
    json_close_array(json);
    more = !oldest && listing.count && !slice_is(json_member_text(listing.foot, "end"), "complete");
    shape_next(json, more ? slice_of(listing.cursor) : SLICE_NONE);
    shape_integer_or_null(json, "total",
                          !request.before.len &&
                              slice_is(json_member_text(listing.foot, "end"), "complete"),
                          search_number(listing.foot, "matched"));
    search_foot_put(call, listing.foot, "the page is full");
    json_close_object(json);
    return true;
}

bool api_event_get(struct api_call *call)
{
    LISTING_AUTO listing = { .call = call };
    struct slice id = api_text(call, "event");
    struct api_search_request request = {
        .id = arena_text(call->arena, id), .all = call->scope.all, .scope = call->scope.agency,
        .limit = 1, .budget_ms = BUDGET_MS,
    };

    arena_init(&listing.scratch, 16u << 20);
    if (!search_ask(call, &request, listing_line, &listing)) {
        if (call->error.kind == ERROR_INPUT)   /* a name that no event can have */
            call->error_status = 404;
        return false;
    }
    if (call->error.set)
        return false;
    return listing.count == 1 || api_fail(call, 404, "not_found", NULL, "there is no such thing");
}

/* ---- over time ------------------------------------------------------------------------------- */

struct buckets {
    struct api_call *call;
    struct json *line, *foot;
};

static bool buckets_line(void *user, enum api_search_line kind, struct slice line)
{
    struct buckets *buckets = user;
    struct error e = ERROR_NONE;

    if (kind == API_SEARCH_BUCKETS)
        return json_parse(line, buckets->call->arena, &buckets->line, &e);
    if (kind == API_SEARCH_FOOT)
        return json_parse(line, buckets->call->arena, &buckets->foot, &e);
    return true;
}

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
    json_name(json, "items");
    json_open_array(json);
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

bool api_event_histogram(struct api_call *call)
{
    struct buckets buckets = { .call = call };
    struct api_search_request request;
    struct json_writer *json = &call->json;
    int64_t width;

    if (!search_request(call, &request))
        return false;
    request.buckets = (unsigned)api_number(call, "buckets");
    if (!search_ask(call, &request, buckets_line, &buckets))
        return false;
    width = search_number(buckets.line, "width_ns");
    if (width <= 0 || (request.to - request.from) / width > 2000)
        width = (request.to - request.from + request.buckets - 1) / request.buckets;
    json_open_object(json);
    json_time_member(json, "from", request.from);
    json_time_member(json, "to", request.to);
    json_name(json, "bucket_seconds");
    json_put_number(json, (double)width / (double)CLOCK_SECOND);
    json_integer_member(json, "total",
                        buckets_put(call, buckets.line, request.from, request.to, width));
    search_foot_put(call, buckets.foot, NULL);
    json_close_object(json);
    return true;
}
