/* Lumberjack v2, as Beats, Elastic Agent, Logstash and Vector send it (their output "logstash").
 *
 *     '2' 'W' count:u32                    a window of so many events follows
 *     '2' 'J' sequence:u32 length:u32 JSON one event
 *     '2' 'C' length:u32 zlib              frames, compressed; none of them a 'C'
 *     '2' 'A' sequence:u32                 ours: up to here all is stored
 *
 * Numbers are big-endian. The acknowledgement is withheld until the commit; while that takes long,
 * "2A 0" keeps the sender patient. What is inflated by all peers together is bounded. */
#include <stdatomic.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/clock.h"
#include "intake/stream.h"

#define EVENT_MOST (1024u * 1024)
#define COMPRESSED_MOST (4u * 1024 * 1024)
#define INFLATED_MOST (16u * 1024 * 1024)
#define ALL_INFLATED_MOST (128u * 1024 * 1024)
#define HEADER 6u

/* Delivered, not acknowledged: this many-th record had that sequence; last of its window or not. */
struct sent {
    uint64_t record;
    uint32_t sequence;
    bool last;
};

struct lumberjack {
    uint32_t window, in_window;
    struct buffer inflated;
    size_t eaten;               /* of inflated */
    struct sent *sent;          /* ring */
    size_t first, count, capacity;
};

static atomic_size_t all_inflated;

static uint32_t number(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* --- acknowledging ---------------------------------------------------------------------------- */

static void reply(struct stream_peer *peer, uint32_t sequence)
{
    char frame[HEADER] = { '2', 'A', (char)(sequence >> 24), (char)(sequence >> 16),
                           (char)(sequence >> 8), (char)sequence };

    stream_reply(peer, slice_from(frame, sizeof frame));
}

static void acknowledge(struct stream_peer *peer, uint64_t stored)
{
    struct lumberjack *l = stream_state(peer);
    uint32_t partial = 0;

    while (l->count && l->sent[l->first].record <= stored) {
        struct sent s = l->sent[l->first];
        l->first = (l->first + 1) % l->capacity;
        l->count--;
        if (s.last)
            reply(peer, s.sequence);
        partial = s.last ? 0 : s.sequence;
    }
    if (partial)
        reply(peer, partial);
}

static void keep_patient(struct stream_peer *peer)
{
    struct lumberjack *l = stream_state(peer);

    if (l->count)
        reply(peer, 0);
}

static bool remember(struct lumberjack *l, struct sent s)
{
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? l->capacity * 2 : 256;
        struct sent *more = calloc(capacity, sizeof *more);
        if (!more)
            return false;
        for (size_t i = 0; i < l->count; i++)
            more[i] = l->sent[(l->first + i) % l->capacity];
        free(l->sent);
        l->sent = more;
        l->first = 0;
        l->capacity = capacity;
    }
    l->sent[(l->first + l->count++) % l->capacity] = s;
    return true;
}

/* --- frames ----------------------------------------------------------------------------------- */

static void forget_inflated(struct lumberjack *l)
{
    if (l->inflated.ceiling)
        atomic_fetch_sub(&all_inflated, INFLATED_MOST);
    buffer_free(&l->inflated);
    l->inflated = (struct buffer){ 0 };
    l->eaten = 0;
}

static bool inflate_frames(struct lumberjack *l, struct slice body)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)body.data, .avail_in = (uInt)body.len };
    int code = Z_OK;

    if (atomic_fetch_add(&all_inflated, INFLATED_MOST) + INFLATED_MOST > ALL_INFLATED_MOST) {
        atomic_fetch_sub(&all_inflated, INFLATED_MOST);
        return false; /* it will come again, when the others are through */
    }
    buffer_init(&l->inflated, INFLATED_MOST);
    l->eaten = 0;
    if (inflateInit(&z) != Z_OK)
        return false;
    while (code == Z_OK) {
        char *room = buffer_extend(&l->inflated, 65536);
        if (!room)
            break;
        z.next_out = (Bytef *)room;
        z.avail_out = 65536;
        code = inflate(&z, Z_NO_FLUSH);
        l->inflated.len -= z.avail_out;
    }
    inflateEnd(&z);
    return code == Z_STREAM_END;
}

