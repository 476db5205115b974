#include "api/api.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/queue.h"
#include "http/http.h"

#include "api/assets.h"
#include "api/private.h"
#include "api/reply.h"
#include "api/session.h"
#include "api/value.h"

/* Threads of each lane, and how many requests may wait for them. */
static const struct {
    unsigned threads;
    size_t waiting;
} lanes[API_LANES] = {
    [API_QUICK] = { 2, 256 },
    [API_PLAN] = { 2, 128 },
    [API_SLOW] = { 4, 32 },
    [API_LIVE] = { 13, 4 },    /* as many as may listen (api/stream.c), and one to refuse more */
    [API_LOGIN] = { 1, 32 },   /* argon2id costs memory: one at a time */
};

#define THREADS_MOST 22
#define REQUEST_ARENA (64u << 20)
#define ADDRESS_MOST 512  /* an office behind one address: 80 browsers with six connections each */

struct worker {
    struct api *api;
    struct queue *queue;
    struct records *records;
    pthread_t thread;
};

struct api {
    struct api_options options;
    struct http_server *server;
    struct queue *queues[API_LANES];
    struct worker workers[THREADS_MOST];
    unsigned worker_count;      /* with their thread running */
    struct api_idle idle;
    struct standings *standings;
    struct rule_book *rules;
    struct api_news *news;
    atomic_uint backtests;
    int64_t started;
};

struct standings *api_standings_of(const struct api_call *call)
{
    return call->api->standings;
}

atomic_uint *api_backtests_of(const struct api_call *call)
{
    return &call->api->backtests;
}

struct rule_book *api_rules_of(const struct api_call *call)
{
    return call->api->rules;
}

struct api_news *api_news_of(const struct api_call *call)
{
    return call->api->news;
}

int64_t api_started(const struct api_call *call)
{
    return call->api->started;
}

/* ---- one request ----------------------------------------------------------------------------- */

/* Pages of other sites cannot send what changes something, even where a browser lets them try. */
static bool same_site(struct api_call *call)
{
    struct slice site = http_header(call->request, "Sec-Fetch-Site");

    if (call->request->method == HTTP_GET || !slice_is(site, "cross-site"))
        return true;
    return api_fail(call, 403, "cross_site", NULL, "requests from other sites are refused");
}

static bool role_allowed(struct api_call *call)
{
    if (call->actor.role & call->route->roles)
        return true;
    return api_fail(call, 403, "role_denied", NULL, "your role may not do this");
}

static bool admit(struct api_call *call)
{
    if (!same_site(call))
        return false;
    if (call->route->roles == 0)
        return true;
    return api_session_read(call, &call->api->idle) && role_allowed(call) &&
           (!call->route->csrf || api_session_csrf(call));
}

static bool no_body(struct api_call *call)
{
    struct slice body = slice_trim(call->request->body);

    if (call->route->body || body.len == 0 || slice_is(body, "{}"))
        return true;
    return api_fail(call, 400, "body_wrong", "body", "this takes no body");
}

static void carry_out(struct worker *worker, struct http_request *request)
{
    ARENA_AUTO arena;   /* not the request's: a stream outlives that */
    struct api_call call = {
        .api = worker->api, .options = &worker->api->options, .route = request->mark,
        .request = request, .arena = &arena, .records = worker->records,
        .language = api_accept_language(request, worker->api->options.language),
        .now = clock_now(), .status = 200,
    };
    struct slice path = slice_after(request->path, sizeof API_ROOT - 1);

    arena_init(&arena, REQUEST_ARENA);
    buffer_init(&call.body, API_ANSWER_MOST);
    json_writer_init(&call.json, &call.body);
    bool well = admit(&call) && no_body(&call) && api_values_read(&call, path) &&
                call.route->function(&call);
    api_reply(&call, well);
    buffer_free(&call.body);
    map_free(&call.agencies);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct http_request *request;

    while ((request = queue_pop(worker->queue, -1)))
        carry_out(worker, request);
    return NULL;
}

/* ---- the server's calls ---------------------------------------------------------------------- */

static bool is_api(const struct http_request *request)
{
    return slice_starts(request->path, SLICE("/api/")) || slice_is(request->path, "/api");
}

static size_t begin(struct http_request *request, void *user)
{
    (void)user;
    if (slice_is(request->path, API_FEED_PATH))
        return API_FEED_MOST;
    return is_api(request) ? API_BODY_MOST : 0;
}

