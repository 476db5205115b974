#include "cli/command.h"

extern const struct command cli_config_check_command;
extern const struct command cli_search_command;
extern const struct command cli_plan_check_command, cli_plan_lint_command;
extern const struct command cli_report_standing_command;
extern const struct command cli_manual_command, cli_completion_command;

const struct command *const commands[] = {
    &cli_config_check_command,
    &cli_search_command,
    &cli_plan_check_command,
    &cli_plan_lint_command,
    &cli_report_standing_command,
    &cli_manual_command,
    &cli_completion_command,
    NULL,
};
