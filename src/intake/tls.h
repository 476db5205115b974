/* tls - the server's side of TLS on a connection (GnuTLS), non-blocking.
 *
 * TLS 1.2 and 1.3, the library's secure ciphers. A client certificate is asked for when the
 * credentials have a CA, and one that does not verify ends the handshake.
 */
#ifndef INTAKE_TLS_H
#define INTAKE_TLS_H

#include "base/error.h"

struct tls_server;
struct tls_session;

enum tls_result { TLS_AGAIN = -1, TLS_FAILED = -2 };

/* PEM texts; clients may be NULL. False with the library's reason. */
bool tls_server_new(const char *certificate, const char *key, const char *clients,
                    struct tls_server **server_out, struct error *e);
void tls_server_free(struct tls_server **server);

/* NULL when memory is short. */
struct tls_session *tls_session_new(struct tls_server *server, int fd);
void tls_session_free(struct tls_session **session);
/* 1: done; TLS_AGAIN; TLS_FAILED (*reason_out tells). */
int tls_handshake(struct tls_session *session, const char **reason_out);
/* Bytes, 0 at the end, TLS_AGAIN, TLS_FAILED. */
long tls_read(struct tls_session *session, void *out, size_t size);
long tls_write(struct tls_session *session, const void *bytes, size_t size);
/* The library waits to write (a handshake, or what tls_write left). */
bool tls_wants_write(struct tls_session *session);
void tls_bye(struct tls_session *session);

#endif
