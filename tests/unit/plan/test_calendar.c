#include "base/clock.h"
#include "fixture.h"
#include "test.h"

static void check_bounds(const char *id, const char *from, const char *to)
{
    struct period p;
    CHECK(period_parse(slice_of(id), 14, &p));
    CHECK_TEXT(p.id, id);
    CHECK_INT(p.from, at(from));
    CHECK_INT(p.to, at(to));
}

TEST("periods begin on the 15th of the month before and end on the 14th of their last month") {
    check_bounds("2026", "2025-12-15", "2026-12-15");
    check_bounds("2026-H1", "2025-12-15", "2026-06-15");
    check_bounds("2026-H2", "2026-06-15", "2026-12-15");
    check_bounds("2026-Q1", "2025-12-15", "2026-03-15");
    check_bounds("2026-Q4", "2026-09-15", "2026-12-15");
    check_bounds("2026-01", "2025-12-15", "2026-01-15");
    check_bounds("2026-12", "2026-11-15", "2026-12-15");
}

TEST("with the cut-off 0 periods are whole calendar months") {
    struct period p;
    CHECK(period_parse(SLICE("2026-Q1"), 0, &p));
    CHECK_INT(p.from, at("2026-01-01"));
    CHECK_INT(p.to, at("2026-04-01"));
    p = period_at(PERIOD_YEAR, at("2026-12-31T23:59"), 0);
    CHECK_TEXT(p.id, "2026");
}

TEST("the period of a moment changes at midnight of Vietnam behind the cut-off day") {
    CHECK_TEXT(period_at(PERIOD_YEAR, at("2026-12-15") - 1, 14).id, "2026");
    CHECK_TEXT(period_at(PERIOD_YEAR, at("2026-12-15"), 14).id, "2027");
    CHECK_TEXT(period_at(PERIOD_QUARTER, at("2026-12-15"), 14).id, "2027-Q1");
    CHECK_TEXT(period_at(PERIOD_HALF, at("2026-06-14T23:59"), 14).id, "2026-H1");
    CHECK_TEXT(period_at(PERIOD_MONTH, at("2026-11-24"), 14).id, "2026-12");
}

TEST("each moment of a year is in the period that period_at names, and only there") {
    for (int kind = 0; kind < PERIOD_KINDS; kind++)
        for (int64_t t = at("2025-11-01"); t < at("2027-03-01"); t += 7 * CLOCK_HOUR) {
            struct period p = period_at((enum period_kind)kind, t, 14);
            CHECK(t >= p.from && t < p.to);
            struct period before = period_before(&p, 14);
            CHECK_INT(before.to, p.from);
        }
}

TEST("what is no period is refused") {
    struct period p;
    static const char *const bad[] = { "", "26", "2026-", "2026-Q5", "2026-Q0", "2026-H3", "2026-13",
                                       "2026-00", "2026-Q1x", "x026", "2026-1", "2026Q1", "3026" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!period_parse(slice_of(bad[i]), 14, &p));
}

TEST("working days leave out weekends, holidays and Tet") {
    struct plan *plan = plan_small(NULL, NULL, NULL);
    const struct calendar *c = &plan->regime->calendar;
    CHECK(calendar_works(c, 20261124));
    CHECK(!calendar_works(c, 20261128));                    /* Saturday */
    CHECK(!calendar_works(c, 20260902));                    /* National Day */
    CHECK(!calendar_works(c, 20260217));                    /* Tết */
    CHECK_INT(calendar_working_days(c, at("2026-11-27"), at("2026-11-30")), 1);
    CHECK_INT(calendar_working_days(c, at("2026-02-13"), at("2026-02-23")), 1);
    CHECK_INT(calendar_working_days(c, at("2026-11-27"), at("2026-11-20")), 0);
    CHECK_INT(calendar_after_working_days(c, at("2026-12-15"), 2), at("2026-12-17"));
    CHECK_INT(calendar_after_working_days(c, at("2026-11-28"), 1), at("2026-12-01"));
    plan_free(&plan);
}

TEST("the label speaks both languages") {
    struct period p;
    char label[PERIOD_LABEL];
    CHECK(period_parse(SLICE("2026-Q4"), 14, &p));
    period_label(&p, "vi", label);
    CHECK_TEXT(label, "quý IV năm 2026");
    period_label(&p, "en", label);
    CHECK_TEXT(label, "quarter IV of 2026");
}
