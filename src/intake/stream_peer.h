/* stream_peer - one connection of a stream: its bytes, its TLS, its certificate (private to stream.h).
 *
 * Only the stream's thread touches a peer. What ends it sets `gone` or `hanging_up`;
 * stream_peer_settle() then frees it, and only that.
 */
#ifndef INTAKE_STREAM_PEER_H
#define INTAKE_STREAM_PEER_H

#include <netinet/in.h>

#include "base/clock.h"
#include "intake/stream.h"
#include "intake/tls.h"

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
    size_t own;                         /* bytes that the protocol holds */
    size_t counted;                     /* in the stream's held */
    int64_t heard, told;                /* steady clock; told: of the last acknowledgement */
    uint64_t delivered, acknowledged;
    struct buffer owner;                /* key of the source of a record that comes in pieces */
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
    size_t held;                        /* bytes, by all peers beyond INTAKE_PEER_BYTES each */
    bool crowded;                       /* peers were given up for it, and wait to be freed */
    struct stream_peer *delivering;     /* during collector_add */
    int64_t ticked, complained;         /* complained: the minute of `complaints` began */
    unsigned complaints;                /* said or not */
    unsigned judged;                    /* the roster's generation that certificates were held to */
    bool deaf; /* no descriptor is left: new peers wait in the kernel's queue */

    pthread_mutex_t lock;               /* of what follows: shared with the archive's thread */
    struct batch *stored;               /* whose end we were told of */
    unsigned outside;                   /* batches of which we were not told yet */
};

static inline bool stream_is_shut(const struct stream *stream)
{
    return atomic_load(&stream->listener->intake->shut);
}

/* Whether another line about a connection may be said: anybody can make us say one. */
bool stream_may_complain(struct stream *stream);
/* Watches a connection that was taken, at the head of the stream's list. False: memory, and fd is the
 * caller's still. */
bool stream_peer_open(struct stream *stream, int fd, const char *address);
/* Closes at once; unlinks it. */
void stream_peer_free(struct stream_peer *peer);

/* epoll has said so; settles. */
void stream_peer_ready(struct stream_peer *peer, uint32_t events);
/* Reads what there is, as far as it may. */
void stream_peer_read(struct stream_peer *peer);
/* Lets the protocol eat what there is; it may also hold something of its own. */
void stream_peer_feed(struct stream_peer *peer);
void stream_peer_flush(struct stream_peer *peer);
/* After anything that happened to it: goes on where it was paused, sends, asks epoll for what is next;
 * frees it when it is finished. */
void stream_peer_settle(struct stream_peer *peer);

/* Certificates end, and are revoked, while their connections stand. */
void stream_peers_judge(struct stream *stream);

#endif
