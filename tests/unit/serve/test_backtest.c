/* A rule over an archive's last days: held against what a detector raises on the same batches. */
#include <stdio.h>

#include "../archive/fixture.h"
#include "archive/walk.h"
#include "base/clock.h"
#include "base/file.h"
#include "detect/compiler.h"
#include "detect/detector.h"
#include "event/roster.h"
#include "serve/backtest.h"
#include "test.h"

#define NOW (FIXTURE_DAY + 2 * CLOCK_DAY)    /* a Wednesday, 07:00 in Việt Nam */
#define HOURS(n) ((n) * 3600)

static const char single[] =
    "title: failed\nid: f1\nlogsource: {product: linux}\ndetection:\n  s:\n    action: failed\n"
    "  condition: s\n";
static const char counted[] =
    "title: many\nid: c1\ncorrelation:\n  type: event_count\n  rules: [f1]\n  group-by: [user]\n"
    "  timespan: 10s\n  condition: {gte: 3}\n";

/* Grouped otherwise when they are sealed; of the third minute the order of receipt is not that of time. */
static const struct fixture_event events[] = {
    { "b failed root 1", NULL, 10, { "action", "failed", "user", "root", "host", "b" } },
    { "a failed root 2", NULL, 12, { "action", "failed", "user", "root", "host", "a" } },
    { "a fine lan", NULL, 13, { "action", "accepted", "user", "lan", "host", "a" } },
    { "b failed root 3", NULL, 14, { "action", "failed", "user", "root", "host", "b" } },
    { "b failed root 4", NULL, 9, { "action", "failed", "user", "root", "host", "b" } },
    { "a failed lan", "so-y-te", 15, { "action", "failed", "user", "lan", "host", "a" } },
    { "c failed next day", NULL, HOURS(30), { "action", "failed", "user", "root", "host", "c" } },
    { "c failed next day", NULL, HOURS(30) + 1, { "action", "failed", "user", "root", "host", "c" } },
};
#define COUNT (sizeof events / sizeof *events)

static void store(const char *directory, bool seal)
{
    struct archive *archive = NULL;
    struct error e = ERROR_NONE;
    CHECK(archive_open(directory, &archive, &e));
    fixture_store(archive, events, 3);
    fixture_store(archive, events + 3, COUNT - 3);
    if (seal)
        fixture_seal(archive);
    archive_close(&archive);
}

/* As the API writes them. */
#define FILTER(id, source, rule, selection) \
    "{\"title\":\"x\",\"id\":\"exception-" id "\",\"logsource\":{\"product\":\"" source "\"}," \
    "\"filter\":{\"rules\":[\"" rule "\"],\"selection\":{" selection "},\"condition\":\"not selection\"}}"

/* Each takes one match away but the last three: ended, of another agency, of another rule. */
static struct roster *excepting(void)
{
    struct roster_exception rows[] = {
        { .id = 1, .rules = SLICE("f9 f1"), .system = SLICE("so-tttt.cong"),
          .filter = SLICE(FILTER("1", "linux", "f1", "\"host\":[\"a\"],\"user\":[\"root\"]")) },
        { .id = 2, .rules = SLICE("f1"), .source = SLICE("so-y-te.cong.web01"),
          .filter = SLICE(FILTER("2", "linux", "f1", "\"user|contains\":[\"a\"]")) },
        { .id = 3, .rules = SLICE("c1"),
          .filter = SLICE(FILTER("3", ROSTER_ANY_EVENT, "c1", "\"host\":[\"b\"]")) },
        { .id = 4, .rules = SLICE("f1"), .until = 1,
          .filter = SLICE(FILTER("4", "linux", "f1", "\"host\":[\"c\"]")) },
        { .id = 5, .rules = SLICE("f1"), .agency = SLICE("so-y-te"),
          .filter = SLICE(FILTER("5", "linux", "f1", "\"host\":[\"c\"]")) },
        { .id = 6, .rules = SLICE("f9"),
          .filter = SLICE(FILTER("6", "linux", "f9", "\"host\":[\"c\"]")) },
    };
    struct roster *roster = roster_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        rows[i].until = rows[i].until ? rows[i].until : INT64_MAX;
    roster->exceptions = arena_array(&roster->arena, sizeof rows / sizeof *rows, sizeof *rows);
    memcpy(roster->exceptions, rows, sizeof rows);
    roster->exception_count = sizeof rows / sizeof *rows;
    return roster;
}

