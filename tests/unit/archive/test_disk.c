/* A disk that does not give what it holds (EIO), for one file, for a moment, or altogether. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "archive/aside.h"
#include "archive/limit.h"
#include "base/clock.h"
#include "fixture.h"
#include "test.h"

/* libc's names for the calls of SQLite, in this program only. */
static struct {
    ino_t bad;             /* 0: every file of the test's folder */
    atomic_int fails;      /* so many reads; -1: all */
    bool writes;           /* they fail, too */
} disk;

static bool meets(int fd)
{
    struct stat status;
    if (!atomic_load(&disk.fails) || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
        (disk.bad && status.st_ino != disk.bad))
        return false;
    if (atomic_load(&disk.fails) > 0)
        atomic_fetch_sub(&disk.fails, 1);
    errno = EIO;
    return true;
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t at)
{
    return meets(fd) ? -1 : syscall(SYS_pread64, fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    return disk.writes && meets(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    return disk.writes && meets(fd) ? -1 : syscall(SYS_write, fd, bytes, size);
}

static ino_t inode_of(const char *directory)
{
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    CHECK(stat(path, &status) == 0);
    return status.st_ino;
}

static size_t count_aside(const char *directory)
{
    ARENA_AUTO arena;
    struct aside *list;
    size_t count;
    arena_init(&arena, 0);
    CHECK(aside_list(directory, &arena, &list, &count, NULL));
    return count;
}

static bool store(struct archive *archive, const char *raw)
{
    struct fixture_event one[] = { { raw, NULL, 1, { NULL } } };
    struct batch *batch = fixture_batch(one, 1);
    bool well = archive_commit(archive, batch, NULL);
    batch_free(&batch);
    return well;
}

static struct archive *open_with(const char *directory, const char *raw)
{
    struct archive *archive;
    CHECK(archive_open(directory, &archive, NULL));
    CHECK(store(archive, raw));
    return archive;
}

TEST("today's file that cannot be read is set aside when it is opened, and the next batch is stored")
{
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "truoc");
    archive_close(&archive);
    disk.bad = inode_of(directory);
    disk.fails = -1;
    CHECK(archive_open(directory, &archive, NULL));
    CHECK(store(archive, "sau"));
    disk.fails = 0;
    archive_close(&archive);
    CHECK_INT(count_aside(directory), 1);
    CHECK_INT(fixture_count(directory, "sau"), 1);
}

TEST("a file that others cannot read is set aside while its writer still can")
{
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "truoc");
    disk.bad = inode_of(directory);
    disk.fails = -1;
    CHECK(store(archive, "giua")); /* what it needs it holds in memory */
    archive_look(archive, FIXTURE_DAY);
    CHECK_INT(count_aside(directory), 1);
    CHECK(store(archive, "sau"));
    disk.fails = 0;
    archive_close(&archive);
    CHECK_INT(fixture_count(directory, "sau"), 1);
}

TEST("the file of a day that is over stays in its place when it cannot be read")
{
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "truoc");
    disk.bad = inode_of(directory);
    disk.fails = -1;
    archive_look(archive, FIXTURE_DAY + 2 * CLOCK_DAY);
    disk.fails = 0;
    CHECK_INT(count_aside(directory), 0);
    CHECK(store(archive, "sau"));
    archive_close(&archive);
    CHECK_INT(fixture_count(directory, "*"), 2);
}

TEST("reads that fail for a moment set nothing aside")
{
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "truoc");
    archive_close(&archive);
    disk.bad = inode_of(directory);
    for (int reads = 1; reads <= 2; reads++) {
        CHECK(archive_open(directory, &archive, NULL));
        disk.fails = reads;
        CHECK(store(archive, "sau"));
        CHECK_INT(atomic_load(&disk.fails), 0);
        archive_close(&archive);
    }
    CHECK_INT(count_aside(directory), 0);
    CHECK_INT(fixture_count(directory, "*"), 3);
}

