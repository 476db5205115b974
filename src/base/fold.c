#include "base/fold.h"

#include <stdlib.h>
#include <utf8proc.h>

static void add_character(struct buffer *out, utf8proc_int32_t c)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t len = utf8proc_encode_char(c, bytes);
    buffer_add(out, slice_from(bytes, (size_t)len));
}

/* Unicode simple case folding: one character to one. utf8proc knows lower case, which differs from
 * folding for few: those with a fold but no lower form are handled by way of upper and lower. */
static utf8proc_int32_t fold_one(utf8proc_int32_t c)
{
    if (c == 0x130 || c == 0x131) /* İ ı: locale's own, simple folding leaves both alone */
        return c;
    return utf8proc_tolower(utf8proc_toupper(c));
}

static void add_base_letters(struct buffer *out, utf8proc_int32_t c)
{
    utf8proc_int32_t parts[8];
    int boundary = 0;
    if (c == 0x110 || c == 0x111) { /* Đ đ do not decompose */
        buffer_add_byte(out, 'd');
        return;
    }
    utf8proc_ssize_t count = utf8proc_decompose_char(c, parts, 8,
                                                     UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK,
                                                     &boundary);
    for (utf8proc_ssize_t i = 0; i < count && i < 8; i++)
        add_character(out, fold_one(parts[i]));
}

static void fold(struct slice text, struct buffer *out, bool strip)
{
    const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)text.data;
    for (size_t i = 0; i < text.len;) {
        if (s[i] < 0x80) {
            char c = text.data[i++];
            buffer_add_byte(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
            continue;
        }
        utf8proc_int32_t c;
        utf8proc_ssize_t len = utf8proc_iterate(s + i, (utf8proc_ssize_t)(text.len - i), &c);
        if (len <= 0) {
            buffer_add_byte(out, text.data[i++]);
            continue;
        }
        i += (size_t)len;
        if (strip)
            add_base_letters(out, c);
        else
            add_character(out, fold_one(c));
    }
}

void fold_case(struct slice text, struct buffer *out)
{
    fold(text, out, false);
}

void fold_search(struct slice text, struct buffer *out)
{
    fold(text, out, true);
}

static struct slice in_arena(struct arena *arena, struct slice text, bool strip)
{
    BUFFER_AUTO out;
    buffer_init(&out, text.len * 4 + 16);
    fold(text, &out, strip);
    return out.failed ? SLICE_NONE : arena_copy(arena, buffer_slice(&out));
}

struct slice fold_case_in(struct arena *arena, struct slice text)
{
    return in_arena(arena, text, false);
}

struct slice fold_search_in(struct arena *arena, struct slice text)
{
    return in_arena(arena, text, true);
}

struct slice fold_nfc(struct arena *arena, struct slice text)
{
    utf8proc_uint8_t *composed = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)text.data,
                                        (utf8proc_ssize_t)text.len, &composed,
                                        UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    struct slice out = text;
    if (len >= 0)
        out = arena_copy(arena, slice_from(composed, (size_t)len));
    free(composed);
    return out;
}

bool fold_is_utf8(struct slice text)
{
    const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)text.data;
    for (size_t i = 0; i < text.len;) {
        utf8proc_int32_t c;
        uint64_t eight;
        if (i + sizeof eight <= text.len) { /* most of a log is ASCII */
            memcpy(&eight, s + i, sizeof eight);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                i += sizeof eight;
                continue;
            }
        }
        if (s[i] < 0x80) {
            i++;
            continue;
        }
        utf8proc_ssize_t len = utf8proc_iterate(s + i, (utf8proc_ssize_t)(text.len - i), &c);
        if (len <= 0)
            return false;
        i += (size_t)len;
    }
    return true;
}

size_t fold_find_unwritable(struct slice text)
{
    const unsigned char *s = (const unsigned char *)text.data;
    for (size_t i = 0; i < text.len; i++) {
        if (s[i] < 0x20 && s[i] != '\t' && s[i] != '\n')
            return i;
        if (s[i] == 0xef && i + 2 < text.len && s[i + 1] == 0xbf && s[i + 2] >= 0xbe)
            return i;
    }
    return text.len;
}
