#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/exchange.h"

#define CONNECTION_MEMORY (32u * 1024)  /* request line and headers stand in it, and no more */
#define DROPPED_MOST (16u * 1024 * 1024)
#define SPARE 32u                       /* connections of a thread that are just being closed */
#define STOP_GRACE (2 * CLOCK_SECOND)   /* for replies that are on their way */

/* --- what is in hand -------------------------------------------------------------------------- */

void server_hold(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->in_hand++;
    pthread_mutex_unlock(&server->lock);
}

void server_let_go(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->in_hand--;
    pthread_cond_broadcast(&server->fewer);
    pthread_mutex_unlock(&server->lock);
}

bool server_stopping(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool stopping = server->stopping;
    pthread_mutex_unlock(&server->lock);
    return stopping;
}

/* --- one exchange ----------------------------------------------------------------------------- */

/* The target as sent is known only here; what this returns is the first context of the request. */
static void *exchange_begin(void *user, const char *uri, struct MHD_Connection *connection)
{
    struct http_server *server = user;
    struct http_exchange *exchange = calloc(1, sizeof *exchange);

    if (!exchange)
        return NULL;
    exchange->server = server;
    exchange->connection = connection;
    arena_init(&exchange->arena, server->options.request_arena);
    buffer_init(&exchange->body, 1);
    exchange->request.arena = &exchange->arena;
    exchange->request.exchange = exchange;
    exchange->request.target = arena_copy(&exchange->arena, slice_of(uri));
    pthread_mutex_lock(&server->lock);
    server->exchanges++;
    pthread_mutex_unlock(&server->lock);
    return exchange;
}

static void exchange_end(void *user, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode how)
{
    struct http_server *server = user;
    struct http_exchange *exchange = *context;

    (void)how;
    visit_wait(server, connection, true);
    if (!exchange)
        return;
    *context = NULL;
    if (exchange->opened && server->options.end)
        server->options.end(&exchange->request, server->options.user);
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    buffer_free(&exchange->body);
    arena_free(&exchange->arena);
    free(exchange);
    pthread_mutex_lock(&server->lock);
    server->exchanges--;
    pthread_cond_broadcast(&server->fewer);
    pthread_mutex_unlock(&server->lock);
}

/* Hands the finished reply to the library. Only in the server's thread. */
static enum MHD_Result exchange_send(struct http_exchange *exchange)
{
    exchange->queued = true;
    return MHD_queue_response(exchange->connection, exchange->status, exchange->response);
}

void exchange_answer(struct http_exchange *exchange, unsigned status, const char *type,
                     struct MHD_Response *response)
{
    struct http_server *server = exchange->server;

    if (response) {
        for (unsigned i = 0; i < exchange->reply_header_count; i++)
            MHD_add_response_header(response, exchange->reply_headers[i].name.data,
                                    exchange->reply_headers[i].value.data);
        if (type)
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    }
    pthread_mutex_lock(&server->lock);
    exchange->response = response;
    exchange->status = status;
    exchange->replied = true;
    if (exchange->handled) {
        server->in_hand--;
        pthread_cond_broadcast(&server->fewer);
    }
    if (exchange->asleep) {
        exchange->asleep = false;
        MHD_resume_connection(exchange->connection);
    }
    pthread_mutex_unlock(&server->lock);
}

static void refuse(struct http_exchange *exchange, unsigned status, const char *sentence)
{
    const struct http_options *options = &exchange->server->options;

    if (options->refuse)
        options->refuse(&exchange->request, status, sentence, options->user);
    else
        http_reply(&exchange->request, status, "text/plain; charset=utf-8", slice_of(sentence));
}

/* After a callback that may have answered: sends the reply, or sleeps until it comes. */
static enum MHD_Result send_or_sleep(struct http_exchange *exchange)
{
    pthread_mutex_lock(&exchange->server->lock);
    bool replied = exchange->replied;
    if (!replied) {
        exchange->asleep = true;
        MHD_suspend_connection(exchange->connection);
    }
    pthread_mutex_unlock(&exchange->server->lock);
    if (!replied)
        return MHD_YES;
    return exchange->response ? exchange_send(exchange) : MHD_NO;
}

