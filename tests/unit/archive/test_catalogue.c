/* What a search says of what it did not read, over day files it never came to. */
#include <stdio.h>
#include <string.h>

#include "archive/day.h"
#include "base/clock.h"
#include "fixture.h"
#include "test.h"

#define DAYS 5

static const char *directory;

static void store_day(struct archive *archive, int day, const char *agency)
{
    const struct fixture_event event = { "one line of the day", agency, day * 86400, { NULL } };
    struct batch *batch = fixture_batch(&event, 1);
    struct error e = ERROR_NONE;
    batch->received += day * CLOCK_DAY;
    batch->events[0].received += day * CLOCK_DAY;
    if (!archive_commit(archive, batch, &e))
        fail_msg("%s", e.sentence);
    batch_free(&batch);
}

/* Five days: a block of one agency each, on the third day one of another agency too. */
static void fill(void)
{
    struct archive *archive;
    struct error e = ERROR_NONE;
    directory = test_folder();
    if (!archive_open(directory, &archive, &e))
        fail_msg("%s", e.sentence);
    for (int day = 0; day < DAYS; day++)
        store_day(archive, day, NULL);
    store_day(archive, 2, "so-y-te");
    archive_close(&archive);
}

struct told {
    struct buffer lines;
};

static bool take(void *owner, const char *file, int64_t block, const char *why)
{
    struct told *told = owner;
    buffer_print(&told->lines, "%.8s %lld %s|", file, (long long)block, why);
    return true;
}

/* What explain says, in the order in which it is said. */
static const char *explained(struct search_options options, struct search_foot *foot)
{
    static char text[4096];
    ARENA_AUTO arena;
    struct told told;
    struct query *query;
    struct error e = ERROR_NONE;
    const struct search_handlers handlers = { .owner = &told, .explain = take };
    arena_init(&arena, 0);
    buffer_init(&told.lines, sizeof text - 1);
    options.directory = directory;
    options.explain = true;
    if (!query_parse(SLICE("line"), FIXTURE_DAY, &arena, &query, &e) ||
        !search_run(query, &options, &handlers, &arena, foot, &e))
        fail_msg("%s", e.sentence);
    memcpy(text, told.lines.data ? told.lines.data : "", told.lines.len);
    text[told.lines.len] = '\0';
    buffer_free(&told.lines);
    return text;
}

TEST("a budget that ends in the newest file counts the blocks of all the others as left")
{
    struct search_foot foot;
    fill();
    CHECK_TEXT(explained((struct search_options){ .scope.all = true, .budget_rows = 1 }, &foot),
               "20251128 1 read|20251127 1 budget|20251126 0 budget|20251125 0 budget|"
               "20251124 0 budget|");
    CHECK_INT(foot.end, SEARCH_BUDGET_ROWS);
    CHECK_INT(foot.blocks, DAYS + 1);
    CHECK_INT(foot.blocks_read, 1);
    CHECK_INT(foot.blocks_left, DAYS);
    CHECK(foot.read_down_to == FIXTURE_DAY + 3 * CLOCK_DAY);
}

TEST("a limit that is reached says so of the blocks behind it, in files not opened too")
{
    struct search_foot foot;
    fill();
    explained((struct search_options){ .scope.all = true, .limit = 2 }, &foot);
    CHECK_INT(foot.end, SEARCH_LIMITED);
    CHECK_INT(foot.blocks, DAYS + 1);
    CHECK_INT(foot.blocks_read + foot.skipped_limit, DAYS + 1);
    CHECK(foot.skipped_limit >= 3);
}

TEST("of another agency's blocks nothing is counted and nothing told, reached or not")
{
    struct search_foot foot;
    struct slice agency = SLICE("so-y-te");
    fill();
    CHECK_TEXT(explained((struct search_options){ .scope = { .agencies = &agency,
                                                            .agency_count = 1 } }, &foot),
               "20251126 2 read|");
    CHECK_INT(foot.blocks, 1);
    CHECK_TEXT(explained((struct search_options){ .scope = { .agencies = &agency,
                                                            .agency_count = 1 },
                                                  .from = FIXTURE_DAY + 3 * CLOCK_DAY }, &foot),
               "20251126 0 time|");
    CHECK_INT(foot.blocks, 0);
}

