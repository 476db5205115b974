/* What the measures of the plan of 2019 make of evidence as it really comes: repeated, contradicting
 * itself, incomplete, too early, too late. */
#include "base/buffer.h"
#include "fixture.h"
#include "test.h"

#include <stdarg.h>
#include <stdio.h>

static struct arena arena;

/* ---- records --------------------------------------------------------------------------------- */

/* One piece of evidence; left out: a subject s, of so-tttt, verified, learnt when it began to hold. */
struct fact {
    const char *kind, *subject, *agency, *from, *to, *learnt, *basis, *data;
    const char *ok;                     /* "1", "0", "NULL"; left out 1 */
    const char *amount;
};

static const char *or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static const char *insert(const struct fact *facts, size_t count)
{
    static char sql[16384];
    size_t len = 0;

    sql[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct fact *f = &facts[i];
        char until[32] = "NULL";
        if (f->to)
            snprintf(until, sizeof until, "%lld", (long long)at(f->to));
        len += (size_t)snprintf(sql + len, sizeof sql - len,
            "INSERT INTO evidence(kind, subject, agency, holds_from, holds_to, learnt_at, basis, ok, amount,"
            " data, by_whom) VALUES ('%s', '%s', '%s', %lld, %s, %lld, '%s', %s, %s, '%s', 'a');",
            f->kind, or(f->subject, "s"), or(f->agency, "so-tttt"), (long long)at(f->from), until,
            (long long)at(or(f->learnt, f->from)), or(f->basis, "verified"), or(f->ok, "1"),
            or(f->amount, "NULL"), or(f->data, "{}"));
        assert_true(len < sizeof sql);
    }
    return sql;
}
#define FACTS(...) insert((const struct fact[]){ __VA_ARGS__ },                                     \
                          sizeof((const struct fact[]){ __VA_ARGS__ }) / sizeof(struct fact))

/* SQL with times: each %T is a moment as text, each %s a text. */
static const char *sql(const char *form, ...)
{
    static char text[8192];
    size_t len = 0;
    va_list values;

    va_start(values, form);
    for (; *form; form++) {
        if (form[0] == '%' && (form[1] == 'T' || form[1] == 's')) {
            const char *value = va_arg(values, const char *);
            len += form[1] == 's' ? (size_t)snprintf(text + len, sizeof text - len, "%s", value)
                                  : (size_t)snprintf(text + len, sizeof text - len, "%lld",
                                                     (long long)at(value));
            form++;
        } else {
            text[len++] = *form;
        }
        assert_true(len + 1 < sizeof text);
    }
    va_end(values);
    text[len] = '\0';
    return text;
}

#define RECORDS(...) records_small("2025-01-01", FACTS(__VA_ARGS__))

/* ---- what the check says ----------------------------------------------------------------------- */

/* The standing, then each row of the obligation's first target: + ok, - not, ? unknown, . pending,
 * * shown only; its subject and reason. Of so-tttt, unless the obligation is written "II.1.a/so-tc"; of
 * its second target when "II.1.a/so-tc/1". */
