#include "exchange/csv.h"

#include "base/fold.h"

struct reader {
    struct slice bytes;
    size_t at;
    unsigned line;
    size_t line_start;
    const char *file;
    char separator;
    struct arena *arena;
    struct slice cells[CSV_COLUMNS_MOST];
    uint32_t count;
};

static bool bad(struct reader *r, size_t at, struct error *e)
{
    size_t start = r->line_start < at ? r->line_start : at;
    error_at(e, r->file, r->line, (unsigned)(at - start) + 1, slice_after(r->bytes, start));
    return error_kind(e, ERROR_INPUT);
}

static bool at_end(const struct reader *r)
{
    return r->at >= r->bytes.len;
}

/* CRLF, LF or CR; true when one was eaten. */
static bool line_end(struct reader *r)
{
    if (at_end(r) || (r->bytes.data[r->at] != '\r' && r->bytes.data[r->at] != '\n'))
        return false;
    bool pair = r->bytes.data[r->at] == '\r' && r->at + 1 < r->bytes.len &&
                r->bytes.data[r->at + 1] == '\n';
    r->at += pair ? 2 : 1;
    r->line++;
    r->line_start = r->at;
    return true;
}

static bool cell_ends(const struct reader *r)
{
    char c = at_end(r) ? '\n' : r->bytes.data[r->at];
    return c == '\r' || c == '\n' || c == r->separator;
}

/* No more bytes than this are in the quoted cell that begins here. */
static size_t quoted_most(const struct reader *r)
{
    size_t at = r->at;
    for (;;) {
        at += slice_find_byte(slice_after(r->bytes, at), '"') + 1;
        if (at >= r->bytes.len || r->bytes.data[at] != '"')
            return at - r->at;
        at++;
    }
}

static bool quoted_read(struct reader *r, struct slice *cell, struct error *e)
{
    size_t open = r->at++;
    unsigned line = r->line;
    size_t line_start = r->line_start;
    char *text = arena_alloc(r->arena, quoted_most(r));
    size_t len = 0;
    if (!text)
        return error_set(e, "the sheet is too large");
    for (;;) {
        if (at_end(r)) {
            r->line = line;
            r->line_start = line_start;
            error_set(e, "this quote is never closed");
            return bad(r, open, e);
        }
        char c = r->bytes.data[r->at];
        if (c == '\r' || c == '\n') {
            line_end(r);
            text[len++] = '\n';
            continue;
        }
        r->at++;
        if (c != '"') {
            text[len++] = c;
        } else if (!at_end(r) && r->bytes.data[r->at] == '"') {
            text[len++] = '"';
            r->at++;
        } else {
            break;
        }
    }
    while (!cell_ends(r) && (r->bytes.data[r->at] == ' ' || r->bytes.data[r->at] == '\t'))
        r->at++;
    if (!cell_ends(r)) {
        error_set(e, "after the closing quote comes more text");
        error_hint(e, "%s", "write a quote inside a quoted cell twice");
        return bad(r, r->at, e);
    }
    *cell = slice_from(text, len);
    return true;
}

static bool cell_read(struct reader *r, struct slice *cell, struct error *e)
{
    size_t start = r->at;
    while (!cell_ends(r) && r->bytes.data[r->at] == ' ')
        r->at++;
    if (!at_end(r) && r->bytes.data[r->at] == '"') {
        struct slice quoted;
        if (!quoted_read(r, &quoted, e))
            return false;
        *cell = fold_nfc(r->arena, slice_trim(quoted));
        return true;
    }
    while (!cell_ends(r)) {
        if (r->bytes.data[r->at] == '"') {
            error_set(e, "a quote stands in the middle of a cell");
            error_hint(e, "%s", "put the whole cell in quotes and write the inner quote twice");
            return bad(r, r->at, e);
        }
        r->at++;
    }
    *cell = arena_copy(r->arena, fold_nfc(r->arena, slice_trim(slice_cut(r->bytes, start, r->at))));
    return true;
}

/* One row into r->cells; the line end is eaten. */
static bool row_read(struct reader *r, struct error *e)
{
    r->count = 0;
    for (;;) {
        if (r->count == CSV_COLUMNS_MOST) {
            error_set(e, "a row has more than %u cells", CSV_COLUMNS_MOST);
            return bad(r, r->at, e);
        }
        if (!cell_read(r, &r->cells[r->count++], e))
            return false;
        if (at_end(r) || line_end(r))
            return true;
        r->at++; /* the separator */
    }
}

/* Whichever of , ; tab the header row has most, outside quotes. */
static char separator_find(struct slice bytes)
{
    static const char candidates[] = { ',', ';', '\t' };
    unsigned counts[3] = { 0 };
    bool quoted = false;
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.data[i];
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == '\n' || c == '\r'))
            break;
        for (int k = 0; k < 3 && !quoted; k++)
            counts[k] += c == candidates[k];
    }
    int best = 0;
    for (int k = 1; k < 3; k++)
        if (counts[k] > counts[best])
            best = k;
    return candidates[best];
}

static bool row_is_empty(const struct reader *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->cells[i].len)
            return false;
    return true;
}

