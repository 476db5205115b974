/* detect_list - which files haidang detect reads: what was named, and the logs in folders.
 *
 * In a folder a log is told by its name, also behind what rotation adds (syslog.1, auth.log-20261124,
 * access.log.2.gz), or by what stands in it: an event log, JSON. What is left out is named, never
 * silently passed over.
 */
#ifndef CLI_DETECT_LIST_H
#define CLI_DETECT_LIST_H

#include "base/arena.h"
#include "base/error.h"

struct detect_list {
    const char **paths;
    size_t count;
    uint64_t bytes;          /* of all of them, as they lie on the disk */
    const char **left_out;   /* files of folders that are no logs, as far as one can tell */
    size_t left_count;
};

/* All is the arena's. False when a folder cannot be read. */
bool detect_list_make(char *const *arguments, unsigned count, struct arena *arena,
                      struct detect_list *out, struct error *e);

#endif
