#include "archive/staging.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define FOLDER ".import"

static void remove_folder(const char *folder)
{
    char path[4096 + 256];
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        int len = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && len > 0 &&
            len < (int)sizeof path)
            unlink(path);
    }
    closedir(dir);
    rmdir(folder);
}

bool staging_begin(const char *directory, struct staging *staging, struct error *e)
{
    *staging = (struct staging){ .directory = directory };
    int len = snprintf(staging->folder, sizeof staging->folder, "%s/" FOLDER, directory);
    if (len < 0 || len >= (int)sizeof staging->folder)
        return error_set(e, "the path of the archive is too long");
    if (!archive_open(directory, &staging->lock, e)) {
        if (e && e->kind == ERROR_BUSY)
            error_hint(e, "stop the server: an import puts whole day files into their places");
        return false;
    }
    remove_folder(staging->folder); /* of an import that was killed */
    return file_make_folder(staging->folder, 0700, e);
}

void staging_end(struct staging *staging)
{
    if (staging->lock)
        remove_folder(staging->folder);
    archive_close(&staging->lock);
}

/* All of it in the one file, and nothing beside it. */
static bool settle(const char *folder, const struct day_name *name, struct error *e)
{
    static const char *const ends[] = { "-wal", "-shm" };
    char file[DAY_FILE], path[4096 + DAY_FILE];
    sqlite3 *db = NULL;
    day_name_print(name, file);
    bool well = day_create(folder, name, &db, e) &&
                day_run(db, "PRAGMA wal_checkpoint(TRUNCATE)", file, e);
    day_close(&db);
    for (size_t i = 0; well && i < 2; i++) {
        snprintf(path, sizeof path, "%.4000s/%s%s", folder, file, ends[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            return error_errno(e, errno, "the day file %s cannot be put in its place", file);
    }
    return well;
}

static bool sync_path(const char *path, int flags, struct error *e)
{
    FILE_AUTO fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0 || fsync(fd) != 0)
        return error_errno(e, errno, "%s cannot be synced", path);
    return true;
}

bool staging_place(const struct staging *staging, const struct day_name *name, struct error *e)
{
    char file[DAY_FILE], from[4096 + DAY_FILE], to[4096 + DAY_FILE];
    day_name_print(name, file);
    snprintf(from, sizeof from, "%s/%s", staging->folder, file);
    snprintf(to, sizeof to, "%.4000s/%s", staging->directory, file);
    if (!settle(staging->folder, name, e) || !day_finish(staging->folder, name, e) || !sync_path(from, 0, e))
        return false;
    if (access(to, F_OK) == 0 && !settle(staging->directory, name, e))
        return false;
    if (rename(from, to) != 0)
        return error_errno(e, errno, "the day file %s cannot be put in its place", file);
    return sync_path(staging->directory, O_DIRECTORY, e);
}
