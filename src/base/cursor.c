#include "base/cursor.h"

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
