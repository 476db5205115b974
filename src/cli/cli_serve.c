/* haidang serve: the whole server, in the foreground. */
#include "serve/supervisor.h"

#include "cli/command.h"

static int run_serve(struct cli *cli)
{
    struct error e = ERROR_NONE;
    int status = supervisor_run(cli->config, &e);
    return e.set ? cli_fail(cli, &e) : status;
}

static const struct cli_example examples[] = {
    { "haidang serve --config examples/khanh-hoa-2019/haidang.yaml", "the example province" },
    { "kill -HUP $(systemctl show -P MainPID haidang)", "read configuration, rules and plan anew" },
    { NULL },
};

const struct command cli_serve_command = {
    .name = "serve",
    .group = "Server",
    .summary = "take in logs, detect, keep, and serve the console",
    .about = "Runs in the foreground until SIGTERM or Ctrl-C and logs to standard error. SIGHUP reads "
             "the configuration, the rules and the plan anew without closing a socket.",
    .takes_config = true,
    .examples = examples,
    .run = run_serve,
};
