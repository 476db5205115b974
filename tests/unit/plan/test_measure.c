#include "base/clock.h"
#include "fixture.h"
#include "test.h"

#include <stdio.h>

#define COLUMNS(from) \
    "SELECT 'a' AS agency, 's' AS subject, 1 AS ok, 1 AS w, 'measured' AS basis, '' AS evidence, " \
    "'' AS reason " from

/* Runs sql over an empty database; true when it was let pass. */
static bool run(const char *sql, struct measure_rows *rows_out, struct error *e)
{
    struct plan *plan = plan_small(sql, NULL, NULL);
    static struct arena arena;
    MEASURES_AUTO *measures = NULL;
    struct measure_rows rows = { 0 };

    arena_free(&arena);
    arena_init(&arena, 0);
    CHECK(measures_open(NULL, &measures, e));
    measures_set_time(measures, 200 * 1000000);
    struct measure_input input = { .plan = plan, .period = period_at(PERIOD_QUARTER, at("2026-11-24"), 14),
                                   .asof = at("2026-11-24") };
    bool fine = measure_run(measures, &plan->measures[0], &input, &arena, &rows, e);
    if (rows_out)
        *rows_out = rows;
    plan_free(&plan);
    return fine;
}

TEST("a measure that reads views, with our functions and parameters, is let pass") {
    static const char *const fine[] = {
        COLUMNS("FROM m_agency a WHERE a.valid_from < :to_day AND a.valid_to >= :from_day"),
        COLUMNS("FROM m_evidence e WHERE e.learnt_at <= :asof AND e.data ->> '$.x' = 1"),
        COLUMNS("WHERE days_between(:from, :to) = :days AND day_add(:from_day, 1) > :from_day"),
        COLUMNS("WHERE :n_five = 5 AND :r_security_share_min_num = 10 AND :role_lead = 'so-tttt'"),
        "WITH x(a) AS (SELECT COUNT(*) FROM m_alert) " COLUMNS("FROM x"),
        COLUMNS("WHERE (SELECT COUNT(*) FROM m_source_day) = 0 -- a remark") ";\n",
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct error e = ERROR_NONE;
        if (!run(fine[i], NULL, &e))
            fail_msg("%s: %s", fine[i], e.sentence);
    }
}

