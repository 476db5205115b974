#include "records/records.h"

#include <assert.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fold.h"
#include "base/json.h"
#include "records/store.h"

#define BUSY_MILLISECONDS 5000

/* words_in(fold, words): each word of the second occurs in the first; both folded already. */
static void sql_words_in(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct slice fold = slice_from(sqlite3_value_text(values[0]),
                                   (size_t)sqlite3_value_bytes(values[0]));
    struct slice words = slice_from(sqlite3_value_text(values[1]),
                                    (size_t)sqlite3_value_bytes(values[1]));
    struct slice word;
    bool all = true;
    while (all && slice_split(&words, ' ', &word))
        all = !word.len || slice_find(fold, word) < fold.len;
    sqlite3_result_int(context, all);
}

static bool set_up(struct records *records, struct error *e)
{
    sqlite3 *db = records->db;
    sqlite3_busy_timeout(db, BUSY_MILLISECONDS);
    sqlite3_extended_result_codes(db, 1);
    const char *pragmas = records->mode == RECORDS_WRITE
        ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
          "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
        : "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;"
          "PRAGMA temp_store = MEMORY;"; /* a role shut in has no folder for temporary files */
    int code = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return records_sqlite_error(records, code, e);
    /* a reader who may not write the folder needs -wal and -shm to stay after a clean close */
    int persist = 1;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    code = sqlite3_create_function_v2(db, "words_in", 2,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL,
                                      sql_words_in, NULL, NULL, NULL);
    return code == SQLITE_OK || records_sqlite_error(records, code, e);
}

/* The day from which the system knows anything: days before are unknown. */
static bool first_start(struct records *records, struct error *e)
{
    if (records->mode == RECORDS_READ)
        return true;
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT OR IGNORE INTO setting VALUES ('first_start', ?1, ?1)",
                         &s, e))
        return false;
    statement_put(&s, clock_now());
    return statement_run(&s, e);
}

bool records_open(const char *path, enum records_mode mode, struct records **records_out,
                  struct error *e)
{
    *records_out = NULL;
    if (sodium_init() < 0)
        return error_set(e, "the machine gives no random numbers");
    RECORDS_AUTO records = calloc(1, sizeof *records);
    if (!records)
        return error_set(e, "memory is short");
    records->mode = mode;
    arena_init(&records->arena, ARENA_NO_CEILING);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                (mode == RECORDS_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                       : SQLITE_OPEN_READONLY);
    int code = sqlite3_open_v2(path, &records->db, flags, NULL);
    bool fine = code == SQLITE_OK ? set_up(records, e) && records_migrate(records, e) &&
                                    first_start(records, e)
                                  : records_sqlite_error(records, code, e);
    if (!fine)
        return error_place(e, "%s", path);
    *records_out = records;
    records = NULL;
    return true;
}

void records_close(struct records **records)
{
    struct records *r = *records;
    *records = NULL;
    if (!r)
        return;
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&r->statements, &i));)
        sqlite3_finalize(entry->value);
    map_free(&r->statements);
    sqlite3_close(r->db);
    arena_free(&r->arena);
    free(r);
}

/* ---- transactions ------------------------------------------------------------------------------ */

static int transact(struct records *records, const char *word, int depth)
{
    char sql[64];
    sqlite3_snprintf(sizeof sql, sql, "%s inner_%d", word, depth);
    return sqlite3_exec(records->db, sql, NULL, NULL, NULL);
}

bool records_begin(struct records *records, struct records_transaction *t, struct error *e)
{
    assert(!t->records);
    int code = records->depth == 0
        ? sqlite3_exec(records->db, "BEGIN IMMEDIATE", NULL, NULL, NULL)
        : transact(records, "SAVEPOINT", records->depth);
    if (code != SQLITE_OK)
        return records_sqlite_error(records, code, e);
    t->records = records;
    t->depth = records->depth++;
    return true;
}

bool records_commit(struct records_transaction *t, struct error *e)
{
    struct records *records = t->records;
    assert(records && records->depth == t->depth + 1);
    if (sqlite3_get_autocommit(records->db)) /* SQLite itself rolled back, as on a full disk */
        return error_set(e, "the records took this change back");
    int code = t->depth == 0 ? sqlite3_exec(records->db, "COMMIT", NULL, NULL, NULL)
                             : transact(records, "RELEASE", t->depth);
    if (code != SQLITE_OK)
        return records_sqlite_error(records, code, e);
    records->depth = t->depth;
    t->records = NULL;
    return true;
}

void records_rollback(struct records_transaction *t)
{
    struct records *records = t->records;
    if (!records)
        return;
    assert(records->depth == t->depth + 1);
    t->records = NULL;
    records->depth = t->depth;
    if (sqlite3_get_autocommit(records->db))
        return; /* rolled back already */
    if (t->depth == 0) {
        sqlite3_exec(records->db, "ROLLBACK", NULL, NULL, NULL);
    } else {
        transact(records, "ROLLBACK TO", t->depth);
        transact(records, "RELEASE", t->depth);
    }
}

