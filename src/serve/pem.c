#include "serve/pem.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

#define PEM_MOST (1024u * 1024)
#define WAIT_MS 15000
#define LOOK_MS 50

bool pem_read(const struct heritage *heritage, const char *name, const char **text_out,
              struct error *e)
{
    const char *path = heritage_text_if(heritage, name);
    struct slice text;
    *text_out = NULL;
    if (!path[0])
        return true;
    if (!file_read(path, PEM_MOST, heritage->arena, &text, e)) {
        error_hint(e, "certificate and key must be readable by the owner of the data directory");
        return false;
    }
    *text_out = text.data; /* file_read puts a NUL behind it */
    return true;
}

static bool read_builtin(const struct heritage *heritage, const char *file, const char **text_out,
                         struct error *e)
{
    const char *path = file_join(heritage->arena, heritage_text(heritage, "tls"), file);
    struct slice text;
    if (!path || !file_read(path, PEM_MOST, heritage->arena, &text, e))
        return error_set(e, "not enough memory to start");
    *text_out = text.data;
    return true;
}

/* The hub makes it when it starts, beside us; its certificate comes last. */
static bool wait_for_builtin(const struct heritage *heritage, struct error *e)
{
    const char *path = file_join(heritage->arena, heritage_text(heritage, "tls"), "server.pem");
    for (int waited = 0; path && waited < WAIT_MS; waited += LOOK_MS) {
        if (access(path, R_OK) == 0)
            return true;
        usleep(LOOK_MS * 1000);
    }
    error_set(e, "the built-in authority has made no certificate for the listeners");
    return error_hint(e, "see what the hub says in the log");
}

bool pem_listeners(const struct heritage *heritage, struct pem_tls *out, struct error *e)
{
    bool needed = heritage_descriptor(heritage, "syslog_tls") >= 0 ||
                  heritage_descriptor(heritage, "https") >= 0;
    const char *authority = NULL, *clients = NULL;
    *out = (struct pem_tls){ 0 };
    if (!pem_read(heritage, "certificate", &out->certificate, e) ||
        !pem_read(heritage, "key", &out->key, e) || !pem_read(heritage, "clients", &clients, e))
        return false;
    out->clients = clients;
    out->client_required = clients != NULL;
    if (!needed)
        return true;
    if (!wait_for_builtin(heritage, e) || !read_builtin(heritage, "authority.pem", &authority, e))
        return false;
    out->clients = arena_print(heritage->arena, "%s\n%s", authority, clients ? clients : "").data;
    out->builtin = !out->certificate;
    return (!out->builtin || (read_builtin(heritage, "server.pem", &out->certificate, e) &&
                              read_builtin(heritage, "server.key", &out->key, e))) &&
           (out->clients || error_set(e, "not enough memory to start"));
}
