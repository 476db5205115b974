/* office - where senders are enrolled: packages, one-time codes, renewal, by the records and the
 * built-in authority.
 *
 * Two ways to a certificate, both written to the records and so to the roster:
 *   code  the package holds no key but a code that works once, for seven days: the sender's own
 *         machine makes the key and sends a request with the code (the key never leaves it)
 *   key   the key is made here, put into the package, and forgotten; the package is encrypted with a
 *         password that is told once
 * A certificate is renewed by its own key: the request for the next one is signed with it. The old one
 * stays in force to its end, so that nothing stops between the two.
 *
 * Good: one office for all threads. Records are the caller's connection, within one transaction.
 */
#ifndef ENROL_OFFICE_H
#define ENROL_OFFICE_H

#include "base/arena.h"
#include "enrol/authority.h"
#include "records/certificate.h"

#define OFFICE_DAYS 365
#define OFFICE_CODE_DAYS 7
#define OFFICE_FOLDER "/etc/haidang-sender"  /* where a package lies at the sender, unless told */

/* How senders reach this server. Texts must live as long as the office; "" where there is none. */
struct office_options {
    const char *secrets;         /* folder of the authority's key */
    const char *templates;       /* folder with source/ and relay/ */
    const char *trust;           /* path of the PEM that senders check the server's certificate against;
                                  * "": the built-in authority */
    const char *name;            /* host name or address of the server */
    const char *syslog_tls_port, *https_port;
    const char *console;         /* https://haidang.example:8080, where codes and renewals are sent */
};

struct office;

bool office_open(const struct office_options *options, struct office **office_out,
                 struct error *e);
void office_close(struct office **office);
struct authority *office_authority(struct office *office);

struct office_wish {
    struct records_holder holder;
    bool with_key;
    int64_t days;                /* 0: OFFICE_DAYS; at most AUTHORITY_DAYS_MOST */
    const char *folder;          /* at the sender; NULL: OFFICE_FOLDER */
};

struct office_package {
    struct slice name;           /* haidang-KEY.zip */
    struct slice zip;
    struct slice password;       /* of a package with a key; empty otherwise */
    int64_t code_until;          /* of a package with a code; 0 otherwise */
    struct slice sha256;         /* of the certificate in a package with a key; empty otherwise */
};

/* The holder must be there. Bytes in the arena. */
bool office_package(struct office *office, struct records *records, const struct actor *actor,
                    const struct office_wish *wish, struct arena *arena,
                    struct office_package *out, struct error *e);
/* The sender's own request, with the code of its package. */
bool office_redeem(struct office *office, struct records *records, struct slice code,
                   struct slice request, struct arena *arena, struct authority_certificate *out,
                   struct error *e);
/* The next certificate of the same holder: signature by the old key over the request's bytes. */
bool office_renew(struct office *office, struct records *records, struct slice sha256,
                  struct slice request, struct slice signature, struct arena *arena,
                  struct authority_certificate *out, struct error *e);
/* Registers a certificate of another authority (the server must know that one: `tls.clients`). */
bool office_register(struct office *office, struct records *records, const struct actor *actor,
                     const struct records_holder *holder, struct slice certificate,
                     struct arena *arena, struct authority_certificate *out, struct error *e);

#endif
