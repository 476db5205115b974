#include "intake/web.h"

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

#include "intake/body.h"
#include "intake/journal_export.h"
#include "intake/limit.h"

/* Asked from the top; the first row that fits answers. */
static const struct web_route routes[] = {
    { HTTP_POST, "/events", WEB_EVENTS, events_post, events_refuse },
    { HTTP_GET, "/events", WEB_OPEN, events_get, events_refuse },
    { HTTP_GET, "/health", WEB_OPEN, events_get, events_refuse },

    { HTTP_POST, "/upload", WEB_EVENTS, journal_post, journal_refuse, journal_take, journal_end },

    { HTTP_POST, "/relay/records", WEB_RECORDS, relay_records, events_refuse },
    { HTTP_GET, "/relay/roster", WEB_RELAY, relay_roster, events_refuse },

    { HTTP_GET, "/", WEB_TOKEN, elastic_root, elastic_refuse },
    { HTTP_HEAD, "/", WEB_TOKEN, elastic_root, elastic_refuse },
    { HTTP_GET, "/_license", WEB_TOKEN, elastic_license, elastic_refuse },
    { HTTP_GET, "/_cluster/health", WEB_TOKEN, elastic_health, elastic_refuse },
    { HTTP_GET, "/_cat/health", WEB_TOKEN, elastic_health, elastic_refuse },
    { HTTP_HEAD, "/_cat/health", WEB_TOKEN, elastic_health, elastic_refuse },
    { HTTP_POST, "/_bulk", WEB_EVENTS, elastic_bulk, elastic_refuse },
    { HTTP_PUT, "/_bulk", WEB_EVENTS, elastic_bulk, elastic_refuse },
    { HTTP_PUT, "/_ilm/policy/*", WEB_TOKEN, elastic_acknowledged, elastic_refuse },
    { HTTP_PUT, "/_index_template/*", WEB_TOKEN, elastic_acknowledged, elastic_refuse },
    { HTTP_POST, "/_index_template/*", WEB_TOKEN, elastic_acknowledged, elastic_refuse },
    { HTTP_PUT, "/_component_template/*", WEB_TOKEN, elastic_acknowledged, elastic_refuse },
    { HTTP_PUT, "/_template/*", WEB_TOKEN, elastic_acknowledged, elastic_refuse },
    { HTTP_PUT, "/_data_stream/*", WEB_TOKEN, elastic_acknowledged, elastic_refuse },
    { HTTP_PUT, "/_ingest/pipeline/*", WEB_TOKEN, elastic_acknowledged, elastic_refuse },
    { HTTP_GET, "/_ilm/policy/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_GET, "/_index_template/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_HEAD, "/_index_template/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_GET, "/_template/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_HEAD, "/_template/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_GET, "/_data_stream/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_GET, "/_ingest/pipeline/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_GET, "/_nodes/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_GET, "/_logstash/*", WEB_TOKEN, elastic_empty, elastic_refuse },
    { HTTP_GET, "/_xpack", WEB_TOKEN, elastic_empty, elastic_refuse },

    { HTTP_GET, "/services/collector/health", WEB_TOKEN, splunk_health, splunk_refuse },
    { HTTP_GET, "/services/collector/health/1.0", WEB_TOKEN, splunk_health, splunk_refuse },
    { HTTP_POST, "/services/collector/raw", WEB_EVENTS, splunk_raw, splunk_refuse },
    { HTTP_POST, "/services/collector/raw/1.0", WEB_EVENTS, splunk_raw, splunk_refuse },
    { HTTP_POST, "/services/collector/ack", WEB_TOKEN, splunk_ack, splunk_refuse },
    { HTTP_POST, "/services/collector", WEB_EVENTS, splunk_event, splunk_refuse },
    { HTTP_POST, "/services/collector/event", WEB_EVENTS, splunk_event, splunk_refuse },
    { HTTP_POST, "/services/collector/event/1.0", WEB_EVENTS, splunk_event, splunk_refuse },
};

#define ROUTES (sizeof routes / sizeof *routes)

struct web {
    struct listener *listener;
    struct http_server *server;
    pthread_mutex_t lock;          /* of what follows */
    struct web_mark *marks;        /* of the requests in hand */
    size_t held;                   /* bytes, of all of them */
};

/* What is kept of a request between its headers and its end. */
struct web_mark {
    const struct web_route *route;
    struct web_request request;
    struct web_mark *next, **link;
    size_t held;
};

/* --- who and where ---------------------------------------------------------------------------- */

static bool path_fits(const struct web_route *route, struct slice path, struct slice *rest)
{
    struct slice pattern = slice_of(route->path);

    *rest = SLICE("");
    if (!slice_ends(pattern, SLICE("*")))
        return slice_equal(pattern, path);
    pattern.len--;
    *rest = slice_after(path, pattern.len);
    return slice_starts(path, pattern);
}