static const char *rows(const char *records, const char *moment, const char *period, const char *duty)
{
    static struct plan *plan;
    static char said[8192];
    struct slice rest = slice_of(duty), obligation, agency = SLICE_NONE;
    struct plan_result *r = NULL;
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;

    buffer_init(&out, sizeof said);
    if (!plan && !plan_load(PLAN_802, NULL, &plan, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    arena_free(&arena);
    arena_init(&arena, 0);
    slice_split(&rest, '/', &obligation);
    if (!slice_split(&rest, '/', &agency))
        agency = SLICE("so-tttt");
    struct plan_check_options options = { .at = at(moment), .period = slice_of(period),
                                          .obligation = obligation };
    if (!plan_check(plan, records, &options, &arena, &r, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    const struct plan_standing *s = plan_result_find(r, obligation, agency, slice_of(period));
    if (!s)
        fail_msg("no standing of %s in %s", duty, period);
    buffer_print(&out, "%s", standing_name(s->standing));
    const struct target_standing *t = &s->targets[rest.len ? rest.data[0] - '0' : 0];
    for (uint32_t i = 0; i < t->row_count; i++) {
        const struct measure_row *row = &t->rows[i];
        char mark = row->weight == 0 ? '*'
                    : row->ok >= 0   ? "-+"[row->ok] : row->pending ? '.' : '?';
        buffer_print(&out, "\n%c %.*s: %.*s", mark, SLICE_ARGS(row->subject), SLICE_ARGS(row->reason));
    }
    snprintf(said, sizeof said, "%.*s", SLICE_ARGS(buffer_slice(&out)));
    return said;
}

/* ---- II.2.2: assessment ------------------------------------------------------------------------ */

#define ASSESSED(day, who) { .kind = "assessment.done", .subject = "so-tttt.s1", .from = day, \
                             .data = "{\"organisation\":\"" who "\"}" }
#define ONE_SYSTEM "DELETE FROM source WHERE system LIKE '%.s2'; DELETE FROM system WHERE key LIKE '%.s2';"

TEST("whoever owns or runs a system is no independent assessor of it") {
    static const char *const by[] = { "so-tttt", "so-tc", "firm-a" };
    for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
        char data[64], wanted[128];
        snprintf(data, sizeof data, "{\"organisation\":\"%s\"}", by[i]);
        const char *records = records_small("2025-01-01", sql(
            "%s" ONE_SYSTEM "INSERT INTO organisation(key, name, kind, fold, created_at, changed_at)"
            " VALUES ('firm-a', 'A', 'assessor', '', 1, 1);"
            "UPDATE system SET operator = 'so-tc', operator_organisation = 'firm-a'",
            FACTS({ .kind = "assessment.done", .subject = "so-tttt.s1", .from = "2026-10-01",
                    .data = data })));
        snprintf(wanted, sizeof wanted,
                 "not_met\n- so-tttt.s1: the assessor owns or runs the system: {1}|%s", by[i]);
        CHECK_TEXT(rows(records, "2026-12-30", "2026-Q4", "II.2.2.a"), wanted);
    }
}

TEST("a later visit of the monitor does not undo an independent assessment") {
    const char *records = records_small("2025-01-01", sql("%s" ONE_SYSTEM, FACTS(
        { .kind = "monitor.contract", .subject = "so-tttt.s1", .from = "2025-01-01",
          .data = "{\"organisation\":\"firm-a\"}" },
        ASSESSED("2026-10-01", "firm-b"), ASSESSED("2026-10-20", "firm-a"))));
    CHECK_TEXT(rows(records, "2026-12-30", "2026-Q4", "II.2.2.a"),
               "met\n+ so-tttt.s1: assessed on {1} by {2}|2026-10-01|firm-b");
}

TEST("an assessor without a name leaves the system unknown, an empty name too") {
    const char *records = records_small("2025-01-01",
                                        sql("%s" ONE_SYSTEM, FACTS(ASSESSED("2026-10-01", " "))));
    CHECK_TEXT(rows(records, "2026-12-30", "2026-Q4", "II.2.2.a"),
               "unknown\n? so-tttt.s1: the assessor is not named");
}

/* ---- II.2.3: money ----------------------------------------------------------------------------- */

#define LINE(name, class, year, sum) { .kind = "plan.line", .subject = name, \
                                       .from = year "-01-10", \
                                       .amount = sum, \
                                       .data = "{\"class\":\"" class "\",\"year\":" year "}" }
#define PROJECT(name, class, project, sum) { .kind = "project.line", .subject = name, \
    .from = "2026-01-10", .amount = sum, \
    .data = "{\"class\":\"" class "\",\"project\":\"" project "\"}" }

TEST("a five-year plan runs from a year that ends in 1 or 6 to one that ends in 5 or 0") {
    const char *records = RECORDS(LINE("l0", "it", "2020", "9000"), LINE("l1", "it", "2021", "90"),
                                  LINE("l2", "security", "2025", "10"), LINE("l3", "it", "2026", "9000"));
    CHECK_TEXT(rows(records, "2025-12-20", "2025", "II.2.3.c"),
               "met\n- l1: a line for other IT\n+ l2: a line for security");
}

