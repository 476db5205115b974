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

struct evtx_reader;

/* Holds templates and buffers: one a thread. NULL when memory is short. */
struct evtx_reader *evtx_reader_new(void);
void evtx_reader_free(struct evtx_reader **reader);

/* Do these first bytes of a file (EVTX_HEAD) begin an event log? Dirty: Windows had not closed it, so
 * its checksums say nothing. */
bool evtx_is_file(struct slice head);
bool evtx_is_dirty(struct slice head);

/* Chunks of a file of that size: by the size, for a dirty log's header lags behind. */
static inline uint64_t evtx_chunks(uint64_t file_size)
{
    return file_size <= EVTX_HEAD ? 0 : (file_size - EVTX_HEAD + EVTX_CHUNK - 1) / EVTX_CHUNK;
}

/* Is this the head (128 bytes suffice) of a chunk that was never written? */
bool evtx_is_unused(struct slice chunk);

/* Bytes at the chunk's beginning behind which no record stands, as its head (EVTX_CHUNK_HEAD bytes)
 * says: mostly far fewer than EVTX_CHUNK, which it is where the head cannot be believed. */
#define EVTX_CHUNK_HEAD 512u
size_t evtx_used(struct slice head);
/* Does a record begin with these bytes? */
bool evtx_is_record(struct slice bytes);
/* Do the checksums fit, both of which cover nothing behind that? */
bool evtx_is_sound(struct slice chunk);

struct evtx_chunk {
    struct slice bytes;    /* EVTX_CHUNK; fewer where the file ends within it, or if it is sound */
    uint64_t number;       /* in its file, from 0: for the places of errors */
    bool dirty;            /* as its file says */
    bool sound;            /* its checksums were seen to fit: all that is used is there */
};

struct evtx_sink {
    /* record: its id in the log. The event's bytes hold until the call returns. */
    void (*event)(void *owner, struct event *event, uint64_t record);
    void *owner;
};

/* Reads one chunk. False with the first damage's place after what could be read has been given. An
 * unused chunk is nothing and no damage. */
bool evtx_read_chunk(struct evtx_reader *reader, const struct evtx_chunk *chunk,
                     const struct evtx_sink *sink, struct error *e);

#endif
