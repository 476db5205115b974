#include "archive/verify_beside.h"

#include <stdlib.h>

#include "archive/filter.h"
#include "archive/filter_words.h"
#include "archive/hits.h"
#include "archive/indicator.h"
#include "archive/indicator_run.h"
#include "archive/limit.h"
#include "archive/salvage.h"

/* --- the directory -------------------------------------------------------------------------- */

static bool same_summary(sqlite3_stmt *row, const struct block_summary *s)
{
    const int64_t values[] = { s->events, (int64_t)s->sequence_min, (int64_t)s->sequence_max, s->time_min,
                               s->time_max, (int64_t)s->text_bytes };
    for (int i = 0; i < 6; i++)
        if (sqlite3_column_int64(row, i + 1) != values[i])
            return false;
    return true;
}

/* The numbers stand in the order of the block's own table. */
static bool same_origins(struct beside *b, struct slice numbers, const struct block_rows *rows)
{
    bool same = numbers.len == rows->origin_count * (size_t)4;
    for (uint32_t i = 0; same && i < rows->origin_count; i++) {
        const struct block_origin *origin = &rows->origins[i];
        sqlite3_bind_int64(b->origin, 1, fetch_number(numbers, i));
        same = sqlite3_step(b->origin) == SQLITE_ROW &&
               slice_equal(day_column(b->origin, 0), origin->source) &&
               slice_equal(day_column(b->origin, 1), origin->system) &&
               slice_equal(day_column(b->origin, 2), origin->agency);
        sqlite3_reset(b->origin);
    }
    return same;
}

/* *kind_out: what kind of block it is. */
static bool holds_directory(struct beside *b, int64_t block, const struct fetched *f, int *kind_out,
                            struct error *e)
{
    const struct block_summary summary = salvage_summary(&f->rows);
    sqlite3_bind_int64(b->row, 1, block);
    bool there = sqlite3_step(b->row) == SQLITE_ROW;
    *kind_out = there ? sqlite3_column_int(b->row, 0) : BLOCK_DAMAGED;
    bool known = *kind_out >= BLOCK_TAIL && *kind_out <= BLOCK_PACKED;
    bool well = there && known && same_summary(b->row, &summary);
    if (!well)
        error_set(e, "the directory says something else of this block than what is in it");
    else if (!(well = same_origins(b, day_column(b->row, 7), &f->rows)))
        error_set(e, "the origins that the directory names are not those of this block's events");
    sqlite3_reset(b->row);
    return well;
}

/* --- the filter ----------------------------------------------------------------------------- */

static struct slice row_text(const struct fetched *f, uint32_t row)
{
    return slice_cut(f->parts[PART_TEXT], f->rows.text_at[row], f->rows.text_at[row + 1]);
}

static void gather_words(struct beside *b, const struct fetched *f)
{
    struct slice before = SLICE_NONE;
    words_clear(&b->words);
    buffer_clear(&b->scratch);
    for (uint32_t row = 0; row < f->rows.count; row++) {
        struct slice text = row_text(f, row);
        words_add_row(&b->words, text, before, &b->scratch);
        filter_words_inner(&b->words, &f->rows, f->parts[PART_TEXT], f->parts[PART_FIELDS], row,
                           &b->scratch);
        before = text;
    }
    words_settle(&b->words);
}

static bool holds_filter(struct beside *b, int64_t block, const struct fetched *f, struct error *e)
{
    BUFFER_AUTO inflated;
    struct slice filter;
    buffer_init(&inflated, BLOCK_PART_MAX);
    if (!fetch_stored(b->db, b->file, block, PART_FILTER, &b->stored, e) ||
        !block_open_part(buffer_slice(&b->stored), PART_FILTER, &inflated, &filter, e))
        return false;
    gather_words(b, f);
    if (b->words.failed)
        return error_set(e, "memory is short for verifying");
    return filter_has_all(filter, &b->words) ||
           error_set(e, "its word filter lacks words of its events");
}

