/* What happens to the archive when its process, its disk or a block fails at any moment. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "archive/backup.h"
#include "archive/verify.h"
#include "base/clock.h"
#include "fixture.h"
#include "test.h"

#define EVENTS 400u
#define BATCHES 30u

static const struct day_name the_day = { .day = 20251124, .class = "standard" };

/* Batches of lines that differ, so that blocks are of some size. */
static void store_lines(struct archive *archive, unsigned seed)
{
    static char lines[EVENTS][160];
    static struct fixture_event events[EVENTS];
    for (unsigned i = 0; i < EVENTS; i++) {
        snprintf(lines[i], sizeof lines[i], "batch%u line%u user=u%u src=10.%u.%u.%u key=%08x%08x",
                 seed, i, i % 7, seed, i / 250, i % 250, seed * 2654435761u + i, i * 40503u);
        events[i] = (struct fixture_event){ .raw = lines[i], .time = (int)i };
    }
    for (unsigned i = 0; i < EVENTS; i += 100)
        fixture_store(archive, events + i, 100);
}

static void check_whole(const char *directory, uint64_t events)
{
    ARENA_AUTO arena;
    struct verify_result result;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    if (!verify_day(directory, &the_day, &arena, &result, &e))
        fail_msg("%s", e.sentence);
    if (!verify_is_well(&result))
        fail_msg("%.*s", SLICE_ARGS(result.first));
    CHECK_INT(result.events, events);
}

/* Seals and packs in a process of its own, which is killed after so many microseconds; true when it
 * was through before that. */
static bool seal_and_kill(const char *directory, unsigned microseconds)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct archive *archive;
        struct error e = ERROR_NONE;
        if (!archive_open(directory, &archive, &e))
            _exit(1);
        fixture_seal(archive);
        _exit(0);
    }
    int status;
    struct timespec wait = { 0, (long)microseconds * 1000 };
    nanosleep(&wait, NULL);
    kill(child, SIGKILL);
    CHECK_INT(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST("sealing and packing killed at any moment lose nothing and repeat nothing")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    for (unsigned i = 0; i < BATCHES; i++)
        store_lines(archive, i);
    archive_close(&archive);
    unsigned killed = 0;
    for (unsigned microseconds = 200; microseconds < 200000; microseconds += microseconds / 6 + 300) {
        bool through = seal_and_kill(directory, microseconds);
        killed += !through;
        check_whole(directory, BATCHES * EVENTS);
        if (through)
            break;
    }
    CHECK(killed > 3);
    CHECK(archive_open(directory, &archive, &e));
    fixture_seal(archive);
    archive_close(&archive);
    check_whole(directory, BATCHES * EVENTS);
    CHECK_INT(fixture_count(directory, "batch7 line77"), 1);
    CHECK_INT(fixture_foot.blocks_read, 1);
}

static off_t size_of(const char *directory, const char *suffix)
{
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s/20251124.standard.db%s", directory, suffix);
    return stat(path, &status) == 0 ? status.st_size : 0;
}

TEST("a write that fails in the middle of a commit stores nothing of it, and the next one is stored")
{
    static const struct fixture_event last[] = { { "after the failure", NULL, 1, { NULL } } };
    struct archive *archive;
    struct error e = ERROR_NONE;
    struct rlimit before, tight;
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    store_lines(archive, 1);
    signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
    unsigned failed = 0;
    for (rlim_t room = 0; room < 40000; room += 1500) { /* the log's next frames, cut at every place */
        struct fixture_event one[] = { { "cut", NULL, 1, { NULL } } };
        char line[20000];
        for (size_t i = 0; i + 1 < sizeof line; i++)
            line[i] = (char)('!' + (i * 7919 + i * i + room) % 90);
        line[sizeof line - 1] = '\0';
        one[0].raw = line;
        struct batch *batch = fixture_batch(one, 1);
        struct error reason = ERROR_NONE;
        tight = before;
        tight.rlim_cur = (rlim_t)size_of(directory, "-wal") + room;
        CHECK_INT(setrlimit(RLIMIT_FSIZE, &tight), 0);
        bool stored = archive_commit(archive, batch, &reason);
        CHECK_INT(setrlimit(RLIMIT_FSIZE, &before), 0);
        if (!stored) {
            failed++;
            CHECK(reason.set);
            if (!archive_commit(archive, batch, &e)) /* the same batch, when there is room again */
                fail_msg("%s", e.sentence);
        }
        batch_free(&batch);
        CHECK(archive_check(archive));
        check_whole(directory, EVENTS + room / 1500 + 1);
    }
    CHECK(failed > 3);
    fixture_store(archive, last, 1);
    archive_close(&archive);
    CHECK_INT(fixture_count(directory, "\"after the failure\""), 1);
}

