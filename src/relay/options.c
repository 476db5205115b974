#include "relay/options.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STANDARD_PATH "/etc/haidang/relay.yaml"
#define HUB_MOST 500

static const struct config_option options[] = {
    { "relay", CONFIG_TEXT, .value = "", .help = "key of this relay at the hub" },
    { "data", CONFIG_PATH, .value = "/var/lib/haidang-relay", .help = "folder of the buffer" },
    { "hub", CONFIG_TEXT, .value = "", .help = "https://HOST:PORT, the hub's listen.https" },
    { "authority", CONFIG_PATH, .value = "", .help = "PEM that the hub's certificate is checked by" },
    { "certificate", CONFIG_PATH, .value = "", .help = "PEM of the relay's certificate" },
    { "key", CONFIG_PATH, .value = "", .help = "PEM of its key" },
    { "buffer", CONFIG_COUNT, .min = 1024 * 1024, .value = "10G",
      .help = "bytes that may wait on disk; then senders wait" },
    { "files", CONFIG_LIST, .value = "", .help = "files followed: SOURCE PATH, one a line" },
    { "tls.certificate", CONFIG_PATH, .value = "", .help = "PEM, for local listeners by TLS" },
    { "tls.key", CONFIG_PATH, .value = "", .help = "PEM" },
#define LISTEN_OPTION(id, name, kind, standard, words) \
    { "listen." name, CONFIG_ADDRESS, .value = "", .help = words },
    INTAKE_LISTENERS(LISTEN_OPTION)
#undef LISTEN_OPTION
};

static const struct config_table table = { options, sizeof options / sizeof *options };

bool relay_settings_load(const char *path, struct arena *arena, struct relay_settings *out,
                         struct error *e)
{
    struct config *config;
    if (!config_load(path ? path : STANDARD_PATH, &table, 1, arena, &config, e))
        return false;
    *out = (struct relay_settings){
        .name = config_text(config, "relay"),
        .data = config_text(config, "data"),
        .hub = config_text(config, "hub"),
        .authority = config_text(config, "authority"),
        .certificate = config_text(config, "certificate"),
        .key = config_text(config, "key"),
        .tls_certificate = config_text(config, "tls.certificate"),
        .tls_key = config_text(config, "tls.key"),
        .files = config_text(config, "files"),
        .buffer = config_number(config, "buffer"),
    };
#define LISTEN_SETTING(id, name, kind, standard, words) \
    out->listen[INTAKE_##id] = config_text(config, "listen." name);
    INTAKE_LISTENERS(LISTEN_SETTING)
#undef LISTEN_SETTING
    return !arena->exhausted || error_set(e, "not enough memory for the configuration");
}

static bool must_read(const char *path, const char *option, struct error *e)
{
    if (path[0] && access(path, R_OK) == 0)
        return true;
    error_errno(e, path[0] ? errno : ENOENT, "cannot read %s", path[0] ? path : option);
    error_kind(e, ERROR_INPUT);
    return error_hint(e, "set `%s` in the configuration", option);
}

bool relay_settings_check(const struct relay_settings *s, struct error *e)
{
    size_t len = strlen(s->hub);
    bool tls = s->listen[INTAKE_SYSLOG_TLS][0] || s->listen[INTAKE_HTTPS][0];
    if (strncmp(s->hub, "https://", 8) != 0 || len < 9 || len > HUB_MOST ||
        s->hub[len - 1] == '/') {
        error_set(e, "`hub` must be https://HOST:PORT");
        return error_kind(e, ERROR_INPUT);
    }
    if (!must_read(s->authority, "authority", e) || !must_read(s->certificate, "certificate", e) ||
        !must_read(s->key, "key", e))
        return false;
    return !tls || (must_read(s->tls_certificate, "tls.certificate", e) &&
                    must_read(s->tls_key, "tls.key", e));
}
