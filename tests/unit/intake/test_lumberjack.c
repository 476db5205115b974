/* Lumberjack v2 as its senders speak it, and as nobody should. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "client.h"
#include "intake/limit.h"
#include "sink.h"
#include "test.h"

static char reply[65536];

static size_t put_frame(char *out, char type, uint32_t value, const char *json)
{
    size_t len = json ? strlen(json) : 0;
    uint32_t numbers[2] = { htonl(value), htonl((uint32_t)len) };

    out[0] = '2';
    out[1] = type;
    memcpy(out + 2, numbers, json ? 8 : 4);
    if (json)
        memcpy(out + 10, json, len);
    return json ? 10 + len : 6;
}

static uint32_t read_ack(int fd)
{
    unsigned char frame[6] = { 0 };

    for (size_t got = 0; got < 6;) {
        ssize_t n = recv(fd, frame + got, 6 - got, 0);
        if (n <= 0)
            return 99999;
        got += (size_t)n;
    }
    return frame[0] == '2' && frame[1] == 'A' ? (uint32_t)frame[4] << 8 | frame[5] : 99999;
}

TEST("Lumberjack: windows, compressed and plain, are acknowledged at their end when stored") {
    struct sink_options options = { .lumberjack = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->lumberjack_port);
    char frames[400], packed[500], json[40];
    size_t len = put_frame(frames, 'W', 2, NULL);

    len += put_frame(frames + len, 'J', 1, "{\"a\":1}");
    len += put_frame(frames + len, 'J', 2, "{\"a\":2}");
    client_send(fd, frames, len);
    uint32_t ack;
    while ((ack = read_ack(fd)) < 2) /* part of a window may be stored first */
        ;
    CHECK_INT(ack, 2);
    CHECK_INT(sink->count, 2);

    len = put_frame(frames, 'W', 5, NULL);
    client_send(fd, frames, len);
    len = 0;
    for (uint32_t i = 1; i <= 5; i++) {
        snprintf(json, sizeof json, "{\"b\":%u}", i);
        len += put_frame(frames + len, 'J', i, json);
    }
    uLongf size = sizeof packed - 6;
    CHECK_INT(compress((Bytef *)packed + 6, &size, (Bytef *)frames, len), Z_OK);
    put_frame(packed, 'C', (uint32_t)size, NULL);
    for (size_t i = 0; i < size + 6; i++) /* byte by byte */
        client_send(fd, packed + i, 1);
    while ((ack = read_ack(fd)) < 5)
        ;
    CHECK_INT(ack, 5);
    CHECK_INT(sink->count, 7);
    CHECK_TEXT(sink_event(sink, 6)->raw, "{\"b\":5}");
    CHECK_TEXT(sink_event(sink, 6)->protocol, "lumberjack");
    close(fd);
    sink_stop(&sink);
}

TEST("Lumberjack: a slow archive gets '2A 0' for patience, a failing one no acknowledgement") {
    struct sink_options options = { .lumberjack = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->lumberjack_port);
    char frames[100];
    size_t len = put_frame(frames, 'W', 1, NULL);

    sink_set(sink, false, true);
    usleep(30000);
    len += put_frame(frames + len, 'J', 1, "{}");
    client_send(fd, frames, len);
    CHECK_INT(read_ack(fd), 0);
    sink_set(sink, true, false);
    uint32_t ack;
    while ((ack = read_ack(fd)) == 0)
        ;
    CHECK_INT(ack, 99999);
    close(fd);
    sink_stop(&sink);
}

TEST("Lumberjack: what breaks the protocol is cut off, nothing is taken") {
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        { "GET / HTTP/1.1\r\n", 16 },           /* another protocol */
        { "2J\0\0\0\1\0\0\0\2{}", 12 },          /* no window */
        { "2W\0\0\0\0", 6 },                     /* an empty one */
        { "2W\xff\xff\xff\xff", 6 },             /* one beyond reason */
        { "2W\0\0\0\1" "2J\0\0\0\1\xff\0\0\0", 16 }, /* an event beyond the limit */
        { "2W\0\0\0\1" "2C\0\0\0\4abcd", 16 },  /* no zlib */
        { "2W\0\0\0\2" "2W\0\0\0\2", 12 },      /* a window within a window */
        { "2D\0\0\0\1\0\0\0\0", 10 },           /* version 1 */
    };
    struct sink_options options = { .lumberjack = true };
    struct sink *sink = sink_start(&options);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd = client_connect(sink->lumberjack_port);
        client_send(fd, bad[i].bytes, bad[i].len);
        CHECK_INT(client_read(fd, NULL, reply, sizeof reply), 0);
        close(fd);
    }
    CHECK_INT(sink->count, 0);
    sink_stop(&sink);
}

