/* block - many events in three compressed parts: rows, text, fields.
 *
 * A search inflates only what it needs: rows (ids, times, where from) for the envelope, text (the
 * raw lines) for words, fields for names and values. A field is not stored twice: it is a place in
 * the raw line (perhaps with JSON escapes to undo); only values that stand nowhere in the line are
 * kept beside it. Versioned: each part has a header.
 *
 *     part    "HDP" version:u8 | kind:u8 codec:u8 zero:u16 | inflated:u32 | stored:u32 |
 *             xxh3(stored):u64 | xxh3(inflated):u64 | one zstd frame
 *     rows    count:u32 | origins | labels | shapes | columns
 *             origins  n:u32, n × (source, system, agency: slice)
 *             labels   n:u32, n × (decoder, product, category, service: slice)
 *             shapes   n:u32, n × (fields:u32, fields × (name: slice, kind:u8))
 *             columns  10 × (bytes:u32, varints): sequence, time and received as zigzag
 *                      differences to the row before (the times behind a varint of the unit in ns
 *                      that they all are multiples of), origin, label, shape, flags, length of the
 *                      raw line, bytes kept beside it, length of the field record
 *     text    row after row: raw line, then each value kept beside it, a NUL before and at the end
 *     fields  row after row, per field of its shape: how:varint [, place], length:varint
 *             how 0: in the raw line, place = zigzag difference to the end of the field before
 *                    (its beginning, when that was an object or array); 1: the same, JSON escapes
 *                    \\ \" \n \r \t undone; 2: the next value beside the line, no place;
 *             how 3: a JSON string from its first byte to the quotation mark that ends it, escapes
 *                    undone, and no length: so that alike lines have the same record
 *             (how and place are one varint: zigzag << 2 | how)
 *
 * Everything read here is held against the part's length: a damaged block gives an error with the
 * byte, never a crash.
 */
#ifndef ARCHIVE_BLOCK_H
#define ARCHIVE_BLOCK_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "event/event.h"

enum block_part { PART_ROWS, PART_TEXT, PART_FIELDS, PART_FILTER, PART_COUNT };

struct block_origin {
    struct slice source, system, agency;
};

struct block_label {
    struct slice decoder;
    struct event_logsource logsource;
};

struct block_shape {
    uint32_t count;
    struct slice *names;
    uint8_t *kinds;
};

/* What the directory says of a block. */
struct block_summary {
    uint32_t events;
    uint64_t sequence_min, sequence_max;
    int64_t time_min, time_max;
    uint64_t text_bytes;
};

/* --- writing ------------------------------------------------------------------------------ */

struct block_builder;
struct block_rows;

struct block_builder *block_builder_new(void); /* NULL: memory is short */
void block_builder_free(struct block_builder **builder);
void block_builder_clear(struct block_builder *builder); /* keeps memory for the next block */

/* False when memory is short or the block has BLOCK_ROWS_MAX events; the builder is then of no use
 * until cleared. The event's bytes are copied. */
bool block_add(struct block_builder *builder, const struct event *event, uint64_t sequence);
/* What a builder has already learnt of another block's tables, so that a row's origin, label and
 * shape are looked up once for all rows copied from it. Zeroed by the caller; valid for any builder. */
struct block_memo {
    uint64_t builder;            /* whose numbers these are */
    uint32_t *numbers[3];        /* number + 1 by origin, label, shape; 0: not yet known */
};
bool block_memo_init(struct block_memo *memo, const struct block_rows *rows, struct arena *arena);
/* The same row out of another block, without taking it apart. */
bool block_copy(struct block_builder *builder, const struct block_rows *rows, struct slice text,
                struct slice fields, uint32_t row, struct block_memo *memo);
struct block_summary block_builder_summary(const struct block_builder *builder);
/* Origins in this block, in the order of their first event. */
uint32_t block_builder_origins(const struct block_builder *builder,
                               const struct block_origin **origins_out);
