/* roles - the processes of `haidang serve`, a row each (docs/architecture.md, Processes). */
#ifndef SERVE_ROLES_H
#define SERVE_ROLES_H

#include "process/skeleton.h"

extern const struct role_row serve_roles[];

int pipeline_run(struct heritage *heritage);
int hub_run(struct heritage *heritage);
int reader_run(struct heritage *heritage);
int compiler_role_run(struct heritage *heritage);
int canary_run(struct heritage *heritage);

/* Nudges between pipeline and hub, and from the supervisor (process/message.h). */
#define NUDGE_STORED 's'    /* pipeline → hub: batches were committed */
#define NUDGE_ROSTER 'r'    /* hub → pipeline: a new roster stands there */
#define NUDGE_TLS 't'       /* hub → pipeline: the built-in certificate was made anew */
#define NUDGE_INDICATORS 'i' /* hub → pipeline: another table of indicators stands there */
#define NUDGE_EXPIRE 'e'    /* hub → pipeline: orders to delete stand there (keeper.h) */
#define NUDGE_RULES 'c'     /* supervisor → pipeline: new rules are compiled;
                             * hub → supervisor: compile them anew */

#endif
