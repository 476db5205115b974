#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "http/http.h"
#include "test.h"

/* A server whose handlers do what the path says. */

struct later {
    struct http_request *request;
    pthread_t thread;
};

static void *answer_later(void *user)
{
    struct http_request *request = user;

    usleep(20000);
    http_reply_header(request, "X-Late", SLICE("yes"));
    http_reply(request, 200, "text/plain", arena_copy(request->arena, request->body));
    return NULL;
}

static void *stream_later(void *user)
{
    struct http_stream *stream = user;

    for (int i = 0; i < 5; i++) {
        usleep(2000);
        http_stream_write(stream, SLICE("part "));
    }
    http_stream_end(&stream);
    return NULL;
}

static void *stream_much(void *user)
{
    struct http_stream *stream = user;
    static char piece[10000];

    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 500 && http_stream_write(stream, slice_from(piece, sizeof piece)); i++)
        ;
    http_stream_end(&stream);
    return NULL;
}

/* "0123456789" again and again, and how often such a body was freed. */
static _Atomic int freed;

static size_t write_digits(void *user, char *out, size_t most)
{
    size_t n = most < 7 ? most : 7;
    uint64_t *at = user;

    for (size_t i = 0; i < n; i++)
        out[i] = (char)('0' + (*at)++ % 10);
    return n;
}

static void free_digits(void *user)
{
    free(user);
    freed++;
}

static void run(void *(*function)(void *), void *argument)
{
    pthread_t thread;

    pthread_create(&thread, NULL, function, argument);
    pthread_detach(thread);
}

static size_t begin(struct http_request *request, void *user)
{
    (void)user;
    if (slice_is(request->path, "/denied")) {
        http_reply(request, 401, "text/plain", SLICE("no"));
        return 0;
    }
    return request->method == HTTP_POST ? 100000 : 0;
}

static void handle(struct http_request *request, void *user)
{
    (void)user;
    if (slice_is(request->path, "/later")) {
        run(answer_later, request);
    } else if (slice_is(request->path, "/stream")) {
        run(stream_later, http_reply_stream(request, 200, "text/plain"));
    } else if (slice_is(request->path, "/much")) {
        run(stream_much, http_reply_stream(request, 200, "text/plain"));
    } else if (slice_is(request->path, "/pieces")) {
        http_reply_pieces(request, 200, "text/plain", 1000003,
                          &(struct http_pieces){ write_digits, free_digits, calloc(1, sizeof(uint64_t)) });
    } else {
        http_reply_security(request);
        http_reply_header(request, "X-Bad", SLICE("a\r\nInjected: yes"));
        struct slice text = arena_print(
            request->arena, "%.*s q=%.*s c=%.*s t=%.*s from=%.*s len=%zu",
            SLICE_ARGS(request->path), SLICE_ARGS(http_query(request, "q")),
            SLICE_ARGS(http_cookie(request, "session")),
            SLICE_ARGS(http_authorization(request, "Bearer")), SLICE_ARGS(request->address),
            request->body.len);
        http_reply(request, 200, "text/plain", text);
    }
}

static struct http_server *start(uint16_t *port, unsigned threads)
{
    struct http_options options = { .threads = threads, .begin = begin, .handle = handle };
    struct http_server *server;
    struct error e = ERROR_NONE;

    options.listen_fd = client_listener(port);
    CHECK(http_start(&options, &server, &e));
    return server;
}

static char reply[8 * 1024 * 1024];

TEST("a request comes apart: path, query, cookie, token, address, body") {
    uint16_t port;
    struct http_server *server = start(&port, 2);

    client_ask(port, "POST /a%20b?q=1%2B1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Cookie: other=1; session=abc\r\nAuthorization: bearer  tok \r\n"
                     "Content-Length: 5\r\n\r\nhello", reply, sizeof reply);
    CHECK(strstr(reply, "/a b q=1+1 c=abc t=tok from=127.0.0.1 len=5"));
    CHECK(strstr(reply, "X-Frame-Options: DENY"));
    CHECK(!strstr(reply, "Injected"));
    http_stop(&server);
    CHECK(server == NULL);
}