/* Text of the last row and of the one before it (empty at the first), each ending with NUL. They
 * live until the next row. */
void block_builder_last(const struct block_builder *builder, struct slice *row_out,
                        struct slice *before_out);
/* The parts so far, not compressed; they live until anything is done with the builder. */
bool block_builder_parts(struct block_builder *builder, struct slice *parts_out);
/* Gives the memory of those parts away, by enum block_part, for the buffers in its place; the slices
 * stay valid as long as their new owner. The builder has to be cleared before it is used again. */
void block_builder_give(struct block_builder *builder, struct buffer *parts_io);
/* Appends bytes as a part, compressed. False: out of memory. */
bool block_write_part(enum block_part part, struct slice bytes, int level, struct buffer *out,
                      struct error *e);

/* --- reading: ERROR_BUSY means memory was short, everything else that the bytes are damaged - */

struct block_rows {
    uint32_t count;
    struct block_origin *origins;
    struct block_label *labels;
    struct block_shape *shapes;
    uint32_t origin_count, label_count, shape_count;
    uint64_t *sequence;
    int64_t *time, *received;
    uint32_t *origin, *label, *shape, *flags;
    uint32_t *raw_len;
    uint32_t *text_at;   /* count + 1 places in the text part; a row ends with one NUL */
    uint32_t *fields_at; /* count + 1 places in the fields part */
};

/* Inflates one part into out (cleared first) after holding both checksums; *bytes_out is in out. */
bool block_open_part(struct slice stored, enum block_part part, struct buffer *out,
                     struct slice *bytes_out, struct error *e);
/* Rows in the arena; names and keys point into bytes. */
bool block_read_rows(struct slice bytes, struct arena *arena, struct block_rows *rows_out,
                     struct error *e);
/* The other parts fit these rows. */
bool block_fits(const struct block_rows *rows, struct slice text, struct slice fields,
                struct error *e);

static inline struct slice block_text(const struct block_rows *rows, struct slice text,
                                      uint32_t row)
{
    return slice_cut(text, rows->text_at[row], rows->text_at[row + 1] - 1);
}

static inline struct slice block_raw(const struct block_rows *rows, struct slice text,
                                     uint32_t row)
{
    return slice_cut(text, rows->text_at[row], rows->text_at[row] + rows->raw_len[row]);
}

/* The row as an event; slices point into rows, text and arena (values with escapes). False: the
 * field record is damaged, or the arena exhausted. */
bool block_event(const struct block_rows *rows, struct slice text, struct slice fields,
                 uint32_t row, struct arena *arena, struct event *event_out, struct error *e);

/* The same with only those fields whose names are among these (compared without case). */
bool block_event_some(const struct block_rows *rows, struct slice text, struct slice fields,
                      uint32_t row, const struct slice *names, size_t name_count,
                      struct arena *arena, struct event *event_out, struct error *e);

/* Walks the fields of one row without building an event. */
struct block_fields {
    const struct block_shape *shape;
    struct slice text;      /* of the row */
    uint32_t raw_len;
    const unsigned char *at, *end;
    uint32_t next;          /* field index */
    int64_t place;          /* end of the field before */
    uint32_t beside;        /* where the next value beside the line begins */
    bool failed;
};

struct block_value {
    struct slice name, bytes;
    uint8_t kind;           /* enum event_kind */
    bool escaped;           /* undo with block_unescape */
};

struct block_fields block_fields_of(const struct block_rows *rows, struct slice text,
                                    struct slice fields, uint32_t row);
/* False at the end or when the record is damaged (fields->failed). */
bool block_fields_next(struct block_fields *fields, struct block_value *value_out);
/* Where the JSON string ends whose first byte stands at `at`: at its quotation mark, or text.len when
 * there is none; *escaped_out: it has a backslash in it. */
size_t block_string_end(struct slice text, size_t at, bool *escaped_out);
/* Undoes \\ \" \n \r \t; out has room for bytes.len. Returns the length. */
size_t block_unescape(struct slice bytes, char *out);

#endif