static bool length_told(const struct http_request *request, uint64_t *length_out)
{
    struct slice text = http_header(request, "Content-Length");

    return text.data && slice_to_u64(slice_trim(text), length_out);
}

/* The headers are there. */
static enum MHD_Result exchange_open(struct http_exchange *exchange, const char *method)
{
    struct http_server *server = exchange->server;
    const char *sentence = NULL;
    uint64_t length = 0;
    unsigned status = exchange_read(exchange, method, &sentence);

    exchange->opened = true;
    visit_wait(server, exchange->connection, false);
    if (status) {
        http_reply_header(&exchange->request, "Connection", SLICE("close"));
        refuse(exchange, status, sentence);
    } else if (server_stopping(server)) {
        refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
    } else if (server->options.begin) {
        exchange->body_most = server->options.begin(&exchange->request, server->options.user);
    }
    if (!exchange->replied && !exchange->request.take &&
        length_told(&exchange->request, &length) && length > exchange->body_most)
        refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
    if (exchange->replied)
        return exchange->response ? exchange_send(exchange) : MHD_NO;
    buffer_free(&exchange->body);
    buffer_init(&exchange->body, exchange->body_most ? exchange->body_most : 1);
    return MHD_YES;
}

static void exchange_drop(struct http_exchange *exchange, unsigned status, const char *why)
{
    exchange->refused = status;
    exchange->why = why;
    buffer_free(&exchange->body);
}

/* A body of unknown length may turn out too large: an answer is possible only at its end, so the
 * rest is dropped, within reason. */
