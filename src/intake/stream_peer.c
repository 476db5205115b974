#include "intake/stream_peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define READ_PIECE (64u * 1024)
#define OUTPUT_MOST (1024u * 1024)

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

/* Whose record it is. Its first piece tells: what the others begin with is only text, in which anybody's
 * header may stand. */
static const struct roster_source *source_of(struct stream_peer *peer, struct slice raw, bool cut,
                                             bool further)
{
    struct collector *collector = &peer->stream->collector;
    const struct roster_source *source;

    if (peer->certificate[0])
        return certified_source(peer);
    if (further)
        return collector_source(collector, buffer_slice(&peer->owner));
    source = collector_identify(collector, slice_of(peer->address), raw);
    buffer_free(&peer->owner);
    if (cut && source)
        buffer_add(&peer->owner, source->key);
    return source;
}

bool stream_deliver(struct stream_peer *peer, struct slice raw, bool cut, bool further, bool syslog)
{
    struct stream *stream = peer->stream;
    struct record record = {
        .raw = raw, .received = clock_now(), .flags = cut ? EVENT_CUT : 0, .syslog = syslog,
        .sender = slice_of(peer->address), .protocol = slice_of(stream->protocol->name),
        .source = source_of(peer, raw, cut, further),
    };

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

void stream_hold(struct stream_peer *peer, size_t bytes)
{
    peer->own = bytes;
}

/* --- one peer --------------------------------------------------------------------------------- */

void stream_peer_free(struct stream_peer *peer)
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
    stream->held -= peer->counted;
    atomic_fetch_sub(&stream->listener->figures.connections, 1);
    buffer_free(&peer->input);
    buffer_free(&peer->output);
    buffer_free(&peer->owner);
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

void stream_peer_flush(struct stream_peer *peer)
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

static struct stream_peer *largest(struct stream *stream)
{
    struct stream_peer *found = stream->peers;

    for (struct stream_peer *peer = stream->peers; peer; peer = peer->next)
        if (peer->counted > found->counted ||
            (peer->counted == found->counted && peer->heard < found->heard))
            found = peer;
    return found;
}

/* Whoever is given up sends again what was not acknowledged. He is only marked here: the caller may have
 * others in hand. */
static void count_held(struct stream_peer *peer)
{
    struct stream *stream = peer->stream;
    size_t bytes = peer->input.capacity + peer->own;
    size_t counted = bytes > INTAKE_PEER_BYTES ? bytes - INTAKE_PEER_BYTES : 0;

    stream->held += counted - peer->counted;
    peer->counted = counted;
    while (stream->held > INTAKE_PEERS_BYTES) {
        peer = largest(stream);
        if (stream_may_complain(stream))
            log_warning("%s: %s was given up: all senders together hold too much of records that are not "
                        "whole", stream->protocol->name, peer->address);
        listener_refuse(stream->listener, peer_source(peer), 1);
        stream->held -= peer->counted;
        stream->crowded = true;
        peer->counted = 0;
        peer->gone = true;
    }
}

void stream_peer_feed(struct stream_peer *peer)
{
    const struct stream_protocol *protocol = peer->stream->protocol;

    while (!peer->paused && !peer->gone && !peer->hanging_up) {
        struct slice bytes = slice_after(buffer_slice(&peer->input), peer->eaten);
        size_t n = protocol->feed(peer, bytes, peer->ended);
        if (n == STREAM_BROKEN) {
            char safe[60];
            if (stream_may_complain(peer->stream))
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
    if (protocol->acknowledges && !peer->gone)
        count_held(peer);
}

void stream_peer_read(struct stream_peer *peer)
{
    if (stream_is_shut(peer->stream))
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
        stream_peer_feed(peer);
        if (n <= 0)
            return;
    }
}

static void peer_refuse(struct stream_peer *peer, const char *reason,
                        gnutls_alert_description_t alert)
{
    if (stream_may_complain(peer->stream))
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
    else if ((!known || !known->source_row) && stream_may_complain(peer->stream))
        log_warning("%s: %s shows a valid certificate that no source in force has: its events go to "
                    "quarantine, sha256:%s", peer->stream->protocol->name, peer->address,
                    shown.sha256);
}

void stream_peers_judge(struct stream *stream)
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
        if (stream_may_complain(peer->stream))
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

    if (!peer->ended && !peer->paused && !peer->hanging_up && !stream_is_shut(peer->stream))
        interest |= EPOLLIN;
    if (peer->output.len || (!peer->shaken && tls_wants_write(peer->tls)))
        interest |= EPOLLOUT;
    if (interest == peer->interest)
        return;
    struct epoll_event event = { .events = interest, .data.ptr = peer };
    epoll_ctl(peer->stream->epoll_fd, EPOLL_CTL_MOD, peer->fd, &event);
    peer->interest = interest;
}

void stream_peer_settle(struct stream_peer *peer)
{
    if (peer->paused && peer->delivered - peer->acknowledged < INTAKE_UNACKED / 2 &&
        peer->way_count < OPEN_BATCHES / 2) {
        peer->paused = false;
        stream_peer_feed(peer);
    }
    stream_peer_flush(peer);
    if (peer_finished(peer))
        stream_peer_free(peer);
    else
        peer_watch(peer);
}

void stream_peer_ready(struct stream_peer *peer, uint32_t events)
{
    if (!peer->shaken)
        peer_shake(peer);
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        stream_peer_read(peer);
    if ((events & EPOLLERR) || ((events & EPOLLHUP) && !(events & EPOLLIN)))
        peer->gone = true;
    stream_peer_settle(peer);
}

/* --- a new one -------------------------------------------------------------------------------- */

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

bool stream_peer_open(struct stream *stream, int fd, const char *address)
{
    struct stream_peer *peer = calloc(1, sizeof *peer);
    size_t state = stream->protocol->state_size;

    if (peer)
        peer->state = calloc(1, state ? state : 1);
    if (!peer || !peer->state) {
        free(peer);
        return false;
    }
    keep_alive(fd);
    peer->stream = stream;
    peer->fd = fd;
    snprintf(peer->address, sizeof peer->address, "%s", address);
    peer->heard = peer->told = clock_steady();
    buffer_init(&peer->input, stream->protocol->input_most + 6 * READ_PIECE);
    buffer_init(&peer->output, OUTPUT_MOST);
    buffer_init(&peer->owner, READ_PIECE);
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
