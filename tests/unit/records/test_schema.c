#include <sqlite3.h>

#include "fixture.h"
#include "records/audit.h"
#include "records/incident.h"
#include "records/store.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool tried(const char *path, const char *sql)
{
    sqlite3 *db;
    CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
    bool well = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!well)
        fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    sqlite3_close(db);
    return well;
}

static void execute(const char *path, const char *sql)
{
    CHECK(tried(path, sql));
}

TEST("an empty file gets every migration, and opening it again changes nothing") {
    const char *path;
    struct records *records = fixture_empty(&path);
    struct error e = ERROR_NONE;
    CHECK_INT(records_schema(records), records_schema_known());
    CHECK(records_check(records, &e));
    records_close(&records);
    CHECK(records_open(path, RECORDS_WRITE, &records, &e));
    records_close(&records);
    CHECK(records_open(path, RECORDS_READ, &records, &e));
    records_close(&records);
}

TEST("a file of each older schema is brought up to date with its rows") {
    for (int old = 1; old < records_schema_known(); old++) {
        struct arena arena;
        arena_init(&arena, 0);
        const char *path = file_join(&arena, test_folder(), "old.db");
        execute(path, "PRAGMA application_id = 1212432711;");
        for (int i = 1; i <= old; i++)
            execute(path, records_migration(i));
        char pragma[64];
        snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", old);
        execute(path, pragma);
        execute(path, "INSERT INTO agency VALUES ('so-x', 'X', '', '', 'so-nganh', 1, NULL, NULL, "
                      "'x', 1, 1)");
        struct records *records = NULL;
        struct error e = ERROR_NONE;
        CHECK(!records_open(path, RECORDS_READ, &records, &e));
        CHECK_ERROR(e, "older schema");
        error_clear(&e);
        CHECK(records_open(path, RECORDS_WRITE, &records, &e));
        struct records_agency agency;
        CHECK(records_agency_get(records, &RECORDS_SCOPE_ALL, SLICE("so-x"), &arena, &agency, &e));
        records_close(&records);
        arena_free(&arena);
    }
}

TEST("sentences of an older time line become facts, and a person's notes stay") {
    static const struct { const char *kind, *text, *kind_then, *text_then; uint64_t events; } rows[] = {
        { "opened", "Dò mật khẩu", "opened", "", 0 },
        { "alert", "Dò mật khẩu SSH", "alert", "", 0 },
        { "note", "Giữ log làm chứng cứ (legal hold): điều tra", "hold", "điều tra", 0 },
        { "note", "Thôi giữ log làm chứng cứ (hold released)", "release", "", 0 },
        { "note", "Thôi giữ log làm chứng cứ (hold released): xong", "release", "xong", 0 },
        { "note", "Xuất gói chứng cứ (evidence package): 17 sự kiện, SHA-256 " DIGEST ": công an yêu cầu",
          "package", "công an yêu cầu", 17 },
        { "note", "Giữ log làm chứng cứ", "note", "Giữ log làm chứng cứ", 0 },
        { "event", "của ai khác", "note", "của ai khác", 0 },
    };
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    const char *path = file_join(&arena, test_folder(), "old.db");
    execute(path, "PRAGMA application_id = 1212432711;");
    for (int i = 1; i <= 8; i++)
        execute(path, records_migration(i));
    execute(path, "PRAGMA user_version = 8;"
                  "INSERT INTO agency VALUES ('so-x', 'X', '', '', 'so-nganh', 1, NULL, NULL, 'x', 1, 1);"
                  "INSERT INTO incident (id, year, number, title, state, severity, agency, opened_by, "
                  "opened_at, detected_at, fold) VALUES "
                  "(1, 2026, 1, 'Dò mật khẩu', 'new', 3, 'so-x', 'a', 1, 1, '');");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char insert[500];
        snprintf(insert, sizeof insert, "INSERT INTO incident_entry (incident, time, learnt_at, kind, user, "
                 "text) VALUES (1, %zu, 1, '%s', 'a', '%s')", i + 1, rows[i].kind, rows[i].text);
        execute(path, insert);
    }
    struct records *records = NULL;
    struct error e = ERROR_NONE;
    struct records_incident_entry *entries;
    uint32_t count;
    CHECK(records_open(path, RECORDS_WRITE, &records, &e));
    CHECK(records_check(records, &e));
    CHECK(records_incident_entries(records, &RECORDS_SCOPE_ALL, 1, &arena, &entries, &count, &e));
    CHECK_INT(count, sizeof rows / sizeof *rows);
    for (uint32_t i = 0; i < count; i++) {
        CHECK_SLICE(entries[i].kind, rows[i].kind_then);
        CHECK_SLICE(entries[i].text, rows[i].text_then);
        CHECK_INT(entries[i].events, rows[i].events);
        CHECK_SLICE(entries[i].sha256, rows[i].events ? DIGEST : "");
    }
    records_close(&records);
    CHECK(!tried(path, "UPDATE incident_entry SET text = 'x'"));
    CHECK(!tried(path, "DELETE FROM incident_entry"));
    CHECK(!tried(path, "INSERT INTO incident_entry (incident, time, learnt_at, kind, user) "
                       "VALUES (1, 1, 1, 'event', 'a')"));
}

