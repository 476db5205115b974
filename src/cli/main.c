/* haidang: one program. Phases: a role of the server, if the supervisor started us as one; else the
 * command that was typed. */
#include <signal.h>
#include <unistd.h>

#include "base/log.h"

#include "process/skeleton.h"

#include "serve/roles.h"

#include "cli/command.h"

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (skeleton_is_role(argc, argv))
        return skeleton_main(serve_roles, argv);

    struct cli cli;
    int code = cli_parse(&cli, commands, argc, argv);
    if (code < 0) {
        log_init("haidang", LOG_WARNING_);
        cli.terminal = isatty(STDERR_FILENO);
        code = cli.command->run(&cli);
    }
    arena_free(&cli.arena);
    return code;
}
