/* inside - what the listeners of one intake share. For intake/ only. */
#ifndef INTAKE_INSIDE_H
#define INTAKE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "event/batch.h"
#include "intake/intake.h"
#include "intake/ledger.h"

/* A roster in use: freed when the last listener has left it. */
struct roster_hold {
    atomic_uint users;
    struct roster *roster;
};

/* received = stored + repeated + quarantined + refused + waiting, at any moment (each is read by
 * itself: exact when nothing moves). */
struct figures {
    atomic_uint_fast64_t received, stored, repeated, quarantined, refused, waiting;
    atomic_uint_fast64_t bytes, cut, dropped, connections;
    atomic_int_fast64_t last;
};

struct listener;

#define LISTENS_AT_FILES (-1)
#define LISTENS_AT_SOCKETS (-2)

/* A protocol is one row (protocols[] in intake.c): all there is to add for a new listener. */
struct protocol {
    const char *name;
    bool acknowledges;
    int listener;                  /* enum intake_listener; LISTENS_AT_FILES, LISTENS_AT_SOCKETS */
    /* Starts a listener; it owns fd, also when that fails. */
    bool (*start)(struct listener *listener, int fd, struct error *e);
    /* No new records; hands on what is open; ends its thread. */
    void (*stop)(struct listener *listener);
};

struct listener {
    const struct protocol *protocol;
    struct intake *intake;
    struct figures figures;
    void *own;                     /* of the protocol; NULL: not running */
};

struct intake {
    struct intake_options options;
    struct queue *out;
    pthread_mutex_t lock;          /* of roster */
    pthread_cond_t first_roster;
    struct roster_hold *roster;    /* NULL: everybody is unknown */
    atomic_uint roster_generation;
    atomic_bool stopping;
    atomic_bool shut;              /* nothing is taken in: the disk is full */
    struct repeats *repeats;       /* requests that may be sent again */
    struct ledger *ledger;         /* what was repeated or refused and is not yet in a batch */
    struct listener listeners[INTAKE_LISTENERS_MOST];
    size_t listener_count;
};

/* The roster now, counted; NULL when there is none. */
struct roster_hold *roster_take(struct intake *intake);
/* A listener begins when the first roster is there, so that nobody is taken for unknown only
 * because we have just started; after INTAKE_ROSTER_SECONDS it begins without one. */
void roster_wait(struct intake *intake);
void roster_leave(struct roster_hold **hold);

/* A record was received and is on its way. */
void figures_record(struct figures *figures, size_t bytes, int64_t received, bool cut);
/* Records (or connections, or requests that were not read: one each) are turned away. source NULL:
 * nobody knows whose. */
void listener_refuse(struct listener *listener, const struct roster_source *source,
                     uint64_t count);
/* Records that are stored already were sent again, by the sender's own mark. */
void listener_repeat(struct listener *listener, const struct roster_source *source,
                     struct slice protocol, uint64_t count);
/* A batch's way has ended: stored, or (error) its sender knows that it was not. */
void listener_settle(struct listener *listener, const struct batch *batch,
                     const struct error *error);

/* The rows. */
bool udp_start(struct listener *listener, int fd, struct error *e);
void udp_stop(struct listener *listener);
bool syslog_stream_start(struct listener *listener, int fd, struct error *e);
bool syslog_tls_start(struct listener *listener, int fd, struct error *e);
bool relp_start(struct listener *listener, int fd, struct error *e);
bool lumberjack_start(struct listener *listener, int fd, struct error *e);
void stream_stop(struct listener *listener);
bool http_listener_start(struct listener *listener, int fd, struct error *e);
bool https_listener_start(struct listener *listener, int fd, struct error *e);
void http_listener_stop(struct listener *listener);
bool local_start(struct listener *listener, int fd, struct error *e);
void local_stop(struct listener *listener);
bool follow_start(struct listener *listener, int fd, struct error *e);
void follow_stop(struct listener *listener);

#endif
