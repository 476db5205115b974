#include "exchange/register.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "exchange/csv.h"
#include "exchange/sheet.h"

bool register_sheet_parse(struct slice name, enum register_sheet *sheet_out)
{
    for (unsigned i = 0; i < REGISTER_SHEETS; i++)
        if (slice_is(name, sheets[i].name)) {
            *sheet_out = (enum register_sheet)i;
            return true;
        }
    return false;
}

/* One sheet on its way in. */
struct import {
    struct records *records;
    const struct actor *actor;
    const struct sheet *sheet;
    const struct csv *csv;
    int *columns;              /* csv column of each sheet column, -1: left out */
    struct arena *arena;
    struct register_preview *preview;
};

/* ---- cells ----------------------------------------------------------------------------------- */

static bool input_error(struct error *e, const char *column)
{
    error_place(e, "%s", column);
    return error_kind(e, ERROR_INPUT);
}

/* 2019-08-12 or 12/8/2019 (also with dots or dashes) as 2019-08-12. */
static bool day_read(struct slice cell, struct arena *arena, struct slice *day_out, struct error *e)
{
    int64_t time;
    uint64_t parts[3];
    *day_out = cell;
    if (!cell.len || (cell.len == 10 && cell.data[4] == '-' && clock_parse(cell, &time)))
        return true;
    struct slice rest = cell, part;
    char between = slice_find_byte(cell, '/') < cell.len ? '/'
                   : slice_find_byte(cell, '.') < cell.len ? '.' : '-';
    unsigned count = 0;
    while (count < 3 && slice_split(&rest, between, &part) && slice_to_u64(part, &parts[count]))
        count++;
    if (count == 3 && !rest.data && parts[0] <= 31 && parts[1] <= 12 && parts[2] >= 1900 &&
        parts[2] <= 9999) {
        *day_out = arena_print(arena, "%04d-%02d-%02d", (int)parts[2], (int)parts[1],
                               (int)parts[0]);
        if (clock_parse(*day_out, &time))
            return true;
    }
    error_set(e, "'%.*s' is no day", SLICE_ARGS(cell));
    return error_hint(e, "%s", "write it as 2019-08-12 or 12/8/2019");
}

static bool list_read(struct slice cell, struct arena *arena, struct slice **list_out,
                      uint32_t *count_out, struct error *e)
{
    uint32_t most = 1;
    for (size_t i = 0; i < cell.len; i++)
        most += cell.data[i] == '|';
    struct slice *list = arena_array(arena, most, sizeof *list);
    if (!list)
        return error_set(e, "the sheet is too large");
    struct slice part;
    uint32_t count = 0;
    while (slice_split(&cell, '|', &part)) {
        part = slice_trim(part);
        bool fresh = part.len > 0;
        for (uint32_t i = 0; i < count; i++)
            fresh = fresh && !slice_equal(list[i], part);
        if (fresh)
            list[count++] = part;
    }
    *list_out = list;
    *count_out = count;
    return true;
}

static bool yes_no_read(struct slice cell, bool *value_out, struct error *e)
{
    static const char *const yes[] = { "1", "yes", "true", "có", "x" };
    static const char *const no[] = { "0", "no", "false", "không", "" };
    for (unsigned i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (slice_equal_nocase(cell, slice_of(yes[i])) ||
            slice_equal_nocase(cell, slice_of(no[i]))) {
            *value_out = slice_equal_nocase(cell, slice_of(yes[i]));
            return true;
        }
    }
    error_set(e, "'%.*s' is neither yes nor no", SLICE_ARGS(cell));
    return false;
}

static bool number_read(struct slice cell, int64_t *value_out, struct error *e)
{
    *value_out = 0;
    if (!cell.len || slice_to_i64(cell, value_out))
        return true;
    return error_set(e, "'%.*s' is no whole number", SLICE_ARGS(cell));
}

static bool cell_read(struct arena *arena, const struct sheet_column *column, struct slice cell,
                      union sheet_row *row, struct error *e)
{
    char *at = (char *)row + column->offset;
    int64_t number = 0;
    bool fine = true, yes = false;
    switch (column->kind) {
    case SHEET_TEXT:
        *(struct slice *)at = cell;
        break;
    case SHEET_LIST:
        fine = list_read(cell, arena, (struct slice **)at,
                         (uint32_t *)((char *)row + column->count_offset), e);
        break;
    case SHEET_DAY:
        fine = day_read(cell, arena, (struct slice *)at, e);
        break;
    case SHEET_NUMBER:
        fine = number_read(cell, &number, e);
        if (fine && column->count_offset == sizeof(int)) {
            if (number < INT32_MIN || number > INT32_MAX)
                fine = error_set(e, "'%.*s' is no whole number", SLICE_ARGS(cell));
            else
                *(int *)at = (int)number;
        } else {
            *(int64_t *)at = number;
        }
        break;
    case SHEET_YES_NO:
        fine = yes_no_read(cell, (bool *)at, e);
        break;
    case SHEET_YES_NO_UNKNOWN:
        fine = !cell.len || yes_no_read(cell, &yes, e);
        *(int *)at = !cell.len ? -1 : yes;
        break;
    }
    if (fine && column->needed && !cell.len)
        fine = error_set(e, "the cell '%s' is empty", column->name);
    return fine || input_error(e, column->name);
}

