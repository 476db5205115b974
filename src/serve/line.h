/* line - text lines over a local socket: the manner of the control and the reader sockets.
 *
 * Never: from the network; a peer that says nothing is given up after the time that the socket has
 * (line_patience).
 */
#ifndef SERVE_LINE_H
#define SERVE_LINE_H

#include "base/buffer.h"
#include "base/error.h"

/* Sending and receiving on fd give up after so many seconds. */
bool line_patience(int fd, unsigned seconds);
/* The bytes up to the line end (not kept) are added to the buffer. What stands behind it must be kept
 * by the caller in `rest`, one buffer a connection. False: closed before a line end (e unset when
 * nothing had come), too long (the buffer's ceiling), or nothing came in time. */
bool line_read(int fd, struct buffer *rest, struct slice *line_out, struct error *e);
/* Drops the line that line_read gave. */
void line_done(struct buffer *rest, struct slice line);
/* All of it, then a line end. */
bool line_write(int fd, struct slice text, struct error *e);

#endif
