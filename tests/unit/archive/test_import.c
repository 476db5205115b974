/* Lines of an export, and day files, back into an archive. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/import.h"
#include "archive/verify.h"
#include "base/clock.h"
#include "base/file.h"
#include "event/json_event.h"
#include "fixture.h"
#include "test.h"

static const struct fixture_event events[] = {
    { "Failed password for root", NULL, 30, { "user", "root", "port", "4711" } },
    { "{\"a\":{\"b\":1},\"c\":[true,null,2.5]}", "so-y-te", 10,
      { "list", "x", "list", "y", "note", "hai\ndòng \"và\" \\ hơn", "a.b", "12345678901234567890" } },
    { "odd \xff byte \x01", NULL, 20, { "empty", "", "n", "-0.5" } },
    { "Failed password for root", NULL, 30, { "user", "root", "port", "4711" } },
};
#define EVENTS (sizeof events / sizeof *events)

static const struct import_handlers silent = { NULL, NULL, NULL };

static bool put_line(void *owner, const struct search_event *event)
{
    search_event_json(event, owner);
    buffer_add_byte(owner, '\n');
    return true;
}

/* The whole archive as an export writes it. */
static struct slice export_all(const char *directory, struct arena *arena)
{
    BUFFER_AUTO lines;
    struct query *query;
    struct search_foot foot;
    struct error e = ERROR_NONE;
    const struct search_options options = { .directory = directory, .scope.all = true,
                                            .limit = 100000 };
    const struct search_handlers handlers = { .owner = &lines, .event = put_line };
    buffer_init(&lines, 0);
    if (!query_parse(SLICE("*"), FIXTURE_DAY, arena, &query, &e) ||
        !search_run(query, &options, &handlers, arena, &foot, &e))
        fail_msg("%s", e.sentence);
    return arena_copy(arena, buffer_slice(&lines));
}

static const char *filled(void)
{
    const char *directory = test_folder();
    struct archive *archive;
    struct error e = ERROR_NONE;
    if (!archive_open(directory, &archive, &e))
        fail_msg("%s", e.sentence);
    fixture_store(archive, events, EVENTS);
    struct batch *batch = fixture_batch(events, EVENTS);
    batch->received += CLOCK_DAY;
    for (uint32_t i = 0; i < batch->event_count; i++)
        batch->events[i].received += CLOCK_DAY;
    memcpy(batch->class, "level-3", sizeof "level-3");
    batch->events[0].flags = EVENT_UNDECODED | EVENT_CUT;
    CHECK(archive_commit(archive, batch, &e));
    batch_free(&batch);
    archive_close(&archive);
    return directory;
}

static const char *write_lines(struct slice lines)
{
    static char path[512];
    struct error e = ERROR_NONE;
    snprintf(path, sizeof path, "%s/lines.jsonl", test_folder());
    if (!file_replace(path, lines, 0600, &e))
        fail_msg("%s", e.sentence);
    return path;
}

static struct import_result bring(const char *directory, const char *path, bool dry)
{
    struct import_result result;
    struct error e = ERROR_NONE;
    if (!import_lines(directory, &path, 1, dry, &silent, &result, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    return result;
}

TEST("what was exported and imported into an empty archive is exported byte for byte the same")
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct slice before = export_all(filled(), &arena);
    const char *path = write_lines(before), *empty = test_folder();
    struct import_result result = bring(empty, path, true);
    CHECK_INT(result.events, 2 * EVENTS);
    CHECK_INT(export_all(empty, &arena).len, 0);
    result = bring(empty, path, false);
    CHECK_INT(result.events, 2 * EVENTS);
    CHECK_INT(result.days, 2);
    CHECK_INT(result.renumbered + result.already, 0);
    struct slice after = export_all(empty, &arena);
    CHECK(slice_equal(before, after));
    struct verify_result day;
    struct error e = ERROR_NONE;
    CHECK(verify_day(empty, &(struct day_name){ 20251125, "level-3" }, &arena, &day, &e));
    CHECK(verify_is_well(&day) && day.events == EVENTS);
}

/* An archive with the one event whose fields these are, as a JSON decoder makes them of the record. */
static const char *decoded(struct slice record)
{
    const char *directory = test_folder();
    struct archive *archive;
    struct error e = ERROR_NONE;
    static const struct fixture_event plain = { "", NULL, 1, { NULL } };
    struct batch *batch = fixture_batch(&plain, 1);
    struct event *event = &batch->events[0];
    event->raw = arena_copy(&batch->arena, record);
    if (!archive_open(directory, &archive, &e) ||
        !json_event_decode(event->raw, &batch->arena, &event->fields, &event->field_count, &e) ||
        !archive_commit(archive, batch, &e))
        fail_msg("%s", e.sentence);
    batch_free(&batch);
    archive_close(&archive);
    return directory;
}

TEST("objects and lists come back as a whole, too, also empty ones")
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    static const char *const queries[] = {
        "o:/^{.*sâu.*}$/", "o.none:/^\\[\\]$/", "list:/^\\[1/", "list:/^{\"a\"/", "list.a:7", "e:/^{}$/",
    };
    struct slice before = export_all(
        decoded(SLICE("{\"o\":{\"x\":\"sâu \\\"1\\\"\",\"none\":[]},\"list\":[1,{\"a\":7},{}],\"e\":{}}")),
        &arena);
    const char *empty = test_folder();
    CHECK_INT(bring(empty, write_lines(before), false).events, 1);
    CHECK(slice_equal(before, export_all(empty, &arena)));
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        if (fixture_count(empty, queries[i]) != 1)
            fail_msg("%s", queries[i]);
}

