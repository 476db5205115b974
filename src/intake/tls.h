/* tls - the server's side of TLS on a connection (GnuTLS), non-blocking.
 *
 * TLS 1.2 and 1.3, the library's secure ciphers. A client certificate is asked for when the
 * credentials have a CA. It is not judged in the handshake but by the caller right behind it
 * (tls_peer, tls_refuse), so that the refusal says what is wrong, on the wire and in our log.
 */
#ifndef INTAKE_TLS_H
#define INTAKE_TLS_H

#include "base/error.h"
#include "http/certificate.h"

struct tls_server;
struct tls_session;

enum tls_result { TLS_AGAIN = -1, TLS_FAILED = -2 };

/* PEM texts; clients (CAs of client certificates) may be NULL; required: who shows none is turned
 * away. False with the library's reason. */
bool tls_server_new(const char *certificate, const char *key, const char *clients, bool required,
                    struct tls_server **server_out, struct error *e);
void tls_server_free(struct tls_server **server);

/* NULL when memory is short. */
struct tls_session *tls_session_new(struct tls_server *server, int fd);
void tls_session_free(struct tls_session **session);
/* 1: done; TLS_AGAIN; TLS_FAILED (*reason_out tells). */
int tls_handshake(struct tls_session *session, const char **reason_out);
/* After the handshake: the certificate that the peer has shown, judged. */
void tls_peer(struct tls_session *session, struct http_certificate *out);
/* Tells the peer why it is refused; the connection must be closed then. */
void tls_refuse(struct tls_session *session, gnutls_alert_description_t alert);
/* Bytes, 0 at the end, TLS_AGAIN, TLS_FAILED. */
long tls_read(struct tls_session *session, void *out, size_t size);
long tls_write(struct tls_session *session, const void *bytes, size_t size);
/* The library waits to write (a handshake, or what tls_write left). */
bool tls_wants_write(struct tls_session *session);
void tls_bye(struct tls_session *session);

#endif
