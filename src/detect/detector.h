/* detector - the pipeline's face of this room: scanner and correlator over batches.
 *
 * Good: one a thread; after the batch left intake, before archive.
 * Never: a batch that somebody else still looks at.
 */
#ifndef DETECT_DETECTOR_H
#define DETECT_DETECTOR_H

#include "detect/correlator.h"
#include "detect/exception.h"
#include "detect/indicator_match.h"
#include "detect/losses_book.h"

struct detector; /* one thread */

/* Shares the ruleset; NULL when memory is short. */
struct detector *detector_new(struct ruleset *ruleset);
void detector_free(struct detector **detector);
/* Scans every event, feeds correlations, fills batch->alerts and batch->hits (the batch's arena).
 * What exceptions silence, what is folded or throttled stands in batch->tallies instead.
 * False when memory or the ceiling ends: the batch may be stored all the same. */
bool detector_batch(struct detector *detector, struct batch *batch, struct error *e);
/* An open hit read back from the archive at start; id is its event's. Raises nothing. */
void detector_restore(struct detector *detector, const struct hit *hit, const struct event_id *id);
/* New rules between two batches; open windows of correlations with the same id are kept. False when
 * memory is short: the old rules stay. */
bool detector_swap(struct detector *detector, struct ruleset *ruleset);
/* Rule ids that raise nothing from now on (copied); they count in no correlation either. */
bool detector_disable(struct detector *detector, const struct slice *rules, uint32_t count);
/* Threat indicators to look for from now on; both are the detector's (freed by it). NULL: none. False
 * when memory is short: those of before stay. */
bool detector_indicators(struct detector *detector, struct indicator_fields *fields,
                         struct indicator_table *table);
/* Exceptions and limits from now on: both of the roster, what is compiled of it being the detector's.
 * NULL: no exceptions. */
void detector_exceptions(struct detector *detector, struct exception_set *exceptions,
                         const struct roster_limit *limits, uint32_t limit_count);
/* Longest time span of all correlations, ns: how far back hits are wanted. */
int64_t detector_horizon(const struct detector *detector);

/* What was not looked at or not counted, up to the last batch. Any thread. */
struct losses detector_losses(struct detector *detector);

#endif
