#include "base/clock.h"
#include "fixture.h"
#include "test.h"

/* One letter a row: + ok, - not, ? unknown, o our fault, . pending. Target ge num/of. */
static struct target_standing judged(const char *letters, int64_t num, int64_t of,
                                     enum plan_empty empty, bool open, bool started)
{
    static struct measure_row rows[64];
    static struct plan_measure measure;
    static struct plan_target target;
    static struct target_standing t;

    measure = (struct plan_measure){ .as = PLAN_RATIO, .empty = empty };
    target = (struct plan_target){ .measure = &measure, .num = num, .of = of };
    t = (struct target_standing){ .target = &target, .rows = rows };
    for (; letters[t.row_count]; t.row_count++) {
        char c = letters[t.row_count];
        rows[t.row_count] = (struct measure_row){
            .weight = 1, .ok = c == '+' ? 1 : c == '-' ? 0 : -1, .pending = c == '.',
            .fault = c == 'o' ? FAULT_OURS : FAULT_NONE, .basis = BASIS_MEASURED,
        };
    }
    target_judge(&t, open, started);
    return t;
}

static enum verdict verdict(const char *letters, int64_t num, int64_t of)
{
    return judged(letters, num, of, PLAN_EMPTY_UNKNOWN, true, true).verdict;
}

TEST("a target holds or fails only when the unknown rows could not turn it") {
    CHECK_INT(verdict("++++", 1, 1), VERDICT_HOLDS);
    CHECK_INT(verdict("+++-", 1, 1), VERDICT_FAILS);
    CHECK_INT(verdict("+++?", 1, 1), VERDICT_UNKNOWN);
    CHECK_INT(verdict("++-?", 1, 1), VERDICT_FAILS);
    CHECK_INT(verdict("+++?", 3, 4), VERDICT_HOLDS);
    CHECK_INT(verdict("++-?", 3, 4), VERDICT_UNKNOWN);
    CHECK_INT(verdict("+++.", 1, 1), VERDICT_PENDING);
    CHECK_INT(verdict("++.?", 1, 1), VERDICT_UNKNOWN);
    CHECK_INT(verdict("???", 1, 2), VERDICT_UNKNOWN);
}

TEST("ten per cent is ten per cent: figures are compared as integers") {
    static struct measure_row rows[2];
    static struct plan_measure measure = { .as = PLAN_RATIO };
    static struct plan_target target = { .measure = &measure, .num = 10, .of = 100 };
    static const struct {
        int64_t security, other;
        enum verdict verdict;
    } cases[] = {
        { 1, 9, VERDICT_HOLDS },
        { 12430000000, 111870000000, VERDICT_HOLDS },
        { 12429999999, 111870000001, VERDICT_FAILS },
        { 900000000000000000, 8100000000000000000, VERDICT_HOLDS },     /* beyond 64 bits when multiplied */
        { 899999999999999999, 8100000000000000001, VERDICT_FAILS },
        { 3, 27, VERDICT_HOLDS },               /* 0.1 is no binary fraction */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rows[0] = (struct measure_row){ .ok = 1, .weight = cases[i].security };
        rows[1] = (struct measure_row){ .ok = 0, .weight = cases[i].other };
        struct target_standing t = { .target = &target, .rows = rows, .row_count = 2 };
        target_judge(&t, true, true);
        CHECK_INT(t.verdict, cases[i].verdict);
    }
}

TEST("an empty population gets what the measure says, and nothing before the first start") {
    CHECK_INT(judged("", 1, 1, PLAN_EMPTY_MET, true, true).verdict, VERDICT_HOLDS);
    CHECK_INT(judged("", 1, 1, PLAN_EMPTY_EXEMPT, true, true).verdict, VERDICT_EMPTY);
    CHECK_INT(judged("", 1, 1, PLAN_EMPTY_UNKNOWN, true, true).verdict, VERDICT_UNKNOWN);
    struct target_standing t = judged("", 1, 1, PLAN_EMPTY_MET, true, false);
    CHECK_INT(t.verdict, VERDICT_UNKNOWN);
    CHECK_INT(t.fault, FAULT_OURS);
}

