/* staging - day files made in a folder inside the archive, then put into their places (private: import).
 *
 * The archive's lock is held meanwhile, so no writer is in the way; readers go on with the file that
 * they have open.
 */
#ifndef ARCHIVE_STAGING_H
#define ARCHIVE_STAGING_H

#include "archive/archive.h"
#include "archive/day.h"

struct staging {
    const char *directory;       /* of the archive */
    char folder[4096];
    struct archive *lock;        /* the archive, which is not written */
};

/* Takes the lock, makes the folder, empty. */
bool staging_begin(const char *directory, struct staging *staging, struct error *e);
/* Removes the folder with what is left in it, and gives the lock back. */
void staging_end(struct staging *staging);
/* The name's file moves from the folder to its place, over one that may stand there. */
bool staging_place(const struct staging *staging, const struct day_name *name, struct error *e);

#endif