TEST("an event with as many fields as a record may have comes back")
{
    ARENA_AUTO arena;
    BUFFER_AUTO record;
    arena_init(&arena, 0);
    buffer_init(&record, 0);
    for (unsigned i = 0; i < JSON_EVENT_FIELDS_MOST; i++) /* each name twice: a list in the export */
        buffer_print(&record, "%s\"f%u\":%u", i ? "," : "{", i / 2, i);
    buffer_add_byte(&record, '}');
    struct slice before = export_all(decoded(buffer_slice(&record)), &arena);
    const char *empty = test_folder();
    CHECK_INT(bring(empty, write_lines(before), false).events, 1);
    CHECK(slice_equal(before, export_all(empty, &arena)));
}

TEST("the same import again stores nothing; a part of it brings back what is missing")
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    const char *directory = filled(), *path = write_lines(export_all(directory, &arena));
    struct import_result result = bring(directory, path, false);
    CHECK_INT(result.events, 0);
    CHECK_INT(result.already, 2 * EVENTS);
    CHECK_INT(fixture_count(directory, "*"), 2 * EVENTS);
    char file[512];
    snprintf(file, sizeof file, "%s/20251125.level-3.db", directory);
    CHECK(unlink(file) == 0);
    snprintf(file, sizeof file, "%s/20251125.level-3.db-wal", directory);
    unlink(file);
    result = bring(directory, path, false);
    CHECK_INT(result.events, EVENTS);
    CHECK_INT(result.already, EVENTS);
    CHECK_INT(fixture_count(directory, "*"), 2 * EVENTS);
}

TEST("an id that another event has is given up: nothing is overwritten and nothing lost")
{
    ARENA_AUTO arena;
    struct archive *archive;
    struct error e = ERROR_NONE;
    const char *other = test_folder();
    static const struct fixture_event there = { "was here before", NULL, 1, { NULL } };
    arena_init(&arena, 0);
    const char *path = write_lines(export_all(filled(), &arena));
    CHECK(archive_open(other, &archive, &e));
    fixture_store(archive, &there, 1);
    archive_close(&archive);
    struct import_result result = bring(other, path, false);
    CHECK_INT(result.events, 2 * EVENTS);
    CHECK_INT(result.renumbered, EVENTS);
    CHECK_INT(fixture_count(other, "*"), 2 * EVENTS + 1);
    CHECK_TEXT(fixture_lines(other, "id:20251124.standard.1", NULL), "was here before");
}

#define GOOD "{\"id\":\"20251124.standard.1\",\"time\":\"2025-11-24T00:00:00Z\"," \
             "\"received\":\"2025-11-24T01:00:00Z\",\"raw\":\"x\"}\n"

