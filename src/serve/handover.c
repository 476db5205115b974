#include "serve/handover.h"

#include <stdio.h>

#include "base/file.h"

static const char *const listen_options[] = {
#define LISTEN_OPTION(id, name, kind, standard, words) "listen." name,
    INTAKE_LISTENERS(LISTEN_OPTION)
};

/* Folders that hold the files followed, parted by \n: what the pipeline may look into. */
static const char *watched_folders(const char *files, struct arena *arena)
{
    BUFFER_AUTO out;
    struct slice rest = slice_of(files), line;
    buffer_init(&out, 0);
    while (files[0] && slice_split(&rest, '\n', &line)) {
        size_t from = slice_find_byte(line, ' '), to = line.len;
        while (to > from && line.data[to - 1] != '/')
            to--;
        if (from < line.len)
            buffer_print(&out, "%.*s\n", SLICE_ARGS(slice_trim(slice_cut(line, from, to))));
    }
    return arena_text(arena, buffer_slice(&out));
}

void handover_settings(const struct serve_settings *t, struct arena *arena, struct heritage_writer *w)
{
    char number[24];
    const struct {
        const char *name, *value;
    } values[] = {
        { "language", t->language }, { "data", t->data }, { "archive", t->archive },
        { "records_folder", t->records_folder }, { "records", t->records },
        { "roster_folder", t->roster_folder }, { "roster", t->roster }, { "cache", t->cache },
        { "blob", t->blob }, { "run", t->run }, { "control", t->control }, { "reader", t->reader },
        { "secrets", t->secrets }, { "tokens", t->tokens }, { "plan", t->plan },
        { "regimes", t->regimes }, { "rules", t->rules }, { "decoders", t->decoders },
        { "logsources", t->logsources }, { "placeholders", t->placeholders },
        { "import", t->import }, { "files", t->files }, { "sockets", t->sockets },
        { "syslog_address", t->listen[t->listen[INTAKE_SYSLOG_TCP][0] ? INTAKE_SYSLOG_TCP
                                                                      : INTAKE_SYSLOG_UDP] },
        { "http_address", t->listen[INTAKE_HTTP] },
        { "https_address", t->listen[INTAKE_HTTPS] },
        { "syslog_tls_address", t->listen[INTAKE_SYSLOG_TLS] }, { "console_address", t->console },
        { "tls", t->tls }, { "heads", t->heads }, { "names", t->names },
        { "enrol_templates", t->enrol_templates }, { "enrol_console", t->enrol_console },
        { "enrol_trust", t->enrol_trust }, { "certificate", t->certificate }, { "key", t->key },
        { "clients", t->clients }, { "cookie_secure", t->cookie_secure ? "1" : "" },
        { "watched", watched_folders(t->files, arena) },
        { "indicators", t->indicators }, { "indicator_table", t->indicator_table },
        { "catalogue", file_join(arena, t->cache, "catalogue.json") },
    };
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        { "idle_seconds", t->idle_seconds }, { "skew_seconds", t->skew_seconds },
        { "canary_seconds", t->canary_seconds }, { "keep_days", t->keep_days },
        { "reserve", t->reserve },
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        heritage_put(w, values[i].name, values[i].value);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(number, sizeof number, "%lld", (long long)numbers[i].value);
        heritage_put(w, numbers[i].name, number);
    }
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        heritage_put(w, listen_options[i], t->listen[i]);
}
