/* event_stream - a whole query answered line by line while the archive is read; and live tails.
 *
 * Each line is an object with one member, which names what it is (openapi.yaml, StreamLine). To
 * close the connection is to stop the search: the next line that cannot be sent ends the reader's
 * process.
 */
#include <time.h>

#include "api/private.h"
#include "api/resource.h"
#include "api/sample.h"
#include "api/session.h"
#include "api/shape.h"

#define SCRATCH_MOST (16u << 20)
#define FIELDS_EVERY CLOCK_SECOND      /* while they are still being counted */
#define LOOK_LEAST (CLOCK_SECOND / 3)
#define BEAT (10 * CLOCK_SECOND)       /* a live tail says at least so often that it lives, */
#define LOOK CLOCK_SECOND              /* and looks so often whether anybody listens */
#define SESSION_EVERY CLOCK_SECOND
#define LIVE_LINES 200                 /* of one look; what is older is left out, and said */

struct feed {
    struct api_call *call;
    struct api_search_request request;
    struct search_names names;
    struct sample sample;
    struct arena scratch;              /* of one line */
    size_t values;                     /* of a field; 0: none are counted */
    uint64_t limit, found;
    char cursor[SEARCH_CURSOR];        /* of the last event sent */
    int64_t fields_sent;               /* steady clock */
    uint64_t fields_of;                /* events that were counted in what was sent */
    int64_t live_until, looked, session_seen;   /* steady clock */
    struct slice token;                /* of a live tail's session */
    uint64_t news;
};

static void feed_free(struct feed *feed)
{
    search_names_free(&feed->names);
    sample_free(&feed->sample);
    arena_free(&feed->scratch);
}

#define FEED __attribute__((cleanup(feed_free))) struct feed

/* ---- lines ----------------------------------------------------------------------------------- */

static struct json_writer *line_begin(struct feed *feed, const char *what)
{
    json_open_object(&feed->call->json);
    json_name(&feed->call->json, what);
    return &feed->call->json;
}

static bool line_end(struct feed *feed)
{
    json_close_object(&feed->call->json);
    return api_stream_line(feed->call);
}

static struct json *read_line(struct feed *feed, struct slice line)
{
    struct error e = ERROR_NONE;
    struct json *json;

    arena_clear(&feed->scratch);
    if (json_parse(line, &feed->scratch, &json, &e))
        return json;
    error_set(&feed->call->error, "the reader gave a line that cannot be read");
    return NULL;
}

static bool put_head(struct feed *feed, const struct json *head)
{
    bool table = json_boolean(json_member(head, "table"), false);

    if (!api_stream_open(feed->call, "application/x-ndjson; charset=utf-8"))
        return false;
    struct json_writer *json = line_begin(feed, "head");
    json_open_object(json);
    json_boolean_member(json, "table", table);
    json_boolean_member(json, "live", feed->request.live);
    json_time_member(json, "from", feed->request.live ? 0 : feed->request.from);
    json_time_member(json, "to", feed->request.live ? 0 : feed->request.to);
    json_integer_member(json, "limit", (int64_t)feed->limit);
    shape_integer_or_null(json, "budget_seconds", !feed->request.live,
                          feed->request.budget_ms / 1000);
    shape_integer_or_null(json, "budget_bytes", !feed->request.live,
                          (int64_t)feed->request.budget_bytes);
    json_close_object(json);
    return line_end(feed);
}

static bool put_event(struct feed *feed, const struct json *event)
{
    feed->found++;
    if (feed->values)
        sample_take(&feed->sample, event);
    if (feed->found > feed->limit)
        return true;
    line_begin(feed, "event");
    search_event_put(feed->call, &feed->names, event);
    search_cursor_print(event, feed->cursor);
    return line_end(feed);
}

static bool put_fields(struct feed *feed, bool last)
{
    int64_t now = clock_steady();

    if (!feed->values || feed->sample.events == feed->fields_of ||
        (!last && now - feed->fields_sent < FIELDS_EVERY))
        return true;
    feed->fields_sent = now;
    feed->fields_of = feed->sample.events;
    struct json_writer *json = line_begin(feed, "fields");
    json_open_object(json);
    sample_put(&feed->sample, &feed->names, feed->values);
    json_close_object(json);
    return line_end(feed);
}

static bool put_histogram(struct feed *feed, const struct json *buckets)
{
    struct json_writer *json = line_begin(feed, "histogram");
    json_open_object(json);
    search_histogram_put(feed->call, buckets, &feed->request);
    json_close_object(json);
    return line_end(feed);
}

/* What the reader says as it is. */
static bool put_raw(struct feed *feed, const char *what, struct slice line)
{
    json_put_raw(line_begin(feed, what), line);
    return line_end(feed);
}

static bool put_progress(struct feed *feed, const struct json *so_far)
{
    struct json_writer *json = line_begin(feed, "progress");
    json_open_object(json);
    search_foot_members(feed->call, so_far, NULL);
    json_close_object(json);
    return line_end(feed) && put_fields(feed, false);
}

static bool put_foot(struct feed *feed, const struct json *foot)
{
    bool all = slice_is(json_member_text(foot, "end"), "complete");
    bool more = feed->found && (!all || feed->found > feed->limit);

    if (!put_fields(feed, true))
        return false;
    struct json_writer *json = line_begin(feed, "foot");
    json_open_object(json);
    shape_next(json, more ? slice_of(feed->cursor) : SLICE_NONE);
    shape_integer_or_null(json, "total", all && !feed->request.before.len,
                          search_number(foot, "matched"));
    search_foot_members(feed->call, foot, "the page is full");
    json_close_object(json);
    return line_end(feed);
}

