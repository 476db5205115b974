/* evtx - Windows event log files (.evtx): chunks, binary XML, templates, substitutions.
 *
 * An event's fields are named as the usual JSON form names them (Event.System.EventID,
 * Event.EventData.Image, Event.System.Provider.#attributes.Name). A template is read once a chunk;
 * then a record is only its substitutions: there the speed comes from.
 * Good: a chunk (64 KiB) stands alone, so several threads may read one file.
 * Never: trusted: every offset and length is checked; a damaged chunk gives what it can and an
 *        error with the place.
 * Source: the format as documented by libevtx (Joachim Metz) and [MS-EVEN6] 2.2.12.
 */
#ifndef EVENT_EVTX_H
#define EVENT_EVTX_H

#include "base/arena.h"
#include "base/error.h"
#include "event/event.h"

#define EVTX_CHUNK 65536u
#define EVTX_HEAD 4096u

/* False when the bytes are no .evtx file at all. *chunks_out: how many chunks there are (by size,
 * not by the header: a dirty log's header lags behind). */
bool evtx_open(struct slice file, uint32_t *chunks_out, struct error *e);

struct evtx_sink {
    /* record: its id in the log. The event's bytes hold until the call returns. */
    void (*event)(void *owner, struct event *event, uint64_t record);
    void *owner;
};

/* Reads one chunk. False with the first damage's place after what could be read has been given.
 * An unused chunk (no signature, all zero) is nothing and no damage. */
bool evtx_read_chunk(struct slice file, uint32_t chunk, const struct evtx_sink *sink,
                     struct error *e);

#endif