TEST("a line without an amount leaves the share unknown") {
    const char *records = RECORDS(LINE("l1", "security", "2026", "100"), LINE("l2", "it", "2026", NULL));
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.b"),
               "unknown\n+ l1: a line for security\n? l2: the amount is missing or below zero");
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.c"),
               "unknown\n+ l1: a line for security\n? l2: the amount is missing or below zero");
    records = RECORDS(LINE("l1", "security", "2026", "-5"), LINE("l2", "it", "2026", "1000"));
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.b"),
               "unknown\n? l1: the amount is missing or below zero\n- l2: a line for other IT");
    records = RECORDS(LINE("l1", "security", "2026", "0"));
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.b"), "unknown\n* l1: a line of 0 đồng");
}

TEST("a line counts in the year that its plan is for") {
    const char *records = RECORDS(LINE("l1", "it", "2026", "1000"),
        { .kind = "plan.line", .subject = "l1", .from = "2026-11-10", .amount = "500",
          .data = "{\"class\":\"security\",\"year\":2027}" },
        { .kind = "plan.line", .subject = "l2", .from = "2026-11-10", .amount = "70",
          .data = "{\"class\":\"security\"}" });
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.b"),
               "not_met\n- l1: a line for other IT\n+ l2: a line for security");
    CHECK_TEXT(rows(records, "2026-12-20", "2027", "II.2.3.b"), "met\n+ l1: a line for security");
}

TEST("a line that was imported twice counts once, as Finance classed it") {
    const char *records = RECORDS(LINE("l1", "it", "2026", "900"), LINE("l1", "it", "2026", "900"),
        LINE("l2", "security", "2026", "100"),
        { .kind = "plan.line", .subject = "l2", .from = "2026-02-01", .amount = "100", .basis = "declared",
          .data = "{\"class\":\"it\",\"year\":2026}" });
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.b"),
               "met\n- l1: a line for other IT\n+ l2: a line for security");
}

TEST("a project without its amounts is unknown unless no amount could turn it") {
    const char *records = RECORDS(
        PROJECT("a", "it", "p1", NULL), PROJECT("b", "it", "p2", "0"),
        PROJECT("c", "security", "p3", "50"), PROJECT("d", "it", "p3", NULL),
        PROJECT("e", "it", "p4", "100"), PROJECT("f", "it", "p4", NULL),
        PROJECT("g", "security", "p5", "10"), PROJECT("h", "it", "p5", "90"),
        PROJECT("i", "security", "p5", NULL), PROJECT("j", "security", "p6", NULL),
        PROJECT("k", "it", "p6", "100"), PROJECT("l", "", "p7", "20"), PROJECT("m", "it", "p7", "100"));
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.d"),
               "not_met\n? p1: lines without a usable amount: {1}|1\n? p2: the lines sum up to 0 đồng\n"
               "? p3: lines without a usable amount: {1}|1\n- p4: {1} đồng short of the share|10\n"
               "+ p5: {1} of {2} đồng|10|100\n? p6: lines without a usable amount: {1}|1\n"
               "? p7: {1} đồng have no class|20");
}

TEST("a line that names no project is a project of its own, and the others are still told") {
    const char *records = RECORDS(PROJECT("a", "security", "p1", "10"),
        { .kind = "project.line", .subject = "b", .from = "2026-01-10", .amount = "100",
          .data = "{\"class\":\"it\"}" });
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.d"),
               "not_met\n- b: {1} đồng short of the share|10\n+ p1: {1} of {2} đồng|10|10");
}

#define BUY(name, data_) { .kind = "purchase.line", .subject = name, .from = "2026-02-10", .amount = "10", \
                           .data = data_ }

TEST("a purchase without an origin is unknown, and blanks are no reason for a foreign one") {
    const char *records = RECORDS(
        BUY("a", "{\"origin\":\"\",\"reason\":\"x\"}"), BUY("b", "{\"origin\":\"foreign\",\"reason\":\" \"}"),
        BUY("c", "{\"origin\":\"foreign\",\"reason\":\"x\"}"), BUY("d", "{\"origin\":\"domestic\"}"),
        BUY("e", "{}"), BUY("b", "{\"origin\":\"foreign\"}"));
    CHECK_TEXT(rows(records, "2026-12-20", "2026", "II.2.3.a"),
               "not_met\n? a: origin not stated\n- b: foreign product without a reason\n"
               "+ c: foreign product, the reason is on paper\n+ d: domestic product\n? e: origin not stated");
}

