#include "enrol/authority.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "enrol/handles.h"

#define AUTHORITY_YEARS 20
#define SERVER_DAYS 730
#define BACKDATED 600          /* seconds: clocks differ */
#define SECONDS_DAY INT64_C(86400)
#define SERIAL_BYTES 16
#define RSA_LEAST 2048
#define EC_LEAST 256

struct authority {
    pthread_mutex_t lock;
    struct arena arena;
    gnutls_x509_crt_t certificate;
    gnutls_privkey_t key;
    struct slice pem;
};

static bool library_failed(int code, const char *what, struct error *e)
{
    error_set(e, "the cryptographic library failed: %s", gnutls_strerror(code));
    return error_place(e, "%s", what);
}

/* ---- reading and printing -------------------------------------------------------------------- */

static struct slice print_name(gnutls_x509_crt_t c, struct arena *arena,
                               int (*get)(gnutls_x509_crt_t, gnutls_datum_t *, unsigned))
{
    gnutls_datum_t text = { 0 };
    if (get(c, &text, 0) != 0)
        return SLICE("");
    struct slice copy = arena_copy(arena, slice_from((char *)text.data, text.size));
    gnutls_free(text.data);
    return copy;
}

static struct slice export(gnutls_x509_crt_t c, gnutls_x509_crt_fmt_t format, struct arena *arena)
{
    gnutls_datum_t bytes = { 0 };
    if (gnutls_x509_crt_export2(c, format, &bytes) != 0)
        return SLICE_NONE;
    struct slice copy = arena_copy(arena, slice_from((char *)bytes.data, bytes.size));
    gnutls_free(bytes.data);
    return copy;
}

