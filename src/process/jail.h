/* jail - shuts this process in, for good, before it meets anything from outside.
 *
 * Three walls, each as far as this kernel has it (what is missing is said in the log):
 *   no_new_privs  nothing executed later gains rights
 *   Landlock      only the folders named may be read or written
 *   seccomp       no program is started, no socket of the network is made (those it needs were
 *                 opened by the supervisor and handed over), no process is traced, no kernel
 *                 interface that a server has no business with
 * The seccomp filter refuses what is listed rather than allowing what is listed: the libraries under
 * us (GnuTLS, SQLite, Vectorscan) change what they call, and Landlock and the missing network are
 * the walls that count.
 */
#ifndef PROCESS_JAIL_H
#define PROCESS_JAIL_H

#include "base/error.h"

struct jail {
    const char *const *write;   /* folders, NULL-ended: read, written, files made and removed */
    const char *const *read;    /* folders or files, NULL-ended; those that do not exist are left out */
    bool fork;                  /* may start threads and processes of its own (never programs) */
    bool connect;               /* may make sockets of the network: who sends, never who listens */
};

/* False only when a wall that this kernel has could not be put up. */
bool jail_enter(const struct jail *jail, struct error *e);

/* As root: becomes the owner of that folder, supplementary groups and all; otherwise nothing. */
bool jail_become_owner(const char *folder, struct error *e);

/* Landlock's version here; 0: none. */
int jail_landlock_version(void);

#endif