TEST("a disk that neither reads nor writes sets nothing aside, and the same file goes on afterwards")
{
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "truoc");
    archive_close(&archive);
    CHECK(archive_open(directory, &archive, NULL));
    disk.bad = 0;
    disk.writes = true;
    for (int i = 0; i < 3; i++) {
        disk.fails = -1;
        bool stored = store(archive, "giua");
        archive_look(archive, FIXTURE_DAY);
        disk.fails = 0; /* what cmocka says is written, too */
        CHECK(!stored);
    }
    disk.writes = false;
    CHECK(store(archive, "sau"));
    archive_close(&archive);
    CHECK_INT(count_aside(directory), 0);
    CHECK_INT(fixture_count(directory, "*"), 2);
}

TEST("a disk that writes and reads nothing back gets so many files and no more")
{
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "truoc");
    disk.bad = 0;
    for (int i = 0; i < 2 * ARCHIVE_ASIDE_MOST; i++) {
        archive_close(&archive);
        CHECK(archive_open(directory, &archive, NULL));
        disk.fails = -1;
        store(archive, "giua");
        disk.fails = 0;
    }
    archive_close(&archive);
    CHECK(count_aside(directory) > 1);
    CHECK(count_aside(directory) <= ARCHIVE_ASIDE_MOST);
}

/* ---- sealing ------------------------------------------------------------------------------------ */

#define OVER (FIXTURE_DAY + 4 * CLOCK_DAY)

/* Three tails of ten events in the day before the fixture's and three in the fixture's, by a writer that
 * has ended: nothing of them is in memory. */
static void store_two_days(const char *directory)
{
    struct archive *archive;
    CHECK(archive_open(directory, &archive, NULL));
    for (int i = 0; i < 6; i++) {
        struct fixture_event events[10];
        for (int k = 0; k < 10; k++)
            events[k] = (struct fixture_event){ .raw = "mot dong", .time = i * 10 + k };
        struct batch *batch = fixture_batch(events, 10);
        batch->received += i < 3 ? 0 : CLOCK_DAY;
        CHECK(archive_commit(archive, batch, NULL));
        batch_free(&batch);
    }
    archive_close(&archive);
}

static void change(const char *directory, const char *sql)
{
    struct day_name name = { 20251124, "standard" };
    struct error e = ERROR_NONE;
    sqlite3 *db;
    CHECK(day_create(directory, &name, &db, &e));
    CHECK(day_run(db, sql, "test", &e));
    day_close(&db);
}

/* Until there is nothing more to do; how often it failed. */
static int seal_all(struct archive *archive, int64_t now)
{
    bool more = true;
    int failures = 0, steps = 0;
    for (; more && steps < 2000; steps++) {
        struct error e = ERROR_NONE;
        failures += !archive_seal_step(archive, now, 1, &more, &e);
    }
    CHECK(steps < 2000);
    return failures;
}

TEST("a day that cannot be sealed is told once and rests; the others are sealed, and it too once it can")
{
    static const struct { const char *breaks, *mends; bool open; } faults[] = {
        { "CREATE TRIGGER stop BEFORE DELETE ON block BEGIN SELECT RAISE(ABORT, 'no'); END",
          "DROP TRIGGER stop", false }, /* met when the window is stored */
        { "ALTER TABLE block RENAME COLUMN text_bytes TO gone",
          "ALTER TABLE block RENAME COLUMN gone TO text_bytes", true }, /* … when it is begun */
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const char *directory = test_folder();
        struct archive *archive;
        uint64_t all = faults[i].open ? 61 : 60;
        store_two_days(directory);
        CHECK(archive_open(directory, &archive, NULL));
        if (faults[i].open)
            CHECK(store(archive, "mot dong"));
        change(directory, faults[i].breaks);
        CHECK_INT(seal_all(archive, OVER), 1);
        CHECK_INT(archive_statistics(archive).sealed_events, 60); /* the other day's 30, then packed */
        CHECK_INT(seal_all(archive, OVER + CLOCK_MINUTE), 0);
        CHECK_INT(seal_all(archive, OVER + 2 * CLOCK_HOUR), 0); /* tried again, in vain: it was told */
        change(directory, faults[i].mends);
        CHECK_INT(fixture_count(directory, "dong"), (int)all);
        CHECK_INT(seal_all(archive, OVER + 4 * CLOCK_HOUR), 0);
        CHECK_INT(archive_statistics(archive).sealed_events, 2 * all);
        CHECK_INT(fixture_count(directory, "dong"), (int)all);
        archive_close(&archive);
    }
}