static const struct {
    const char *line, *sentence;
} wrong[] = {
    { "no JSON", "" },
    { "[1]", "" },
    { "{\"id\":\"20251124.standard.2\"}", "\"time\" is missing" },
    { "{\"id\":\"x\",\"time\":\"2025-11-24T00:00:00Z\",\"received\":\"2025-11-24T01:00:00Z\","
      "\"raw\":\"x\"}", "\"id\" is missing" },
    { "{\"id\":\"20251124.standard.2\",\"time\":\"2025-11-24T00:00:00Z\","
      "\"received\":\"2025-11-25T01:00:00Z\",\"raw\":\"x\"}", "another day" },
    { "{\"id\":\"20251124.standard.2\",\"time\":\"2025-11-24T00:00:00Z\","
      "\"received\":\"2025-11-24T01:00:00Z\"}", "\"raw\" is missing" },
    { "{\"id\":\"20251124.standard.2\",\"time\":\"2025-11-24T00:00:00Z\","
      "\"received\":\"2025-11-24T01:00:00Z\",\"raw\":\"x\",\"flags\":[\"new\"]}", "no flag" },
    { "{\"id\":\"20251124.standard.2\",\"time\":\"2025-11-24T00:00:00Z\","
      "\"received\":\"2025-11-24T01:00:00Z\",\"raw\":\"x\",\"alert\":\"y\"}", "no member \"alert\"" },
    { "{\"id\":\"20251124.standard.2\",\"time\":\"2025-11-24T00:00:00Z\","
      "\"received\":\"2025-11-24T01:00:00Z\",\"raw\":\"x\",\"whole\":{\"o\":\"y\"}}",
      "no member \"whole.o\"" },
    { "{\"id\":\"20251124.standard.2\",\"time\":\"2025-11-24T00:00:00Z\","
      "\"received\":\"2025-11-24T01:00:00Z\",\"raw\":\"x\",\"a.b\":[]}", "no member \"a.b\"" },
    { "{\"id\":\"20251124.standard.1\",\"time\":\"2025-11-24T00:00:00Z\","
      "\"received\":\"2025-11-24T01:00:00Z\",\"raw\":\"y\"}", "the id of this event stands in" },
};

TEST("a wrong line is named with its number, and nothing at all is stored")
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ARENA_AUTO arena;
        struct import_result result;
        struct error e = ERROR_NONE;
        arena_init(&arena, 0);
        const char *empty = test_folder();
        const char *path = write_lines(arena_print(&arena, "%s\n%s\n", GOOD, wrong[i].line));
        CHECK(!import_lines(empty, &path, 1, false, &silent, &result, &e));
        CHECK_ERROR(e, wrong[i].sentence);
        CHECK(strstr(e.place, "lines.jsonl:3") != NULL && e.kind == ERROR_INPUT);
        CHECK_INT(fixture_count(empty, "*"), 0);
    }
}

static bool refuse(void *owner, const struct import_result *result, struct error *e)
{
    (void)owner;
    CHECK_INT(result->events, 2 * EVENTS);
    return error_set(e, "no");
}

TEST("until everything is ready the archive is not touched, and a writer keeps the import out")
{
    ARENA_AUTO arena;
    struct archive *archive;
    struct import_result result;
    struct error e = ERROR_NONE;
    const struct import_handlers handlers = { NULL, NULL, refuse };
    char folder[512];
    arena_init(&arena, 0);
    const char *path = write_lines(export_all(filled(), &arena)), *empty = test_folder();
    CHECK(!import_lines(empty, &path, 1, false, &handlers, &result, &e));
    CHECK_INT(fixture_count(empty, "*"), 0);
    snprintf(folder, sizeof folder, "%s/.import", empty);
    CHECK(access(folder, F_OK) != 0);
    error_clear(&e);
    CHECK(archive_open(empty, &archive, &e));
    CHECK(!import_lines(empty, &path, 1, false, &silent, &result, &e));
    CHECK(e.kind == ERROR_BUSY);
    archive_close(&archive);
}

TEST("day files of a back-up come in whole, verified, and never over another of their name")
{
    ARENA_AUTO arena;
    struct import_result result;
    struct error e = ERROR_NONE;
    char file[512];
    arena_init(&arena, 0);
    const char *from = filled(), *empty = test_folder();
    if (!import_days(empty, from, false, &silent, &result, &e))
        fail_msg("%s", e.sentence);
    CHECK_INT(result.days, 2);
    CHECK(slice_equal(export_all(from, &arena), export_all(empty, &arena)));
    CHECK(import_days(empty, from, false, &silent, &result, &e));
    CHECK_INT(result.days, 0);
    CHECK_INT(result.already, 2 * EVENTS);

    const char *other = test_folder(), *third = filled();
    struct archive *archive;
    CHECK(archive_open(other, &archive, &e));
    fixture_store(archive, events, 1);
    archive_close(&archive);
    CHECK(!import_days(other, from, false, &silent, &result, &e));
    CHECK(e.kind == ERROR_CONFLICT);
    CHECK_INT(fixture_count(other, "*"), 1);

    sqlite3 *db = NULL;
    error_clear(&e);
    CHECK(day_create(third, &(struct day_name){ 20251124, "standard" }, &db, &e));
    CHECK(day_run(db, "UPDATE batch SET digest = zeroblob(32)", "f", &e));
    day_close(&db);
    snprintf(file, sizeof file, "%s/20251124.standard.db", third);
    CHECK(!import_days(test_folder(), file, false, &silent, &result, &e));
    CHECK_ERROR(e, "not whole");
}