bool records_changed(const struct records *records)
{
    return sqlite3_changes64(records->db) > 0;
}

/* ---- who asks ------------------------------------------------------------------------------------ */

static const struct {
    enum role role;
    const char *name;
} roles[] = {
    { ROLE_LEAD, "lead" },         { ROLE_AGENCY, "agency" },     { ROLE_RESPONDER, "responder" },
    { ROLE_FINANCE, "finance" },   { ROLE_POLICE, "police" },     { ROLE_ASSESSOR, "assessor" },
    { ROLE_LEADER, "leader" },     { ROLE_ADMIN, "admin" },       { ROLE_SYSTEM, "system" },
};

const char *role_name(enum role role)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (roles[i].role == role)
            return roles[i].name;
    return NULL;
}

bool role_parse(struct slice name, enum role *role_out)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (roles[i].role != ROLE_SYSTEM && slice_is(name, roles[i].name)) {
            *role_out = roles[i].role;
            return true;
        }
    return false;
}

struct records_scope records_scope_of(const struct actor *actor)
{
    if (actor->role == ROLE_AGENCY)
        return (struct records_scope){ .agency = actor->agency };
    return (struct records_scope){ .all = role_name(actor->role) != NULL };
}

bool records_scope_holds(const struct records_scope *scope, struct slice agency)
{
    return scope->all || (scope->agency.len && slice_equal(scope->agency, agency));
}

static const char *const levels[] = { "informational", "low", "medium", "high", "critical" };

const char *records_level_name(int level)
{
    return level >= 0 && level <= 4 ? levels[level] : "?";
}

bool records_level_parse(struct slice name, int *level_out)
{
    for (int i = 0; i <= 4; i++)
        if (slice_is(name, levels[i])) {
            *level_out = i;
            return true;
        }
    return false;
}

/* ---- small ones ----------------------------------------------------------------------------------- */

struct slice records_day_text(int64_t time, char text[DAY_TEXT])
{
    struct clock_date d = clock_split(time, CLOCK_ZONE);
    sqlite3_snprintf(DAY_TEXT, text, "%04d-%02d-%02d", d.year, d.month, d.day);
    return slice_of(text);
}

bool records_day_check(struct slice day, const char *place, struct error *e)
{
    int64_t time;
    if (!day.len || (day.len == 10 && day.data[4] == '-' && day.data[7] == '-' &&
                     clock_parse(day, &time)))
        return true;
    error_set(e, "'%.*s' is no day", SLICE_ARGS(day));
    error_hint(e, "%s", "write it as 2019-08-12");
    error_place(e, "%s", place);
    return error_kind(e, ERROR_INPUT);
}

bool records_key_check(struct slice key, const char *place, struct error *e)
{
    bool fine = key.len >= 1 && key.len <= 128 && key.data[0] != '.' && key.data[0] != '_' &&
                key.data[0] != '-';
    for (size_t i = 0; fine && i < key.len; i++) {
        char c = key.data[i];
        fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    }
    if (fine)
        return true;
    error_set(e, "'%.*s' is no key", SLICE_ARGS(key));
    error_hint(e, "%s", "a key has small letters without diacritics, digits, '.', '_' and '-'");
    error_place(e, "%s", place);
    return error_kind(e, ERROR_INPUT);
}

bool records_names_check(struct slice list, const char *const *known, const char *place,
                         struct error *e)
{
    struct slice name;
    while (list.len && slice_split(&list, ',', &name)) {
        bool found = false;
        for (const char *const *k = known; *k && !found; k++)
            found = slice_is(name, *k);
        if (!found) {
            error_set(e, "'%.*s' is none of the values that this takes", SLICE_ARGS(name));
            error_place(e, "%s", place);
            return error_kind(e, ERROR_INPUT);
        }
    }
    return true;
}

struct slice records_detail(struct buffer *buffer, unsigned pairs, ...)
{
    struct json_writer w;
    json_writer_init(&w, buffer);
    json_open_object(&w);
    va_list args;
    va_start(args, pairs);
    for (unsigned i = 0; i < pairs; i++) {
        const char *name = va_arg(args, const char *);
        struct slice value = va_arg(args, struct slice);
        if (value.len)
            json_text_member(&w, name, value);
    }
    va_end(args);
    json_close_object(&w);
    return buffer_slice(buffer);
}

struct slice records_fold(struct arena *arena, unsigned parts, ...)
{
    BUFFER_AUTO folded;
    buffer_init(&folded, 0);
    va_list args;
    va_start(args, parts);
    for (unsigned i = 0; i < parts; i++) {
        struct slice part = va_arg(args, struct slice);
        if (part.len && folded.len)
            buffer_add_byte(&folded, ' ');
        fold_search(part, &folded);
    }
    va_end(args);
    return arena_copy(arena, buffer_slice(&folded));
}
