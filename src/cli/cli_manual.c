/* The build asks the program for its own manual page and shell completion. */
#include "cli/help.h"

static int run_manual(struct cli *cli)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    cli_manual(commands, cli->language, &out);
    return cli_put(cli, buffer_slice(&out));
}

static int run_completion(struct cli *cli)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    cli_completion(commands, &out);
    return cli_put(cli, buffer_slice(&out));
}

const struct command cli_manual_command = {
    .name = "manual",
    .group = "Build",
    .summary = "print the manual page",
    .hidden = true,
    .run = run_manual,
};

const struct command cli_completion_command = {
    .name = "completion",
    .group = "Build",
    .summary = "print the bash completion",
    .hidden = true,
    .run = run_completion,
};
