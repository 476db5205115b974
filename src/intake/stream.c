#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "intake/stream_peer.h"

#define EVENTS_AT_ONCE 64
#define PATIENCE (3 * CLOCK_SECOND) /* of a sender that waits for its acknowledgement */

/* What a batch of an acknowledging stream carries: its owner. */
struct stream_batch {
    struct stream *stream;
    uint64_t number;
    bool failed;
};

/* --- what was stored -------------------------------------------------------------------------- */

/* In the archive's thread. */
static void batch_stored(struct batch *batch, const struct error *error)
{
    struct stream_batch *mark = batch->owner;
    struct stream *stream = mark->stream;
    uint64_t one = 1;

    mark->failed = error != NULL;
    listener_settle(stream->listener, batch, error);
    pthread_mutex_lock(&stream->lock);
    batch->next = stream->stored;
    stream->stored = batch;
    if (write(stream->wake_fd, &one, sizeof one) < 0)
        log_debug("a listener is awake already");
    pthread_mutex_unlock(&stream->lock);
}

static void batch_begun(void *user, struct batch *batch)
{
    struct stream *stream = user;
    struct stream_batch *mark = arena_alloc(&batch->arena, sizeof *mark);

    if (!mark)
        return; /* nobody will be told: its peers get no acknowledgement, and send again */
    *mark = (struct stream_batch){ stream, ++stream->last_batch, false };
    batch->owner = mark;
    batch->stored = batch_stored;
    pthread_mutex_lock(&stream->lock);
    stream->outside++;
    pthread_mutex_unlock(&stream->lock);
}

static void batch_took(void *user, struct batch *batch)
{
    struct stream *stream = user;
    struct stream_peer *peer = stream->delivering;
    const struct stream_batch *mark = batch->owner;

    peer->delivered++;
    for (unsigned i = 0; mark && i < peer->way_count; i++)
        if (peer->ways[i].batch == mark->number)
            return;
    if (peer->way_count == OPEN_BATCHES || !mark) {
        peer->hanging_up = true; /* cannot be acknowledged any more: let it send again */
        return;
    }
    peer->ways[peer->way_count++] = (struct on_its_way){ mark->number, peer->delivered };
    peer->paused = peer->paused || peer->way_count == OPEN_BATCHES;
}

/* All records before the first one that is still on its way are stored. */
static void acknowledge(struct stream_peer *peer)
{
    uint64_t stored = peer->delivered;

    for (unsigned i = 0; i < peer->way_count; i++)
        if (peer->ways[i].first - 1 < stored)
            stored = peer->ways[i].first - 1;
    if (stored > peer->acknowledged) {
        peer->acknowledged = stored;
        peer->told = clock_steady();
        peer->stream->protocol->acknowledge(peer, stored);
    }
}

static void settle(struct stream *stream, const struct stream_batch *mark)
{
    for (struct stream_peer *peer = stream->peers; peer; peer = peer->next)
        for (unsigned i = 0; i < peer->way_count; i++) {
            if (peer->ways[i].batch != mark->number)
                continue;
            if (mark->failed) {
                peer->gone = true; /* no acknowledgement: it sends again */
                break;
            }
            peer->ways[i] = peer->ways[--peer->way_count];
            acknowledge(peer);
            break;
        }
}

static void take_stored(struct stream *stream)
{
    uint64_t count;
    struct batch *list, *ordered = NULL;

    if (read(stream->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_warning("a listener's wake-up failed");
    pthread_mutex_lock(&stream->lock);
    list = stream->stored;
    stream->stored = NULL;
    pthread_mutex_unlock(&stream->lock);
    while (list) { /* the newest came first */
        struct batch *next = list->next;
        list->next = ordered;
        ordered = list;
        list = next;
    }
    unsigned told = 0;
    while (ordered) {
        struct batch *next = ordered->next;
        settle(stream, ordered->owner);
        batch_free(&ordered);
        ordered = next;
        told++;
    }
    pthread_mutex_lock(&stream->lock);
    stream->outside -= told;
    pthread_mutex_unlock(&stream->lock);
}

/* --- new peers -------------------------------------------------------------------------------- */

static void read_address(const struct sockaddr_storage *address, char *text, size_t size)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

    if (address->ss_family == AF_INET)
        inet_ntop(AF_INET, &in->sin_addr, text, (socklen_t)size);
    else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, (socklen_t)size);
    else if (address->ss_family == AF_INET6)
        inet_ntop(AF_INET6, &in6->sin6_addr, text, (socklen_t)size);
}

