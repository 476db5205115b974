/* csv - RFC 4180 as spreadsheets really write it.
 *
 * UTF-8 with or without BOM; CRLF, LF or CR; separator ',' ';' or tab (whichever the header row has
 * most, outside quotes); quoted cells with "" and line breaks inside; blanks around cells are
 * trimmed and text is brought to NFC.
 * Never: cells that were not asked for taken silently: the caller names the columns it knows.
 */
#ifndef EXCHANGE_CSV_H
#define EXCHANGE_CSV_H

#include "base/arena.h"
#include "base/error.h"

#define CSV_BYTES_MOST (16u * 1024 * 1024)
#define CSV_ROWS_MOST 100000u
#define CSV_COLUMNS_MOST 200u

struct csv_row {
    unsigned line;           /* 1-based, where the row begins */
    struct slice *cells;     /* as many as there are columns; missing ones are empty */
    uint32_t given;          /* cells that really stood there */
};

struct csv {
    const char *file;        /* for places */
    struct slice *columns;   /* the header row */
    uint32_t column_count;
    struct csv_row *rows;    /* empty rows are left out */
    uint32_t row_count;
    char separator;
};

/* Reads the whole; the strings belong to the arena. False with file:line:column when it is not
 * UTF-8, a quote is never closed or stands in the middle of a cell, there is no header row, a
 * column's name is missing or twice there, or a ceiling is passed. */
bool csv_parse(struct slice bytes, const char *file, struct arena *arena, struct csv **csv_out,
               struct error *e);
/* Index of a column (ASCII case and blanks around it do not matter), or -1. */
int csv_column(const struct csv *csv, const char *name);
/* The cell, or empty. */
struct slice csv_cell(const struct csv_row *row, int column);
/* Sets e's place to "file:line (column)". Returns false. */
bool csv_place(struct error *e, const struct csv *csv, const struct csv_row *row, int column);

#endif
