/* buffer - bytes that grow up to a ceiling.
 *
 * Good: building output, collecting a line; the failure is sticky, so ask once at the end.
 * Bad: many small ones at once (use the arena).
 * Never: grown from outside sizes without a ceiling; pointers kept into it across a write.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/slice.h"

struct buffer {
    char *data;
    size_t len, capacity, ceiling;
    bool failed; /* sticky: ceiling or memory reached; later writes are ignored */
};

/* ceiling in bytes; 0 means 64 MiB. */
void buffer_init(struct buffer *b, size_t ceiling);
void buffer_free(struct buffer *b);
void buffer_clear(struct buffer *b); /* keeps the memory, clears the failure */

void buffer_add(struct buffer *b, struct slice s);
static inline void buffer_add_byte(struct buffer *b, char c);
void buffer_print(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Little-endian numbers, the order of every format of ours. */
void buffer_add_u8(struct buffer *b, uint8_t value);
void buffer_add_u16(struct buffer *b, uint16_t value);
void buffer_add_u32(struct buffer *b, uint32_t value);
void buffer_add_u64(struct buffer *b, uint64_t value);
/* u32 length, then the bytes (cursor_slice reads it back). */
void buffer_add_slice(struct buffer *b, struct slice s);
/* Room for size more bytes, returned for writing; len grows by size. NULL when refused. */
char *buffer_extend(struct buffer *b, size_t size);
/* Drops the first size bytes. */
void buffer_drop(struct buffer *b, size_t size);

static inline struct slice buffer_slice(const struct buffer *b)
{
    return (struct slice){ b->data, b->len };
}

/* Room for size more bytes without asking for memory? */
static inline bool buffer_has_room(const struct buffer *b, size_t size)
{
    return !b->failed && size <= b->capacity - b->len;
}

static inline void buffer_add_byte(struct buffer *b, char c)
{
    if (buffer_has_room(b, 1))
        b->data[b->len++] = c;
    else
        buffer_add(b, slice_from(&c, 1));
}

#define BUFFER_AUTO __attribute__((cleanup(buffer_free))) struct buffer

#endif
