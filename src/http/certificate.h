/* certificate - what is wrong with a peer's certificate, in words (for http/ and the listeners). */
#ifndef HTTP_CERTIFICATE_H
#define HTTP_CERTIFICATE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_FINGERPRINT_TEXT 65 /* hex of SHA-256, NUL */

/* What the peer of a finished handshake showed, looked at anew (nothing is cached). */
struct http_certificate {
    bool shown;
    const char *fault;                        /* NULL: it is valid now. A static sentence */
    gnutls_alert_description_t alert;         /* what to answer a fault with */
    char sha256[HTTP_FINGERPRINT_TEXT];       /* of its DER; "" when nothing was shown */
    int64_t until;                            /* its end, ns UTC */
};

/* Judges it against the credentials of the session (chain, time, signature); the name in it is not
 * asked: who it is, is told by the roster. */
void http_certificate_look(gnutls_session_t session, struct http_certificate *out);

#endif
