#include <stdio.h>

#include "archive/verify.h"
#include "base/clock.h"
#include "fixture.h"
#include "test.h"

static const char *directory;
static struct verify_result result;

/* Four batches, the first three sealed and packed: block 5; the fourth is tail block 6. */
static void fill(void)
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    static const struct fixture_event one[] = {
        { "first line of the batch", NULL, 1, { "user", "root", "n", "1" } },
        { "second line of the batch", "so-y-te", 2, { "user", "lan", "path", "a\\b" } },
        { "third line of the batch", NULL, 3, { NULL } },
    };
    directory = test_folder();
    if (!archive_open(directory, &archive, &e))
        fail_msg("%s", e.sentence);
    for (int i = 0; i < 3; i++)
        fixture_store(archive, one, 3);
    fixture_seal(archive);
    fixture_store(archive, one, 3);
    archive_close(&archive);
}

static void change(const char *sql)
{
    struct day_name name = { 20251124, "standard" };
    sqlite3 *db;
    struct error e = ERROR_NONE;
    CHECK(day_create(directory, &name, &db, &e));
    if (!day_run(db, sql, "test", &e))
        fail_msg("%s", e.sentence);
    day_close(&db);
}

static const char *verify(void)
{
    static char first[512];
    ARENA_AUTO arena;
    struct day_name name = { 20251124, "standard" };
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    if (!verify_day(directory, &name, &arena, &result, &e))
        fail_msg("%s", e.sentence);
    snprintf(first, sizeof first, "%.*s", SLICE_ARGS(result.first));
    return first;
}

TEST("an archive that nobody touched is whole")
{
    fill();
    CHECK_TEXT(verify(), "");
    CHECK_INT(result.batches, 4);
    CHECK_INT(result.events, 12);
    CHECK_INT(result.blocks, 2);
    CHECK(verify_is_well(&result));
}

static const struct {
    const char *done, *found;
} tampering[] = {
    { "UPDATE part SET data = zeroblob(length(data)) WHERE id % 4 = 1 AND id / 4 = 5",
      "20251124.standard.db: block 5: this is not the part of a block that was looked for" },
    { "DELETE FROM part WHERE id / 4 = 5; DELETE FROM block WHERE id = 5",
      "20251124.standard.db: event 1: it stands in no block" },
    { "DELETE FROM part WHERE id / 4 = 6; DELETE FROM block WHERE id = 6",
      "20251124.standard.db: event 10: it stands in no block" },
    { "DELETE FROM batch WHERE id = 2",
      "20251124.standard.db: batch 3: a batch before it is missing" },
    { "DELETE FROM batch WHERE id = 4",
      "20251124.standard.db: event 10: it belongs to no batch" },
    { "UPDATE batch SET counts = x'01' WHERE id = 3",
      "20251124.standard.db: batch 3: its link of the chain is wrong" },
    { "UPDATE batch SET digest = zeroblob(32) WHERE id = 1",
      "20251124.standard.db: batch 1: its events are not those that arrived" },
    { "UPDATE block SET sequence_max = sequence_max + 1 WHERE id = 6",
      "20251124.standard.db: event 13: it stands in no block" },
    { "INSERT INTO part SELECT id + 40, data FROM part WHERE id / 4 = 5;"
      "INSERT INTO block SELECT id + 10, kind, events, sequence_min, sequence_max, time_min,"
      " time_max, text_bytes, stored_bytes, origins FROM block WHERE id = 5",
      "20251124.standard.db: event 2: it stands there twice" },
};

TEST("whatever is changed, removed or added is told with its place")
{
    for (size_t i = 0; i < sizeof tampering / sizeof *tampering; i++) {
        fill();
        change(tampering[i].done);
        const char *first = verify();
        if (strcmp(first, tampering[i].found) != 0)
            fail_msg("%s: %s", tampering[i].done, first);
        CHECK(!verify_is_well(&result));
    }
}

/* The event of batch 4 is replaced by another whole, well-formed block. */
TEST("an event exchanged for another with sound checksums breaks the chain")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    fill();
    const char *genuine = directory;
    static const struct fixture_event other[] = {
        { "first line of the batch", NULL, 1, { "user", "root", "n", "1" } },
        { "second LINE of the batch", "so-y-te", 2, { "user", "lan", "path", "a\\b" } },
        { "third line of the batch", NULL, 3, { NULL } },
    };
    const char *forged = directory = test_folder();
    if (!archive_open(directory, &archive, &e))
        fail_msg("%s", e.sentence);
    for (int i = 0; i < 4; i++)
        fixture_store(archive, other, 3);
    archive_close(&archive);
    directory = genuine;
    char sql[1024];
    snprintf(sql, sizeof sql,
             "ATTACH '%s/20251124.standard.db' AS f;"
             "DELETE FROM part WHERE id / 4 = 6;"
             "INSERT INTO part SELECT id + 8, data FROM f.part WHERE id / 4 = 4", forged);
    change(sql);
    CHECK_TEXT(verify(), "20251124.standard.db: batch 4: its events are not those that arrived");
    CHECK_INT(result.damaged, 0);
}