/* Alerts and single matches that a detector raises on them; folded as the records do. */
static void raised(const char *yaml, const struct roster *roster, unsigned *matches, unsigned *alerts)
{
    struct slice text = slice_of(yaml);
    struct compiler_options options = { .texts = &text, .text_count = 1 };
    struct ruleset *rules = NULL;
    struct error e = ERROR_NONE;
    char keys[64][200];
    *matches = *alerts = 0;
    CHECK(compiler_run(&options, &rules, NULL, &e));
    struct detector *detector = detector_new(rules);
    if (roster)
        detector_exceptions(detector, exception_set_new(roster, NULL, NULL), NULL, 0);
    for (unsigned part = 0; part < 2; part++) {
        struct batch *batch = fixture_batch(part ? events + 3 : events, part ? COUNT - 3 : 3);
        CHECK(detector_batch(detector, batch, &e));
        for (uint32_t i = 0; i < batch->alert_count; i++) {
            const struct alert *a = &batch->alerts[i];
            const struct event *event = &batch->events[a->event];
            char key[200];
            bool known = false;
            snprintf(key, sizeof key, "%.*s %.*s %.*s %d", SLICE_ARGS(a->rule),
                     SLICE_ARGS(event->system), SLICE_ARGS(a->entity),
                     clock_day(a->time, CLOCK_ZONE));
            for (unsigned k = 0; k < *alerts; k++)
                known |= strcmp(keys[k], key) == 0;
            if (!known)
                snprintf(keys[(*alerts)++], sizeof keys[0], "%s", key);
            ++*matches;
        }
        batch_free(&batch);
    }
    detector_free(&detector);
    ruleset_free(&rules);
}

struct heard {
    unsigned rules, examples, told;
    bool stop;
    char first[4000];
};

static bool on_rules(void *owner, const struct ruleset *rules, struct slice warnings)
{
    struct heard *heard = owner;
    (void)warnings;
    heard->rules = ruleset_count(rules);
    return true;
}

static bool on_example(void *owner, const struct trial_example *example)
{
    struct heard *heard = owner;
    if (heard->examples++ == 0) {
        BUFFER_AUTO out;
        buffer_init(&out, 65536);
        backtest_example_json(example, &out);
        snprintf(heard->first, sizeof heard->first, "%.*s", SLICE_ARGS(buffer_slice(&out)));
    }
    return true;
}

static bool on_progress(void *owner, const struct trial *trial, const struct search_foot *so_far)
{
    struct heard *heard = owner;
    (void)trial;
    (void)so_far;
    heard->told++;
    return !heard->stop;
}

static const char *roster_path; /* NULL: none */
static bool every_block;

static struct trial *run(const char *directory, const char *yaml, uint32_t days, struct heard *heard,
                         struct search_foot *foot, struct error *e)
{
    static struct arena arena; /* of the last run: the foot's texts stand in it */
    struct backtest test = { .archive = directory, .rule = slice_of(yaml), .name = "rule",
                             .scope.all = true, .days = days, .now = NOW,
                             .roster = roster_path, .every_block = every_block };
    struct backtest_handlers handlers = { .owner = heard, .rules = on_rules, .example = on_example,
                                          .progress = on_progress };
    struct trial *trial = NULL;
    arena_free(&arena);
    arena_init(&arena, ARENA_NO_CEILING);
    backtest_run(&test, &handlers, &arena, &trial, foot, e);
    return trial;
}

TEST("a single rule and a correlation count what a detector raises, in tails and in packed blocks")
{
    char both[1000];
    snprintf(both, sizeof both, "%s---\n%s", single, counted);
    for (unsigned i = 0; i < 4; i++) {
        const char *yaml = i % 2 ? both : single;
        const char *directory = test_folder();
        struct heard heard = { .rules = 0 };
        struct search_foot foot;
        struct error e = ERROR_NONE;
        unsigned matches, alerts;
        store(directory, i >= 2);
        raised(yaml, NULL, &matches, &alerts);
        struct trial *trial = run(directory, yaml, 3, &heard, &foot, &e);
        CHECK(trial != NULL);
        struct trial_total total = trial_total(trial);
        CHECK_INT(total.matches, matches);
        CHECK_INT(total.alerts, alerts);
        CHECK_INT(heard.examples, alerts);
        CHECK_INT(heard.rules, i % 2 ? 2 : 1);
        CHECK_INT(total.events, COUNT);
        CHECK_INT(foot.end, SEARCH_COMPLETE);
        CHECK_INT(foot.blocks_left, 0);
        trial_free(&trial);
    }
}

