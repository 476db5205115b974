/* canary_send - one known event by each protocol, as a sender of that protocol would send it. */
#ifndef SERVE_CANARY_SEND_H
#define SERVE_CANARY_SEND_H

#include "base/error.h"
#include "intake/listeners.h"

#include "serve/canary_host.h"

#define CANARY_SOURCE "haidang.canary"
#define CANARY_CLASS "canary"

/* What it needs beside the address. */
struct canary_letter {
    const char *nonce;         /* by which it is found again */
    const char *token;         /* of HTTP */
    struct slice certificate;  /* with its key, PEM; shown over TLS; empty: none */
    bool tls;                  /* the listeners that may speak TLS do */
    bool strangers_refused;    /* syslog over TLS and Lumberjack take no one without */
    int64_t now;               /* ns UTC */
    char host[CANARY_HOST];
};

/* How it is called in the listeners' figures: "syslog-udp". */
const char *canary_protocol(enum intake_listener listener);
/* Sends, and waits for the acknowledgement where there is one. False with the reason. */
bool canary_send(enum intake_listener listener, const char *address,
                 const struct canary_letter *letter, struct error *e);

#endif
