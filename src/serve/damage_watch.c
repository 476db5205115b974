#include "serve/damage_watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"

#include "archive/aside.h"
#include "records/alarm.h"
#include "records/gap.h"

#define LOOK_EVERY (10 * CLOCK_SECOND)
#define LOOKED_BACK (31 * CLOCK_DAY)
#define TOLD "archive.damaged"         /* the setting: names of files, blank between */
#define FILES_MOST 64u                 /* told of at once; more than that is one and the same trouble */

struct broken {
    char file[DAY_FILE + 32];
    bool aside;
    int64_t from, to;                  /* of the gap, ns UTC; aside only */
};

struct damage_watch {
    const char *archive;
    int64_t due;
    pthread_mutex_t lock;              /* of files and count, for other threads' eyes */
    struct broken files[FILES_MOST];
    unsigned count;
};

struct damage_watch *damage_watch_new(const char *archive)
{
    struct damage_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->archive = archive;
    pthread_mutex_init(&watch->lock, NULL);
    return watch;
}

void damage_watch_free(struct damage_watch **watch)
{
    if (!*watch)
        return;
    pthread_mutex_destroy(&(*watch)->lock);
    free(*watch);
    *watch = NULL;
}

/* ---- looking --------------------------------------------------------------------------------------- */

static int64_t ns(struct timespec time)
{
    return time.tv_sec * CLOCK_SECOND + time.tv_nsec;
}

/* Its last write, and when it was renamed. */
static void look_at(const char *archive, struct broken *file)
{
    static const char *const ends[] = { "", "-wal" };
    for (size_t i = 0; i < 2; i++) {
        char path[4096];
        struct stat info;
        int len = snprintf(path, sizeof path, "%s/%s%s", archive, file->file, ends[i]);
        if (len < 0 || len >= (int)sizeof path || stat(path, &info) != 0)
            continue;
        file->from = ns(info.st_mtim) > file->from ? ns(info.st_mtim) : file->from;
        file->to = ns(info.st_ctim) > file->to ? ns(info.st_ctim) : file->to;
    }
}

static bool is_readable(const char *archive, const struct day_name *name, const char *file)
{
    sqlite3 *db = NULL;
    struct error e = ERROR_NONE;
    if (day_open(archive, name, &db, &e)) {
        DAY_STATEMENT *read = day_prepare(db, "SELECT max(id) FROM batch", file, &e);
        if (read && sqlite3_step(read) != SQLITE_ROW)
            day_failed(db, file, &e);
    }
    day_close(&db);
    return e.kind != ERROR_DAMAGED && e.kind != ERROR_CONFLICT;
}

static bool look(struct damage_watch *watch, struct broken *files, unsigned *count_out,
                 struct error *e)
{
    ARENA_AUTO arena;
    struct aside *aside;
    struct day_name *names;
    size_t aside_count, name_count;
    int32_t first = clock_day(clock_now() - LOOKED_BACK, 0);
    *count_out = 0;
    arena_init(&arena, ARENA_NO_CEILING);
    if (!aside_list(watch->archive, &arena, &aside, &aside_count, e) ||
        !day_list(watch->archive, &arena, &names, &name_count, e))
        return false;
    for (size_t i = 0; i < aside_count && *count_out < FILES_MOST; i++) {
        struct broken *file = &files[(*count_out)++];
        *file = (struct broken){ .aside = true };
        snprintf(file->file, sizeof file->file, "%s", aside[i].file);
        look_at(watch->archive, file);
    }
    for (size_t i = 0; i < name_count && names[i].day >= first && *count_out < FILES_MOST; i++) {
        struct broken *file = &files[*count_out];
        *file = (struct broken){ .aside = false };
        day_name_print(&names[i], file->file);
        *count_out += !is_readable(watch->archive, &names[i], file->file);
    }
    return true;
}

/* ---- telling --------------------------------------------------------------------------------------- */

static struct slice entity_of(struct slice file, struct arena *arena)
{
    return arena_print(arena, "file=%.*s", SLICE_ARGS(file));
}

