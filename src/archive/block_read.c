#include "archive/block.h"

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include "archive/limit.h"
#include "archive/place.h"
#include "archive/varint.h"
#include "base/cursor.h"

/* ERROR_BUSY, to tell it from damage: later it may be read. */
static bool no_memory(struct error *e)
{
    error_set(e, "memory is short for reading a block");
    return error_kind(e, ERROR_BUSY);
}

bool block_open_part(struct slice stored, enum block_part part, struct buffer *out,
                     struct slice *bytes_out, struct error *e)
{
    static _Thread_local ZSTD_DCtx *context; /* one a thread, for its life */
    struct cursor c = cursor_over(stored);
    *bytes_out = SLICE_NONE;
    struct slice magic = cursor_bytes(&c, 3);
    unsigned version = cursor_u8(&c), kind = cursor_u8(&c), codec = cursor_u8(&c);
    cursor_u16(&c);
    uint32_t inflated = cursor_u32(&c), len = cursor_u32(&c);
    uint64_t stored_hash = cursor_u64(&c), inflated_hash = cursor_u64(&c);
    struct slice frame = cursor_bytes(&c, len);
    if (!slice_is(magic, "HDP") || kind != part)
        return error_set(e, "this is not the part of a block that was looked for");
    if (!cursor_finish(&c, e))
        return false;
    if (version != BLOCK_VERSION || codec != 1)
        return error_set(e, "this block was written by another version (format %u.%u)", version,
                         codec);
    if (XXH3_64bits(frame.data, frame.len) != stored_hash)
        return error_set(e, "the checksum of the stored bytes is wrong");
    if (inflated > BLOCK_PART_MAX)
        return error_set(e, "a block claims %u bytes, more than any block has", inflated);
    if (!context && !(context = ZSTD_createDCtx()))
        return no_memory(e);
    buffer_clear(out);
    if (out->ceiling < BLOCK_PART_MAX)
        out->ceiling = BLOCK_PART_MAX;
    char *room = buffer_extend(out, (size_t)inflated + 1);
    if (!room)
        return no_memory(e);
    size_t got = ZSTD_decompressDCtx(context, room, inflated, frame.data, frame.len);
    if (ZSTD_isError(got) || got != inflated)
        return error_set(e, "the block cannot be inflated: %s",
                         ZSTD_isError(got) ? ZSTD_getErrorName(got) : "it is too short");
    if (XXH3_64bits(room, inflated) != inflated_hash)
        return error_set(e, "the checksum of the inflated bytes is wrong");
    out->len = inflated;
    *bytes_out = buffer_slice(out);
    return true;
}

/* A table of `count` rows of `row_size` in memory, each at least `least` bytes in the part. */
static void *table(struct cursor *c, struct arena *arena, uint32_t *count_out, size_t row_size,
                   size_t least)
{
    uint32_t count = cursor_u32(c);
    if (count > cursor_left(c) / least) {
        cursor_skip(c, SIZE_MAX);
        count = 0;
    }
    *count_out = count;
    return arena_array(arena, count, row_size);
}

static void read_tables(struct cursor *c, struct arena *arena, struct block_rows *rows)
{
    rows->origins = table(c, arena, &rows->origin_count, sizeof *rows->origins, 12);
    for (uint32_t i = 0; rows->origins && i < rows->origin_count; i++) {
        rows->origins[i].source = cursor_slice(c);
        rows->origins[i].system = cursor_slice(c);
        rows->origins[i].agency = cursor_slice(c);
    }
    rows->labels = table(c, arena, &rows->label_count, sizeof *rows->labels, 16);
    for (uint32_t i = 0; rows->labels && i < rows->label_count; i++) {
        rows->labels[i].decoder = cursor_slice(c);
        rows->labels[i].logsource.product = cursor_slice(c);
        rows->labels[i].logsource.category = cursor_slice(c);
        rows->labels[i].logsource.service = cursor_slice(c);
    }
    rows->shapes = table(c, arena, &rows->shape_count, sizeof *rows->shapes, 4);
    for (uint32_t i = 0; rows->shapes && i < rows->shape_count; i++) {
        struct block_shape *shape = &rows->shapes[i];
        uint32_t count = cursor_u32(c);
        if (count > cursor_left(c) / 5) {
            cursor_skip(c, SIZE_MAX);
            return;
        }
        shape->names = arena_array(arena, count, sizeof *shape->names);
        shape->kinds = arena_zero(arena, count);
        if (!shape->names || !shape->kinds)
            return;
        shape->count = count;
        for (uint32_t k = 0; k < count; k++) {
            shape->names[k] = cursor_slice(c);
            shape->kinds[k] = cursor_u8(c);
            if (shape->kinds[k] > EVENT_ARRAY)
                cursor_skip(c, SIZE_MAX);
        }
    }
}

static bool read_signed(struct cursor *c, int64_t *values, uint32_t count)
{
    struct slice bytes = cursor_slice(c);
    const unsigned char *at = (const unsigned char *)bytes.data, *end = bytes.len ? at + bytes.len : at;
    uint64_t last = 0, value;
    for (uint32_t i = 0; i < count; i++) {
        if (!varint_read(&at, end, &value))
            return false;
        last += (uint64_t)unzigzag(value);
        values[i] = (int64_t)last;
    }
    return at == end;
}

