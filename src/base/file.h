/* file - whole files in and out, safely.
 *
 * Never: names taken from data (build paths from our own keys only).
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"

/* The whole file in the arena; more than ceiling bytes is an error. */
bool file_read(const char *path, size_t ceiling, struct arena *arena, struct slice *out,
               struct error *e);
/* Replaces the file so that a reader or a crash sees the old or the new one, whole: temporary file
 * beside it, fsync, rename, fsync of the folder. mode as for open(2). */
bool file_replace(const char *path, struct slice bytes, unsigned mode, struct error *e);
/* The folder and those above it, with that mode; existing ones are fine. */
bool file_make_folder(const char *path, unsigned mode, struct error *e);
/* "a/b" from "a" and "b" ("b" alone when it is absolute); in the arena, NULL when exhausted. */
char *file_join(struct arena *arena, const char *folder, const char *name);

/* Calls each for the regular files under path (or path itself) whose name ends in one of the suffixes
 * (NULL-ended; NULL: all), hidden ones left out, folder by folder in the order of names; and for folders
 * that cannot be read, so that who opens them says why. False when path cannot be read, or each says so. */
bool file_walk(const char *path, const char *const *suffixes,
               bool (*each)(void *owner, const char *path, const struct stat *info, struct error *e),
               void *owner, struct error *e);
/* Regular files under path (or path itself) whose name ends in one of the suffixes (NULL-ended;
 * NULL: all), hidden ones left out, sorted by path; at most `most`. False when path cannot be read. */
bool file_list(const char *path, const char *const *suffixes, size_t most, struct arena *arena,
               struct slice **paths_out, size_t *count_out, struct error *e);

/* Bytes that who is not root may still write on the disk of that path, and of all of it. False: errno says
 * why. */
bool file_room(const char *path, uint64_t *free_out, uint64_t *total_out);

/* For cleanup attributes: closes when >= 0. */
void file_close(int *fd);
#define FILE_AUTO __attribute__((cleanup(file_close))) int

#endif
