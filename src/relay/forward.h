/* forward - the link from a relay to its hub: a thread that sends what the spool holds, in order, one
 * request at a time, by HTTPS with the relay's certificate (libcurl); and asks for the roster.
 *
 * A piece leaves the spool when the hub has answered 200, which it does after its commit. While the hub
 * is away the thread asks again, ever more slowly, at most every half minute.
 */
#ifndef RELAY_FORWARD_H
#define RELAY_FORWARD_H

#include "relay/spool.h"

struct forward;

struct forward_options {
    const char *hub;             /* https://HOST:PORT */
    const char *authority, *certificate, *key;  /* paths of PEM */
    struct spool *spool;
    /* A roster that differs from the last one, in forward's thread; the bytes live during the call. */
    void (*roster)(void *owner, struct slice text);
    void *owner;
};

bool forward_start(const struct forward_options *options, struct forward **forward_out,
                   struct error *e);
/* Something is in the spool. Any thread. */
void forward_wake(struct forward *forward);
/* After the request in hand. NULL is fine. */
void forward_stop(struct forward **forward);

struct forward_figures {
    uint64_t sent;               /* records since the start */
    int64_t last;                /* when the hub last acknowledged; 0: not yet */
    bool up;                     /* the last request was answered */
    char why[200];               /* why not */
};
void forward_figures(struct forward *forward, struct forward_figures *out);

#endif
