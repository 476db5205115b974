#include "serve/search_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

#include "serve/line.h"
#include "serve/query_wire.h"
#include "serve/sockets.h"

#define TICK_MS 500       /* then whoever asked is told that nothing came */
#define PATIENCE_TICKS 240 /* without any line; the reader says something far more often */

struct asking {
    int fd;
    const struct api_search_request *request;
    bool (*line)(void *user, enum api_search_line kind, struct slice json);
    void *user;
    unsigned silent;       /* ticks without a line */
};

enum outcome { MORE, ENOUGH, DONE, BROKEN };

static const struct {
    char letter;
    enum api_search_line kind;
} letters[] = {
    { 'Q', API_SEARCH_HEAD },    { 'E', API_SEARCH_EVENT },    { 'T', API_SEARCH_COLUMNS },
    { 'R', API_SEARCH_ROW },     { 'B', API_SEARCH_BUCKETS },  { 'W', API_SEARCH_EXPLAIN },
    { 'P', API_SEARCH_PROGRESS }, { 'F', API_SEARCH_FOOT },    { 'M', API_SEARCH_MATCH },
    { 'D', API_SEARCH_DAYS },
};

/* A live tail: waits as long as whoever asked likes, then asks for the next look. */
static enum outcome next_look(struct asking *asking, struct error *e)
{
    if (!asking->line(asking->user, API_SEARCH_WAITING, SLICE_NONE))
        return ENOUGH;
    return line_write(asking->fd, SLICE("look"), e) ? MORE : BROKEN;
}

static enum outcome take_line(struct asking *asking, struct slice text, struct error *e)
{
    struct slice json = slice_after(text, 1);
    char letter = text.len ? text.data[0] : '\0';
    if (letter == 'X') {
        query_wire_read_error(json, e);
        return BROKEN;
    }
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (letters[i].letter != letter)
            continue;
        enum api_search_line kind = letters[i].kind;
        bool more = asking->line(asking->user, kind, json);
        if (more && asking->request->live && (kind == API_SEARCH_HEAD || kind == API_SEARCH_FOOT))
            return next_look(asking, e);
        return kind == API_SEARCH_FOOT ? DONE : more ? MORE : ENOUGH;
    }
    error_set(e, "the search ended with an answer that cannot be read");
    return BROKEN;
}

static enum outcome take_lines(struct asking *asking, struct buffer *in, struct error *e)
{
    enum outcome outcome = MORE;
    size_t from = 0;
    while (outcome == MORE) {
        struct slice rest = slice_after(buffer_slice(in), from);
        size_t end = slice_find_byte(rest, '\n');
        if (end == rest.len)
            break;
        outcome = take_line(asking, slice_cut(rest, 0, end), e);
        from += end + 1;
    }
    buffer_drop(in, from);
    return outcome;
}

/* What came, and what it means; while nothing comes, whoever asked may give up. */
static enum outcome receive(struct asking *asking, struct buffer *in, struct error *e)
{
    struct pollfd polled = { .fd = asking->fd, .events = POLLIN };
    int ready = poll(&polled, 1, TICK_MS);
    if (ready < 0 && errno == EINTR)
        return MORE;
    if (ready == 0 && ++asking->silent < PATIENCE_TICKS)
        return asking->request->live ||
                       asking->line(asking->user, API_SEARCH_WAITING, SLICE_NONE) ? MORE : ENOUGH;
    asking->silent = 0;
    char *at = ready > 0 ? buffer_extend(in, 65536) : NULL;
    ssize_t got = at ? recv(asking->fd, at, 65536, 0) : -1;
    if (at)
        in->len -= 65536 - (got > 0 ? (size_t)got : 0);
    if (got > 0)
        return take_lines(asking, in, e);
    if (got == 0 && asking->request->id && in->len == 0)
        return DONE; /* one event by its id has no foot: the reader hangs up behind it */
    error_set(e, in->failed ? "one found event is too large to be shown"
                            : "the search was interrupted: the reader is being started again");
    error_kind(e, ERROR_BUSY);
    error_hint(e, "try again in a few seconds");
    return BROKEN;
}

bool search_client_run(void *owner, const struct api_search_request *request,
                       bool (*line)(void *user, enum api_search_line kind, struct slice json),
                       void *user, struct error *e)
{
    FILE_AUTO fd = -1;
    BUFFER_AUTO text, in;
    enum outcome outcome = MORE;
    buffer_init(&text, QUERY_REQUEST_MAX);
    buffer_init(&in, QUERY_LINE_MAX + 131072);
    if (!socket_connect_unix(owner, &fd, e))
        return false;
    query_wire_request(request, &text);
    if (text.failed) {
        error_set(e, "the query is too long");
        return error_kind(e, ERROR_INPUT);
    }
    if (!line_write(fd, buffer_slice(&text), e))
        return false;
    struct asking asking = { .fd = fd, .request = request, .line = line, .user = user };
    while (outcome == MORE)
        outcome = receive(&asking, &in, e);
    return outcome != BROKEN;
}
