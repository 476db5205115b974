/* Pages of a list: by value and id of the last row, so that rows which come and go in between are
 * neither shown twice nor skipped. */
#include <assert.h>
#include <sodium.h>

#include "records/store.h"

#define CURSOR_MOST 1024

/* "sort\ntype value\ntype id" as URL-safe base64; type i or t. */
static void value_print(struct buffer *out, sqlite3_stmt *stmt, int column)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_INTEGER)
        buffer_print(out, "\ni%lld", (long long)sqlite3_column_int64(stmt, column));
    else
        buffer_print(out, "\nt%s", (const char *)sqlite3_column_text(stmt, column));
}

static struct slice cursor_print(const struct listing_run *run, struct arena *arena)
{
    BUFFER_AUTO plain;
    buffer_init(&plain, CURSOR_MOST);
    buffer_print(&plain, "%s", run->sort->name);
    int columns = sqlite3_column_count(run->s.stmt);
    value_print(&plain, run->s.stmt, columns - 2);
    value_print(&plain, run->s.stmt, columns - 1);
    if (plain.failed)
        return SLICE_NONE;
    size_t size = sodium_base64_encoded_len(plain.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(arena, size);
    if (!text)
        return SLICE_NONE;
    sodium_bin2base64(text, size, (const unsigned char *)plain.data, plain.len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return slice_of(text);
}

struct place {   /* where the page begins: after this value and id */
    bool given;
    char bytes[CURSOR_MOST];
    struct slice value, id;
};

static bool place_bad(struct error *e)
{
    error_set(e, "this cursor is not of this list");
    error_hint(e, "%s", "take `next` of the page before, with the same sort");
    error_place(e, "cursor");
    return error_kind(e, ERROR_INPUT);
}

static bool place_parse(struct slice cursor, const struct listing_sort *sort, struct place *place,
                        struct error *e)
{
    place->given = cursor.len > 0;
    if (!place->given)
        return true;
    size_t len;
    if (sodium_base642bin((unsigned char *)place->bytes, sizeof place->bytes, cursor.data,
                          cursor.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return place_bad(e);
    struct slice rest = slice_from(place->bytes, len), name;
    if (!slice_split(&rest, '\n', &name) || !slice_is(name, sort->name))
        return place_bad(e);
    size_t last = rest.len; /* the id holds no line break, a value might */
    while (last && rest.data[last - 1] != '\n')
        last--;
    if (last < 2 || last >= rest.len)
        return place_bad(e);
    place->value = slice_cut(rest, 0, last - 1);
    place->id = slice_after(rest, last);
    return true;
}

static bool place_put(struct statement *s, struct slice typed, struct error *e)
{
    struct slice text = slice_after(typed, 1);
    int64_t number;
    if (typed.data[0] == 't')
        statement_put_text(s, text);
    else if (typed.data[0] == 'i' && slice_to_i64(text, &number))
        statement_put(s, number);
    else
        return place_bad(e);
    return true;
}

static const struct listing_sort *sort_find(const struct listing *listing, struct slice name,
                                            struct error *e)
{
    if (!name.len)
        return &listing->sorts[0];
    for (unsigned i = 0; i < listing->sort_count; i++)
        if (slice_is(name, listing->sorts[i].name))
            return &listing->sorts[i];
    error_set(e, "this list cannot be sorted by '%.*s'", SLICE_ARGS(name));
    error_place(e, "sort");
    error_kind(e, ERROR_INPUT);
    return NULL;
}

static bool total_read(struct records *records, const struct listing *listing, const void *filter,
                       struct listing_run *run, struct error *e)
{
    BUFFER_AUTO sql;
    buffer_init(&sql, 0);
    buffer_print(&sql, "SELECT count(*), %s FROM %s WHERE ?1 IS NULL AND ?2 IS NULL AND "
                 "?3 IS NULL AND %s", listing->total ? listing->total : "0", listing->from,
                 listing->where);
    buffer_add_byte(&sql, '\0');
    STATEMENT s = { 0 };
    if (sql.failed || !statement_start(records, sql.data, &s, e))
        return error_set(e, "memory is short");
    s.put = 3;
    listing->bind(&s, filter);
    if (!statement_next(&s, e))
        return false;
    run->total = (uint64_t)statement_get(&s);
    run->sum = (uint64_t)statement_get(&s);
    return true;
}

bool listing_start(struct records *records, const struct listing *listing, const void *filter,
                   const struct records_page *page, struct listing_run *run, struct error *e)
{
    static const struct records_page first = { 0 };
    *run = (struct listing_run){ 0 };
    if (!page)
        page = &first;
    run->sort = sort_find(listing, page->sort, e);
    struct place place;
    if (!run->sort || !place_parse(page->cursor, run->sort, &place, e))
        return false;
    run->limit = page->limit ? page->limit : 100;
    if (run->limit > RECORDS_LIMIT_MOST)
        run->limit = RECORDS_LIMIT_MOST;
    if (!total_read(records, listing, filter, run, e))
        return false;

    BUFFER_AUTO sql;
    buffer_init(&sql, 0);
    const char *down = run->sort->down ? " DESC" : "";
    buffer_print(&sql, "SELECT %s, %s AS sort_value, %s AS sort_id FROM %s WHERE %s",
                 listing->columns, run->sort->by, listing->id, listing->from, listing->where);
    if (place.given)
        buffer_print(&sql, " AND (%s, %s) %s (?1, ?2)", run->sort->by, listing->id,
                     run->sort->down ? "<" : ">");
    else
        buffer_print(&sql, " AND ?1 IS NULL AND ?2 IS NULL");
    buffer_print(&sql, " ORDER BY sort_value%s, sort_id%s LIMIT ?3", down, down);
    buffer_add_byte(&sql, '\0');
    if (sql.failed || !statement_start(records, sql.data, &run->s, e))
        return error_set(e, "memory is short");
    if (place.given) {
        if (!place_put(&run->s, place.value, e) || !place_put(&run->s, place.id, e))
            return false;
        /* the place is on the stack: SQLite keeps copies */
        struct slice *parts[] = { &place.value, &place.id };
        for (int i = 0; i < 2; i++)
            if (parts[i]->data[0] == 't')
                sqlite3_bind_text64(run->s.stmt, i + 1, parts[i]->data + 1, parts[i]->len - 1,
                                    SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    run->s.put = 2;
    statement_put(&run->s, (int64_t)run->limit + 1);
    listing->bind(&run->s, filter);
    return true;
}

void *listing_rows(const struct listing_run *run, struct arena *arena, size_t size)
{
    uint64_t count = run->total < run->limit ? run->total : run->limit;
    return arena_array(arena, count ? count : 1, size);
}

bool listing_next(struct listing_run *run, struct arena *arena, struct error *e)
{
    uint64_t room = run->total < run->limit ? run->total : run->limit;
    if (!statement_next(&run->s, e))
        return false;
    if (run->count == room) { /* a row beyond the page: there is a next one */
        if (run->count == run->limit)
            run->next = run->last;
        return false;
    }
    if (++run->count == run->limit)
        run->last = cursor_print(run, arena);
    return true;
}

void listing_end(struct listing_run *run)
{
    statement_end(&run->s);
}

void *listing_read(struct records *records, const struct listing *listing, const void *filter,
                   const struct records_page *page, struct arena *arena, struct listing_run *run,
                   struct error *e)
{
    if (!listing_start(records, listing, filter, page, run, e))
        return NULL;
    char *rows = listing_rows(run, arena, listing->size);
    while (rows && listing_next(run, arena, e))
        listing->read(&run->s, arena, rows + (run->count - 1) * listing->size);
    run->whole = !run->s.failed && records_arena_held(arena, e);
    return rows;
}
