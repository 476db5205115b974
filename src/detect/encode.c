/* What base64, base64offset, wide and the utf16 modifiers make of a value. */
#include "detect/encode.h"

#include "base/buffer.h"

struct slice encode_base64(struct arena *arena, struct slice in)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = arena_alloc(arena, (in.len + 2) / 3 * 4 + 1);
    size_t n = 0;
    if (!out)
        return SLICE_NONE;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t left = in.len - i;
        uint32_t bits = (uint32_t)(unsigned char)in.data[i] << 16;
        bits |= left > 1 ? (uint32_t)(unsigned char)in.data[i + 1] << 8 : 0;
        bits |= left > 2 ? (unsigned char)in.data[i + 2] : 0;
        out[n++] = digits[bits >> 18];
        out[n++] = digits[bits >> 12 & 63];
        out[n++] = left > 1 ? digits[bits >> 6 & 63] : '=';
        out[n++] = left > 2 ? digits[bits & 63] : '=';
    }
    return (struct slice){ out, n };
}

struct slice encode_base64_shifted(struct arena *arena, struct slice bytes, size_t shift)
{
    static const size_t cut_front[] = { 0, 2, 3 }, cut_back[] = { 0, 3, 2 };
    char *room = arena_alloc(arena, shift + bytes.len + 1);
    if (!room)
        return SLICE_NONE;
    memset(room, ' ', shift);
    memcpy(room + shift, bytes.data, bytes.len);
    struct slice text = encode_base64(arena, slice_from(room, shift + bytes.len));
    size_t back = cut_back[(bytes.len + shift) % 3];
    return text.data ? slice_cut(text, cut_front[shift], text.len - back) : text;
}

static size_t utf8_step(struct slice s, size_t at, uint32_t *out)
{
    unsigned char c = (unsigned char)s.data[at];
    size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    *out = more == 3 ? c & 7u : more == 2 ? c & 15u : more == 1 ? c & 31u : c;
    if (at + more >= s.len)
        more = s.len - at - 1;
    for (size_t i = 1; i <= more; i++)
        *out = *out << 6 | ((unsigned char)s.data[at + i] & 63u);
    return more + 1;
}

static void put_unit(struct buffer *out, uint32_t unit, bool big)
{
    buffer_add_u8(out, (uint8_t)(big ? unit >> 8 : unit));
    buffer_add_u8(out, (uint8_t)(big ? unit : unit >> 8));
}

struct slice encode_utf16(struct arena *arena, struct slice text, bool big, bool mark)
{
    BUFFER_AUTO out;
    uint32_t c;
    buffer_init(&out, 0);
    if (mark)
        put_unit(&out, 0xfeff, big);
    for (size_t at = 0; at < text.len;) {
        at += utf8_step(text, at, &c);
        if (c >= 0x10000)
            put_unit(&out, 0xd800 + ((c - 0x10000) >> 10), big);
        put_unit(&out, c >= 0x10000 ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c, big);
    }
    return arena_copy(arena, buffer_slice(&out));
}
