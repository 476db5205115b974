/* Correlations and filters: EVIDENCE for docs/conformance.md. */
#include <stdio.h>

#include "base/clock.h"
#include "detect/detector.h"
#include "event/json_event.h"
#include "harness.h"

#define BASE(name, id, value) \
    "title: " name "\nid: " id "\nname: " name "\nlogsource: {product: test}\n" \
    "detection:\n  selection:\n    action: " value "\n  condition: selection\n---\n"
#define CORRELATION(body) \
    "title: many\nid: c1\nlevel: high\ncorrelation:\n" body

struct feed { struct ruleset *ruleset; struct detector *detector; unsigned alerts; char why[2000]; };

static struct feed feed_new(const char *yaml)
{
    struct feed f = { .ruleset = compile_text(yaml, NULL, NULL) };
    CHECK(f.ruleset != NULL);
    f.detector = detector_new(f.ruleset);
    return f;
}

static void feed_end(struct feed *f)
{
    detector_free(&f->detector);
    ruleset_free(&f->ruleset);
}

/* One event in a batch of its own, at `second`; how many alerts of correlations it raised. */
static unsigned put(struct feed *f, int second, const char *json)
{
    struct batch *batch = batch_new("standard", 0);
    struct event *event = batch_add(batch);
    struct error e = ERROR_NONE;
    unsigned raised = 0;
    event->raw = slice_of(json);
    event->time = (1000 + second) * CLOCK_SECOND;
    event->logsource.product = SLICE("test");
    CHECK(json_event_decode(event->raw, &batch->arena, &event->fields, &event->field_count, &e));
    CHECK(detector_batch(f->detector, batch, &e));
    for (uint32_t i = 0; i < batch->alert_count; i++) {
        bool correlation = slice_is(batch->alerts[i].rule, "c1");
        raised += correlation;
        if (correlation)
            snprintf(f->why, sizeof f->why, "%.*s", SLICE_ARGS(batch->alerts[i].why));
    }
    f->alerts += batch->alert_count;
    batch_free(&batch);
    return raised;
}

/* EVIDENCE sigma-2/correlation sigma-2/correlation-event-count sigma-2/correlation-window */
TEST("event_count fires when the condition turns true, in a sliding window, once a span")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: event_count\n  rules: [b1]\n  group-by: [ip]\n  timespan: 10s\n"
        "  condition: {gte: 3}\n"));
    CHECK_INT(put(&f, 8, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 9, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 9, "{\"action\":\"failed\",\"ip\":\"b\"}"), 0);
    CHECK_INT(put(&f, 9, "{\"action\":\"other\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 13, "{\"action\":\"failed\",\"ip\":\"a\"}"), 1); /* over a boundary of 10 s */
    CHECK(strstr(f.why, "\"ip\":\"a\"") != NULL);
    CHECK_INT(put(&f, 14, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0); /* silent while it stays true */
    CHECK_INT(put(&f, 40, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 41, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 50, "{\"action\":\"failed\",\"ip\":\"a\"}"), 1); /* inclusive ends */
    CHECK_INT(f.alerts, 2); /* the rule it refers to raises nothing alone */
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-late */
TEST("a late event is counted where it belongs")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: event_count\n  rules: [failed]\n  group-by: [ip]\n  timespan: 10s\n"
        "  condition: {gte: 3}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 9, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 20, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 5, "{\"action\":\"failed\",\"ip\":\"a\"}"), 1);  /* 0, 5, 9 */
    feed_end(&f);
}

