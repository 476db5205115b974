#include "event/evtx_value.h"

#include <endian.h>
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
    text->blocks++;
    return block;
}

/* One group of units as bytes; false where one of them is not ASCII. */
static inline bool narrow_group(const char *from, char *to)
{
    units wide;
    uint64_t high[2];
    memcpy(&wide, from, sizeof wide);
    memcpy(high, &wide, sizeof high);
    letters narrow = __builtin_convertvector(wide, letters);
    memcpy(to, &narrow, sizeof narrow);
    return !((high[0] | high[1]) & htole64(UINT64_C(0xff80ff80ff80ff80)));
}

/* The same for half a group. */
static inline bool narrow_half(const char *from, char *to)
{
    uint64_t wide;
    memcpy(&wide, from, sizeof wide);
    wide = le64toh(wide);
    if (wide & UINT64_C(0xff80ff80ff80ff80))
        return false;
    wide = (wide | wide >> 8) & UINT64_C(0x0000ffff0000ffff);
    uint32_t narrow = htole32((uint32_t)(wide | wide >> 16));
    memcpy(to, &narrow, sizeof narrow);
    return true;
}

/* Copies ASCII, the last group overlapping the one before; returns how many units that were: all,
 * or those before a group that has others. Fewer than half a group are left to the caller. */
static inline size_t copy_ascii(const char *from, size_t count, char *to)
{
    size_t i = 0;
    for (; i + UNITS <= count; i += UNITS)
        if (!narrow_group(from + i * 2, to + i))
            return i;
    if (i == count)
        return i;
    if (count >= UNITS)
        return narrow_group(from + (count - UNITS) * 2, to + count - UNITS) ? count : i;
    if (count < UNITS / 2 || !narrow_half(from, to))
        return 0;
    return narrow_half(from + (count - UNITS / 2) * 2, to + count - UNITS / 2) ? count : UNITS / 2;
}

/* The units [i, count), n bytes having been written; returns how many there are in all. */
static size_t copy_units(const unsigned char *s, size_t i, size_t count, char *out, size_t n)
{
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
    return n;
}

struct slice evtx_utf16(struct slice bytes, struct evtx_text *text)
{
    size_t count = bytes.len / 2;
    const unsigned char *s = (const unsigned char *)bytes.data;
    while (count && !s[count * 2 - 1] && !s[count * 2 - 2])
        count--;
    char *out = evtx_text_room(text, count * 3 + UNITS);
    if (!out)
        return SLICE_NONE;
    size_t i = copy_ascii(bytes.data, count, out);
    return evtx_text_took(text, i == count ? i : copy_units(s, i, count, out, i));
}

int64_t evtx_time(uint64_t filetime)
{
    if (filetime > INT64_MAX)
        return 0;
    int64_t since = (int64_t)filetime - EPOCH_1601, ns;
    return __builtin_mul_overflow(since, 100, &ns) ? 0 : ns;
}

/* Decimal digits of 0 to 99. */
static const char pairs[] = "00010203040506070809" "10111213141516171819" "20212223242526272829"
                            "30313233343536373839" "40414243444546474849" "50515253545556575859"
                            "60616263646566676869" "70717273747576777879" "80818283848586878889"
                            "90919293949596979899";

/* Two decimal digits of what is smaller than a hundred. */
static inline char *put_two(char *out, unsigned value)
{
    memcpy(out, pairs + value % 100 * 2, 2);
    return out + 2;
}

static inline char *put_four(char *out, unsigned value)
{
    return put_two(put_two(out, value / 100), value);
}

/* Eight hexadecimal digits, the highest first; `letters_at` is how many characters stand between '9'
 * and the first letter: 7 for large letters, 39 for small ones. */
static inline void put_hex8(char *out, uint32_t value, unsigned letters_at)
{
    uint64_t x = value;
    x = (x << 16 | x) & UINT64_C(0x0000ffff0000ffff);
    x = (x << 8 | x) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x << 4 | x) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    uint64_t letter = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    x = htobe64(x + UINT64_C(0x3030303030303030) + letter * letters_at);
    memcpy(out, &x, sizeof x);
}

