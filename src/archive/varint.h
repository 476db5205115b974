/* varint - small numbers in few bytes: seven bits a byte, low ones first, and zigzag for signed. */
#ifndef ARCHIVE_VARINT_H
#define ARCHIVE_VARINT_H

#include "base/buffer.h"

#define VARINT_MOST 10u

static inline size_t varint_put(char *to, uint64_t value)
{
    size_t len = 0;
    while (value >= 0x80) {
        to[len++] = (char)(value | 0x80);
        value >>= 7;
    }
    to[len++] = (char)value;
    return len;
}

static inline void varint_add(struct buffer *out, uint64_t value)
{
    char bytes[VARINT_MOST];
    if (buffer_has_room(out, VARINT_MOST))
        out->len += varint_put(out->data + out->len, value);
    else
        buffer_add(out, slice_from(bytes, varint_put(bytes, value)));
}

/* Reads one at *at and steps over it; false when it does not end before `end`. */
static inline bool varint_read(const unsigned char **at, const unsigned char *end, uint64_t *out)
{
    const unsigned char *p = *at;
    uint64_t value = 0;
    for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
        unsigned char byte = *p++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *at = p;
            *out = value;
            return true;
        }
    }
    return false;
}

static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

#endif
