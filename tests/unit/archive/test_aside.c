/* A day file that cannot be used any more is set aside, and a new one goes on beyond its numbers. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/aside.h"
#include "archive/outbox.h"
#include "archive/verify.h"
#include "fixture.h"
#include "test.h"

static const struct day_name the_day = { .day = 20251124, .class = "standard" };

static const char *path_of(const char *directory)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    return path;
}

static void overwrite(const char *path, off_t at, size_t size)
{
    char bytes[4096];
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && size <= sizeof bytes);
    memset(bytes, 0xA5, size);
    CHECK(pwrite(fd, bytes, size, at) == (ssize_t)size);
    close(fd);
}

static void store(struct archive *archive, const char *raw)
{
    struct fixture_event one[] = { { raw, NULL, 1, { NULL } } };
    fixture_store(archive, one, 1);
}

static uint64_t last_number(const char *directory)
{
    sqlite3 *db;
    struct error e = ERROR_NONE;
    CHECK(day_open(directory, &the_day, &db, &e));
    sqlite3_stmt *read = day_prepare(db, "SELECT max(first) FROM batch", "", &e);
    CHECK(read && sqlite3_step(read) == SQLITE_ROW);
    uint64_t number = (uint64_t)sqlite3_column_int64(read, 0);
    sqlite3_finalize(read);
    day_close(&db);
    return number;
}

static size_t count_aside(const char *directory, struct aside *first)
{
    ARENA_AUTO arena;
    struct aside *list;
    size_t count;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    CHECK(aside_list(directory, &arena, &list, &count, &e));
    if (count)
        *first = list[0];
    return count;
}

static void check_goes_on(const char *directory, uint64_t before)
{
    ARENA_AUTO arena;
    struct verify_result result;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    CHECK(last_number(directory) > before);
    CHECK(verify_day(directory, &the_day, &arena, &result, &e));
    if (!verify_is_well(&result))
        fail_msg("%.*s", SLICE_ARGS(result.first));
    CHECK(result.goes_on > before);
    CHECK_INT(result.events, 1);
}

static void damage_and_store(const char *directory, const char *sql, off_t at, size_t size,
                             enum aside_why why)
{
    struct archive *archive;
    struct aside aside = { .name.day = 0 };
    struct error e = ERROR_NONE;
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "truoc mot");
    store(archive, "truoc hai");
    archive_close(&archive);
    uint64_t before = last_number(directory);
    sqlite3 *db; /* all into the file itself, then broken */
    CHECK_INT(sqlite3_open(path_of(directory), &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    if (sql)
        CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    if (size)
        overwrite(path_of(directory), at, size);
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "sau");
    archive_close(&archive);
    CHECK_INT(count_aside(directory, &aside), 1);
    CHECK_INT(aside.why, why);
    CHECK_INT(aside.name.day, the_day.day);
    check_goes_on(directory, before);
    CHECK_INT(fixture_count(directory, "sau"), 1);
}

TEST("a day file with a broken head is set aside, and the next batch is stored in a new one")
{
    damage_and_store(test_folder(), NULL, 0, 100, ASIDE_DAMAGED);
}

TEST("a day file with broken tables is set aside, and the next batch is stored in a new one")
{
    damage_and_store(test_folder(), NULL, 8192, 4096, ASIDE_DAMAGED); /* behind head and page map */
}

TEST("a day file of another format is set aside, and its numbers are not given again")
{
    damage_and_store(test_folder(), "PRAGMA user_version = 4", 0, 0, ASIDE_FORMAT);
}

TEST("a day file that lost all that it held does not begin from one again")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "truoc");
    archive_close(&archive);
    uint64_t before = last_number(directory);
    CHECK_INT(truncate(path_of(directory), 0), 0);
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "sau");
    archive_close(&archive);
    check_goes_on(directory, before);
}

TEST("damage under the running writer is met when it looks, and set aside")
{
    struct archive *archive;
    struct aside aside = { .name.day = 0 };
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "truoc");
    uint64_t before = last_number(directory);
    sqlite3 *db; /* nothing is in the log: all that is read comes from the file */
    CHECK_INT(sqlite3_open(path_of(directory), &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    overwrite(path_of(directory), 0, 4096);
    archive_look(archive, FIXTURE_DAY);
    CHECK_INT(count_aside(directory, &aside), 1);
    store(archive, "sau");
    check_goes_on(directory, before);
    CHECK(archive_check(archive));
    archive_close(&archive);
}

TEST("a file set aside may be taken away at once: its numbers are not given again")
{
    struct archive *archive;
    struct aside aside = { .name.day = 0 };
    struct error e = ERROR_NONE;
    char from[4300];
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "truoc");
    uint64_t before = last_number(directory);
    sqlite3 *db;
    CHECK_INT(sqlite3_open(path_of(directory), &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    overwrite(path_of(directory), 0, 4096);
    archive_look(archive, FIXTURE_DAY); /* no event waits */
    CHECK_INT(count_aside(directory, &aside), 1);
    snprintf(from, sizeof from, "%s/%s", directory, aside.file);
    CHECK_INT(unlink(from), 0);
    archive_close(&archive);
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "sau");
    archive_close(&archive);
    check_goes_on(directory, before);
}

TEST("who reads on from a cursor gets what comes behind a file that was set aside")
{
    ARENA_AUTO arena;
    struct archive *archive;
    struct outbox *outbox;
    struct outbox_batch *item;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    uint64_t cursor = 0, events = 0;
    arena_init(&arena, 0);
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "truoc mot");
    store(archive, "truoc hai");
    archive_close(&archive);
    CHECK(outbox_open(directory, &outbox, &e));
    while (outbox_next(outbox, &arena, &item, &e) && item)
        cursor = item->batch;
    CHECK_INT(cursor, 2);
    overwrite(path_of(directory), 0, 4096);
    char log[4200];
    snprintf(log, sizeof log, "%s-wal", path_of(directory));
    unlink(log);
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "sau");
    archive_close(&archive);
    CHECK(outbox_seek(outbox, the_day.day, SLICE("standard"), cursor, &e));
    while (outbox_next(outbox, &arena, &item, &e) && item)
        events += item->event_count;
    CHECK_INT(events, 1);
    outbox_close(&outbox);
}

static bool count_mark(void *owner, const struct batch_mark *mark)
{
    (void)mark;
    ++*(unsigned *)owner;
    return true;
}

static bool count_hit(void *owner, const struct outbox_hit *hit)
{
    (void)hit;
    ++*(unsigned *)owner;
    return true;
}

TEST("a pipeline starts beside an old file that cannot be read")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    unsigned marks = 0, hits = 0;
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    store(archive, "mot");
    archive_close(&archive);
    char log[4200];
    snprintf(log, sizeof log, "%s-wal", path_of(directory));
    unlink(log);
    overwrite(path_of(directory), 0, 4096);
    CHECK(outbox_marks(directory, FIXTURE_DAY, count_mark, &marks, &e));
    CHECK(outbox_hits(directory, FIXTURE_DAY, count_hit, &hits, &e));
    CHECK(!e.set);
    CHECK_INT(marks + hits, 0);
}
