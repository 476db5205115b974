#include "intake/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "intake/tls.h"

#define READ_PIECE (64u * 1024)
#define OUTPUT_MOST (1024u * 1024)
#define EVENTS_AT_ONCE 64
#define PATIENCE (3 * CLOCK_SECOND) /* of a sender that waits for its acknowledgement */
#define OPEN_BATCHES (INTAKE_CLASSES * 8u) /* of one peer that are not stored yet */

/* Records of this peer from `first` on are in that batch, which is on its way. */
struct on_its_way {
    uint64_t batch, first;
};

struct stream_peer {
    struct stream *stream;
    struct stream_peer *next, **link;   /* of the stream's list */
    int fd;
    char address[INET6_ADDRSTRLEN];
    struct tls_session *tls;
    char certificate[HTTP_FINGERPRINT_TEXT]; /* of the one that it showed; "" none */
    int64_t certificate_until;
    bool shaken;                        /* the handshake is done (or there is none) */
    bool ended;                         /* the peer has closed its side */
    bool hanging_up, gone;
    bool paused;                        /* too much is not stored yet */
    uint32_t interest;                  /* in epoll */
    struct buffer input, output;
    size_t eaten;                       /* of input */
    int64_t heard, told;                /* steady clock; told: of the last acknowledgement */
    uint64_t delivered, acknowledged;
    struct on_its_way ways[OPEN_BATCHES];
    unsigned way_count;
    void *state;
};

struct stream {
    struct listener *listener;
    const struct stream_protocol *protocol;
    struct collector collector;
    struct tls_server *tls;
    pthread_t thread;
    int fd, epoll_fd, wake_fd;
    struct stream_peer *peers;
    unsigned peer_count;
    uint64_t last_batch;
    struct stream_peer *delivering;     /* during collector_add */
    int64_t ticked;
    unsigned judged;                    /* the roster's generation that certificates were held to */
    bool deaf; /* no descriptor is left: new peers wait in the kernel's queue */

    pthread_mutex_t lock;               /* of what follows: shared with the archive's thread */
    struct batch *stored;               /* whose end we were told of */
    unsigned outside;                   /* batches of which we were not told yet */
};

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

/* --- for the protocols ------------------------------------------------------------------------ */

void *stream_state(struct stream_peer *peer)
{
    return peer->state;
}

uint64_t stream_delivered(const struct stream_peer *peer)
{
    return peer->delivered;
}

uint64_t stream_acknowledged(const struct stream_peer *peer)
{
    return peer->acknowledged;
}

bool stream_must_wait(const struct stream_peer *peer)
{
    return peer->paused || peer->gone || peer->hanging_up;
}

/* Who shows a certificate is what it says, or unknown: never what its address would say. */
static const struct roster_source *certified_source(struct stream_peer *peer)
{
    const struct roster_certificate *known =
        collector_certificate(&peer->stream->collector, slice_of(peer->certificate));

    return known && !known->revoked ? known->source_row : NULL;
}

bool stream_deliver(struct stream_peer *peer, struct slice raw, uint32_t flags, bool syslog)
{
    struct stream *stream = peer->stream;
    struct record record = {
        .raw = raw, .received = clock_now(), .flags = flags, .syslog = syslog,
        .sender = slice_of(peer->address), .protocol = slice_of(stream->protocol->name),
    };

    record.source = peer->certificate[0]
                        ? certified_source(peer)
                        : collector_identify(&stream->collector, record.sender, raw);
    stream->delivering = peer;
    bool ok = collector_add(&stream->collector, &record);
    if (!ok)
        peer->gone = true;
    if (stream->protocol->acknowledges &&
        peer->delivered - peer->acknowledged >= INTAKE_UNACKED)
        peer->paused = true;
    return ok;
}

void stream_reply(struct stream_peer *peer, struct slice bytes)
{
    buffer_add(&peer->output, bytes);
    if (peer->output.failed)
        peer->gone = true; /* it does not read its replies */
}

void stream_hang_up(struct stream_peer *peer)
{
    peer->hanging_up = true;
}

