#include "fixture.h"

#include "base/clock.h"
#include "base/file.h"
#include "records/records.h"
#include "test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

int64_t at(const char *text)
{
    int64_t time = 0;
    assert_true(clock_parse(slice_of(text), &time));
    return time;
}

static const char text[] =
    "#### **I. MUC DICH**\n\n- Purpose of all this.\n\n### **1. Duties**\n\n"
    "a) Every department must keep *the lamp* burning; and\n\nreport each oil\n\nthat it burns.\n\n"
    "b) Nobody looks after this sentence.\n";

static const char yaml[] =
    "plan: 1\n"
    "key: {number: 1/KH, date: 2020-01-01, issuer: Us, place: Here}\n"
    "title: {vi: Den, en: Lamp}\n"
    "regime: vn-2019\n"
    "text: text.txt\n"
    "in_force: {from: 2020-01-01}\n"
    "roles:\n"
    "  units: {title: {vi: So, en: Departments}, kinds: [so-nganh]}\n"
    "  lead: {title: {vi: Chu tri, en: Lead}, agency: so-tttt}\n"
    "numbers:\n"
    "  five: {value: 5, source: proposed, vi: nam, en: five}\n"
    "units:\n"
    "  lamp: {vi: den, en: lamps}\n"
    "measures:\n"
    "  lamp.burning: {vi: Den sang, en: Lamps that burn, per: lamp, as: ratio}\n"
    "clauses:\n"
    "  - {id: I.1, heading: 1. Duties, vi: Viec, en: Duties}\n"
    "obligations:\n"
    "  - id: I.1.a\n"
    "    clause: I.1\n"
    "    vi: Giu den\n"
    "    en: Keep the lamp\n"
    "    quote: Every department must keep the lamp burning;\n"
    "    also:\n"
    "      - and report each oil that it burns.\n"
    "    who: units\n"
    "    cadence: quarter\n"
    "    grace: P10D\n"
    "    targets:\n"
    "      - {measure: lamp.burning, ge: 0.1, source: proposed}\n"
    "aside:\n"
    "  - why: {vi: Muc dich, en: Purpose}\n"
    "    quotes: [I. MUC DICH, Purpose of all this., 1. Duties]\n";

static const char fine_row[] =
    "SELECT a.id AS agency, a.id AS subject, 1 AS ok, 1 AS w, 'measured' AS basis,\n"
    "       'agency:' || a.id AS evidence, 'burns' AS reason\nFROM m_agency a\n";

static struct arena paths;      /* they live as long as the program */

/* A folder of its own within the one that the test program removes at its end. */
static const char *new_folder(void)
{
    static const char *base;
    static unsigned count;
    struct error e = ERROR_NONE;
    if (!base)
        base = test_folder();
    const char *path = arena_print(&paths, "%s/%u", base, count++).data;
    assert_true(file_make_folder(path, 0755, &e));
    return path;
}

static void write_file(const char *folder, const char *name, const char *content)
{
    char path[512];
    struct error e = ERROR_NONE;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(file_replace(path, slice_of(content), 0644, &e));
}

const char *plan_folder(const char *sql, const char *old, const char *new)
{
    const char *folder = new_folder();
    char measures[512], *whole = strdup(yaml);
    struct error e = ERROR_NONE;

    if (old) {
        char *hit = strstr(whole, old);
        assert_non_null(hit);
        size_t size = sizeof yaml + strlen(new) + 1;
        char *changed = malloc(size);
        snprintf(changed, size, "%.*s%s%s", (int)(hit - whole), whole, new, hit + strlen(old));
        free(whole);
        whole = changed;
    }
    snprintf(measures, sizeof measures, "%s/measures", folder);
    assert_true(file_make_folder(measures, 0755, &e));
    write_file(folder, "plan.yaml", whole);
    write_file(folder, "text.txt", text);
    write_file(folder, "measures/lamp.burning.sql", sql ? sql : fine_row);
    free(whole);
    return folder;
}

struct plan *plan_small(const char *sql, const char *old, const char *new)
{
    struct plan *plan = NULL;
    struct error e = ERROR_NONE;
    if (!plan_load(plan_folder(sql, old, new), SOURCE_ROOT "/regimes", &plan, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    return plan;
}

const char *records_small(const char *start, const char *sql)
{
    const char *folder = new_folder();
    const char *path = arena_print(&paths, "%s/haidang.db", folder).data;
    char *why = NULL, setting[128];
    struct records *records = NULL;
    struct error e = ERROR_NONE;
    sqlite3 *db;

    if (!records_open(path, RECORDS_WRITE, &records, &e))
        fail_msg("%s", e.sentence);
    records_close(&records);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    snprintf(setting, sizeof setting, "INSERT OR REPLACE INTO setting VALUES ('first_start', '%lld', 1)",
             (long long)at(start));
    const char *const statements[] = {
        setting,
        "INSERT INTO agency(key, name, kind, rank, fold, created_at, changed_at) VALUES"
        " ('so-tttt', 'Sở TT&TT', 'so-nganh', 1, '', 1, 1), ('so-tc', 'Sở TC', 'so-nganh', 2, '', 1, 1)",
        "INSERT INTO system(key, agency, name, fold, created_at, changed_at)"
        " SELECT key || '.' || n, key, n, '', 1, 1 FROM agency,"
        " (SELECT 's1' AS n UNION ALL SELECT 's2')",
        "INSERT INTO source(key, system, name, kind, fold, created_at, changed_at)"
        " SELECT key || '.log', key, 'log', 'syslog', '', 1, 1 FROM system",
        sql,
    };
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        if (statements[i] && sqlite3_exec(db, statements[i], NULL, NULL, &why) != SQLITE_OK)
            fail_msg("%s: %s", why, statements[i]);
    sqlite3_close(db);
    return path;
}
