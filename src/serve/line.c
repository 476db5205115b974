#include "serve/line.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#define LINE_PIECE (64u * 1024)

bool line_patience(int fd, unsigned seconds)
{
    struct timeval time = { .tv_sec = seconds };
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0;
}

bool line_read(int fd, struct buffer *rest, struct slice *line_out, struct error *e)
{
    for (size_t seen = 0;;) {
        size_t end = seen + slice_find_byte(slice_after(buffer_slice(rest), seen), '\n');
        if (end < rest->len) {
            *line_out = slice_cut(buffer_slice(rest), 0, end);
            return true;
        }
        seen = rest->len;
        char *room = buffer_extend(rest, LINE_PIECE);
        if (!room) {
            error_set(e, "a line is longer than %zu bytes", rest->ceiling);
            return error_kind(e, ERROR_INPUT);
        }
        ssize_t got;
        do
            got = recv(fd, room, LINE_PIECE, 0);
        while (got < 0 && errno == EINTR);
        rest->len = seen + (got > 0 ? (size_t)got : 0);
        if (got < 0)
            return error_errno(e, errno, "no answer");
        if (got == 0)
            return seen ? error_set(e, "the connection ended in the middle of a line") : false;
    }
}

void line_done(struct buffer *rest, struct slice line)
{
    buffer_drop(rest, line.len + 1);
}

bool line_write(int fd, struct slice text, struct error *e)
{
    struct iovec parts[2] = { { (void *)text.data, text.len }, { (void *)"\n", 1 } };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
    while (parts[0].iov_len + parts[1].iov_len) {
        ssize_t put = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_errno(e, errno, "the other side has hung up");
        for (size_t i = 0; i < 2; i++) {
            size_t gone = (size_t)put < parts[i].iov_len ? (size_t)put : parts[i].iov_len;
            parts[i].iov_base = (char *)parts[i].iov_base + gone;
            parts[i].iov_len -= gone;
            put -= (ssize_t)gone;
        }
    }
    return true;
}