TEST("a title that nobody wrote gets its English one from its alert; a person's stays alone") {
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    const char *path = file_join(&arena, test_folder(), "old.db");
    execute(path, "PRAGMA application_id = 1212432711;");
    for (int i = 1; i <= 9; i++)
        execute(path, records_migration(i));
    execute(path, "PRAGMA user_version = 9;"
                  "INSERT INTO agency VALUES ('so-x', 'X', '', '', 'so-nganh', 1, NULL, NULL, 'x', 1, 1);"
                  "INSERT INTO incident (id, year, number, title, state, severity, agency, opened_by, "
                  "opened_at, detected_at, fold) VALUES "
                  "(1, 2026, 1, 'Dò mật khẩu', 'new', 3, 'so-x', 'a', 1, 1, ''),"
                  "(2, 2026, 2, 'Lời của tôi', 'new', 3, 'so-x', 'a', 1, 1, '');"
                  "INSERT INTO alert (id, rule, title, title_vi, level, state, agency, system, source, "
                  "entity, day, first_time, last_time, folded_at, fold) SELECT value, 'r', "
                  "'Password guessing', 'Dò mật khẩu', 3, 'escalated', 'so-x', '', '', '', value, 1, 1, 1, "
                  "'' FROM json_each('[1, 2]');"
                  "INSERT INTO incident_alert VALUES (1, 1, 1), (2, 2, 1);");
    struct records *records = NULL;
    struct records_incident incident;
    struct error e = ERROR_NONE;
    CHECK(records_open(path, RECORDS_WRITE, &records, &e));
    CHECK(records_incident_get(records, &RECORDS_SCOPE_ALL, 1, &arena, &incident, &e));
    CHECK_SLICE(incident.title_en, "Password guessing");
    CHECK(records_incident_get(records, &RECORDS_SCOPE_ALL, 2, &arena, &incident, &e));
    CHECK_SLICE(incident.title_en, "");
    records_close(&records);
}

TEST("a newer file, another program's database and a text file are refused with a sentence") {
    const char *path;
    struct records *records = fixture_empty(&path);
    records_close(&records);
    struct error e = ERROR_NONE;
    execute(path, "PRAGMA user_version = 999");
    CHECK(!records_open(path, RECORDS_WRITE, &records, &e));
    CHECK_ERROR(e, "newer program");
    error_clear(&e);
    execute(path, "PRAGMA application_id = 7");
    CHECK(!records_open(path, RECORDS_WRITE, &records, &e));
    CHECK_ERROR(e, "another program");
    error_clear(&e);
    char text[300];
    snprintf(text, sizeof text, "%s/text.db", test_folder());
    CHECK(file_replace(text, SLICE("this is a text that is long enough to be no database at all, "
                                   "and so it goes on and on for more than one hundred bytes"),
                       0600, &e));
    CHECK(!records_open(text, RECORDS_WRITE, &records, &e));
    CHECK_ERROR(e, "damaged");
}

