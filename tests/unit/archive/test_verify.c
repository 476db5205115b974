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
        { "third line of the batch", NULL, 3, { "src_ip", "203.0.113.77" } },
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
      "20251124.standard.db: block 6: the directory says something else of this block than what is in it" },
    { "UPDATE block SET time_max = time_max - 1000000000 WHERE id = 5",
      "20251124.standard.db: block 5: the directory says something else of this block than what is in it" },
    { "UPDATE block SET time_min = time_min + 1 WHERE id = 6",
      "20251124.standard.db: block 6: the directory says something else of this block than what is in it" },
    { "UPDATE block SET kind = 7 WHERE id = 5",
      "20251124.standard.db: block 5: the directory says something else of this block than what is in it" },
    { "UPDATE block SET events = 1 WHERE id = 5",
      "20251124.standard.db: block 5: the directory says something else of this block than what is in it" },
    { "UPDATE block SET origins = x'02000000' WHERE id = 5",
      "20251124.standard.db: block 5: the origins that the directory names are not those of this block's"
      " events" },
    { "UPDATE origin SET agency = 'so-xxxx' WHERE id = 1",
      "20251124.standard.db: block 5: the origins that the directory names are not those of this block's"
      " events" },
    { "DELETE FROM origin WHERE id = 2",
      "20251124.standard.db: block 5: the origins that the directory names are not those of this block's"
      " events" },
    { "UPDATE summary SET time_max = time_max - 1",
      "20251124.standard.db: the summary of the day file is not that of its blocks" },
    { "UPDATE summary SET blocks = 0",
      "20251124.standard.db: the summary of the day file is not that of its blocks" },
    { "DELETE FROM summary", "20251124.standard.db: the summary of the day file is not that of its blocks" },
    { "UPDATE batch SET alerts = 2 WHERE id = 2",
      "20251124.standard.db: batch 2: its alerts are not all there" },
    { "INSERT INTO alert SELECT 9, 77, 1, 1, 1, '', '', '', '', '', '', '', '', '', '', '', ''",
      "20251124.standard.db: alert 9: it belongs to no batch" },
    { "INSERT INTO hits VALUES(2, 1, x'0011223344556677')",
      "20251124.standard.db: batch 2: its open correlation hits are damaged" },
    { "INSERT INTO hits VALUES(9, 1, x'0011223344556677')",
      "20251124.standard.db: batch 9: it is not there, but its open correlation hits are" },
    { "UPDATE indicators SET data = zeroblob(length(data))",
      "20251124.standard.db: indicators 1: they are damaged" },
    { "UPDATE indicators SET count = count + 1", "20251124.standard.db: indicators 1: they are damaged" },
    { "DELETE FROM indicators",
      "20251124.standard.db: block 5: indicators of its events stand in no table of the day" },
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
        { "third line of the batch", NULL, 3, { "src_ip", "203.0.113.77" } },
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

/* Each filter has a right checksum of its own; what it belongs to is told by the words alone. */
TEST("the word filter of other events is told from a block's own")
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    static const struct fixture_event other[] = { { "nothing alike", NULL, 1, { NULL } } };
    const char *elsewhere = test_folder();
    if (!archive_open(elsewhere, &archive, &e))
        fail_msg("%s", e.sentence);
    fixture_store(archive, other, 1);
    fixture_seal(archive);
    archive_close(&archive);
    fill();
    char sql[1024];
    snprintf(sql, sizeof sql,
             "ATTACH '%s/20251124.standard.db' AS f;"
             "UPDATE part SET data = (SELECT data FROM f.part WHERE id %% 4 = 3)"
             " WHERE id / 4 = 5 AND id %% 4 = 3",
             elsewhere);
    change(sql);
    CHECK_TEXT(verify(), "20251124.standard.db: block 5: its word filter lacks words of its events");
}

TEST("events that a directory cannot have are told as damage")
{
    ARENA_AUTO arena;
    struct day_name name = { 20251124, "standard" };
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    fill();
    change("UPDATE block SET sequence_max = sequence_max + (1 << 40) WHERE id = 6");
    CHECK(!verify_day(directory, &name, &arena, &result, &e));
    CHECK_TEXT(e.sentence, "the directory says of block 6 what cannot be");
}
