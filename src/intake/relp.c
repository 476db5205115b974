/* RELP: "TXNR SP COMMAND SP DATALEN [SP DATA] LF" (librelp's doc/relp.md). A syslog command is
 * answered "200 OK" after its event is stored, in order: so a stock rsyslog with omrelp loses
 * nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "intake/stream.h"

#define DATA_MOST (256u * 1024)   /* librelp's default is 128 KiB */
#define HEADER_MOST 64u

enum command { COMMAND_OPEN, COMMAND_SYSLOG, COMMAND_CLOSE, COMMAND_OTHER };

/* A command that waits until its last record is stored. */
struct waiting {
    uint32_t transaction;
    enum command command;
    uint64_t record;
};

struct relp {
    struct waiting *waiting;    /* ring */
    size_t first, count, capacity;
    bool opened;
};

struct frame {
    uint32_t transaction;
    enum command command;
    struct slice data;
    size_t length;              /* of the whole frame */
};

/* --- reading ---------------------------------------------------------------------------------- */

static bool read_word(struct slice *rest, char ending, struct slice *word)
{
    size_t n = slice_find_byte(slice_cut(*rest, 0, 33), ending);

    if (n == rest->len || n > 32)
        return false;
    *word = slice_cut(*rest, 0, n);
    *rest = slice_after(*rest, n + 1);
    return true;
}

static enum command command_of(struct slice word)
{
    if (slice_is(word, "syslog"))
        return COMMAND_SYSLOG;
    if (slice_is(word, "open"))
        return COMMAND_OPEN;
    return slice_is(word, "close") ? COMMAND_CLOSE : COMMAND_OTHER;
}

/* 1: a frame; 0: more is needed; -1: that is no RELP. */
static int read_frame(struct slice bytes, struct frame *frame)
{
    struct slice rest = bytes, number, command;
    uint64_t transaction, length = 0;
    size_t digits = 0;

    if (!read_word(&rest, ' ', &number) || !read_word(&rest, ' ', &command))
        return bytes.len > HEADER_MOST ? -1 : 0;
    if (number.len > 9 || !slice_to_u64(number, &transaction))
        return -1;
    while (digits < rest.len && digits < 8 && rest.data[digits] >= '0' && rest.data[digits] <= '9')
        digits++;
    if (digits == rest.len)
        return 0;
    if (!slice_to_u64(slice_cut(rest, 0, digits), &length) || length > DATA_MOST)
        return -1;
    rest = slice_after(rest, digits);
    if (length || rest.data[0] == ' ') { /* librelp leaves the blank out when there is no data */
        if (rest.data[0] != ' ')
            return -1;
        rest = slice_after(rest, 1);
    }
    if (rest.len < length + 1)
        return 0;
    if (rest.data[length] != '\n')
        return -1;
    *frame = (struct frame){
        (uint32_t)transaction, command_of(command), slice_cut(rest, 0, length),
        (size_t)(rest.data - bytes.data) + length + 1,
    };
    return 1;
}

/* --- answering -------------------------------------------------------------------------------- */

static void answer(struct stream_peer *peer, uint32_t transaction, const char *text)
{
    char head[64];

    snprintf(head, sizeof head, "%u rsp %zu%s", transaction, strlen(text), *text ? " " : "");
    stream_reply(peer, slice_of(head));
    stream_reply(peer, slice_of(text));
    stream_reply(peer, SLICE("\n"));
}

static void answer_due(struct stream_peer *peer, uint64_t stored)
{
    struct relp *relp = stream_state(peer);

    while (relp->count && relp->waiting[relp->first].record <= stored) {
        struct waiting w = relp->waiting[relp->first];
        relp->first = (relp->first + 1) % relp->capacity;
        relp->count--;
        if (w.command == COMMAND_CLOSE) {
            answer(peer, w.transaction, "");
            stream_reply(peer, SLICE("0 serverclose 0\n"));
            stream_hang_up(peer);
            return;
        }
        answer(peer, w.transaction, "200 OK");
    }
}

static bool wait_for(struct relp *relp, struct waiting w)
{
    if (relp->count == relp->capacity) {
        size_t capacity = relp->capacity ? relp->capacity * 2 : 256;
        struct waiting *more = calloc(capacity, sizeof *more);
        if (!more)
            return false;
        for (size_t i = 0; i < relp->count; i++)
            more[i] = relp->waiting[(relp->first + i) % relp->capacity];
        free(relp->waiting);
        relp->waiting = more;
        relp->first = 0;
        relp->capacity = capacity;
    }
    relp->waiting[(relp->first + relp->count++) % relp->capacity] = w;
    return true;
}

static bool deliver(struct stream_peer *peer, struct slice data)
{
    if (data.len && data.data[data.len - 1] == '\n')
        data.len--;
    for (bool further = false, cut = true; cut; further = true) {
        struct slice piece = slice_cut(data, 0, INTAKE_LINE_MOST);
        data = slice_after(data, piece.len);
        cut = data.len > 0;
        if (!stream_deliver(peer, piece, cut, further, true))
            return false;
    }
    return true;
}

static size_t feed(struct stream_peer *peer, struct slice bytes, bool ended)
{
    struct relp *relp = stream_state(peer);
    struct frame frame;
    int found = bytes.len ? read_frame(bytes, &frame) : 0;

    (void)ended; /* half a frame was never acknowledged: it comes again */
    if (found <= 0)
        return found < 0 ? STREAM_BROKEN : 0;
    if (frame.command == COMMAND_OPEN) {
        relp->opened = true;
        answer(peer, frame.transaction,
               "200 OK\nrelp_version=0\nrelp_software=haidang\ncommands=syslog");
        return frame.length;
    }
    if (!relp->opened)
        return STREAM_BROKEN;
    if (frame.command == COMMAND_OTHER) {
        answer(peer, frame.transaction, "500 unknown command");
        return frame.length;
    }
    if (frame.command == COMMAND_SYSLOG && !deliver(peer, frame.data))
        return STREAM_BROKEN;
    struct waiting w = { frame.transaction, frame.command, stream_delivered(peer) };
    if (!wait_for(relp, w))
        return STREAM_BROKEN;
    if (frame.command == COMMAND_CLOSE)
        answer_due(peer, stream_acknowledged(peer));
    return frame.length;
}

static void close_state(struct stream_peer *peer)
{
    struct relp *relp = stream_state(peer);

    free(relp->waiting);
}

static const struct stream_protocol relp_protocol = {
    .name = "relp", .acknowledges = true, .input_most = DATA_MOST + HEADER_MOST,
    .state_size = sizeof(struct relp), .feed = feed, .acknowledge = answer_due,
    .close = close_state,
};

bool relp_start(struct listener *listener, int fd, struct error *e)
{
    return stream_start(listener, &relp_protocol, fd, e);
}