/* --- one peer --------------------------------------------------------------------------------- */

static void peer_free(struct stream_peer *peer)
{
    struct stream *stream = peer->stream;

    if (stream->protocol->close)
        stream->protocol->close(peer);
    if (peer->tls) {
        if (peer->shaken && !peer->gone)
            tls_bye(peer->tls);
        tls_session_free(&peer->tls);
    }
    close(peer->fd);
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    stream->peer_count--;
    atomic_fetch_sub(&stream->listener->figures.connections, 1);
    buffer_free(&peer->input);
    buffer_free(&peer->output);
    free(peer->state);
    free(peer);
}

static long peer_recv(struct stream_peer *peer, void *out, size_t size)
{
    if (peer->tls)
        return tls_read(peer->tls, out, size);
    ssize_t n = recv(peer->fd, out, size, MSG_DONTWAIT);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EINTR ? TLS_AGAIN : TLS_FAILED;
}

static long peer_send(struct stream_peer *peer, const void *bytes, size_t size)
{
    if (peer->tls)
        return tls_write(peer->tls, bytes, size);
    ssize_t n = send(peer->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EINTR ? TLS_AGAIN : TLS_FAILED;
}

static void peer_flush(struct stream_peer *peer)
{
    while (peer->shaken && peer->output.len && !peer->gone) {
        long n = peer_send(peer, peer->output.data, peer->output.len);
        if (n == TLS_FAILED)
            peer->gone = true;
        if (n <= 0)
            return;
        buffer_drop(&peer->output, (size_t)n);
    }
}

/* Whose connection it is, as far as its address tells. */
static const struct roster_source *peer_source(struct stream_peer *peer)
{
    return collector_identify(&peer->stream->collector, slice_of(peer->address), SLICE(""));
}

/* Lets the protocol eat what there is; it may also hold something of its own. */
static void peer_feed(struct stream_peer *peer)
{
    const struct stream_protocol *protocol = peer->stream->protocol;

    while (!peer->paused && !peer->gone && !peer->hanging_up) {
        struct slice bytes = slice_after(buffer_slice(&peer->input), peer->eaten);
        size_t n = protocol->feed(peer, bytes, peer->ended);
        if (n == STREAM_BROKEN) {
            char safe[60];
            log_warning("%s: %s breaks the protocol near '%s'", protocol->name, peer->address,
                        log_printable(slice_cut(bytes, 0, 20), safe, sizeof safe));
            listener_refuse(peer->stream->listener, peer_source(peer), 1);
            peer->hanging_up = true;
            break;
        }
        if (n == 0)
            break;
        peer->eaten += n;
    }
    if (peer->eaten == peer->input.len) {
        buffer_free(&peer->input); /* thousands of idle peers hold none */
        peer->eaten = 0;
    } else if (peer->eaten >= READ_PIECE) {
        buffer_drop(&peer->input, peer->eaten);
        peer->eaten = 0;
    }
}

static bool is_shut(const struct stream *stream)
{
    return atomic_load(&stream->listener->intake->shut);
}

static void peer_read(struct stream_peer *peer)
{
    if (is_shut(peer->stream))
        return; /* peer_watch stops asking */
    for (int piece = 0; piece < 4 && !peer->paused && !peer->gone && !peer->hanging_up; piece++) {
        size_t before = peer->input.len;
        char *room = buffer_extend(&peer->input, READ_PIECE);
        if (!room) {
            peer->gone = true;
            return;
        }
        long n = peer_recv(peer, room, READ_PIECE);
        peer->input.len = before + (n > 0 ? (size_t)n : 0);
        if (n == TLS_AGAIN)
            return;
        if (n == TLS_FAILED)
            peer->gone = true;
        if (n <= 0)
            peer->ended = true;
        peer->heard = clock_steady();
        peer_feed(peer);
        if (n <= 0)
            return;
    }
}

static void peer_refuse(struct stream_peer *peer, const char *reason,
                        gnutls_alert_description_t alert)
{
    log_warning("%s: %s was turned away: %s%s%s", peer->stream->protocol->name, peer->address,
                reason, peer->certificate[0] ? ", sha256:" : "", peer->certificate);
    listener_refuse(peer->stream->listener, NULL, 1);
    tls_refuse(peer->tls, alert);
    peer->gone = true;
}

/* Right after the handshake. */
static void peer_admit(struct stream_peer *peer)
{
    struct http_certificate shown;

    tls_peer(peer->tls, &shown);
    snprintf(peer->certificate, sizeof peer->certificate, "%s", shown.sha256);
    peer->certificate_until = shown.until;
    if (!shown.shown)
        return;
    const struct roster_certificate *known =
        collector_certificate(&peer->stream->collector, slice_of(shown.sha256));
    if (shown.fault)
        peer_refuse(peer, shown.fault, shown.alert);
    else if (known && known->revoked)
        peer_refuse(peer, "the client certificate is revoked", GNUTLS_A_CERTIFICATE_REVOKED);
    else if (!known || !known->source_row)
        log_warning("%s: %s shows a valid certificate that no source in force has: its events go to "
                    "quarantine, sha256:%s", peer->stream->protocol->name, peer->address,
                    shown.sha256);
}

/* Certificates end, and are revoked, while their connections stand. */
static void judge_again(struct stream *stream)
{
    unsigned generation = atomic_load(&stream->listener->intake->roster_generation);
    int64_t now = clock_now();

    for (struct stream_peer *peer = stream->peers; peer; peer = peer->next) {
        const struct roster_certificate *known;
        if (!peer->certificate[0] || !peer->shaken || peer->gone)
            continue;
        if (peer->certificate_until < now)
            peer_refuse(peer, "the client certificate has expired", GNUTLS_A_CERTIFICATE_EXPIRED);
        else if (generation != stream->judged &&
                 (known = collector_certificate(&stream->collector,
                                                slice_of(peer->certificate))) && known->revoked)
            peer_refuse(peer, "the client certificate is revoked", GNUTLS_A_CERTIFICATE_REVOKED);
    }
    stream->judged = generation;
}

static void peer_shake(struct stream_peer *peer)
{
    const char *reason = "";
    int code = tls_handshake(peer->tls, &reason);

    if (code == 1) {
        peer->shaken = true;
        peer_admit(peer);
    } else if (code == TLS_FAILED) {
        log_warning("%s: TLS with %s failed: %s", peer->stream->protocol->name, peer->address,
                    reason);
        listener_refuse(peer->stream->listener, NULL, 1);
        peer->gone = true;
    }
}

/* Done with it? A peer that has closed still gets its acknowledgements. */
static bool peer_finished(const struct stream_peer *peer)
{
    if (peer->gone)
        return true;
    if (peer->output.len)
        return false;
    if (peer->hanging_up)
        return true;
    bool waiting = peer->stream->protocol->acknowledges && peer->way_count;
    return peer->ended && !peer->paused && !waiting;
}

static void peer_watch(struct stream_peer *peer)
{
    uint32_t interest = 0;

    if (!peer->ended && !peer->paused && !peer->hanging_up && !is_shut(peer->stream))
        interest |= EPOLLIN;
    if (peer->output.len || (!peer->shaken && tls_wants_write(peer->tls)))
        interest |= EPOLLOUT;
    if (interest == peer->interest)
        return;
    struct epoll_event event = { .events = interest, .data.ptr = peer };
    epoll_ctl(peer->stream->epoll_fd, EPOLL_CTL_MOD, peer->fd, &event);
    peer->interest = interest;
}

/* After anything that happened to it. */
static void peer_settle(struct stream_peer *peer)
{
    if (peer->paused && peer->delivered - peer->acknowledged < INTAKE_UNACKED / 2 &&
        peer->way_count < OPEN_BATCHES / 2) {
        peer->paused = false;
        peer_feed(peer);
    }
    peer_flush(peer);
    if (peer_finished(peer))
        peer_free(peer);
    else
        peer_watch(peer);
}

static void peer_ready(struct stream_peer *peer, uint32_t events)
{
    if (!peer->shaken)
        peer_shake(peer);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        peer_read(peer);
    if ((events & EPOLLERR) || ((events & EPOLLHUP) && !(events & EPOLLIN)))
        peer->gone = true;
    peer_settle(peer);
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

/* A sender whose machine died says nothing; the kernel asks for us. */
static void keep_alive(int fd)
{
    int on = 1, idle = 120, interval = 30, count = 4;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static bool peer_open(struct stream *stream, int fd, const char *address)
{
    struct stream_peer *peer = calloc(1, sizeof *peer);
    size_t state = stream->protocol->state_size;

    if (peer)
        peer->state = calloc(1, state ? state : 1);
    if (!peer || !peer->state) {
        free(peer);
        return false;
    }
    peer->stream = stream;
    peer->fd = fd;
    snprintf(peer->address, sizeof peer->address, "%s", address);
    peer->heard = peer->told = clock_steady();
    buffer_init(&peer->input, stream->protocol->input_most + 6 * READ_PIECE);
    buffer_init(&peer->output, OUTPUT_MOST);
    peer->shaken = !stream->tls;
    if (stream->tls)
        peer->tls = tls_session_new(stream->tls, fd);
    peer->interest = EPOLLIN;
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
    if ((stream->tls && !peer->tls) ||
        epoll_ctl(stream->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        tls_session_free(&peer->tls);
        free(peer->state);
        free(peer);
        return false;
    }
    peer->next = stream->peers;
    peer->link = &stream->peers;
    if (peer->next)
        peer->next->link = &peer->next;
    stream->peers = peer;
    stream->peer_count++;
    atomic_fetch_add(&stream->listener->figures.connections, 1);
    return true;
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
        keep_alive(fd);
        if (too_many(stream, text) || !peer_open(stream, fd, text)) {
            listener_refuse(stream->listener, NULL, 1);
            log_warning("%s: a connection from %s was turned away: there are %u",
                        stream->protocol->name, text, stream->peer_count);
            close(fd);
        }
    }
}

/* --- the thread ------------------------------------------------------------------------------- */

/* Peers that are half-way in a record, in a handshake, or silent for too long. */
static void tick(struct stream *stream)
{
    int64_t now = clock_steady();

    if (now - stream->ticked < CLOCK_SECOND)
        return;
    stream->ticked = now;
    listen_or_not(stream, false);
    if (stream->tls)
        judge_again(stream);
    for (struct stream_peer *peer = stream->peers, *next; peer; peer = next) {
        next = peer->next;
        if (peer->way_count && stream->protocol->keep_patient && now - peer->told > PATIENCE) {
            peer->told = now;
            stream->protocol->keep_patient(peer);
        }
        bool partial = !peer->shaken || peer->input.len > peer->eaten;
        int64_t most = partial ? INTAKE_PARTIAL_SECONDS : INTAKE_IDLE_SECONDS;
        bool ours = peer->paused || peer->way_count || is_shut(stream); /* it waits for us */
        if (!ours && now - peer->heard > most * CLOCK_SECOND) {
            peer->ended = true;
            peer_feed(peer);
            peer->hanging_up = true;
        }
        peer_settle(peer);
    }
}

static void settle_all(struct stream *stream)
{
    for (struct stream_peer *peer = stream->peers, *next; peer; peer = next) {
        next = peer->next;
        peer_settle(peer);
    }
}

static void handle_events(struct stream *stream, struct epoll_event *events, int n)
{
    bool stored = false;

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &stream->fd)
            accept_peers(stream);
        else if (events[i].data.ptr == &stream->wake_fd)
            stored = true;
        else
            peer_ready(events[i].data.ptr, events[i].events);
    }
    if (stored) {
        take_stored(stream);
        settle_all(stream);
    }
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
            peer_read(peer);
            peer->ended = true;
            peer_feed(peer);
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
        peer_flush(stream->peers);
        peer_free(stream->peers);
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