TEST("an alert that a late event completes names that event, not the newest, which came in another batch")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: event_count\n  rules: [b1]\n  timespan: 10s\n  condition: {gte: 3}\n"));
    static const int seconds[2][3] = { { 9, 20, 21 }, { 5, 4, 22 } };
    for (unsigned part = 0; part < 2; part++) {
        struct batch *batch = batch_new("standard", 0);
        struct error e = ERROR_NONE;
        for (unsigned i = 0; i < 3; i++) {
            struct event *event = batch_add(batch);
            event->raw = SLICE("{\"action\":\"failed\"}");
            event->time = (1000 + seconds[part][i]) * CLOCK_SECOND;
            event->logsource.product = SLICE("test");
            CHECK(json_event_decode(event->raw, &batch->arena, &event->fields, &event->field_count, &e));
        }
        CHECK(detector_batch(f.detector, batch, &e));
        CHECK_INT(batch->alert_count, part ? 2 : 0);
        if (part) { /* 4, 5, 9; then 20, 21, 22 */
            CHECK_INT(batch->alerts[0].event, 1);
            CHECK_INT(batch->alerts[0].time, 1009 * CLOCK_SECOND);
            CHECK_INT(batch->alerts[0].earlier_count, 2);
            CHECK_INT(batch->alerts[0].earlier[0].sequence, 3); /* running numbers */
            CHECK_INT(batch->alerts[0].earlier[1].sequence, 0);
            CHECK_INT(batch->alerts[1].event, 2);
            CHECK_INT(batch->alerts[1].earlier[1].sequence, 2);
        }
        batch_free(&batch);
    }
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-group-by */
TEST("an event without a group's field is not counted; without group-by all are one group")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: event_count\n  rules: b1\n  group-by: [ip]\n  timespan: 1m\n  condition: {gte: 2}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\"}"), 0);
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\"}"), 0);
    feed_end(&f);
    f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: event_count\n  rules: b1\n  timespan: 1m\n  condition: {gte: 2}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\"}"), 0);
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\",\"ip\":\"x\"}"), 1);
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-value-count */
TEST("value_count counts different values")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: value_count\n  rules: b1\n  group-by: [ip]\n  timespan: 1m\n"
        "  condition: {gte: 3, field: user}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"ip\":\"a\",\"user\":\"x\"}"), 0);
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\",\"ip\":\"a\",\"user\":\"x\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"failed\",\"ip\":\"a\",\"user\":\"y\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0); /* without the field: not counted */
    CHECK_INT(put(&f, 3, "{\"action\":\"failed\",\"ip\":\"a\",\"user\":\"z\"}"), 1);
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-value-sum */
TEST("value_sum adds numbers, also those written as text")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: value_sum\n  rules: b1\n  timespan: 1m\n  condition: {gt: 100, field: bytes}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"bytes\":60}"), 0);
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"bytes\":\"many\"}"), 0);
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\",\"bytes\":\"40.5\"}"), 1);
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-value-avg */
TEST("value_avg is the mean of the numbers")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: value_avg\n  rules: b1\n  timespan: 1m\n"
        "  condition: {gte: 10, lte: 20, field: bytes}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"bytes\":30}"), 0);
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"bytes\":\"many\"}"), 0);
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\",\"bytes\":6}"), 1); /* 18 */
    feed_end(&f);
}

/* How many events of one second each until the condition fires, of at most 6; 0: never. */
static int fires_at(const char *condition)
{
    char yaml[2048];
    int at = 0;
    snprintf(yaml, sizeof yaml, BASE("failed", "b1", "failed") CORRELATION(
             "  type: event_count\n  rules: b1\n  timespan: 1m\n  condition: {%s}\n"), condition);
    struct feed f = feed_new(yaml);
    for (int i = 1; i <= 6 && !at; i++)
        if (put(&f, i, "{\"action\":\"failed\"}"))
            at = i;
    feed_end(&f);
    return at;
}

