/* haidang config check: whether the server would start with this configuration. */
#include "cli/command.h"
#include "serve/options.h"

static int run_check(struct cli *cli)
{
    struct serve_settings settings;
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (!serve_settings_load(cli->config, &cli->arena, &settings, &e) ||
        !serve_settings_check(&settings, &e))
        return cli_fail(cli, &e);
    if (cli_flag(cli, "print") && !serve_settings_print(cli->config, &cli->arena, &out, &e))
        return cli_fail(cli, &e);
    if (!cli_flag(cli, "print"))
        buffer_print(&out, "%s\n", cli_say(cli, "The configuration is fine."));
    return cli_put(cli, buffer_slice(&out));
}

static const struct cli_option options[] = {
    { "print", 'p', CLI_FLAG, NULL, "print every option with its value in force and what it means" },
    { NULL },
};

static const struct cli_example examples[] = {
    { "haidang config check --config /etc/haidang/haidang.yaml", "before a reload" },
    { "haidang config check --print", "every option, its value and what it means" },
    { NULL },
};

const struct command cli_config_check_command = {
    .name = "config check",
    .group = "Server",
    .summary = "check the configuration, changing nothing",
    .takes_config = true,
    .options = options,
    .examples = examples,
    .run = run_check,
};
