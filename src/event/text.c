#include "event/text.h"

#include "base/fold.h"

/* Windows-1258, 0x80–0xFF. Five positions are not assigned (0xFFFD). */
static const uint16_t windows_1258[128] = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0xfffd, 0x2039, 0x0152, 0xfffd, 0xfffd, 0xfffd,
    0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0xfffd, 0x203a, 0x0153, 0xfffd, 0xfffd, 0x0178,
    0x00a0, 0x00a1, 0x00a2, 0x00a3, 0x00a4, 0x00a5, 0x00a6, 0x00a7,
    0x00a8, 0x00a9, 0x00aa, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x00af,
    0x00b0, 0x00b1, 0x00b2, 0x00b3, 0x00b4, 0x00b5, 0x00b6, 0x00b7,
    0x00b8, 0x00b9, 0x00ba, 0x00bb, 0x00bc, 0x00bd, 0x00be, 0x00bf,
    0x00c0, 0x00c1, 0x00c2, 0x0102, 0x00c4, 0x00c5, 0x00c6, 0x00c7,
    0x00c8, 0x00c9, 0x00ca, 0x00cb, 0x0300, 0x00cd, 0x00ce, 0x00cf,
    0x0110, 0x00d1, 0x0309, 0x00d3, 0x00d4, 0x01a0, 0x00d6, 0x00d7,
    0x00d8, 0x00d9, 0x00da, 0x00db, 0x00dc, 0x01af, 0x0303, 0x00df,
    0x00e0, 0x00e1, 0x00e2, 0x0103, 0x00e4, 0x00e5, 0x00e6, 0x00e7,
    0x00e8, 0x00e9, 0x00ea, 0x00eb, 0x0301, 0x00ed, 0x00ee, 0x00ef,
    0x0111, 0x00f1, 0x0323, 0x00f3, 0x00f4, 0x01a1, 0x00f6, 0x00f7,
    0x00f8, 0x00f9, 0x00fa, 0x00fb, 0x00fc, 0x01b0, 0x20ab, 0x00ff,
};

/* Length of the well-formed UTF-8 sequence at s, 0 when there is none (RFC 3629 §4). */
static size_t sequence_length(const unsigned char *s, size_t left)
{
    unsigned char c = s[0], low = 0x80, high = 0xbf;
    size_t len;

    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf) {
        len = 2;
    } else if (c >= 0xe0 && c <= 0xef) {
        len = 3;
        low = c == 0xe0 ? 0xa0 : low;
        high = c == 0xed ? 0x9f : high;
    } else if (c >= 0xf0 && c <= 0xf4) {
        len = 4;
        low = c == 0xf0 ? 0x90 : low;
        high = c == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (left < len || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

static size_t put_code(char *out, unsigned code)
{
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

static struct slice repair(struct slice raw, struct arena *arena)
{
    const unsigned char *in = (const unsigned char *)raw.data;
    size_t len = 0, at = 0;
    char *out = raw.len < SIZE_MAX / 3 ? arena_alloc(arena, raw.len * 3) : NULL;

    if (!out)
        return SLICE_NONE;
    while (at < raw.len) {
        size_t n = sequence_length(in + at, raw.len - at);
        if (n) {
            memcpy(out + len, in + at, n);
            len += n;
            at += n;
        } else {
            len += put_code(out + len, windows_1258[in[at] - 0x80]);
            at++;
        }
    }
    return slice_from(out, len);
}

/* Combining marks U+0300–U+036F begin with 0xCC or 0xCD: without one, text of ours is composed. */
static bool may_compose(struct slice text)
{
    return slice_find_byte(text, (char)0xcc) < text.len ||
           slice_find_byte(text, (char)0xcd) < text.len;
}

struct slice event_text(struct slice raw, struct arena *arena)
{
    struct slice text = slice_starts(raw, SLICE("\xef\xbb\xbf")) ? slice_after(raw, 3) : raw;

    if (!fold_is_utf8(text))
        text = repair(text, arena);
    if (text.data && may_compose(text))
        text = fold_nfc(arena, text);
    return text;
}
