#include "archive/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/chain.h"
#include "archive/day.h"
#include "base/arena.h"
#include "base/file.h"

#define PATH 4096

/* What tells whether a copy is still the same file. */
struct state {
    int64_t numbers[5];
    unsigned char chain[CHAIN_BYTES];
};

static bool read_state(const char *directory, const struct day_name *name, struct state *state,
                       struct error *e)
{
    char file[DAY_FILE];
    sqlite3 *db = NULL;
    bool well = false;
    *state = (struct state){ .numbers = { 0 } };
    day_name_print(name, file);
    if (day_open(directory, name, &db, e)) {
        DAY_STATEMENT *read = day_prepare(
            db, "SELECT (SELECT count(*) FROM block), (SELECT ifnull(max(id), 0) FROM block),"
                " (SELECT ifnull(sum(kind), 0) FROM block), (SELECT ifnull(max(id), 0) FROM batch),"
                " (SELECT ifnull(max(id), 0) FROM alert),"
                " (SELECT chain FROM batch ORDER BY id DESC LIMIT 1)", file, e);
        well = read && (sqlite3_step(read) == SQLITE_ROW || day_failed(db, file, e));
        for (int i = 0; well && i < 5; i++)
            state->numbers[i] = sqlite3_column_int64(read, i);
        struct slice chain = well ? day_column(read, 5) : SLICE_NONE;
        if (chain.len == CHAIN_BYTES)
            memcpy(state->chain, chain.data, CHAIN_BYTES);
    }
    day_close(&db);
    return well;
}

static bool is_copied(const char *directory, const char *to, const struct day_name *name)
{
    struct state here, there;
    struct error ignored = ERROR_NONE;
    return read_state(to, name, &there, &ignored) && read_state(directory, name, &here, &ignored) &&
           memcmp(&here, &there, sizeof here) == 0;
}

/* All pages in one read transaction of the source: the writer goes on meanwhile. */
static bool copy_pages(sqlite3 *from, const char *part, const char *file, struct error *e)
{
    sqlite3 *to = NULL;
    bool well = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                           SQLITE_OPEN_EXRESCODE, NULL) == SQLITE_OK;
    sqlite3_backup *backup = well ? sqlite3_backup_init(to, "main", from, "main") : NULL;
    if (backup) {
        sqlite3_backup_step(backup, -1);
        well = sqlite3_backup_finish(backup) == SQLITE_OK;
    }
    well = (well && backup) || day_failed(to, file, e);
    /* no log beside it: the copy is one file, readable from a folder that cannot be written */
    well = well && day_run(to, "PRAGMA journal_mode = DELETE", file, e);
    day_close(&to);
    return well;
}

static bool put_in_place(const char *part, const char *path, uint64_t *bytes, struct error *e)
{
    struct stat status;
    FILE_AUTO fd = open(part, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0 || fstat(fd, &status) != 0 || rename(part, path) != 0)
        return error_errno(e, errno, "the copy %s cannot be put in its place", path);
    *bytes += (uint64_t)status.st_size;
    return true;
}

/* Made whole beside its place, then renamed. */
static bool copy_whole(sqlite3 *db, const char *path, const char *file, uint64_t *bytes,
                       struct error *e)
{
    char part[PATH];
    if (snprintf(part, sizeof part, "%s.part", path) >= PATH)
        return error_set(e, "the path of the archive is too long");
    if (unlink(part) != 0 && errno != ENOENT)
        return error_errno(e, errno, "the copy %s cannot be put in its place", path);
    return copy_pages(db, part, file, e) && put_in_place(part, path, bytes, e);
}

bool backup_day(const char *directory, const char *to, const struct day_name *name,
                uint64_t *bytes, struct error *e)
{
    char file[DAY_FILE], path[PATH];
    sqlite3 *db = NULL;
    day_name_print(name, file);
    if (snprintf(path, sizeof path, "%s/%s", to, file) >= PATH)
        return error_set(e, "the path of the archive is too long");
    bool well = day_open(directory, name, &db, e) && copy_whole(db, path, file, bytes, e);
    day_close(&db);
    return well;
}

bool backup_database(const char *from, const char *to, uint64_t *bytes, struct error *e)
{
    sqlite3 *db = NULL;
    bool well = sqlite3_open_v2(from, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_EXRESCODE, NULL) ==
                SQLITE_OK;
    if (well)
        sqlite3_busy_timeout(db, 5000);
    well = (well || day_failed(db, from, e)) && copy_whole(db, to, from, bytes, e);
    day_close(&db);
    return well;
}

#define BESIDE_MAX (256u * 1024 * 1024)

/* Signed heads and the record of what was deleted. */
static bool copy_beside(const char *directory, const char *to, const char *name, struct error *e)
{
    ARENA_AUTO arena;
    struct slice bytes;
    struct error reason = ERROR_NONE;
    arena_init(&arena, BESIDE_MAX * UINT64_C(2));
    const char *from = file_join(&arena, directory, name), *path = file_join(&arena, to, name);
    if (!from || !path)
        return error_set(e, "memory is short for the back-up");
    if (access(from, F_OK) != 0)
        return true;
    if (file_read(from, BESIDE_MAX, &arena, &bytes, &reason) &&
        file_replace(path, bytes, 0640, &reason))
        return true;
    if (e)
        *e = reason;
    return false;
}

bool backup_run(const char *directory, const char *heads, const char *to,
                struct backup_result *result_out, struct error *e)
{
    ARENA_AUTO arena;
    struct day_name *names;
    size_t count;
    struct error first = ERROR_NONE;
    *result_out = (struct backup_result){ .copied = 0 };
    arena_init(&arena, ARENA_NO_CEILING);
    if (!file_make_folder(to, 0750, e) || !day_list(directory, &arena, &names, &count, e))
        return false;
    for (size_t i = count; i > 0; i--) {
        struct error reason = ERROR_NONE;
        if (is_copied(directory, to, &names[i - 1]))
            result_out->unchanged++;
        else if (backup_day(directory, to, &names[i - 1], &result_out->bytes, &reason))
            result_out->copied++;
        else if (reason.kind != ERROR_NOT_FOUND) { /* expired meanwhile */
            result_out->failed++;
            if (!first.set)
                first = reason;
        }
    }
    if (first.set) {
        if (e)
            *e = first;
        return false;
    }
    return copy_beside(directory, to, "heads.jsonl", e) &&
           (!heads || copy_beside(heads, to, "heads.jsonl", e)) &&
           copy_beside(directory, to, "deleted.jsonl", e) && day_sync_folder(to, e);
}
