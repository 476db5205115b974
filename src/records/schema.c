/* Numbered migrations: never changed once released, carried out in order, each in a transaction. */
#include "records/store.h"

#define APPLICATION_ID 0x48444147 /* "HDAG": this SQLite file is ours */

struct migration {
    int number;
    const char *name, *sql;
};

#include "migrations.inc"

#define MIGRATIONS ((int)(sizeof migrations / sizeof *migrations))

int records_schema_known(void)
{
    return MIGRATIONS;
}

int records_schema(const struct records *records)
{
    return records->schema;
}

const char *records_migration(int number)
{
    return number >= 1 && number <= MIGRATIONS ? migrations[number - 1].sql : NULL;
}

static bool pragma_read(struct records *records, const char *sql, int64_t *value_out,
                        struct error *e)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(records->db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    *value_out = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return code == SQLITE_ROW || code == SQLITE_DONE || records_sqlite_error(records, code, e);
}

static bool execute(struct records *records, const char *sql, struct error *e)
{
    int code = sqlite3_exec(records->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || records_sqlite_error(records, code, e);
}

static bool migrate_one(struct records *records, const struct migration *migration,
                        struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e))
        return false;
    int64_t version; /* another process may have been faster */
    if (!pragma_read(records, "PRAGMA user_version", &version, e))
        return false;
    if (version >= migration->number)
        return records_commit(&t, e);
    if (!execute(records, migration->sql, e)) {
        error_place(e, "migration %04d_%s", migration->number, migration->name);
        return false;
    }
    char pragma[64];
    sqlite3_snprintf(sizeof pragma, pragma, "PRAGMA user_version = %d", migration->number);
    return execute(records, pragma, e) && records_commit(&t, e);
}

static bool identify(struct records *records, int64_t version, struct error *e)
{
    int64_t application, tables;
    if (!pragma_read(records, "PRAGMA application_id", &application, e) ||
        !pragma_read(records, "SELECT count(*) FROM sqlite_master", &tables, e))
        return false;
    if (application == APPLICATION_ID)
        return true;
    if (application || version || tables)
        return error_set(e, "this file is a database of another program");
    if (records->mode == RECORDS_READ)
        return error_set(e, "this records file is empty");
    char pragma[64];
    sqlite3_snprintf(sizeof pragma, pragma, "PRAGMA application_id = %d", APPLICATION_ID);
    return execute(records, pragma, e);
}

bool records_migrate(struct records *records, struct error *e)
{
    int64_t version;
    if (!pragma_read(records, "PRAGMA user_version", &version, e) ||
        !identify(records, version, e))
        return false;
    if (version > MIGRATIONS) {
        error_set(e, "the records were written by a newer program (schema %lld, this one knows %d)",
                  (long long)version, MIGRATIONS);
        return error_hint(e, "%s", "install the newer program again, or put back a back-up");
    }
    if (version < MIGRATIONS && records->mode == RECORDS_READ) {
        error_set(e, "the records have an older schema (%lld, this program needs %d)",
                  (long long)version, MIGRATIONS);
        return error_hint(e, "%s", "start the server once: it brings the records up to date");
    }
    for (int i = (int)version; i < MIGRATIONS; i++)
        if (!migrate_one(records, &migrations[i], e))
            return false;
    records->schema = MIGRATIONS;
    return true;
}

bool records_check(struct records *records, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "PRAGMA integrity_check(1)", &s, e))
        return false;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    if (statement_next(&s, e)) {
        struct slice says = statement_get_text(&s, &arena);
        if (!slice_is(says, "ok"))
            return error_set(e, "the records file is damaged: %.*s", SLICE_ARGS(says));
    }
    if (s.failed)
        return false;
    STATEMENT f = { 0 };
    if (!statement_start(records, "PRAGMA foreign_key_check", &f, e))
        return false;
    if (statement_next(&f, e)) {
        struct slice table = statement_get_text(&f, &arena);
        return error_set(e, "a row of the table '%.*s' points to nothing", SLICE_ARGS(table));
    }
    return !f.failed;
}
