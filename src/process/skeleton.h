/* skeleton - what every role of the server does before its own function runs.
 *
 * The supervisor executes this program anew with `--role NAME` and descriptor 3. The skeleton takes
 * the heritage, becomes the owner of the data directory, shuts itself in as the role's row says, and
 * only then calls the row's function. A role is a row of one table (serve/roles.c).
 */
#ifndef PROCESS_SKELETON_H
#define PROCESS_SKELETON_H

#include "process/heritage.h"
#include "process/jail.h"

#define ROLE_PATHS_MAX 16

struct role_row {
    const char *name;
    int (*run)(struct heritage *heritage);   /* its value is the process's exit status */
    /* Names of heritage values that hold folders (lists: parted by \n): what it may write and read */
    const char *write[ROLE_PATHS_MAX];
    const char *read[ROLE_PATHS_MAX];
    bool connect;                            /* makes connections of its own (the canary) */
    bool fork;                               /* starts children of its own */
    bool restart;                            /* the supervisor starts it again when it ends */
};

/* What libraries read while they run; NULL-ended. */
extern const char *const skeleton_always[];

/* Ended by a row without a name. */
const struct role_row *skeleton_find(const struct role_row *rows, const char *name);

/* Whether we were started as a role. */
bool skeleton_is_role(int argc, char **argv);
/* Runs it; the exit status. */
int skeleton_main(const struct role_row *rows, char **argv);

/* For a role's main thread: SIGTERM, SIGINT, SIGHUP, SIGCHLD as they come on a descriptor; all
 * threads started afterwards inherit that they are blocked. -1 when that fails. */
int skeleton_signals(void);
/* The next signal waiting on it, or 0. */
int skeleton_signal(int fd);

#endif
