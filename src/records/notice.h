/* notice - the ledger of what was sent to whom; sending a reminder is evidence itself. Only
 * appended to.
 */
#ifndef RECORDS_NOTICE_H
#define RECORDS_NOTICE_H

#include "records/records.h"

struct records_notice {
    int64_t id;
    struct slice kind;                  /* reminder, incident, letter, call */
    struct slice subject;               /* "incident:12" */
    struct slice agency;                /* whom it concerns; may be empty */
    struct slice obligation, period, step;  /* of a reminder */
    int64_t incident;                   /* 0: none */
    struct slice receiver, channel;
    int64_t sent_at, learnt_at;
    struct slice by_whom, document, text;
    int64_t due_at, delivered_at, acknowledged_at;  /* 0: none, not yet */
};

/* sent_at 0: now. */
bool records_notice_add(struct records *records, const struct actor *actor,
                        const struct records_notice *notice, int64_t *id_out, struct error *e);
/* Fills in when it was delivered and acknowledged (0: leaves it). */
bool records_notice_answer(struct records *records, const struct actor *actor, int64_t id,
                           int64_t delivered_at, int64_t acknowledged_at, struct error *e);
/* Of one subject or agency (empty: any), oldest first, at most RECORDS_LIMIT_MOST. */
bool records_notice_list(struct records *records, const struct records_scope *scope,
                         struct slice subject, struct slice agency, struct arena *arena,
                         struct records_notice **rows_out, uint32_t *count_out, struct error *e);

#endif
