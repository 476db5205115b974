/* ledger - what a source sent and what was not taken: repeats and refusals, until they stand in the
 * archive beside the events.
 *
 * Events carry their own counts in their batch. What was refused or repeated is in no batch, so it is
 * noted here and handed on as a batch of counts alone, every second at most, and never in the way of
 * events: when the queue is busy it waits. So the identity received = stored + repeated +
 * quarantined + refused holds at every commit, and what is not yet committed is in neither side.
 * Good: any thread.
 * Bad: what was noted and not yet committed is forgotten by a kill.
 */
#ifndef INTAKE_LEDGER_H
#define INTAKE_LEDGER_H

#include "base/queue.h"
#include "base/slice.h"

struct ledger;

struct ledger *ledger_new(void);   /* NULL when memory is short */
void ledger_free(struct ledger **ledger);

/* class and source (key; "" unknown) are copied; protocol is static. */
void ledger_add(struct ledger *ledger, const char *class, struct slice source,
                struct slice protocol, uint64_t repeated, uint64_t refused);
/* Hands on what was noted, when it is due (or `all` of it now, waiting for room). */
void ledger_hand_on(struct ledger *ledger, struct queue *out, bool all);
/* Batches of counts whose end is not known yet. */
unsigned ledger_outside(struct ledger *ledger);

#endif
