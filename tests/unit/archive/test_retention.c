#include <stdio.h>
#include <unistd.h>

#include "archive/retention.h"
#include "base/clock.h"
#include "base/file.h"
#include "fixture.h"
#include "test.h"

static const struct fixture_event one[] = { { "a line", NULL, 1, { NULL } } };
static const struct retention_rule rules[] = { { "standard", 30, SLICE("TT12 x.2.2.3") },
                                               { "long", 0, SLICE("incident") } };

TEST("a day file goes when its time is over, with a line in the record, and no sooner")
{
    ARENA_AUTO arena;
    struct archive *archive;
    struct retention_due *due;
    struct slice ledger;
    size_t count;
    char path[512];
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    arena_init(&arena, 0);
    CHECK(archive_open(directory, &archive, &e));
    fixture_store(archive, one, 1);
    struct batch *batch = fixture_batch(one, 1);
    snprintf(batch->class, sizeof batch->class, "long");
    CHECK(archive_commit(archive, batch, &e));
    batch_free(&batch);
    int64_t over = FIXTURE_DAY + 31 * CLOCK_DAY;
    CHECK(retention_list(directory, rules, 2, over - 1, &arena, &due, &count, &e));
    CHECK_INT(count, 0);
    CHECK(retention_list(directory, rules, 2, over, &arena, &due, &count, &e));
    CHECK_INT(count, 1);
    CHECK_TEXT(due[0].name.class, "standard");
    CHECK_INT(due[0].last_batch, 1);
    fixture_store(archive, one, 1); /* a late one */
    CHECK(!archive_expire(archive, &due[0], over, &e));
    CHECK_INT(e.kind, ERROR_CONFLICT);
    CHECK_INT(fixture_count(directory, "*"), 3);
    CHECK(retention_list(directory, rules, 2, over, &arena, &due, &count, &e));
    e = ERROR_NONE;
    if (!archive_expire(archive, &due[0], over, &e))
        fail_msg("%s", e.sentence);
    CHECK_INT(fixture_count(directory, "*"), 1);
    CHECK(!archive_expire(archive, &due[0], over, &e));
    CHECK_INT(e.kind, ERROR_NOT_FOUND);
    snprintf(path, sizeof path, "%s/deleted.jsonl", directory);
    e = ERROR_NONE;
    CHECK(file_read(path, 1 << 20, &arena, &ledger, &e));
    CHECK(slice_find(ledger, SLICE("\"file\":\"20251124.standard.db\",\"class\":\"standard\","
                                   "\"kept_days\":30,\"rule\":\"TT12 x.2.2.3\",\"batches\":2,"
                                   "\"events\":2,\"head\":\"")) < ledger.len);
    CHECK_INT(slice_find_byte(ledger, '\n'), ledger.len - 1);
    fixture_store(archive, one, 1); /* the writer goes on, with a new file */
    CHECK_INT(fixture_count(directory, "class:standard"), 1);
    archive_close(&archive);
}
