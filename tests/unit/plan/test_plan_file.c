#include "base/file.h"
#include "fixture.h"
#include "test.h"

#include <stdio.h>

TEST("the plan of 2019 loads without a fault") {
    struct plan *plan;
    struct plan_fault *faults;
    uint32_t count;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    if (!plan_load(PLAN_802, NULL, &plan, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    CHECK_SLICE(plan->id, "802-kh-ubnd-2019");
    CHECK(plan->obligation_count >= 40);
    CHECK(plan_lint(plan, NULL, &arena, &faults, &count, &e));
    for (uint32_t i = 0; i < count; i++)
        fail_msg("%s: %s", faults[i].error.place, faults[i].error.sentence);
    plan_free(&plan);
    CHECK(plan == NULL);
}

TEST("a regime knows by what it was superseded, and what is not confirmed") {
    struct plan *plan = plan_small(NULL, NULL, NULL);
    CHECK_SLICE(plan->regime->successor->id, "vn-2026");
    CHECK(!regime_value(plan->regime, SLICE("incident_days"))->confirmed);
    const struct regime_value *share = regime_value(plan->regime, SLICE("security_share_min"));
    CHECK(share->confirmed && share->num == 10 && share->of == 100);
    CHECK_INT(regime_value(plan->regime->successor, SLICE("security_share_min"))->num, 15);
    CHECK_INT(regime_number(plan->regime, "no_such", -1), -1);
    plan_free(&plan);
}

TEST("a broken plan is refused with its place and a sentence") {
    static const struct {
        const char *old, *new, *place, *sentence;
    } bad[] = {
        { "plan: 1\n", "plan: 2\n", "plan.yaml:1:7", "this program reads plans of version 1" },
        { "plan: 1\n", "", "plan.yaml:1", "'plan' is missing" },
        { "plan: 1\n", "- a\n", "plan.yaml:", "" },
        { "regime: vn-2019\n", "regime: vn-1919\n", "", "" },
        { "regime: vn-2019\n", "regime: ../../etc/passwd\n", "", "is no name of a regime" },
        { "text: text.txt\n", "text: ../text.txt\n", "plan.yaml:5:7", "a file in the plan's folder" },
        { "text: text.txt\n", "text: /etc/passwd\n", "plan.yaml:5:7", "a file in the plan's folder" },
        { "text: text.txt\n", "text: no.txt\n", "plan.yaml:5:7", "no.txt" },
        { "date: 2020-01-01", "date: 2020-13-01", "plan.yaml:2:", "this is no date" },
        { "from: 2020-01-01", "from: yesterday", "plan.yaml:6:", "this is no date" },
        { "kinds: [so-nganh]", "kinds: []", "plan.yaml:8:", "either one agency or some kinds" },
        { "agency: so-tttt", "agency: so-tttt, kinds: [x]", "plan.yaml:9:", "either one agency" },
        { "value: 5,", "value: five,", "plan.yaml:11:", "whole number" },
        { "value: 5, source: proposed", "value: 5, source: me", "plan.yaml:11:", "where it comes from" },
        { "per: lamp", "per: candle", "plan.yaml:15:", "'candle' is not among the units" },
        { "as: ratio", "as: mean", "plan.yaml:15:", "ratio or count" },
        { "as: ratio", "as: ratio, empty: fine", "plan.yaml:15:", "met, exempt or unknown" },
        { "as: ratio", "as: ratio, colour: red", "plan.yaml:15:", "unknown key 'colour'" },
        { "lamp.burning: {vi", "lamp.out: {vi", "plan.yaml:15:", "lamp.out.sql" },
        { "lamp.burning: {vi", "../x: {vi", "plan.yaml:15:", "a measure's name is" },
        { "clause: I.1\n", "clause: I.2\n", "plan.yaml:20:", "there is no clause 'I.2'" },
        { "id: I.1.a", "id: I.1/a", "plan.yaml:19:", "an id is letters" },
        { "    vi: Giu den\n", "", "plan.yaml:19:", "'vi' is missing" },
        { "who: units\n", "who: everybody\n", "plan.yaml:26:", "there is no role 'everybody'" },
        { "cadence: quarter\n", "cadence: weekly\n", "plan.yaml:27:", "'weekly' is no cadence" },
        { "cadence: quarter\n", "cadence: continuous\n", "plan.yaml:27:", "in which periods" },
        { "cadence: quarter\n", "cadence: quarter\n    judged: year\n", "plan.yaml:28:", "'judged' is for" },
        { "cadence: quarter\n", "cadence: quarter\n    due: {regime: report_before}\n", "plan.yaml:28:",
          "only a yearly duty" },
        { "cadence: quarter\n", "cadence: year\n    due: {regime: report_to}\n", "plan.yaml:28:",
          "has no day or number 'report_to'" },
        { "grace: P10D", "grace: 10", "plan.yaml:28:", "no span of days" },
        { "measure: lamp.burning, ge", "measure: lamp.lit, ge", "plan.yaml:30:", "no measure 'lamp.lit'" },
        { "ge: 0.1", "ge: ten", "plan.yaml:30:", "a target is a number" },
        { "ge: 0.1", "ge: 1.5", "plan.yaml:30:", "a share cannot be above 1" },
        { "ge: 0.1", "ge: {regime: no_such}", "plan.yaml:30:", "has no share or number 'no_such'" },
        { "ge: 0.1", "ge: 0.1, warn: 0.2", "plan.yaml:30:", "'warn' must be below" },
        { "ge: 0.1, source: proposed", "show: true", "plan.yaml:30:", "a target that counts" },
        { "ge: 0.1, source: proposed", "ge: 0.1", "plan.yaml:30:", "where it comes from" },
        { "aside:\n", "  - {id: I.1.a}\naside:\n", "plan.yaml:31:", "two obligations 'I.1.a'" },
        { "aside:\n", "besides:\n", "plan.yaml:31:1", "unknown key 'besides'" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct plan *plan = NULL;
        struct error e = ERROR_NONE;
        if (plan_load(plan_folder(NULL, bad[i].old, bad[i].new), SOURCE_ROOT "/regimes", &plan, &e))
            fail_msg("let pass: %s", bad[i].new);
        if (!strstr(e.place, bad[i].place) || !strstr(e.sentence, bad[i].sentence))
            fail_msg("%s: at %s: %s", bad[i].new, e.place, e.sentence);
        CHECK(plan == NULL);
    }
}

/* The faults of a plan that can be read, as "place: sentence" each in a line. */
static const char *faults_of(const char *sql, const char *old, const char *new)
{
    static char all[4096];
    struct plan *plan = plan_small(sql, old, new);
    struct plan_fault *faults;
    uint32_t count;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;

    arena_init(&arena, 0);
    CHECK(plan_lint(plan, NULL, &arena, &faults, &count, &e));
    all[0] = 0;
    for (uint32_t i = 0; i < count; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s: %s\n", faults[i].error.place,
                 faults[i].error.sentence);
    plan_free(&plan);
    return all;
}

TEST("lint finds quotes that are not in the text, behind their clause's heading") {
    CHECK_TEXT(faults_of(NULL, NULL, NULL), "");
    CHECK(strstr(faults_of(NULL, "Every department must keep the lamp burning;", "Every lamp"),
                 "plan.yaml:23:12: the quote of I.1.a is not in the plan's text"));
    CHECK(strstr(faults_of(NULL, "Every department must keep the lamp burning;", "Purpose of all this."),
                 "behind '1. Duties'"));
    CHECK(strstr(faults_of(NULL, "heading: 1. Duties", "heading: 7. Duties"),
                 "the heading of clause I.1 is not in the text"));
    CHECK(strstr(faults_of(NULL, "[I. MUC DICH,", "[X. NOTHING,"), "these words are not in the"));
}

TEST("lint prepares each measure and wants its reasons in Vietnamese") {
    CHECK(strstr(faults_of("SELECT 1", NULL, NULL), "lamp.burning.sql: a measure gives the columns"));
    CHECK(strstr(faults_of("SELECT a.id AS agency, '' AS subject, 1 AS ok, 1 AS w, 'measured' AS basis,"
                           " '' AS evidence, 'it burns well|' || 1 AS reason FROM m_agency a",
                           NULL, NULL),
                 "the reason 'it burns well' has no Vietnamese"));
}

TEST("an obligation is judged in its own period when another is asked") {
    struct plan *plan = plan_small(NULL, NULL, NULL);
    const struct plan_obligation *o = &plan->obligations[0];
    static const char *const cases[][2] = {
        { "2026-Q3", "2026-Q3" }, { "2026", "2026-Q4" }, { "2026-H1", "2026-Q2" }, { "2026-11", "2026-Q4" },
    };
    for (size_t i = 0; i < 4; i++) {
        struct period asked, own;
        CHECK(period_parse(slice_of(cases[i][0]), plan->regime->cutoff, &asked));
        own = plan_period_for(plan, o, &asked);
        CHECK_TEXT(own.id, cases[i][1]);
    }
    plan_free(&plan);
}
