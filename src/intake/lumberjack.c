/* Lumberjack v2, as Beats, Elastic Agent, Logstash and Vector send it (their output "logstash").
 *
 *     '2' 'W' count:u32                    a window of so many events follows
 *     '2' 'J' sequence:u32 length:u32 JSON one event
 *     '2' 'C' length:u32 zlib              frames, compressed; none of them a 'C'
 *     '2' 'A' sequence:u32                 ours: up to here all is stored
 *
 * Numbers are big-endian. The acknowledgement is withheld until the commit; while that takes long,
 * "2A 0" keeps the sender patient. Of a compressed frame, which holds a whole window, no more is inflated
 * at once than an event needs; an event beyond INTAKE_HTTP_LINE_MOST comes in pieces. */
#include <stdlib.h>
#include <zlib.h>

#include "base/clock.h"
#include "intake/stream.h"

#define FRAME_MOST (128u * 1024 * 1024) /* of one event; of what a compressed frame is inflated to */
#define INFLATE_PIECE (64u * 1024)
#define INFLATE_STATE (48u * 1024)      /* what zlib holds */
#define HEADER 6u
#define EVENT_HEADER 10u

/* Delivered, not acknowledged: this many-th record had that sequence; last of its window or not. */
struct sent {
    uint64_t record;
    uint32_t sequence;
    bool last;
};

struct lumberjack {
    uint32_t window, in_window;
    uint32_t sequence, event_left; /* of the event that is being read */
    bool further;               /* a piece of it was delivered */
    bool packed;                /* within a compressed frame */
    bool inflated_all;
    uint32_t packed_left;       /* bytes of it that did not come yet */
    size_t made;                /* bytes that it was inflated to */
    z_stream *z;                /* NULL: none of it came yet */
    struct buffer text;         /* inflated and not eaten */
    size_t eaten;               /* of text */
    struct sent *sent;          /* ring */
    size_t first, count, capacity;
};

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

/* The event, or the next piece of it when it is too long: bytes eaten, 0 when more are needed. */
static size_t eat_event(struct stream_peer *peer, struct lumberjack *l, struct slice bytes)
{
    bool cut = l->event_left > INTAKE_HTTP_LINE_MOST;
    size_t len = cut ? INTAKE_HTTP_LINE_MOST : l->event_left;

    if (bytes.len < len)
        return 0;
    if (!stream_deliver(peer, slice_cut(bytes, 0, len), cut, l->further, false))
        return STREAM_BROKEN;
    l->event_left -= (uint32_t)len;
    l->further = cut;
    if (cut)
        return len;
    l->in_window++;
    struct sent s = { stream_delivered(peer), l->sequence, l->in_window == l->window };
    return remember(l, s) ? len : STREAM_BROKEN;
}

/* What begins here, up to an event's own bytes: eaten, 0 when it is not whole yet, STREAM_BROKEN. */
static size_t eat_head(struct stream_peer *peer, struct lumberjack *l, struct slice bytes)
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
    case 'J':
        if (bytes.len < EVENT_HEADER)
            return 0;
        l->sequence = value;
        l->event_left = number(bytes.data + HEADER);
        if (l->event_left > FRAME_MOST || l->in_window >= l->window)
            return STREAM_BROKEN;
        return l->event_left || eat_event(peer, l, SLICE("")) == 0 ? EVENT_HEADER : STREAM_BROKEN;
    case 'C':
        if (l->packed)
            return STREAM_BROKEN;
        l->packed = true;
        l->packed_left = value;
        l->made = 0;
        return HEADER;
    default: return STREAM_BROKEN;
    }
}

static size_t eat_frame(struct stream_peer *peer, struct lumberjack *l, struct slice bytes)
{
    return l->event_left ? eat_event(peer, l, bytes) : eat_head(peer, l, bytes);
}

/* --- compressed frames ------------------------------------------------------------------------ */

static void end_packed(struct stream_peer *peer, struct lumberjack *l)
{
    if (l->z)
        inflateEnd(l->z);
    free(l->z);
    buffer_free(&l->text);
    l->z = NULL;
    l->eaten = 0;
    l->packed = l->inflated_all = false;
    stream_hold(peer, 0);
}

static bool begin_inflating(struct lumberjack *l)
{
    l->z = calloc(1, sizeof *l->z);
    buffer_init(&l->text, INTAKE_HTTP_LINE_MOST + EVENT_HEADER + 2 * INFLATE_PIECE);
    if (l->z && inflateInit(l->z) == Z_OK)
        return true;
    free(l->z);
    l->z = NULL;
    return false;
}

