/* audit - who did what, when: each row carries the hash of the row before it.
 *
 * hash = SHA-256(previous hash, then id, time, user, role, agency, action, object, detail, each as
 * u32 length and bytes; numbers as u64 little-endian). The first row's previous is 32 zero bytes.
 * So a row changed, removed or slipped in is found by records_audit_verify; cutting off the end is
 * found against audit_head (and, beyond that, only against a copy of the head kept elsewhere).
 */
#ifndef RECORDS_AUDIT_H
#define RECORDS_AUDIT_H

#include "records/records.h"

struct records_audit_row {
    int64_t id, time;
    struct slice user, role, agency, action, object, detail;
};

struct records_audit_list {
    struct records_audit_row *rows;
    uint32_t count;
    uint64_t total;
    struct slice next;
};

/* Writes one row; call it inside the transaction of the change. agency: whose thing it was, may be
 * empty. detail: JSON or empty; no secrets. */
bool records_audit(struct records *records, const struct actor *actor, struct slice agency,
                   const char *action, struct slice object, struct slice detail, struct error *e);
/* The same of a thing with a number: the action "kind.what" on "kind:id". */
bool records_audit_id(struct records *records, const struct actor *actor, struct slice agency,
                      const char *kind, const char *what, int64_t id, struct slice detail,
                      struct error *e);

struct records_audit_filter {
    struct slice user, object;   /* empty: any */
    int64_t from, to;            /* [from, to); 0: open */
};

/* Sort: -time (newest first). */
bool records_audit_list(struct records *records, const struct records_scope *scope,
                        const struct records_audit_filter *filter,
                        const struct records_page *page, struct arena *arena,
                        struct records_audit_list *list_out, struct error *e);

/* Walks the whole chain; ERROR_CONFLICT with the row's number when something does not fit. *rows_out (may be
 * NULL): rows that were checked. */
bool records_audit_verify(struct records *records, uint64_t *rows_out, struct error *e);

#endif
