#include "serve/options.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/yaml.h"

#ifndef HAIDANG_SHARE
#define HAIDANG_SHARE "/usr/local/share/haidang"
#endif

#define PLACEHOLDERS_MEMORY (256u << 20)

#define LISTEN_OPTION(id, name, kind, standard, words) \
    { "listen." name, CONFIG_ADDRESS, .value = standard, .help = words },

static const struct config_option options[] = {
    { "data", CONFIG_PATH, .value = "./var", .help = "data directory: archive, records, secrets" },
    { "language", CONFIG_TEXT, .value = "vi", .help = "vi or en, for those who say nothing" },
    INTAKE_LISTENERS(LISTEN_OPTION)
    { "listen.console", CONFIG_ADDRESS, .value = "127.0.0.1:8080", .help = "console and API" },
    { "plan", CONFIG_PATH, .value = "", .help = "folder of the plan; empty: the one installed" },
    { "regimes", CONFIG_PATH, .value = "", .help = "folder of legal constants" },
    { "rules", CONFIG_PATH, .value = "", .help = "folder of Sigma rules" },
    { "decoders", CONFIG_PATH, .value = "", .help = "folder of decoders" },
    { "logsources", CONFIG_PATH, .value = "", .help = "folder of Sigma log sources" },
    { "detect.placeholders", CONFIG_PATH, .value = "",
      .help = "YAML file of the lists that rules name by %name%; empty: such rules are left out" },
    { "indicators", CONFIG_PATH, .value = "",
      .help = "folder of fields.yaml and the allow-list of threat indicators" },
    { "import", CONFIG_PATH, .value = "",
      .help = "folder of agencies.csv … that fills an empty register at the first start" },
    { "files", CONFIG_LIST, .value = "", .help = "files followed: SOURCE PATH, one a line" },
    { "archive.keep", CONFIG_SECONDS, .min = 0, .max = INT64_C(36500) * 86400, .value = "366d",
      .help = "events are kept so long where the law asks for less; 0: as long as the disk allows" },
    { "archive.reserve", CONFIG_COUNT, .min = 0, .max = INT64_MAX, .value = "512M",
      .help = "bytes of the disk that stay free (at most a fortieth of it); below, nothing is taken in" },
    { "canary.interval", CONFIG_SECONDS, .min = 0, .max = 3600, .value = "1m",
      .help = "a known event is sent by every listener so often, and must be found again; 0: off" },
    { "health.skew", CONFIG_SECONDS, .min = 1, .max = 86400, .value = "5m",
      .help = "a source whose clock is wrong by more raises an alert" },
    { "sockets", CONFIG_LIST, .value = "",
      .help = "sockets of this machine: SOURCE stream|datagram PATH, one a line" },
    { "tls.certificate", CONFIG_PATH, .value = "",
      .help = "PEM with chain, for all listeners; empty: syslog_tls and https take one of the "
              "built-in authority" },
    { "tls.key", CONFIG_PATH, .value = "", .help = "PEM, readable by the owner of data only" },
    { "tls.clients", CONFIG_PATH, .value = "",
      .help = "PEM of a further CA of senders' certificates; then syslog_tls wants one from all" },
    { "tls.names", CONFIG_LIST, .value = "",
      .help = "names or addresses by which senders reach this server, the first is told to them; "
              "empty: this machine's name" },
    { "enrol.templates", CONFIG_PATH, .value = "", .help = "folder of what senders get" },
    { "enrol.console", CONFIG_TEXT, .value = "",
      .help = "https://NAME:PORT of the console as senders reach it, to ask for certificates" },
    { "enrol.trust", CONFIG_PATH, .value = "",
      .help = "PEM that senders check tls.certificate against; empty: its own file, or the built-in "
              "authority" },
    { "console.behind_tls", CONFIG_BOOLEAN, .value = "no",
      .help = "a proxy speaks TLS for the console: mark the cookie Secure" },
    { "console.idle", CONFIG_SECONDS, .min = 60, .max = 86400, .value = "1h",
      .help = "a session unused for so long ends" },
};

const struct config_table serve_options[] = { { options, sizeof options / sizeof *options } };
const size_t serve_options_count = 1;

static const char *default_path(const char *path)
{
    if (path)
        return path;
    if (access("haidang.yaml", R_OK) == 0)
        return "haidang.yaml";
    return access("/etc/haidang/haidang.yaml", R_OK) == 0 ? "/etc/haidang/haidang.yaml" : NULL;
}

/* The folder named, else the one in the working directory, else the one installed. */
static const char *folder_or_installed(struct arena *arena, const struct config *config,
                                       const char *option, const char *name)
{
    const char *value = config_text(config, option);
    if (value[0])
        return value;
    return access(name, R_OK) == 0 ? name : file_join(arena, HAIDANG_SHARE, name);
}

static const char *machine_name(struct arena *arena)
{
    char name[HOST_NAME_MAX + 1] = "";
    gethostname(name, sizeof name - 1);
    return arena_text(arena, slice_of(name[0] ? name : "localhost"));
}

static void fill_data(struct arena *arena, struct serve_settings *s)
{
    s->archive = file_join(arena, s->data, "archive");
    s->records_folder = file_join(arena, s->data, "records");
    s->records = file_join(arena, s->data, "records/haidang.db");
    s->roster_folder = file_join(arena, s->data, "roster");
    s->roster = file_join(arena, s->data, "roster/roster.json");
    s->indicator_table = file_join(arena, s->data, "roster/indicators.table");
    s->cache = file_join(arena, s->data, "cache");
    s->blob = file_join(arena, s->data, "cache/rules.blob");
    s->run = file_join(arena, s->data, "run");
    s->control = file_join(arena, s->data, "run/control.sock");
    s->reader = file_join(arena, s->data, "run/reader.sock");
    s->secrets = file_join(arena, s->data, "secrets");
    s->heads = file_join(arena, s->data, "heads");
    s->tls = file_join(arena, s->data, "tls");
    s->tokens = file_join(arena, s->data, "secrets/tokens");
}