/* Its columns are an array of texts within the reader's object. */
static bool put_columns(struct feed *feed, const struct json *table)
{
    const struct json *list = json_member(table, "columns");
    struct json_writer *json = line_begin(feed, "columns");

    json_open_array(json);
    for (uint32_t i = 0; list && i < list->count; i++)
        json_put_text(json, json_text(json_element(list, i), SLICE("")));
    json_close_array(json);
    return line_end(feed);
}

/* ---- a search that ends ---------------------------------------------------------------------- */

static bool take_line(void *user, enum api_search_line kind, struct slice line)
{
    struct feed *feed = user;
    struct json *json = NULL;

    if (kind == API_SEARCH_WAITING) /* says nothing, but finds out who has gone */
        return !feed->call->streamed || put_raw(feed, "waiting", SLICE("true"));
    if (kind == API_SEARCH_ROW)
        return put_raw(feed, "row", line);
    if (kind == API_SEARCH_EXPLAIN)
        return put_raw(feed, "explain", line);
    if (!(json = read_line(feed, line)))
        return false;
    switch (kind) {
    case API_SEARCH_HEAD: return put_head(feed, json);
    case API_SEARCH_EVENT: return put_event(feed, json);
    case API_SEARCH_COLUMNS: return put_columns(feed, json);
    case API_SEARCH_BUCKETS: return !feed->request.buckets || put_histogram(feed, json);
    case API_SEARCH_PROGRESS: return put_progress(feed, json);
    case API_SEARCH_FOOT: return put_foot(feed, json);
    default: return true;
    }
}

static bool begin(struct api_call *call, struct feed *feed)
{
    feed->call = feed->sample.call = call;
    arena_init(&feed->scratch, SCRATCH_MOST);
    return search_request(call, &feed->request);
}

bool api_event_stream(struct api_call *call)
{
    FEED feed = { 0 };

    if (!begin(call, &feed) || !search_cursor_read(call, &feed.request))
        return false;
    feed.limit = (uint64_t)api_number(call, "limit");
    feed.values = (size_t)api_number(call, "values");
    feed.request.limit = feed.limit;
    if (feed.values && feed.limit < SAMPLE_EVENTS)
        feed.request.limit = SAMPLE_EVENTS;
    feed.request.buckets = (unsigned)api_number(call, "buckets");
    feed.request.explain = api_number(call, "explain") != 0;
    return search_ask(call, &feed.request, take_line, &feed) && !call->error.set;
}

/* ---- live ------------------------------------------------------------------------------------ */

/* Many small batches are looked at together. */
static void pause_since(int64_t looked)
{
    int64_t left = looked + LOOK_LEAST - clock_steady();
    struct timespec pause = { .tv_nsec = left };

    if (looked && left > 0)
        nanosleep(&pause, NULL);
}

/* Who logged out, or was disabled, sees no more. */
static bool session_lives(struct feed *feed)
{
    struct records_session session;
    struct error e = ERROR_NONE;

    if (clock_steady() - feed->session_seen < SESSION_EVERY)
        return true;
    feed->session_seen = clock_steady();
    arena_clear(&feed->scratch);
    return records_session_get(feed->call->records, feed->token, &feed->scratch, &session, &e);
}

/* Keeps the reader until something was stored; says from time to time that nothing was. */
static bool wait_for_news(struct feed *feed)
{
    struct api_news *news = api_news_of(feed->call);
    uint64_t before = feed->news;
    int64_t beat = clock_steady() + BEAT;

    pause_since(feed->looked);
    for (;;) {
        int64_t left = feed->live_until - clock_steady();
        if (left <= 0)
            return false;
        api_news_wait(news, &feed->news, left < LOOK ? left : LOOK);
        if (http_stream_gone(feed->call->stream))
            return false;
        if (!session_lives(feed))
            return false;
        if (feed->news != before)
            break;
        if (clock_steady() < beat)
            continue;
        beat = clock_steady() + BEAT;
        json_put_time(line_begin(feed, "beat"), clock_now());
        if (!line_end(feed))
            return false;
    }
    feed->looked = clock_steady();
    return true;
}

static bool take_live(void *user, enum api_search_line kind, struct slice line)
{
    struct feed *feed = user;
    struct json *json = NULL;

    if (kind == API_SEARCH_WAITING)
        return wait_for_news(feed);
    if (kind != API_SEARCH_HEAD && kind != API_SEARCH_EVENT && kind != API_SEARCH_FOOT)
        return true;
    if (!(json = read_line(feed, line)))
        return false;
    if (kind == API_SEARCH_HEAD)
        return put_head(feed, json);
    if (kind == API_SEARCH_EVENT)
        return put_event(feed, json);
    feed->found = 0;
    if (slice_is(json_member_text(json, "end"), "complete"))
        return true;
    json_put_boolean(line_begin(feed, "left_out"), true);
    return line_end(feed);
}

bool api_event_live(struct api_call *call)
{
    FEED feed = { 0 };
    struct api_news *news = api_news_of(call);

    if (!begin(call, &feed))
        return false;
    if (!api_news_join(news, &feed.news))
        return api_fail(call, 503, "busy", NULL, "as many live views as may be are open; close one");
    feed.token = arena_copy(call->arena, http_cookie(call->request, API_COOKIE));
    feed.limit = feed.request.limit = LIVE_LINES;
    feed.request.live = true;
    feed.live_until = clock_steady() + api_number(call, "seconds") * CLOCK_SECOND;
    bool well = search_ask(call, &feed.request, take_live, &feed) && !call->error.set;
    api_news_leave(news);
    return well;
}
