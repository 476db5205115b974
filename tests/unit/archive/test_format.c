/* Day files of the format before this one. */
#include <stdio.h>

#include "archive/hits.h"
#include "archive/hunt.h"
#include "archive/outbox.h"
#include "base/clock.h"
#include "fixture.h"
#include "test.h"

static const struct fixture_event event = { "src_ip=203.0.113.77 x", NULL, 1, { "src_ip", "203.0.113.77" } };
static const struct slice address = SLICE("203.0.113.77");

static void run_sql(const char *directory, const char *sql)
{
    char path[4096];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static bool note_count(void *owner, const struct hunt_hit *hit)
{
    *(uint64_t *)owner += hit->count;
    return true;
}

static uint64_t hunted(const char *directory)
{
    struct hunt_foot foot;
    struct error e = ERROR_NONE;
    uint64_t count = 0;
    CHECK(hunt_run(directory, &address, 1, 0, 0, note_count, &count, &foot, &e));
    CHECK_INT(foot.damaged, 0);
    return count;
}

static bool note_hit(void *owner, const struct outbox_hit *hit)
{
    char *out = owner;
    size_t len = strlen(out);
    snprintf(out + len, 256 - len, "%.*s:%.*s:%.*s:%llu ", SLICE_ARGS(hit->hit.rule),
             SLICE_ARGS(hit->hit.group), SLICE_ARGS(hit->hit.value), (unsigned long long)hit->id.sequence);
    return true;
}

static void store_with_hits(struct archive *archive)
{
    struct hit hits[] = {
        { .rule = SLICE("new"), .group = SLICE("g"), .value = SLICE("v"), .time = FIXTURE_DAY + 5 },
        { .rule = SLICE("new"), .value = SLICE("v"), .time = FIXTURE_DAY + 9, .event = 1 },
        { .rule = SLICE("old"), .time = FIXTURE_DAY + 1, .event = 1 },
    };
    struct fixture_event two[] = { event, event };
    struct batch *batch = fixture_batch(two, 2);
    struct error e = ERROR_NONE;
    batch->hits = hits;
    batch->hit_count = 3;
    CHECK(archive_commit(archive, batch, &e));
    batch_free(&batch);
}

TEST("hits and indicators of a day file of format 5 are read, and the file is written on")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    char found[256] = "", insert[256];
    CHECK(archive_open(directory, &archive, &e));
    fixture_store(archive, &event, 1);
    fixture_seal(archive);
    archive_close(&archive);
    run_sql(directory, "DROP TABLE hits; DROP TABLE indicators; PRAGMA user_version = 5;"
                       "CREATE TABLE hit(id INTEGER PRIMARY KEY, time INTEGER NOT NULL,"
                       " event INTEGER NOT NULL, rule TEXT NOT NULL, base_rule TEXT NOT NULL,"
                       " grp TEXT NOT NULL, value TEXT NOT NULL);"
                       "CREATE TABLE indicator(hash INTEGER PRIMARY KEY, count INTEGER NOT NULL);");
    snprintf(insert, sizeof insert, "INSERT INTO indicator VALUES(%lld, 40);"
             "INSERT INTO hit VALUES(1, %lld, 1, 'before', '', 'a', 'b');",
             (long long)indicator_key(INDICATOR_ADDRESS, address), (long long)FIXTURE_DAY + 7);
    run_sql(directory, insert);
    CHECK_INT(fixture_count(directory, "203.0.113.77"), 1);
    CHECK_INT(hunted(directory), 40);
    CHECK(outbox_hits(directory, FIXTURE_DAY + 2, note_hit, found, &e));
    CHECK_TEXT(found, "before:a:b:1 ");
    CHECK(archive_open(directory, &archive, &e));
    store_with_hits(archive);
    CHECK_INT(fixture_count(directory, "203.0.113.77"), 3);
    CHECK_INT(hunted(directory), 42);
    fixture_seal(archive);
    CHECK_INT(hunted(directory), 42);
    *found = 0;
    CHECK(outbox_hits(directory, FIXTURE_DAY + 2, note_hit, found, &e));
    CHECK_TEXT(found, "before:a:b:1 new:g:v:2 new::v:3 ");
    archive_close(&archive);
}

TEST("hits of a batch that cannot be read do not keep those of later ones from being given")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    char found[256] = "";
    CHECK(archive_open(directory, &archive, &e));
    store_with_hits(archive);
    store_with_hits(archive);
    archive_close(&archive);
    run_sql(directory, "UPDATE hits SET data = x'0011223344556677889900' WHERE batch = 1");
    CHECK(outbox_hits(directory, FIXTURE_DAY + 2, note_hit, found, &e));
    CHECK_TEXT(found, "new:g:v:3 new::v:4 ");
}

TEST("the hits of a batch that lost bytes are told as damaged, those before are given")
{
    struct hit list[] = { { .rule = SLICE("a"), .time = 5 }, { .rule = SLICE("b"), .time = 6 } };
    struct batch batch = { .hits = list, .hit_count = 2 };
    int64_t newest;
    BUFFER_AUTO bytes;
    buffer_init(&bytes, 0);
    hits_write(&batch, 1, &bytes, &newest);
    CHECK_INT(newest, 6);
    struct hits hits;
    CHECK(hits_open(buffer_slice(&bytes), &hits));
    hits.end--;
    CHECK(hits_next(&hits));
    CHECK_SLICE(hits.now.rule, "a");
    CHECK(!hits_next(&hits) && hits.damaged);
    CHECK(!hits_open(slice_cut(buffer_slice(&bytes), 0, bytes.len - 1), &hits));
}