static bool too_many(struct stream *stream, const char *address)
{
    unsigned same = 0;

    for (struct stream_peer *peer = stream->peers; peer; peer = peer->next)
        same += strcmp(peer->address, address) == 0;
    return stream->peer_count >= INTAKE_PEERS || same >= INTAKE_PEERS_ADDRESS;
}

static void listen_or_not(struct stream *stream, bool deaf)
{
    struct epoll_event event = { .events = deaf ? 0 : EPOLLIN, .data.ptr = &stream->fd };

    if (stream->deaf == deaf)
        return;
    if (deaf)
        log_warning("%s: no descriptor is left for new connections: they wait",
                    stream->protocol->name);
    stream->deaf = deaf;
    epoll_ctl(stream->epoll_fd, EPOLL_CTL_MOD, stream->fd, &event);
}

static void accept_peers(struct stream *stream)
{
    for (int i = 0; i < 32; i++) {
        struct sockaddr_storage address;
        socklen_t len = sizeof address;
        char text[INET6_ADDRSTRLEN] = "";
        int fd = accept4(stream->fd, (struct sockaddr *)&address, &len,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                listen_or_not(stream, true); /* else epoll would not let us sleep */
            return;
        }
        read_address(&address, text, sizeof text);
        if (too_many(stream, text) || !stream_peer_open(stream, fd, text)) {
            listener_refuse(stream->listener, NULL, 1);
            if (stream_may_complain(stream))
                log_warning("%s: a connection from %s was turned away: there are %u",
                            stream->protocol->name, text, stream->peer_count);
            close(fd);
        }
    }
}

/* --- the thread ------------------------------------------------------------------------------- */

bool stream_may_complain(struct stream *stream)
{
    return ++stream->complaints <= INTAKE_COMPLAINTS;
}

static void complain_anew(struct stream *stream, int64_t now)
{
    if (now - stream->complained < CLOCK_MINUTE)
        return;
    if (stream->complaints > INTAKE_COMPLAINTS)
        log_warning("%s: %u more connections were refused or broke off within a minute",
                    stream->protocol->name, stream->complaints - INTAKE_COMPLAINTS);
    stream->complaints = 0;
    stream->complained = now;
}

/* Peers that are half-way in a record, in a handshake, or silent for too long. */
static void tick(struct stream *stream)
{
    int64_t now = clock_steady();

    if (now - stream->ticked < CLOCK_SECOND)
        return;
    stream->ticked = now;
    complain_anew(stream, now);
    listen_or_not(stream, false);
    if (stream->tls)
        stream_peers_judge(stream);
    for (struct stream_peer *peer = stream->peers, *next; peer; peer = next) {
        next = peer->next;
        if (peer->way_count && stream->protocol->keep_patient && now - peer->told > PATIENCE) {
            peer->told = now;
            stream->protocol->keep_patient(peer);
        }
        bool partial = !peer->shaken || peer->input.len > peer->eaten || peer->own;
        int64_t most = partial ? INTAKE_PARTIAL_SECONDS : INTAKE_IDLE_SECONDS;
        bool ours = peer->paused || peer->way_count || stream_is_shut(stream); /* it waits for us */
        if (!ours && now - peer->heard > most * CLOCK_SECOND) {
            peer->ended = true;
            stream_peer_feed(peer);
            peer->hanging_up = true;
        }
        stream_peer_settle(peer);
    }
}

static void settle_all(struct stream *stream)
{
    for (struct stream_peer *peer = stream->peers, *next; peer; peer = next) {
        next = peer->next;
        stream_peer_settle(peer);
    }
}

static void handle_events(struct stream *stream, struct epoll_event *events, int n)
{
    bool stored = false, settle;

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &stream->fd)
            accept_peers(stream);
        else if (events[i].data.ptr == &stream->wake_fd)
            stored = true;
        else
            stream_peer_ready(events[i].data.ptr, events[i].events);
    }
    if (stored)
        take_stored(stream);
    settle = stored || stream->crowded;
    stream->crowded = false;
    if (settle)
        settle_all(stream);
    tick(stream);
}

