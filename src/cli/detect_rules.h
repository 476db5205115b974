/* detect_rules - the rules a command works with: compiled, or taken from the compiled file. */
#ifndef CLI_DETECT_RULES_H
#define CLI_DETECT_RULES_H

#include "cli/command.h"
#include "detect/compiler.h"
#include "serve/options.h"

/* By --rules (repeated; else the configured folder), --logsources, --placeholders, --compiled.
 * anew: compile even where a compiled file would do. Wrong rules are told on standard error and left
 * out; count_out (may be NULL) says how many (of a compiled file: only how many were refused). */
bool detect_rules(struct cli *cli, const struct serve_settings *settings, bool anew,
                  struct ruleset **out, struct compiler_count *count_out, struct error *e);

#endif