/* EVIDENCE sigma-2/correlation-condition */
TEST("gt gte lt lte eq neq, and two of them as a range")
{
    CHECK_INT(fires_at("gt: 3"), 4);
    CHECK_INT(fires_at("gte: 3"), 3);
    CHECK_INT(fires_at("lt: 3"), 1);
    CHECK_INT(fires_at("lte: 3"), 1);
    CHECK_INT(fires_at("lt: 1"), 0);
    CHECK_INT(fires_at("lte: 0"), 0);
    CHECK_INT(fires_at("eq: 5"), 5);
    CHECK_INT(fires_at("eq: 9"), 0);
    CHECK_INT(fires_at("neq: 1"), 2);
    CHECK_INT(fires_at("neq: 2"), 1);
    CHECK_INT(fires_at("gt: 2, lt: 4"), 3);
    CHECK_INT(fires_at("gte: 2, lte: 2"), 2);
    CHECK_INT(fires_at("gt: 4, lt: 3"), 0);
    CHECK_INT(fires_at("gte: 2, neq: 2"), 3);
}

/* EVIDENCE sigma-2/correlation-timespan */
TEST("timespans in seconds, minutes, hours, days and weeks, to the second")
{
    static const struct { const char *text; int seconds; } rows[] = {
        { "45s", 45 }, { "2m", 120 }, { "3h", 10800 }, { "2d", 172800 }, { "1w", 604800 }
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int late = 0; late < 2; late++) {
            char yaml[2048];
            snprintf(yaml, sizeof yaml, BASE("failed", "b1", "failed") CORRELATION(
                     "  type: event_count\n  rules: b1\n  timespan: %s\n  condition: {gte: 2}\n"),
                     rows[i].text);
            struct feed f = feed_new(yaml);
            CHECK_INT(detector_horizon(f.detector), rows[i].seconds * CLOCK_SECOND);
            put(&f, 0, "{\"action\":\"failed\"}");
            CHECK_INT(put(&f, rows[i].seconds + late, "{\"action\":\"failed\"}"), !late);
            feed_end(&f);
        }
}

#define TWO BASE("one", "b1", "one") BASE("two", "b2", "two")

