/* options - the configuration of the server, and the places that follow from it.
 *
 * The rooms' options stand in one table each (base/config.h); here are the server's own.
 */
#ifndef SERVE_OPTIONS_H
#define SERVE_OPTIONS_H

#include "base/config.h"

#include "intake/listeners.h"

extern const struct config_table serve_options[];
extern const size_t serve_options_count;

/* Everything the server and the commands beside it take from the configuration. Texts are the
 * arena's, paths are absolute or stand from the working directory. */
struct serve_settings {
    const char *language;
    const char *data;                     /* the data directory, and in it: */
    const char *archive, *records_folder, *records, *roster_folder, *roster, *indicator_table, *cache,
        *blob, *run, *control, *reader, *secrets, *tokens, *tls, *heads;
    const char *plan, *regimes, *rules, *decoders, *logsources, *import, *indicators;
    const char *placeholders;             /* file of the lists that rules name by %name%; "": none */
    const char *files;                    /* "SOURCE PATH" lines */
    const char *sockets;                  /* "SOURCE stream|datagram PATH" lines */
    const char *listen[INTAKE_LISTENERS_COUNT]; /* host:port, "" off */
    const char *console;
    const char *certificate, *key, *clients;
    const char *names;                    /* tls.names, or this machine's name; parted by \n */
    const char *enrol_templates, *enrol_console, *enrol_trust;
    bool cookie_secure;
    int64_t idle_seconds;
    int64_t skew_seconds;        /* a clock may be so wrong */
    int64_t keep_days;           /* the operator's wish; 0: as long as the disk allows */
    int64_t reserve;             /* bytes */
    int64_t canary_seconds;      /* between two canaries; 0: none */
};

/* path NULL: ./haidang.yaml, else /etc/haidang/haidang.yaml, else defaults alone. */
bool serve_settings_load(const char *path, struct arena *arena, struct serve_settings *out,
                         struct error *e);
/* The same with every value in force as YAML behind it, for `config check`. */
bool serve_settings_print(const char *path, struct arena *arena, struct buffer *out,
                          struct error *e);
/* Whether every folder and file that the settings name can be used; the first that cannot, with
 * what to do. Changes nothing. */
bool serve_settings_check(const struct serve_settings *settings, struct error *e);
/* Makes the data directory and its folders (0700). */
bool serve_settings_folders(const struct serve_settings *settings, struct error *e);

#endif
