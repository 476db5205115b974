#include "archive/fetch.h"

#include "archive/limit.h"

void fetch_init(struct fetched *f)
{
    *f = (struct fetched){ .rows = { .count = 0 } };
    for (int part = 0; part < PART_COUNT; part++)
        buffer_init(&f->inflated[part], BLOCK_PART_MAX);
    arena_init(&f->arena, ARENA_NO_CEILING);
}

void fetch_free(struct fetched *f)
{
    for (int part = 0; part < PART_COUNT; part++)
        buffer_free(&f->inflated[part]);
    arena_free(&f->arena);
}

/* Steps the statement bound to that part; the slice lives until its reset. */
static bool find_part(sqlite3_stmt *read, sqlite3 *db, const char *file, int64_t block, int part,
                      struct slice *stored_out, struct error *e)
{
    sqlite3_bind_int64(read, 1, block * PART_COUNT + part);
    int code = sqlite3_step(read);
    if (code == SQLITE_ROW) {
        *stored_out = day_column(read, 0);
        return true;
    }
    if (code != SQLITE_DONE)
        return day_failed(db, file, e);
    error_set(e, "block %lld is not in the day file", (long long)block);
    return error_kind(e, ERROR_NOT_FOUND);
}

static const char part_query[] = "SELECT data FROM part WHERE id = ?";

bool fetch_stored(sqlite3 *db, const char *file, int64_t block, enum block_part part,
                  struct buffer *out, struct error *e)
{
    struct slice stored;
    DAY_STATEMENT *read = day_prepare(db, part_query, file, e);
    if (!read || !find_part(read, db, file, block, part, &stored, e))
        return false;
    buffer_clear(out);
    buffer_add(out, stored);
    return !out->failed || error_set(e, "memory is short for reading a block");
}

static void forget(struct fetched *f)
{
    for (int part = 0; part < PART_COUNT; part++)
        f->parts[part] = SLICE_NONE;
    arena_clear(&f->arena);
    f->held = NULL;
}

bool fetch_rows_of(struct fetched *f, struct slice stored, struct error *e)
{
    forget(f);
    return block_open_part(stored, PART_ROWS, &f->inflated[PART_ROWS], &f->parts[PART_ROWS], e) &&
           block_read_rows(f->parts[PART_ROWS], &f->arena, &f->rows, e);
}

bool fetch_take(struct fetched *f, struct block_builder *builder, struct error *e)
{
    forget(f);
    block_builder_give(builder, f->inflated);
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++) {
        struct slice bytes = buffer_slice(&f->inflated[part]);
        f->parts[part] = bytes.data ? bytes : SLICE(""); /* no part is NULL */
    }
    return block_read_rows(f->parts[PART_ROWS], &f->arena, &f->rows, e);
}

bool fetch_part_of(struct fetched *f, struct slice stored, enum block_part part, struct error *e)
{
    struct slice bytes;
    if (!block_open_part(stored, part, &f->inflated[part], &bytes, e) ||
        !block_fits(&f->rows, part == PART_TEXT ? bytes : SLICE_NONE,
                    part == PART_FIELDS ? bytes : SLICE_NONE, e))
        return false;
    f->parts[part] = bytes;
    return true;
}

bool fetch_rows(struct fetched *f, sqlite3 *db, const char *file, int64_t block, struct error *e)
{
    struct slice stored;
    DAY_STATEMENT *read = day_prepare(db, part_query, file, e);
    return read && find_part(read, db, file, block, PART_ROWS, &stored, e) &&
           fetch_rows_of(f, stored, e);
}

bool fetch_part(struct fetched *f, sqlite3 *db, const char *file, int64_t block,
                enum block_part part, struct error *e)
{
    struct slice stored;
    if (f->parts[part].data)
        return true;
    DAY_STATEMENT *read = day_prepare(db, part_query, file, e);
    return read && find_part(read, db, file, block, part, &stored, e) &&
           fetch_part_of(f, stored, part, e);
}

uint32_t fetch_number(struct slice numbers, size_t i)
{
    const unsigned char *b = (const unsigned char *)numbers.data + i * 4;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool row_of(const struct block_rows *rows, uint64_t sequence, uint32_t *row_out)
{
    for (uint32_t i = 0; i < rows->count; i++)
        if (rows->sequence[i] == sequence) {
            *row_out = i;
            return true;
        }
    return false;
}

/* Blocks of one sealed window overlap in their sequences: all that may have it are asked. */
static bool find_sequence(struct fetched *f, sqlite3 *db, const char *file, uint64_t sequence,
                          uint32_t *row_out, struct error *e)
{
    DAY_STATEMENT *blocks = day_prepare(
        db, "SELECT id FROM block WHERE sequence_max >= ?1 AND sequence_min <= ?1", file, e);
    struct error damaged = ERROR_NONE;
    int code = SQLITE_DONE;
    if (!blocks)
        return false;
    sqlite3_bind_int64(blocks, 1, (sqlite3_int64)sequence);
    while ((code = sqlite3_step(blocks)) == SQLITE_ROW) {
        int64_t block = sqlite3_column_int64(blocks, 0);
        struct error reason = ERROR_NONE;
        if (!fetch_rows(f, db, file, block, &reason)) {
            if (!damaged.set)
                damaged = reason;
            continue;
        }
        f->held = db;
        if (row_of(&f->rows, sequence, row_out))
            return fetch_part(f, db, file, block, PART_TEXT, e) &&
                   fetch_part(f, db, file, block, PART_FIELDS, e);
    }
    if (code != SQLITE_DONE)
        return day_failed(db, file, e);
    if (damaged.set) {
        *e = damaged;
        return false;
    }
    error_set(e, "there is no event %llu in this day file", (unsigned long long)sequence);
    return error_kind(e, ERROR_NOT_FOUND);
}

bool fetch_sequence(struct fetched *f, sqlite3 *db, const char *file, uint64_t sequence,
                    uint32_t *row_out, struct error *e)
{
    /* events of one alert mostly stand in one block */
    if (f->held == db && f->parts[PART_FIELDS].data && row_of(&f->rows, sequence, row_out))
        return true;
    /* one read transaction, so that no seal falls between directory and parts */
    struct error ignored = ERROR_NONE, *reason = e ? e : &ignored;
    if (!day_run(db, "BEGIN", file, reason))
        return false;
    bool found = find_sequence(f, db, file, sequence, row_out, reason);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return found;
}

bool fetch_copy_event(const struct event *from, struct arena *arena, struct event *to)
{
    *to = *from;
    to->raw = arena_copy(arena, from->raw);
    to->source = arena_copy(arena, from->source);
    to->system = arena_copy(arena, from->system);
    to->agency = arena_copy(arena, from->agency);
    to->decoder = arena_copy(arena, from->decoder);
    to->logsource.product = arena_copy(arena, from->logsource.product);
    to->logsource.category = arena_copy(arena, from->logsource.category);
    to->logsource.service = arena_copy(arena, from->logsource.service);
    to->fields = arena_array(arena, from->field_count, sizeof *to->fields);
    for (uint32_t i = 0; to->fields && i < from->field_count; i++) {
        to->fields[i].name = arena_copy(arena, from->fields[i].name);
        to->fields[i].value = arena_copy(arena, from->fields[i].value);
        to->fields[i].kind = from->fields[i].kind;
    }
    return !arena->exhausted;
}