/* No more from anybody; what has arrived is delivered; then the acknowledgements go out. */
static void finish(struct stream *stream)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int64_t until = clock_steady() + 10 * CLOCK_SECOND;

    epoll_ctl(stream->epoll_fd, EPOLL_CTL_DEL, stream->fd, NULL);
    if (!stream->protocol->acknowledges) /* others send again what was not answered */
        for (struct stream_peer *peer = stream->peers; peer; peer = peer->next) {
            stream_peer_read(peer);
            peer->ended = true;
            stream_peer_feed(peer);
        }
    collector_flush_all(&stream->collector);
    for (;;) {
        pthread_mutex_lock(&stream->lock);
        unsigned outside = stream->outside;
        pthread_mutex_unlock(&stream->lock);
        if (outside == 0)
            break;
        int n = epoll_wait(stream->epoll_fd, events, EVENTS_AT_ONCE, 100);
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr == &stream->wake_fd) {
                take_stored(stream);
                settle_all(stream);
            }
        if (clock_steady() > until && queue_closed(stream->listener->intake->out))
            break;
    }
    while (stream->peers) {
        stream_peer_flush(stream->peers);
        stream_peer_free(stream->peers);
    }
    collector_end(&stream->collector);
}

static void *stream_run(void *user)
{
    struct stream *stream = user;
    struct epoll_event events[EVENTS_AT_ONCE];

    roster_wait(stream->listener->intake);
    while (!atomic_load(&stream->listener->intake->stopping)) {
        int wait = collector_flush(&stream->collector);
        int n = epoll_wait(stream->epoll_fd, events, EVENTS_AT_ONCE,
                           wait < 0 || wait > 1000 ? 1000 : wait);
        handle_events(stream, events, n > 0 ? n : 0);
    }
    finish(stream);
    return NULL;
}

static void stream_free(struct stream *stream)
{
    if (stream->epoll_fd >= 0)
        close(stream->epoll_fd);
    if (stream->wake_fd >= 0)
        close(stream->wake_fd);
    close(stream->fd);
    tls_server_free(&stream->tls);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

static bool watch(struct stream *stream)
{
    struct epoll_event listening = { .events = EPOLLIN, .data.ptr = &stream->fd };
    struct epoll_event waking = { .events = EPOLLIN, .data.ptr = &stream->wake_fd };

    stream->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    stream->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fcntl(stream->fd, F_SETFL, fcntl(stream->fd, F_GETFL) | O_NONBLOCK);
    return stream->epoll_fd >= 0 && stream->wake_fd >= 0 &&
           epoll_ctl(stream->epoll_fd, EPOLL_CTL_ADD, stream->fd, &listening) == 0 &&
           epoll_ctl(stream->epoll_fd, EPOLL_CTL_ADD, stream->wake_fd, &waking) == 0;
}

bool stream_start(struct listener *listener, const struct stream_protocol *protocol, int fd,
                  struct error *e)
{
    const struct intake_options *options = &listener->intake->options;
    struct stream *stream = calloc(1, sizeof *stream);

    if (!stream) {
        close(fd);
        return error_set(e, "not enough memory for a listener");
    }
    stream->listener = listener;
    stream->protocol = protocol;
    stream->fd = fd;
    stream->epoll_fd = stream->wake_fd = -1;
    pthread_mutex_init(&stream->lock, NULL);
    collector_init(&stream->collector, listener);
    stream->collector.user = stream;
    if (protocol->acknowledges) {
        stream->collector.begun = batch_begun;
        stream->collector.took = batch_took;
    }
    bool ok = true;
    if (protocol->tls)
        ok = tls_server_new(options->tls_certificate, options->tls_key, options->tls_clients,
                            options->tls_client_required, &stream->tls, e);
    if (ok && (!watch(stream) || pthread_create(&stream->thread, NULL, stream_run, stream) != 0))
        ok = error_set(e, "a listener's thread does not start");
    if (!ok) {
        stream_free(stream);
        return false;
    }
    listener->own = stream;
    return true;
}

void stream_stop(struct listener *listener)
{
    struct stream *stream = listener->own;
    uint64_t one = 1;

    if (write(stream->wake_fd, &one, sizeof one) < 0)
        log_debug("a listener is awake already");
    pthread_join(stream->thread, NULL);
    stream_free(stream);
    listener->own = NULL;
}
