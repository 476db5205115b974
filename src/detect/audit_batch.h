/* audit_batch - joins the auditd records of a batch, and those that the batch before had begun.
 *
 * Nothing waits: what a batch holds of an event is looked at at once; when the next batch brings more
 * of its records, the event is looked at again as a whole, and only rules that did not match before
 * are news.
 * Good: one for each detector.
 * Bad: an event spread over three batches is whole in none.
 */
#ifndef DETECT_AUDIT_BATCH_H
#define DETECT_AUDIT_BATCH_H

#include "event/audit.h"
#include "event/batch.h"

#define AUDIT_CARRIED_MOST 16u               /* events remembered from batch to batch */
#define AUDIT_CARRIED_BYTES (1024u * 1024)   /* of each of them at most */

struct audit_batch;

/* NULL when memory is short. */
struct audit_batch *audit_batch_new(void);
void audit_batch_free(struct audit_batch **audit);
/* Before the events of a batch are looked at. */
void audit_batch_begin(struct audit_batch *audit, struct batch *batch);
/* The event to look at for the index-th of the batch: itself, a joined one, or NULL when it stands in
 * one that was looked at before. Calls are in the order of the events. */
const struct event *audit_batch_event(struct audit_batch *audit, uint32_t index);
/* Of the event given last: is this match news? Call it for every rule that matches. */
bool audit_batch_news(struct audit_batch *audit, uint32_t rule);
/* Behind the last event: remembers what may go on in the next batch. */
void audit_batch_end(struct audit_batch *audit);
/* The rules were replaced: what matched before can no longer be told. */
void audit_batch_forget(struct audit_batch *audit);

#endif
