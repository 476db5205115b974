/* pem - the server's own certificate and key, read by the role that speaks TLS. */
#ifndef SERVE_PEM_H
#define SERVE_PEM_H

#include "process/heritage.h"

/* The text of the file that the heritage names under `name`; NULL in *text_out when it names none.
 * In the heritage's arena. False when it cannot be read: the key must belong to the owner of the
 * data directory. */
bool pem_read(const struct heritage *heritage, const char *name, const char **text_out,
              struct error *e);

/* What the listeners for events speak TLS with. */
struct pem_tls {
    const char *certificate, *key;   /* NULL: no TLS */
    const char *clients;             /* CAs of client certificates: the built-in one, and tls.clients */
    bool client_required;            /* tls.clients is set */
    bool builtin;                    /* the certificate is of the built-in authority */
};

/* The configured certificate, else the built-in one that the hub makes (waits for it some seconds)
 * where a listener needs one. */
bool pem_listeners(const struct heritage *heritage, struct pem_tls *out, struct error *e);

#endif
