/* authority - the built-in certificate authority of this province's senders (GnuTLS).
 *
 * Its key is made at first need and lies in data/secrets (0600, folder 0700): of the server's
 * processes only the hub may read it, never the one that faces the logs. Certificates are X.509 v3,
 * ECDSA P-256 with SHA-256. Of a request (PKCS#10) only the public key is taken, and its signature
 * proves that the sender has the private half; names, uses and times are ours.
 *
 * Good: one struct authority for a whole process (it locks itself).
 * Never: a private key written to records, log or argument list.
 */
#ifndef ENROL_AUTHORITY_H
#define ENROL_AUTHORITY_H

#include "base/arena.h"
#include "base/error.h"

#define AUTHORITY_REQUEST_MOST (16u * 1024)  /* bytes of a request or certificate from outside */
#define AUTHORITY_FINGERPRINT 65             /* hex of SHA-256, NUL */
#define AUTHORITY_DAYS_MOST 1095

struct authority;

struct authority_certificate {
    char sha256[AUTHORITY_FINGERPRINT];      /* of the DER */
    struct slice pem, der;                   /* in the arena given */
    struct slice subject, issuer;            /* RFC 4514 */
    int64_t valid_from, valid_to;            /* ns UTC */
};

/* folder: where authority.pem and authority.key lie, or are made. False when only one is there, when
 * they do not belong together, or cannot be read. */
bool authority_open(const char *folder, struct authority **authority_out, struct error *e);
void authority_close(struct authority **authority);
/* Its certificate (PEM), as long as it is open. */
struct slice authority_pem(const struct authority *authority);

/* A client certificate with that common name for a request, PEM or DER. ERROR_INPUT: no request, not
 * signed by its own key, a key too weak. */
bool authority_sign(struct authority *authority, struct slice request, struct slice name, int64_t days,
                    struct arena *arena, struct authority_certificate *out, struct error *e);
/* The same with a key made here (PKCS#8 PEM; the caller wipes it). */
bool authority_issue(struct authority *authority, struct slice name, int64_t days,
                     struct arena *arena, struct authority_certificate *out,
                     struct slice *key_pem_out, struct error *e);

/* The server's own certificate for its listeners: folder/server.pem, server.key (0600), and
 * authority.pem beside them. Made when missing, when `names` (DNS names and addresses, parted by
 * \n) changed, or when less than a third of its time is left. *replaced_out: another one was in use
 * before. */
bool authority_serve(struct authority *authority, const char *folder, const char *names,
                     bool *replaced_out, struct error *e);

/* A certificate from outside, PEM or DER. */
bool authority_read(struct slice bytes, struct arena *arena, struct authority_certificate *out,
                    struct error *e);
/* Whether `signature` over `message` (SHA-256; ECDSA or RSA PKCS#1) was made with the certificate's
 * key. ERROR_FORBIDDEN otherwise. */
bool authority_proves(struct slice certificate_pem, struct slice message, struct slice signature,
                      struct error *e);

#endif