/* Changes one byte in the middle of the largest stored part. */
static void hurt_block(const char *directory)
{
    char path[4096];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, "UPDATE part SET data = CAST(substr(data, 1, length(data) / 2) ||"
                               " x'00ff00ff' || substr(data, length(data) / 2 + 5) AS BLOB)"
                               " WHERE id = (SELECT id FROM part WHERE id % 4 = 1"
                               " ORDER BY length(data) DESC LIMIT 1)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

TEST("a block with a wrong byte is skipped and named, and the rest is found, before and after packing")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    for (unsigned i = 0; i < 3; i++)
        store_lines(archive, i);
    archive_close(&archive);
    hurt_block(directory); /* one tail of 100 events */
    for (int sealed = 0; sealed < 2; sealed++) {
        CHECK_INT(fixture_count(directory, "key*"), 3 * EVENTS - 100);
        CHECK_INT(fixture_foot.blocks_damaged, 1);
        CHECK(fixture_foot.damaged.len > 0);
        CHECK(archive_open(directory, &archive, &e));
        fixture_seal(archive);
        archive_close(&archive);
    }
}

TEST("a back-up is an archive of its own, and the second one copies only what changed")
{
    static const struct fixture_event late[] = { { "late", NULL, 1, { NULL } } };
    struct archive *archive;
    struct backup_result result;
    struct error e = ERROR_NONE;
    char to[4096];
    const char *directory = test_folder();
    snprintf(to, sizeof to, "%s/copy", directory);
    CHECK(archive_open(directory, &archive, &e));
    store_lines(archive, 1);
    if (!backup_run(directory, NULL, to, &result, &e)) /* while it is open for writing */
        fail_msg("%s", e.sentence);
    CHECK_INT(result.copied, 1);
    check_whole(to, EVENTS);
    CHECK(backup_run(directory, NULL, to, &result, &e));
    CHECK_INT(result.copied, 0);
    CHECK_INT(result.unchanged, 1);
    fixture_store(archive, late, 1);
    CHECK(backup_run(directory, NULL, to, &result, &e));
    CHECK_INT(result.copied, 1);
    check_whole(to, EVENTS + 1);
    fixture_seal(archive);
    CHECK(backup_run(directory, NULL, to, &result, &e));
    CHECK_INT(result.copied, 1);
    archive_close(&archive);
    check_whole(to, EVENTS + 1);
    CHECK_INT(fixture_count(to, "late"), 1);
}

TEST("a day file cut short, its log all written, is told as damaged, and what is left is found")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    struct verify_result result;
    char path[4096];
    sqlite3 *db;
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    for (unsigned i = 0; i < BATCHES; i++)
        store_lines(archive, i);
    archive_close(&archive);
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    CHECK_INT(truncate(path, size_of(directory, "") - 8192), 0);
    arena_init(&arena, 0);
    CHECK(!verify_day(directory, &the_day, &arena, &result, &e));
    CHECK_ERROR(e, "damaged");
    int found = fixture_count(directory, "*");
    CHECK(found > (int)(BATCHES * EVENTS) / 2);
    CHECK(fixture_foot.blocks_damaged > 0);
}