TEST("while no evidence of the kind can have arrived no row speaks against anybody") {
    struct target_standing t = judged("--+", 1, 1, PLAN_EMPTY_UNKNOWN, false, true);
    CHECK_INT(t.verdict, VERDICT_UNKNOWN);
    CHECK_TEXT(t.said.form, "no evidence yet");
    for (uint32_t i = 0; i < t.row_count; i++)
        CHECK_INT(t.rows[i].ok, -1);
}

/* The standing of targets with those verdicts, `days` after the due date, grace 10 days. */
static struct plan_standing stand(const char *verdicts, int days, const struct plan_exemption *x)
{
    static struct plan_measure measure;
    static struct plan_target targets[8];
    static struct target_standing ts[8];
    static struct plan_obligation o;
    struct plan_standing s = { .obligation = &o, .exemption = x, .targets = ts,
                               .due = at("2026-12-15") };

    o = (struct plan_obligation){ .targets = targets, .grace = 10 * CLOCK_DAY };
    for (; verdicts[o.target_count]; o.target_count++) {
        char c = verdicts[o.target_count];
        targets[o.target_count] = (struct plan_target){ .measure = &measure, .show = c == 's' };
        ts[o.target_count] = (struct target_standing){
            .target = &targets[o.target_count],
            .verdict = c == '+' ? VERDICT_HOLDS : c == '.' ? VERDICT_PENDING
                     : c == '?' ? VERDICT_UNKNOWN : c == '0' ? VERDICT_EMPTY : VERDICT_FAILS,
        };
    }
    standing_judge(&s, s.due + days * CLOCK_DAY);
    return s;
}

TEST("each standing of the table") {
    static const struct {
        const char *verdicts;
        int days;
        enum standing standing;
        int late;
    } cases[] = {
        { "+", -5, STANDING_MET, 0 },      { "+", 50, STANDING_MET, 0 },
        { "++", 5, STANDING_MET, 0 },      { "+0", 5, STANDING_MET, 0 },
        { "0", 5, STANDING_EXEMPT, 0 },    { "00", 5, STANDING_EXEMPT, 0 },
        { "-", -1, STANDING_DUE, 0 },      { "-", 0, STANDING_LATE, 1 },
        { "-", 9, STANDING_LATE, 10 },     { "-", 10, STANDING_NOT_MET, 11 },
        { "+-", -1, STANDING_DUE, 0 },     { "+-", 20, STANDING_NOT_MET, 21 },
        { "?", -1, STANDING_UNKNOWN, 0 },  { "?", 20, STANDING_UNKNOWN, 0 },
        { "?-", 20, STANDING_NOT_MET, 21 },{ "-?", -1, STANDING_DUE, 0 },
        { ".", -1, STANDING_DUE, 0 },      { ".", 1, STANDING_DUE, 0 },
        { ".", 20, STANDING_DUE, 0 },      { ".-", 20, STANDING_NOT_MET, 21 },
        { ".?", 1, STANDING_UNKNOWN, 0 },  { "+s", 20, STANDING_MET, 0 },
        { "s+", 20, STANDING_MET, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan_standing s = stand(cases[i].verdicts, cases[i].days, NULL);
        if (s.standing != cases[i].standing || s.late_days != cases[i].late)
            fail_msg("%s at %d: %s, %lld days", cases[i].verdicts, cases[i].days,
                     standing_name(s.standing), (long long)s.late_days);
    }
}

TEST("an exemption comes first") {
    static const struct plan_exemption x = { .id = 1 };
    CHECK_INT(stand("-", 20, &x).standing, STANDING_EXEMPT);
    CHECK_INT(stand("?", 20, &x).standing, STANDING_EXEMPT);
}

TEST("the weakest basis that counts is the standing's") {
    static struct plan_measure measure;
    static struct plan_target targets[3] = { { .measure = &measure }, { .measure = &measure },
                                             { .measure = &measure, .show = true } };
    static struct target_standing ts[3] = {
        { .target = &targets[0], .basis_rows = { [BASIS_MEASURED] = 3 } },
        { .target = &targets[1], .basis_rows = { [BASIS_VERIFIED] = 1 } },
        { .target = &targets[2], .basis_rows = { [BASIS_DECLARED] = 1 } },
    };
    static struct plan_obligation o = { .targets = targets, .target_count = 3 };
    struct plan_standing s = { .obligation = &o, .targets = ts };
    standing_judge(&s, 0);
    CHECK(s.has_basis);
    CHECK_INT(s.basis, BASIS_VERIFIED);
}
