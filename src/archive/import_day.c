/* Whole day files: verified, copied beside the archive, put into their places. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/backup.h"
#include "archive/import.h"
#include "archive/staging.h"
#include "archive/verify.h"

struct days {
    const char *directory, *from;    /* from: the folder they come from */
    struct day_name *names;
    size_t count;
    bool *wanted;
    struct import_result *result;
};

/* The file's own folder and name, or all day files of a folder. */
static bool find_days(const char *path, struct arena *arena, struct days *days, struct error *e)
{
    struct stat info;
    struct day_name name;
    const char *slash = strrchr(path, '/');
    error_place(e, "%s", path);
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        days->from = path;
        if (!day_list(path, arena, &days->names, &days->count, e))
            return false;
    } else if (day_name_parse(slash ? slash + 1 : path, &name)) {
        days->from = slash ? arena_text(arena, slice_from(path, (size_t)(slash - path) + 1)) : ".";
        days->names = arena_array(arena, 1, sizeof *days->names);
        if (!days->from || !days->names)
            return error_set(e, "memory is short for the import");
        days->names[days->count++] = name;
    }
    if (days->count == 0) {
        error_set(e, "this is neither a day file (20261124.standard.db) nor a folder with some");
        return error_kind(e, ERROR_INPUT);
    }
    days->wanted = arena_array(arena, days->count, sizeof *days->wanted);
    if (e)
        error_clear(e);
    return days->wanted || error_set(e, "memory is short for the import");
}

static bool last_link(const char *directory, const struct day_name *name, unsigned char *link,
                      bool *there_out, struct error *e)
{
    char file[DAY_FILE];
    sqlite3 *db = NULL;
    struct error reason = ERROR_NONE;
    bool well = false;
    day_name_print(name, file);
    *there_out = day_open(directory, name, &db, &reason);
    if (*there_out) {
        DAY_STATEMENT *read = day_prepare(db, "SELECT chain FROM batch ORDER BY id DESC LIMIT 1",
                                          file, &reason);
        int code = read ? sqlite3_step(read) : SQLITE_ERROR;
        struct slice chain = code == SQLITE_ROW ? day_column(read, 0) : SLICE_NONE;
        well = read && (code == SQLITE_ROW || code == SQLITE_DONE ||
                        day_failed(db, file, &reason));
        memset(link, 0, 32);
        if (chain.len == 32)
            memcpy(link, chain.data, 32);
    }
    day_close(&db);
    if (!well && reason.kind != ERROR_NOT_FOUND && e)
        *e = reason;
    return well || reason.kind == ERROR_NOT_FOUND;
}

static bool hold_day(struct days *days, size_t i, struct arena *arena, struct error *e)
{
    struct verify_result day;
    unsigned char link[32];
    bool there;
    char file[DAY_FILE];
    day_name_print(&days->names[i], file);
    if (!verify_day(days->from, &days->names[i], arena, &day, e))
        return error_kind(e, ERROR_INPUT);
    if (!verify_is_well(&day)) {
        error_set(e, "this day file is not whole: %.*s", SLICE_ARGS(day.first));
        error_place(e, "%s/%s", days->from, file);
        return error_kind(e, ERROR_INPUT);
    }
    if (!last_link(days->directory, &days->names[i], link, &there, e))
        return false;
    if (there && memcmp(link, day.head, sizeof link) == 0) {
        days->result->already += day.events;
        return true;
    }
    if (there) {
        error_place(e, "%s", file);
        error_set(e, "the archive has another day file of this name");
        error_hint(e, "export its events as JSON lines and import these");
        return error_kind(e, ERROR_CONFLICT);
    }
    days->wanted[i] = true;
    days->result->days++;
    days->result->events += day.events;
    days->result->bytes += day.bytes;
    return true;
}

static bool put(struct days *days, const struct import_handlers *h, struct error *e)
{
    struct staging staging;
    uint64_t bytes = 0;
    bool well = staging_begin(days->directory, &staging, e);
    for (size_t i = 0; well && i < days->count; i++)
        well = !days->wanted[i] ||
               backup_day(days->from, staging.folder, &days->names[i], &bytes, e);
    well = well && (!h->ready || h->ready(h->owner, days->result, e));
    for (size_t i = 0; well && i < days->count; i++)
        well = !days->wanted[i] || staging_place(&staging, &days->names[i], e);
    staging_end(&staging);
    return well;
}

bool import_days(const char *directory, const char *path, bool dry_run,
                 const struct import_handlers *handlers, struct import_result *result_out,
                 struct error *e)
{
    ARENA_AUTO arena;
    struct days days = { .directory = directory, .result = result_out };
    *result_out = (struct import_result){ .events = 0 };
    arena_init(&arena, ARENA_NO_CEILING);
    if (!find_days(path, &arena, &days, e))
        return false;
    for (size_t i = 0; i < days.count; i++) {
        days.wanted[i] = false;
        if (!hold_day(&days, i, &arena, e))
            return false;
        if (handlers->progress)
            handlers->progress(handlers->owner, i + 1, days.count);
    }
    return dry_run || put(&days, handlers, e);
}