static bool describe(gnutls_x509_crt_t c, struct arena *arena, struct authority_certificate *out,
                     struct error *e)
{
    unsigned char digest[32];
    size_t size = sizeof digest;
    *out = (struct authority_certificate){ .sha256 = "" };
    int code = gnutls_x509_crt_get_fingerprint(c, GNUTLS_DIG_SHA256, digest, &size);
    if (code != 0)
        return library_failed(code, "the certificate cannot be read", e);
    for (size_t i = 0; i < sizeof digest; i++) {
        out->sha256[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        out->sha256[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    out->sha256[2 * sizeof digest] = '\0';
    out->pem = export(c, GNUTLS_X509_FMT_PEM, arena);
    out->der = export(c, GNUTLS_X509_FMT_DER, arena);
    out->subject = print_name(c, arena, gnutls_x509_crt_get_dn3);
    out->issuer = print_name(c, arena, gnutls_x509_crt_get_issuer_dn3);
    out->valid_from = (int64_t)gnutls_x509_crt_get_activation_time(c) * CLOCK_SECOND;
    out->valid_to = (int64_t)gnutls_x509_crt_get_expiration_time(c) * CLOCK_SECOND;
    return (out->pem.len && out->der.len && !arena->exhausted) ||
           error_set(e, "not enough memory for a certificate");
}

static gnutls_x509_crt_fmt_t format_of(struct slice bytes)
{
    return slice_find(bytes, SLICE("-----BEGIN")) < bytes.len ? GNUTLS_X509_FMT_PEM
                                                              : GNUTLS_X509_FMT_DER;
}

static bool small_enough(struct slice bytes, struct error *e)
{
    if (bytes.len && bytes.len <= AUTHORITY_REQUEST_MOST)
        return true;
    error_set(e, "this is no certificate or request: it is empty or too large");
    return error_kind(e, ERROR_INPUT);
}

static bool import(gnutls_x509_crt_t c, struct slice bytes)
{
    gnutls_datum_t datum = handles_datum(bytes);
    return gnutls_x509_crt_import(c, &datum, format_of(bytes)) == 0;
}

bool authority_read(struct slice bytes, struct arena *arena, struct authority_certificate *out,
                    struct error *e)
{
    CERTIFICATE_AUTO c = NULL;
    if (!small_enough(bytes, e))
        return false;
    if (gnutls_x509_crt_init(&c) != 0 || !import(c, bytes)) {
        error_set(e, "this is no X.509 certificate");
        return error_kind(e, ERROR_INPUT);
    }
    return describe(c, arena, out, e);
}

bool authority_proves(struct slice certificate_pem, struct slice message, struct slice signature,
                      struct error *e)
{
    CERTIFICATE_AUTO c = NULL;
    PUBLIC_KEY_AUTO key = NULL;
    gnutls_datum_t said = handles_datum(message), signed_by = handles_datum(signature);
    bool fine = gnutls_x509_crt_init(&c) == 0 && import(c, certificate_pem) &&
                gnutls_pubkey_init(&key) == 0 && gnutls_pubkey_import_x509(key, c, 0) == 0;
    if (fine) {
        bool rsa = gnutls_pubkey_get_pk_algorithm(key, NULL) == GNUTLS_PK_RSA;
        fine = gnutls_pubkey_verify_data2(key, rsa ? GNUTLS_SIGN_RSA_SHA256
                                                   : GNUTLS_SIGN_ECDSA_SHA256,
                                          0, &said, &signed_by) >= 0;
    }
    if (fine)
        return true;
    error_set(e, "the request is not signed with the key of that certificate");
    return error_kind(e, ERROR_FORBIDDEN);
}

/* ---- making ---------------------------------------------------------------------------------- */

static bool new_key(gnutls_x509_privkey_t *key_out, struct error *e)
{
    int code = gnutls_x509_privkey_init(key_out);
    if (code == 0)
        code = gnutls_x509_privkey_generate(*key_out, GNUTLS_PK_ECDSA,
                                            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    return code == 0 || library_failed(code, "a key cannot be made", e);
}

static bool key_text(gnutls_x509_privkey_t key, struct arena *arena, struct slice *out,
                     struct error *e)
{
    gnutls_datum_t bytes = { 0 };
    int code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                                 &bytes);
    if (code != 0)
        return library_failed(code, "a key cannot be made", e);
    *out = arena_copy(arena, slice_from((char *)bytes.data, bytes.size));
    gnutls_memset(bytes.data, 0, bytes.size);
    gnutls_free(bytes.data);
    return out->len || error_set(e, "not enough memory for a certificate");
}

/* What all our certificates have: version, serial, time, name. */
static int set_head(gnutls_x509_crt_t c, struct slice name, int64_t days)
{
    unsigned char serial[SERIAL_BYTES];
    time_t now = (time_t)(clock_now() / CLOCK_SECOND);
    int code = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and always of that length */
    if (code == 0)
        code = gnutls_x509_crt_set_version(c, 3);
    if (code == 0)
        code = gnutls_x509_crt_set_serial(c, serial, sizeof serial);
    if (code == 0)
        code = gnutls_x509_crt_set_activation_time(c, now - BACKDATED);
    if (code == 0)
        code = gnutls_x509_crt_set_expiration_time(c, now + (time_t)(days * SECONDS_DAY));
    if (code == 0)
        code = gnutls_x509_crt_set_dn_by_oid(c, GNUTLS_OID_X520_COMMON_NAME, 0, name.data,
                                             (unsigned)name.len);
    return code;
}

static int set_key_id(gnutls_x509_crt_t c, gnutls_x509_crt_t from, bool authority)
{
    unsigned char id[64];
    size_t size = sizeof id;
    int code = gnutls_x509_crt_get_key_id(from, GNUTLS_KEYID_USE_SHA1, id, &size);
    if (code != 0)
        return code;
    return authority ? gnutls_x509_crt_set_authority_key_id(c, id, size)
                     : gnutls_x509_crt_set_subject_key_id(c, id, size);
}

static int set_names(gnutls_x509_crt_t c, const char *names)
{
    struct slice rest = slice_of(names), name;
    int code = 0;
    while (code == 0 && slice_split(&rest, '\n', &name)) {
        char text[256];
        unsigned char address[16];
        name = slice_trim(name);
        if (!name.len || name.len >= sizeof text)
            continue;
        memcpy(text, name.data, name.len);
        text[name.len] = '\0';
        if (inet_pton(AF_INET, text, address) == 1)
            code = gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_IPADDRESS, address, 4,
                                                        GNUTLS_FSAN_APPEND);
        else if (inet_pton(AF_INET6, text, address) == 1)
            code = gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_IPADDRESS, address, 16,
                                                        GNUTLS_FSAN_APPEND);
        else
            code = gnutls_x509_crt_set_subject_alt_name(c, GNUTLS_SAN_DNSNAME, name.data,
                                                        (unsigned)name.len, GNUTLS_FSAN_APPEND);
    }
    return code;
}

/* names NULL: a client's certificate. The public key is in c already. */
static bool finish(struct authority *authority, gnutls_x509_crt_t c, struct slice name,
                   const char *names, int64_t days, struct error *e)
{
    int code = set_head(c, name, days);
    if (code == 0)
        code = gnutls_x509_crt_set_basic_constraints(c, 0, -1);
    if (code == 0)
        code = gnutls_x509_crt_set_key_usage(c, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (code == 0)
        code = gnutls_x509_crt_set_key_purpose_oid(
            c, names ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT, 0);
    if (code == 0 && names)
        code = set_names(c, names);
    if (code == 0)
        code = set_key_id(c, c, false);
    if (code == 0)
        code = set_key_id(c, authority->certificate, true);
    if (code == 0) {
        pthread_mutex_lock(&authority->lock);
        code = gnutls_x509_crt_privkey_sign(c, authority->certificate, authority->key,
                                            GNUTLS_DIG_SHA256, 0);
        pthread_mutex_unlock(&authority->lock);
    }
    return code == 0 || library_failed(code, "a certificate cannot be made", e);
}

static bool read_request(struct slice bytes, gnutls_x509_crq_t request, struct error *e)
{
    gnutls_datum_t datum = handles_datum(bytes);
    unsigned bits = 0;
    if (gnutls_x509_crq_import(request, &datum, format_of(bytes)) != 0) {
        error_set(e, "this is no request for a certificate (PKCS#10)");
        return error_kind(e, ERROR_INPUT);
    }
    if (gnutls_x509_crq_verify(request, 0) != 0) {
        error_set(e, "the request is not signed by its own key");
        return error_kind(e, ERROR_INPUT);
    }
    int algorithm = gnutls_x509_crq_get_pk_algorithm(request, &bits);
    bool strong = (algorithm == GNUTLS_PK_RSA && bits >= RSA_LEAST) ||
                  (algorithm == GNUTLS_PK_ECDSA && bits >= EC_LEAST);
    if (strong)
        return true;
    error_set(e, "the key of the request is too weak or of a kind that is not taken");
    error_kind(e, ERROR_INPUT);
    return error_hint(e, "take an EC key (P-256) or an RSA key of %d bits", RSA_LEAST);
}

bool authority_sign(struct authority *authority, struct slice request, struct slice name, int64_t days,
                    struct arena *arena, struct authority_certificate *out, struct error *e)
{
    REQUEST_AUTO crq = NULL;
    CERTIFICATE_AUTO c = NULL;
    if (!small_enough(request, e))
        return false;
    if (gnutls_x509_crq_init(&crq) != 0 || gnutls_x509_crt_init(&c) != 0)
        return error_set(e, "not enough memory for a certificate");
    if (!read_request(request, crq, e))
        return false;
    PUBLIC_KEY_AUTO key = NULL;
    int code = gnutls_pubkey_init(&key);
    if (code == 0)
        code = gnutls_pubkey_import_x509_crq(key, crq, 0);
    if (code == 0)
        code = gnutls_x509_crt_set_pubkey(c, key);
    if (code != 0)
        return library_failed(code, "a certificate cannot be made", e);
    return finish(authority, c, name, NULL, days, e) && describe(c, arena, out, e);
}

static bool issue(struct authority *authority, struct slice name, const char *names, int64_t days,
                  struct arena *arena, struct authority_certificate *out, struct slice *key_out,
                  struct error *e)
{
    CERTIFICATE_AUTO c = NULL;
    KEY_AUTO key = NULL;
    if (gnutls_x509_crt_init(&c) != 0)
        return error_set(e, "not enough memory for a certificate");
    if (!new_key(&key, e))
        return false;
    int code = gnutls_x509_crt_set_key(c, key);
    if (code != 0)
        return library_failed(code, "a certificate cannot be made", e);
    return finish(authority, c, name, names, days, e) && describe(c, arena, out, e) &&
           key_text(key, arena, key_out, e);
}

bool authority_issue(struct authority *authority, struct slice name, int64_t days,
                     struct arena *arena, struct authority_certificate *out,
                     struct slice *key_pem_out, struct error *e)
{
    return issue(authority, name, NULL, days, arena, out, key_pem_out, e);
}

/* ---- the authority itself -------------------------------------------------------------------- */

static bool make_certificate(gnutls_x509_crt_t c, gnutls_x509_privkey_t key, struct error *e)
{
    char name[64];
    unsigned char random[4];
    int code = gnutls_rnd(GNUTLS_RND_NONCE, random, sizeof random);
    snprintf(name, sizeof name, "Hai Dang %02x%02x%02x%02x", random[0], random[1], random[2],
             random[3]);
    if (code == 0)
        code = gnutls_x509_crt_set_key(c, key);
    if (code == 0)
        code = set_head(c, slice_of(name), AUTHORITY_YEARS * INT64_C(365));
    if (code == 0)
        code = gnutls_x509_crt_set_basic_constraints(c, 1, 0);
    if (code == 0)
        code = gnutls_x509_crt_set_key_usage(c, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
    if (code == 0)
        code = set_key_id(c, c, false);
    if (code == 0)
        code = gnutls_x509_crt_sign2(c, c, key, GNUTLS_DIG_SHA256, 0);
    return code == 0 || library_failed(code, "the authority's certificate cannot be made", e);
}

/* The key first: where a certificate lies, its key does, too. */
static bool make(const char *certificate_path, const char *key_path, struct error *e)
{
    ARENA_AUTO arena;
    CERTIFICATE_AUTO c = NULL;
    KEY_AUTO key = NULL;
    struct authority_certificate described;
    struct slice text;
    arena_init(&arena, 1u << 20);
    if (gnutls_x509_crt_init(&c) != 0)
        return error_set(e, "not enough memory for a certificate");
    bool made = new_key(&key, e) && make_certificate(c, key, e) &&
                describe(c, &arena, &described, e) && key_text(key, &arena, &text, e);
    if (!made)
        return false;
    made = file_replace(key_path, text, 0600, e) &&
           file_replace(certificate_path, described.pem, 0644, e);
    gnutls_memset((char *)(uintptr_t)text.data, 0, text.len);
    return made;
}

static bool load(struct authority *a, const char *certificate_path, const char *key_path,
                 struct error *e)
{
    struct slice text;
    KEY_AUTO key = NULL;
    if (!file_read(certificate_path, AUTHORITY_REQUEST_MOST, &a->arena, &a->pem, e) ||
        !file_read(key_path, AUTHORITY_REQUEST_MOST, &a->arena, &text, e))
        return false;
    gnutls_datum_t datum = handles_datum(text);
    int code = gnutls_x509_privkey_init(&key);
    if (code == 0)
        code = gnutls_x509_privkey_import(key, &datum, GNUTLS_X509_FMT_PEM);
    gnutls_memset((char *)(uintptr_t)text.data, 0, text.len);
    if (code == 0)
        code = gnutls_privkey_init(&a->key);
    if (code == 0) /* the key itself goes over */
        code = gnutls_privkey_import_x509(a->key, key, GNUTLS_PRIVKEY_IMPORT_COPY);
    if (code == 0)
        code = gnutls_x509_crt_init(&a->certificate);
    if (code != 0 || !import(a->certificate, a->pem)) {
        error_set(e, "the authority's certificate or key cannot be read");
        return error_place(e, "%s", certificate_path);
    }
    unsigned char of_key[64], of_certificate[64];
    size_t key_size = sizeof of_key, certificate_size = sizeof of_certificate;
    if (gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &key_size) == 0 &&
        gnutls_x509_crt_get_key_id(a->certificate, GNUTLS_KEYID_USE_SHA256, of_certificate,
                                   &certificate_size) == 0 &&
        key_size == certificate_size && memcmp(of_key, of_certificate, key_size) == 0)
        return true;
    error_set(e, "the authority's certificate and key do not belong together");
    return error_place(e, "%s", certificate_path);
}

bool authority_open(const char *folder, struct authority **authority_out, struct error *e)
{
    struct authority *a = calloc(1, sizeof *a);
    *authority_out = NULL;
    if (!a)
        return error_set(e, "not enough memory for a certificate");
    pthread_mutex_init(&a->lock, NULL);
    arena_init(&a->arena, 1u << 20);
    const char *certificate = file_join(&a->arena, folder, "authority.pem");
    const char *key = file_join(&a->arena, folder, "authority.key");
    bool fine = certificate && key ? true : error_set(e, "not enough memory for a certificate");
    if (fine && access(certificate, F_OK) != 0) /* a key without a certificate was never used */
        fine = make(certificate, key, e);
    if (fine && load(a, certificate, key, e)) {
        *authority_out = a;
        return true;
    }
    authority_close(&a);
    return false;
}

void authority_close(struct authority **authority)
{
    struct authority *a = *authority;
    *authority = NULL;
    if (!a)
        return;
    if (a->certificate)
        gnutls_x509_crt_deinit(a->certificate);
    if (a->key)
        gnutls_privkey_deinit(a->key);
    arena_free(&a->arena);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

struct slice authority_pem(const struct authority *authority)
{
    return authority->pem;
}

/* ---- the server's certificate ---------------------------------------------------------------- */

/* Whether it is ours, for those names, and has time left. The names stand in a file beside it. */
static bool still_good(struct authority *a, const char *path, const char *names_path,
                       const char *names)
{
    ARENA_AUTO arena;
    struct slice text;
    CERTIFICATE_AUTO c = NULL;
    arena_init(&arena, 1u << 20);
    if (!file_read(names_path, 65536, &arena, &text, NULL) || !slice_is(text, names) ||
        !file_read(path, AUTHORITY_REQUEST_MOST, &arena, &text, NULL) ||
        gnutls_x509_crt_init(&c) != 0 || !import(c, text))
        return false;
    int64_t left = (int64_t)gnutls_x509_crt_get_expiration_time(c) - clock_now() / CLOCK_SECOND;
    return left > SERVER_DAYS * SECONDS_DAY / 3 &&
           gnutls_x509_crt_check_issuer(c, a->certificate) == 1;
}

/* The common name is for people; who connects looks at the names. */
static struct slice first_name(const char *names)
{
    struct slice rest = slice_of(names), name;
    while (slice_split(&rest, '\n', &name))
        if (slice_trim(name).len && slice_trim(name).len <= 64)
            return slice_trim(name);
    return SLICE("haidang");
}

bool authority_serve(struct authority *a, const char *folder, const char *names, bool *replaced_out,
                     struct error *e)
{
    ARENA_AUTO arena;
    struct authority_certificate c;
    struct slice key;
    arena_init(&arena, 1u << 20);
    const char *pem = file_join(&arena, folder, "server.pem");
    const char *key_path = file_join(&arena, folder, "server.key");
    const char *names_path = file_join(&arena, folder, "server.names");
    const char *authority_path = file_join(&arena, folder, "authority.pem");
    *replaced_out = false;
    if (!pem || !key_path || !names_path || !authority_path)
        return error_set(e, "not enough memory for a certificate");
    if (still_good(a, pem, names_path, names) && access(key_path, F_OK) == 0 &&
        access(authority_path, F_OK) == 0)
        return true;
    *replaced_out = access(pem, F_OK) == 0;
    if (!issue(a, first_name(names), names, SERVER_DAYS, &arena, &c, &key, e))
        return false;
    /* the certificate last: who waits for it finds the rest */
    bool written = file_replace(authority_path, a->pem, 0644, e) &&
                   file_replace(key_path, key, 0600, e) &&
                   file_replace(names_path, slice_of(names), 0644, e) &&
                   file_replace(pem, c.pem, 0644, e);
    gnutls_memset((char *)(uintptr_t)key.data, 0, key.len);
    return written;
}
