/* cursor - reads bytes of a format, with a sticky error.
 *
 * Good: archive blocks, messages between processes, binary logs: after a failure it reads zeros,
 *       so ask once at the end whether all was well and all was eaten.
 * Never: trust a count read from it before comparing it with cursor_left.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

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

/* Little-endian; 0 after a failure. */
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
/* The next len bytes, not copied; SLICE_NONE after a failure. */
struct slice cursor_bytes(struct cursor *c, size_t len);
/* u32 length, then the bytes, as buffer_add_slice wrote it. */
struct slice cursor_slice(struct cursor *c);
void cursor_skip(struct cursor *c, size_t len);
/* To an absolute offset within the bytes. */
void cursor_seek(struct cursor *c, size_t at);

/* True when nothing failed and nothing is left over; otherwise says the offset in e. */
bool cursor_finish(struct cursor *c, struct error *e);

#endif