/* ---- II.2.1: monitoring ------------------------------------------------------------------------ */

/* so-tttt.s1 last sent by `protocol` ("": never) and was heard on the first of ten days; `gaps` are rows. */
static const char *heard_once(const char *protocol, const char *kind, const char *gaps)
{
    return records_small("2026-11-01", sql(ONE_SYSTEM "UPDATE source SET kind = '%s';"
        "INSERT INTO source_health(source, first_seen, last_seen, protocol)"
        " SELECT 'so-tttt.s1.log', 1, %T, '%s' WHERE '%s' <> '';"
        "INSERT INTO source_day(source, day, received, stored, first, last)"
        " SELECT 'so-tttt.s1.log', 20261101, 9, 9, 1, 1 WHERE '%s' <> '';"
        "INSERT INTO collector_gap(listener, began_at, ended_at) VALUES %s",
        kind, "2026-11-01", protocol, protocol, protocol, gaps));
}

TEST("a listener's gap excuses only those who send to it") {
    static const struct {
        const char *protocol, *kind, *listener, *wanted;
    } cases[] = {
        { "syslog-udp", "syslog", "http", "due\n- so-tttt.s1: heard on {1} of {2} days|1|10" },
        { "syslog-udp", "syslog", "syslog-udp", "met\n+ so-tttt.s1: heard on {1} of {2} days|1|1" },
        { "syslog-udp", "syslog", "", "met\n+ so-tttt.s1: heard on {1} of {2} days|1|1" },
        { "relp", "syslog", "syslog-udp", "due\n- so-tttt.s1: heard on {1} of {2} days|1|10" },
        { "", "syslog", "http", "due\n- so-tttt.s1: heard on none of {1} days|10" },
        { "", "syslog", "relp", "unknown\n? so-tttt.s1: no day of the period could be known" },
        { "", "http", "lumberjack", "unknown\n? so-tttt.s1: no day of the period could be known" },
        { "", "http", "syslog-udp", "due\n- so-tttt.s1: heard on none of {1} days|10" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char gap[200];
        snprintf(gap, sizeof gap, "('%s', %lld, %lld)", cases[i].listener, (long long)at("2026-11-01"),
                 (long long)at("2026-11-11"));
        const char *said = rows(heard_once(cases[i].protocol, cases[i].kind, gap), "2026-11-11", "2026-Q4",
                                "II.2.1.a");
        if (strcmp(said, cases[i].wanted) != 0)
            fail_msg("%s, gap of '%s': %s", cases[i].protocol, cases[i].listener, said);
    }
}

TEST("gaps that overlap are not added up, those of one listener that follow each other are") {
    static const char *const gaps[] = {
        "('syslog-udp', %T, %T), ('http', %T, %T)", "('syslog-udp', %T, %T), ('', %T, %T)",
        "('syslog-udp', %T, %T), ('', %T, %T)",
    };
    static const char *const second[][2] = {
        { "2026-11-02T12:00", "2026-11-02T12:35" }, { "2026-11-02T10:05", "2026-11-02T10:40" },
        { "2026-11-02T12:00", "2026-11-02T12:35" },
    };
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        char row[300];
        snprintf(row, sizeof row, "%s", sql(gaps[i], "2026-11-02T10:00", "2026-11-02T10:35", second[i][0],
                                            second[i][1]));
        CHECK_TEXT(rows(heard_once("syslog-udp", "syslog", row), "2026-11-03", "2026-Q4", "II.2.1.a"),
                   i == 2 ? "met\n+ so-tttt.s1: heard on {1} of {2} days|1|1"
                          : "due\n- so-tttt.s1: heard on {1} of {2} days|1|2");
    }
}

