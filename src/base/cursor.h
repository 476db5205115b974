/* cursor - reads bytes of a format, with a sticky error.
 *
 * Good: archive blocks, messages between processes, binary logs: after a failure it reads zeros,
 *       so ask once at the end whether all was well and all was eaten.
 * Never: trust a count read from it before comparing it with cursor_left.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <endian.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"

struct cursor {
    struct slice bytes;
    size_t at;
    bool failed;
    size_t failed_at; /* where the first failed read began */
};

static inline struct cursor cursor_over(struct slice bytes)
{
    return (struct cursor){ .bytes = bytes };
}

static inline size_t cursor_left(const struct cursor *c)
{
    return c->failed ? 0 : c->bytes.len - c->at;
}

/* The next len bytes, not copied; SLICE_NONE after a failure. */
static inline struct slice cursor_bytes(struct cursor *c, size_t len)
{
    if (c->failed || len > c->bytes.len - c->at) {
        if (!c->failed)
            c->failed_at = c->at;
        c->failed = true;
        return SLICE_NONE;
    }
    struct slice part = { c->bytes.data + c->at, len };
    c->at += len;
    return part;
}

/* Leaves *out as it is where nothing can be read. */
static inline void cursor_take(struct cursor *c, void *out, size_t size)
{
    struct slice part = cursor_bytes(c, size);
    if (part.len)
        memcpy(out, part.data, size);
}

/* Little-endian; 0 after a failure. */
static inline uint8_t cursor_u8(struct cursor *c)
{
    uint8_t value = 0;
    cursor_take(c, &value, sizeof value);
    return value;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    uint16_t value = 0;
    cursor_take(c, &value, sizeof value);
    return le16toh(value);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    uint32_t value = 0;
    cursor_take(c, &value, sizeof value);
    return le32toh(value);
}

static inline uint64_t cursor_u64(struct cursor *c)
{
    uint64_t value = 0;
    cursor_take(c, &value, sizeof value);
    return le64toh(value);
}

/* u32 length, then the bytes, as buffer_add_slice wrote it. */
struct slice cursor_slice(struct cursor *c);
void cursor_skip(struct cursor *c, size_t len);
/* To an absolute offset within the bytes. */
void cursor_seek(struct cursor *c, size_t at);

/* True when nothing failed and nothing is left over; otherwise says the offset in e. */
bool cursor_finish(struct cursor *c, struct error *e);

#endif