/* ---- columns --------------------------------------------------------------------------------- */

static void names_print(const struct sheet *sheet, struct buffer *out)
{
    for (unsigned i = 0; i < sheet->column_count; i++)
        buffer_print(out, "%s%s", i ? ", " : "", sheet->columns[i].name);
    buffer_add_byte(out, '\0');
}

static bool columns_match(struct import *m, struct error *e)
{
    const struct sheet *sheet = m->sheet;
    struct csv_row head = { .line = 1 };
    BUFFER_AUTO names;
    buffer_init(&names, 0);
    names_print(sheet, &names);
    m->columns = arena_array(m->arena, sheet->column_count, sizeof *m->columns);
    if (!m->columns || names.failed)
        return error_set(e, "the sheet is too large");
    for (unsigned i = 0; i < sheet->column_count; i++) {
        m->columns[i] = csv_column(m->csv, sheet->columns[i].name);
        if (m->columns[i] < 0 && sheet->columns[i].needed) {
            error_set(e, "the column '%s' is missing", sheet->columns[i].name);
            error_hint(e, "a sheet of this kind has the columns: %s", names.data);
            return csv_place(e, m->csv, &head, -1);
        }
    }
    for (uint32_t c = 0; c < m->csv->column_count; c++) {
        bool known = false;
        for (unsigned i = 0; i < sheet->column_count; i++)
            known = known || m->columns[i] == (int)c;
        if (!known) {
            error_set(e, "nobody knows a column '%.*s'", SLICE_ARGS(m->csv->columns[c]));
            error_hint(e, "a sheet of this kind has the columns: %s", names.data);
            return csv_place(e, m->csv, &head, (int)c);
        }
    }
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The column that the records named in the error becomes the place in the sheet. */
static void place_complete(const struct import *m, const struct csv_row *row, struct error *e)
{
    char column[sizeof e->place];
    snprintf(column, sizeof column, "%s", e->place);
    e->place[0] = '\0';
    enum error_kind kind = e->kind;
    csv_place(e, m->csv, row, csv_column(m->csv, column));
    e->kind = kind == ERROR_FAILED || kind == ERROR_BUSY ? kind : ERROR_INPUT;
}

static void keep(struct error **list, uint32_t *count, struct arena *arena, const struct error *e)
{
    if (!*list)
        *list = arena_array(arena, REGISTER_ERRORS_MOST, sizeof **list);
    if (*list && *count < REGISTER_ERRORS_MOST)
        (*list)[(*count)++] = *e;
}

static void error_keep(struct register_preview *preview, struct arena *arena,
                       const struct error *problem)
{
    preview->wrong++;
    keep(&preview->errors, &preview->error_count, arena, problem);
}

static void note_keep(struct import *m, const struct csv_row *row, const union sheet_row *values)
{
    struct error note = ERROR_NONE;
    if (m->sheet->note)
        m->sheet->note(values, &note);
    if (!note.set)
        return;
    place_complete(m, row, &note);
    keep(&m->preview->notes, &m->preview->note_count, m->arena, &note);
}

static bool row_put(struct import *m, const struct csv_row *csv_row, unsigned ordinal,
                    union sheet_row *row, enum records_change *change_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    struct slice key = csv_cell(csv_row, m->columns[0]);
    if (!records_begin(m->records, &t, e) ||
        !m->sheet->load(m->records, key, ordinal, m->arena, row, e))
        return false;
    for (unsigned i = 0; i < m->sheet->column_count; i++)
        if (m->columns[i] >= 0 &&
            !cell_read(m->arena, &m->sheet->columns[i], csv_cell(csv_row, m->columns[i]), row, e))
            return false;
    return m->sheet->put(m->records, m->actor, row, change_out, e) && records_commit(&t, e);
}

static bool is_ours(const struct error *problem)
{
    return problem->kind != ERROR_FAILED && problem->kind != ERROR_BUSY;
}

static bool key_repeated(struct import *m, struct map *seen, const struct csv_row *row,
                         struct error *e)
{
    struct slice key = csv_cell(row, m->columns[0]);
    const struct csv_row *first = map_get(seen, key);
    if (first && m->sheet->key_once) {
        error_set(e, "the key '%.*s' stands in line %u already", SLICE_ARGS(key), first->line);
        return true;
    }
    if (!first && key.len)
        map_put(seen, key, (void *)(uintptr_t)row);
    return false;
}

static void row_count(struct import *m, const struct csv_row *row, enum records_change change)
{
    struct register_preview *p = m->preview;
    p->fresh += change == RECORDS_NEW;
    p->changed += change == RECORDS_CHANGED;
    p->unchanged += change == RECORDS_UNCHANGED;
    p->rows[p->row_count++] = (struct register_row){
        .key = csv_cell(row, m->columns[0]), .line = row->line, .change = change };
}

/* False only when the records failed; wrong rows are kept in the preview. */
static bool rows_put(struct import *m, union sheet_row *rows, struct error *e)
{
    MAP_AUTO seen = MAP_EMPTY;
    for (uint32_t i = 0; i < m->csv->row_count; i++) {
        const struct csv_row *row = &m->csv->rows[i];
        struct error problem = ERROR_NONE;
        enum records_change change;
        bool fine = !key_repeated(m, &seen, row, &problem) || input_error(&problem, "key");
        fine = fine && row_put(m, row, i + 1, &rows[i], &change, &problem);
        if (fine) {
            row_count(m, row, change);
            if (change != RECORDS_UNCHANGED)
                note_keep(m, row, &rows[i]);
            continue;
        }
        place_complete(m, row, &problem);
        if (!is_ours(&problem)) {
            *e = problem;
            return false;
        }
        error_keep(m->preview, m->arena, &problem);
    }
    for (uint32_t i = 0; m->sheet->after && i < m->csv->row_count; i++) {
        struct error problem = ERROR_NONE;
        if (m->sheet->after(m->records, &rows[i], &problem))
            continue;
        place_complete(m, &m->csv->rows[i], &problem);
        error_keep(m->preview, m->arena, &problem);
    }
    return true;
}

/* ---- sheets ---------------------------------------------------------------------------------- */

static bool rows_make_room(struct import *m, union sheet_row **rows_out, struct error *e)
{
    struct register_preview *p = m->preview;
    struct register_row *rows = arena_array(m->arena, (size_t)p->row_count + m->csv->row_count + 1,
                                            sizeof *rows);
    *rows_out = arena_array(m->arena, (size_t)m->csv->row_count + 1, sizeof **rows_out);
    if (!rows || !*rows_out)
        return error_set(e, "the sheet is too large");
    if (p->row_count)
        memcpy(rows, p->rows, p->row_count * sizeof *rows);
    p->rows = rows;
    return true;
}

/* Inside the caller's transaction: puts what is right, keeps what is wrong. */
static bool sheet_put(struct records *records, const struct actor *actor,
                      const struct sheet *sheet, struct slice bytes, const char *file,
                      struct arena *arena, struct register_preview *preview, struct error *e)
{
    struct csv *csv;
    struct import m = { .records = records, .actor = actor, .sheet = sheet, .arena = arena,
                        .preview = preview };
    struct error problem = ERROR_NONE;
    union sheet_row *rows;
    bool fine = csv_parse(bytes, file, arena, &csv, &problem);
    m.csv = csv;
    if (!fine || !columns_match(&m, &problem)) {
        if (problem.kind != ERROR_INPUT) {
            *e = problem;
            return false;
        }
        error_keep(preview, arena, &problem);
        return true;
    }
    return rows_make_room(&m, &rows, e) && rows_put(&m, rows, e);
}

static bool conclude(struct records_transaction *t, enum register_mode mode,
                     struct register_preview *preview, struct error *e)
{
    if (preview->wrong) {
        *e = preview->errors ? preview->errors[0] : *e;
        return false;
    }
    if (mode == REGISTER_PREVIEW)
        return true; /* the transaction is rolled back */
    preview->stored = records_commit(t, e);
    return preview->stored;
}

bool register_import(struct records *records, const struct actor *actor, enum register_sheet sheet,
                     struct slice bytes, const char *file, enum register_mode mode,
                     struct arena *arena, struct register_preview *preview_out, struct error *e)
{
    *preview_out = (struct register_preview){ 0 };
    RECORDS_TRANSACTION t = { 0 };
    return records_begin(records, &t, e) &&
           sheet_put(records, actor, &sheets[sheet], bytes, file, arena, preview_out, e) &&
           conclude(&t, mode, preview_out, e);
}

bool register_import_folder(struct records *records, const struct actor *actor,
                            const char *folder, enum register_mode mode, struct arena *arena,
                            struct register_preview *preview_out, struct error *e)
{
    *preview_out = (struct register_preview){ 0 };
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e))
        return false;
    unsigned found = 0;
    for (unsigned i = 0; i < REGISTER_SHEETS; i++) {
        struct slice name = arena_print(arena, "%s.csv", sheets[i].name);
        const char *path = name.data ? file_join(arena, folder, name.data) : NULL;
        struct slice bytes;
        if (!path)
            return error_set(e, "the sheet is too large");
        if (access(path, F_OK) != 0 && errno == ENOENT)
            continue;
        found++;
        if (!file_read(path, CSV_BYTES_MOST, arena, &bytes, e) ||
            !sheet_put(records, actor, &sheets[i], bytes, path, arena, preview_out, e))
            return false;
    }
    if (!found) {
        error_set(e, "there is none of the register's sheets here, agencies.csv for one");
        error_place(e, "%s", folder);
        return error_kind(e, ERROR_INPUT);
    }
    return conclude(&t, mode, preview_out, e);
}