static inline uint32_t load_be32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return be32toh(value);
}

/* Two hexadecimal digits a byte. */
static char *put_bytes(char *out, const char *bytes, size_t count)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i = 0;
    for (; i + 4 <= count; i += 4, out += 8)
        put_hex8(out, load_be32(bytes + i), 7);
    for (; i < count; i++) {
        *out++ = digits[(unsigned char)bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    return out;
}

static char *put_date(char *out, unsigned year, unsigned month, unsigned day)
{
    out = put_four(out, year);
    *out++ = '-';
    out = put_two(out, month);
    *out++ = '-';
    out = put_two(out, day);
    *out++ = 'T';
    return out;
}

static char *put_clock(char *out, unsigned hour, unsigned minute, unsigned second)
{
    out = put_two(out, hour);
    *out++ = ':';
    out = put_two(out, minute);
    *out++ = ':';
    out = put_two(out, second);
    *out++ = '.';
    return out;
}

/* To the microsecond, as the usual form has it. */
static char *put_time(char *out, uint64_t filetime)
{
    struct clock_date d = clock_split(evtx_time(filetime), 0);
    unsigned micro = (unsigned)d.nanosecond / 1000;
    out = put_date(out, (unsigned)d.year, (unsigned)d.month, (unsigned)d.day);
    out = put_clock(out, (unsigned)d.hour, (unsigned)d.minute, (unsigned)d.second);
    out = put_four(put_two(out, micro / 10000), micro % 10000);
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
    *out++ = (char)('0' + part[7] / 100 % 10);
    out = put_two(out, part[7]);
    *out++ = 'Z';
    return out;
}

/* Three numbers, little-endian, then eight bytes. */
static char *put_guid(char *out, const char *bytes)
{
    char digits[32];
    uint32_t first = load_be32(bytes), second = load_be32(bytes + 4);
    put_hex8(digits, __builtin_bswap32(first), 7);
    put_hex8(digits + 8, (second >> 8 & 0x00ff00ff) | (second << 8 & 0xff00ff00), 7);
    put_hex8(digits + 16, load_be32(bytes + 8), 7);
    put_hex8(digits + 24, load_be32(bytes + 12), 7);
    memcpy(out, digits, 8);
    memcpy(out + 9, digits + 8, 4);
    memcpy(out + 14, digits + 12, 4);
    memcpy(out + 19, digits + 16, 4);
    memcpy(out + 24, digits + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    return out + 36;
}

#define INTEGER_MOST 20u

static char *put_integer(char *out, bool negative, uint64_t value)
{
    char digits[INTEGER_MOST * 2];
    size_t at = INTEGER_MOST;
    for (; value >= 100; value /= 100)
        memcpy(digits + (at -= 2), pairs + value % 100 * 2, 2);
    memcpy(digits + (at -= 2), pairs + value * 2, 2);
    at += value < 10;
    if (negative)
        *out++ = '-';
    memcpy(out, digits + at, INTEGER_MOST); /* a known length; what is behind is written over */
    return out + INTEGER_MOST - at;
}

static char *put_signed(char *out, int64_t value)
{
    return put_integer(out, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* 0x1f3: small digits, no zeros in front. */
static char *put_hex(char *out, uint64_t value)
{
    char digits[32];
    size_t zeros = value ? (size_t)__builtin_clzll(value) / 4 : 15;
    put_hex8(digits, (uint32_t)(value >> 32), 39);
    put_hex8(digits + 8, (uint32_t)value, 39);
    memcpy(out, "0x", 2);
    memcpy(out + 2, digits + zeros, 16);
    return out + 18 - zeros;
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

/* In the text, as every value: what searches it as a whole must not miss one. */
static struct slice boolean(bool value, struct evtx_text *text)
{
    struct slice word = value ? SLICE("true") : SLICE("false");
    char *out = evtx_text_room(text, word.len);
    if (!out)
        return SLICE_NONE;
    memcpy(out, word.data, word.len);
    return evtx_text_took(text, word.len);
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
        return boolean(bytes.len && bytes.data[0], text);
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