TEST("a system without a source is said to have none, whatever our listeners did") {
    const char *records = records_small("2026-09-01", sql(ONE_SYSTEM "DELETE FROM source;"
        "INSERT INTO collector_gap(listener, began_at, ended_at) VALUES ('', %T, %T)", "2026-09-15",
        "2026-12-15"));
    CHECK_TEXT(rows(records, "2026-12-30", "2026-Q4", "II.2.1.a"),
               "not_met\n- so-tttt.s1: no source is registered");
    CHECK_TEXT(rows(records, "2026-09-15T08:00", "2026-Q4", "II.2.1.a"),
               "due\n. so-tttt.s1: no source is registered; the first day is not over");
}

/* ---- papers of a period ------------------------------------------------------------------------- */

#define OPENED(kind_) { .kind = kind_, .subject = "old", .agency = "so-tc", .from = "2025-02-01" }
#define REVIEWED(day) { .kind = "review.signed", .from = day, .data = "{\"period\":\"2026-Q4\"}" }

TEST("a review that is signed before its period is over does not count") {
    const char *records = RECORDS(OPENED("review.signed"), REVIEWED("2026-09-15T09:00"));
    static const char early[] =
        "\n- so-tttt: the review was signed on {1}, before the period was over|2026-09-15";
    CHECK_TEXT(rows(records, "2026-09-16", "2026-Q4", "II.2.1.c") + strlen("due"), early);
    CHECK_TEXT(rows(records, "2027-01-20", "2026-Q4", "II.2.1.c") + strlen("not_met"), early);
    records = RECORDS(OPENED("review.signed"), REVIEWED("2026-09-15T09:00"), REVIEWED("2026-12-15"),
                      REVIEWED("2026-12-14T23:59"));
    CHECK_TEXT(rows(records, "2026-12-15T10:00", "2026-Q4", "II.2.1.c"),
               "met\n+ so-tttt: review signed on {1}|2026-12-15");
}

#define SENT(day, ok_) { .kind = "report.sent", .subject = "r", .from = day, .ok = ok_, \
                         .data = "{\"period\":\"2026\"}" }

