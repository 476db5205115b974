#include "archive/place.h"

#include <endian.h>

#include "archive/block.h"

static bool escape_of(char c, char *letter_out)
{
    switch (c) {
    case '\\': *letter_out = '\\'; return true;
    case '"': *letter_out = '"'; return true;
    case '\n': *letter_out = 'n'; return true;
    case '\r': *letter_out = 'r'; return true;
    case '\t': *letter_out = 't'; return true;
    default: return false;
    }
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* How many of the eight bytes, the first in memory lowest, stand before a control character, a quotation
 * mark or a backslash. (A borrow may mark a byte wrongly, but only behind one that is marked rightly.) */
static size_t plain_bytes(uint64_t eight)
{
    uint64_t quote = eight ^ EACH('"'), slash = eight ^ EACH('\\');
    uint64_t below = (eight - EACH(0x20)) & ~eight;
    uint64_t same = ((quote - EACH(1)) & ~quote) | ((slash - EACH(1)) & ~slash);
    uint64_t marked = (below | same) & EACH(0x80);
    return marked ? (size_t)__builtin_ctzll(marked) / 8 : 8;
}

/* Length of the value as it stands, escaped, at the beginning of text; 0: it does not. */
static size_t escaped_len(struct slice text, struct slice value)
{
    size_t at = 0, i = 0;
    while (i < value.len) {
        char letter;
        if (i + 8 <= value.len && at + 8 <= text.len) {
            uint64_t x, y;
            memcpy(&x, value.data + i, 8);
            memcpy(&y, text.data + at, 8);
            size_t plain = plain_bytes(le64toh(x));
            uint64_t other = le64toh(x ^ y);
            if (other && (size_t)__builtin_ctzll(other) / 8 < plain)
                return 0;
            i += plain;
            at += plain;
            if (plain == 8)
                continue;
        }
        if (escape_of(value.data[i], &letter)) {
            if (at + 2 > text.len || text.data[at] != '\\' || text.data[at + 1] != letter)
                return 0;
            at += 2;
        } else {
            if (at >= text.len || text.data[at] != value.data[i])
                return 0;
            at++;
        }
        i++;
    }
    return at;
}

static bool needs_escape(struct slice value)
{
    char letter;
    for (size_t i = 0; i < value.len; i++)
        if (escape_of(value.data[i], &letter))
            return true;
    return false;
}

/* Behind `"name":` and a quote, as JSON writes it; name is the last step of a dotted path. */
static bool find_by_name(struct slice raw, size_t from, struct slice name, struct slice value,
                         struct place *place)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.data[i - 1] == '.') {
            name = slice_after(name, i);
            break;
        }
    for (int tries = 0; tries < 4 && from < raw.len; tries++) {
        size_t at = from + slice_find(slice_after(raw, from), name);
        if (at >= raw.len)
            return false;
        from = at + 1;
        at += name.len;
        if (at >= raw.len || raw.data[at] != '"')
            continue;
        for (at++; at < raw.len && (raw.data[at] == ' ' || raw.data[at] == ':' ||
                                    raw.data[at] == '"'); at++)
            ;
        struct slice rest = slice_after(raw, at);
        if (slice_starts(rest, value)) {
            *place = (struct place){ IN_LINE, at, value.len };
            return true;
        }
        size_t len = escaped_len(rest, value);
        if (len) {
            *place = (struct place){ IN_LINE_ESCAPED, at, len };
            return true;
        }
    }
    return false;
}

static bool find_escaped(struct slice raw, size_t from, struct slice value, struct buffer *scratch,
                         struct place *place)
{
    buffer_clear(scratch);
    for (size_t i = 0; i < value.len; i++) {
        char letter;
        if (escape_of(value.data[i], &letter)) {
            buffer_add_byte(scratch, '\\');
            buffer_add_byte(scratch, letter);
        } else
            buffer_add_byte(scratch, value.data[i]);
    }
    if (scratch->failed)
        return false;
    size_t at = slice_find(slice_after(raw, from), buffer_slice(scratch));
    if (at >= raw.len - from)
        return false;
    *place = (struct place){ IN_LINE_ESCAPED, from + at, scratch->len };
    return true;
}

/* Right where it stood in the event before of the same shape. */
static bool find_again(struct slice raw, int64_t at, struct slice value, struct place *place)
{
    if (at < 0 || (uint64_t)at >= raw.len)
        return false;
    struct slice rest = slice_after(raw, (size_t)at);
    if (slice_starts(rest, value)) {
        *place = (struct place){ IN_LINE, (size_t)at, value.len };
        return true;
    }
    size_t len = escaped_len(rest, value);
    *place = (struct place){ IN_LINE_ESCAPED, (size_t)at, len };
    return len > 0;
}

/* The JSON reader has said where it stands. */
static bool find_written(struct slice raw, const struct event_field *field, struct place *place)
{
    const char *at = field->written;
    bool escaped = false;
    if (!at || at <= raw.data || at + field->value.len >= raw.data + raw.len || at[-1] != '"')
        return false;
    size_t start = (size_t)(at - raw.data), end = start + field->value.len;
    if (field->value.data != at)
        end = block_string_end(raw, start, &escaped);
    *place = (struct place){ escaped ? IN_LINE_ESCAPED : IN_LINE, start, end - start, true };
    return end < raw.len && raw.data[end] == '"'; /* else it is searched for */
}

static struct place find(struct slice raw, size_t from, const struct event_field *field, int64_t gap,
                         struct buffer *scratch)
{
    struct slice value = field->value;
    struct place place = { BESIDE, 0, value.len };
    if (value.len == 0)
        return (struct place){ IN_LINE, from, 0 };
    if (value.len > raw.len)
        return place;
    if (value.data >= raw.data && value.data + value.len <= raw.data + raw.len)
        return (struct place){ IN_LINE, (size_t)(value.data - raw.data), value.len };
    if (gap != INT64_MIN && find_again(raw, (int64_t)from + gap, value, &place))
        return place;
    if (find_by_name(raw, from, field->name, value, &place))
        return place;
    place = (struct place){ BESIDE, 0, value.len };
    size_t at = from + slice_find(slice_after(raw, from), value);
    if (at < raw.len)
        return (struct place){ IN_LINE, at, value.len };
    if (needs_escape(value) && find_escaped(raw, from, value, scratch, &place))
        return place;
    at = slice_find(slice_cut(raw, 0, from + value.len - 1), value);
    if (at < from && at + value.len <= raw.len && at < raw.len &&
        slice_equal(slice_cut(raw, at, at + value.len), value))
        return (struct place){ IN_LINE, at, value.len };
    return place;
}

static bool is_string(struct slice raw, const struct place *place)
{
    bool escaped;
    size_t end = place->at + place->len;
    if (place->how == BESIDE || place->at == 0 || end >= raw.len || raw.data[place->at - 1] != '"' ||
        raw.data[end] != '"')
        return false;
    if (place->how == IN_LINE_ESCAPED) /* each quotation mark in it was met as an escape */
        return true;
    return block_string_end(raw, place->at, &escaped) == end && !escaped;
}

struct place place_find(struct slice raw, size_t from, const struct event_field *field, int64_t gap,
                        struct buffer *scratch)
{
    struct place place;
    if (find_written(raw, field, &place))
        return place;
    place = find(raw, from, field, gap, scratch);
    place.string = is_string(raw, &place);
    return place;
}
