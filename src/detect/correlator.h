/* correlator - sliding windows over what single rules found: the open state of correlations.
 *
 * Windows slide on event time and are not bound to boundaries; an event that comes late is put
 * where it belongs, as long as its window can still be open. An alert is raised when the condition
 * turns true; while it stays true the same group is silent for one time span.
 * Memory is bounded: beyond the limits the groups not heard of for longest are dropped, and counted.
 * Good: one for the whole pipeline; scanners of several threads hand it their hits in order.
 * Never: two threads at once.
 */
#ifndef DETECT_CORRELATOR_H
#define DETECT_CORRELATOR_H

#include "detect/scanner.h"
#include "event/batch.h"

#define CORRELATOR_WINDOWS_MOST 200000u
#define CORRELATOR_HITS_MOST 1000000u /* open in a server: 72 MB, twice that while windows grow */
#define CORRELATOR_WINDOW_HITS_MOST 20000u

struct correlator;

struct correlator_statistics {
    uint64_t windows, hits, dropped, alerts;
};

/* NULL when memory is short. */
struct correlator *correlator_new(struct ruleset *ruleset);
void correlator_free(struct correlator **correlator);
/* Another number of open hits than CORRELATOR_HITS_MOST: who reads files once has the memory for it. */
void correlator_room(struct correlator *correlator, uint64_t hits);
struct correlator_statistics correlator_statistics(const struct correlator *correlator);

/* Of the event scanned last: what the rule's match counts in correlations, as hits whose bytes are
 * the arena's. False when the arena is exhausted. */
bool correlator_hits(struct scanner *scanner, const struct event *event, uint32_t rule,
                     uint32_t index, struct arena *arena, struct hit **out, uint32_t *count_out);
/* Counts the hit. Alerts it completes (chained ones too) go to `alert`; their bytes are the arena's. */
void correlator_put(struct correlator *correlator, const struct hit *hit, struct arena *arena,
                    void (*alert)(void *owner, uint32_t rule, const struct alert *alert),
                    void *owner);
/* A new batch begins; base is the running number of its first event (event/batch.h). Without it all hits are
 * of one batch. */
void correlator_begin(struct correlator *correlator, uint64_t base);
/* A hit read back after a restart: counted as correlator_put() does, so that a correlation which it
 * completes is a hit of those that refer to it, but nothing is raised. Hits of rules no longer there
 * are left out. id is its event's. Hits are handed over in the order in which they came. */
void correlator_restore(struct correlator *correlator, const struct hit *hit,
                        const struct event_id *id);
/* After the rules changed: what the old one knew of correlations that still exist and group as
 * before. */
void correlator_move(struct correlator *to, const struct correlator *from);
/* Longest time span of all correlations, ns, together with those of the correlations they refer to:
 * how far back hits are to be read at a start. */
int64_t correlator_span(const struct ruleset *ruleset);

#endif
