/* package - an incident's events as a signed package, for `haidang archive export --incident`. */
#ifndef CLI_PACKAGE_H
#define CLI_PACKAGE_H

#include "cli/command.h"

/* With the options incident, package and reason; the exit code. */
int cli_package_incident(struct cli *cli);

#endif