static void fill(struct arena *arena, const struct config *config, struct serve_settings *s)
{
    *s = (struct serve_settings){
        .language = config_text(config, "language"),
        .data = config_text(config, "data"),
        .import = config_text(config, "import"),
        .files = config_text(config, "files"),
        .sockets = config_text(config, "sockets"),
        .names = config_text(config, "tls.names"),
        .enrol_console = config_text(config, "enrol.console"),
        .enrol_trust = config_text(config, "enrol.trust"),
        .enrol_templates = folder_or_installed(arena, config, "enrol.templates", "enrol"),
        .console = config_text(config, "listen.console"),
        .certificate = config_text(config, "tls.certificate"),
        .key = config_text(config, "tls.key"),
        .clients = config_text(config, "tls.clients"),
        .cookie_secure = config_boolean(config, "console.behind_tls"),
        .idle_seconds = config_number(config, "console.idle"),
        .skew_seconds = config_number(config, "health.skew"),
        .keep_days = config_number(config, "archive.keep") / 86400,
        .reserve = config_number(config, "archive.reserve"),
        .canary_seconds = config_number(config, "canary.interval"),
        .plan = folder_or_installed(arena, config, "plan", "plans/802-kh-ubnd-2019"),
        .regimes = folder_or_installed(arena, config, "regimes", "regimes"),
        .rules = folder_or_installed(arena, config, "rules", "rules"),
        .decoders = folder_or_installed(arena, config, "decoders", "decoders"),
        .logsources = folder_or_installed(arena, config, "logsources", "logsources"),
        .placeholders = config_text(config, "detect.placeholders"),
        .indicators = folder_or_installed(arena, config, "indicators", "indicators"),
    };
#define LISTEN_SETTING(id, name, kind, standard, words) \
    s->listen[INTAKE_##id] = config_text(config, "listen." name);
    INTAKE_LISTENERS(LISTEN_SETTING)
    if (!s->names[0])
        s->names = machine_name(arena);
    fill_data(arena, s);
}

static bool load(const char *path, struct arena *arena, struct config **config, struct error *e)
{
    return config_load(default_path(path), serve_options, serve_options_count, arena, config, e);
}

bool serve_settings_load(const char *path, struct arena *arena, struct serve_settings *out,
                         struct error *e)
{
    struct config *config;
    if (!load(path, arena, &config, e))
        return false;
    fill(arena, config, out);
    return !arena->exhausted || error_set(e, "not enough memory for the configuration");
}

bool serve_settings_print(const char *path, struct arena *arena, struct buffer *out,
                          struct error *e)
{
    struct config *config;
    if (!load(path, arena, &config, e))
        return false;
    config_print(config, out);
    return true;
}

static bool must_read(const char *path, const char *option, struct error *e)
{
    if (!path[0] || access(path, R_OK) == 0)
        return true;
    error_errno(e, errno, "cannot read %s", path);
    error_kind(e, ERROR_INPUT);
    return error_hint(e, "set `%s` in the configuration", option);
}

static bool is_list(const struct yaml *value)
{
    for (uint32_t i = 0; value->kind == YAML_SEQUENCE && i < value->count; i++)
        if (value->children[i].kind != YAML_SCALAR)
            return false;
    return value->kind != YAML_MAPPING;
}

/* name: [value, …] or name: value, and nothing else. */
static bool placeholders_right(const char *path, struct error *e)
{
    ARENA_AUTO arena;
    struct yaml *document;
    arena_init(&arena, PLACEHOLDERS_MEMORY);
    if (!path[0])
        return true;
    if (!must_read(path, "detect.placeholders", e))
        return false;
    if (!yaml_read(path, &arena, &document, e))
        return error_kind(e, ERROR_INPUT);
    const struct yaml *wrong = document->kind == YAML_MAPPING ? NULL : document;
    for (uint32_t i = 0; !wrong && i < document->count; i++)
        if (!is_list(&document->children[i]))
            wrong = &document->children[i];
    if (!wrong)
        return true;
    yaml_error(e, wrong, "a file of placeholders has names with lists of values, and nothing else");
    error_kind(e, ERROR_INPUT);
    return error_hint(e, "write each as 'name: [value, …]'");
}

bool serve_settings_check(const struct serve_settings *s, struct error *e)
{
    if (!s->certificate[0] != !s->key[0]) {
        error_set(e, "tls.certificate and tls.key go together");
        return error_kind(e, ERROR_INPUT);
    }
    return must_read(s->plan, "plan", e) && must_read(s->regimes, "regimes", e) &&
           must_read(s->rules, "rules", e) && must_read(s->decoders, "decoders", e) &&
           must_read(s->indicators, "indicators", e) &&
           must_read(s->import, "import", e) && placeholders_right(s->placeholders, e) &&
           must_read(s->enrol_trust, "enrol.trust", e) &&
           must_read(s->certificate, "tls.certificate", e) &&
           must_read(s->key, "tls.key", e) && must_read(s->clients, "tls.clients", e);
}

bool serve_settings_folders(const struct serve_settings *s, struct error *e)
{
    const char *const folders[] = { s->data, s->archive, s->records_folder, s->roster_folder,
                                    s->cache, s->run, s->secrets, s->tokens, s->tls,
                                    s->heads };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (!file_make_folder(folders[i], 0700, e))
            return error_hint(e, "set `data` to a folder that you may write");
    return true;
}