static bool tell(const struct broken *file, struct records *records, struct arena *arena,
                 struct error *e)
{
    struct records_alarm alarm = {
        .rule = ALARM_DAMAGE, .level = 3, .since = file->aside ? file->to : clock_now(),
        .entity = entity_of(slice_of(file->file), arena),
        .title = file->aside
                     ? SLICE("A file of the archive could not be used and was set aside: its events "
                             "are not found")
                     : SLICE("A file of the archive cannot be read: its events are not found"),
        .title_vi = file->aside
                        ? SLICE("Một tệp của kho lưu trữ không dùng được và đã được để riêng: không "
                                "tìm thấy log trong đó")
                        : SLICE("Một tệp của kho lưu trữ không đọc được: không tìm thấy log trong đó"),
    };
    log_failure("%s: %s", file->file, alarm.title.data);
    return records_alarm_raise(records, &alarm, e) &&
           (!file->aside ||
            records_gap_add(records, SLICE(""), file->from,
                            file->to > file->from ? file->to : file->from + CLOCK_SECOND,
                            SLICE("a file of the archive was set aside"), e));
}

static bool end_gone(struct slice told, struct slice now, struct records *records,
                     struct arena *arena, struct error *e)
{
    struct slice part;
    while (slice_split(&told, ' ', &part))
        if (part.len && !slice_names(now, part) &&
            !records_alarm_end(records, ALARM_DAMAGE, entity_of(part, arena),
                               SLICE("tệp không còn ở đó hoặc đã đọc được (gone, or readable again)"),
                               NULL, e))
            return false;
    return true;
}

/* What is new is told, what is gone is ended, and the list kept, in one transaction. */
static bool settle(const struct broken *files, unsigned count, struct records *records,
                   struct error *e)
{
    ARENA_AUTO arena;
    BUFFER_AUTO list;
    RECORDS_TRANSACTION t = { 0 };
    struct slice told = SLICE("");
    struct error none = ERROR_NONE;
    arena_init(&arena, 4u << 20);
    buffer_init(&list, 0);
    for (unsigned i = 0; i < count; i++)
        buffer_print(&list, i ? " %s" : "%s", files[i].file);
    if (!records_setting_get(records, TOLD, &arena, &told, &none) && none.kind != ERROR_NOT_FOUND) {
        *e = none;
        return false;
    }
    if (list.failed)
        return error_set(e, "not enough memory to look at the machine");
    if (slice_equal(told, buffer_slice(&list)))
        return true;
    if (!records_begin(records, &t, e) || !end_gone(told, buffer_slice(&list), records, &arena, e))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (!slice_names(told, slice_of(files[i].file)) && !tell(&files[i], records, &arena, e))
            return false;
    return records_setting_put(records, &ACTOR_SYSTEM, TOLD, buffer_slice(&list), e) &&
           records_commit(&t, e);
}

void damage_watch_step(struct damage_watch *watch, struct records *records)
{
    struct broken files[FILES_MOST];
    unsigned count;
    struct error e = ERROR_NONE;
    if (clock_steady() < watch->due)
        return;
    watch->due = clock_steady() + LOOK_EVERY;
    if (!look(watch, files, &count, &e) || !settle(files, count, records, &e)) {
        log_error(&e, "looking for damaged files of the archive");
        return;
    }
    pthread_mutex_lock(&watch->lock);
    memcpy(watch->files, files, count * sizeof *files);
    watch->count = count;
    pthread_mutex_unlock(&watch->lock);
}

/* ---- shown ----------------------------------------------------------------------------------------- */

bool damage_watch_check(struct damage_watch *watch, const char *language, struct arena *arena,
                        struct api_check *check_out)
{
    struct error e = ERROR_NONE;
    *check_out = (struct api_check){ .id = SLICE("archive_files"), .state = SLICE("well") };
    pthread_mutex_lock(&watch->lock);
    if (watch->count == 0)
        error_set(&e, "the files of the archive can be read");
    else
        error_set(&e, "%u files of the archive cannot be used, and their events are not found: %s",
                  watch->count, watch->files[0].file);
    if (watch->count) {
        check_out->state = SLICE("failed");
        error_hint(&e, "bring them back from a back-up, or move them to another folder");
        check_out->hint = arena_copy(arena, slice_of(error_hint_in(&e, language)));
    }
    check_out->sentence = arena_copy(arena, slice_of(error_sentence(&e, language)));
    pthread_mutex_unlock(&watch->lock);
    return check_out->sentence.data != NULL;
}