/* EVIDENCE sigma-2/correlation-temporal */
TEST("temporal needs all rules in any order")
{
    struct feed f = feed_new(TWO CORRELATION("  type: temporal\n  rules: [one, two]\n"
                                             "  group-by: [ip]\n  timespan: 1m\n"));
    CHECK_INT(put(&f, 1, "{\"action\":\"two\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"two\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 3, "{\"action\":\"one\",\"ip\":\"b\"}"), 0);
    CHECK_INT(put(&f, 4, "{\"action\":\"one\",\"ip\":\"a\"}"), 1);
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-temporal-ordered */
TEST("temporal_ordered needs all rules in their order")
{
    struct feed f = feed_new(TWO CORRELATION("  type: temporal_ordered\n  rules: [one, two]\n"
                                             "  group-by: [ip]\n  timespan: 1m\n"));
    CHECK_INT(put(&f, 1, "{\"action\":\"two\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"one\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 3, "{\"action\":\"two\",\"ip\":\"a\"}"), 1);
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-equal-times */
TEST("equal times are in order")
{
    struct feed f = feed_new(TWO CORRELATION("  type: temporal_ordered\n  rules: [one, two]\n"
                                             "  group-by: [ip]\n  timespan: 1m\n"));
    CHECK_INT(put(&f, 5, "{\"action\":\"two\",\"ip\":\"b\"}"), 0);
    CHECK_INT(put(&f, 5, "{\"action\":\"one\",\"ip\":\"b\"}"), 1);
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-aliases */
TEST("aliases give one group fields of several names")
{
    struct feed f = feed_new(BASE("one", "b1", "one") BASE("two", "b2", "two") CORRELATION(
        "  type: temporal\n  rules: [one, two]\n  group-by: [who]\n  timespan: 1m\n"
        "  aliases:\n    who:\n      one: user\n      two: account\n"));
    CHECK_INT(put(&f, 1, "{\"action\":\"one\",\"user\":\"lan\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"two\",\"account\":\"minh\"}"), 0);
    CHECK_INT(put(&f, 3, "{\"action\":\"two\",\"account\":\"lan\"}"), 1);
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-chain sigma-2/correlation-generate */
TEST("a correlation of correlations; generate lets the rules fire alone")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") BASE("accepted", "b2", "accepted")
        "title: burst\nid: k1\nname: burst\ncorrelation:\n  type: event_count\n  rules: [failed]\n"
        "  group-by: [ip]\n  timespan: 1m\n  condition: {gte: 2}\n---\n"
        CORRELATION("  type: temporal_ordered\n  rules: [burst, accepted]\n  group-by: [ip]\n"
                    "  timespan: 1m\n  generate: true\n"));
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 3, "{\"action\":\"accepted\",\"ip\":\"b\"}"), 0);
    CHECK_INT(put(&f, 4, "{\"action\":\"accepted\",\"ip\":\"a\"}"), 1);
    CHECK_INT(f.alerts, 4); /* burst, accepted twice, and the chain */
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-chain-group */
TEST("a chained correlation groups by its own fields, out of those of the ones below")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed")
        "title: burst\nid: k1\nname: burst\ncorrelation:\n  type: event_count\n  rules: [failed]\n"
        "  group-by: [host, ip]\n  timespan: 1m\n  condition: {gte: 2}\n---\n"
        CORRELATION("  type: event_count\n  rules: [burst]\n  group-by: [ip]\n  timespan: 5m\n"
                    "  condition: {gte: 2}\n"));
    put(&f, 1, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"x\"}");
    CHECK_INT(put(&f, 2, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"x\"}"), 0);
    put(&f, 3, "{\"action\":\"failed\",\"ip\":\"b\",\"host\":\"x\"}");
    CHECK_INT(put(&f, 4, "{\"action\":\"failed\",\"ip\":\"b\",\"host\":\"x\"}"), 0);
    put(&f, 5, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"y\"}");
    CHECK_INT(put(&f, 6, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"y\"}"), 1); /* a, over hosts */
    CHECK(strstr(f.why, "{\"ip\":\"a\"}") != NULL);
    feed_end(&f);
    f = feed_new(BASE("failed", "b1", "failed") /* hosts under attack by one address */
        "title: burst\nid: k1\nname: burst\ncorrelation:\n  type: event_count\n  rules: [failed]\n"
        "  group-by: [host, ip]\n  timespan: 1m\n  condition: {gte: 2}\n---\n"
        CORRELATION("  type: value_count\n  rules: [burst]\n  group-by: [ip]\n  timespan: 5m\n"
                    "  condition: {gte: 2, field: host}\n"));
    for (int i = 0; i < 4; i++)
        CHECK_INT(put(&f, i * 20, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"x\"}"), 0);
    put(&f, 90, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"y\"}");
    CHECK_INT(put(&f, 91, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"y\"}"), 1);
    feed_end(&f);
    f = feed_new(BASE("failed", "b1", "failed") /* a field that those below do not group by */
        "title: burst\nid: k1\nname: burst\ncorrelation:\n  type: event_count\n  rules: [failed]\n"
        "  group-by: [ip]\n  timespan: 1m\n  condition: {gte: 2}\n---\n"
        CORRELATION("  type: event_count\n  rules: [burst]\n  group-by: [host]\n  timespan: 5m\n"
                    "  condition: {gte: 1}\n"));
    put(&f, 1, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"x\"}");
    CHECK_INT(put(&f, 2, "{\"action\":\"failed\",\"ip\":\"a\",\"host\":\"x\"}"), 0);
    feed_end(&f);
}