TEST("whatever is no SELECT over the views is refused") {
    static const struct {
        const char *sql, *sentence;
    } bad[] = {
        { "INSERT INTO setting VALUES ('a', 'b', 1)", "may not" },
        { "DELETE FROM audit", "may not" },
        { "UPDATE evidence SET ok = 1", "may not" },
        { "DROP VIEW m_agency", "may not" },
        { "CREATE TABLE t(x)", "may not" },
        { "PRAGMA query_only = 0", "may not" },
        { "ATTACH '/tmp/x.db' AS x", "may not" },
        { "BEGIN", "may not" },
        { COLUMNS("FROM user"), "may not" },
        { COLUMNS("WHERE (SELECT COUNT(*) FROM session) >= 0"), "may not" },
        { COLUMNS("FROM setting s WHERE s.value = ''"), "may not" },
        { COLUMNS("FROM m_agency, person"), "may not" },
        { COLUMNS("FROM sqlite_master"), "may not" },
        { COLUMNS("WHERE load_extension('x') IS NULL"), "may not" },
        { COLUMNS("WHERE random() = 1"), "may not" },
        { COLUMNS("WHERE date('now') = ''"), "may not" },
        { COLUMNS("WHERE readfile('/etc/passwd') = ''"), "" },
        { "WITH m_agency AS (SELECT password FROM user) " COLUMNS("FROM m_agency"), "of its own" },
        { "WITH m_x(a) AS (SELECT password FROM user) " COLUMNS("FROM m_x"), "of its own" },
        { "WITH \"m_x\" AS MATERIALIZED (SELECT password FROM user) " COLUMNS("FROM m_x"), "of its own" },
        { "WITH M_x /* x */ AS -- y\n NOT MATERIALIZED (SELECT password FROM user) " COLUMNS("FROM M_x"),
          "of its own" },
        { COLUMNS("") "; " COLUMNS(""), "one SELECT" },
        { "-- nothing", "one SELECT" },
        { "SELECT 1 AS agency", "the columns" },
        { "SELECT 1 AS agency, 2 AS subject, 3 AS ok, 4 AS w, 5 AS basis, 6 AS reason, 7 AS evidence",
          "the columns" },
        { COLUMNS("WHERE :nobody = 1"), "nothing is bound to the parameter :nobody" },
        { COLUMNS("WHERE :r_unheard_of = 1"), "nothing is bound" },
        { COLUMNS("WHERE ? = 1"), "nothing is bound" },
        { COLUMNS("FROM nowhere"), "does not run" },
        { "SELEC", "does not run" },
        { "SELECT NULL AS agency, 's' AS subject, 1 AS ok, 1 AS w, 'measured' AS basis, '' AS evidence,"
          " '' AS reason", "no agency" },
        { "SELECT 'a' AS agency, 's' AS subject, 2 AS ok, 1 AS w, 'measured' AS basis, '' AS evidence,"
          " '' AS reason", "'ok'" },
        { "SELECT 'a' AS agency, 's' AS subject, 1 AS ok, 1.5 AS w, 'measured' AS basis, '' AS evidence,"
          " '' AS reason", "'w'" },
        { "SELECT 'a' AS agency, 's' AS subject, 1 AS ok, 1 AS w, 'guessed' AS basis, '' AS evidence,"
          " '' AS reason", "'basis'" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error e = ERROR_NONE;
        if (run(bad[i].sql, NULL, &e))
            fail_msg("let pass: %s", bad[i].sql);
        if (!strstr(e.sentence, bad[i].sentence))
            fail_msg("%s: %s", bad[i].sql, e.sentence);
        CHECK_ERROR(e, "lamp.burning.sql");
    }
}

TEST("a measure without an end is stopped") {
    struct error e = ERROR_NONE;
    int64_t start = clock_steady();
    CHECK(!run("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
               COLUMNS("FROM n WHERE n.x < 0"), NULL, &e));
    CHECK_ERROR(e, "takes too long");
    CHECK(clock_steady() - start < 3 * CLOCK_SECOND);
}

TEST("a measure with too many rows is stopped") {
    struct error e = ERROR_NONE;
    CHECK(!run("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000) "
               COLUMNS("FROM n"), NULL, &e));
    CHECK(strstr(e.sentence, "rows") || strstr(e.sentence, "too long"));
}

TEST("marks in front of a reason tell whose fault an unknown row is") {
    struct error e = ERROR_NONE;
    struct measure_rows rows;
    CHECK(run("SELECT 'a' AS agency, value AS subject, NULL AS ok, 1 AS w, 'measured' AS basis,"
              " '' AS evidence, value || ':why|1' AS reason FROM (SELECT 'ours' AS value UNION ALL"
              " SELECT 'pending' UNION ALL SELECT 'theirs' UNION ALL SELECT 'third')", &rows, &e));
    CHECK_INT(rows.count, 4);
    CHECK_INT(rows.rows[0].fault, FAULT_OURS);
    CHECK(rows.rows[1].pending && rows.rows[1].fault == FAULT_NONE);
    CHECK_INT(rows.rows[2].fault, FAULT_THEIRS);
    CHECK_INT(rows.rows[3].fault, FAULT_THIRD);
    CHECK_SLICE(rows.rows[0].reason, "why|1");
}

#define REASON(sql) \
    "SELECT 'a' AS agency, 's' AS subject, 1 AS ok, 1 AS w, 'measured' AS basis, '' AS evidence, " \
    sql " AS reason"

TEST("a text joined to arithmetic without parentheses is refused with its line") {
    static const char *const wrong[] = {
        "'after {1} hours|' || :to / 3600", "'a|' || (:to - :from) / 60", "'a|' ||\n max(1, 2) * 3",
        "1 + 2 || ' days'", "'a' || CASE WHEN 1 THEN 2 ELSE 3 END % 2", "'a' || x.y - 1",
    };
    static const char *const fine[] = {
        "'after {1} hours|' || (:to / 3600)", "'a|' || ('{\"b\":1}' ->> '$.b')", "'a' || -1",
        "'a|' || max(1, 2 * 3) || '|' || (1 + 2)", "'a' || ' - ' || 'b' /* / 2 */",
        "CASE WHEN 2 * 3 > 5 THEN 'a' || 'b' ELSE 'c' END",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error e = ERROR_NONE;
        char sql[512];
        snprintf(sql, sizeof sql, REASON("%s"), wrong[i]);
        CHECK(!run(sql, NULL, &e));
        if (strncmp(e.sentence, "'||' binds tighter than ", 24) || !strstr(e.sentence, "in line 1"))
            fail_msg("%s: %s", wrong[i], e.sentence);
    }
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct error e = ERROR_NONE;
        char sql[512];
        snprintf(sql, sizeof sql, REASON("%s"), fine[i]);
        if (!run(sql, NULL, &e))
            fail_msg("%s: %s", fine[i], e.sentence);
    }
}

TEST("a row whose reason is a number is refused") {
    struct error e = ERROR_NONE;
    CHECK(!run(REASON("0"), NULL, &e));
    CHECK_ERROR(e, "'reason' is a text, not '0'");
}
