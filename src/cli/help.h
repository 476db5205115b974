/* help - what the table of commands says of itself: --help, manual, shell completion.
 *
 * All three are made from the rows, so they cannot lag behind the program.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

/* Options that every command has, and those that its row switches on; ended by .name NULL. */
extern const struct cli_option cli_common_options[];
/* Does the command have this common option? (--json, --config only where the row says so.) */
bool cli_common_applies(const struct command *command, const struct cli_option *option);

/* The list of commands in groups. */
void cli_help_list(const struct command *const *table, const char *language, struct buffer *out);
/* One command: usage, about, options, examples. */
void cli_help_command(const struct command *command, const char *language, struct buffer *out);
/* haidang(1) in the language, in man(7). */
void cli_manual(const struct command *const *table, const char *language, struct buffer *out);
/* Bash completion. */
void cli_completion(const struct command *const *table, struct buffer *out);

#endif