TEST("old tails that the disk does not give hold up no other day, and are found when it gives them again")
{
    const char *directory = test_folder();
    struct archive *archive;
    for (int open = 0; open < 2; open++) { /* the old day's file is met closed, then open */
        store_two_days(directory);
        CHECK(archive_open(directory, &archive, NULL));
        if (open)
            CHECK(store(archive, "mot dong"));
        disk.bad = inode_of(directory);
        disk.fails = -1;
        CHECK(seal_all(archive, OVER) <= 1);
        CHECK(archive_statistics(archive).sealed_events >= 30);
        CHECK_INT(seal_all(archive, OVER + CLOCK_MINUTE), 0);
        disk.fails = 0;
        CHECK_INT(fixture_count(directory, "dong"), (open + 1) * 60 + open);
        archive_close(&archive);
    }
}

/* --- files that are not written any more ----------------------------------------------------- */

static bool stands_beside(const char *directory, const char *end)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/20251124.standard.db%s", directory, end);
    return access(path, F_OK) == 0;
}

TEST("a packed day is one file, out of WAL mode; a late batch puts it back for as long as it takes")
{
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "a line");
    for (int i = 0; i < 2; i++) {
        CHECK(stands_beside(directory, "-wal"));
        fixture_seal(archive);
        CHECK(stands_beside(directory, "") && !stands_beside(directory, "-wal") &&
              !stands_beside(directory, "-shm"));
        CHECK_INT(fixture_count(directory, "line"), 1 + i);
        CHECK(i || store(archive, "a late line"));
    }
    archive_close(&archive);
}

TEST("who reads a packed day puts its finish off, to the next half minute or the next start")
{
    struct day_name name = { 20251124, "standard" };
    struct error e = ERROR_NONE;
    bool more;
    sqlite3 *db;
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "a line");
    for (int again = 0; again < 2; again++) {
        CHECK(day_open(directory, &name, &db, &e) && day_run(db, "BEGIN; SELECT * FROM block", "x", &e));
        fixture_seal(archive);
        CHECK(stands_beside(directory, "-wal"));
        day_close(&db);
        if (again) {
            archive_close(&archive);
            CHECK(archive_open(directory, &archive, &e));
            fixture_seal(archive);
        } else
            CHECK(archive_seal_step(archive, FIXTURE_DAY + 3 * CLOCK_DAY + CLOCK_MINUTE, 1, &more, &e));
        CHECK(!stands_beside(directory, "-wal"));
        CHECK(again || store(archive, "a late line"));
    }
    CHECK_INT(fixture_count(directory, "line"), 2);
    archive_close(&archive);
}

/* As on a medium that cannot be written: no index can be made beside the file. */
TEST("a file in WAL mode without index is read where no log stands beside it, else named as not read")
{
    char path[4096];
    const char *directory = test_folder();
    struct archive *archive = open_with(directory, "a line");
    archive_close(&archive);
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    sqlite3 *db;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    CHECK(!stands_beside(directory, "-shm"));
    snprintf(path, sizeof path, "%s/20251124.standard.db-shm", directory);
    CHECK(symlink("nowhere", path) == 0);
    CHECK_INT(fixture_count(directory, "line"), 1);
    CHECK_INT(fixture_foot.blocks_damaged + fixture_foot.files_unread, 0);
    snprintf(path, sizeof path, "%s/20251124.standard.db-wal", directory);
    FILE *log = fopen(path, "w");
    CHECK(log && fputs("what nobody has read yet", log) >= 0 && fclose(log) == 0);
    CHECK_INT(fixture_count(directory, "line"), 0);
    CHECK_INT(fixture_foot.files_unread, 1);
    CHECK_SLICE(fixture_foot.damaged,
                "20251124.standard.db: the day file cannot be used: unable to open database file");
}
