/* stream - connections of one stream listener: one thread, epoll, TLS where wanted, protocols as
 * rows.
 *
 * A protocol eats bytes and delivers records; when it acknowledges, it is told how many of a
 * peer's records are stored, in order, and writes its replies. A peer that sends faster than
 * records are stored is not read from, so that its socket slows it.
 */
#ifndef INTAKE_STREAM_H
#define INTAKE_STREAM_H

#include "base/buffer.h"
#include "intake/collector.h"

struct stream_peer;

#define STREAM_BROKEN ((size_t)-1) /* feed(): the peer breaks the protocol, close it */

struct stream_protocol {
    const char *name;
    bool tls;
    bool acknowledges;
    size_t input_most;          /* bytes of input that may wait for the rest of a record */
    size_t state_size;          /* of what the protocol keeps per peer, cleared at the beginning */
    /* Eats from bytes; returns how many, 0 when more are needed. ended: the peer has closed. */
    size_t (*feed)(struct stream_peer *peer, struct slice bytes, bool ended);
    /* `stored` of the peer's records, counted from its beginning, are committed. */
    void (*acknowledge)(struct stream_peer *peer, uint64_t stored);
    /* Records were delivered and are not stored for some seconds: tells the peer to wait. May be
     * NULL. */
    void (*keep_patient)(struct stream_peer *peer);
    /* Frees what the state holds. NULL: nothing. */
    void (*close)(struct stream_peer *peer);
};

/* For the protocols. */
void *stream_state(struct stream_peer *peer);
/* Delivers a record, or a piece of one that is too long (cut: it goes on in the next one; further: it is
 * where the one before goes on, and so of the same source). Its number (from 1) is what acknowledge()
 * counts. False: intake ends. */
bool stream_deliver(struct stream_peer *peer, struct slice raw, bool cut, bool further, bool syslog);
uint64_t stream_delivered(const struct stream_peer *peer);
uint64_t stream_acknowledged(const struct stream_peer *peer);
/* What the protocol itself holds for the peer, in place of what it said before: that counts with the input
 * that waits. When all peers hold too much, those that hold most are closed; only where what was not
 * acknowledged comes again. */
void stream_hold(struct stream_peer *peer, size_t bytes);
/* Too much is not stored yet: deliver no more in this call. */
bool stream_must_wait(const struct stream_peer *peer);
/* Bytes to the peer. */
void stream_reply(struct stream_peer *peer, struct slice bytes);
/* Closes once everything was sent. */
void stream_hang_up(struct stream_peer *peer);

bool stream_start(struct listener *listener, const struct stream_protocol *protocol, int fd,
                  struct error *e);

#endif