TEST("a wrong token is refused before the body is read") {
    uint16_t port;
    struct http_server *server = start(&port, 1);

    client_ask(port, "POST /denied HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Expect: 100-continue\r\nContent-Length: 50000\r\n\r\n", reply, sizeof reply);
    CHECK(strstr(reply, "HTTP/1.1 401"));
    CHECK(!strstr(reply, "100 Continue"));
    http_stop(&server);
}

TEST("a body that is too large is refused: told length, and chunked") {
    uint16_t port;
    struct http_server *server = start(&port, 1);

    client_ask(port, "POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Content-Length: 100001\r\n\r\n", reply, sizeof reply);
    CHECK(strstr(reply, "HTTP/1.1 413"));

    int fd = client_connect(port);
    const char head[] = "POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n";
    static char chunk[60000];
    memset(chunk, 'x', sizeof chunk);
    client_send(fd, head, sizeof head - 1);
    for (int i = 0; i < 3; i++) {
        client_send(fd, "ea60\r\n", 6);
        client_send(fd, chunk, sizeof chunk);
        client_send(fd, "\r\n", 2);
    }
    client_send(fd, "0\r\n\r\n", 5);
    client_read(fd, NULL, reply, sizeof reply);
    close(fd);
    CHECK(strstr(reply, "HTTP/1.1 413"));
    http_stop(&server);
}

TEST("a bad target gets 400") {
    uint16_t port;
    struct http_server *server = start(&port, 1);

    client_ask(port, "GET /%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", reply,
               sizeof reply);
    CHECK(strstr(reply, "HTTP/1.1 400"));
    client_ask(port, "GET /?a=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", reply,
               sizeof reply);
    CHECK(strstr(reply, "HTTP/1.1 400"));
    http_stop(&server);
}

