#include "event/evtx_value.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/cursor.h"

#define EPOCH_1601 INT64_C(116444736000000000) /* 1970 in Windows' 100 ns since 1601 */
#define TEXT_BLOCK (64u * 1024)
#define SMALL 64u                              /* room for a number, a time, a GUID */
#define UNITS 8u                               /* of UTF-16, looked at together */

typedef uint16_t units __attribute__((vector_size(UNITS * 2)));
typedef uint8_t letters __attribute__((vector_size(UNITS)));

char *evtx_text_more(struct evtx_text *text, size_t most)
{
    size_t size = most > TEXT_BLOCK ? most : TEXT_BLOCK;
    char *block = arena_alloc(text->arena, size);
    if (!block)
        return NULL;
    text->at = block;
    text->left = size;
    return block;
}

/* Copies whole groups of ASCII; returns how many units that were. */
static size_t copy_ascii(const char *from, size_t count, char *to)
{
    size_t i = 0;
    for (; i + UNITS <= count; i += UNITS) {
        units wide;
        uint64_t high[2];
        memcpy(&wide, from + i * 2, sizeof wide);
        memcpy(high, &wide, sizeof high);
        if ((high[0] | high[1]) & UINT64_C(0xff80ff80ff80ff80))
            break;
        letters narrow = __builtin_convertvector(wide, letters);
        memcpy(to + i, &narrow, sizeof narrow);
    }
    return i;
}

struct slice evtx_utf16(struct slice bytes, struct evtx_text *text)
{
    size_t count = bytes.len / 2;
    const unsigned char *s = (const unsigned char *)bytes.data;
    while (count && !s[count * 2 - 1] && !s[count * 2 - 2])
        count--;
    char *out = evtx_text_room(text, count * 3 + 1);
    if (!out)
        return SLICE_NONE;
    size_t i = copy_ascii(bytes.data, count, out), n = i;
    for (; i < count; i++) {
        uint32_t c = (uint32_t)(s[i * 2] | s[i * 2 + 1] << 8);
        if (c < 0x80) {
            out[n++] = (char)c;
            continue;
        }
        if (c >= 0xd800 && c < 0xdc00 && i + 1 < count && (s[i * 2 + 3] & 0xfc) == 0xdc) {
            uint32_t low = (uint32_t)(s[i * 2 + 2] | s[i * 2 + 3] << 8);
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i++;
        } else if (c >= 0xd800 && c < 0xe000) {
            c = 0xfffd;
        }
        if (c < 0x800) {
            out[n++] = (char)(0xc0 | c >> 6);
        } else {
            if (c >= 0x10000) {
                out[n++] = (char)(0xf0 | c >> 18);
                out[n++] = (char)(0x80 | (c >> 12 & 63));
            } else {
                out[n++] = (char)(0xe0 | c >> 12);
            }
            out[n++] = (char)(0x80 | (c >> 6 & 63));
        }
        out[n++] = (char)(0x80 | (c & 63));
    }
    return evtx_text_took(text, n);
}

int64_t evtx_time(uint64_t filetime)
{
    if (filetime > INT64_MAX)
        return 0;
    int64_t since = (int64_t)filetime - EPOCH_1601, ns;
    return __builtin_mul_overflow(since, 100, &ns) ? 0 : ns;
}

/* `digits` decimal digits, zeros in front. */
static char *put_digits(char *out, unsigned value, unsigned digits)
{
    for (unsigned i = digits; i > 0; i--, value /= 10)
        out[i - 1] = (char)('0' + value % 10);
    return out + digits;
}

