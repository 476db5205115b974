#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "archive/heads.h"
#include "archive/retention.h"
#include "base/clock.h"
#include "base/file.h"
#include "fixture.h"
#include "test.h"

static const struct fixture_event one[] = { { "a line", NULL, 1, { "user", "root" } } };
static const int64_t later = FIXTURE_DAY + 2 * CLOCK_DAY;
static const char *directory;
static struct archive *archive;
static struct heads_key key;
static char path[512];

static void fill(void)
{
    struct error e = ERROR_NONE;
    directory = test_folder();
    if (!archive_open(directory, &archive, &e))
        fail_msg("%s", e.sentence);
    fixture_store(archive, one, 1);
    snprintf(path, sizeof path, "%s/secret.key", directory);
    if (!heads_key_load(path, &key, &e))
        fail_msg("%s", e.sentence);
}

static enum heads_state state_now(bool sign, struct arena *arena)
{
    struct day_name name = { 20251124, "standard" };
    struct verify_result day;
    struct error e = ERROR_NONE;
    enum heads_state found;
    const struct heads_place place = { directory, NULL };
    if (!verify_day(directory, &name, arena, &day, &e) ||
        (sign && !heads_sign(&place, &day, &key, later, &e)) ||
        !heads_check(&place, &day, key.public, &found, &e))
        fail_msg("%s", e.sentence);
    return found;
}

static void change_heads(const char *from, const char *to, struct arena *arena)
{
    struct slice all;
    struct error e = ERROR_NONE;
    char file[512];
    snprintf(file, sizeof file, "%s/heads.jsonl", directory);
    CHECK(file_read(file, 1 << 20, arena, &all, &e));
    size_t at = slice_find(all, slice_of(from));
    CHECK(at < all.len);
    struct slice changed = arena_print(arena, "%.*s%s%.*s", (int)at, all.data, to,
                                       SLICE_ARGS(slice_after(all, at + strlen(from))));
    CHECK(file_replace(file, changed, 0600, &e));
}

TEST("a day is signed once, and what changes afterwards is told apart")
{
    ARENA_AUTO arena;
    struct slice all;
    struct error e = ERROR_NONE;
    char file[512];
    arena_init(&arena, 0);
    fill();
    CHECK_INT(state_now(false, &arena), HEADS_UNSIGNED);
    CHECK_INT(state_now(true, &arena), HEADS_SIGNED);
    CHECK_INT(state_now(true, &arena), HEADS_SIGNED);
    snprintf(file, sizeof file, "%s/heads.jsonl", directory);
    CHECK(file_read(file, 1 << 20, &arena, &all, &e));
    CHECK_INT(slice_find_byte(all, '\n'), all.len - 1);
    fixture_store(archive, one, 1);
    CHECK_INT(state_now(false, &arena), HEADS_GREW);
    CHECK_INT(state_now(true, &arena), HEADS_SIGNED);
    change_heads("\"events\":1", "\"events\":2", &arena);
    CHECK_INT(state_now(false, &arena), HEADS_FORGED);
    archive_close(&archive);
}

TEST("a day written anew with a sound chain of its own does not fit its signed head")
{
    ARENA_AUTO arena;
    char command[1200];
    arena_init(&arena, 0);
    fill();
    CHECK_INT(state_now(true, &arena), HEADS_SIGNED);
    archive_close(&archive);
    static const struct fixture_event other[] = { { "b line", NULL, 1, { "user", "root" } } };
    const char *genuine = directory;
    struct error e = ERROR_NONE;
    const char *forged = test_folder();
    CHECK(archive_open(forged, &archive, &e));
    fixture_store(archive, other, 1);
    archive_close(&archive);
    snprintf(command, sizeof command, "rm -f '%s'/2025*; cp '%s'/2025* '%s'", genuine, forged,
             genuine);
    CHECK(system(command) == 0);
    directory = genuine;
    CHECK_INT(state_now(false, &arena), HEADS_CHANGED);
}

TEST("a day that is not over is not signed, and a file that is no key is refused")
{
    ARENA_AUTO arena;
    struct day_name name = { 20251124, "standard" };
    struct verify_result day;
    struct heads_key other;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    fill();
    CHECK(verify_day(directory, &name, &arena, &day, &e));
    CHECK(!heads_sign(&(struct heads_place){ directory, NULL }, &day, &key, FIXTURE_DAY + CLOCK_HOUR, &e));
    CHECK_ERROR(e, "a day that is not over is not signed");
    e = ERROR_NONE;
    CHECK(heads_key_load(path, &other, &e));
    CHECK(memcmp(&other, &key, sizeof key) == 0);
    CHECK(file_replace(path, SLICE("nonsense"), 0600, &e));
    CHECK(!heads_key_load(path, &other, &e));
    CHECK_ERROR(e, "this file holds no key of the archive");
    archive_close(&archive);
}

static size_t missing(struct arena *arena)
{
    struct day_name *names;
    struct error e = ERROR_NONE;
    size_t count;
    if (!heads_missing(&(struct heads_place){ directory, NULL }, arena, &names, &count, &e))
        fail_msg("%s", e.sentence);
    for (size_t i = 0; i < count; i++)
        CHECK(names[i].day == 20251124 && strcmp(names[i].class, "standard") == 0);
    return count;
}

TEST("a signed day whose file is gone is missing, unless the record of deletions reaches as far")
{
    ARENA_AUTO arena;
    struct retention_rule rule = { "standard", 30, SLICE("a law") };
    struct retention_due *due;
    struct error e = ERROR_NONE;
    char file[512], ledger[512];
    size_t count;
    arena_init(&arena, 0);
    fill();
    snprintf(file, sizeof file, "%s/20251124.standard.db", directory);
    snprintf(ledger, sizeof ledger, "%s/deleted.jsonl", directory);
    fixture_store(archive, one, 1);
    CHECK_INT(state_now(true, &arena), HEADS_SIGNED);
    CHECK_INT(missing(&arena), 0);
    CHECK(retention_list(directory, &rule, 1, FIXTURE_DAY + 99 * CLOCK_DAY, &arena, &due, &count, &e));
    CHECK(count == 1 && archive_expire(archive, due, FIXTURE_DAY + 99 * CLOCK_DAY, &e));
    CHECK_INT(missing(&arena), 0);
    archive_close(&archive);
    CHECK(access(file, F_OK) != 0 && unlink(ledger) == 0);
    CHECK_INT(missing(&arena), 1);
    CHECK(file_replace(ledger, SLICE("{\"file\":\"20251124.standard.db\",\"batches\":1}\n"), 0600, &e));
    CHECK_INT(missing(&arena), 1); /* an earlier file of that name */
}