TEST("what exceptions in force silence is not raised but counted, as a detector does") {
    char both[1000], path[600];
    struct roster *roster = excepting();
    struct error e = ERROR_NONE;
    snprintf(both, sizeof both, "%s---\n%s", single, counted);
    snprintf(path, sizeof path, "%s/roster.json", test_folder());
    CHECK(roster_save(roster, path, &e));
    for (unsigned i = 0; i < 4; i++) {
        const char *yaml = i % 2 ? both : single;
        const char *directory = test_folder();
        struct heard heard = { .rules = 0 };
        struct search_foot foot;
        unsigned matches, alerts, all, without;
        store(directory, i >= 2);
        raised(yaml, NULL, &all, &without);
        raised(yaml, roster, &matches, &alerts);
        roster_path = path;
        struct trial *trial = run(directory, yaml, 3, &heard, &foot, &e);
        roster_path = NULL;
        CHECK(trial != NULL);
        CHECK_INT(trial_total(trial).excepted, 2);
        CHECK_INT(trial_total(trial).matches, matches);
        CHECK_INT(trial_total(trial).alerts, alerts);
        CHECK_INT(matches + trial_total(trial).excepted, all);
        CHECK(alerts < without);
        CHECK_INT(heard.examples, alerts);
        trial_free(&trial);
    }
    roster_free(&roster);
}

TEST("a roster that is damaged is told, one that is not there has no exceptions") {
    const char *directory = test_folder();
    char path[600];
    struct heard heard = { .rules = 0 };
    struct search_foot foot;
    struct error e = ERROR_NONE;
    store(directory, false);
    snprintf(path, sizeof path, "%s/roster.json", test_folder());
    roster_path = path;
    struct trial *trial = run(directory, single, 3, &heard, &foot, &e);
    CHECK_INT(trial_total(trial).excepted, 0);
    trial_free(&trial);
    CHECK(file_replace(path, SLICE("{}\n"), 0600, &e));
    trial = run(directory, single, 3, &heard, &foot, &e);
    roster_path = NULL;
    CHECK(!trial && strstr(e.place, path));
}

TEST("each day has its own count, and what is outside the days is not read")
{
    const char *directory = test_folder();
    struct heard heard = { .rules = 0 };
    struct search_foot foot;
    struct error e = ERROR_NONE;
    uint32_t count;
    store(directory, false);
    struct trial *trial = run(directory, single, 3, &heard, &foot, &e);
    const struct trial_day *days = trial_days(trial, &count);
    CHECK_INT(count, 3);
    CHECK_INT(days[0].alerts, 2);
    CHECK_INT(days[0].matches, 5);
    CHECK_INT(days[0].events, 6);
    CHECK_INT(days[1].alerts, 1);
    CHECK_INT(days[1].matches, 2);
    CHECK_INT(days[2].events, 0);
    CHECK(!days[0].left && !days[1].left);
    /* 3 alerts in two days and seven hours */
    CHECK(backtest_expected(trial, NOW) > 1.2 && backtest_expected(trial, NOW) < 1.4);
    trial_free(&trial);
    trial = run(directory, single, 2, &heard, &foot, &e);
    CHECK_INT(trial_total(trial).matches, 2);
    trial_free(&trial);
}

TEST("an example says which event, why, and of a correlation the events before it")
{
    const char *directory = test_folder();
    char both[1000];
    struct heard heard = { .rules = 0 };
    struct search_foot foot;
    struct error e = ERROR_NONE;
    snprintf(both, sizeof both, "%s---\n%s", single, counted);
    store(directory, false);
    struct trial *trial = run(directory, single, 3, &heard, &foot, &e);
    CHECK(strstr(heard.first, "\"pattern\":\"failed\""));
    CHECK(strstr(heard.first, "\"raw\":\"b failed root 1\""));
    CHECK(strstr(heard.first, "\"id\":\"20251124.standard.1\""));
    trial_free(&trial);
    heard.examples = 0;
    trial = run(directory, both, 3, &heard, &foot, &e);
    CHECK(strstr(heard.first, "\"type\":\"event_count\"") &&
          strstr(heard.first, "\"earlier\":[\"20251124.standard.1\",\"20251124.standard.2\"]") &&
          strstr(heard.first, "\"raw\":\"b failed root 3\""));
    trial_free(&trial);
}

