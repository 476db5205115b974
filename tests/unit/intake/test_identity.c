/* received = stored + repeated + quarantined + refused (+ what is on its way): of each listener, and of
 * what the batches say of their sources. */
#include "test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "sink.h"

#define BEARER "Authorization: Bearer secret\r\n"

static char reply[65536];

static const char *post(struct sink *sink, const char *headers, const char *body)
{
    char *request;

    if (asprintf(&request, "POST /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s"
                 "Content-Length: %zu\r\n\r\n%s", headers, strlen(body), body) < 0)
        abort();
    client_ask(sink->http_port, request, reply, sizeof reply);
    free(request);
    return reply;
}

static struct intake_statistics of(struct sink *sink, const char *protocol)
{
    struct intake_statistics rows[INTAKE_LISTENERS_MOST];
    size_t count = intake_statistics(sink->intake, rows);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].protocol, protocol) == 0)
            return rows[i];
    abort();
}

static bool adds_up(struct intake_statistics s)
{
    return s.received == s.stored + s.repeated + s.quarantined + s.refused + s.waiting;
}

static void tick_until(struct sink *sink, const _Atomic uint64_t *figure, uint64_t value)
{
    for (int i = 0; i < 300 && *figure < value; i++) {
        intake_tick(sink->intake);
        usleep(10000);
    }
}

TEST("over HTTP what is stored, repeated, refused and failed adds up, for the listener and the source")
{
    struct sink_options options = { .http = true };
    struct sink *sink = sink_start(&options);

    post(sink, BEARER, "{\"a\":1}\n{\"a\":2}\n");
    post(sink, BEARER "X-Batch-Id: one\r\n", "{\"b\":1}\n{\"b\":2}\n{\"b\":3}\n");
    post(sink, BEARER "X-Batch-Id: one\r\n", "{\"b\":1}\n{\"b\":2}\n{\"b\":3}\n");
    CHECK(strstr(reply, "HTTP/1.1 200"));
    CHECK(strstr(post(sink, "", "{}"), "HTTP/1.1 401"));
    CHECK(strstr(post(sink, BEARER "Content-Encoding: gzip\r\n", "xx"), "HTTP/1.1 400"));
    sink_set(sink, true, false);
    CHECK(strstr(post(sink, BEARER, "{\"c\":1}\n{\"c\":2}\n"), "HTTP/1.1 503"));
    sink_set(sink, false, false);

    struct intake_statistics s = of(sink, "http");
    for (int i = 0; i < 300 && (s = of(sink, "http")).waiting; i++, usleep(10000))
        ;
    CHECK_INT(s.stored, 5);
    CHECK_INT(s.repeated, 3);
    CHECK_INT(s.refused, 4); /* 401, 400, and the two events that were not stored */
    CHECK_INT(s.waiting, 0);
    CHECK_INT(s.received, 12);
    CHECK(adds_up(s));
    tick_until(sink, &sink->refused, 4);
    CHECK_INT(sink->refused, 4);
    CHECK_INT(sink->repeated, 3);
    CHECK_INT(sink->received, sink->stored + sink->repeated + sink->quarantined + sink->refused);
    CHECK_INT(sink->received, 12);
    sink_stop(&sink);
}

TEST("an intake that is shut answers 503, reads no stream, and takes all that waited when it opens")
{
    struct sink_options options = { .http = true, .tcp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->tcp_port);

    client_send(fd, "<13>first\n", 10);
    CHECK(sink_wait(sink, 1));
    intake_shut(sink->intake, true);
    client_send(fd, "<13>second\n", 11);
    CHECK(strstr(post(sink, BEARER, "{}"), "HTTP/1.1 503"));
    CHECK(strstr(reply, "the disk is almost full"));
    usleep(300000);
    CHECK_INT(sink->count, 1);
    intake_shut(sink->intake, false);
    CHECK(sink_wait(sink, 2));
    CHECK_TEXT(sink_event(sink, 1)->raw, "<13>second");
    CHECK(adds_up(of(sink, "syslog-tcp")));
    close(fd);
    sink_stop(&sink);
}

TEST("a RELP sender whose events were not stored is closed, and they count as refused")
{
    struct sink_options options = { .relp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->relp_port);
    static const char text[] = "1 open 0\n2 syslog 7 <13>one\n";

    sink_set(sink, true, false);
    client_send(fd, text, sizeof text - 1);
    char rest[256];
    while (recv(fd, rest, sizeof rest, 0) > 0)
        ;
    sink_set(sink, false, false);
    struct intake_statistics s = of(sink, "relp");
    CHECK_INT(s.received, 1);
    CHECK_INT(s.refused, 1);
    CHECK(adds_up(s));
    tick_until(sink, &sink->refused, 1);
    CHECK_INT(sink->refused, 1);
    close(fd);
    sink_stop(&sink);
}

static int client_datagrams(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        abort();
    return fd;
}

TEST("datagrams that the kernel drops are counted, and with what arrived they are all that were sent")
{
    struct sink_options options = { .udp = true, .queue_most = 1 };
    struct sink *sink = sink_start(&options);
    uint64_t sent = 40000;
    static char datagram[1400] = "<13>burst";
    int fd = client_datagrams(sink->udp_port);

    memset(datagram + 9, 'x', sizeof datagram - 9);
    sink_set(sink, false, true); /* nothing is taken: the listener stands at the full queue */
    for (uint64_t i = 0; i < sent; i++)
        CHECK_INT(send(fd, datagram, sizeof datagram, 0), sizeof datagram);
    sink_set(sink, false, false);
    struct intake_statistics s = { 0 };
    for (int i = 0; i < 3000 && (s.received + s.dropped < sent || s.waiting); i++, usleep(10000))
        s = of(sink, "syslog-udp");
    CHECK(s.dropped > 0);
    CHECK_INT(s.received + s.dropped, sent);
    CHECK(adds_up(s));
    close(fd);
    sink_stop(&sink);
}
