/* import - events from outside into the archive: lines of an export, or whole day files.
 *
 * Everything is read and held first; then the day files that change are made beside the archive, in
 * a folder of its own, and put into their places when all of them are whole. So wrong input, a full
 * disk or a kill before that leaves the archive as it was. A kill between two renames leaves whole
 * day files, and the same import again brings the rest: an event that stands there under its id is
 * not stored twice.
 *
 * Event time, receipt time, source, system and agency stay; events go into the file of their receipt
 * day and class. Ids stay too where the lines hold the day from its first event on without a gap, as
 * an export of the whole does; else an event is numbered anew.
 * Never: beside a running server (the archive's lock is taken: ERROR_BUSY); alerts are not made.
 */
#ifndef ARCHIVE_IMPORT_H
#define ARCHIVE_IMPORT_H

#include "base/error.h"

struct import_result {
    uint64_t events, bytes;      /* to be stored, or stored; raw bytes */
    uint64_t already;            /* stand there already */
    uint64_t renumbered;         /* get another id than they had */
    uint32_t days;               /* day files made or changed */
};

struct import_handlers {
    void *owner;                 /* any may be NULL */
    void (*progress)(void *owner, uint64_t done, uint64_t total);  /* bytes, over both readings */
    /* Everything is ready and nothing changed yet; false: nothing is. */
    bool (*ready)(void *owner, const struct import_result *result, struct error *e);
};

/* Lines as `archive export` writes them, from regular files. dry_run: only read and counted. A wrong
 * line is named as file:line. */
bool import_lines(const char *directory, const char *const *paths, uint32_t count, bool dry_run,
                  const struct import_handlers *handlers, struct import_result *result_out,
                  struct error *e);

/* One day file (its name tells which), or the day files of a folder, verified before anything is
 * changed. One that stands there with the same last link is left; with another: ERROR_CONFLICT. */
bool import_days(const char *directory, const char *path, bool dry_run,
                 const struct import_handlers *handlers, struct import_result *result_out,
                 struct error *e);

#endif
