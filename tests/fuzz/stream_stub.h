/* stream_stub - a stream protocol alone: what it delivers and replies is only held against the bytes it
 * was given. Included by the fuzz targets of the protocols, which include the protocol's .c. */
#include <stdlib.h>

#include "intake/stream.h"

struct stream_peer {
    void *state;
    uint64_t delivered, acknowledged;
    bool hung_up;
};

void *stream_state(struct stream_peer *peer)
{
    return peer->state;
}

bool stream_deliver(struct stream_peer *peer, struct slice raw, bool cut, bool further, bool syslog)
{
    volatile char sum = 0;

    (void)cut, (void)further, (void)syslog;
    for (size_t i = 0; i < raw.len; i++) /* every byte must be readable */
        sum = (char)(sum + raw.data[i]);
    peer->delivered++;
    return true;
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
    return peer->hung_up;
}

void stream_reply(struct stream_peer *peer, struct slice bytes)
{
    (void)peer, (void)bytes;
}

void stream_hold(struct stream_peer *peer, size_t bytes)
{
    (void)peer, (void)bytes;
}

void stream_hang_up(struct stream_peer *peer)
{
    peer->hung_up = true;
}

bool stream_start(struct listener *listener, const struct stream_protocol *protocol, int fd,
                  struct error *e)
{
    (void)listener, (void)protocol, (void)fd;
    return error_set(e, "not here");
}

/* Feeds the bytes in steps, from copies of exactly what is there, and acknowledges now and then. */
static int stub_run(const struct stream_protocol *protocol, const uint8_t *data, size_t size)
{
    struct stream_peer peer = { .state = calloc(1, protocol->state_size) };
    size_t step = size ? (size_t)data[0] + 1 : 1, start = 1, have = 1;

    while (start <= size && have <= size && !peer.hung_up) {
        size_t len = have - start;
        char *exact = malloc(len ? len : 1);
        memcpy(exact, data + start, len);
        size_t n = protocol->feed(&peer, slice_from(exact, len), have == size);
        free(exact);
        if (n == STREAM_BROKEN)
            break;
        if (n > len)
            abort();
        start += n;
        if (n)
            continue;
        peer.acknowledged = peer.delivered / 2;
        protocol->acknowledge(&peer, peer.acknowledged);
        if (have == size)
            break;
        have = have + step > size ? size : have + step;
    }
    protocol->acknowledge(&peer, peer.delivered);
    protocol->close(&peer);
    free(peer.state);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