static bool header_read(struct reader *r, struct csv *csv, struct error *e)
{
    unsigned line;
    do {
        line = r->line;
        if (at_end(r)) {
            error_set(e, "the sheet is empty: a row with the columns' names was expected");
            return bad(r, r->at, e);
        }
        if (!row_read(r, e))
            return false;
    } while (row_is_empty(r));
    while (r->count && !r->cells[r->count - 1].len) /* a spreadsheet's trailing separators */
        r->count--;
    csv->columns = arena_array(r->arena, r->count, sizeof *csv->columns);
    if (!csv->columns)
        return error_set(e, "the sheet is too large");
    csv->column_count = r->count;
    for (uint32_t i = 0; i < r->count; i++) {
        struct csv_row row = { .line = line };
        csv->columns[i] = r->cells[i];
        if (!r->cells[i].len) {
            error_set(e, "column %u has no name", i + 1);
            return csv_place(e, csv, &row, -1);
        }
        for (uint32_t k = 0; k < i; k++)
            if (slice_equal_nocase(csv->columns[k], r->cells[i])) {
                error_set(e, "the column '%.*s' is there twice", SLICE_ARGS(r->cells[i]));
                return csv_place(e, csv, &row, (int)i);
            }
    }
    return true;
}

static bool row_keep(struct reader *r, struct csv *csv, struct csv_row *row, unsigned line,
                     struct error *e)
{
    row->line = line;
    row->given = r->count;
    row->cells = arena_array(r->arena, csv->column_count, sizeof *row->cells);
    if (!row->cells)
        return error_set(e, "the sheet is too large");
    for (uint32_t i = 0; i < r->count; i++) {
        if (fold_find_unwritable(r->cells[i]) < r->cells[i].len) {
            error_set(e, "the cell holds a control character");
            return csv_place(e, csv, row, i < csv->column_count ? (int)i : -1);
        }
        if (i < csv->column_count) {
            row->cells[i] = r->cells[i];
        } else if (r->cells[i].len) {
            error_set(e, "the row has more cells (%u) than there are columns (%u)", r->count,
                      csv->column_count);
            error_hint(e, "%s", "put a cell that holds the separator in quotes");
            return csv_place(e, csv, row, -1);
        }
    }
    return true;
}

static bool rows_read(struct reader *r, struct csv *csv, struct error *e)
{
    uint32_t room = 0;
    while (!at_end(r)) {
        unsigned line = r->line;
        if (!row_read(r, e))
            return false;
        if (row_is_empty(r))
            continue;
        if (csv->row_count == CSV_ROWS_MOST) {
            error_set(e, "the sheet has more than %u rows", CSV_ROWS_MOST);
            return bad(r, r->line_start, e);
        }
        if (csv->row_count == room) {
            room = room ? room * 2 : 64;
            struct csv_row *more = arena_array(r->arena, room, sizeof *more);
            if (!more)
                return error_set(e, "the sheet is too large");
            if (csv->row_count)
                memcpy(more, csv->rows, csv->row_count * sizeof *more);
            csv->rows = more;
        }
        if (!row_keep(r, csv, &csv->rows[csv->row_count], line, e))
            return false;
        csv->row_count++;
    }
    return true;
}

/* The first byte that is not UTF-8. */
static bool utf8_check(struct reader *r, struct error *e)
{
    if (fold_is_utf8(r->bytes))
        return true;
    size_t line_at = 0;
    while (line_at < r->bytes.len) { /* to the line that is wrong */
        size_t len = slice_find_byte(slice_after(r->bytes, line_at), '\n');
        if (!fold_is_utf8(slice_cut(r->bytes, line_at, line_at + len)))
            break;
        line_at += len + 1;
        r->line++;
    }
    error_set(e, "this line is not UTF-8");
    error_hint(e, "%s", "save the sheet as 'CSV UTF-8'");
    error_at(e, r->file, r->line, 0, SLICE_NONE);
    return error_kind(e, ERROR_INPUT);
}

bool csv_parse(struct slice bytes, const char *file, struct arena *arena, struct csv **csv_out,
               struct error *e)
{
    *csv_out = NULL;
    struct reader r = { .bytes = bytes, .line = 1, .file = file, .arena = arena };
    if (bytes.len > CSV_BYTES_MOST) {
        error_set(e, "the sheet is larger than %u MiB", CSV_BYTES_MOST >> 20);
        error_place(e, "%s", file);
        return error_kind(e, ERROR_INPUT);
    }
    if (slice_starts(bytes, SLICE("\xef\xbb\xbf")))
        r.bytes = slice_after(bytes, 3);
    struct csv *csv = arena_zero(arena, sizeof *csv);
    if (!csv)
        return error_set(e, "the sheet is too large");
    if (!utf8_check(&r, e))
        return false;
    csv->file = file;
    csv->separator = r.separator = separator_find(r.bytes);
    if (!header_read(&r, csv, e) || !rows_read(&r, csv, e))
        return false;
    if (arena->exhausted)
        return error_set(e, "the sheet is too large");
    *csv_out = csv;
    return true;
}

int csv_column(const struct csv *csv, const char *name)
{
    for (uint32_t i = 0; i < csv->column_count; i++)
        if (slice_equal_nocase(csv->columns[i], slice_of(name)))
            return (int)i;
    return -1;
}

struct slice csv_cell(const struct csv_row *row, int column)
{
    return column >= 0 ? row->cells[column] : SLICE_NONE;
}

bool csv_place(struct error *e, const struct csv *csv, const struct csv_row *row, int column)
{
    if (column >= 0 && (uint32_t)column < csv->column_count)
        error_place(e, "%s:%u (%.*s)", csv->file, row->line, SLICE_ARGS(csv->columns[column]));
    else
        error_place(e, "%s:%u", csv->file, row->line);
    return error_kind(e, ERROR_INPUT);
}
