#include "http/certificate.h"

#include <gnutls/x509.h>
#include <string.h>

#include "base/clock.h"

/* The first that fits tells most. */
static const struct {
    unsigned status;
    gnutls_alert_description_t alert;
    const char *sentence;
} faults[] = {
    { GNUTLS_CERT_REVOKED, GNUTLS_A_CERTIFICATE_REVOKED, "the client certificate is revoked" },
    { GNUTLS_CERT_EXPIRED, GNUTLS_A_CERTIFICATE_EXPIRED, "the client certificate has expired" },
    { GNUTLS_CERT_NOT_ACTIVATED, GNUTLS_A_BAD_CERTIFICATE,
      "the client certificate is not valid yet: look at the clocks" },
    { GNUTLS_CERT_SIGNER_NOT_FOUND, GNUTLS_A_UNKNOWN_CA,
      "the client certificate is of an authority that is not known here" },
    { GNUTLS_CERT_SIGNER_NOT_CA, GNUTLS_A_UNKNOWN_CA,
      "the client certificate is of an authority that is not known here" },
};

static const char *fault_of(unsigned status, gnutls_alert_description_t *alert_out)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (status & faults[i].status) {
            *alert_out = faults[i].alert;
            return faults[i].sentence;
        }
    *alert_out = GNUTLS_A_BAD_CERTIFICATE;
    return status ? "the client certificate is not well formed or badly signed" : NULL;
}

static int64_t end_of(const gnutls_datum_t *der)
{
    gnutls_x509_crt_t certificate;
    time_t end = 0;

    if (gnutls_x509_crt_init(&certificate) != 0)
        return 0;
    if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) == 0)
        end = gnutls_x509_crt_get_expiration_time(certificate);
    gnutls_x509_crt_deinit(certificate);
    return end > 0 ? (int64_t)end * CLOCK_SECOND : 0;
}

void http_certificate_look(gnutls_session_t session, struct http_certificate *out)
{
    unsigned char digest[32];
    unsigned status = 0, count = 0;
    size_t size = sizeof digest;

    *out = (struct http_certificate){ .sha256 = "" };
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (!chain || !count)
        return;
    out->shown = true;
    if (gnutls_certificate_verify_peers2(session, &status) != 0)
        status |= GNUTLS_CERT_INVALID;
    out->fault = fault_of(status, &out->alert);
    if (gnutls_fingerprint(GNUTLS_DIG_SHA256, chain, digest, &size) != 0 && !out->fault)
        out->fault = "the client certificate is not well formed or badly signed";
    for (size_t i = 0; i < sizeof digest; i++) {
        out->sha256[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        out->sha256[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    out->sha256[2 * sizeof digest] = '\0';
    out->until = end_of(chain);
}
