#include "event/evtx_value.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/cursor.h"

#define EPOCH_1601 INT64_C(116444736000000000) /* 1970 in Windows' 100 ns since 1601 */

struct slice evtx_utf16(struct slice bytes, struct arena *arena)
{
    size_t units = bytes.len / 2, n = 0;
    const unsigned char *s = (const unsigned char *)bytes.data;
    while (units && !s[units * 2 - 1] && !s[units * 2 - 2])
        units--;
    char *out = arena_alloc(arena, units * 3 + 1);
    if (!out)
        return SLICE_NONE;
    for (size_t i = 0; i < units; i++) {
        uint32_t c = (uint32_t)(s[i * 2] | s[i * 2 + 1] << 8);
        if (c < 0x80) {
            out[n++] = (char)c;
            continue;
        }
        if (c >= 0xd800 && c < 0xdc00 && i + 1 < units && (s[i * 2 + 3] & 0xfc) == 0xdc) {
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
    return (struct slice){ out, n };
}

int64_t evtx_time(uint64_t filetime)
{
    if (filetime > INT64_MAX)
        return 0;
    int64_t since = (int64_t)filetime - EPOCH_1601, ns;
    return __builtin_mul_overflow(since, 100, &ns) ? 0 : ns;
}

static struct slice put_time(int64_t time, struct arena *arena)
{
    char text[CLOCK_TEXT];
    clock_print_utc(time, text);
    struct slice full = slice_of(text);
    if (full.len == 30) /* nanoseconds to microseconds, as the usual form has them */
        return arena_print(arena, "%.26sZ", text);
    return arena_copy(arena, full);
}

static struct slice put_systemtime(struct cursor *c, struct arena *arena)
{
    unsigned part[8];
    for (int i = 0; i < 8; i++)
        part[i] = cursor_u16(c);
    return arena_print(arena, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", part[0], part[1], part[3],
                       part[4], part[5], part[6], part[7]);
}

static struct slice put_guid(struct cursor *c, struct arena *arena)
{
    uint32_t a = cursor_u32(c);
    unsigned b = cursor_u16(c), d = cursor_u16(c), e[8];
    for (int i = 0; i < 8; i++)
        e[i] = cursor_u8(c);
    return arena_print(arena, "%08" PRIX32 "-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X", a, b, d,
                       e[0], e[1], e[2], e[3], e[4], e[5], e[6], e[7]);
}

static struct slice put_sid(struct cursor *c, struct arena *arena)
{
    unsigned revision = cursor_u8(c), count = cursor_u8(c);
    uint64_t authority = 0;
    for (int i = 0; i < 6; i++)
        authority = authority << 8 | cursor_u8(c);
    struct slice text = arena_print(arena, "S-%u-%" PRIu64, revision, authority);
    for (unsigned i = 0; i < count && i < 15; i++)
        text = arena_print(arena, "%.*s-%" PRIu32, SLICE_ARGS(text), cursor_u32(c));
    return text;
}

static struct slice put_hex(struct slice bytes, struct arena *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, bytes.len * 2 + 1);
    if (!out)
        return SLICE_NONE;
    for (size_t i = 0; i < bytes.len; i++) {
        out[i * 2] = digits[(unsigned char)bytes.data[i] >> 4];
        out[i * 2 + 1] = digits[bytes.data[i] & 15];
    }
    return (struct slice){ out, bytes.len * 2 };
}

static struct slice put_integer(bool negative, uint64_t value, struct arena *arena)
{
    char digits[24], *out = arena_alloc(arena, 24);
    size_t n = 0, used = 0;
    if (!out)
        return SLICE_NONE;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    if (negative)
        out[used++] = '-';
    while (n)
        out[used++] = digits[--n];
    return (struct slice){ out, used };
}

static struct slice put_signed(int64_t value, struct arena *arena)
{
    return put_integer(value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, arena);
}

static struct slice put_ansi(struct slice bytes, struct arena *arena)
{
    char *out = arena_alloc(arena, bytes.len * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < bytes.len && bytes.data[i]; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        if (c >= 0x80)
            out[n++] = (char)(0xc0 | c >> 6);
        out[n++] = (char)(c >= 0x80 ? 0x80 | (c & 63) : c);
    }
    return (struct slice){ out, n };
}

static struct slice put_real(double value, struct arena *arena)
{
    return arena_print(arena, "%.17g", value);
}

struct slice evtx_value(uint8_t type, struct slice bytes, struct arena *arena,
                        enum event_kind *kind)
{
    struct cursor c = cursor_over(bytes);
    float small;
    double large;
    *kind = EVENT_NUMBER;
    switch (type) {
    case EVTX_INT8: return put_signed((int8_t)cursor_u8(&c), arena);
    case EVTX_UINT8: return put_integer(false, cursor_u8(&c), arena);
    case EVTX_INT16: return put_signed((int16_t)cursor_u16(&c), arena);
    case EVTX_UINT16: return put_integer(false, cursor_u16(&c), arena);
    case EVTX_INT32: return put_signed((int32_t)cursor_u32(&c), arena);
    case EVTX_UINT32: return put_integer(false, cursor_u32(&c), arena);
    case EVTX_INT64: return put_signed((int64_t)cursor_u64(&c), arena);
    case EVTX_UINT64: return put_integer(false, cursor_u64(&c), arena);
    case EVTX_REAL32:
        if (bytes.len != sizeof small)
            break;
        memcpy(&small, bytes.data, sizeof small);
        return put_real(small, arena);
    case EVTX_REAL64:
        if (bytes.len != sizeof large)
            break;
        memcpy(&large, bytes.data, sizeof large);
        return put_real(large, arena);
    default: break;
    }
    *kind = EVENT_TEXT;
    switch (type) {
    case EVTX_NULL:
        *kind = EVENT_NULL;
        return SLICE_NONE;
    case EVTX_STRING: case EVTX_STRING | EVTX_ARRAY: return evtx_utf16(bytes, arena);
    case EVTX_ANSI: return put_ansi(bytes, arena);
    case EVTX_BOOLEAN:
        *kind = EVENT_BOOLEAN;
        return bytes.len && bytes.data[0] ? SLICE("true") : SLICE("false");
    case EVTX_GUID: return put_guid(&c, arena);
    case EVTX_FILETIME: return put_time(evtx_time(cursor_u64(&c)), arena);
    case EVTX_SYSTEMTIME: return put_systemtime(&c, arena);
    case EVTX_SID: return put_sid(&c, arena);
    case EVTX_SIZE:
        return arena_print(arena, "0x%" PRIx64, bytes.len == 4 ? cursor_u32(&c) : cursor_u64(&c));
    case EVTX_HEX32: return arena_print(arena, "0x%" PRIx32, cursor_u32(&c));
    case EVTX_HEX64: return arena_print(arena, "0x%" PRIx64, cursor_u64(&c));
    default: return put_hex(bytes, arena); /* binary, and arrays of what is no text */
    }
}