TEST("explain names what lies beside the times: whole files, and blocks of a file looked into")
{
    struct search_foot foot;
    fill();
    const struct search_options options = { .scope.all = true,
                                            .from = FIXTURE_DAY + 3 * CLOCK_DAY };
    CHECK_TEXT(explained(options, &foot),
               "20251126 0 time|20251125 0 time|20251124 0 time|20251128 1 read|20251127 1 read|");
    CHECK_INT(foot.files_skipped, 3);
}

TEST("the summary of a day file holds through sealing, and a file without one is counted anew")
{
    struct day_name name = { 20251126, "standard" };
    struct day_summary kept, sealed, computed;
    struct archive *archive;
    struct error e = ERROR_NONE;
    sqlite3 *db = NULL;
    fill();
    CHECK(day_open(directory, &name, &db, &e) && day_summary_read(db, "f", &kept, &e));
    CHECK_INT(kept.blocks, 2);
    CHECK_INT(kept.events, 2);
    CHECK(kept.time_min == FIXTURE_DAY + 2 * CLOCK_DAY && kept.time_max == kept.time_min);
    day_close(&db);
    CHECK(archive_open(directory, &archive, &e));
    bool more = true;
    while (more)
        CHECK(archive_seal_step(archive, FIXTURE_DAY + 9 * CLOCK_DAY, 100, &more, &e));
    archive_close(&archive);
    CHECK(day_create(directory, &name, &db, &e) && day_summary_read(db, "f", &sealed, &e));
    CHECK_INT(sealed.blocks, 1);
    CHECK_INT(sealed.events, 2);
    CHECK_INT(sealed.text_bytes, kept.text_bytes);
    CHECK(day_run(db, "DROP TRIGGER summary_more; DROP TRIGGER summary_less; DROP TABLE summary;"
                  "PRAGMA user_version = 5", "f", &e));
    CHECK(day_summary_read(db, "f", &computed, &e));
    CHECK(memcmp(&computed, &sealed, sizeof sealed) == 0);
    day_close(&db);
    CHECK(day_create(directory, &name, &db, &e)); /* written again: it gets its summary */
    CHECK(day_run(db, "SELECT * FROM summary", "f", &e));
    day_close(&db);
}

static void change(const char *sql)
{
    struct day_name name = { 20251124, "standard" };
    struct error e = ERROR_NONE;
    sqlite3 *db;
    CHECK(day_create(directory, &name, &db, &e));
    if (!day_run(db, sql, "test", &e))
        fail_msg("%s", e.sentence);
    day_close(&db);
}

/* Nothing of what a search skips blocks by has a checksum. */
static const struct {
    const char *done, *named;
    bool sealed;
} lies[] = {
    { "DELETE FROM origin WHERE id = 1",
      "20251124.standard.db: the origins of the day file are damaged", true },
    { "UPDATE block SET origins = x'09000000'",
      "20251124.standard.db: the origins of the day file are damaged", false },
    { "UPDATE block SET origins = x''",
      "20251124.standard.db: the origins of the day file are damaged", true },
    { "UPDATE block SET time_max = 1, time_min = 1",
      "20251124.standard.db: the summary of the day file is not that of its blocks", true },
    { "UPDATE summary SET events = 7",
      "20251124.standard.db: the summary of the day file is not that of its blocks", false },
    { "UPDATE block SET time_max = time_min",
      "20251124.standard.db: block 3: the directory says something else of this block than what is in it",
      true },
    { "UPDATE block SET sequence_max = 1",
      "20251124.standard.db: block 1: the directory says something else of this block than what is in it",
      false },
};

TEST("a directory, an origin or a summary that is not true is named, and its events are found")
{
    static const struct fixture_event events[] = {
        { "one line", NULL, 1, { NULL } }, { "two lines", "so-y-te", 2, { NULL } },
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct archive *archive;
        struct error e = ERROR_NONE;
        directory = test_folder();
        CHECK(archive_open(directory, &archive, &e));
        fixture_store(archive, events, 2);
        if (lies[i].sealed)
            fixture_seal(archive);
        archive_close(&archive);
        change(lies[i].done);
        if (fixture_count(directory, "*") != 2 || !slice_is(fixture_foot.damaged, lies[i].named))
            fail_msg("%s: %.*s", lies[i].done, SLICE_ARGS(fixture_foot.damaged));
    }
}
