/* tail - the events that were stored since one looked last: a search that goes on (live tail).
 *
 * Each look reads only what was committed since the one before, whatever the events' own times say;
 * an event is given once. Two days' files are watched: the newest, and the one before it for batches
 * that come late over midnight.
 * Good: a look at each nudge; without news it costs one small read a file.
 * Never: a query with pipes (a table of what is still to come has no end).
 */
#ifndef ARCHIVE_TAIL_H
#define ARCHIVE_TAIL_H

#include "archive/search.h"

struct tail;

/* From now on: what stands in the archive at this moment is not given. options and query live
 * longer than the tail; from, to, before and windows are not used. */
bool tail_new(const struct query *query, const struct search_options *options,
              struct tail **tail_out, struct error *e);
void tail_free(struct tail **tail);   /* NULL is fine */

/* Gives what was stored since the last look, newest first, at most options->limit of it (then
 * foot_out->end is SEARCH_LIMITED: the older ones of this look are left out for good). */
bool tail_look(struct tail *tail, const struct search_handlers *handlers,
               struct search_foot *foot_out, struct error *e);

#endif