/* --- indicators ----------------------------------------------------------------------------- */

static bool add_key(struct beside *b, uint64_t key, struct error *e)
{
    if (b->key_count == b->key_capacity) {
        size_t capacity = b->key_capacity ? b->key_capacity * 2 : 4096;
        uint64_t *more = realloc(b->keys, capacity * sizeof *more);
        if (!more)
            return error_set(e, "memory is short for verifying");
        b->keys = more;
        b->key_capacity = capacity;
    }
    b->keys[b->key_count++] = key;
    return true;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* A run that cannot be read is told, and as good as missing. */
static bool add_run(struct beside *b, sqlite3_stmt *read, struct error *e)
{
    struct indicator_run run = { .damaged = true };
    struct error ignored = ERROR_NONE;
    uint64_t count = 0;
    if (indicator_run_open(day_column(read, 1), &run, &ignored))
        for (; indicator_run_next(&run); count++)
            if (!add_key(b, run.now.key, e))
                return false;
    if (run.damaged || count != (uint64_t)sqlite3_column_int64(read, 2))
        b->note(b->owner, "indicators", (uint64_t)sqlite3_column_int64(read, 0), "they are damaged");
    return true;
}

/* Format 5. */
static bool add_row(struct beside *b, sqlite3_stmt *read, struct error *e)
{
    return add_key(b, (uint64_t)sqlite3_column_int64(read, 0), e);
}

static bool check_hits(struct beside *b, sqlite3_stmt *read, struct error *e)
{
    struct hits hits;
    (void)e;
    hits_open(day_column(read, 1), &hits);
    while (hits_next(&hits))
        ;
    if (hits.damaged)
        b->note(b->owner, "batch", (uint64_t)sqlite3_column_int64(read, 0),
                "its open correlation hits are damaged");
    return true;
}

/* Each row of a table that not all formats have. */
static bool each_row(struct beside *b, const char *table, const char *sql,
                     bool (*row)(struct beside *, sqlite3_stmt *, struct error *), struct error *e)
{
    bool there, well = true;
    int code = SQLITE_DONE;
    if (!day_has_table(b->db, table, b->file, &there, e))
        return false;
    if (!there)
        return true;
    DAY_STATEMENT *read = day_prepare(b->db, sql, b->file, e);
    while (read && well && (code = sqlite3_step(read)) == SQLITE_ROW)
        well = row(b, read, e);
    return read && well && (code == SQLITE_DONE || day_failed(b->db, b->file, e));
}

static bool is_kept(const struct beside *b, struct slice value)
{
    enum indicator_kind kind;
    char text[INDICATOR_TEXT];
    size_t len;
    if (value.len < 3 || value.len > 64 || slice_find_byte(value, ':') < value.len ||
        slice_trim(value).len < value.len || !indicator_of(value, false, &kind, text, &len))
        return true;
    uint64_t key = indicator_key(kind, slice_from(text, len));
    return b->key_count && bsearch(&key, b->keys, b->key_count, sizeof key, by_value);
}

/* Of those values alone that every release has kept: a field that is just an IPv4 address or a hash. */
static bool holds_indicators(const struct beside *b, const struct fetched *f, struct error *e)
{
    for (uint32_t row = 0; row < f->rows.count; row++) {
        struct block_fields walk = block_fields_of(&f->rows, f->parts[PART_TEXT], f->parts[PART_FIELDS],
                                                   row);
        struct block_value value;
        while (block_fields_next(&walk, &value))
            if (!value.escaped && !is_kept(b, value.bytes))
                return error_set(e, "indicators of its events stand in no table of the day");
    }
    return true;
}

bool beside_block(struct beside *b, int64_t block, const struct fetched *f, struct error *e)
{
    int kind;
    if (!holds_directory(b, block, f, &kind, e))
        return false;
    return (kind != BLOCK_SEALED && kind != BLOCK_PACKED) ||
           (holds_filter(b, block, f, e) && holds_indicators(b, f, e));
}

/* --- other tables --------------------------------------------------------------------------- */

/* A row for each thing that is wrong: its number, where it has one. */
static const struct {
    const char *table;           /* that not all formats have; NULL: all do */
    const char *sql, *what, *reason;
} checks[] = {
    { NULL, "SELECT id FROM batch WHERE alerts <> (SELECT count(*) FROM alert WHERE alert.batch = batch.id"
            " AND event >= first AND event < first + events)",
      "batch", "its alerts are not all there" },
    { NULL, "SELECT id FROM alert WHERE batch NOT IN (SELECT id FROM batch)", "alert",
      "it belongs to no batch" },
    { "hits", "SELECT batch FROM hits WHERE batch NOT IN (SELECT id FROM batch)", "batch",
      "it is not there, but its open correlation hits are" },
};

static bool run_check(struct beside *b, size_t i, struct error *e)
{
    bool there = true;
    int code = SQLITE_DONE;
    if (checks[i].table && !day_has_table(b->db, checks[i].table, b->file, &there, e))
        return false;
    if (!there)
        return true;
    DAY_STATEMENT *read = day_prepare(b->db, checks[i].sql, b->file, e);
    while (read && (code = sqlite3_step(read)) == SQLITE_ROW)
        b->note(b->owner, checks[i].what, (uint64_t)sqlite3_column_int64(read, 0), checks[i].reason);
    return read && (code == SQLITE_DONE || day_failed(b->db, b->file, e));
}

/* An index that leaves rows out hides them as well. */
static bool hold_indexes(struct beside *b, struct error *e)
{
    static const char *const checked[] = { "PRAGMA integrity_check('block')",
                                           "PRAGMA integrity_check('origin')",
                                           "PRAGMA integrity_check('alert')" };
    for (size_t i = 0; i < sizeof checked / sizeof *checked; i++) {
        DAY_STATEMENT *read = day_prepare(b->db, checked[i], b->file, e);
        if (!read || (sqlite3_step(read) != SQLITE_ROW && !day_failed(b->db, b->file, e)))
            return false;
        if (!slice_is(day_column(read, 0), "ok"))
            b->note(b->owner, NULL, 0, "a table of the day file, or its index, is damaged");
    }
    return true;
}

bool beside_tables(struct beside *b, struct error *e)
{
    bool holds;
    if (!day_summary_holds(b->db, b->file, &holds, e))
        return false;
    if (!holds)
        b->note(b->owner, NULL, 0, "the summary of the day file is not that of its blocks");
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (!run_check(b, i, e))
            return false;
    return each_row(b, "hits", "SELECT batch, data FROM hits", check_hits, e) && hold_indexes(b, e);
}

/* --- the whole ------------------------------------------------------------------------------ */

bool beside_open(struct beside *b, sqlite3 *db, const char *file, beside_note *note, void *owner,
                 struct error *e)
{
    *b = (struct beside){ .db = db, .file = file, .note = note, .owner = owner, .words = WORDS_EMPTY };
    buffer_init(&b->scratch, BLOCK_PART_MAX);
    buffer_init(&b->stored, BLOCK_PART_MAX);
    b->row = day_prepare(db, "SELECT kind, events, sequence_min, sequence_max, time_min, time_max,"
                             " text_bytes, origins FROM block WHERE id = ?", file, e);
    b->origin = day_prepare(db, "SELECT source, system, agency FROM origin WHERE id = ?", file, e);
    if (!b->row || !b->origin ||
        !each_row(b, "indicators", "SELECT id, data, count FROM indicators", add_run, e) ||
        !each_row(b, "indicator", "SELECT hash FROM indicator", add_row, e))
        return false;
    if (b->key_count)
        qsort(b->keys, b->key_count, sizeof *b->keys, by_value);
    return true;
}

void beside_close(struct beside *b)
{
    sqlite3_finalize(b->row);
    sqlite3_finalize(b->origin);
    words_free(&b->words);
    buffer_free(&b->scratch);
    buffer_free(&b->stored);
    free(b->keys);
}
