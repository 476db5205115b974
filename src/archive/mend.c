/* What the writer does with a day file that it cannot use any more, so that nobody waits for midnight. */
#include <stdio.h>
#include <unistd.h>

#include "archive/aside.h"
#include "archive/limit.h"
#include "archive/writer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define LOOK_EVERY (10 * CLOCK_SECOND)

uint64_t writer_first_free(const struct day *day)
{
    uint64_t most = day->next_sequence > day->next_batch ? day->next_sequence : day->next_batch;
    return day->next_alert > most ? day->next_alert : most;
}

bool writer_is_broken(const struct error *reason)
{
    return reason->kind == ERROR_DAMAGED || reason->kind == ERROR_CONFLICT;
}

/* A disk that is going away, or is full, breaks every file: a new one would be no better. */
static bool takes_files(const struct archive *archive, struct error *e)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/.probe", archive->directory) >= (int)sizeof path)
        return error_set(e, "the path of the archive is too long");
    bool well = file_replace(path, SLICE("."), 0600, e);
    unlink(path);
    return well;
}

static bool may_set_aside(const struct archive *archive, const struct day_name *name, struct error *e)
{
    ARENA_AUTO arena;
    struct aside *list;
    size_t count, same = 0;
    arena_init(&arena, ARENA_NO_CEILING);
    if (!takes_files(archive, e) || !aside_list(archive->directory, &arena, &list, &count, e))
        return false;
    for (size_t i = 0; i < count; i++)
        same += list[i].name.day == name->day && !strcmp(list[i].name.class, name->class);
    return same < ARCHIVE_ASIDE_MOST ||
           error_set(e, "%zu files of this day are set aside already", same);
}

/* It is tried with every batch. */
static bool say_kept(struct archive *archive, const struct error *problem)
{
    int64_t now = clock_steady();
    if (archive->kept_said_at && now - archive->kept_said_at < LOOK_EVERY)
        return false;
    archive->kept_said_at = now;
    log_error(problem, "a day file that cannot be used is in the way");
    return false;
}

bool writer_set_aside(struct archive *archive, const struct day_name *name,
                      const struct error *reason)
{
    struct error problem = ERROR_NONE;
    bool damaged = reason->kind == ERROR_DAMAGED;
    if (!may_set_aside(archive, name, &problem))
        return say_kept(archive, &problem);
    sealer_free(archive); /* what it has begun may be of this file */
    struct day *open = writer_day(archive, name, false, &problem);
    if (open)
        writer_forget(archive, open);
    if (!aside_put(archive->directory, name, damaged ? ASIDE_DAMAGED : ASIDE_FORMAT, archive->given,
                   &archive->begin_at, &problem))
        return say_kept(archive, &problem);
    archive->given = 0;
    log_error(reason, "a day file cannot be used: it is set aside, and a new one is begun");
    bool made = writer_day(archive, name, true, &problem) != NULL;
    archive->begin_at = 0;
    if (!made)
        log_error(&problem, "a new day file cannot be made");
    return made;
}

static bool read_anew(const struct archive *archive, const struct day *day, struct error *e)
{
    sqlite3 *db = NULL;
    error_clear(e);
    if (day_open(archive->directory, &day->name, &db, e)) {
        DAY_STATEMENT *read = day_prepare(db, "SELECT id FROM batch ORDER BY id DESC LIMIT 1",
                                          day->file, e);
        int code = read ? sqlite3_step(read) : SQLITE_DONE;
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            day_failed(db, day->file, e);
    }
    day_close(&db);
    return !writer_is_broken(e);
}

static bool others_read(const struct archive *archive, const struct day *day, struct error *e)
{
    return read_anew(archive, day, e) || read_anew(archive, day, e);
}

void archive_look(struct archive *archive, int64_t now)
{
    if (clock_steady() - archive->looked_at < LOOK_EVERY)
        return;
    archive->looked_at = clock_steady();
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++) {
        struct error e = ERROR_NONE;
        struct day *day = archive->days[i];
        if (!day || others_read(archive, day, &e))
            continue;
        struct day_name name = day->name;
        if (writer_is_over(&name, now)) {
            log_error(&e, "a day that is over is not sealed");
            writer_forget(archive, day);
            continue;
        }
        archive->given = writer_first_free(day);
        writer_set_aside(archive, &name, &e);
        archive->given = 0;
    }
}

bool writer_holds_all(const struct archive *archive, const struct day *day, struct error *e)
{
    if (writer_first_free(day) >= archive->given)
        return true;
    error_place(e, "%s", day->file);
    error_set(e, "the day file holds less than was stored in it");
    return error_kind(e, ERROR_DAMAGED);
}

bool writer_begin_beyond(struct archive *archive, struct day *day, bool was_there, struct error *e)
{
    uint64_t number, first;
    struct batch nothing = { .received = clock_now() };
    if (day->next_batch > 1)
        return true;
    if (!aside_number(archive->directory, &day->name, &number, e))
        return false;
    if (number < archive->begin_at)
        number = archive->begin_at;
    if (was_there && number < aside_by_clock(&day->name))
        number = aside_by_clock(&day->name);
    if (number == 1)
        return true;
    day->next_sequence = day->next_batch = day->next_alert = number;
    return day_run(day->db, "BEGIN IMMEDIATE", day->file, e) &&
           writer_insert_batch(archive, day, &nothing, &first, e) &&
           day_run(day->db, "COMMIT", day->file, e);
}
