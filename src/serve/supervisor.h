/* supervisor - starts the roles, keeps them running, ends them in order.
 *
 * It binds every socket first and never reads one: what comes from outside is met only by roles that
 * are shut in. A role that dies is started again after a pause that grows with each quick death.
 */
#ifndef SERVE_SUPERVISOR_H
#define SERVE_SUPERVISOR_H

#include "serve/options.h"

/* Runs until SIGTERM or SIGINT; the exit status (0 a clean end, 3 with e set when it cannot start).
 * config: the file, read anew at SIGHUP; NULL as for serve_settings_load. */
int supervisor_run(const char *config, struct error *e);

#endif
