#include "serve/search_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

#include "serve/line.h"
#include "serve/query_wire.h"
#include "serve/sockets.h"

#define PATIENCE_MS 120000 /* without any line; the reader says something far more often */

enum outcome { MORE, ENOUGH, DONE, BROKEN };

static enum outcome take_line(struct slice text,
                              bool (*line)(void *, enum api_search_line, struct slice), void *user,
                              struct error *e)
{
    struct slice json = slice_after(text, 1);
    switch (text.len ? text.data[0] : '\0') {
    case 'E':
    case 'R': /* a row of a table is shown as an event is: an object a line */
        return line(user, API_SEARCH_EVENT, json) ? MORE : ENOUGH;
    case 'B':
        return line(user, API_SEARCH_BUCKETS, json) ? MORE : ENOUGH;
    case 'V':
        return MORE;
    case 'F':
        line(user, API_SEARCH_FOOT, json);
        return DONE;
    case 'X':
        query_wire_read_error(json, e);
        return BROKEN;
    default:
        error_set(e, "the search ended with an answer that cannot be read");
        return BROKEN;
    }
}

static enum outcome take_lines(struct buffer *in,
                               bool (*line)(void *, enum api_search_line, struct slice), void *user,
                               struct error *e)
{
    enum outcome outcome = MORE;
    size_t from = 0;
    while (outcome == MORE) {
        struct slice rest = slice_after(buffer_slice(in), from);
        size_t end = slice_find_byte(rest, '\n');
        if (end == rest.len)
            break;
        outcome = take_line(slice_cut(rest, 0, end), line, user, e);
        from += end + 1;
    }
    buffer_drop(in, from);
    return outcome;
}

static bool receive(int fd, struct buffer *in, struct error *e)
{
    struct pollfd polled = { .fd = fd, .events = POLLIN };
    int ready;
    do
        ready = poll(&polled, 1, PATIENCE_MS);
    while (ready < 0 && errno == EINTR);
    char *at = ready > 0 ? buffer_extend(in, 65536) : NULL;
    ssize_t got = at ? recv(fd, at, 65536, 0) : -1;
    if (at)
        in->len -= 65536 - (got > 0 ? (size_t)got : 0);
    if (got > 0)
        return true;
    error_set(e, in->failed ? "one found event is too large to be shown"
                            : "the search was interrupted: the reader is being started again");
    error_kind(e, ERROR_BUSY);
    return error_hint(e, "try again in a few seconds");
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
    while (outcome == MORE) {
        if (!receive(fd, &in, e))
            return false;
        outcome = take_lines(&in, line, user, e);
        /* one event by its id has no foot: the reader hangs up behind it */
        if (outcome == MORE && request->id && in.len == 0)
            return true;
    }
    return outcome != BROKEN;
}
