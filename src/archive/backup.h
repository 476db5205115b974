/* backup - day files copied into another folder while they are written and read.
 *
 * Each file is copied as it stood at one moment, made whole beside its place and then renamed: a kill
 * at any moment leaves the copy of before. A file that has not changed since its last copy is left, so
 * that the second back-up costs today's file only. What the archive has deleted is not deleted there.
 * Good: nightly, to another disk; the folder is itself an archive (verify it, search it, serve it).
 */
#ifndef ARCHIVE_BACKUP_H
#define ARCHIVE_BACKUP_H

#include "base/error.h"

struct backup_result {
    uint64_t copied, unchanged;  /* day files */
    uint64_t bytes;              /* of those copied */
    uint64_t failed;             /* could not be read or written */
};

/* Made when missing. Goes on behind a day file that fails; false then, or when nothing could be done:
 * e says what failed first. */
bool backup_run(const char *directory, const char *to, struct backup_result *result_out,
                struct error *e);

#endif
