/* The engine of haidang detect where a command line cannot reach: its limits. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/detect_engine.h"
#include "cli/detect_hold.h"
#include "cli/detect_list.h"
#include "detect/compiler.h"
#include "test.h"

static int64_t times[64];
static uint64_t places[64];
static uint32_t given;

static void note(void *owner, const struct held *held)
{
    (void)owner;
    CHECK_SLICE(held->hit.group, "group");
    CHECK_SLICE(held->hit.value, "value");
    times[given] = held->hit.time;
    places[given++] = held->place;
}

static void hold(struct detect_hold *h, int64_t time, uint64_t place)
{
    char group[] = "group", value[] = "value"; /* its own copies are kept */
    struct hit hit = { .group = slice_of(group), .value = slice_of(value), .time = time };
    CHECK(detect_hold_add(h, &hit, "file", place));
    memset(group, 'x', sizeof group - 1);
    memset(value, 'x', sizeof value - 1);
}

TEST("held hits come out by time, those of one time as they came")
{
    struct detect_hold h = { .put = note };
    static const int64_t in[] = { 5, 3, 5, 1, 3, -2, 5 };
    static const uint64_t out[] = { 5, 3, 1, 4, 0, 2, 6 };
    given = 0;
    for (uint64_t i = 0; i < 7; i++)
        hold(&h, in[i], i);
    CHECK_INT(given, 0);
    detect_hold_finish(&h);
    CHECK_INT(given, 7);
    for (uint32_t i = 0; i < 7; i++)
        CHECK_INT(places[i], out[i]);
    CHECK(h.hits == NULL && h.bytes == 0);
}

TEST("beyond what may be held the earlier half goes ahead")
{
    struct detect_hold h = { .put = note, .most = 4 };
    given = 0;
    for (int64_t time = 10; time > 0; time--)
        hold(&h, time, 0);
    CHECK_INT(given, 6);
    CHECK_INT(h.count, 4);
    CHECK(times[0] == 7 && times[1] == 8); /* of 10 9 8 7 */
    detect_hold_finish(&h);
    CHECK_INT(given, 10);
}

struct seen { unsigned alerts, damages; char sentence[512], place[256]; };

static void on_alert(void *owner, const struct detect_found *found)
{
    struct seen *seen = owner;
    (void)found;
    seen->alerts++;
}

static void on_damage(void *owner, const struct error *e)
{
    struct seen *seen = owner;
    seen->damages++;
    snprintf(seen->sentence, sizeof seen->sentence, "%s", e->sentence);
    snprintf(seen->place, sizeof seen->place, "%s", e->place);
}

static const char *write_file(const char *name, const char *text)
{
    static char paths[2][4096];
    static unsigned turn;
    char *path = paths[turn++ % 2];
    struct error e = ERROR_NONE;
    snprintf(path, 4096, "%s/%s", test_folder(), name);
    CHECK(file_replace(path, slice_of(text), 0600, &e));
    return path;
}

TEST("where alerts find no room, the place is told as damage and the other files go on")
{
    static char log[200000];
    const char *rule = write_file("r.yml", "title: all\nid: r1\nlogsource: {product: test}\n"
                                           "detection: {s: {a|exists: true}, condition: s}\n");
    struct seen seen = { 0 };
    struct detect_summary summary;
    struct compiler_count count;
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    size_t n = 0;
    for (unsigned i = 0; i < 2000; i++)
        n += (size_t)snprintf(log + n, sizeof log - n, "{\"a\":%u}\n", i);
    const char *path = write_file("many.jsonl", log), *rules[] = { rule, NULL };
    const char *paths[] = { path, path };
    struct compiler_options compile = { .rules = rules };
    CHECK(compiler_run(&compile, &ruleset, &count, &e));
    struct detect_options options = {
        .ruleset = ruleset, .logsource.product = SLICE("test"), .now = CLOCK_SECOND, .threads = 1,
        .job_memory = 256 * 1024, .alert = on_alert, .damage = on_damage, .owner = &seen
    };
    CHECK(detect_run(paths, 2, &options, &summary, &e));
    CHECK(seen.alerts > 10 && seen.alerts < 4000);
    CHECK_INT(seen.damages, 2);
    CHECK_INT(summary.damaged, 2);
    CHECK_INT(summary.events, 4000);
    CHECK(strstr(seen.sentence, "no room") != NULL);
    CHECK(strstr(seen.place, "many.jsonl:") != NULL);
    options.job_memory = 0;
    seen = (struct seen){ 0 };
    CHECK(detect_run(paths, 2, &options, &summary, &e));
    CHECK_INT(seen.alerts, 4000);
    CHECK_INT(seen.damages, 0);
    ruleset_free(&ruleset);
}

TEST("what cannot be read is no file without logs: opening it says why")
{
    ARENA_AUTO arena;
    struct error e = ERROR_NONE;
    struct detect_list list;
    arena_init(&arena, ARENA_NO_CEILING);
    const char *folder = test_folder(), *shut = file_join(&arena, folder, "b");
    char here[] = ".", *arguments[] = { here };
    CHECK(file_make_folder(shut, 0700, &e) && file_make_folder(file_join(&arena, shut, "c"), 0700, &e));
    CHECK(file_replace(file_join(&arena, folder, "a.bin"), SLICE("{\"a\":1}\n"), 0, &e));
    CHECK(chmod(folder, 0755) == 0 && chmod(shut, 0) == 0);
    int before = test_enter_as_nobody(folder);
    bool made = detect_list_make(arguments, 1, &arena, &list, &e);
    test_leave(before);
    CHECK(chmod(shut, 0700) == 0);
    CHECK(made);
    CHECK_INT(list.left_count, 0);
    CHECK_INT(list.count, 2);
}
