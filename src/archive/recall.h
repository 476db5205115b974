/* recall - single events by their ids, for the hub's own copies of what an alert is about.
 *
 * Keeps the day file and the block of the last event: the events of one alert, and of alerts that
 * follow each other, mostly stand together.
 * Good: many ids in the order of the archive.  Bad: held over a pause (recall_rest gives the file
 * back).  Never: for people; no scope is asked.
 */
#ifndef ARCHIVE_RECALL_H
#define ARCHIVE_RECALL_H

#include "base/arena.h"
#include "base/error.h"
#include "event/event.h"

struct recall;

/* False: memory is short. The directory's name is copied. */
bool recall_open(const char *directory, struct recall **recall_out, struct error *e);
void recall_close(struct recall **recall); /* NULL is fine */
/* Fills events_out[i] for ids[i] (all bytes in the arena); found_out[i] false where the event is gone
 * (expired, its block is damaged). False: memory is short. */
bool recall_events(struct recall *recall, const struct event_id *ids, size_t count,
                   struct arena *arena, struct event *events_out, bool *found_out,
                   struct error *e);
/* Closes the file and lets the block go, until the next call. */
void recall_rest(struct recall *recall);

#endif