static bool read_times(struct cursor *c, int64_t *values, uint32_t count)
{
    struct slice bytes = cursor_slice(c);
    const unsigned char *at = (const unsigned char *)bytes.data, *end = bytes.len ? at + bytes.len : at;
    uint64_t last = 0, value, unit;
    if (!varint_read(&at, end, &unit))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!varint_read(&at, end, &value))
            return false;
        last += (uint64_t)unzigzag(value) * unit;
        values[i] = (int64_t)last;
    }
    return at == end;
}

/* Each below `most`. */
static bool read_numbers(struct cursor *c, uint32_t *values, uint32_t count, uint64_t most)
{
    struct slice bytes = cursor_slice(c);
    const unsigned char *at = (const unsigned char *)bytes.data, *end = bytes.len ? at + bytes.len : at;
    uint64_t value;
    for (uint32_t i = 0; i < count; i++) {
        if (!varint_read(&at, end, &value) || value >= most)
            return false;
        values[i] = (uint32_t)value;
    }
    return at == end;
}

/* Lengths to count + 1 places. */
static bool read_places(struct cursor *c, uint32_t *places, uint32_t count)
{
    if (!read_numbers(c, places + 1, count, BLOCK_PART_MAX + 1u))
        return false;
    uint64_t sum = 0;
    places[0] = 0;
    for (uint32_t i = 1; i <= count; i++) {
        sum += places[i];
        if (sum > BLOCK_PART_MAX)
            return false;
        places[i] = (uint32_t)sum;
    }
    return true;
}

/* Bytes beside the raw lines, in `places`, to places of the rows' text. */
static bool place_text(const struct block_rows *rows, uint32_t *places)
{
    uint64_t at = 0;
    places[0] = 0;
    for (uint32_t i = 0; i < rows->count; i++) {
        at += (uint64_t)rows->raw_len[i] + places[i + 1] + 1;
        if (at > BLOCK_PART_MAX)
            return false;
        places[i + 1] = (uint32_t)at;
    }
    return true;
}

bool block_read_rows(struct slice bytes, struct arena *arena, struct block_rows *rows_out,
                     struct error *e)
{
    struct block_rows rows = { .count = 0 };
    struct cursor c = cursor_over(bytes);
    uint32_t n = cursor_u32(&c);
    /* a row takes a byte in each of ten columns */
    if (n > BLOCK_ROWS_MAX || n > bytes.len / 10 + 1)
        return error_set(e, "a block claims %u events, more than it can hold", n);
    read_tables(&c, arena, &rows);
    rows.count = n;
    rows.sequence = arena_array(arena, n, sizeof *rows.sequence);
    rows.time = arena_array(arena, n, sizeof *rows.time);
    rows.received = arena_array(arena, n, sizeof *rows.received);
    rows.origin = arena_array(arena, n, sizeof *rows.origin);
    rows.label = arena_array(arena, n, sizeof *rows.label);
    rows.shape = arena_array(arena, n, sizeof *rows.shape);
    rows.flags = arena_array(arena, n, sizeof *rows.flags);
    rows.raw_len = arena_array(arena, n, sizeof *rows.raw_len);
    rows.text_at = arena_array(arena, (size_t)n + 1, sizeof *rows.text_at);
    rows.fields_at = arena_array(arena, (size_t)n + 1, sizeof *rows.fields_at);
    if (arena->exhausted)
        return no_memory(e);
    if (c.failed)
        return cursor_finish(&c, e);
    bool well = read_signed(&c, (int64_t *)rows.sequence, n) && read_times(&c, rows.time, n) &&
                read_times(&c, rows.received, n) &&
                read_numbers(&c, rows.origin, n, rows.origin_count) &&
                read_numbers(&c, rows.label, n, rows.label_count) &&
                read_numbers(&c, rows.shape, n, rows.shape_count) &&
                read_numbers(&c, rows.flags, n, UINT32_MAX) &&
                read_numbers(&c, rows.raw_len, n, BLOCK_PART_MAX) &&
                read_numbers(&c, rows.text_at + 1, n, BLOCK_PART_MAX) &&
                place_text(&rows, rows.text_at) && read_places(&c, rows.fields_at, n);
    if (!well)
        return error_set(e, "the columns of a block do not fit together");
    *rows_out = rows;
    return cursor_finish(&c, e);
}

bool block_fits(const struct block_rows *rows, struct slice text, struct slice fields,
                struct error *e)
{
    if (text.data && text.len != rows->text_at[rows->count])
        return error_set(e, "the text of a block does not fit its rows");
    if (fields.data && fields.len != rows->fields_at[rows->count])
        return error_set(e, "the fields of a block do not fit its rows");
    return true;
}

