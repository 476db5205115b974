/* haidang relay: collect at an agency, keep while the link is down, send on to the hub. */
#include "base/file.h"
#include "base/json.h"
#include "process/jail.h"

#include "relay/relay.h"
#include "serve/sockets.h"

#include "cli/command.h"

static const struct {
    const char *option;
    enum socket_kind kind;
} listeners[] = {
#define LISTENER_ROW(id, name, kind, standard, words) { "listen." name, kind },
    INTAKE_LISTENERS(LISTENER_ROW)
};

static int run_relay(struct cli *cli)
{
    struct relay_settings settings;
    struct error e = ERROR_NONE;
    int fds[INTAKE_LISTENERS_COUNT];
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        fds[i] = -1;
    if (!relay_settings_load(cli->config, &cli->arena, &settings, &e) ||
        !relay_settings_check(&settings, &e))
        return cli_fail(cli, &e);
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        if (!socket_bind(listeners[i].kind, settings.listen[i], listeners[i].option, &fds[i], &e))
            return cli_fail(cli, &e);
    int status = relay_run(&settings, fds, &cli->arena, &e);
    return e.set ? cli_fail(cli, &e) : status;
}

static int run_status(struct cli *cli)
{
    struct relay_settings settings;
    struct error e = ERROR_NONE;
    struct slice text;
    struct json *json;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (!relay_settings_load(cli->config, &cli->arena, &settings, &e) ||
        !jail_become_owner(settings.data, &e) ||
        !file_read(file_join(&cli->arena, settings.data, "status.json"), 65536, &cli->arena, &text,
                   &e) ||
        !json_parse(text, &cli->arena, &json, &e))
        return cli_fail(cli, &e);
    bool up = json_boolean(json_member(json, "hub_answers"), false);
    if (cli->json) {
        buffer_print(&out, "%.*s\n", SLICE_ARGS(text));
    } else {
        struct slice since = json_member_text(json, "waiting_since");
        buffer_print(&out, "%s%s%.*s\n", cli_say(cli, up ? "the hub answers" : "no answer from the hub"),
                     up ? "" : ": ", SLICE_ARGS(json_member_text(json, "why_not")));
        buffer_print(&out, "%s: %lld (%lld B)%s%.*s\n", cli_say(cli, "events waiting"),
                     (long long)json_integer(json_member(json, "waiting"), 0),
                     (long long)json_integer(json_member(json, "waiting_bytes"), 0),
                     since.len ? ", " : "", SLICE_ARGS(since));
    }
    int code = cli_put(cli, buffer_slice(&out));
    return code != CLI_FINE ? code : up ? CLI_FINE : CLI_NO;
}

static const struct cli_example relay_examples[] = {
    { "haidang relay --config /etc/haidang-sender/relay.yaml", "with the package of `haidang enrol`" },
    { NULL },
};

const struct command cli_relay_command = {
    .name = "relay",
    .group = "Server",
    .summary = "collect at an agency and send on to the hub, with a buffer on disk",
    .about = "Takes the same protocols as the server. What senders may be told is stored is on disk "
             "first; while the hub cannot be reached it waits there, and then goes in order, each event "
             "once. The package of `haidang enrol KEY --relay-of AGENCY` holds the configuration. Runs in "
             "the foreground until SIGTERM or Ctrl-C.",
    .takes_config = true,
    .examples = relay_examples,
    .run = run_relay,
};

static const struct cli_example status_examples[] = {
    { "haidang relay status --config /etc/haidang-sender/relay.yaml", "link and buffer" },
    { NULL },
};

const struct command cli_relay_status_command = {
    .name = "relay status",
    .group = "Server",
    .summary = "show whether the hub answers a relay, and what waits",
    .about = "Ends with 1 while the hub does not answer.",
    .takes_config = true,
    .takes_json = true,
    .examples = status_examples,
    .run = run_status,
};