static enum MHD_Result exchange_collect(struct http_exchange *exchange, const char *data,
                                        size_t *size)
{
    const struct http_options *options = &exchange->server->options;
    size_t bytes = exchange->body.len + *size;

    if (!exchange->refused && bytes > exchange->body_most)
        exchange_drop(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
    else if (!exchange->refused && options->room &&
             !options->room(&exchange->request, bytes, options->user))
        exchange_drop(exchange, MHD_HTTP_TOO_MANY_REQUESTS,
                      "too much is arriving at once; send again later");
    if (exchange->refused) {
        exchange->dropped += *size;
        if (exchange->dropped > DROPPED_MOST)
            return MHD_NO;
    } else {
        buffer_add(&exchange->body, slice_from(data, *size));
        if (exchange->body.failed)
            return MHD_NO;
        if (exchange->request.take)
            buffer_drop(&exchange->body, exchange->request.take(&exchange->request,
                                                                buffer_slice(&exchange->body)));
    }
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result exchange_handle(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;

    if (exchange->refused) {
        refuse(exchange, exchange->refused, exchange->why);
        return exchange->response ? exchange_send(exchange) : MHD_NO;
    }
    exchange->request.body = buffer_slice(&exchange->body);
    exchange->handled = true;
    server_hold(server);
    server->options.handle(&exchange->request, server->options.user);
    return send_or_sleep(exchange);
}

static enum MHD_Result access_handler(void *user, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *data, size_t *size, void **context)
{
    struct http_exchange *exchange = *context;

    (void)user;
    (void)connection;
    (void)url;
    (void)version;
    if (!exchange)
        return MHD_NO; /* no memory for it */
    if (!exchange->opened)
        return exchange_open(exchange, method);
    if (exchange->queued)
        return MHD_YES;
    if (*size)
        return exchange_collect(exchange, data, size);
    if (!exchange->handled)
        return exchange_handle(exchange);
    return send_or_sleep(exchange); /* woken: the reply is there */
}

/* --- start and stop --------------------------------------------------------------------------- */

/* We decode ourselves (http_decode), so that %00 and broken codes are noticed. */
static size_t leave_encoded(void *user, struct MHD_Connection *connection, char *text)
{
    (void)user;
    (void)connection;
    return strlen(text);
}

static void log_library(void *user, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void log_library(void *user, const char *format, va_list arguments)
{
    char line[256], safe[300];

    (void)user;
    vsnprintf(line, sizeof line, format, arguments);
    log_debug("http: %s", log_printable(slice_trim(slice_of(line)), safe, sizeof safe));
}

static bool start_daemon(struct http_server *server, struct error *e)
{
    const struct http_options *o = &server->options;
    socklen_t len;
    int value = 0;
    struct MHD_OptionItem items[16];
    size_t n = 0;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

    len = sizeof value;
    if (getsockopt(o->listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) != 0 || !value)
        return error_set(e, "the HTTP server got a descriptor that does not listen");
    if (o->tls_certificate) {
        flags |= MHD_USE_TLS;
        items[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0,
                                              (void *)(uintptr_t)o->tls_certificate };
        items[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0,
                                              (void *)(uintptr_t)o->tls_key };
        items[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
            (void *)(uintptr_t)"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" };
        if (o->tls_clients)
            items[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0,
                                                  (void *)(uintptr_t)o->tls_clients };
    }
    if (o->threads > 1)
        items[n++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, o->threads, NULL };
    if (o->address_most)
        items[n++] = (struct MHD_OptionItem){ MHD_OPTION_PER_IP_CONNECTION_LIMIT, o->address_most,
                                              NULL };
    items[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, access_handler, server,
        MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,   /* first: it tells why others fail */
        MHD_OPTION_LISTEN_SOCKET, o->listen_fd,
        MHD_OPTION_CONNECTION_LIMIT, o->connections_most + o->threads * SPARE,
        MHD_OPTION_NOTIFY_CONNECTION, visit_notice, server,
        MHD_OPTION_CONNECTION_TIMEOUT, o->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, server,
        MHD_OPTION_NOTIFY_COMPLETED, exchange_end, server,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
        MHD_OPTION_ARRAY, items, MHD_OPTION_END);
    if (server->daemon)
        return true;
    if (o->tls_certificate) {
        error_set(e, "the HTTPS server does not start");
        return error_hint(e, "look whether certificate and key are PEM and belong together");
    }
    return error_errno(e, errno, "the HTTP server does not start");
}

bool http_start(const struct http_options *options, struct http_server **server_out,
                struct error *e)
{
    struct http_server *server = calloc(1, sizeof *server);

    *server_out = NULL;
    if (!server) {
        close(options->listen_fd);
        return error_set(e, "not enough memory for the HTTP server");
    }
    server->options = *options;
    server->listen_fd = options->listen_fd;
    if (!server->options.threads)
        server->options.threads = 1;
    if (!server->options.connections_most)
        server->options.connections_most = 1024;
    if (!server->options.head_seconds)
        server->options.head_seconds = 10;
    if (!server->options.idle_seconds)
        server->options.idle_seconds = 60;
    if (!server->options.request_arena)
        server->options.request_arena = 8u * 1024 * 1024;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->fewer, NULL);
    if (!start_daemon(server, e)) {
        close(server->listen_fd);
        pthread_cond_destroy(&server->fewer);
        pthread_mutex_destroy(&server->lock);
        free(server);
        return false;
    }
    *server_out = server;
    return true;
}

/* Waits until nothing is in hand, then a little for what is being sent. */
static void wait_for_quiet(struct http_server *server)
{
    struct timespec until;

    pthread_mutex_lock(&server->lock);
    while (server->in_hand)
        pthread_cond_wait(&server->fewer, &server->lock);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_GRACE / CLOCK_SECOND;
    while (server->exchanges &&
           pthread_cond_clockwait(&server->fewer, &server->lock, CLOCK_MONOTONIC, &until) == 0)
        ;
    pthread_mutex_unlock(&server->lock);
}

void http_stop(struct http_server **server_in)
{
    struct http_server *server = *server_in;

    if (!server)
        return;
    *server_in = NULL;
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    MHD_quiesce_daemon(server->daemon);
    wait_for_quiet(server);
    MHD_stop_daemon(server->daemon);
    close(server->listen_fd);
    pthread_cond_destroy(&server->fewer);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

