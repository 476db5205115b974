/* batch - a load of events on its way through the pipeline, with its acknowledgement.
 *
 * Here, and only here, intake, detect and archive meet: intake fills it, detect adds alerts and
 * hits, archive commits all of it in one transaction and calls stored(). One owner at a time: who
 * takes it from a queue owns it and its arena, and nobody else looks at it.
 */
#ifndef EVENT_BATCH_H
#define EVENT_BATCH_H

#include "base/arena.h"
#include "base/error.h"
#include "event/alert.h"
#include "event/event.h"

#define BATCH_EVENTS 1024u             /* intake hands on at this many events, */
#define BATCH_BYTES (1024u * 1024)     /* or about this many raw bytes, or after 100 ms */
#define BATCH_ARENA (64u * 1024 * 1024)

/* What a source's counters gain by this batch: received = stored + repeated + quarantined +
 * refused. Quarantined events are stored too (class "quarantine") but counted apart. */
struct batch_count {
    struct slice source;               /* key, or "" for unknown senders */
    struct slice protocol;             /* how it last sent: syslog-udp, syslog-tcp, http, file … */
    uint64_t received, stored, repeated, quarantined, refused, undecoded;
    int64_t first, last;               /* receipt times, ns UTC */
    int64_t skew;                      /* largest event time - receipt time, ns: its clock minus ours,
                                        * as far as the freshest event tells; 0: none names a time */
};

/* Which records of a request, that its sender marked, the batch holds: committed with them, so that the
 * request is known when it is sent again, even after a kill. */
#define BATCH_MARK_KEY 16
struct batch_mark {
    unsigned char key[BATCH_MARK_KEY]; /* digest of sender and mark */
    uint64_t place;                    /* in a numbered stream; 0: the mark stands for itself */
    uint32_t first, count;             /* records of the request, from 0; count 0: no mark */
    bool checked;                      /* the key is a sender's stream, of which only the last request */
    unsigned char check[BATCH_MARK_KEY]; /* is known, and by its records: their digest (load.c) */
};

/* Key and check as they are kept, in BATCH_MARK_KEPT bytes of the caller's; and back: false when the
 * bytes are neither. */
#define BATCH_MARK_KEPT (2 * BATCH_MARK_KEY)
struct slice batch_mark_bytes(const struct batch_mark *mark, unsigned char *bytes);
bool batch_mark_take(struct batch_mark *mark, struct slice bytes);

struct batch {
    struct arena arena;
    char class[16];                    /* retention class of all its events */
    int64_t received;                  /* when its first event arrived; ns UTC */
    struct event *events;
    uint32_t event_count, event_capacity;
    size_t raw_bytes;
    struct batch_count *counts;
    uint32_t count_count;

    struct batch_mark mark;

    /* by detect, in the batch's arena */
    uint64_t base;                     /* running number of its first event, of all that this process saw */
    struct alert *alerts;
    uint32_t alert_count;
    struct hit *hits;
    uint32_t hit_count;
    struct match_tally *tallies;
    uint32_t tally_count;

    /* by archive at commit: the ids are day.class.(first_sequence + index) */
    struct event_id first;

    /* Called exactly once by whoever ends the batch's way: error NULL after the commit, or why it
     * could not be stored. Runs in the archive's thread: it only tells the sender's thread. The
     * batch belongs to the callee afterwards (it frees it with batch_free, perhaps in its own
     * thread). NULL: nobody waits, the archive frees it. */
    void (*stored)(struct batch *batch, const struct error *error);
    void *owner;                       /* of stored() */
    struct batch *next;                /* of the owner's list */
};

/* Empty batch of that retention class; NULL when memory is short. */
struct batch *batch_new(const char *class, int64_t now);
void batch_free(struct batch **batch);
/* The next event, cleared, or NULL when full (BATCH_EVENTS, BATCH_BYTES) or out of memory. Who
 * fills it adds the record's length to raw_bytes. */
struct event *batch_add(struct batch *batch);
bool batch_full(const struct batch *batch);
/* Bytes of memory it takes, about: for the limits of queues (a const void * for queue_limit). */
size_t batch_weight(const void *batch);
/* The counters of one source within this batch (made when new); NULL when out of memory. The
 * pointer holds until the next call. */
struct batch_count *batch_count(struct batch *batch, struct slice source);
/* Ends the batch's way: calls stored(), or frees it when nobody waits. */
void batch_finish(struct batch *batch, const struct error *error);

#endif
