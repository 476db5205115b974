/* handles - GnuTLS objects that close themselves at the end of a block. For enrol/ only. */
#ifndef ENROL_HANDLES_H
#define ENROL_HANDLES_H

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "base/slice.h"

static inline void handles_certificate(gnutls_x509_crt_t *c)
{
    if (*c)
        gnutls_x509_crt_deinit(*c);
}

static inline void handles_key(gnutls_x509_privkey_t *key)
{
    if (*key)
        gnutls_x509_privkey_deinit(*key);
}

static inline void handles_public_key(gnutls_pubkey_t *key)
{
    if (*key)
        gnutls_pubkey_deinit(*key);
}

static inline void handles_request(gnutls_x509_crq_t *request)
{
    if (*request)
        gnutls_x509_crq_deinit(*request);
}

static inline gnutls_datum_t handles_datum(struct slice bytes)
{
    return (gnutls_datum_t){ (unsigned char *)(uintptr_t)bytes.data, (unsigned)bytes.len };
}

#define CERTIFICATE_AUTO __attribute__((cleanup(handles_certificate))) gnutls_x509_crt_t
#define KEY_AUTO __attribute__((cleanup(handles_key))) gnutls_x509_privkey_t
#define PUBLIC_KEY_AUTO __attribute__((cleanup(handles_public_key))) gnutls_pubkey_t
#define REQUEST_AUTO __attribute__((cleanup(handles_request))) gnutls_x509_crq_t

#endif
