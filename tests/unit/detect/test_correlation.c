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

/* EVIDENCE sigma-2/correlation sigma-2/correlation-types sigma-2/correlation-window
 *          sigma-2/correlation-condition sigma-2/correlation-timespan */
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

TEST("value_count counts different values, value_sum and value_avg numbers")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: value_count\n  rules: b1\n  group-by: [ip]\n  timespan: 1m\n"
        "  condition: {gte: 3, field: user}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"ip\":\"a\",\"user\":\"x\"}"), 0);
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\",\"ip\":\"a\",\"user\":\"x\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"failed\",\"ip\":\"a\",\"user\":\"y\"}"), 0);
    CHECK_INT(put(&f, 3, "{\"action\":\"failed\",\"ip\":\"a\",\"user\":\"z\"}"), 1);
    feed_end(&f);
    f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: value_sum\n  rules: b1\n  timespan: 1m\n  condition: {gt: 100, field: bytes}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"bytes\":60}"), 0);
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\",\"bytes\":\"40.5\"}"), 1);
    feed_end(&f);
    f = feed_new(BASE("failed", "b1", "failed") CORRELATION(
        "  type: value_avg\n  rules: b1\n  timespan: 1m\n"
        "  condition: {gte: 10, lte: 20, field: bytes}\n"));
    CHECK_INT(put(&f, 0, "{\"action\":\"failed\",\"bytes\":30}"), 0);
    CHECK_INT(put(&f, 1, "{\"action\":\"failed\",\"bytes\":6}"), 1);
    feed_end(&f);
}

/* EVIDENCE sigma-2/correlation-equal-times */
TEST("temporal needs all rules in any order, temporal_ordered in theirs")
{
    const char *rules = BASE("one", "b1", "one") BASE("two", "b2", "two");
    char yaml[4096];
    snprintf(yaml, sizeof yaml, "%s" CORRELATION("  type: temporal\n  rules: [one, two]\n"
             "  group-by: [ip]\n  timespan: 1m\n"), rules);
    struct feed f = feed_new(yaml);
    CHECK_INT(put(&f, 1, "{\"action\":\"two\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"two\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 3, "{\"action\":\"one\",\"ip\":\"b\"}"), 0);
    CHECK_INT(put(&f, 4, "{\"action\":\"one\",\"ip\":\"a\"}"), 1);
    feed_end(&f);
    snprintf(yaml, sizeof yaml, "%s" CORRELATION("  type: temporal_ordered\n  rules: [one, two]\n"
             "  group-by: [ip]\n  timespan: 1m\n"), rules);
    f = feed_new(yaml);
    CHECK_INT(put(&f, 1, "{\"action\":\"two\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 2, "{\"action\":\"one\",\"ip\":\"a\"}"), 0);
    CHECK_INT(put(&f, 3, "{\"action\":\"two\",\"ip\":\"a\"}"), 1);
    CHECK_INT(put(&f, 5, "{\"action\":\"two\",\"ip\":\"b\"}"), 0);
    CHECK_INT(put(&f, 5, "{\"action\":\"one\",\"ip\":\"b\"}"), 1); /* equal times are in order */
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

/* EVIDENCE sigma-2/filter */
TEST("a filter is ANDed as written to the rules it names")
{
    struct feed f = feed_new(BASE("failed", "b1", "failed") BASE("other", "b2", "other")
        "title: f\nlogsource: {product: test}\nfilter:\n  rules: [b1]\n  selection:\n    user: admin\n"
        "  condition: not selection\n");
    put(&f, 1, "{\"action\":\"failed\",\"user\":\"admin\"}");
    CHECK_INT(f.alerts, 0);
    put(&f, 1, "{\"action\":\"failed\",\"user\":\"lan\"}");
    put(&f, 1, "{\"action\":\"other\",\"user\":\"admin\"}");
    CHECK_INT(f.alerts, 2);
    feed_end(&f);
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
