#include <stdio.h>

#include "api/resource.h"
#include "api/search.h"
#include "api/shape.h"

/* Read when the oldest are wanted first: the archive reads newest first. */
#define OLDEST_MOST 5000

/* ---- a page of events ------------------------------------------------------------------------ */

struct listing {
    struct api_call *call;
    struct search_names names;
    struct arena scratch;        /* of one line */
    uint64_t count;
    struct slice *kept;          /* the oldest are wanted first: all lines, newest first; or NULL */
    char cursor[SEARCH_CURSOR];            /* of the last one written */
    struct json *foot;
};

static bool write_event(struct listing *listing, struct slice line)
{
    struct error e = ERROR_NONE;
    struct json *json;

    arena_clear(&listing->scratch);
    if (!json_parse(line, &listing->scratch, &json, &e))
        return error_set(&listing->call->error, "the reader gave an event that is none");
    search_event_put(listing->call, &listing->names, json);
    search_cursor_print(json, listing->cursor);
    return !listing->call->body.failed;
}

static bool listing_line(void *user, enum api_search_line kind, struct slice line)
{
    struct listing *listing = user;
    struct error e = ERROR_NONE;
    struct json *head;

    if (kind == API_SEARCH_FOOT)
        return json_parse(line, listing->call->arena, &listing->foot, &e);
    if (kind == API_SEARCH_HEAD && json_parse(line, &listing->scratch, &head, &e) &&
        json_boolean(json_member(head, "table"), false))
        return api_fail(listing->call, 400, "input_wrong", "query",
                        "this query makes a table: ask for it as a stream");
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
    if (!search_request(call, &request) || !search_cursor_read(call, &request))
        return false;
    if (oldest && request.before.len)
        return api_fail(call, 400, "input_wrong", "cursor",
                        "there are no further pages with the oldest first");
    if (oldest)
        listing.kept = arena_array(call->arena, OLDEST_MOST, sizeof *listing.kept);
    request.limit = oldest ? OLDEST_MOST : limit;
    shape_list_open(json);
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
        .limit = 1, .budget_ms = SEARCH_BUDGET_MS,
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

bool api_event_histogram(struct api_call *call)
{
    struct buckets buckets = { .call = call };
    struct api_search_request request;
    struct json_writer *json = &call->json;

    if (!search_request(call, &request))
        return false;
    request.buckets = (unsigned)api_number(call, "buckets");
    if (!search_ask(call, &request, buckets_line, &buckets))
        return false;
    json_open_object(json);
    search_histogram_put(call, buckets.line, &request);
    search_foot_put(call, buckets.foot, NULL);
    json_close_object(json);
    return true;
}
