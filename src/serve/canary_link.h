/* canary_link - one short connection of the canary to a listener of ours: UDP, TCP or TLS.
 *
 * It comes from an address of the loopback. IPv6 has but one, which every program of this machine may
 * have, so the roster asks for its secret host name besides (canary_host.h). Certificates are not
 * judged: it speaks to its own house. Each step waits a few seconds at most.
 */
#ifndef SERVE_CANARY_LINK_H
#define SERVE_CANARY_LINK_H

#include <gnutls/gnutls.h>

#include "base/buffer.h"
#include "base/error.h"

#define CANARY_ADDRESS "127.7.7.7"
#define CANARY_ADDRESS_6 "::1"

struct canary_link {
    int fd;
    gnutls_session_t tls;          /* NULL: none */
    gnutls_certificate_credentials_t credentials;
};

enum canary_kind { CANARY_UDP, CANARY_TCP, CANARY_TLS };

/* address as bound (socket_address): "0.0.0.0:5514" is reached over the loopback. certificate: PEM with
 * its key, shown over TLS to who asks; empty: none. False with the reason; ERROR_INPUT: it cannot be
 * reached from the canary's address at all (one of a single link, fe80::1%eth0). */
bool canary_link_open(struct canary_link *link, enum canary_kind kind, const char *address,
                      struct slice certificate, struct error *e);
void canary_link_close(struct canary_link *link);
bool canary_link_send(struct canary_link *link, struct slice bytes, struct error *e);
/* Reads into `in` until `until` stands in it. */
bool canary_link_expect(struct canary_link *link, struct buffer *in, struct slice until,
                        struct error *e);

#endif
