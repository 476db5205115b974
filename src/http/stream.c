#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "http/exchange.h"

#define STREAM_UNSENT (1024u * 1024)
#define STREAM_WAIT 30 /* seconds for a client that does not read */
#define STREAM_PIECE (32u * 1024)

/* Two hold it: the one who writes, and the library's response. */
struct http_stream {
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct http_server *server;
    struct MHD_Connection *connection;
    int fd;             /* of the connection; valid until gone */
    struct buffer unsent;
    size_t sent;        /* of unsent, given to the library */
    unsigned holders;
    bool asleep, ended, gone;
    bool given_up;      /* the client did not read: what it got must not look complete */
};

static void stream_drop(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool last = --stream->holders == 0;
    pthread_mutex_unlock(&stream->lock);
    if (!last)
        return;
    buffer_free(&stream->unsent);
    pthread_cond_destroy(&stream->room);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

/* The library wants more: gives what is there, or sleeps until somebody writes. */
static ssize_t stream_read(void *user, uint64_t position, char *out, size_t most)
{
    struct http_stream *stream = user;
    ssize_t result = 0;

    (void)position;
    pthread_mutex_lock(&stream->lock);
    size_t left = stream->unsent.len - stream->sent;
    if (stream->given_up) {
        result = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (left) {
        size_t len = left < most ? left : most;
        memcpy(out, stream->unsent.data + stream->sent, len);
        stream->sent += len;
        if (stream->sent == stream->unsent.len) {
            buffer_clear(&stream->unsent);
            stream->sent = 0;
        }
        pthread_cond_broadcast(&stream->room);
        result = (ssize_t)len;
    } else if (stream->ended) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->asleep = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->lock);
    return result;
}

/* The response is done with: sent to its end, or the client has gone. */
static void stream_closed(void *user)
{
    struct http_stream *stream = user;

    pthread_mutex_lock(&stream->lock);
    stream->gone = true;
    pthread_cond_broadcast(&stream->room);
    pthread_mutex_unlock(&stream->lock);
    stream_drop(stream);
}

struct http_stream *http_reply_stream(struct http_request *request, unsigned status,
                                      const char *type)
{
    struct http_exchange *exchange = request->exchange;
    struct http_stream *stream = calloc(1, sizeof *stream);
    struct MHD_Response *response = NULL;

    if (stream)
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_PIECE, stream_read,
                                                     stream, stream_closed);
    if (!response) {
        free(stream);
        http_reply(request, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain", SLICE("no memory left"));
        return NULL;
    }
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->room, NULL);
    buffer_init(&stream->unsent, 2 * STREAM_UNSENT);
    stream->server = exchange->server;
    stream->connection = exchange->connection;
    stream->fd = MHD_get_connection_info(exchange->connection,
                                         MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    stream->holders = 2;
    server_hold(stream->server);
    exchange_answer(exchange, status, type, response);
    return stream;
}

static void stream_wake(struct http_stream *stream)
{
    if (stream->asleep && !stream->gone) {
        stream->asleep = false;
        MHD_resume_connection(stream->connection);
    }
}

/* Makes room by moving what is left to the front, once half of it has gone. */
static void stream_pack(struct http_stream *stream)
{
    if (stream->sent >= STREAM_UNSENT / 2) {
        buffer_drop(&stream->unsent, stream->sent);
        stream->sent = 0;
    }
}

/* Under the lock. The library learns of a client that hung up only by writing to it, and not while its
 * connection sleeps. */
static bool stream_left(struct http_stream *stream)
{
    struct pollfd client = { .fd = stream->fd, .events = POLLRDHUP };
    return stream->gone || poll(&client, 1, 0) > 0;
}

static bool stream_add(struct http_stream *stream, struct slice piece)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STREAM_WAIT;
    pthread_mutex_lock(&stream->lock);
    while (!stream->gone && stream->unsent.len - stream->sent > STREAM_UNSENT)
        if (pthread_cond_clockwait(&stream->room, &stream->lock, CLOCK_MONOTONIC,
                                   &until) != 0)
            stream->gone = stream->given_up = true;
    bool ok = !stream_left(stream);
    if (ok) {
        stream_pack(stream);
        buffer_add(&stream->unsent, piece);
        ok = !stream->unsent.failed;
        stream_wake(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    return ok;
}

bool http_stream_write(struct http_stream *stream, struct slice bytes)
{
    if (server_stopping(stream->server))
        return false;
    for (size_t at = 0; at < bytes.len; at += STREAM_PIECE)
        if (!stream_add(stream, slice_cut(bytes, at, at + STREAM_PIECE)))
            return false;
    return true;
}

bool http_stream_gone(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool gone = stream_left(stream);
    pthread_mutex_unlock(&stream->lock);
    return gone || server_stopping(stream->server);
}

void http_stream_end(struct http_stream **stream_in)
{
    struct http_stream *stream = *stream_in;

    if (!stream)
        return;
    *stream_in = NULL;
    struct http_server *server = stream->server;
    pthread_mutex_lock(&stream->lock);
    stream->ended = true;
    /* a client that did not read was given up above, but its connection still sleeps */
    if (stream->asleep) {
        stream->asleep = false;
        MHD_resume_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->lock);
    stream_drop(stream);
    server_let_go(server);
}
