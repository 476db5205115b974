#include "base/cursor.h"

struct slice cursor_bytes(struct cursor *c, size_t len)
{
    if (c->failed || len > c->bytes.len - c->at) {
        if (!c->failed)
            c->failed_at = c->at;
        c->failed = true;
        return SLICE_NONE;
    }
    struct slice part = slice_cut(c->bytes, c->at, c->at + len);
    c->at += len;
    return part;
}

static uint64_t little(struct cursor *c, size_t bytes)
{
    struct slice part = cursor_bytes(c, bytes);
    uint64_t value = 0;
    for (size_t i = 0; i < part.len; i++)
        value |= (uint64_t)(unsigned char)part.data[i] << (8 * i);
    return value;
}

uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)little(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)little(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)little(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
    return little(c, 8);
}

struct slice cursor_slice(struct cursor *c)
{
    uint32_t len = cursor_u32(c);
    return cursor_bytes(c, len);
}

void cursor_skip(struct cursor *c, size_t len)
{
    cursor_bytes(c, len);
}

void cursor_seek(struct cursor *c, size_t at)
{
    if (!c->failed && at > c->bytes.len) {
        c->failed = true;
        c->failed_at = c->at;
    }
    if (!c->failed)
        c->at = at;
}

bool cursor_finish(struct cursor *c, struct error *e)
{
    if (c->failed)
        return error_set(e, "the data end too early: more was expected at byte %zu of %zu",
                         c->failed_at, c->bytes.len);
    if (c->at != c->bytes.len)
        return error_set(e, "%zu bytes are left over at byte %zu", c->bytes.len - c->at, c->at);
    return true;
}
