/* options - the configuration of a relay. */
#ifndef RELAY_OPTIONS_H
#define RELAY_OPTIONS_H

#include "base/config.h"
#include "base/buffer.h"
#include "intake/listeners.h"

/* Texts are the arena's. */
struct relay_settings {
    const char *name;                            /* key of the relay at the hub */
    const char *data;                            /* folder: the buffer, the roster, the status */
    const char *hub;                             /* https://HOST:PORT */
    const char *authority, *certificate, *key;   /* PEM, for the link to the hub */
    const char *tls_certificate, *tls_key;       /* PEM, of local listeners by TLS; "" none */
    const char *files;                           /* "SOURCE PATH" lines */
    const char *listen[INTAKE_LISTENERS_COUNT];  /* host:port, "" off */
    int64_t buffer;                              /* bytes */
};

/* path NULL: /etc/haidang/relay.yaml. */
bool relay_settings_load(const char *path, struct arena *arena, struct relay_settings *out,
                         struct error *e);
/* Whether it can be used: names what is missing. Changes nothing. */
bool relay_settings_check(const struct relay_settings *settings, struct error *e);

#endif