static bool deliver(struct stream_peer *peer, struct lumberjack *l, uint32_t sequence,
                    struct slice json)
{
    if (l->in_window >= l->window || !stream_deliver(peer, json, false, false, false))
        return false;
    l->in_window++;
    struct sent s = { stream_delivered(peer), sequence, l->in_window == l->window };
    return remember(l, s);
}

/* One frame at the beginning of bytes: its length, 0 when it is not whole yet, STREAM_BROKEN. */
static size_t eat_frame(struct stream_peer *peer, struct lumberjack *l, struct slice bytes,
                        bool within)
{
    if (bytes.len < HEADER)
        return 0;
    uint32_t value = number(bytes.data + 2);
    if (bytes.data[0] != '2')
        return STREAM_BROKEN;
    switch (bytes.data[1]) {
    case 'W':
        if (value == 0 || value > INTAKE_UNACKED || l->in_window < l->window)
            return STREAM_BROKEN;
        l->window = value;
        l->in_window = 0;
        return HEADER;
    case 'J': {
        if (bytes.len < HEADER + 4)
            return 0;
        uint32_t length = number(bytes.data + HEADER);
        if (length > EVENT_MOST)
            return STREAM_BROKEN;
        if (bytes.len < HEADER + 4 + (size_t)length)
            return 0;
        struct slice json = slice_cut(bytes, HEADER + 4, HEADER + 4 + (size_t)length);
        return deliver(peer, l, value, json) ? HEADER + 4 + (size_t)length : STREAM_BROKEN;
    }
    case 'C':
        if (within || value > COMPRESSED_MOST)
            return STREAM_BROKEN;
        if (bytes.len < HEADER + (size_t)value)
            return 0;
        return inflate_frames(l, slice_cut(bytes, HEADER, HEADER + (size_t)value))
                   ? HEADER + (size_t)value
                   : STREAM_BROKEN;
    default: return STREAM_BROKEN;
    }
}

/* What was inflated goes before what the socket gave; it is eaten frame by frame, so that a peer
 * that must wait can wait in its midst. */
static size_t feed(struct stream_peer *peer, struct slice bytes, bool ended)
{
    struct lumberjack *l = stream_state(peer);

    (void)ended; /* what was not acknowledged comes again */
    while (l->inflated.len > l->eaten) {
        if (stream_must_wait(peer))
            return 0;
        size_t n = eat_frame(peer, l, slice_after(buffer_slice(&l->inflated), l->eaten), true);
        if (n == 0 || n == STREAM_BROKEN)
            return STREAM_BROKEN; /* a frame must not go on outside */
        l->eaten += n;
    }
    if (l->inflated.ceiling)
        forget_inflated(l);
    return bytes.len ? eat_frame(peer, l, bytes, false) : 0;
}

static void close_state(struct stream_peer *peer)
{
    struct lumberjack *l = stream_state(peer);

    forget_inflated(l);
    free(l->sent);
}

static const struct stream_protocol lumberjack = {
    .name = "lumberjack", .acknowledges = true, .input_most = COMPRESSED_MOST + HEADER,
    .state_size = sizeof(struct lumberjack), .feed = feed, .acknowledge = acknowledge,
    .keep_patient = keep_patient, .close = close_state,
};

static const struct stream_protocol lumberjack_tls = {
    .name = "lumberjack", .tls = true, .acknowledges = true,
    .input_most = COMPRESSED_MOST + HEADER, .state_size = sizeof(struct lumberjack), .feed = feed,
    .acknowledge = acknowledge, .keep_patient = keep_patient, .close = close_state,
};

bool lumberjack_start(struct listener *listener, int fd, struct error *e)
{
    const struct intake_options *options = &listener->intake->options;
    bool tls = options->tls_certificate && !options->http_clear;

    return stream_start(listener, tls ? &lumberjack_tls : &lumberjack, fd, e);
}