/* Inflates a piece; *taken_out bytes of packed are done with. False: it is no zlib, or far too much. */
static bool inflate_piece(struct lumberjack *l, struct slice packed, size_t *taken_out)
{
    if (!l->z && !begin_inflating(l))
        return false;
    buffer_drop(&l->text, l->eaten);
    l->eaten = 0;
    char *room = buffer_extend(&l->text, INFLATE_PIECE);
    if (!room)
        return false;
    l->z->next_in = (Bytef *)(uintptr_t)packed.data;
    l->z->avail_in = (uInt)packed.len;
    l->z->next_out = (Bytef *)room;
    l->z->avail_out = INFLATE_PIECE;
    int code = inflate(l->z, Z_NO_FLUSH);
    l->text.len -= l->z->avail_out;
    l->made += INFLATE_PIECE - l->z->avail_out;
    l->inflated_all = code == Z_STREAM_END;
    *taken_out = packed.len - l->z->avail_in;
    return (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) && l->made <= FRAME_MOST;
}

/* The frames in what was inflated, as far as they are whole. False: what they are is broken. */
static bool eat_text(struct stream_peer *peer, struct lumberjack *l)
{
    size_t n = 1;

    while (n && l->eaten < l->text.len && !stream_must_wait(peer)) {
        n = eat_frame(peer, l, slice_after(buffer_slice(&l->text), l->eaten));
        if (n == STREAM_BROKEN)
            return false;
        l->eaten += n;
    }
    return true;
}

/* Of a compressed frame: what is there is inflated and delivered by turns, so that little is held and a
 * peer that must wait can wait in its midst. */
static size_t eat_packed(struct stream_peer *peer, struct lumberjack *l, struct slice bytes)
{
    size_t taken = 0, n, before;

    do {
        if (!eat_text(peer, l))
            return STREAM_BROKEN;
        if (stream_must_wait(peer))
            return taken;
        if (l->inflated_all)
            break;
        before = l->made;
        if (!inflate_piece(l, slice_cut(bytes, taken, taken + l->packed_left), &n))
            return STREAM_BROKEN;
        stream_hold(peer, INFLATE_STATE + l->text.capacity);
        taken += n;
        l->packed_left -= (uint32_t)n;
    } while (n || l->made > before || l->inflated_all);
    if (!l->inflated_all)
        return l->packed_left ? taken : STREAM_BROKEN;
    if (l->eaten < l->text.len || l->event_left)
        return STREAM_BROKEN; /* a frame must not go on outside */
    n = bytes.len - taken < l->packed_left ? bytes.len - taken : l->packed_left; /* behind zlib's end */
    l->packed_left -= (uint32_t)n;
    if (!l->packed_left)
        end_packed(peer, l);
    return taken + n;
}

static size_t feed(struct stream_peer *peer, struct slice bytes, bool ended)
{
    struct lumberjack *l = stream_state(peer);

    (void)ended; /* what was not acknowledged comes again */
    if (l->packed) {
        size_t n = eat_packed(peer, l, bytes);
        if (n || l->packed)
            return n;
    }
    return bytes.len ? eat_frame(peer, l, bytes) : 0;
}

static void close_state(struct stream_peer *peer)
{
    struct lumberjack *l = stream_state(peer);

    end_packed(peer, l);
    free(l->sent);
}

static const struct stream_protocol lumberjack = {
    .name = "lumberjack", .acknowledges = true, .input_most = INTAKE_HTTP_LINE_MOST,
    .state_size = sizeof(struct lumberjack), .feed = feed, .acknowledge = acknowledge,
    .keep_patient = keep_patient, .close = close_state,
};

static const struct stream_protocol lumberjack_tls = {
    .name = "lumberjack", .tls = true, .acknowledges = true,
    .input_most = INTAKE_HTTP_LINE_MOST, .state_size = sizeof(struct lumberjack), .feed = feed,
    .acknowledge = acknowledge, .keep_patient = keep_patient, .close = close_state,
};

bool lumberjack_start(struct listener *listener, int fd, struct error *e)
{
    const struct intake_options *options = &listener->intake->options;
    bool tls = options->tls_certificate && !options->http_clear;

    return stream_start(listener, tls ? &lumberjack_tls : &lumberjack, fd, e);
}
