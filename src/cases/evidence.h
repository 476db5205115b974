/* evidence - an incident's events as a signed package (ZIP), and whether such a package is whole.
 *
 *     events.jsonl    a line an event, as `archive export` writes them, in the order of their ids
 *     chain.jsonl     the links of the days' chains from the first batch with such an event on, as far
 *                     as the day's last link where that is not too far: digest, digest of the counts
 *     incident.json   the incident, its time line and its alerts
 *     manifest.json   SHA-256 and size of these, ids of the events, each day's last link with its signed
 *                     head, who made the package, when and why
 *     manifest.sig    Ed25519 over "haidang evidence 1\n" and manifest.json, and the public key; hex
 *
 * What it proves: nothing in it was changed since it was signed; the digests of the batches in which
 * the events arrived stand in a chain that ends in the day's head, signed on its own. A batch's digest
 * is over all its events, others' too, so that an event is in it is told by the server, which computed
 * the digest anew ("held"), and can be computed again by whoever has the archive.
 * Never: given to somebody before it was written down (evidence_record).
 */
#ifndef CASES_EVIDENCE_H
#define CASES_EVIDENCE_H

#include "archive/heads.h"
#include "records/records.h"

#define EVIDENCE_EVENTS_MOST 100000u
#define EVIDENCE_FILE_MOST (256u * 1024 * 1024)   /* one file of a package, unpacked */

struct evidence_order {
    int64_t incident;
    struct slice by, reason;           /* who asks, and why; a reason is needed */
    struct heads_place place;
    const struct heads_key *key;
    const char *version;               /* of the program */
    int64_t now;
};

struct evidence_package {
    struct slice zip;                  /* in the arena */
    struct slice name;                 /* "haidang-SC-2026-0001.zip" */
    char sha256[65];                   /* of the zip */
    uint64_t events;
    uint64_t copies;                   /* of those, no longer in the archive: as the alert kept them */
};

/* Reads only. Outside the scope: ERROR_NOT_FOUND; without events or a reason: ERROR_INPUT. */
bool evidence_make(struct records *records, const struct records_scope *scope,
                   const struct evidence_order *order, struct arena *arena,
                   struct evidence_package *package_out, struct error *e);

/* Writes into the incident's time line and the audit log that the package was given out. */
bool evidence_record(struct records *records, const struct actor *actor, int64_t incident,
                     struct slice sha256, uint64_t events, struct slice reason, struct error *e);

/* ---- checking -------------------------------------------------------------------------------- */

struct evidence_check {
    bool whole;
    struct slice first;                /* the first thing found wrong, in words; empty: nothing */
    struct slice by, reason, code;     /* as the manifest says */
    int64_t time;
    uint64_t events, copies;
    uint64_t linked;                   /* events whose batch stands in a chain up to the day's last link */
    uint64_t days;                     /* day files concerned */
    uint64_t held_days;                /* whose batches were computed anew when the package was made */
    uint64_t signed_days;              /* whose last link was signed on its own by the same key */
    char key[65];                      /* public key that signed it, hex */
    bool key_known;                    /* it is the one given */
};

/* The package's bytes. public NULL: the key in the package is taken. False: this is no package (e);
 * a changed one is an answer. Texts are the arena's. */
bool evidence_check(struct slice zip, const unsigned char *public, struct arena *arena,
                    struct evidence_check *check_out, struct error *e);

#endif
