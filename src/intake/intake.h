/* intake - events in: listeners that take records from senders and hand on batches.
 *
 * Each listener is a thread with open batches of its own, one for each retention class; a batch
 * is handed on when it is full or 100 ms old. The queue is bounded: when it is full the
 * listeners wait, so that TCP senders are slowed by their sockets, HTTP is answered 429 before
 * anything is stored, and what UDP then loses is counted from the kernel's counter. Who sent it
 * is told by the roster: token, else network and hostname. Unknown senders' events go to the
 * class "quarantine", visible and counted.
 *
 * Good: one intake per pipeline process.
 * Never: an acknowledgement before the batch's stored().
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "base/error.h"
#include "base/queue.h"
#include "event/batch.h"
#include "event/decoder.h"
#include "event/roster.h"
#include "intake/listeners.h"

struct intake;

/* A file that is followed by its name. */
struct intake_file {
    const char *path;
    const char *source;           /* key in the roster */
};

/* A socket of this machine that programs write lines to, bound already. */
struct intake_socket {
    const char *path;
    const char *source;           /* key in the roster */
    bool datagram;                /* else a stream, listening */
    int fd;                       /* intake's from intake_start on */
};

/* Descriptors, by enum intake_listener, are bound already (and listening, for TCP); -1 or 0: that
 * listener is not started. They belong to intake from the call on. Of HTTP's the protocol is told
 * by the path: /events, /_bulk, /services/collector … */
struct intake_options {
    const struct decoders *decoders;  /* live longer than intake and every batch */
    int listen_fd[INTAKE_LISTENERS_COUNT];
    const char *tls_certificate;      /* PEM with chain; NULL: HTTP in the clear, no TLS syslog */
    const char *tls_key;              /* PEM */
    const char *tls_clients;          /* PEM of the CAs of client certificates; NULL: none is asked */
    bool tls_client_required;         /* syslog over TLS and Lumberjack: who shows none is refused */
    bool http_clear;                  /* http_fd and lumberjack_fd speak no TLS all the same */
    const struct intake_file *files;
    size_t file_count;
    const struct intake_socket *sockets;
    size_t socket_count;
    const char *state_folder;         /* where offsets of files are kept; NULL: from their end */
    int64_t file_patience;            /* ns that a rotated file must be quiet to be let go; 0: 10 s */
    unsigned http_threads;            /* 0: 2. HTTP answers 429 when the queue is 3/4 full */
};

#define INTAKE_OPTIONS_NONE ((struct intake_options){ .decoders = NULL })

/* Starts the listeners; batches are pushed to out (struct batch *). Nothing is read until
 * intake_roster was called (or some seconds have passed, then every sender is unknown). False
 * with the reason when a listener cannot start (then none runs). */
bool intake_start(const struct intake_options *options, struct queue *out,
                  struct intake **intake_out, struct error *e);
/* From the next batches on this roster decides who a sender is. Takes the roster over and frees it
 * when the last listener has left it. */
void intake_roster(struct intake *intake, struct roster *roster);
/* What the archive remembers of marked requests, oldest first, before the first roster. */
void intake_remember(struct intake *intake, const struct batch_mark *mark);
/* Stops listening, hands on what is open, waits until every acknowledging sender was answered, ends
 * the threads. The queue must still be drained meanwhile. */
void intake_stop(struct intake **intake);

/* "SOURCE PATH" of the configuration's list `files`, cut in place. */
bool intake_file_parse(char *text, struct intake_file *out, struct error *e);
/* "SOURCE stream PATH" or "SOURCE datagram PATH" of the list `sockets`, cut in place; fd is -1. */
bool intake_socket_parse(char *text, struct intake_socket *out, struct error *e);

/* To be called about each second: hands on what was counted beside the events. */
void intake_tick(struct intake *intake);
/* Nothing is taken in any more (why: the disk is full …) until it is called with false: HTTP is
 * answered 503, streams and files are not read, so that their senders wait; what UDP loses meanwhile
 * the kernel counts. */
void intake_shut(struct intake *intake, bool shut);

/* Figures of one listener since the start. At rest, and within what is on its way at any moment:
 * received = stored + repeated + quarantined + refused + waiting. */
struct intake_statistics {
    const char *protocol;         /* syslog-udp, syslog-tcp, syslog-tls, relp, … */
    uint64_t received;            /* records, and what was refused unread: a request, a connection */
    uint64_t bytes;
    uint64_t stored;              /* of known senders, committed */
    uint64_t repeated;            /* sent again by the sender's own mark */
    uint64_t quarantined;         /* from unknown senders, committed */
    uint64_t refused;             /* turned away, or not stored and the sender knows it */
    uint64_t waiting;             /* on their way to the archive */
    uint64_t cut;                 /* records longer than the limit */
    uint64_t dropped;             /* by the kernel, before we saw them (UDP) */
    uint64_t connections;         /* now */
    int64_t last;                 /* receipt time of the last record, ns UTC; 0: none yet */
};

#define INTAKE_LISTENERS_MOST 12u
/* Fills rows (INTAKE_LISTENERS_MOST places), returns how many. Any thread. */
size_t intake_statistics(struct intake *intake, struct intake_statistics *rows);

#endif
