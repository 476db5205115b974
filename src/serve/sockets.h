/* sockets - what the supervisor binds before anything starts, so that a taken port or a missing
 * right is said at once, and so that senders wait rather than fail while a role is started anew. */
#ifndef SERVE_SOCKETS_H
#define SERVE_SOCKETS_H

#include "base/error.h"

enum socket_kind { SOCKET_TCP, SOCKET_UDP };

/* Bound (and listening) at "host:port"; "" gives -1. False with a hint. */
bool socket_bind(enum socket_kind kind, const char *address, const char *option, int *fd_out,
                 struct error *e);
/* Where it is bound, in figures: "127.0.0.1:514", "[::1]:514", "[fe80::1%eth0]:514"; "" for -1. */
#define SOCKET_ADDRESS 96
void socket_address(int fd, char text[SOCKET_ADDRESS]);
/* A listening Unix socket of mode 0600, made anew. */
bool socket_bind_unix(const char *path, int *fd_out, struct error *e);
/* A Unix socket that programs of this machine write to: a stream (listening) or datagrams, of mode 0660
 * and its folder's group. What stands there is replaced only when it is a socket. */
bool socket_bind_local(const char *path, bool datagram, int *fd_out, struct error *e);
/* Connected; ERROR_BUSY when nobody listens there. */
bool socket_connect_unix(const char *path, int *fd_out, struct error *e);

#endif