/* Two hexadecimal digits a byte. */
static char *put_bytes(char *out, const char *bytes, size_t count)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < count; i++) {
        *out++ = digits[(unsigned char)bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    return out;
}

/* The same of a little-endian number. */
static char *put_number(char *out, const char *bytes, size_t count)
{
    for (size_t i = count; i > 0; i--)
        out = put_bytes(out, bytes + i - 1, 1);
    return out;
}

static char *put_date(char *out, unsigned year, unsigned month, unsigned day)
{
    out = put_digits(out, year, 4);
    *out++ = '-';
    out = put_digits(out, month, 2);
    *out++ = '-';
    out = put_digits(out, day, 2);
    *out++ = 'T';
    return out;
}

static char *put_clock(char *out, unsigned hour, unsigned minute, unsigned second)
{
    out = put_digits(out, hour, 2);
    *out++ = ':';
    out = put_digits(out, minute, 2);
    *out++ = ':';
    out = put_digits(out, second, 2);
    *out++ = '.';
    return out;
}

/* To the microsecond, as the usual form has it. */
static char *put_time(char *out, uint64_t filetime)
{
    struct clock_date d = clock_split(evtx_time(filetime), 0);
    out = put_date(out, (unsigned)d.year, (unsigned)d.month, (unsigned)d.day);
    out = put_clock(out, (unsigned)d.hour, (unsigned)d.minute, (unsigned)d.second);
    out = put_digits(out, (unsigned)d.nanosecond / 1000, 6);
    *out++ = 'Z';
    return out;
}

static char *put_systemtime(char *out, struct cursor *c)
{
    unsigned part[8];
    for (int i = 0; i < 8; i++)
        part[i] = cursor_u16(c);
    out = put_date(out, part[0], part[1], part[3]);
    out = put_clock(out, part[4], part[5], part[6]);
    out = put_digits(out, part[7], 3);
    *out++ = 'Z';
    return out;
}

static char *put_guid(char *out, const char *bytes)
{
    out = put_number(out, bytes, 4);
    *out++ = '-';
    out = put_number(out, bytes + 4, 2);
    *out++ = '-';
    out = put_number(out, bytes + 6, 2);
    *out++ = '-';
    out = put_bytes(out, bytes + 8, 2);
    *out++ = '-';
    return put_bytes(out, bytes + 10, 6);
}

static char *put_integer(char *out, bool negative, uint64_t value)
{
    char digits[24];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    if (negative)
        *out++ = '-';
    while (n)
        *out++ = digits[--n];
    return out;
}

static char *put_signed(char *out, int64_t value)
{
    return put_integer(out, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* 0x1f3: small digits, no zeros in front. */
static char *put_hex(char *out, uint64_t value)
{
    static const char digits[] = "0123456789abcdef";
    int shift = value ? (63 - __builtin_clzll(value)) & ~3 : 0;
    *out++ = '0';
    *out++ = 'x';
    for (; shift >= 0; shift -= 4)
        *out++ = digits[value >> shift & 15];
    return out;
}

#define SID_MOST (8u + 22u + 15u * 11u)

static char *put_sid(char *out, struct cursor *c)
{
    unsigned revision = cursor_u8(c), count = cursor_u8(c);
    uint64_t authority = 0;
    for (int i = 0; i < 6; i++)
        authority = authority << 8 | cursor_u8(c);
    *out++ = 'S';
    *out++ = '-';
    out = put_integer(out, false, revision);
    *out++ = '-';
    out = put_integer(out, false, authority);
    for (unsigned i = 0; i < count && i < 15; i++) {
        *out++ = '-';
        out = put_integer(out, false, cursor_u32(c));
    }
    return out;
}

static struct slice ansi(struct slice bytes, struct evtx_text *text)
{
    char *out = evtx_text_room(text, bytes.len * 2 + 1);
    size_t n = 0;
    if (!out)
        return SLICE_NONE;
    for (size_t i = 0; i < bytes.len && bytes.data[i]; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        if (c >= 0x80)
            out[n++] = (char)(0xc0 | c >> 6);
        out[n++] = (char)(c >= 0x80 ? 0x80 | (c & 63) : c);
    }
    return evtx_text_took(text, n);
}

static struct slice binary(struct slice bytes, struct evtx_text *text)
{
    char *out = evtx_text_room(text, bytes.len * 2 + 1);
    if (!out)
        return SLICE_NONE;
    put_bytes(out, bytes.data, bytes.len);
    return evtx_text_took(text, bytes.len * 2);
}

static char *put_real(char *out, struct slice bytes)
{
    float small;
    double value;
    if (bytes.len == sizeof small) {
        memcpy(&small, bytes.data, sizeof small);
        value = small;
    } else {
        memcpy(&value, bytes.data, sizeof value);
    }
    return out + snprintf(out, SMALL, "%.17g", value);
}

static bool is_number(uint8_t type, size_t len)
{
    return (type >= EVTX_INT8 && type <= EVTX_UINT64) ||
           (type == EVTX_REAL32 && len == sizeof(float)) ||
           (type == EVTX_REAL64 && len == sizeof(double));
}

/* Values whose text has a known greatest length. NULL: not of that sort. */
static char *put_small(char *out, uint8_t type, struct slice bytes)
{
    struct cursor c = cursor_over(bytes);
    switch (type) {
    case EVTX_INT8: return put_signed(out, (int8_t)cursor_u8(&c));
    case EVTX_UINT8: return put_integer(out, false, cursor_u8(&c));
    case EVTX_INT16: return put_signed(out, (int16_t)cursor_u16(&c));
    case EVTX_UINT16: return put_integer(out, false, cursor_u16(&c));
    case EVTX_INT32: return put_signed(out, (int32_t)cursor_u32(&c));
    case EVTX_UINT32: return put_integer(out, false, cursor_u32(&c));
    case EVTX_INT64: return put_signed(out, (int64_t)cursor_u64(&c));
    case EVTX_UINT64: return put_integer(out, false, cursor_u64(&c));
    case EVTX_REAL32: case EVTX_REAL64:
        return is_number(type, bytes.len) ? put_real(out, bytes) : NULL;
    case EVTX_GUID: return bytes.len == 16 ? put_guid(out, bytes.data) : NULL;
    case EVTX_FILETIME: return put_time(out, cursor_u64(&c));
    case EVTX_SYSTEMTIME: return put_systemtime(out, &c);
    case EVTX_SID: return put_sid(out, &c);
    case EVTX_SIZE: return put_hex(out, bytes.len == 4 ? cursor_u32(&c) : cursor_u64(&c));
    case EVTX_HEX32: return put_hex(out, cursor_u32(&c));
    case EVTX_HEX64: return put_hex(out, cursor_u64(&c));
    default: return NULL;
    }
}

struct slice evtx_value(uint8_t type, struct slice bytes, struct evtx_text *text,
                        enum event_kind *kind)
{
    *kind = EVENT_TEXT;
    switch (type) {
    case EVTX_NULL:
        *kind = EVENT_NULL;
        return SLICE_NONE;
    case EVTX_STRING: case EVTX_STRING | EVTX_ARRAY: return evtx_utf16(bytes, text);
    case EVTX_ANSI: return ansi(bytes, text);
    case EVTX_BOOLEAN:
        *kind = EVENT_BOOLEAN;
        return bytes.len && bytes.data[0] ? SLICE("true") : SLICE("false");
    default: break;
    }
    char *out = evtx_text_room(text, SMALL + SID_MOST), *end;
    if (!out)
        return SLICE_NONE;
    if (!(end = put_small(out, type, bytes)))
        return binary(bytes, text); /* also arrays of what is no text, and values of a wrong length */
    if (is_number(type, bytes.len))
        *kind = EVENT_NUMBER;
    return evtx_text_took(text, (size_t)(end - out));
}
