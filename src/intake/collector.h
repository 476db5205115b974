/* collector - the open batches of one listener thread.
 *
 * Records come in one by one; a batch goes on to the queue when it is full or INTAKE_FLUSH_NS
 * old. Pushing waits while the queue is full: that is the back-pressure. A batch that could not
 * be stored (a full disk) and whose sender cannot be asked to send again is handed on anew each
 * half second, and nothing is read meanwhile: so senders are slowed, not robbed.
 * Never: shared between threads.
 */
#ifndef INTAKE_COLLECTOR_H
#define INTAKE_COLLECTOR_H

#include "base/map.h"
#include "intake/inside.h"
#include "intake/limit.h"
#include "intake/record.h"

struct collector_open {
    struct batch *batch;
    int64_t due;                   /* steady clock */
};

struct collector {
    struct listener *listener;
    struct roster_hold *hold;
    unsigned generation;           /* of the roster in hold */
    bool fresh;                    /* hold was never asked for */
    struct collector_open open[INTAKE_CLASSES];
    unsigned open_count;
    struct arena sender_arena;
    struct map senders;            /* address, or address and host → struct collector_sender */
    /* A batch was begun: whoever wants to know of its end sets stored and owner. And: it took the
     * record of this call. Both may be NULL. */
    void (*begun)(void *user, struct batch *batch); /* NULL: the collector itself tries again */
    void (*took)(void *user, struct batch *batch);
    void *user;

    pthread_mutex_t lock;          /* of what follows: shared with the archive's thread */
    struct batch *failed;          /* not stored, to be handed on again */
    unsigned outside;              /* batches on their way whose end we await */
};

struct collector_sender {
    const struct roster_source *source;  /* NULL: unknown */
    bool hostnames;                      /* the header's hostname may tell more */
};

void collector_init(struct collector *c, struct listener *listener);
/* Hands on all that is open. */
void collector_end(struct collector *c);

/* Whose record is this? (Remembers addresses as long as the roster stays.) */
const struct roster_source *collector_identify(struct collector *c, struct slice address,
                                               struct slice raw);
/* Whose certificate is this? Known to the roster or not (NULL), in force or revoked. Holds until the
 * next call of the collector. */
const struct roster_certificate *collector_certificate(struct collector *c, struct slice sha256);
/* The source with that key, or NULL. */
const struct roster_source *collector_source(struct collector *c, struct slice key);
/* False when intake is at its end: the queue is closed and the record lost. */
bool collector_add(struct collector *c, const struct record *record);
/* Hands on what is due. Milliseconds until the next is due; -1: nothing is open. */
int collector_flush(struct collector *c);
/* Hands on everything now. */
void collector_flush_all(struct collector *c);

#endif
