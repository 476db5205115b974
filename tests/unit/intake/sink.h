/* sink - an intake with something behind it that stands for the archive: it takes batches from the
 * queue, gives ids, keeps a text of each event, and finishes the batch (or refuses it). */
#ifndef SINK_H
#define SINK_H

#include <pthread.h>

#include "base/buffer.h"
#include "event/batch.h"
#include "intake/intake.h"

struct sink_event {
    char *raw, *source, *decoder, *protocol, *sender, *class;
    size_t raw_len;
    uint32_t flags;
};

struct sink {
    struct queue *queue;
    struct intake *intake;
    struct decoders *decoders;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct sink_event *events;
    size_t count, capacity;
    /* sums of the stored batches' counters */
    _Atomic uint64_t received, stored, repeated, quarantined, refused, undecoded;
    bool failing;        /* refuses to store */
    bool stuck;          /* takes nothing from the queue */
    int64_t slow;        /* ns that each batch takes */
    /* of each event, and the event itself while it lives; may be NULL */
    void (*told)(struct sink *, const struct sink_event *, const struct event *);
    uint16_t udp_port, tcp_port, tls_port, relp_port, lumberjack_port, http_port;
};

/* Which listeners; files and state folder as in the options. */
struct sink_options {
    bool udp, tcp, tls, relp, lumberjack, http;
    const struct intake_file *files;
    size_t file_count;
    const char *state_folder;
    int64_t file_patience;
    const char *certificate, *key;  /* PEM texts */
    size_t queue_most;
    void (*told)(struct sink *, const struct sink_event *, const struct event *);
};

/* Sources: so-tttt.net for 127.0.0.0/8, so-tttt.web01 for its hostname web01, so-tttt.api with the
 * token "secret", so-tttt.file for files. */
struct sink *sink_start(const struct sink_options *options);
void sink_stop(struct sink **sink);
/* Waits until so many events are there, at most 5 s. */
bool sink_wait(struct sink *sink, size_t count);
const struct sink_event *sink_event(struct sink *sink, size_t i);
void sink_set(struct sink *sink, bool failing, bool stuck);

#endif