/* "/INDEX/_bulk" is _bulk with a default index. */
static struct slice without_index(struct slice path)
{
    size_t second = slice_find_byte(slice_after(path, 1), '/') + 1;
    struct slice tail = slice_after(path, second);

    if (slice_is(tail, "/_bulk") && path.len > 1 && path.data[1] != '_')
        return tail;
    /* a slash at the end means nothing */
    return path.len > 1 && path.data[path.len - 1] == '/' ? slice_cut(path, 0, path.len - 1) : path;
}

static const struct web_route *find_route(struct http_request *request, struct slice *rest,
                                          bool *path_known)
{
    struct slice path = without_index(request->path);

    *path_known = false;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!path_fits(&routes[i], path, rest))
            continue;
        *path_known = true;
        if (routes[i].method == request->method)
            return &routes[i];
    }
    return NULL;
}

/* The password of "Basic", or the key of Elasticsearch's "ApiKey id:key": what stands behind the
 * colon. */
static struct slice behind_colon(struct http_request *request, struct slice encoded)
{
    size_t len = 0, most = encoded.len;
    char *out = most && most < 4096 ? arena_alloc(request->arena, most) : NULL;

    if (!out || sodium_base642bin((unsigned char *)out, most, encoded.data, encoded.len, NULL, &len,
                                  NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return SLICE_NONE;
    struct slice text = slice_from(out, len);
    return slice_after(text, slice_find_byte(text, ':') + 1);
}

static struct slice token_of(struct http_request *request)
{
    static const char *const schemes[] = { "Bearer", "Splunk" };
    static const char *const encoded[] = { "Basic", "ApiKey" };
    struct slice token;

    for (size_t i = 0; i < 2; i++)
        if ((token = http_authorization(request, schemes[i])).data)
            return token;
    for (size_t i = 0; i < 2; i++)
        if ((token = http_authorization(request, encoded[i])).data)
            return behind_colon(request, token);
    return SLICE_NONE;
}

static bool copy_source(struct arena *arena, const struct roster_source *from,
                        struct roster_source *to)
{
    *to = (struct roster_source){
        .key = arena_copy(arena, from->key),         .system = arena_copy(arena, from->system),
        .agency = arena_copy(arena, from->agency),   .class = arena_copy(arena, from->class),
        .decoder = arena_copy(arena, from->decoder), .zone = arena_copy(arena, from->zone),
    };
    return !arena->exhausted;
}

/* Who it is by certificate, token, or both (then they must agree). NULL in *why_out: found; else
 * with the status of the refusal. */
static const struct roster_source *identify(const struct roster *roster,
                                            struct http_request *request, unsigned *status_out,
                                            const char **why_out)
{
    const struct roster_certificate *shown =
        roster_find_certificate(roster, request->certificate_sha256);
    struct slice token = token_of(request);
    const struct roster_source *by_token = roster_find_token(roster, token);

    *why_out = NULL;
    *status_out = 403;
    if (request->certificate_fault)
        *why_out = request->certificate_fault;
    else if (shown && shown->revoked)
        *why_out = "the client certificate is revoked";
    else if (shown && shown->source_row && by_token && by_token != shown->source_row)
        *why_out = "the token is of another source than the client certificate";
    else if (shown && shown->source_row && (by_token || !token.len))
        return shown->source_row;
    else if (by_token)
        return by_token;
    else {
        *status_out = 401;
        *why_out = request->certificate_sha256.len && !token.len
                       ? "no source in force has this client certificate"
                       : "the token is missing or no source has it";
    }
    return NULL;
}

/* A relay is told by its certificate and by nothing else. */
static bool find_relay(const struct roster *roster, struct http_request *request,
                       struct roster_relay *relay, unsigned *status_out, const char **why_out)
{
    const struct roster_certificate *shown =
        roster_find_certificate(roster, request->certificate_sha256);

    *status_out = 403;
    *why_out = request->certificate_fault;
    if (!*why_out && shown && shown->revoked)
        *why_out = "the client certificate is revoked";
    if (!*why_out && (!shown || !shown->relay_row))
        *why_out = "this is for relays, by their client certificate";
    if (*why_out)
        return false;
    *relay = (struct roster_relay){ arena_copy(request->arena, shown->relay_row->key),
                                    arena_copy(request->arena, shown->relay_row->agency) };
    return true;
}

static bool find_source(const struct roster *roster, struct http_request *request,
                        struct roster_source *source, unsigned *status_out, const char **why_out)
{
    const struct roster_source *found = identify(roster, request, status_out, why_out);

    return found && copy_source(request->arena, found, source);
}

enum sender { SENDER_FOUND, SENDER_REFUSED, SENDER_NOT_YET };

/* Who the route needs to be known. Refused: with status and why. Not yet: before the first roster
 * nobody is known. */
static enum sender find_sender(struct web *web, struct web_mark *mark, struct http_request *request,
                               unsigned *status_out, const char **why_out)
{
    enum web_needs needs = mark->route->needs;
    struct roster_hold *hold;
    bool ok;

    if (needs == WEB_OPEN)
        return SENDER_FOUND;
    if (!(hold = roster_take(web->listener->intake)))
        return SENDER_NOT_YET;
    if (needs == WEB_RELAY || needs == WEB_RECORDS)
        ok = find_relay(hold->roster, request, &mark->request.relay, status_out, why_out);
    else
        ok = find_source(hold->roster, request, &mark->request.source, status_out, why_out);
    if (request->arena->exhausted) {
        *status_out = 503;
        *why_out = "the server has no memory left";
        ok = false;
    }
    roster_leave(&hold);
    return ok ? SENDER_FOUND : SENDER_REFUSED;
}

/* --- refusing --------------------------------------------------------------------------------- */

/* mark: what is known of the request; NULL: nothing. */
static void say_no(struct http_request *request, const struct web_mark *mark, unsigned status,
                   const char *sentence)
{
    const struct web_route *route = mark ? mark->route : NULL;

    if (status == 401)
        http_reply_header(request, "WWW-Authenticate", SLICE("Bearer realm=\"haidang\""));
    if (status == 429 || status == 503)
        http_reply_header(request, "Retry-After", SLICE("2"));
    (route ? route->refuse : events_refuse)(request, status, sentence);
}

/* Says no, and counts it. */
static void refuse(struct web *web, struct http_request *request, const struct web_mark *mark,
                   unsigned status, const char *sentence)
{
    bool known = mark && mark->request.source.key.len;

    listener_refuse(web->listener, known ? &mark->request.source : NULL, 1);
    say_no(request, mark, status, sentence);
}

void web_refuse(struct web_request *request, unsigned status, const char *sentence)
{
    refuse(request->listener->own, request->http, request->http->mark, status, sentence);
}

#define BUSY_PERCENT 75u

static bool queue_busy(const struct intake *intake)
{
    return queue_fullness(intake->out) >= BUSY_PERCENT;
}

/* --- the server's callbacks ------------------------------------------------------------------- */

/* A request takes of the common memory what it holds, not what it announces: else whoever sends nothing
 * could take it all. */
static void link_mark(struct web *web, struct web_mark *mark)
{
    pthread_mutex_lock(&web->lock);
    mark->next = web->marks;
    mark->link = &web->marks;
    if (mark->next)
        mark->next->link = &mark->next;
    web->marks = mark;
    pthread_mutex_unlock(&web->lock);
}

static void unlink_mark(struct web *web, struct web_mark *mark)
{
    pthread_mutex_lock(&web->lock);
    *mark->link = mark->next;
    if (mark->next)
        mark->next->link = mark->link;
    web->held -= mark->held;
    pthread_mutex_unlock(&web->lock);
}

static struct slice owner_of(const struct web_mark *mark)
{
    return mark->request.relay.key.len ? mark->request.relay.key : mark->request.source.key;
}

/* Under the lock. */
static size_t held_by_owner(const struct web *web, const struct web_mark *mark)
{
    size_t sum = 0;

    for (const struct web_mark *other = web->marks; other; other = other->next)
        if (slice_equal(owner_of(other), owner_of(mark)))
            sum += other->held;
    return sum;
}

bool web_hold(struct web_request *request, size_t bytes)
{
    struct web *web = request->listener->own;
    struct web_mark *mark = request->http->mark;
    bool ok = true;

    pthread_mutex_lock(&web->lock);
    if (bytes > mark->held) {
        size_t more = bytes - mark->held, all = web->held + more;
        ok = all <= INTAKE_BODIES_SOURCE ||
             (all <= INTAKE_BODIES_MOST && held_by_owner(web, mark) + more <= INTAKE_BODIES_SOURCE);
        web->held += ok ? more : 0;
        mark->held += ok ? more : 0;
    }
    pthread_mutex_unlock(&web->lock);
    return ok;
}

static const char busy_sentence[] = "events arrive faster than they are stored; send again later";

static size_t take(struct http_request *request, struct slice bytes)
{
    struct web_mark *mark = request->mark;

    return mark->route->take(&mark->request, bytes);
}

static bool room(struct http_request *request, size_t bytes, void *user)
{
    struct web *web = user;
    struct web_mark *mark = request->mark;

    if (web_hold(&mark->request, bytes))
        return true;
    pthread_mutex_lock(&web->lock); /* what was collected is dropped */
    web->held -= mark->held;
    mark->held = 0;
    pthread_mutex_unlock(&web->lock);
    return false;
}

static size_t begin(struct http_request *request, void *user)
{
    struct web *web = user;
    struct slice rest;
    bool path_known;
    unsigned status;
    const char *why;
    const struct web_route *route = find_route(request, &rest, &path_known);
    struct web_mark *mark = arena_zero(request->arena, sizeof *mark);

    if (!route || !mark) {
        if (!mark)
            refuse(web, request, NULL, 503, "the server has no memory left");
        else if (path_known)
            refuse(web, request, NULL, 405, "this method is not known here");
        else
            refuse(web, request, NULL, 404, "nothing is listening at this path");
        return 0;
    }
    mark->route = route;
    mark->request = (struct web_request){ .listener = web->listener, .http = request, .rest = rest,
                                          .repeats = web->listener->intake->repeats };
    enum sender sender = find_sender(web, mark, request, &status, &why);
    if (sender == SENDER_REFUSED)
        refuse(web, request, mark, status, why);
    else if (sender == SENDER_NOT_YET) /* no unknown sender: nothing was taken, nothing is counted */
        say_no(request, mark, 503, "the server is starting; send again later");
    if (sender != SENDER_FOUND)
        return 0;
    if (route->needs == WEB_OPEN) {
        request->mark = mark;
        link_mark(web, mark);
        return 0;
    }
    if (atomic_load(&web->listener->intake->shut)) {
        refuse(web, request, mark, 503, "the disk is almost full: nothing is taken in");
        return 0;
    }
    if (route->take && queue_busy(web->listener->intake)) {
        refuse(web, request, mark, 429, busy_sentence);
        return 0;
    }
    request->mark = mark;
    link_mark(web, mark);
    request->take = route->take ? take : NULL;
    return route->take ? JOURNAL_WAITING_MOST : INTAKE_BODY_MOST;
}

static void handle(struct http_request *request, void *user)
{
    struct web *web = user;
    struct web_mark *mark = request->mark;
    BUFFER_AUTO inflated;
    struct error e = ERROR_NONE;
    bool too_large;

    buffer_init(&inflated, INTAKE_BODY_MOST);
    bool bodied = mark->route->needs == WEB_EVENTS || mark->route->needs == WEB_RECORDS;
    if (!bodied || mark->route->take) {
        mark->route->run(&mark->request);
    } else if (queue_busy(web->listener->intake)) {
        refuse(web, request, mark, 429, busy_sentence);
    } else if (!body_inflate(request->body, http_header(request, "Content-Encoding"), &inflated,
                             &mark->request.text, &too_large, &e)) {
        refuse(web, request, mark, too_large ? 413 : 400,
               too_large ? "the inflated body is too large" : e.sentence);
    } else {
        mark->route->run(&mark->request); /* copies what it keeps */
    }
}

static void end(struct http_request *request, void *user)
{
    struct web *web = user;
    struct web_mark *mark = request->mark;

    if (mark && mark->route->end)
        mark->route->end(&mark->request);
    if (mark)
        unlink_mark(web, mark);
}

static void server_refuses(struct http_request *request, unsigned status, const char *sentence,
                           void *user)
{
    struct web *web = user;
    refuse(web, request, request->mark, status, sentence);
}

static void web_free(struct web *web)
{
    pthread_mutex_destroy(&web->lock);
    free(web);
}

static bool listener_start(struct listener *listener, int fd, bool tls, struct error *e)
{
    const struct intake_options *o = &listener->intake->options;
    struct web *web = calloc(1, sizeof *web);

    if (!web) {
        close(fd);
        return error_set(e, "not enough memory for a listener");
    }
    web->listener = listener;
    pthread_mutex_init(&web->lock, NULL);
    listener->own = web; /* before the first request */
    struct http_options options = {
        .listen_fd = fd, .threads = o->http_threads ? o->http_threads : 2,
        .connections_most = INTAKE_HTTP_PEERS, .address_most = INTAKE_HTTP_PEERS_ADDRESS,
        .idle_seconds = 90, .request_arena = 16u * 1024 * 1024,
        .tls_certificate = tls ? o->tls_certificate : NULL, .tls_key = tls ? o->tls_key : NULL,
        .tls_clients = tls ? o->tls_clients : NULL, .begin = begin, .room = room, .handle = handle,
        .end = end, .refuse = server_refuses, .user = web,
    };
    if (http_start(&options, &web->server, e))
        return true;
    listener->own = NULL;
    web_free(web);
    return false;
}

bool http_listener_start(struct listener *listener, int fd, struct error *e)
{
    return listener_start(listener, fd, !listener->intake->options.http_clear, e);
}

bool https_listener_start(struct listener *listener, int fd, struct error *e)
{
    return listener_start(listener, fd, true, e);
}

void http_listener_stop(struct listener *listener)
{
    struct web *web = listener->own;

    http_stop(&web->server); /* waits until every request was answered */
    web_free(web);
    listener->own = NULL;
}
