/* A small table of commands for the tests of parsing and help. */
#include "cli/command.h"

static int run_nothing(struct cli *cli)
{
    (void)cli;
    return CLI_FINE;
}

static const char *const colours[] = { "blue", "red", NULL };

static const struct cli_option options[] = {
    { "limit", 'n', CLI_NUMBER, "N", "how many", .least = 1, .most = 100 },
    { "from", 0, CLI_TIME, "TIME", "since when" },
    { "colour", 0, CLI_CHOICE, "NAME", "which colour", .choices = colours },
    { "field", 'f', CLI_TEXT, "NAME", "a field", .repeated = true },
    { "deep", 'd', CLI_FLAG, NULL, "all of it" },
    { NULL },
};

static const struct cli_option must[] = {
    { "out", 'o', CLI_FILE, "FILE", "where to", .required = true },
    { NULL },
};

static const struct cli_example examples[] = {
    { "haidang look --limit 3 'a b'", "three of them" },
    { NULL },
};

static const struct command look = {
    .name = "look", .group = "Looking", .summary = "look for something", .arguments = "WORD...",
    .argument_least = 1, .argument_most = 2, .takes_config = true, .takes_json = true,
    .options = options, .examples = examples, .run = run_nothing,
};

static const struct command plan_check = {
    .name = "plan check", .group = "Plan", .summary = "check it", .options = must,
    .run = run_nothing,
};

static const struct command secret = {
    .name = "secret", .group = "Build", .summary = "not shown", .hidden = true, .run = run_nothing,
};

static const struct command *const table[] = { &look, &plan_check, &secret, NULL };