TEST("EVIDENCE rfc9112#6: a length told in two ways gets 400, another coding 501, and the connection ends") {
    static const struct {
        const char *headers, *status;
    } rows[] = {
        { "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "400" },
        { "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "400" },
        { "Content-Length: 20\r\nContent-Length: 5\r\n", "400" },
        { "Transfer-Encoding: xchunked\r\n", "501" },
        { "Transfer-Encoding: gzip, chunked\r\n", "501" },
        { "Content-Length: 5\r\nContent-Length: 5\r\n", "200" },
        { "Transfer-Encoding: Chunked\r\n", "200" },
    };
    uint16_t port;
    struct http_server *server = start(&port, 1);
    char request[400];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool chunked = strstr(rows[i].headers, "hunked");
        snprintf(request, sizeof request, "POST /x HTTP/1.1\r\nHost: x\r\n%s\r\n%sGET /y HTTP/1.1\r\n"
                 "Host: x\r\nConnection: close\r\n\r\n", rows[i].headers,
                 chunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello");
        client_ask(port, request, reply, sizeof reply);
        if (strncmp(reply + strlen("HTTP/1.1 "), rows[i].status, 3) != 0)
            print_error("# %s%.40s\n", rows[i].headers, reply);
        CHECK(strncmp(reply + strlen("HTTP/1.1 "), rows[i].status, 3) == 0);
        CHECK((strstr(reply, "/y ") != NULL) == (strcmp(rows[i].status, "200") == 0));
    }
    http_stop(&server);
}

TEST("of more headers than are kept none is dropped in silence: the request gets 431") {
    uint16_t port;
    struct http_server *server = start(&port, 1);
    char request[4000];

    for (unsigned more = 96; more <= 98; more++) {
        int len = snprintf(request, sizeof request, "POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        for (unsigned i = 0; i < more; i++)
            len += snprintf(request + len, sizeof request - (size_t)len, "X%u: a\r\n", i);
        snprintf(request + len, sizeof request - (size_t)len, "Content-Length: 5\r\n\r\nhello");
        client_ask(port, request, reply, sizeof reply);
        CHECK(strstr(reply, more <= 97 ? "HTTP/1.1 200" : "HTTP/1.1 431"));
    }
    http_stop(&server);
}

TEST("an answer may come later from another thread, on a connection that is used again") {
    uint16_t port;
    struct http_server *server = start(&port, 2);
    int fd = client_connect(port);

    for (int i = 0; i < 3; i++) {
        const char request[] = "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nlate";
        client_send(fd, request, sizeof request - 1);
        client_read(fd, "\r\n\r\nlate", reply, sizeof reply);
        CHECK(strstr(reply, "HTTP/1.1 200"));
        CHECK(strstr(reply, "X-Late: yes"));
    }
    close(fd);
    http_stop(&server);
}

TEST("the server may stop while answers are still to come, and they arrive") {
    uint16_t port;
    struct http_server *server = start(&port, 1);
    int fd = client_connect(port);
    const char request[] = "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nlate";

    client_send(fd, request, sizeof request - 1);
    usleep(300000);
    http_stop(&server);
    client_read(fd, "\r\n\r\nlate", reply, sizeof reply);
    CHECK(strstr(reply, "HTTP/1.1 200"));
    close(fd);
}

TEST("a client that leaves before the answer does no harm") {
    uint16_t port;
    struct http_server *server = start(&port, 1);
    const char request[] = "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nlate";

    for (int i = 0; i < 10; i++) {
        int fd = client_connect(port);
        client_send(fd, request, sizeof request - 1);
        close(fd);
    }
    http_stop(&server);
}

TEST("a body may be streamed from another thread") {
    uint16_t port;
    struct http_server *server = start(&port, 1);

    client_ask(port, "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", reply,
               sizeof reply);
    CHECK(strstr(reply, "part "));
    int parts = 0;
    for (const char *at = reply; (at = strstr(at, "part ")); at++)
        parts++;
    CHECK_INT(parts, 5);
    CHECK(client_ask(port, "GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", reply,
                     sizeof reply) > 5000000);
    http_stop(&server);
}

TEST("a body made while it is sent has the length that was told, and is freed, read or not") {
    uint16_t port;
    struct http_server *server = start(&port, 1);
    const char request[] = "GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n";

    client_ask(port, "GET /pieces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", reply, sizeof reply);
    CHECK(strstr(reply, "Content-Length: 1000003\r\n"));
    const char *body = strstr(reply, "\r\n\r\n") + 4;
    CHECK_INT(strlen(body), 1000003);
    for (size_t i = 0; i < 1000003; i++)
        CHECK(body[i] == (char)('0' + i % 10));
    int fd = client_connect(port);
    client_send(fd, request, sizeof request - 1);
    client_read(fd, "012", reply, 1000);
    close(fd);
    http_stop(&server);
    CHECK_INT(freed, 2);
}

TEST("when all connections are taken, who has not sent a head for long makes room, and a busy one stays") {
    struct http_options options = { .threads = 2, .begin = begin, .handle = handle, .connections_most = 8,
                                    .head_seconds = 1 };
    struct http_server *server;
    struct error e = ERROR_NONE;
    uint16_t port;
    int halves[40], busy;
    const char half[] = "GET /x HTTP/1.1\r\n";
    const char body[] = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel";

    options.listen_fd = client_listener(&port);
    CHECK(http_start(&options, &server, &e));
    busy = client_connect(port);
    client_send(busy, body, sizeof body - 1);
    usleep(100000);
    for (size_t i = 0; i < 40; i++) {
        halves[i] = client_connect(port);
        client_send(halves[i], half, sizeof half - 1);
    }
    usleep(1200000);
    for (int i = 0; i < 3; i++) {
        client_ask(port, "GET /y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", reply, sizeof reply);
        CHECK(strstr(reply, "/y "));
    }
    client_send(busy, "lo", 2);
    client_read(busy, "len=5", reply, sizeof reply);
    CHECK(strstr(reply, "len=5"));
    close(busy);
    for (size_t i = 0; i < 40; i++)
        close(halves[i]);
    http_stop(&server);
}

TEST("a stream whose reader leaves ends") {
    uint16_t port;
    struct http_server *server = start(&port, 1);
    const char request[] = "GET /much HTTP/1.1\r\nHost: x\r\n\r\n";
    int fd = client_connect(port);

    client_send(fd, request, sizeof request - 1);
    client_read(fd, "xxx", reply, 1000);
    close(fd);
    http_stop(&server);
}

TEST("a descriptor that does not listen is an error") {
    struct http_options options = { .handle = handle, .begin = begin };
    struct http_server *server;
    struct error e = ERROR_NONE;
    int pipe_fds[2];

    CHECK(pipe(pipe_fds) == 0);
    options.listen_fd = pipe_fds[0];
    CHECK(!http_start(&options, &server, &e));
    CHECK_ERROR(e, "does not listen");
    close(pipe_fds[1]);
}