TEST("the yearly report counts when it was really sent, and within its year") {
    static const struct {
        const char *day, *ok, *wanted;
    } cases[] = {
        { "2026-12-13T23:59", "1", "met\n+ 2026: sent on {1}|2026-12-13" },
        { "2026-12-14", "1", "not_met\n- 2026: sent on {1}|2026-12-14" },
        { "2026-12-10", "0", "not_met\n- 2026: the report was not sent" },
        { "2026-12-10", "NULL", "not_met\n- 2026: the report was not sent" },
        { "2025-03-10", "1", "not_met\n- 2026: the report was not sent" },
        { "2025-12-15", "1", "met\n+ 2026: sent on {1}|2025-12-15" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *records = RECORDS(OPENED("report.sent"), SENT(cases[i].day, cases[i].ok));
        CHECK_TEXT(rows(records, "2026-12-20", "2026", "III.2.report"), cases[i].wanted);
    }
    CHECK_TEXT(rows(RECORDS(OPENED("report.sent"), SENT("2026-12-01", "0"), SENT("2026-12-03", "1")),
                    "2026-12-20", "2026", "III.2.report"), "met\n+ 2026: sent on {1}|2026-12-03");
}

TEST("a regulation is due for review after 24 months of the calendar") {
    static const struct {
        const char *issued, *asked;
        bool held;
    } cases[] = {
        { "2024-12-01", "2026-12-01T12:00", true }, { "2024-12-01", "2026-12-02", false },
        { "2024-12-01", "2027-02-01", false },      { "2024-12-14", "2027-02-01", true },
        { "2024-12-13", "2027-02-01", false },      { "2024-02-29", "2026-03-01", false },
        { "2024-02-29", "2026-02-28T12:00", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *records = RECORDS(OPENED("regulation.issued"),
                                      { .kind = "regulation.issued", .from = cases[i].issued });
        const char *said = rows(records, cases[i].asked, i < 5 ? "2026-Q4" : "2026-Q1", "III.1.b");
        if (strstr(said, "\n+") ? !cases[i].held : cases[i].held)
            fail_msg("issued %s, asked %s: %s", cases[i].issued, cases[i].asked, said);
    }
}

/* ---- III.2.a: urging ---------------------------------------------------------------------------- */

/* II.2.1.a of so-tc, due on 15 September, late until 1 December ("": it still is), reminded then. */
static const char *late_until(const char *until, const char *reminded)
{
    char end[32] = "NULL", sent[400] = "";
    if (*until)
        snprintf(end, sizeof end, "%lld", (long long)at(until));
    if (*reminded)
        snprintf(sent, sizeof sent, "%s", sql("INSERT INTO notice(kind, subject, agency, obligation, period,"
            " receiver, channel, sent_at, learnt_at, by_whom) VALUES ('reminder', 'x', 'so-tc', 'II.2.1.a',"
            " '2026-Q3', 'x', 'console', %T, %T, 'x');", reminded, reminded));
    return records_small("2025-01-01", sql(
        "INSERT OR REPLACE INTO setting VALUES ('standing_since', 1, 1);"
        "INSERT INTO standing_late(plan, obligation, agency, period, due, began_at, ended_at) VALUES"
        " ('802/KH-UBND', 'II.2.1.a', 'so-tc', '2026-Q3', %T, %T, %s);%s",
        "2026-09-15", "2026-09-15T01:00", end, sent));
}

TEST("a duty that was late is to be urged while it is, and stays in the sum when it is done") {
    static const struct {
        const char *until, *reminded, *asked, *wanted;
    } cases[] = {
        { "", "", "2026-11-20", "- II.2.1.a/so-tc/2026-Q3: nobody was reminded" },
        { "2026-12-01", "", "2026-12-20", "- II.2.1.a/so-tc/2026-Q3: nobody was reminded" },
        { "2026-12-01", "2026-10-01", "2026-12-20", "+ II.2.1.a/so-tc/2026-Q3: reminded on {1}|2026-10-01" },
        { "", "2026-07-01", "2026-12-20", "- II.2.1.a/so-tc/2026-Q3: nobody was reminded" },
        { "2026-12-01", "2026-12-05", "2026-12-20", "- II.2.1.a/so-tc/2026-Q3: nobody was reminded" },
        { "", "2026-10-01", "2026-09-20", "- II.2.1.a/so-tc/2026-Q3: nobody was reminded" },
        { "2026-09-17", "", "2026-12-20",
          "* II.2.1.a/so-tc/2026-Q3: done on {1}, before it had to be urged|2026-09-17" },
        { "", "", "2026-09-17T12:00",
          ". II.2.1.a/so-tc/2026-Q3: late since {1}, nobody was reminded yet|2026-09-15" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = rows(late_until(cases[i].until, cases[i].reminded), cases[i].asked, "2026-Q4",
                                "III.2.a");
        CHECK_TEXT(strchr(said, '\n') ? strchr(said, '\n') + 1 : said, cases[i].wanted);
    }
}

/* ---- III.1.d: changes of staff ------------------------------------------------------------------ */

#define PERSON "INSERT INTO person VALUES ('an', 'A', '', '', NULL, '', 1, 1)," \
               " ('binh', 'B', '', '', NULL, '', 1, 1);"
#define POST "INSERT INTO post(person, agency, duty, holds_from, holds_to, learnt_at, end_learnt_at) VALUES "

TEST("who leaves is a change of staff too, whether another follows or not") {
    const char *records = records_small("2025-01-01", sql(PERSON POST
        "('an', 'so-tttt', 'focal', '2025-01-01', '2026-10-01', %T, %T),"
        "('an', 'so-tttt', 'incident_team', '2025-01-01', '2026-10-01', %T, %T),"
        "('an', 'so-tttt', 'head', '2025-01-01', '2026-10-01', %T, %T)", "2025-01-02", "2026-11-02",
        "2025-01-02", "2026-10-05", "2025-01-02", "2026-11-02"));
    CHECK_TEXT(rows(records, "2026-12-20", "2026-Q4", "III.1.d"),
               "not_met\n- an/focal/left: that the post ends was told {1} working days after it did|21\n"
               "+ an/incident_team/left: that the post ends was told {1} working days after it did|1");
    /* as known before it was told */
    CHECK_TEXT(rows(records, "2026-11-01", "2026-Q4", "III.1.d") + strlen("met"),
               "\n+ an/incident_team/left: that the post ends was told {1} working days after it did|1");
}

TEST("a change that took effect before the first start is unknown, a term that is renewed none") {
    const char *records = records_small("2026-11-30", sql(PERSON POST
        "('an', 'so-tttt', 'focal', '2026-10-01', NULL, %T, NULL),"
        "('binh', 'so-tttt', 'focal', '2025-01-01', '2026-12-01', %T, %T),"
        "('binh', 'so-tttt', 'focal', '2026-12-02', NULL, %T, NULL)", "2026-11-30T10:00", "2026-11-30T10:00",
        "2026-11-30T10:00", "2026-12-14"));
    CHECK_TEXT(rows(records, "2026-12-20", "2026-Q4", "III.1.d"),
               "unknown\n? an/focal: before the first start of this installation");
}

/* ---- one subject, told more than once ----------------------------------------------------------- */

TEST("of what was told of one subject the last counts, once") {
    /* each: no, then yes; and what was yes in another subject is told again */
    static const struct {
        const char *kind, *duty, *period, *wanted;
    } cases[] = {
        { "baseline.item", "III.1.e", "2026-H2", "met, checked on {1}" },
        { "document.exchanged", "II.2.4.a", "2026-Q4", "signed with the government CA, {1}" },
        { "service.result", "II.2.4.b", "2026-Q4", "signed with the government CA, {1}" },
        { "monitor.contract", "II.2.1.d", "2026", "contract of {1} with proof of capability" },
        { "publication.look", "II.1.a", "2026-Q4", "found on {1}" },
        { "difficulty.filed", "III.5.a", "2026-Q4", "filed on {1}" },
        { "policy.due", "III.2.e", "2026-H2", "in time, due {1}" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[300];
        const char *kind = cases[i].kind, *duty = cases[i].duty;
        const char *period = cases[i].period;
        const char *records = RECORDS(
            { .kind = kind, .subject = "a", .from = "2026-10-02", .learnt = "2026-10-02", .ok = "0" },
            { .kind = kind, .subject = "a", .from = "2026-10-02", .learnt = "2026-10-05" },
            { .kind = kind, .subject = "b", .from = "2026-10-02" },
            { .kind = kind, .subject = "b", .from = "2026-10-02" });
        snprintf(wanted, sizeof wanted, "met\n+ a: %s|2026-10-02\n+ b: %s|2026-10-02", cases[i].wanted,
                 cases[i].wanted);
        CHECK_TEXT(rows(records, "2026-12-20", period, duty), wanted);
        const char *then = rows(records, "2026-10-04", period, duty);
        if (!strstr(then, "\n- a: "))
            fail_msg("%s as known before: %s", kind, then);
    }
}

TEST("two contracts to monitor one system are two, and each is what was last told of it") {
#define CONTRACT(day, ok_, who) { .kind = "monitor.contract", .subject = "so-tttt.s1", .from = day, \
                                  .ok = ok_, \
                                  .data = "{\"organisation\":\"" who "\"}" }
    const char *records = RECORDS(CONTRACT("2026-01-01", "0", "firm-a"),
                                  CONTRACT("2026-02-01", "1", "firm-a"),
                                  CONTRACT("2026-01-01", "0", "firm-b"));
    const char *said = rows(records, "2026-12-20", "2026", "II.2.1.d");     /* the rows in any order */
    CHECK(strstr(said, "\n+ so-tttt.s1: contract of {1} with proof of capability|2026-02-01"));
    CHECK(strstr(said, "\n- so-tttt.s1: contract of {1} without proof of capability|2026-01-01"));
    CHECK_INT(strlen(said), strlen("not_met") + strlen("\n+ so-tttt.s1: contract of {1} with proof of "
              "capability|2026-02-01\n- so-tttt.s1: contract of {1} without proof of capability|2026-01-01"));
}

TEST("an addressee and an order to assess are what was last told of them") {
    const char *records = RECORDS(
        { .kind = "addressee.receipt", .subject = "a", .from = "2026-01-10", .ok = "0" },
        { .kind = "addressee.receipt", .subject = "a", .from = "2026-02-10" },
        { .kind = "guidance.issued", .from = "2026-01-05", .data = "{\"topic\":\"campaign\"}" },
        { .kind = "assessment.ordered", .subject = "o1", .from = "2026-03-01", .ok = "NULL" },
        { .kind = "assessment.ordered", .subject = "o1", .from = "2026-03-20" },
        { .kind = "assessment.ordered", .subject = "o2", .from = "2026-12-10", .ok = "NULL" },
        { .kind = "assessment.ordered", .subject = "o2", .from = "2026-12-20", .ok = "0" },
        { .kind = "assessment.ordered", .subject = "o3", .from = "2026-12-10", .ok = "NULL" });
    CHECK_TEXT(rows(records, "2026-12-30", "2026", "II.2.2.b"),
               "not_met\n+ o1: ordered on {1}, done in time|2026-03-01\n"
               "- o2: ordered on {1}, not done in time|2026-12-10\n"
               ". o3: ordered on {1}, still in time|2026-12-10");
    CHECK_TEXT(rows(records, "2026-12-30", "2027", "II.2.2.b"), "met");
    CHECK_TEXT(rows(records, "2026-12-30", "2026", "II.1.lead/so-tttt/1"),
               "met\n+ a: received on {1}|2026-02-10");
}

TEST("a host counts as it was last seen, a finding as it was last told, open since the first time") {
    char fixed[100];
    snprintf(fixed, sizeof fixed, "{\"severity\":\"high\",\"fixed_at\":%lld}", (long long)at("2026-10-07"));
    const char *records = RECORDS(
        { .kind = "host.seen", .subject = "10.0.0.9", .from = "2026-10-02", .ok = "0" },
        { .kind = "host.seen", .subject = "10.0.0.9", .from = "2026-10-03" },
        { .kind = "finding.confirmed", .subject = "f", .from = "2026-10-02",
          .data = "{\"severity\":\"high\"}" },
        { .kind = "finding.confirmed", .subject = "f", .from = "2026-10-07", .data = fixed });
    CHECK_TEXT(strchr(rows(records, "2026-12-20", "2026-Q4", "II.2.1.a/so-tttt/2"), '\n'),
               "\n+ 10.0.0.9: registered, seen on {1}|2026-10-03");
    CHECK_TEXT(strchr(rows(records, "2026-12-20", "2026-Q4", "II.2.2.a/so-tttt/1"), '\n'),
               "\n+ f: fix verified after {1} days|5");
}

TEST("a request that was answered is told again with its answer, and counts once") {
    static const struct {
        const char *kind, *duty, *period, *wanted;
    } cases[] = {
        { "support.asked", "III.2.i", "2026-Q4", "answered after {1} working days|2" },
        { "difficulty.filed", "III.5.b", "2026-Q4", "answered after {1} working days|2" },
        { "coordination.asked", "III.1.f", "2026-Q4", "answered after {1} working days|2" },
        { "estimate.submitted", "III.3.a/so-tc", "2026", "appraised after {1} working days|2" },
        { "case.passed", "III.4.a/cong-an", "2026-Q4", "acknowledged after {1} working days|2" },
    };
    char answered[100];
    snprintf(answered, sizeof answered, "{\"answered_at\":%lld}", (long long)at("2026-10-07"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[200];
        const char *records = records_small("2025-01-01", sql(
            "INSERT INTO agency(key, name, kind, rank, fold, created_at, changed_at)"
            " VALUES ('cong-an', 'x', 'cong-an', 1, '', 1, 1);%s", FACTS(
            { .kind = cases[i].kind, .subject = "a", .from = "2026-10-05", .ok = "NULL" },
            { .kind = cases[i].kind, .subject = "a", .from = "2026-10-05", .learnt = "2026-10-07",
              .ok = "NULL", .data = answered })));
        snprintf(wanted, sizeof wanted, "met\n+ a: %s", cases[i].wanted);
        CHECK_TEXT(rows(records, "2026-12-30", cases[i].period, cases[i].duty), wanted);
    }
}
