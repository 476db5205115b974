/* A disk that does not give what it holds (EIO), for one file, for a moment, or altogether. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "archive/aside.h"
#include "archive/limit.h"
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
    archive_look(archive);
    CHECK_INT(count_aside(directory), 1);
    CHECK(store(archive, "sau"));
    disk.fails = 0;
    archive_close(&archive);
    CHECK_INT(fixture_count(directory, "sau"), 1);
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
        archive_look(archive);
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