TEST("open hits survive a restart and a change of rules")
{
    const char *yaml = BASE("failed", "b1", "failed") CORRELATION(
        "  type: event_count\n  rules: [b1]\n  group-by: [ip]\n  timespan: 1m\n"
        "  condition: {gte: 3}\n");
    struct feed f = feed_new(yaml);
    struct event_id id = { .day = 20261124, .class = "standard", .sequence = 7 };
    struct hit hit = { .rule = SLICE("c1"), .group = SLICE("a"), .value = SLICE(""),
                       .base_rule = SLICE("b1"), .time = 1000 * CLOCK_SECOND };
    detector_restore(f.detector, &hit, &id);
    CHECK_INT(put(&f, 5, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0);
    struct ruleset *fresh = compile_text(yaml, NULL, NULL);
    CHECK(detector_swap(f.detector, fresh));
    ruleset_free(&fresh);
    CHECK_INT(put(&f, 6, "{\"action\":\"failed\",\"ip\":\"a\"}"), 1);
    CHECK_INT(detector_horizon(f.detector), CLOCK_MINUTE);
    feed_end(&f);
}

/* Two failed logins make a burst (its span 1 min), a burst and then a login the chain (2 min). */
#define BURST(spans) \
    BASE("failed", "b1", "failed") BASE("accepted", "b2", "accepted") \
    "title: burst\nid: k1\nname: burst\ncorrelation:\n  type: event_count\n  rules: [failed]\n" \
    "  group-by: [ip]\n  timespan: 1m\n  condition: {gte: 2}\n---\n" \
    CORRELATION("  type: temporal_ordered\n  rules: " spans "\n  group-by: [ip]\n" \
                "  timespan: 2m\n")

static void restore(struct feed *f, const char *rule, const char *base, int second)
{
    struct event_id id = { .day = 20261124, .class = "standard", .sequence = (uint64_t)second };
    struct hit hit = { .rule = slice_of(rule), .group = SLICE("a"), .value = SLICE(""),
                       .base_rule = slice_of(base), .time = (1000 + second) * CLOCK_SECOND };
    detector_restore(f->detector, &hit, &id);
}

/* EVIDENCE sigma-2/correlation-restart */
TEST("a correlation of correlations goes on after a restart from the hits of what it rests on")
{
    struct feed f = feed_new(BURST("[burst, accepted]"));
    CHECK_INT(detector_horizon(f.detector), 3 * CLOCK_MINUTE); /* the burst's and the chain's */
    restore(&f, "k1", "b1", 0);
    restore(&f, "k1", "b1", 50);
    CHECK_INT(put(&f, 60, "{\"action\":\"accepted\",\"ip\":\"b\"}"), 0);
    CHECK_INT(f.alerts, 0);             /* the burst was raised before the restart */
    CHECK_INT(put(&f, 120, "{\"action\":\"accepted\",\"ip\":\"a\"}"), 1);
    CHECK_INT(f.alerts, 1);
    feed_end(&f);
    f = feed_new(BURST("[burst, accepted]"));
    restore(&f, "k1", "b1", 0);         /* one is no burst */
    CHECK_INT(put(&f, 60, "{\"action\":\"accepted\",\"ip\":\"a\"}"), 0);
    feed_end(&f);
    f = feed_new(BURST("[burst, accepted]"));
    restore(&f, "k1", "b1", 0);
    restore(&f, "k1", "b1", 1);
    restore(&f, "c1", "b2", 2);         /* the chain was complete, and told, before the restart */
    CHECK_INT(put(&f, 3, "{\"action\":\"accepted\",\"ip\":\"a\"}"), 0);
    CHECK_INT(f.alerts, 0);
    feed_end(&f);
}

TEST("a correlation of correlations goes on after the rules were read anew, in another order too")
{
    static const char *const later[] = {
        BURST("[burst, accepted]"),
        "title: first of all\nid: x\nlogsource: {product: test}\n"
        "detection: {s: {z: 1}, condition: s}\n---\n" BURST("[burst, accepted]")
    };
    for (size_t i = 0; i < 2; i++) {
        struct feed f = feed_new(BURST("[burst, accepted]"));
        put(&f, 1, "{\"action\":\"failed\",\"ip\":\"a\"}");
        put(&f, 2, "{\"action\":\"failed\",\"ip\":\"a\"}");
        struct ruleset *fresh = compile_text(later[i], NULL, NULL);
        CHECK(detector_swap(f.detector, fresh));
        ruleset_free(&fresh);
        CHECK_INT(put(&f, 3, "{\"action\":\"failed\",\"ip\":\"a\"}"), 0); /* still holding */
        CHECK_INT(put(&f, 4, "{\"action\":\"accepted\",\"ip\":\"a\"}"), 1);
        CHECK_INT(f.alerts, 1);
        feed_end(&f);
    }
}

TEST("hits move to the place where their rule stands in the new rules; another group begins anew")
{
    const char *two = BASE("one", "b1", "one") BASE("two", "b2", "two");
    char yaml[4096], turned[4096], other[4096];
    snprintf(yaml, sizeof yaml, "%s" CORRELATION("  type: temporal_ordered\n  rules: [one, two]\n"
             "  group-by: [ip]\n  timespan: 1m\n"), two);
    snprintf(turned, sizeof turned, "%s" CORRELATION("  type: temporal_ordered\n"
             "  rules: [two, one]\n  group-by: [ip]\n  timespan: 1m\n"), two);
    snprintf(other, sizeof other, "%s" CORRELATION("  type: temporal_ordered\n  rules: [one, two]\n"
             "  group-by: [user]\n  timespan: 1m\n"), two);
    struct feed f = feed_new(yaml);
    put(&f, 1, "{\"action\":\"one\",\"ip\":\"a\"}");
    struct ruleset *fresh = compile_text(turned, NULL, NULL);
    CHECK(detector_swap(f.detector, fresh));
    ruleset_free(&fresh);
    CHECK_INT(put(&f, 2, "{\"action\":\"two\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 3, "{\"action\":\"one\",\"ip\":\"a\"}"), 1);
    feed_end(&f);
    f = feed_new(yaml);
    put(&f, 1, "{\"action\":\"one\",\"ip\":\"a\"}");
    fresh = compile_text(other, NULL, NULL);
    CHECK(detector_swap(f.detector, fresh));
    ruleset_free(&fresh);
    CHECK_INT(put(&f, 2, "{\"action\":\"two\",\"user\":\"a\"}"), 0);
    feed_end(&f);
}

TEST("a rule that is switched off raises nothing and counts nowhere")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed"));
    struct slice off[] = { SLICE("b1") };
    put(&f, 1, "{\"action\":\"failed\"}");
    CHECK_INT(f.alerts, 1);
    CHECK(detector_disable(f.detector, off, 1));
    put(&f, 2, "{\"action\":\"failed\"}");
    CHECK_INT(f.alerts, 1);
    CHECK(detector_disable(f.detector, NULL, 0));
    put(&f, 3, "{\"action\":\"failed\"}");
    CHECK_INT(f.alerts, 2);
    feed_end(&f);
}

#define FILTER(source, rules, condition) \
    "title: f\nlogsource: {" source "}\nfilter:\n  rules: " rules "\n  selection:\n    user: admin\n" \
    "  condition: " condition "\n"

/* Alerts of a failed and of another event, each by an admin and by somebody else, as a picture such as
 * "admin/lan of failed, admin/lan of other". */
static const char *alerts_with(const char *filter)
{
    static const char *const events[] = {
        "{\"action\":\"failed\",\"user\":\"admin\"}", "{\"action\":\"failed\",\"user\":\"lan\"}",
        "{\"action\":\"other\",\"user\":\"admin\"}", "{\"action\":\"other\",\"user\":\"lan\"}"
    };
    static char picture[5];
    char yaml[2048];
    snprintf(yaml, sizeof yaml, BASE("failed", "b1", "failed") BASE("other", "b2", "other") "%s", filter);
    struct feed f = feed_new(yaml);
    for (int i = 0; i < 4; i++) {
        unsigned before = f.alerts;
        put(&f, i, events[i]);
        picture[i] = f.alerts > before ? '!' : '.';
    }
    feed_end(&f);
    return picture;
}

/* What the compiler says of this filter beside a rule b1. */
static const char *warnings(const char *filter)
{
    static char said[600];
    char yaml[2048];
    snprintf(yaml, sizeof yaml, BASE("failed", "b1", "failed") "%s", filter);
    struct ruleset *r = compile_text(yaml, NULL, NULL);
    snprintf(said, sizeof said, "%s", refusal_text());
    ruleset_free(&r);
    return said;
}

/* EVIDENCE sigma-2/filter */
TEST("a filter is ANDed as written to the rules it names")
{
    CHECK_TEXT(alerts_with(FILTER("product: test", "[b1]", "not selection")), ".!!!");
    CHECK_TEXT(alerts_with(FILTER("product: test", "b2", "not selection")), "!!.!");
    CHECK_TEXT(alerts_with(FILTER("product: test", "[failed, b2]", "not selection")), ".!.!");
    CHECK_TEXT(alerts_with(FILTER("product: test", "[b1]", "selection")), "!.!!");
}

/* EVIDENCE sigma-2/filter-any */
TEST("a filter of any rule is of all rules of its log source")
{
    CHECK_TEXT(alerts_with(FILTER("product: test", "any", "not selection")), ".!.!");
}

/* EVIDENCE sigma-2/filter-logsource */
TEST("a filter of another log source leaves rules alone, even those it names")
{
    CHECK_TEXT(alerts_with(FILTER("product: windows", "any", "not selection")), "!!!!");
    CHECK_TEXT(alerts_with(FILTER("product: test, service: x", "[b1]", "not selection")), "!!!!");
}

/* EVIDENCE sigma-2/filter-warning */
TEST("a filter that keeps what it selects, or that fits no rule, is warned of")
{
    CHECK(strstr(warnings(FILTER("product: test", "[b1]", "selection")), "keeps only") != NULL);
    CHECK(strstr(warnings(FILTER("product: test", "[b1]", "1 of selec*")), "keeps only") != NULL);
    CHECK(strstr(warnings(FILTER("product: windows", "any", "not selection")), "fits no rule") != NULL);
    CHECK(strstr(warnings(FILTER("product: test", "[gone]", "not selection")), "fits no rule") != NULL);
    CHECK_TEXT(warnings(FILTER("product: test", "[b1]", "not selection")), "");
    CHECK_TEXT(warnings("title: f\nlogsource: {product: test}\nfilter:\n  rules: any\n"
                        "  selection:\n    user|neq: admin\n  condition: selection\n"), "");
    CHECK(strstr(warnings("title: f\nlogsource: {product: test}\nfilter:\n  selection:\n    user: x\n"
                          "  condition: not selection\n"), "'rules' is missing") != NULL);
}

static const char *refused(const char *body)
{
    static char sentence[600];
    char yaml[4096], path[4096];
    struct ruleset *r;
    (void)path;
    snprintf(yaml, sizeof yaml, BASE("failed", "b1", "failed") CORRELATION("%s"), body);
    r = compile_text(yaml, NULL, NULL);
    snprintf(sentence, sizeof sentence, "%s", r ? "" : refusal_text());
    ruleset_free(&r);
    return sentence;
}

/* EVIDENCE sigma-2/correlation-refused */
TEST("what a correlation lacks or asks beyond us is refused by name")
{
    CHECK(strstr(refused("  type: value_percentile\n  rules: [b1]\n  timespan: 1m\n"),
                 "value_percentile") != NULL);
    CHECK(strstr(refused("  type: event_count\n  rules: [nobody]\n  timespan: 1m\n"
                         "  condition: {gte: 1}\n"), "nobody") != NULL);
    CHECK(strstr(refused("  type: event_count\n  rules: [b1]\n  timespan: soon\n"
                         "  condition: {gte: 1}\n"), "time span") != NULL);
    CHECK(strstr(refused("  type: event_count\n  rules: [b1]\n  timespan: 1m\n"), "condition") != NULL);
    CHECK(strstr(refused("  type: temporal\n  rules: [b1]\n  timespan: 1m\n"
                         "  condition: b1 and not b2\n"), "mapping") != NULL);
}
