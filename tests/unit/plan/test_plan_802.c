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
 * * shown only; its subject and reason. Of so-tttt, unless the obligation is written "II.1.a/so-tc". */
static const char *rows(const char *records, const char *moment, const char *period, const char *duty)
{
    static struct plan *plan;
    static char said[8192];
    struct slice agency = slice_of(duty), obligation = SLICE_NONE;
    struct plan_result *r = NULL;
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;

    buffer_init(&out, sizeof said);
    if (!plan && !plan_load(PLAN_802, NULL, &plan, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    arena_free(&arena);
    arena_init(&arena, 0);
    if (!slice_split(&agency, '/', &obligation) || !agency.len)
        agency = SLICE("so-tttt");
    struct plan_check_options options = { .at = at(moment), .period = slice_of(period),
                                          .obligation = obligation };
    if (!plan_check(plan, records, &options, &arena, &r, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    const struct plan_standing *s = plan_result_find(r, obligation, agency, slice_of(period));
    if (!s)
        fail_msg("no standing of %s in %s", duty, period);
    buffer_print(&out, "%s", standing_name(s->standing));
    for (uint32_t i = 0; i < s->targets[0].row_count; i++) {
        const struct measure_row *row = &s->targets[0].rows[i];
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