struct block_fields block_fields_of(const struct block_rows *rows, struct slice text,
                                    struct slice fields, uint32_t row)
{
    struct slice record = slice_cut(fields, rows->fields_at[row], rows->fields_at[row + 1]);
    return (struct block_fields){
        .shape = &rows->shapes[rows->shape[row]],
        .text = block_text(rows, text, row),
        .raw_len = rows->raw_len[row],
        .at = (const unsigned char *)record.data,
        .end = (const unsigned char *)record.data + record.len,
        .beside = rows->raw_len[row] + 1,
    };
}

/* A quotation mark behind an odd number of backslashes is escaped. */
static bool is_escaped(struct slice text, size_t from, size_t at)
{
    size_t slash = at;
    while (slash > from && text.data[slash - 1] == '\\')
        slash--;
    return (at - slash) & 1;
}

size_t block_string_end(struct slice text, size_t at, bool *escaped_out)
{
    size_t end = at + slice_find_byte(slice_after(text, at), '"');
    while (end < text.len && is_escaped(text, at, end))
        end += 1 + slice_find_byte(slice_after(text, end + 1), '"');
    struct slice string = slice_cut(text, at, end);
    *escaped_out = slice_find_byte(string, '\\') < string.len;
    return end;
}

static bool value_beside(struct block_fields *f, struct block_value *value_out)
{
    uint64_t len;
    if (!varint_read(&f->at, f->end, &len) || f->beside > f->text.len ||
        len > f->text.len - f->beside)
        return false;
    value_out->escaped = false;
    value_out->bytes = slice_cut(f->text, f->beside, f->beside + len);
    f->beside += (uint32_t)len + 1;
    return true;
}

static bool value_in_line(struct block_fields *f, uint64_t how, struct block_value *value_out)
{
    uint64_t len;
    int64_t at = (int64_t)((uint64_t)f->place + (uint64_t)unzigzag(how >> 2));
    if (at < 0 || at > f->raw_len)
        return false;
    if ((how & 3) == JSON_STRING) {
        struct slice raw = slice_cut(f->text, 0, f->raw_len);
        size_t end = block_string_end(raw, (size_t)at, &value_out->escaped);
        if (end >= raw.len)
            return false;
        len = end - (uint64_t)at;
    } else {
        value_out->escaped = (how & 3) == IN_LINE_ESCAPED;
        if (!varint_read(&f->at, f->end, &len) || len > f->raw_len - (uint64_t)at)
            return false;
    }
    value_out->bytes = slice_cut(f->text, (size_t)at, (size_t)at + len);
    bool nested = value_out->kind == EVENT_OBJECT || value_out->kind == EVENT_ARRAY;
    f->place = nested ? at : at + (int64_t)len;
    return true;
}

bool block_fields_next(struct block_fields *f, struct block_value *value_out)
{
    uint64_t how;
    if (f->next >= f->shape->count)
        return false;
    value_out->name = f->shape->names[f->next];
    value_out->kind = f->shape->kinds[f->next];
    f->failed = !varint_read(&f->at, f->end, &how) ||
                !((how & 3) == BESIDE ? value_beside(f, value_out)
                                      : value_in_line(f, how, value_out));
    f->next += !f->failed;
    return !f->failed;
}

size_t block_unescape(struct slice bytes, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.data[i];
        if (c == '\\' && i + 1 < bytes.len) {
            c = bytes.data[++i];
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
        }
        out[len++] = c;
    }
    return len;
}

static bool is_among(struct slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal_nocase(name, names[i]))
            return true;
    return false;
}

bool block_event(const struct block_rows *rows, struct slice text, struct slice fields,
                 uint32_t row, struct arena *arena, struct event *event_out, struct error *e)
{
    return block_event_some(rows, text, fields, row, NULL, 0, arena, event_out, e);
}

bool block_event_some(const struct block_rows *rows, struct slice text, struct slice fields,
                      uint32_t row, const struct slice *names, size_t name_count,
                      struct arena *arena, struct event *event_out, struct error *e)
{
    const struct block_origin *origin = &rows->origins[rows->origin[row]];
    const struct block_label *label = &rows->labels[rows->label[row]];
    struct block_fields walk = block_fields_of(rows, text, fields, row);
    struct event event = {
        .raw = block_raw(rows, text, row), .flags = rows->flags[row], .time = rows->time[row],
        .received = rows->received[row], .logsource = label->logsource, .decoder = label->decoder,
        .source = origin->source, .system = origin->system, .agency = origin->agency,
    };
    event.fields = arena_array(arena, walk.shape->count, sizeof *event.fields);
    if (!event.fields)
        return no_memory(e);
    struct block_value value;
    while (block_fields_next(&walk, &value)) {
        struct slice bytes = value.bytes;
        if (names && !is_among(value.name, names, name_count))
            continue;
        if (value.escaped) {
            char *plain = arena_alloc(arena, bytes.len);
            if (!plain)
                return no_memory(e);
            bytes = slice_from(plain, block_unescape(bytes, plain));
        }
        event.fields[event.field_count++] =
            (struct event_field){ value.name, bytes, (enum event_kind)value.kind };
    }
    if (walk.failed)
        return error_set(e, "the fields of an event are damaged");
    *event_out = event;
    return true;
}