static void refuse_method(struct http_request *request, unsigned methods, const char *language)
{
    static const char *const names[] = { [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",
                                         [HTTP_POST] = "POST", [HTTP_PUT] = "PUT",
                                         [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE" };
    char allow[64];
    size_t used = 0;

    allow[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (methods & (1u << i) && used < sizeof allow)
            used += (size_t)snprintf(allow + used, sizeof allow - used, "%s%s", used ? ", " : "",
                                     names[i]);
    http_reply_header(request, "Allow", slice_of(allow));
    api_reply_refusal(request, 405, "method_not_allowed", "this cannot be done here", language);
}

static void handle(struct http_request *request, void *user)
{
    struct api *api = user;
    const char *language = api_accept_language(request, api->options.language);
    const struct api_route *route = NULL;
    unsigned methods = 0;

    if (!is_api(request)) {
        asset_reply(request, language);
        return;
    }
    if (slice_starts(request->path, SLICE(API_ROOT "/")))
        route = api_route_find(request->method, slice_after(request->path, sizeof API_ROOT - 1),
                               &methods);
    if (!route && methods)
        refuse_method(request, methods, language);
    else if (!route)
        api_reply_refusal(request, 404, "not_found", "there is no such thing", language);
    else {
        request->mark = (void *)(uintptr_t)route;
        if (!queue_try_push(api->queues[route->lane], request)) {
            http_reply_header(request, "Retry-After", SLICE("5"));
            api_reply_refusal(request, 503, "busy", "too many requests wait; try again",
                              language);
        }
    }
}

static void refuse(struct http_request *request, unsigned status, const char *sentence, void *user)
{
    struct api *api = user;
    const char *code = status == 413 ? "too_large" : status == 503 ? "busy" : "bad_request";

    api_reply_refusal(request, status, code, sentence,
                      api_accept_language(request, api->options.language));
}

/* ---- start and stop -------------------------------------------------------------------------- */

static bool start_worker(struct api *api, enum api_lane lane, struct error *e)
{
    struct worker *worker = &api->workers[api->worker_count];

    worker->api = api;
    worker->queue = api->queues[lane];
    if (!records_open(api->options.records, RECORDS_WRITE, &worker->records, e))
        return false;
    int failure = pthread_create(&worker->thread, NULL, work, worker);
    if (failure) {
        records_close(&worker->records);
        return error_errno(e, failure, "a thread of the API cannot start");
    }
    api->worker_count++;
    return true;
}

static bool start_workers(struct api *api, struct error *e)
{
    for (int lane = 0; lane < API_LANES; lane++) {
        api->queues[lane] = queue_new(lanes[lane].waiting);
        if (!api->queues[lane])
            return error_set(e, "out of memory");
        for (unsigned i = 0; i < lanes[lane].threads; i++)
            if (!start_worker(api, (enum api_lane)lane, e))
                return false;
    }
    return true;
}

static bool start_server(struct api *api, int listen_fd, struct error *e)
{
    struct http_options options = {
        .listen_fd = listen_fd,
        .threads = 1,
        .address_most = ADDRESS_MOST,
        .request_arena = REQUEST_ARENA,
        .tls_certificate = api->options.tls_certificate,
        .tls_key = api->options.tls_key,
        .begin = begin,
        .handle = handle,
        .refuse = refuse,
        .user = api,
    };

    return http_start(&options, &api->server, e);
}

bool api_start(const struct api_options *options, struct api **api_out, struct error *e)
{
    struct api *api = calloc(1, sizeof *api);
    int listen_fd = options->listen_fd;

    *api_out = NULL;
    if (!api) {
        file_close(&listen_fd);
        return error_set(e, "out of memory");
    }
    api->options = *options;
    api->started = clock_now();
    api_idle_init(&api->idle);
    api->standings = standings_new(options->plan, options->records);
    api->rules = rule_book_new(options->rules, sizeof options->rules / sizeof *options->rules);
    api->news = api_news_new();
    if (!api->standings || !api->rules || !api->news || !start_workers(api, e)) {
        file_close(&listen_fd);
        error_set(e, "out of memory");
        api_stop(&api);
        return false;
    }
    if (!start_server(api, listen_fd, e)) {
        api_stop(&api);
        return false;
    }
    *api_out = api;
    return true;
}

void api_stored(struct api *api)
{
    if (api)
        api_news_tell(api->news);
}

void api_stop(struct api **api_ref)
{
    struct api *api = *api_ref;

    *api_ref = NULL;
    if (!api)
        return;
    if (api->server)
        http_stop(&api->server);
    for (int lane = 0; lane < API_LANES; lane++)
        if (api->queues[lane])
            queue_close(api->queues[lane]);
    for (unsigned i = 0; i < api->worker_count; i++) {
        pthread_join(api->workers[i].thread, NULL);
        records_close(&api->workers[i].records);
    }
    for (int lane = 0; lane < API_LANES; lane++)
        queue_free(&api->queues[lane]);
    standings_free(&api->standings);
    rule_book_free(&api->rules);
    api_news_free(&api->news);
    api_idle_free(&api->idle);
    free(api);
}
