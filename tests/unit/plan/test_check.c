#include <stdio.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "fixture.h"
#include "test.h"

static struct arena arena;

/* The plan of 2019 checked over the records; asserts that it works. */
static const struct plan_result *check(const char *records, const char *moment, const char *period,
                                       const char *obligation)
{
    static struct plan *plan;
    struct plan_result *result = NULL;
    struct error e = ERROR_NONE;

    if (!plan && !plan_load(PLAN_802, NULL, &plan, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    arena_free(&arena);
    arena_init(&arena, 0);
    struct plan_check_options options = { .at = at(moment), .period = slice_of(period),
                                          .obligation = slice_of(obligation) };
    if (!plan_check(plan, records, &options, &arena, &result, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    return result;
}

static void check_standing(const struct plan_result *r, const char *obligation, const char *agency,
                           const char *period, enum standing standing, const char *sentence)
{
    const struct plan_standing *s = plan_result_find(r, slice_of(obligation), slice_of(agency),
                                                     slice_of(period));
    BUFFER_AUTO said;
    buffer_init(&said, 4096);
    if (!s)
        fail_msg("no standing of %s × %s × %s", obligation, agency, period);
    plan_say_standing(r, s, "en", &said);
    if (s->standing != standing || slice_find(buffer_slice(&said), slice_of(sentence)) == said.len)
        fail_msg("%s × %s: %s: %.*s", obligation, agency, standing_name(s->standing),
                 SLICE_ARGS(buffer_slice(&said)));
}

#define HEARD(source, day) "INSERT INTO source_day(source, day, received, stored, first, last) VALUES" \
                           "('" source "', " #day ", 9, 9, 1, 1);"

TEST("monitoring counts the days on which a system was heard, and none before the first start") {
    const char *records = records_small("2026-11-20T08:00",
        HEARD("so-tttt.s1.log", 20261120) HEARD("so-tttt.s1.log", 20261121)
        HEARD("so-tttt.s1.log", 20261122) HEARD("so-tttt.s2.log", 20261120)
        HEARD("so-tttt.s2.log", 20261121) HEARD("so-tttt.s2.log", 20261122)
        HEARD("so-tc.s1.log", 20261120));
    const struct plan_result *r = check(records, "2026-11-22T20:00", "2026-Q4", "II.2.1.a");
    check_standing(r, "II.2.1.a", "so-tttt", "2026-Q4", STANDING_MET, "2 of 2 systems");
    check_standing(r, "II.2.1.a", "so-tc", "2026-Q4", STANDING_DUE, "0 of 2 systems");
    /* as known on the day itself, and after the period's end with and behind the grace */
    r = check(records, "2026-12-20", "2026-Q4", "II.2.1.a");
    check_standing(r, "II.2.1.a", "so-tttt", "2026-Q4", STANDING_LATE, "0 of 2 systems");
    r = check(records, "2026-12-25", "2026-Q4", "II.2.1.a");
    check_standing(r, "II.2.1.a", "so-tttt", "2026-Q4", STANDING_NOT_MET, "0 of 2 systems");
    r = check(records, "2026-11-22T20:00", "2026-Q3", "II.2.1.a");
    check_standing(r, "II.2.1.a", "so-tttt", "2026-Q3", STANDING_UNKNOWN, "before the first start");
}

TEST("on the first day a silent system is not yet guilty") {
    const char *records = records_small("2026-11-24T08:00", HEARD("so-tttt.s1.log", 20261124));
    const struct plan_result *r = check(records, "2026-11-24T09:00", "2026-Q4", "II.2.1.a");
    check_standing(r, "II.2.1.a", "so-tttt", "2026-Q4", STANDING_DUE, "1 of 1 systems; target: all; 1 still");
    check_standing(r, "II.2.1.a", "so-tc", "2026-Q4", STANDING_DUE, "not heard yet");
}

TEST("a day on which our own listeners were down is in neither sum") {
    const char *records = records_small("2026-11-20T00:00",
        HEARD("so-tttt.s1.log", 20261120) HEARD("so-tttt.s1.log", 20261122)
        HEARD("so-tttt.s2.log", 20261120) HEARD("so-tttt.s2.log", 20261122)
        "INSERT INTO collector_gap(listener, began_at, ended_at) VALUES"
        " ('', 1795194000000000000, 1795201200000000000)");     /* 2026-11-21 00:00 to 02:00 */
    CHECK_INT(at("2026-11-21"), INT64_C(1795194000000000000));
    const struct plan_result *r = check(records, "2026-11-22T20:00", "2026-Q4", "II.2.1.a");
    check_standing(r, "II.2.1.a", "so-tttt", "2026-Q4", STANDING_MET, "2 of 2 systems");
}

#define INCIDENT(number, detected, told) \
    "INSERT INTO incident(year, number, title, state, severity, agency, opened_at, opened_by," \
    " detected_at, told_at, fold) VALUES (2026, " #number ", 'x', 'confirmed', 3, 'so-tttt', " #detected \
    ", 'a', " #detected ", " #told ", '');"

/* The reason of the only row of a standing's target. */
static struct slice only_reason(const struct plan_result *r, const char *obligation, const char *period,
                                uint32_t target)
{
    const struct plan_standing *s = plan_result_find(r, slice_of(obligation), SLICE("so-tttt"),
                                                     slice_of(period));
    if (!s || s->obligation->target_count <= target || s->targets[target].row_count != 1)
        fail_msg("no single row of %s", obligation);
    return s->targets[target].rows[0].reason;
}

TEST("rows say in how many hours an incident was told and in how many minutes an alert was taken") {
    const char *records = records_small("2026-11-01",   /* told after 25 h, taken after 7 min */
        INCIDENT(1, 1795107600000000000, 1795197600000000000)
        "INSERT INTO alert(rule, title, level, agency, system, source, entity, day, first_time, last_time,"
        " folded_at, decided_at, fold) VALUES ('r', 'x', 3, 'so-tttt', 'so-tttt.s1', '', '', 20261120,"
        " 1795107600000000000, 1795107600000000000, 1795107600000000000, 1795108020000000000, '');");
    const struct plan_result *r = check(records, "2026-11-22", "2026-Q4", "II.2.1.b");
    CHECK_SLICE(only_reason(r, "II.2.1.b", "2026-Q4", 0), "told {1} hours after it was detected|25");
    CHECK_SLICE(only_reason(r, "II.2.1.b", "2026-Q4", 1), "taken after {1} minutes|7");
}

TEST("an incident moves the figure: none, running, told in time, told late") {
    const char *records = records_small("2026-11-01", "");
    const struct plan_result *r = check(records, "2026-11-20", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_MET, "no incident; 0 alerts");
    /* detected 2026-11-20 00:00, the regime gives five days */
    records = records_small("2026-11-01", INCIDENT(1, 1795107600000000000, NULL));
    r = check(records, "2026-11-21", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_DUE, "the clock runs until 2026-11-25");
    r = check(records, "2026-11-26", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_DUE, "0 of 1 incidents");
    records = records_small("2026-11-01", INCIDENT(1, 1795107600000000000, 1795111200000000000));
    r = check(records, "2026-11-21", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_MET, "1 of 1 incidents");
    /* as known before it was told */
    r = check(records, "2026-11-20T00:30", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_DUE, "the clock runs");
    records = records_small("2026-11-01", INCIDENT(1, 1795107600000000000, 1795626000000000001));
    r = check(records, "2026-12-27", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_NOT_MET, "0 of 1 incidents");
}

#define EVIDENCE(kind, subject, agency, from, amount, data) \
    "INSERT INTO evidence(kind, subject, agency, holds_from, learnt_at, basis, ok, amount, data, by_whom)" \
    " VALUES ('" kind "', '" subject "', '" agency "', " #from ", " #from ", 'verified', 1, " #amount \
    ", '" data "', 'a');"

TEST("what is still in time is due, also when the period is over") {
    /* filed on the last day of 2026-Q4; ten working days to answer end on Monday 28 December */
    const char *records = records_small("2026-01-01",
        EVIDENCE("difficulty.filed", "k1", "so-tc", 1797217200000000000, NULL, "{}"));
    CHECK_INT(at("2026-12-14T10:00"), INT64_C(1797217200000000000));
    const struct plan_result *r = check(records, "2026-12-16", "2026-Q4", "III.5.b");
    check_standing(r, "III.5.b", "so-tttt", "2026-Q4", STANDING_DUE, "waits since 2026-12-14");
    r = check(records, "2026-12-29", "2026-Q4", "III.5.b");
    check_standing(r, "III.5.b", "so-tttt", "2026-Q4", STANDING_NOT_MET, "0 of 1 difficulties");
    /* detected on that day, to be told within five days */
    records = records_small("2026-11-01", INCIDENT(1, 1797217200000000000, NULL));
    r = check(records, "2026-12-16", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_DUE, "the clock runs until 2026-12-19");
    r = check(records, "2026-12-20", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_LATE, "0 of 1 incidents");
}

TEST("the first evidence of a kind speaks of a period that is over, but against nobody else") {
    /* sent on 15 December at 00:00, a day late */
    const char *records = records_small("2026-01-01",
        EVIDENCE("report.sent", "x", "so-tttt", 1797267600000000000, NULL, "{\"period\":\"2026\"}"));
    CHECK_INT(at("2026-12-15"), INT64_C(1797267600000000000));
    const struct plan_result *r = check(records, "2026-12-20", "2026", "III.2.report");
    check_standing(r, "III.2.report", "so-tttt", "2026", STANDING_NOT_MET, "0 of 1 reports");
    r = check(records, "2026-12-20", "2025", "III.2.report");
    check_standing(r, "III.2.report", "so-tttt", "2025", STANDING_UNKNOWN, "no evidence yet");
    /* signed behind the quarter's end, but before the 17th: the others had time to sign as well */
    #define REVIEW(moment) EVIDENCE("review.signed", "x", "so-tc", moment, NULL, "{\"period\":\"2026-Q4\"}")
    records = records_small("2026-01-01", REVIEW(1797267600000000000));
    r = check(records, "2026-12-20", "2026-Q4", "II.2.1.c");
    check_standing(r, "II.2.1.c", "so-tc", "2026-Q4", STANDING_MET, "1 of 1");
    check_standing(r, "II.2.1.c", "so-tttt", "2026-Q4", STANDING_LATE, "0 of 1");
    /* signed behind the due date: the others are not blamed, nor are days before the first start */
    records = records_small("2026-01-01", REVIEW(1797440400000000000));
    CHECK_INT(at("2026-12-17"), INT64_C(1797440400000000000));
    r = check(records, "2026-12-30", "2026-Q4", "II.2.1.c");
    check_standing(r, "II.2.1.c", "so-tc", "2026-Q4", STANDING_MET, "1 of 1");
    check_standing(r, "II.2.1.c", "so-tttt", "2026-Q4", STANDING_UNKNOWN, "no evidence yet");
    records = records_small("2026-12-16", REVIEW(1797440400000000000));
    r = check(records, "2026-12-30", "2026-Q4", "II.2.1.c");
    check_standing(r, "II.2.1.c", "so-tc", "2026-Q4", STANDING_UNKNOWN, "no evidence yet");
}

TEST("a list of officials that came after the year blames nobody for it") {
    const char *records = records_small("2026-01-01",
        EVIDENCE("official.listed", "p1", "so-tc", 1797267600000000000, NULL, "{}")
        EVIDENCE("official.listed", "p2", "so-tc", 1797267600000000000, NULL, "{}")
        "UPDATE evidence SET holds_from = 1790000000000000000");
    const struct plan_result *r = check(records, "2026-12-20", "2026", "II.1.b");
    check_standing(r, "II.1.b", "so-tc", "2026", STANDING_UNKNOWN, "no evidence yet");
}

#define PLAN_LINE(subject, agency, amount, class) \
    EVIDENCE("plan.line", subject, agency, 1790000000000000000, amount, "{" class "\"year\":2026}")

TEST("money reaches ten per cent exactly, and an unclassified line leaves it unknown") {
    const char *records = records_small("2026-01-01",
        PLAN_LINE("l1", "so-tttt", 100, "\"class\":\"security\",")
        PLAN_LINE("l2", "so-tttt", 900, "\"class\":\"it\",")
        PLAN_LINE("l3", "so-tc", 100, "\"class\":\"security\",")
        PLAN_LINE("l4", "so-tc", 800, "\"class\":\"it\",")
        PLAN_LINE("l5", "so-tc", 101, ""));
    const struct plan_result *r = check(records, "2026-12-20", "2026", "II.2.3.b");
    check_standing(r, "II.2.3.b", "so-tttt", "2026", STANDING_MET, "100 of 1,000");
    check_standing(r, "II.2.3.b", "so-tc", "2026", STANDING_UNKNOWN, "1 unknown");
}

TEST("an assessor who also monitored is not independent, and the row names the record") {
    const char *records = records_small("2026-01-01",
        EVIDENCE("monitor.contract", "so-tttt.s1", "so-tttt", 1790000000000000000, NULL,
                 "{\"organisation\":\"firm-a\"}")
        EVIDENCE("assessment.done", "so-tttt.s1", "so-tttt", 1795000000000000000, NULL,
                 "{\"organisation\":\"firm-a\"}")
        EVIDENCE("assessment.done", "so-tttt.s2", "so-tttt", 1795000000000000000, NULL,
                 "{\"organisation\":\"firm-a\"}"));
    const struct plan_result *r = check(records, "2026-12-30", "2026-Q4", "II.2.2.a");
    check_standing(r, "II.2.2.a", "so-tttt", "2026-Q4", STANDING_NOT_MET, "1 of 2 systems");
    const struct plan_standing *s = plan_result_find(r, SLICE("II.2.2.a"), SLICE("so-tttt"),
                                                     SLICE("2026-Q4"));
    CHECK_INT(s->targets[0].row_count, 2);
    CHECK_SLICE(s->targets[0].rows[0].reason, "the assessor also monitored the system: evidence {1}|1");
}

TEST("an incident rejected later counts on the days before, as it was known then") {
    /* detected on 20 November, due on the 25th, rejected on 1 December */
    const char *records = records_small("2026-11-01", INCIDENT(1, 1795107600000000000, NULL)
        "UPDATE incident SET state = 'rejected', closed_at = 1796058000000000000");
    CHECK_INT(at("2026-12-01"), INT64_C(1796058000000000000));
    const struct plan_result *r = check(records, "2026-11-21", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_DUE, "the clock runs");
    r = check(records, "2026-11-26", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_DUE, "0 of 1 incidents");
    r = check(records, "2026-12-01", "2026-Q4", "II.2.1.b");
    check_standing(r, "II.2.1.b", "so-tttt", "2026-Q4", STANDING_MET, "no incident");
}

static void check_reach(const struct plan_result *r, const char *period, enum verdict verdict)
{
    const struct plan_standing *s = plan_result_find(r, SLICE("III.2.c"), SLICE("so-tttt"), slice_of(period));
    CHECK_INT(s->targets[1].verdict, verdict);
}

TEST("a contact verified after the period, or after the day asked, leaves it unknown") {
    /* verified on 1 December 2026 */
    const char *records = records_small("2026-01-01",
        "INSERT INTO person VALUES ('p', 'P', '', '', 1796058000000000000, '', 1, 1);"
        "INSERT INTO post(person, agency, duty, holds_from, learnt_at) VALUES"
        " ('p', 'so-tc', 'incident_team', '2026-01-01', 1767200400000000000);"
        EVIDENCE("team.decided", "t", "so-tttt", 1767200400000000000, NULL, "{}"));
    check_reach(check(records, "2026-12-02", "2026-Q4", "III.2.c"), "2026-Q4", VERDICT_HOLDS);
    check_reach(check(records, "2026-11-30", "2026-Q4", "III.2.c"), "2026-Q4", VERDICT_UNKNOWN);
    check_reach(check(records, "2026-12-02", "2026-Q3", "III.2.c"), "2026-Q3", VERDICT_UNKNOWN);
    check_reach(check(records, "2027-01-02", "2027-Q1", "III.2.c"), "2027-Q1", VERDICT_FAILS);
}

TEST("evidence learnt after the moment asked is not seen, and revoked evidence is gone") {
    const char *records = records_small("2026-01-01",
        EVIDENCE("regulation.issued", "r", "so-tttt", 1795000000000000000, NULL, "{}")
        EVIDENCE("regulation.issued", "r", "so-tc", 1795000000000000000, NULL, "{}")
        "UPDATE evidence SET revoked_at = 1796000000000000000 WHERE agency = 'so-tc'");
    const struct plan_result *r = check(records, "2026-11-15", "2026-Q4", "III.1.b");
    check_standing(r, "III.1.b", "so-tttt", "2026-Q4", STANDING_UNKNOWN, "no evidence yet");
    r = check(records, "2026-11-19", "2026-Q4", "III.1.b");
    check_standing(r, "III.1.b", "so-tc", "2026-Q4", STANDING_MET, "1 of 1");
    r = check(records, "2026-12-20", "2026-Q4", "III.1.b");
    check_standing(r, "III.1.b", "so-tttt", "2026-Q4", STANDING_MET, "1 of 1");
    check_standing(r, "III.1.b", "so-tc", "2026-Q4", STANDING_NOT_MET, "0 of 1");
}

#define PROJECT_LINE(subject, agency, class, project) \
    EVIDENCE("project.line", subject, agency, 1790000000000000000, 100, \
             "{\"class\":\"" class "\",\"project\":\"" project "\"}")
#define EXEMPTION(agency, subject, reason) \
    "INSERT INTO exemption(plan, obligation, agency, subject, reason, asked_by, granted_by, holds_from," \
    " holds_to, learnt_at) VALUES ('802/KH-UBND', 'II.2.3.d', '" agency "', '" subject "', '" reason "'," \
    " 'a', 'b', '2026-01-01', '2026-12-31', 1);"

TEST("an exemption of a duty exempts; one of a subject takes it out of both sums") {
    const char *records = records_small("2026-01-01",
        PROJECT_LINE("l1", "so-tttt", "it", "p1")
        PROJECT_LINE("l2", "so-tttt", "security", "p2")
        PROJECT_LINE("l3", "so-tc", "it", "p3")
        EXEMPTION("so-tttt", "p1", "rents-service")
        EXEMPTION("so-tc", "", "has-technical-system"));
    const struct plan_result *r = check(records, "2026-12-20", "2026", "II.2.3.d");
    check_standing(r, "II.2.3.d", "so-tttt", "2026", STANDING_MET, "1 of 1 projects");
    check_standing(r, "II.2.3.d", "so-tc", "2026", STANDING_EXEMPT, "exempt until 2026-12-31");
}

/* An exemption of so-tc from II.2.3.b (yearly, no grace) for those days, granted at that moment (ns). */
#define SPAN(from, to, granted) \
    "INSERT INTO exemption(plan, obligation, agency, reason, asked_by, granted_by, holds_from, holds_to," \
    " learnt_at) VALUES ('802/KH-UBND', 'II.2.3.b', 'so-tc', 'r', 'a', 'b', '" from "', '" to "', " \
    #granted ");"

static enum standing exempted(const char *moment, const char *spans)
{
    char sql[2048];
    snprintf(sql, sizeof sql, "%s%s", PLAN_LINE("l1", "so-tc", 100, "\"class\":\"it\","), spans);
    const struct plan_result *r = check(records_small("2025-01-01", sql), moment, "2026", "II.2.3.b");
    return plan_result_find(r, SLICE("II.2.3.b"), SLICE("so-tc"), SLICE("2026"))->standing;
}

TEST("exemptions cover a period by more than half of its days, together, and granted in time") {
    /* the year 2026 runs from 15 December 2025 to 14 December 2026: 365 days */
    CHECK_INT(exempted("2027-01-20", SPAN("2026-12-14", "2026-12-14", 1)), STANDING_NOT_MET);
    CHECK_INT(exempted("2027-01-20", SPAN("2025-12-15", "2026-12-13", 1)), STANDING_EXEMPT);
    CHECK_INT(exempted("2027-01-20", SPAN("2025-12-01", "2026-06-14", 1)), STANDING_NOT_MET);   /* 182 */
    CHECK_INT(exempted("2027-01-20", SPAN("2025-12-01", "2026-06-15", 1)), STANDING_EXEMPT);    /* 183 */
    CHECK_INT(exempted("2027-01-20", SPAN("2026-08-01", "2026-12-31", 1)
                                     SPAN("2026-01-01", "2026-02-28", 1)
                                     SPAN("2026-02-01", "2026-02-20", 1)), STANDING_EXEMPT);    /* 59 + 136 */
    CHECK_INT(exempted("2027-01-20", SPAN("2026-06-15", "9999-12-31", 1)), STANDING_EXEMPT);
    CHECK_INT(exempted("2027-01-20", SPAN("2026-06-15", "2262-04-12", 1)), STANDING_EXEMPT);
    /* the same on each day, also on those that it does not hold on */
    CHECK_INT(exempted("2026-10-20", SPAN("2026-10-20", "2026-10-20", 1)), STANDING_DUE);
    CHECK_INT(exempted("2026-10-20", SPAN("2025-12-15", "2026-10-01", 1)), STANDING_EXEMPT);
    /* granted on 14 December, and on the 15th, when the year had ended */
    CHECK_INT(exempted("2027-01-20", SPAN("2026-01-01", "2026-12-31", 1797181200000000000)),
              STANDING_EXEMPT);
    CHECK_INT(exempted("2027-01-20", SPAN("2026-01-01", "2026-12-31", 1797267600000000000)),
              STANDING_NOT_MET);
    CHECK_INT(at("2026-12-14"), INT64_C(1797181200000000000));
    /* founded on 1 December 2026 */
    CHECK_INT(exempted("2027-01-20", "UPDATE agency SET valid_from = '2026-12-01';"
                                     SPAN("2026-12-01", "2026-12-14", 1)), STANDING_EXEMPT);
}

TEST("the yearly report is due before 14 December, inside its own period") {
    const char *records = records_small("2026-01-01",
        EVIDENCE("report.sent", "x", "so-tttt", 1760000000000000000, NULL, "{\"period\":\"2025\"}"));
    const struct plan_result *r = check(records, "2026-12-13T23:59", "2026", "III.2.report");
    check_standing(r, "III.2.report", "so-tttt", "2026", STANDING_DUE, "0 of 1 reports");
    r = check(records, "2026-12-14", "2026", "III.2.report");
    check_standing(r, "III.2.report", "so-tttt", "2026", STANDING_NOT_MET, "0 of 1 reports");
    /* sent on 13 December at 23:00 */
    records = records_small("2026-01-01",
        EVIDENCE("report.sent", "x", "so-tttt", 1797177600000000000, NULL, "{\"period\":\"2026\"}"));
    CHECK_INT(at("2026-12-13T23:00"), INT64_C(1797177600000000000));
    r = check(records, "2026-12-14", "2026", "III.2.report");
    check_standing(r, "III.2.report", "so-tttt", "2026", STANDING_MET, "1 of 1 reports");
}

TEST("a review is due two working days behind the cut-off, then late, then not met") {
    const char *records = records_small("2026-01-01",
        EVIDENCE("review.signed", "x", "so-tc", 1760000000000000000, NULL, "{\"period\":\"2025-Q3\"}")
        EVIDENCE("review.signed", "x", "so-tc", 1789500000000000000, NULL, "{\"period\":\"2026-Q3\"}"));
    /* 2026-Q4 ends on Monday 14 December; the working days behind it are the 15th and the 16th */
    const struct plan_result *r = check(records, "2026-12-16T23:59", "2026-Q4", "II.2.1.c");
    check_standing(r, "II.2.1.c", "so-tttt", "2026-Q4", STANDING_DUE, "0 of 1");
    r = check(records, "2026-12-17", "2026-Q4", "II.2.1.c");
    check_standing(r, "II.2.1.c", "so-tttt", "2026-Q4", STANDING_LATE, "0 of 1");
    r = check(records, "2026-12-27", "2026-Q4", "II.2.1.c");
    check_standing(r, "II.2.1.c", "so-tttt", "2026-Q4", STANDING_NOT_MET, "0 of 1");
    r = check(records, "2026-10-20", "2026-Q3", "II.2.1.c");
    check_standing(r, "II.2.1.c", "so-tc", "2026-Q3", STANDING_MET, "1 of 1");
}

static void check_vacant(const struct plan_result *r, const char *said)
{
    BUFFER_AUTO out;
    buffer_init(&out, 4096);
    CHECK(plan_say_vacant(r, plan_role(r->plan, SLICE("lead")), "en", &out) == (said != NULL));
    if (said)
        CHECK_SLICE(buffer_slice(&out), said);
    CHECK(!plan_say_vacant(r, plan_role(r->plan, SLICE("units")), "en", &out));
}

TEST("duties of an agency that no longer exists are named, not dropped") {
    const char *records = records_small("2026-01-01",
        "UPDATE agency SET valid_to = '2026-09-30' WHERE key = 'so-tttt'");
    check_vacant(check(records, "2026-12-20", "2026-Q4", "III.2.a"), NULL);     /* from 15 September on */
    check_vacant(check(records, "2027-01-20", "2027-Q1", "III.2.a"),
                 "the register has no agency 'so-tttt' in the period, nobody owes III.2.a");
    const struct plan_result *r = check(records, "2027-01-20", "2027-Q1", NULL);
    BUFFER_AUTO out;
    buffer_init(&out, 4096);
    CHECK(plan_say_vacant(r, plan_role(r->plan, SLICE("lead")), "vi", &out));
    CHECK(slice_find(buffer_slice(&out), SLICE("III.2.a, III.2.b, III.2.c")) < out.len);
    /* never in the register */
    records = records_small("2026-01-01", "DELETE FROM source; DELETE FROM system; DELETE FROM agency"
                                          " WHERE key = 'so-tttt'");
    check_vacant(check(records, "2026-12-20", "2026-Q4", "III.2.a"),
                 "the register has no agency 'so-tttt' in the period, nobody owes III.2.a");
}

TEST("an agency that runs another's system owes as operator, one without any does not") {
    const char *records = records_small("2026-01-01",
        "INSERT INTO agency(key, name, kind, rank, fold, created_at, changed_at) VALUES"
        " ('so-a', 'A', 'so-nganh', 3, '', 1, 1), ('so-b', 'B', 'so-nganh', 4, '', 1, 1);"
        "UPDATE system SET operator = 'so-a' WHERE key = 'so-tc.s1'");
    const struct plan_result *r = check(records, "2026-12-20", "2026-Q4", "II.2.1.b");
    CHECK(plan_result_find(r, SLICE("II.2.1.b"), SLICE("so-tc"), SLICE("2026-Q4")));
    CHECK(plan_result_find(r, SLICE("II.2.1.b"), SLICE("so-a"), SLICE("2026-Q4")));
    CHECK(!plan_result_find(r, SLICE("II.2.1.b"), SLICE("so-b"), SLICE("2026-Q4")));
}

TEST("what cannot be asked is refused with a sentence") {
    const char *records = records_small("2026-01-01", "");
    struct plan *plan = plan_small(NULL, NULL, NULL);
    struct plan_result *result;
    struct error e = ERROR_NONE;
    ARENA_AUTO local;
    arena_init(&local, 0);
    struct plan_check_options options = { .at = at("2026-11-24"), .period = SLICE("2026-Q7") };
    CHECK(!plan_check(plan, records, &options, &local, &result, &e));
    CHECK_ERROR(e, "'2026-Q7' is no period");
    CHECK_INT(e.kind, ERROR_INPUT);
    e = ERROR_NONE;
    options = (struct plan_check_options){ .agency = SLICE("nobody") };
    CHECK(!plan_check(plan, records, &options, &local, &result, &e));
    CHECK_INT(e.kind, ERROR_NOT_FOUND);
    e = ERROR_NONE;
    options = (struct plan_check_options){ .obligation = SLICE("X.9") };
    CHECK(!plan_check(plan, records, &options, &local, &result, &e));
    CHECK_INT(e.kind, ERROR_NOT_FOUND);
    e = ERROR_NONE;
    CHECK(!plan_check(plan, "/nowhere/haidang.db", &options, &local, &result, &e));
    CHECK(e.set);
    plan_free(&plan);
}

TEST("sentences are said in Vietnamese and English, numbers and dates as each writes them") {
    struct plan *plan = plan_small(NULL, "aside:\n",
                                   "reasons:\n  'burns {1} on {2}': 'sáng {1} ngày {2}'\naside:\n");
    BUFFER_AUTO out;
    buffer_init(&out, 4096);
    plan_say_reason(plan, SLICE("burns {1} on {2}|12345|2026-11-24"), "vi", &out);
    CHECK_SLICE(buffer_slice(&out), "sáng 12.345 ngày 24/11/2026");
    buffer_clear(&out);
    plan_say_reason(plan, SLICE("burns {1} on {2}|12345|2026-11-24"), "en", &out);
    CHECK_SLICE(buffer_slice(&out), "burns 12,345 on 2026-11-24");
    buffer_clear(&out);
    plan_say_reason(plan, SLICE("odd {1} {9} {"), "vi", &out);
    CHECK_SLICE(buffer_slice(&out), "odd {1} {9} {");
    buffer_clear(&out);
    plan_say_number(INT64_C(-1234567), "vi", &out);
    CHECK_SLICE(buffer_slice(&out), "-1.234.567");
    plan_free(&plan);
}

TEST("forty obligations of forty agencies and a year of days are checked") {
    const char *records = records_small("2025-12-15",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 39)"
        " INSERT INTO agency(key, name, kind, rank, fold, created_at, changed_at)"
        " SELECT 'a' || i, 'A', 'so-nganh', 9, '', 1, 1 FROM n;"
        "INSERT INTO system(key, agency, name, fold, created_at, changed_at)"
        " SELECT key || '.s', key, 's', '', 1, 1 FROM agency WHERE kind = 'so-nganh';"
        "INSERT INTO source(key, system, name, kind, fold, created_at, changed_at)"
        " SELECT key || '.l', key, 'log', 'syslog', '', 1, 1 FROM system WHERE key LIKE 'a%';"
        "WITH RECURSIVE d(day) AS (SELECT '2025-12-15' UNION ALL SELECT date(day, '+1 day') FROM d"
        " WHERE day < '2026-12-10')"
        " INSERT INTO source_day(source, day, received, stored, first, last)"
        " SELECT key, CAST(replace(day, '-', '') AS INTEGER), 9, 9, 1, 1 FROM source, d");
    const struct plan_result *r = check(records, "2026-12-10T20:00", NULL, NULL);
    CHECK(r->standing_count > 1000);
}
