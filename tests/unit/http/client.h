/* client - the smallest HTTP client for tests: bytes out, bytes in, over a real socket. */
#ifndef CLIENT_H
#define CLIENT_H

#include "http/http.h"

/* A socket that listens on a free port of 127.0.0.1. */
int client_listener(uint16_t *port_out);
int client_connect(uint16_t port);
bool client_send(int fd, const char *text, size_t len);
/* Reads until the peer closes, `until` was seen, or 5 s have passed; NUL-ended in out. */
size_t client_read(int fd, const char *until, char *out, size_t size);
/* One request on a connection of its own, with "Connection: close"; the whole reply. */
size_t client_ask(uint16_t port, const char *request, char *out, size_t size);

#endif