/* Frames of so many events of so many bytes, of which each ends with its number. */
static char *make_events(uint32_t count, size_t bytes, size_t *len_out)
{
    char *out = malloc(count * (bytes + 11)), *json = calloc(1, bytes + 1), end[24];
    size_t len = 0;

    for (uint32_t i = 1; i <= count; i++) {
        memset(json, ' ', bytes);
        int n = snprintf(end, sizeof end, "{\"n\":%u}", i);
        memcpy(json + bytes - n, end, (size_t)n);
        len += put_frame(out + len, 'J', i, json);
    }
    free(json);
    *len_out = len;
    return out;
}

static void send_window(int fd, uint32_t count)
{
    char frame[6];

    client_send(fd, frame, put_frame(frame, 'W', count, NULL));
}

static void send_packed(int fd, const char *frames, size_t len)
{
    uLongf size = compressBound(len);
    char *packed = malloc(size + 6);

    CHECK_INT(compress2((Bytef *)packed + 6, &size, (const Bytef *)frames, len, 3), Z_OK);
    put_frame(packed, 'C', (uint32_t)size, NULL);
    client_send(fd, packed, size + 6);
    free(packed);
}

static uint32_t read_last_ack(int fd, uint32_t sequence)
{
    uint32_t ack;

    while ((ack = read_ack(fd)) < sequence)
        ;
    return ack;
}

TEST("Lumberjack: a window that is inflated to 20 MB is taken, and the next one behind it") {
    struct sink_options options = { .lumberjack = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->lumberjack_port);
    size_t len;
    char *frames = make_events(2048, 10000, &len);

    for (int round = 0; round < 2; round++) {
        send_window(fd, 2048);
        send_packed(fd, frames, len);
    }
    CHECK_INT(read_last_ack(fd, 2048), 2048);
    CHECK_INT(read_last_ack(fd, 2048), 2048);
    CHECK_INT(sink->count, 4096);
    CHECK(strstr(sink_event(sink, 4095)->raw, " {\"n\":2048}"));
    free(frames);
    close(fd);
    sink_stop(&sink);
}

TEST("Lumberjack: an event beyond 1 MiB is kept in flagged pieces and acknowledged, plain and compressed") {
    struct sink_options options = { .lumberjack = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->lumberjack_port);
    size_t len;
    char *frames = make_events(2, INTAKE_HTTP_LINE_MOST + 100, &len);

    send_window(fd, 2);
    client_send(fd, frames, len);
    CHECK_INT(read_last_ack(fd, 2), 2);
    send_window(fd, 2);
    send_packed(fd, frames, len);
    CHECK_INT(read_last_ack(fd, 2), 2);
    CHECK_INT(sink->count, 8);
    for (size_t i = 0; i < 8; i++) {
        CHECK_INT(sink_event(sink, i)->raw_len, i % 2 ? 100 : INTAKE_HTTP_LINE_MOST);
        CHECK_INT(sink_event(sink, i)->flags & EVENT_CUT, i % 2 ? 0 : EVENT_CUT);
    }
    free(frames);
    close(fd);
    sink_stop(&sink);
}

TEST("Lumberjack: what half events hold together is bounded, and a small sender is served meanwhile") {
    struct sink_options options = { .lumberjack = true };
    struct sink *sink = sink_start(&options);
    enum { SENDERS = 160 };
    size_t len, closed = 0;
    char *frames = make_events(1, 950000, &len);
    int fds[SENDERS];

    for (size_t i = 0; i < SENDERS; i++) {
        fds[i] = client_connect(sink->lumberjack_port);
        send_window(fds[i], 1);
        client_send(fds[i], frames, len - 1);
    }
    int fd = client_connect(sink->lumberjack_port);
    send_window(fd, 1);
    client_send(fd, frames, put_frame(frames, 'J', 1, "{}"));
    CHECK_INT(read_last_ack(fd, 1), 1);
    for (int tries = 0; tries < 500 && closed < 10; tries++, usleep(10000)) { /* until all was read */
        closed = 0;
        for (size_t i = 0; i < SENDERS; i++)
            closed += recv(fds[i], reply, 1, MSG_DONTWAIT) == 0;
    }
    CHECK(closed >= 10 && closed < SENDERS / 2);
    for (size_t i = 0; i < SENDERS; i++)
        close(fds[i]);
    free(frames);
    close(fd);
    sink_stop(&sink);
}