/* Received so many days later, which is a day file of its own. */
static void store_day(struct archive *archive, const struct fixture_event *some, uint32_t count, int day,
                      const char *decoder)
{
    struct batch *batch = fixture_batch(some, count);
    struct error e = ERROR_NONE;
    batch->received += day * CLOCK_DAY;
    for (uint32_t i = 0; i < count; i++) {
        batch->events[i].received += day * CLOCK_DAY;
        batch->events[i].decoder = slice_of(decoder);
    }
    CHECK(archive_commit(archive, batch, &e));
    batch_free(&batch);
}

static void check_same(const struct trial *a, const struct trial *b)
{
    uint32_t count, others;
    const struct trial_day *x = trial_days(a, &count), *y = trial_days(b, &others);
    struct trial_total m = trial_total(a), n = trial_total(b);
    CHECK_INT(count, others);
    for (uint32_t i = 0; i < count; i++) {
        CHECK_INT(x[i].events, y[i].events);
        CHECK_INT(x[i].matches, y[i].matches);
        CHECK_INT(x[i].alerts, y[i].alerts);
        CHECK_INT(x[i].left, y[i].left);
    }
    CHECK(m.events == n.events && m.matches == n.matches && m.alerts == n.alerts && m.cut == n.cut &&
          m.excepted == n.excepted && m.dropped == n.dropped);
    CHECK(backtest_expected(a, NOW) == backtest_expected(b, NOW));
}

TEST("blocks in which nothing can match are passed by, counted, and nothing else changes")
{
    static const struct fixture_event other[] = {
        { "d unnamed thing", NULL, HOURS(31), { "what", "failed", "host", "d" } },
        { "d unnamed thing", NULL, HOURS(31) + 1, { "what", "failed", "host", "d" } },
    };
    static const struct fixture_event fine[] = {
        { "e fine lan", NULL, HOURS(47), { "action", "accepted", "user", "lan", "host", "e" } },
    };
    static const char not_failed[] =
        "title: not\nid: n1\nlogsource: {product: linux}\ndetection:\n  s:\n    action: failed\n"
        "  condition: not s\n";
    static const char decoded[] = /* by what stands in no line */
        "title: by\nid: d1\nlogsource: {product: linux}\ndetection:\n  s:\n    decoder: test\n"
        "  condition: s\n";
    static const struct { unsigned read, source, words; } expected[] = {
        { 1, 1, 1 }, { 1, 1, 1 }, { 3, 0, 0 }, { 3, 0, 0 },
    };
    const char *directory = test_folder();
    char both[1000];
    const char *yamls[] = { single, both, not_failed, decoded };
    struct archive *archive = NULL;
    struct error e = ERROR_NONE;
    snprintf(both, sizeof both, "%s---\n%s", single, counted);
    CHECK(archive_open(directory, &archive, &e));
    store_day(archive, events, COUNT, 0, "test");
    store_day(archive, other, 2, 1, "test");
    store_day(archive, fine, 1, 2, "test");
    for (bool more = true; more;)
        CHECK(archive_seal_step(archive, FIXTURE_DAY + 5 * CLOCK_DAY, 1, &more, &e));
    archive_close(&archive);
    for (unsigned i = 0; i < 4; i++) {
        struct heard some = { .rules = 0 }, all = { .rules = 0 };
        struct search_foot foot, whole;
        struct trial *trial = run(directory, yamls[i], 3, &some, &foot, &e);
        CHECK(trial != NULL);
        CHECK_INT(foot.blocks, 3);
        CHECK_INT(foot.blocks_read, expected[i].read);
        CHECK_INT(foot.skipped_source, expected[i].source);
        CHECK_INT(foot.skipped_words, expected[i].words);
        CHECK_INT(foot.end, SEARCH_COMPLETE);
        every_block = true;
        struct trial *slow = run(directory, yamls[i], 3, &all, &whole, &e);
        every_block = false;
        CHECK_INT(whole.blocks_read, 3);
        CHECK_INT(whole.skipped_source + whole.skipped_words, 0);
        check_same(trial, slow);
        CHECK_INT(trial_total(trial).events, COUNT + 3);
        CHECK(trial_total(trial).matches > 0);
        CHECK_INT(some.examples, all.examples);
        CHECK_TEXT(some.first, all.first);
        trial_free(&trial);
        trial_free(&slow);
    }
}

