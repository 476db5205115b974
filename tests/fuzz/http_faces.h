/* http_faces - the HTTP listener as it runs, for the targets of its faces: a real socket, real threads,
 * and an archive that stores everything. Each target makes requests of its input and asks here. */
#ifndef FUZZ_HTTP_FACES_H
#define FUZZ_HTTP_FACES_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/queue.h"
#include "event/decoder.h"
#include "intake/intake.h"

#define FACE_TOKEN "Authorization: Bearer secret\r\n"
/* sha256("secret") */
#define FACE_TOKEN_SHA256 "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

struct faces {
    struct queue *queue;
    struct intake *intake;
    uint16_t port;
    bool late;         /* the last answer did not come in time: a busy machine, no fault */
    int broken;        /* errno of its reading; 0: it was read to its end */
};

static void *faces_store(void *queue)
{
    uint64_t sequence = 1;
    for (struct batch *batch; (batch = queue_pop(queue, -1));) {
        batch->first = (struct event_id){ .day = 20261124, .class = "standard", .sequence = sequence };
        sequence += batch->event_count;
        batch_finish(batch, NULL);
    }
    return NULL;
}

static int faces_listen(uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 64) != 0)
        abort();
    getsockname(fd, (struct sockaddr *)&address, &len);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct decoders *faces_decoders(void)
{
    static const char *const places[] = { "decoders", "../decoders", "../../decoders" };
    struct decoders *set = NULL;
    for (size_t i = 0; !set && i < sizeof places / sizeof *places; i++)
        decoders_load(places[i], &set, NULL);
    return set;
}

static struct roster *faces_roster(void)
{
    static struct roster_source source = {
        .key = SLICE("a"), .system = SLICE("s"), .agency = SLICE("g"), .class = SLICE("standard"),
        .kind = SLICE("http"), .token_sha256 = SLICE(FACE_TOKEN_SHA256),
    };
    struct roster *roster = roster_new();
    roster->sources = &source;
    roster->source_count = 1;
    if (!roster_ready(roster, NULL))
        abort();
    return roster;
}

/* Started at the first input; it lives as long as the process. */
static struct faces *faces(void)
{
    static struct faces f;
    struct intake_options options = INTAKE_OPTIONS_NONE;
    pthread_t thread;
    if (f.intake)
        return &f;
    options.decoders = faces_decoders();
    options.listen_fd[INTAKE_HTTP] = faces_listen(&f.port);
    f.queue = queue_new(64);
    if (!options.decoders || !f.queue || pthread_create(&thread, NULL, faces_store, f.queue) != 0 ||
        !intake_start(&options, f.queue, &f.intake, NULL))
        abort();
    intake_roster(f.intake, faces_roster());
    return &f;
}

static bool faces_add_up(const struct faces *f)
{
    struct intake_statistics rows[INTAKE_LISTENERS_MOST];
    size_t count = intake_statistics(f->intake, rows);
    bool well = true;
    for (size_t i = 0; i < count; i++)
        well &= rows[i].waiting > 0 || rows[i].received == rows[i].stored + rows[i].repeated +
                                                               rows[i].quarantined + rows[i].refused;
    return well;
}

/* Sends the bytes and reads to the end of the answer; static memory. ended: says that nothing more comes,
 * so that nobody waits for the rest of half a request (who says so may go without an answer). */
static struct slice faces_ask(const char *head, struct slice body, bool ended)
{
    static char reply[1 << 20];
    struct faces *f = faces();
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(f->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_sec = ended ? 1 : 20 };
    size_t len = 0;
    int fd = -1;
    for (int tries = 0; fd < 0 && tries < 600; tries++) { /* thousands a second use up the ports */
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
            break;
        close(fd);
        fd = -1;
        usleep(200000);
    }
    if (fd < 0)
        abort();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if ((!*head || send(fd, head, strlen(head), MSG_NOSIGNAL) > 0) && body.len)
        send(fd, body.data, body.len, MSG_NOSIGNAL);
    if (ended)
        shutdown(fd, SHUT_WR);
    ssize_t n = 1;
    while (len < sizeof reply - 1 && n > 0) {
        do /* the fuzzer's own alarm interrupts */
            n = recv(fd, reply + len, sizeof reply - 1 - len, 0);
        while (n < 0 && errno == EINTR);
        len += n > 0 ? (size_t)n : 0;
    }
    f->late = n < 0 && errno == EAGAIN;
    f->broken = n < 0 && !f->late ? errno : 0;
    close(fd);
    if (!faces_add_up(f)) {
        usleep(20000); /* counted a moment after the answer */
        if (!faces_add_up(f))
            abort();
    }
    return slice_from(reply, len);
}

/* POST with the source's token; the answer's status (0: it came too late), its body in *body_out. */
static inline unsigned faces_post(const char *path, struct slice body, struct slice *body_out)
{
    char head[400];
    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" FACE_TOKEN
             "Content-Length: %zu\r\n\r\n", path, body.len);
    struct slice reply = faces_ask(head, body, false);
    size_t end = slice_find(reply, SLICE("\r\n\r\n"));
    if (faces()->late)
        return 0;
    if (faces()->broken)
        fprintf(stderr, "reading the answer: %s\n", strerror(faces()->broken));
    if (reply.len < 12 || end == reply.len || strncmp(reply.data, "HTTP/1.1 ", 9) != 0)
        abort(); /* whoever asks properly is answered properly */
    *body_out = slice_after(reply, end + 4);
    return (unsigned)strtoul(reply.data + 9, NULL, 10);
}

#endif
