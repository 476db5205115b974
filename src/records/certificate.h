/* certificate - who may send by a certificate: relays, certificates, one-time codes.
 *
 * A certificate belongs to a source or to a relay (its holder) and is known by its fingerprint. It is
 * in force from valid_from to valid_to unless it was revoked; several of one holder may be at once, so
 * that the new one can be brought in while the old one still works. Private keys are never kept.
 * Each change writes the audit log; the roster takes fingerprints and revocations to the pipeline.
 */
#ifndef RECORDS_CERTIFICATE_H
#define RECORDS_CERTIFICATE_H

#include "records/records.h"

/* Of whom: a source, or a relay. */
struct records_holder {
    bool relay;
    struct slice key;
};

struct records_relay {
    struct slice key, agency, agency_name, name;
    bool enabled;
    uint32_t sources;              /* read only: enabled sources of its agency */
};

/* Adds or changes it. */
bool records_relay_put(struct records *records, const struct actor *actor,
                       const struct records_relay *relay, enum records_change *change_out,
                       struct error *e);
bool records_relay_get(struct records *records, const struct records_scope *scope,
                       struct slice key, struct arena *arena, struct records_relay *relay_out,
                       struct error *e);
/* All within the scope, by key. */
bool records_relay_list(struct records *records, const struct records_scope *scope,
                        struct arena *arena, struct records_relay **rows_out, uint32_t *count_out,
                        struct error *e);

struct records_certificate {
    struct slice sha256;           /* hex */
    struct records_holder holder;
    struct slice agency;           /* read only: the holder's */
    struct slice subject, issuer, pem;
    int64_t valid_from, valid_to;
    struct slice origin;           /* package, code, renewal, outside */
    int64_t made_at;               /* read only, as are those below */
    struct slice made_by;
    int64_t revoked_at;            /* 0: not revoked */
    struct slice revoked_by, reason;
};

/* "active", "ending" (less than RECORDS_CERTIFICATE_ENDING is left), "ended", "revoked", "future". */
const char *records_certificate_state(const struct records_certificate *certificate, int64_t now);
#define RECORDS_CERTIFICATE_ENDING (INT64_C(30) * 24 * 3600 * 1000000000)

/* ERROR_CONFLICT when its fingerprint is there already. */
bool records_certificate_add(struct records *records, const struct actor *actor,
                             const struct records_certificate *certificate, struct error *e);
bool records_certificate_get(struct records *records, const struct records_scope *scope,
                             struct slice sha256, struct arena *arena,
                             struct records_certificate *out, struct error *e);
/* Of one holder (key empty: of all), newest first. */
bool records_certificate_list(struct records *records, const struct records_scope *scope,
                              const struct records_holder *holder, struct arena *arena,
                              struct records_certificate **rows_out, uint32_t *count_out,
                              struct error *e);
/* Raises an alert for each source or relay whose last certificate ends within
 * RECORDS_CERTIFICATE_ENDING or has ended since as long; ends it when there is a newer one. *told_out
 * (may be NULL): how many stand. */
bool records_certificate_watch(struct records *records, int64_t now, uint32_t *told_out,
                               struct error *e);
/* For good. A certificate that is revoked already stays as it is (ERROR_CONFLICT). */
bool records_certificate_revoke(struct records *records, const struct actor *actor,
                                struct slice sha256, struct slice reason, struct error *e);

/* Keeps the hash (hex of SHA-256) of a code that works once until expires_at. */
bool records_code_add(struct records *records, const struct actor *actor,
                      const struct records_holder *holder, struct slice code_sha256,
                      int64_t days, int64_t expires_at, struct error *e);
/* Uses it up: whose it is, and for how many days a certificate shall hold. ERROR_FORBIDDEN with one
 * and the same sentence when there is none, or it was used, or its time is over. Within the caller's
 * transaction it is used only if that is committed. */
bool records_code_use(struct records *records, struct slice code_sha256, struct arena *arena,
                      struct records_holder *holder_out, int64_t *days_out, struct error *e);

#endif
