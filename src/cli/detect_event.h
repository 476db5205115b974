/* detect_event - what haidang detect wants to know of an event in any of the shapes it may have. */
#ifndef CLI_DETECT_EVENT_H
#define CLI_DETECT_EVENT_H

#include "event/event.h"

/* The record's own time, by the members that carry it in the shapes we know; ns UTC, 0: none. */
int64_t detect_event_time(const struct event *event);
/* The machine it happened on, or SLICE_NONE. */
struct slice detect_event_host(const struct event *event);

#endif
