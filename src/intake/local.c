/* Sockets of this machine (unix(7)) that local programs write lines to: Suricata's eve-log (filetype
 * unix_stream or unix_dgram), or anything that can. A socket's source stands in the configuration.
 * Lines end at LF; a datagram is one record. There is no acknowledgement: while nothing can be
 * stored, nothing is read, and the writer waits or counts what it dropped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "intake/collector.h"
#include "intake/framing.h"

#define READ_PIECE (64u * 1024)
#define EVENTS_AT_ONCE 32
#define READS_AT_ONCE 16           /* of one writer, then it is the others' turn */

/* A socket that is listened at, or a writer that has connected to one. */
struct local_end {
    struct local_end *next, **link;
    struct intake_socket socket;
    int fd;
    bool accepting;                /* else lines or datagrams are read from fd */
    struct framing framing;
    struct buffer input;
};

struct local {
    struct listener *listener;
    struct collector collector;
    pthread_t thread;
    int epoll_fd, wake_fd;
    struct local_end *ends;
    unsigned writers;
    char *piece;
};

/* --- ends ------------------------------------------------------------------------------------- */

static struct local_end *end_open(struct local *local, const struct intake_socket *socket, int fd,
                                  bool accepting)
{
    struct local_end *end = calloc(1, sizeof *end);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = end };

    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (!end || epoll_ctl(local->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(end);
        close(fd);
        return NULL;
    }
    *end = (struct local_end){ .next = local->ends, .link = &local->ends, .socket = *socket, .fd = fd,
                               .accepting = accepting };
    buffer_init(&end->input, INTAKE_LINE_MOST + 2 * READ_PIECE);
    if (end->next)
        end->next->link = &end->next;
    local->ends = end;
    return end;
}

static void end_close(struct local_end *end)
{
    close(end->fd);
    buffer_free(&end->input);
    *end->link = end->next;
    if (end->next)
        end->next->link = end->link;
    free(end);
}

static void writer_close(struct local *local, struct local_end *end)
{
    end_close(end);
    local->writers--;
    atomic_fetch_sub(&local->listener->figures.connections, 1);
}

/* --- records ---------------------------------------------------------------------------------- */

static void deliver(struct local *local, const struct local_end *end, struct slice line, bool cut)
{
    struct slice key = slice_of(end->socket.source);
    struct record record = {
        .raw = line, .received = clock_now(), .protocol = SLICE("socket"), .sender = SLICE(""),
        .flags = cut ? EVENT_CUT : 0, .source = collector_source(&local->collector, key),
    };

    collector_add(&local->collector, &record);
}

/* Whole lines; what has no end yet waits, unless the writer has left. */
static void deliver_lines(struct local *local, struct local_end *end, bool ended)
{
    struct framing_record record;
    size_t at = 0, eaten;

    for (;;) {
        end->framing = end->framing.line ? end->framing : (struct framing){ .line = true };
        bool found = framing_next(&end->framing, slice_after(buffer_slice(&end->input), at), ended,
                                  &record, &eaten);
        at += eaten;
        if (found && record.bytes.len)
            deliver(local, end, record.bytes, record.cut);
        if (!found && !eaten)
            break;
    }
    buffer_drop(&end->input, at);
}

/* False when the writer is gone. */
static bool read_lines(struct local *local, struct local_end *end)
{
    for (int i = 0; i < READS_AT_ONCE; i++) {
        ssize_t n = recv(end->fd, local->piece, READ_PIECE, MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        buffer_add(&end->input, slice_from(local->piece, (size_t)n));
        deliver_lines(local, end, n == 0);
        if (n == 0 || end->input.failed)
            return false;
    }
    return true;
}

static void read_datagrams(struct local *local, struct local_end *end)
{
    for (int i = 0; i < READS_AT_ONCE * 4; i++) {
        ssize_t n = recv(end->fd, local->piece, READ_PIECE, MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0)
            return;
        bool cut = (size_t)n > READ_PIECE;
        struct slice text = slice_from(local->piece, cut ? READ_PIECE : (size_t)n);
        while (text.len && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\0'))
            text.len--;
        if (text.len)
            deliver(local, end, text, cut);
    }
}

static void accept_writer(struct local *local, struct local_end *end)
{
    int fd = accept4(end->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (local->writers >= INTAKE_LOCAL_WRITERS) {
        log_warning("%s: a writer was turned away: there are %u", end->socket.path, local->writers);
        listener_refuse(local->listener, NULL, 1);
        close(fd);
    } else if (end_open(local, &end->socket, fd, false)) {
        local->writers++;
        atomic_fetch_add(&local->listener->figures.connections, 1);
    }
}

/* --- the thread ------------------------------------------------------------------------------- */

static void ready(struct local *local, struct local_end *end)
{
    if (end->accepting)
        accept_writer(local, end);
    else if (end->socket.datagram)
        read_datagrams(local, end);
    else if (!read_lines(local, end))
        writer_close(local, end);
}

static void *local_run(void *user)
{
    struct local *local = user;
    struct intake *intake = local->listener->intake;
    struct epoll_event events[EVENTS_AT_ONCE];

    roster_wait(intake);
    while (!atomic_load(&intake->stopping)) {
        int wait = collector_flush(&local->collector);
        if (atomic_load(&intake->shut)) { /* nothing is read: the writers wait */
            usleep(100000);
            continue;
        }
        int n = epoll_wait(local->epoll_fd, events, EVENTS_AT_ONCE,
                           wait < 0 || wait > 1000 ? 1000 : wait);
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                ready(local, events[i].data.ptr);
    }
    for (struct local_end *end = local->ends, *next; end; end = next) { /* what had arrived */
        next = end->next;
        if (!end->accepting)
            ready(local, end);
    }
    collector_end(&local->collector);
    return NULL;
}

static void local_free(struct local *local)
{
    while (local->ends)
        end_close(local->ends);
    if (local->epoll_fd >= 0)
        close(local->epoll_fd);
    if (local->wake_fd >= 0)
        close(local->wake_fd);
    free(local->piece);
    free(local);
}

bool local_start(struct listener *listener, int fd, struct error *e)
{
    const struct intake_options *options = &listener->intake->options;
    struct local *local = calloc(1, sizeof *local);
    bool ok = local != NULL;

    (void)fd;
    if (ok) {
        struct epoll_event waking = { .events = EPOLLIN };
        local->listener = listener;
        local->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        local->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        local->piece = malloc(READ_PIECE);
        ok = local->epoll_fd >= 0 && local->wake_fd >= 0 && local->piece &&
             epoll_ctl(local->epoll_fd, EPOLL_CTL_ADD, local->wake_fd, &waking) == 0;
    }
    for (size_t i = 0; i < options->socket_count; i++) { /* each is closed in any case */
        const struct intake_socket *socket = &options->sockets[i];
        if (!ok)
            close(socket->fd);
        else
            ok = end_open(local, socket, socket->fd, !socket->datagram) != NULL;
    }
    if (ok) {
        collector_init(&local->collector, listener);
        ok = pthread_create(&local->thread, NULL, local_run, local) == 0;
    }
    if (!ok) {
        if (local)
            local_free(local);
        return error_set(e, "a listener's thread does not start");
    }
    listener->own = local;
    return true;
}

void local_stop(struct listener *listener)
{
    struct local *local = listener->own;
    uint64_t one = 1;

    if (write(local->wake_fd, &one, sizeof one) < 0)
        log_debug("a listener is awake already");
    pthread_join(local->thread, NULL);
    local_free(local);
    listener->own = NULL;
}
