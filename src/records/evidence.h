/* evidence - a fact that a measure counts, with its basis and two times: when it holds and when it
 * was learnt, so that any past day can be asked. Never changed, only revoked.
 */
#ifndef RECORDS_EVIDENCE_H
#define RECORDS_EVIDENCE_H

#include "records/records.h"

struct records_evidence {
    int64_t id;
    struct slice kind, subject, agency;
    int64_t holds_from, holds_to;       /* [from, to); holds_to 0: open */
    int64_t learnt_at;                  /* set when added */
    struct slice basis;                 /* measured, verified, declared */
    int ok;                             /* 1, 0; -1 unknown */
    bool has_amount, has_base;
    int64_t amount, base;               /* đồng, hours, persons, …; of how many */
    struct slice title;
    struct slice data;                  /* JSON object; empty: {} */
    struct slice document, sha256, by_whom;
    int64_t revoked_at;                 /* 0: in force */
    struct slice revoked_by, revoked_why;
};

struct records_evidence_filter {
    struct slice kind, subject, agency;
    int64_t from, to;                   /* holds within [from, to); 0: open */
    int64_t known_at;                   /* as known then; 0: now */
    bool revoked;                       /* revoked ones too */
};

struct records_evidence_list {
    struct records_evidence *rows;
    uint32_t count;
    uint64_t total;
    struct slice next;
};

/* Sorts: -holds_from, holds_from. */
bool records_evidence_list(struct records *records, const struct records_scope *scope,
                           const struct records_evidence_filter *filter,
                           const struct records_page *page, struct arena *arena,
                           struct records_evidence_list *list_out, struct error *e);
bool records_evidence_get(struct records *records, const struct records_scope *scope, int64_t id,
                          struct arena *arena, struct records_evidence *evidence_out,
                          struct error *e);
/* An agency's user may add only 'declared' evidence, and only about the own agency. */
bool records_evidence_add(struct records *records, const struct actor *actor,
                          const struct records_evidence *evidence, int64_t *id_out,
                          struct error *e);
bool records_evidence_revoke(struct records *records, const struct actor *actor, int64_t id,
                             struct slice why, struct error *e);

#endif