TEST("a full disk is said in words and loses nothing that stood") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    sqlite3_exec(records->db, "PRAGMA max_page_count = 120", NULL, NULL, NULL);
    uint64_t stored = 0;
    for (uint64_t i = 1; i < 20000 && !e.set; i++) {
        struct records_alert_match match = fixture_match("so-a", i);
        char rule[32];
        snprintf(rule, sizeof rule, "rule-%llu", (unsigned long long)i);
        match.rule = slice_of(rule);
        stored += records_alert_fold(records, &match, NULL, &e);
    }
    CHECK_ERROR(e, "the disk is full");
    struct arena arena;
    arena_init(&arena, 0);
    struct records_alert_list list;
    struct records_alert_filter filter = { 0 };
    error_clear(&e);
    CHECK(records_alert_list(records, &RECORDS_SCOPE_ALL, &filter, NULL, &arena, &list, &e));
    CHECK_INT(list.total, stored);
    sqlite3_exec(records->db, "PRAGMA max_page_count = 100000", NULL, NULL, NULL);
    struct records_alert_match match = fixture_match("so-b", 30000);
    CHECK(records_alert_fold(records, &match, NULL, &e));
    CHECK(records_check(records, &e));
    arena_free(&arena);
    records_close(&records);
}

TEST("the audit chain finds a row that was changed, removed or cut off") {
    static const struct { const char *sql, *says; } cases[] = {
        { "UPDATE audit SET user = 'x' WHERE id = 3", "row 3 of the audit log was changed" },
        { "DELETE FROM audit WHERE id = 2", "lacks row 2" },
        { "DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)", "its head is row" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct records *records = fixture();
        struct error e = ERROR_NONE;
        uint64_t rows;
        CHECK(records_audit_verify(records, &rows, &e));
        CHECK_INT(rows, 6);
        CHECK(sqlite3_exec(records->db, "DELETE FROM audit", NULL, NULL, NULL) != SQLITE_OK);
        sqlite3_exec(records->db, "DROP TRIGGER audit_keep_update; DROP TRIGGER audit_keep_delete",
                     NULL, NULL, NULL);
        CHECK_INT(sqlite3_exec(records->db, cases[i].sql, NULL, NULL, NULL), SQLITE_OK);
        CHECK(!records_audit_verify(records, &rows, &e));
        CHECK_ERROR(e, cases[i].says);
        CHECK_INT(e.kind, ERROR_CONFLICT);
        records_close(&records);
    }
}

TEST("what is not committed is taken back, inner transactions by themselves") {
    struct records *records = fixture();
    struct error e = ERROR_NONE;
    struct arena arena;
    arena_init(&arena, 0);
    struct slice value;
    {
        RECORDS_TRANSACTION outer = { 0 };
        CHECK(records_begin(records, &outer, &e));
        CHECK(records_setting_put(records, &ACTOR_SYSTEM, "one", SLICE("1"), &e));
        {
            RECORDS_TRANSACTION inner = { 0 };
            CHECK(records_begin(records, &inner, &e));
            CHECK(records_setting_put(records, &ACTOR_SYSTEM, "two", SLICE("2"), &e));
        }
        CHECK(records_commit(&outer, &e));
    }
    CHECK(records_setting_get(records, "one", &arena, &value, &e));
    CHECK(!records_setting_get(records, "two", &arena, &value, &e));
    CHECK_INT(e.kind, ERROR_NOT_FOUND);
    error_clear(&e);
    CHECK(records_audit_verify(records, NULL, &e));
    arena_free(&arena);
    records_close(&records);
}
