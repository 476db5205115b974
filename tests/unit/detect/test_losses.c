/* What detection did not look at or could not count is counted, and can be asked from any thread. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "detect/detector.h"
#include "event/json_event.h"
#include "harness.h"

static const char rules[] =
    "title: r\nid: r1\nlogsource: {product: windows, service: security}\n"
    "detection:\n  s:\n    EventID: 1\n  condition: s\n---\n"
    "title: c\nid: c1\ncorrelation:\n  type: event_count\n  rules: [r1]\n  timespan: 1m\n"
    "  condition: {gte: 100}\n";

static struct ruleset *compiled(void)
{
    const char *folder = access("logsources", R_OK) == 0 ? "logsources" : "../logsources";
    struct ruleset *ruleset = compile_text(rules, folder, NULL);
    CHECK(ruleset != NULL);
    return ruleset;
}

static void put(struct detector *detector, const char *json, int64_t time, unsigned times)
{
    struct batch *batch = batch_new("standard", 0);
    struct error e = ERROR_NONE;
    for (unsigned i = 0; i < times; i++) {
        struct event *event = batch_add(batch);
        event->raw = slice_of(json);
        event->time = time;
        CHECK(json_event_decode(event->raw, &batch->arena, &event->fields, &event->field_count, &e));
    }
    CHECK(detector_batch(detector, batch, &e));
    batch_free(&batch);
}

#define KNOWN "{\"EventID\":1,\"Channel\":\"Security\"}"
#define STRANGE "{\"event_type\":\"nobody-knows\"}"
#define OTHER "{\"event_type\":\"neither\"}"

TEST("events of log sources that nobody knows are counted by name, the most frequent first")
{
    struct ruleset *ruleset = compiled();
    struct detector *detector = detector_new(ruleset);
    put(detector, KNOWN, CLOCK_DAY, 5);
    CHECK_INT(detector_losses(detector).unknown, 0);
    put(detector, OTHER, CLOCK_DAY, 2);
    put(detector, STRANGE, CLOCK_DAY, 7);
    struct losses l = detector_losses(detector);
    CHECK_INT(l.events, 14);
    CHECK_INT(l.unknown, 9);
    CHECK_INT(l.source_count, 2);
    CHECK_TEXT(l.sources[0].name, "event_type=nobody-knows");
    CHECK_INT(l.sources[0].events, 7);
    CHECK_TEXT(l.sources[1].name, "event_type=neither");
    detector_free(&detector);
    ruleset_free(&ruleset);
}

TEST("new rules do not set the counters back")
{
    struct ruleset *ruleset = compiled();
    struct detector *detector = detector_new(ruleset);
    put(detector, STRANGE, CLOCK_DAY, 3);
    CHECK(detector_swap(detector, ruleset));
    put(detector, STRANGE, CLOCK_DAY, 4);
    CHECK_INT(detector_losses(detector).unknown, 7);
    CHECK_INT(detector_losses(detector).sources[0].events, 7);
    CHECK_INT(detector_losses(detector).events, 7);
    detector_free(&detector);
    ruleset_free(&ruleset);
}

TEST("of very many, the names are counted about, the sum exactly; more names than fit are left out")
{
    struct ruleset *ruleset = compiled();
    struct detector *detector = detector_new(ruleset);
    for (unsigned i = 0; i < 10; i++)
        put(detector, STRANGE, CLOCK_DAY, 1000);
    for (unsigned i = 0; i < LOSSES_NAMES + 4; i++) {
        char json[80];
        snprintf(json, sizeof json, "{\"event_type\":\"name-%u\"}", i);
        put(detector, json, CLOCK_DAY, 64);
    }
    struct losses l = detector_losses(detector);
    CHECK_INT(l.unknown, 10000 + 64 * (LOSSES_NAMES + 4));
    CHECK_INT(l.source_count, LOSSES_NAMES);
    CHECK(l.sources[0].events > 9900 && l.sources[0].events < 10100);
    CHECK_INT(l.sources[1].events, 64);
    detector_free(&detector);
    ruleset_free(&ruleset);
}

TEST("a hit that comes too late for its correlation is counted as lost")
{
    struct ruleset *ruleset = compiled();
    struct detector *detector = detector_new(ruleset);
    put(detector, KNOWN, CLOCK_DAY + CLOCK_HOUR, 1);
    CHECK_INT(detector_losses(detector).dropped, 0);
    put(detector, KNOWN, CLOCK_DAY, 1);
    CHECK_INT(detector_losses(detector).dropped, 1);
    detector_free(&detector);
    ruleset_free(&ruleset);
}
