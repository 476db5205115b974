#include "records/store.h"

#include <assert.h>
#include <stdarg.h>

/* The sentences of records_not_found come as arguments; a test holds their translations. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

bool records_sqlite_error(struct records *records, int code, struct error *e)
{
    sqlite3 *db = records->db;
    switch (code & 0xff) {
    case SQLITE_FULL:
        error_set(e, "the records could not be written: the disk is full");
        return error_hint(e, "%s", "free space on this disk, or set `data` to another one");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        error_set(e, "the records are held by another writer");
        error_hint(e, "%s", "try again in a moment");
        return error_kind(e, ERROR_BUSY);
    case SQLITE_READONLY:
        error_set(e, "the records are open for reading only");
        return error_hint(e, "%s", "run as the user who owns the data directory");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        error_set(e, "the records cannot be opened: %s", sqlite3_errmsg(db));
        return error_hint(e, "%s", "run as the user who owns the data directory");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        error_set(e, "the records file is damaged: %s", sqlite3_errmsg(db));
        return error_hint(e, "%s", "put back the last back-up of records/haidang.db");
    case SQLITE_CONSTRAINT:
        error_set(e, "the records refuse this: %s", sqlite3_errmsg(db));
        return error_kind(e, ERROR_CONFLICT);
    default:
        return error_set(e, "the records failed: %s", sqlite3_errmsg(db));
    }
}

bool records_not_found(struct error *e, const char *sentence, struct slice key)
{
    error_set(e, sentence, SLICE_ARGS(key));
    return error_kind(e, ERROR_NOT_FOUND);
}

bool records_not_found_id(struct error *e, const char *sentence, int64_t id)
{
    error_set(e, sentence, (long long)id);
    return error_kind(e, ERROR_NOT_FOUND);
}

bool records_arena_held(const struct arena *arena, struct error *e)
{
    if (!arena->exhausted)
        return true;
    error_set(e, "the answer is larger than what one request may hold");
    return error_hint(e, "%s", "ask for fewer rows at once");
}

static sqlite3_stmt *prepare(struct records *records, struct slice sql, struct error *e)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v3(records->db, sql.data, (int)sql.len, SQLITE_PREPARE_PERSISTENT,
                                  &stmt, NULL);
    if (code != SQLITE_OK) {
        records_sqlite_error(records, code, e);
        return NULL;
    }
    struct slice copy = arena_copy(&records->arena, sql);
    if (!copy.data || !map_put(&records->statements, copy, stmt)) {
        sqlite3_finalize(stmt);
        error_set(e, "memory is short");
        return NULL;
    }
    return stmt;
}

bool statement_start(struct records *records, const char *sql, struct statement *s,
                     struct error *e)
{
    *s = (struct statement){ .records = records };
    struct slice text = slice_of(sql);
    sqlite3_stmt *stmt = map_get(&records->statements, text);
    if (!stmt)
        stmt = prepare(records, text, e);
    if (!stmt) {
        s->failed = true;
        return false;
    }
    assert(!sqlite3_stmt_busy(stmt));
    s->stmt = stmt;
    return true;
}

void statement_end(struct statement *s)
{
    if (!s->stmt)
        return;
    sqlite3_reset(s->stmt);
    sqlite3_clear_bindings(s->stmt);
    s->stmt = NULL;
}

void statement_again(struct statement *s)
{
    sqlite3_reset(s->stmt);
    s->put = s->got = 0;
}

/* A binding fails only when the parameter does not exist (a broken invariant) or memory is short,
 * which the step then reports. */
static void bound(struct statement *s, int code)
{
    assert(code != SQLITE_RANGE && code != SQLITE_MISUSE);
    if (code != SQLITE_OK)
        s->failed = true;
}

void statement_put_text(struct statement *s, struct slice text)
{
    bound(s, sqlite3_bind_text64(s->stmt, ++s->put, text.data ? text.data : "", text.len,
                                 SQLITE_STATIC, SQLITE_UTF8));
}

