/* backup - day files copied into another folder while they are written and read.
 *
 * Each file is copied as it stood at one moment, made whole beside its place and then renamed: a kill
 * at any moment leaves the copy of before. A file that has not changed since its last copy is left, so
 * that the second back-up costs today's file only. What the archive has deleted is not deleted there.
 * Good: nightly, to another disk; the folder is itself an archive (verify it, search it, serve it).
 */
#ifndef ARCHIVE_BACKUP_H
#define ARCHIVE_BACKUP_H

#include "archive/day.h"
#include "base/error.h"

struct backup_result {
    uint64_t copied, unchanged;  /* day files */
    uint64_t bytes;              /* of those copied */
    uint64_t failed;             /* could not be read or written */
    uint64_t aside;              /* files set aside, copied now or before (backup_aside) */
};

/* Copies into the folder `to`, made when missing. heads: the folder of the signed heads, which are copied
 * beside the day files; NULL: they stand there in the archive too. Goes on behind a day file that fails.
 * False when one failed, or when nothing could be done: e says what failed first. */
bool backup_run(const char *directory, const char *heads, const char *to,
                struct backup_result *result_out, struct error *e);

/* Files that were set aside and their logs, as they are, with a list of digests (aside.sha256); behind
 * backup_run into the same folder, whose result goes on. False: one could not be read or written, the
 * others are copied. */
bool backup_aside(const char *directory, const char *to, struct backup_result *result,
                  struct error *e);

/* One day file as it stands at this moment into the folder, whole or not at all; *bytes grows. */
bool backup_day(const char *directory, const char *to, const struct day_name *name,
                uint64_t *bytes, struct error *e);
/* Any SQLite database, while it is written and read, to that path; made whole beside it. */
bool backup_database(const char *from, const char *to, uint64_t *bytes, struct error *e);

#endif
