/* What the hub stores of the plan's standing, and the measure that asks for it. */
#include "base/buffer.h"
#include "base/clock.h"
#include "fixture.h"
#include "records/records.h"
#include "serve/judge.h"
#include "test.h"

#include <sqlite3.h>

static struct arena arena;
static struct plan *plan;

/* A source of so-tc was heard on no day, those of so-tttt each day from the first. */
static const char heard[] =
    "WITH RECURSIVE d(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM d WHERE n < 14)"
    " INSERT INTO source_day(source, day, received, stored, first, last)"
    " SELECT s.key, 20261200 + n, 9, 9, 1, 1 FROM d, source s WHERE s.key LIKE 'so-tttt.%';"
    "INSERT INTO evidence(kind, subject, agency, holds_from, learnt_at, basis, ok, data, by_whom)"
    " VALUES ('guidance.issued', 'p', 'so-tttt', 1796000000000000000, 1796000000000000000, 'verified', 1,"
    " '{\"topic\":\"plan\"}', 'a');";

static void change(const char *path, const char *sql)
{
    sqlite3 *db;
    char *why = NULL;
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
    sqlite3_close(db);
}

static void judge(const char *path, const char *moment)
{
    struct records *records = NULL;
    struct error e = ERROR_NONE;
    if (!records_open(path, RECORDS_WRITE, &records, &e) ||
        !judge_store(records, path, plan, at(moment), &e))
        fail_msg("%s: %s", e.place, e.sentence);
    records_close(&records);
}

/* III.2.a of the lead in the quarter that began on 15 December. */
static const struct plan_standing *urging(const char *path, const char *moment)
{
    struct plan_check_options options = { .at = at(moment), .period = SLICE("2027-Q1"),
                                          .obligation = SLICE("III.2.a") };
    struct plan_result *result = NULL;
    struct error e = ERROR_NONE;
    arena_free(&arena);
    arena_init(&arena, 0);
    if (!plan_check(plan, path, &options, &arena, &result, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    const struct plan_standing *s = plan_result_find(result, SLICE("III.2.a"), SLICE("so-tttt"),
                                                     SLICE("2027-Q1"));
    CHECK(s);
    return s;
}

TEST("a late duty that nobody urged speaks against the lead until the reminder is in the ledger") {
    struct error e = ERROR_NONE;
    if (!plan_load(PLAN_802, NULL, &plan, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    const char *path = records_small("2026-12-01", heard);

    CHECK_TEXT(standing_name(urging(path, "2026-12-20")->standing), "unknown"); /* nothing judged yet */
    judge(path, "2026-12-14T08:00");
    CHECK_TEXT(standing_name(urging(path, "2026-12-15T01:00")->standing), "met"); /* nobody is late */

    judge(path, "2026-12-20");
    const struct plan_standing *s = urging(path, "2026-12-20T01:00");
    CHECK_TEXT(standing_name(s->standing), "due");
    CHECK_INT(s->targets[0].row_count, 3); /* the year, its second half, its last quarter */
    CHECK_SLICE(s->targets[0].rows[2].subject, "II.2.1.a/so-tc/2026-Q4");
    CHECK_SLICE(s->targets[0].rows[0].reason, "nobody was reminded");
    CHECK_TEXT(standing_name(urging(path, "2027-05-01")->standing), "not_met");
    CHECK_TEXT(standing_name(urging(path, "2026-12-19")->standing), "met"); /* as known then */

    change(path, "INSERT INTO notice(kind, subject, agency, obligation, period, receiver, channel, sent_at,"
                 " learnt_at, by_whom) SELECT 'reminder', 'standing:' || obligation || '/' || period, agency,"
                 " obligation, period, 'head', 'letter', 1798000000000000000, 1798000000000000000, 'lead'"
                 " FROM standing_late WHERE agency = 'so-tc'");
    s = urging(path, "2027-05-01");
    CHECK_TEXT(standing_name(s->standing), "met");
    CHECK_SLICE(s->targets[0].rows[0].reason, "reminded on {1}|2026-12-23");
    plan_free(&plan);
}

TEST("a duty that was late and that nobody urged goes on speaking against the lead when it is done") {
    struct error e = ERROR_NONE;
    if (!plan_load(PLAN_802, NULL, &plan, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    const char *path = records_small("2026-12-01", heard);
    judge(path, "2026-12-20");
    judge(path, "2026-12-20T02:00");
    change(path, "INSERT INTO source_day(source, day, received, stored, first, last)"
                 " SELECT replace(source, 'so-tttt', 'so-tc'), day, 9, 9, 1, 1 FROM source_day");
    judge(path, "2026-12-21");
    CHECK_INT(urging(path, "2026-12-20T12:00")->targets[0].row_count, 3);
    const struct plan_standing *s = urging(path, "2027-05-01");
    CHECK_TEXT(standing_name(s->standing), "not_met");
    CHECK_INT(s->targets[0].row_count, 3);
    CHECK_SLICE(s->targets[0].rows[0].reason, "nobody was reminded");
    plan_free(&plan);
}