void statement_put_text_or_null(struct statement *s, struct slice text)
{
    if (text.len)
        statement_put_text(s, text);
    else
        statement_put_null(s);
}

void statement_put_blob(struct statement *s, struct slice bytes)
{
    bound(s, sqlite3_bind_blob64(s->stmt, ++s->put, bytes.data ? bytes.data : "", bytes.len,
                                 SQLITE_STATIC));
}

void statement_put(struct statement *s, int64_t value)
{
    bound(s, sqlite3_bind_int64(s->stmt, ++s->put, value));
}

void statement_put_or_null(struct statement *s, int64_t value)
{
    if (value)
        statement_put(s, value);
    else
        statement_put_null(s);
}

void statement_put_null(struct statement *s)
{
    bound(s, sqlite3_bind_null(s->stmt, ++s->put));
}

void statement_put_scope(struct statement *s, const struct records_scope *scope)
{
    statement_put(s, scope->all);
    statement_put_text_or_null(s, scope->all ? SLICE_NONE : scope->agency);
}

bool statement_next(struct statement *s, struct error *e)
{
    if (s->failed) {
        error_set(e, "memory is short");
        return false;
    }
    s->got = 0;
    int code = sqlite3_step(s->stmt);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE) {
        s->failed = true;
        records_sqlite_error(s->records, code, e);
    }
    return false;
}

bool statement_run(struct statement *s, struct error *e)
{
    while (statement_next(s, e))
        ;
    return !s->failed;
}

bool statement_do(struct records *records, const char *sql, struct error *e, unsigned count, ...)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, sql, &s, e))
        return false;
    va_list args;
    va_start(args, count);
    for (unsigned i = 0; i < count; i++)
        statement_put_text(&s, va_arg(args, struct slice));
    va_end(args);
    return statement_run(&s, e);
}

struct slice statement_get_text(struct statement *s, struct arena *arena)
{
    int column = s->got++;
    const void *data = sqlite3_column_blob(s->stmt, column); /* text as its bytes */
    int len = sqlite3_column_bytes(s->stmt, column);
    if (sqlite3_column_type(s->stmt, column) == SQLITE_NULL)
        return SLICE_NONE;
    return arena_copy(arena, slice_from(data, len > 0 ? (size_t)len : 0));
}

int64_t statement_get(struct statement *s)
{
    return sqlite3_column_int64(s->stmt, s->got++);
}

void *statement_row(struct statement *s, struct arena *arena, void *list_out, uint32_t *count,
                    size_t size, struct error *e)
{
    char *list;
    memcpy(&list, list_out, sizeof list);
    if (!statement_next(s, e))
        return NULL;
    if (!list) {
        int last = sqlite3_column_count(s->stmt) - 1;
        list = arena_array(arena, (size_t)sqlite3_column_int64(s->stmt, last), size);
        memcpy(list_out, &list, sizeof list);
    }
    return list ? list + (*count)++ * size : NULL;
}

bool statement_get_bool(struct statement *s)
{
    return statement_get(s) != 0;
}

bool statement_is_null(const struct statement *s)
{
    return sqlite3_column_type(s->stmt, s->got) == SQLITE_NULL;
}

bool statement_get_list(struct statement *s, struct arena *arena, struct slice **list_out,
                        uint32_t *count_out)
{
    *list_out = NULL;
    *count_out = 0;
    struct slice joined = statement_get_text(s, arena);
    if (!joined.len)
        return true;
    uint32_t count = 1;
    for (size_t i = 0; i < joined.len; i++)
        count += joined.data[i] == '\x1f';
    struct slice *list = arena_array(arena, count, sizeof *list);
    if (!list)
        return false;
    for (uint32_t i = 0; i < count; i++)
        slice_split(&joined, '\x1f', &list[i]);
    *list_out = list;
    *count_out = count;
    return true;
}

bool records_input_error(struct error *e, const char *place)
{
    error_place(e, "%s", place);
    return error_kind(e, ERROR_INPUT);
}
