#include "archive/aside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/limit.h"
#include "base/clock.h"
#include "base/file.h"

#define NUMBER_MOST (UINT64_C(1) << 52) /* what a damaged file says beyond that is damage */

static const char *const words[] = { [ASIDE_DAMAGED] = "damaged", [ASIDE_FORMAT] = "format" };
#define WORDS (sizeof words / sizeof *words)

uint64_t aside_by_clock(const struct day_name *name)
{
    int64_t begins, now = clock_now();
    if (!clock_from_day(name->day, 0, &begins) || now <= begins)
        return 2;
    return (uint64_t)(now - begins) / 1000 + 2;
}

/* "20261124.standard.db.damaged-43200000000"; false for any other file, logs and indexes too. */
static bool parse(const char *file, struct aside *out)
{
    struct slice text = slice_of(file);
    for (size_t i = 0; i < WORDS; i++) {
        char mark[32], day[DAY_FILE];
        snprintf(mark, sizeof mark, ".db.%s-", words[i]);
        size_t at = slice_find(text, slice_of(mark));
        if (at + 3 >= sizeof day || at >= text.len || text.len >= sizeof out->file)
            continue;
        *out = (struct aside){ .why = (enum aside_why)i };
        memcpy(day, file, at + 3);
        day[at + 3] = '\0';
        memcpy(out->file, file, text.len + 1);
        return day_name_parse(day, &out->name) &&
               slice_to_u64(slice_cut(text, at + strlen(mark), text.len), &out->number) &&
               out->number < NUMBER_MOST;
    }
    return false;
}

static int newest_first(const void *a, const void *b)
{
    return -strcmp(((const struct aside *)a)->file, ((const struct aside *)b)->file);
}

static bool read_list(DIR *dir, struct arena *arena, struct aside **list_out, size_t *count_out,
                      struct error *e)
{
    size_t count = 0, capacity = 0;
    struct aside *list = NULL, found;
    for (struct dirent *entry; (entry = readdir(dir)) && count < ARCHIVE_FILES_MAX;) {
        if (!parse(entry->d_name, &found))
            continue;
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct aside *more = arena_array(arena, capacity, sizeof *more);
            if (!more)
                return error_set(e, "memory is short for the list of day files");
            if (count)
                memcpy(more, list, count * sizeof *more);
            list = more;
        }
        list[count++] = found;
    }
    if (count)
        qsort(list, count, sizeof *list, newest_first);
    *list_out = list;
    *count_out = count;
    return true;
}

bool aside_list(const char *directory, struct arena *arena, struct aside **list_out,
                size_t *count_out, struct error *e)
{
    *list_out = NULL;
    *count_out = 0;
    DIR *dir = opendir(directory);
    if (!dir && errno == ENOENT)
        return true;
    if (!dir)
        return error_errno(e, errno, "the archive %s cannot be read", directory);
    bool well = read_list(dir, arena, list_out, count_out, e);
    closedir(dir);
    return well;
}

bool aside_number(const char *directory, const struct day_name *name, uint64_t *number_out,
                  struct error *e)
{
    ARENA_AUTO arena;
    struct aside *list;
    size_t count;
    *number_out = 1;
    arena_init(&arena, ARENA_NO_CEILING);
    if (!aside_list(directory, &arena, &list, &count, e))
        return false;
    for (size_t i = 0; i < count; i++)
        if (list[i].name.day == name->day && !strcmp(list[i].name.class, name->class) &&
            list[i].number > *number_out)
            *number_out = list[i].number;
    return true;
}

/* The first free number by the old file itself, where it can still be read; else 0. */
static uint64_t number_inside(const char *directory, const char *file)
{
    char path[4096];
    sqlite3 *db = NULL;
    sqlite3_stmt *read = NULL;
    uint64_t number = 0;
    if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int)sizeof path)
        return 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT max(max(id), max(first + events),"
                               " ifnull((SELECT max(id) FROM alert), 0)) + 1 FROM batch", -1, &read,
                           NULL) == SQLITE_OK &&
        sqlite3_step(read) == SQLITE_ROW)
        number = (uint64_t)sqlite3_column_int64(read, 0);
    sqlite3_finalize(read);
    sqlite3_close_v2(db);
    return number < NUMBER_MOST ? number : 0;
}

/* Another one may stand there already, made within the same microsecond or by a clock set back. */
static bool free_number(const char *directory, const struct day_name *name, const char *file,
                        uint64_t known, uint64_t *number_out, struct error *e)
{
    uint64_t before;
    if (!aside_number(directory, name, &before, e))
        return false;
    const uint64_t least[] = { known, aside_by_clock(name), number_inside(directory, file) };
    *number_out = before + 1;
    for (size_t i = 0; i < 3; i++)
        if (least[i] > *number_out)
            *number_out = least[i];
    return true;
}

/* The file first: what a kill leaves behind of its log SQLite removes when it makes the new one, and
 * never takes for the new one's. */
static bool rename_all(const char *directory, const char *file, const char *to, struct error *e)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        char from_path[4096], to_path[4096];
        if (snprintf(from_path, sizeof from_path, "%s/%s%s", directory, file, ends[i]) >=
                (int)sizeof from_path ||
            snprintf(to_path, sizeof to_path, "%s/%s%s", directory, to, ends[i]) >=
                (int)sizeof to_path)
            return error_set(e, "the path of the archive is too long");
        if (rename(from_path, to_path) != 0 && errno != ENOENT)
            return error_errno(e, errno, "the day file %s cannot be set aside", file);
    }
    return day_sync_folder(directory, e);
}

bool aside_put(const char *directory, const struct day_name *name, enum aside_why why,
               uint64_t known, uint64_t *number_out, struct error *e)
{
    char file[DAY_FILE], to[DAY_FILE + 32];
    day_name_print(name, file);
    if (!free_number(directory, name, file, known, number_out, e))
        return false;
    snprintf(to, sizeof to, "%s.%s-%llu", file, words[why], (unsigned long long)*number_out);
    return rename_all(directory, file, to, e);
}
