#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool file_read(const char *path, size_t ceiling, struct arena *arena, struct slice *out,
               struct error *e)
{
    FILE_AUTO fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(e, errno, "cannot open %s", path);
    struct stat info;
    if (fstat(fd, &info) != 0 || S_ISDIR(info.st_mode))
        return error_errno(e, S_ISDIR(info.st_mode) ? EISDIR : errno, "cannot read %s", path);
    size_t room = info.st_size > 0 ? (size_t)info.st_size : 4096; /* pipes and /proc say 0 */
    char *data = NULL;
    size_t len = 0;
    for (;;) {
        if (len > ceiling || room > ceiling + 1)
            room = ceiling + 1;
        char *bigger = len < room && data ? data : arena_alloc(arena, room + 1);
        if (!bigger)
            return error_set(e, "not enough memory to read %s", path);
        if (data && bigger != data)
            memcpy(bigger, data, len);
        data = bigger;
        ssize_t got = read(fd, data + len, room - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(e, errno, "cannot read %s", path);
        if (got == 0)
            break;
        len += (size_t)got;
        if (len > ceiling)
            return error_set(e, "%s is larger than %zu bytes", path, ceiling);
        if (len == room && (info.st_size == 0 || (off_t)len >= info.st_size)) {
            char probe;
            ssize_t more = read(fd, &probe, 1);
            if (more <= 0)
                break;
            size_t larger = room * 2;
            char *copy = arena_alloc(arena, larger + 1);
            if (!copy)
                return error_set(e, "not enough memory to read %s", path);
            memcpy(copy, data, len);
            copy[len++] = probe;
            data = copy;
            room = larger;
        }
    }
    data[len] = '\0';
    *out = slice_from(data, len);
    return true;
}

static bool write_all(int fd, struct slice bytes)
{
    while (bytes.len) {
        ssize_t put = write(fd, bytes.data, bytes.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes = slice_after(bytes, (size_t)put);
    }
    return true;
}

static void sync_folder_of(const char *path)
{
    struct slice whole = slice_of(path);
    size_t cut = whole.len;
    while (cut && path[cut - 1] != '/')
        cut--;
    char folder[4096];
    snprintf(folder, sizeof folder, "%.*s", (int)(cut ? cut : 1), cut ? path : ".");
    FILE_AUTO fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        fsync(fd);
}

bool file_replace(const char *path, struct slice bytes, unsigned mode, struct error *e)
{
    char temporary[4096];
    int len = snprintf(temporary, sizeof temporary, "%s.%d.new", path, (int)getpid());
    if (len < 0 || (size_t)len >= sizeof temporary)
        return error_set(e, "the path %.100s… is too long", path);
    FILE_AUTO fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return error_errno(e, errno, "cannot write %s", path);
    if (!write_all(fd, bytes) || fsync(fd) != 0 || rename(temporary, path) != 0) {
        int why = errno;
        unlink(temporary);
        return error_errno(e, why, "cannot write %s", path);
    }
    sync_folder_of(path);
    return true;
}

bool file_make_folder(const char *path, unsigned mode, struct error *e)
{
    char part[4096];
    size_t len = strlen(path);
    if (len >= sizeof part)
        return error_set(e, "the path %.100s… is too long", path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, (mode_t)mode) != 0 && errno != EEXIST && (errno != EROFS || i == len))
            return error_errno(e, errno, "cannot make the folder %s", part);
    }
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return error_errno(e, ENOTDIR, "cannot make the folder %s", path);
    return true;
}

char *file_join(struct arena *arena, const char *folder, const char *name)
{
    if (name[0] == '/' || !folder[0])
        return arena_text(arena, slice_of(name));
    struct slice clean = slice_of(folder);
    while (clean.len > 1 && clean.data[clean.len - 1] == '/')
        clean.len--;
    return (char *)arena_print(arena, "%.*s/%s", SLICE_ARGS(clean), name).data;
}

static bool has_suffix(const char *name, const char *const *suffixes)
{
    if (!suffixes)
        return true;
    for (; *suffixes; suffixes++)
        if (slice_ends_nocase(slice_of(name), slice_of(*suffixes)))
            return true;
    return false;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int by_path(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

bool file_walk(const char *path, const char *const *suffixes,
               bool (*each)(void *owner, const char *path, const struct stat *info, struct error *e),
               void *owner, struct error *e)
{
    char *roots[] = { (char *)path, NULL };
    if (access(path, R_OK) != 0)
        return error_errno(e, errno, "cannot read %s", path);
    FTS *walk = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!walk)
        return error_errno(e, errno, "cannot read %s", path);
    bool ok = true;
    for (FTSENT *at; ok && (at = fts_read(walk));) {
        if (at->fts_level > 0 && at->fts_name[0] == '.') {
            fts_set(walk, at, FTS_SKIP);
            continue;
        }
        bool named = at->fts_level == 0 || has_suffix(at->fts_name, suffixes);
        if ((at->fts_info == FTS_F && named) || at->fts_info == FTS_DNR)
            ok = each(owner, at->fts_path, at->fts_statp, e);
    }
    fts_close(walk);
    return ok;
}

bool file_room(const char *path, uint64_t *free_out, uint64_t *total_out)
{
    struct statvfs disk;
    if (statvfs(path, &disk) != 0)
        return false;
    *free_out = (uint64_t)disk.f_bavail * disk.f_frsize;
    *total_out = (uint64_t)disk.f_blocks * disk.f_frsize;
    return true;
}

struct listing {
    const char *path;
    struct arena *arena;
    struct slice *paths;
    size_t count, room, most;
};

static bool list_one(void *owner, const char *path, const struct stat *info, struct error *e)
{
    struct listing *l = owner;
    (void)info;
    if (l->count == l->most)
        return error_set(e, "%s holds more than %zu files", l->path, l->most);
    if (l->count == l->room) {
        l->room = l->room ? l->room * 2 : 64;
        struct slice *bigger = arena_array(l->arena, l->room, sizeof *bigger);
        if (bigger && l->count)
            memcpy(bigger, l->paths, l->count * sizeof *bigger);
        l->paths = bigger;
    }
    if (l->paths)
        l->paths[l->count] = arena_copy(l->arena, slice_of(path));
    if (!l->paths || !l->paths[l->count].data)
        return error_set(e, "not enough memory to list %s", l->path);
    l->count++;
    return true;
}

bool file_list(const char *path, const char *const *suffixes, size_t most, struct arena *arena,
               struct slice **paths_out, size_t *count_out, struct error *e)
{
    struct listing l = { .path = path, .arena = arena, .most = most };
    bool ok = file_walk(path, suffixes, list_one, &l, e);
    if (l.count)
        qsort(l.paths, l.count, sizeof *l.paths, by_path);
    *paths_out = l.paths;
    *count_out = l.count;
    return ok;
}