/* Each block by itself lacks what the other has. */
TEST("records of auditd that meet a rule together are not passed by one by one")
{
    static const struct fixture_event records[] = {
        { "type=SYSCALL msg=audit(1.5:7): key=tool", NULL, 1,
          { "type", "SYSCALL", "audit_time", "1.5", "audit_id", "7", "key", "tool" } },
        { "type=EXECVE msg=audit(1.5:7): a0=nc", NULL, 1,
          { "type", "EXECVE", "audit_time", "1.5", "audit_id", "7", "a0", "nc" } },
    };
    static const char joined[] =
        "title: joined\nid: j1\nlogsource: {product: linux}\ndetection:\n  s:\n    key: tool\n    a0: nc\n"
        "  condition: s\n";
    for (unsigned i = 0; i < 2; i++) {
        const char *directory = test_folder();
        struct archive *archive = NULL;
        struct heard heard = { .rules = 0 };
        struct search_foot foot;
        struct error e = ERROR_NONE;
        CHECK(archive_open(directory, &archive, &e));
        store_day(archive, records, 1, 0, i ? "test" : "auditd");
        store_day(archive, records + 1, 1, 0, i ? "test" : "auditd");
        archive_close(&archive);
        struct trial *trial = run(directory, joined, 3, &heard, &foot, &e);
        CHECK(trial != NULL);
        CHECK_INT(trial_total(trial).matches, i ? 0 : 1);
        CHECK_INT(foot.blocks_read, i ? 0 : 2);
        trial_free(&trial);
    }
}

TEST("whoever has heard enough ends it, and what was not read is said of its days")
{
    const char *directory = test_folder();
    struct heard heard = { .stop = true };
    struct search_foot foot;
    struct error e = ERROR_NONE;
    uint32_t count;
    store(directory, false);
    struct trial *trial = run(directory, single, 3, &heard, &foot, &e);
    CHECK_INT(foot.end, SEARCH_CANCELLED);
    CHECK_INT(heard.told, 1);
    CHECK_INT(foot.blocks_read, 1);
    CHECK_INT(foot.blocks_left, 1);
    CHECK_INT(trial_total(trial).events, 3);
    CHECK(trial_days(trial, &count)[0].left && trial_days(trial, &count)[1].left);
    trial_free(&trial);
}

TEST("a wrong rule is refused at its place, before anything is read")
{
    static const struct { const char *yaml, *place, *sentence; } rows[] = {
        { "title: x\nlogsource: {product: linux}\ndetection:\n  s:\n    a|containz: b\n  condition: s\n",
          "rule:5:", "containz" },
        { "title: x\ndetection: [\n", "rule:", "" },
        { "", "rule", "there is no rule in this text" },
        { "title: x\ncorrelation:\n  type: event_count\n  rules: [f9]\n  timespan: 1m\n"
          "  condition: {gte: 1}\n", "rule:", "f9" },
    };
    const char *directory = test_folder();
    store(directory, false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct heard heard = { .rules = 0 };
        struct search_foot foot;
        struct error e = ERROR_NONE;
        CHECK(!run(directory, rows[i].yaml, 3, &heard, &foot, &e));
        CHECK_ERROR(e, rows[i].sentence);
        CHECK(strncmp(e.place, rows[i].place, strlen(rows[i].place)) == 0);
        CHECK_INT(e.kind, ERROR_INPUT);
        CHECK_INT(heard.told, 0);
    }
}

TEST("a scope sees its own events only")
{
    const char *directory = test_folder();
    ARENA_AUTO arena;
    struct search_foot foot;
    struct error e = ERROR_NONE;
    struct trial *trial = NULL;
    struct slice agency = SLICE("so-y-te");
    struct backtest test = { .archive = directory, .rule = slice_of(single), .name = "rule", .days = 3,
                             .now = NOW, .scope.agencies = &agency, .scope.agency_count = 1 };
    struct backtest_handlers handlers = { .owner = NULL };
    arena_init(&arena, ARENA_NO_CEILING);
    store(directory, true);
    CHECK(backtest_run(&test, &handlers, &arena, &trial, &foot, &e));
    CHECK_INT(trial_total(trial).events, 1);
    CHECK_INT(trial_total(trial).alerts, 1);
    trial_free(&trial);
}
