#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CEILING_DEFAULT (64u * 1024 * 1024)

void buffer_init(struct buffer *b, size_t ceiling)
{
    *b = (struct buffer){ .ceiling = ceiling ? ceiling : CEILING_DEFAULT };
}

void buffer_free(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){ .ceiling = b->ceiling };
}

void buffer_clear(struct buffer *b)
{
    b->len = 0;
    b->failed = false;
}

static bool reserve(struct buffer *b, size_t more)
{
    size_t ceiling = b->ceiling ? b->ceiling : CEILING_DEFAULT;
    if (b->failed || more > ceiling || b->len > ceiling - more) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + more;
    if (need <= b->capacity)
        return true;
    size_t capacity = b->capacity ? b->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    if (capacity > ceiling) /* room is then never more than is allowed */
        capacity = ceiling;
    char *data = realloc(b->data, capacity);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

char *buffer_extend(struct buffer *b, size_t size)
{
    if (!reserve(b, size))
        return NULL;
    char *at = b->data + b->len;
    b->len += size;
    return at;
}

void buffer_add(struct buffer *b, struct slice s)
{
    if (s.len && reserve(b, s.len)) {
        memcpy(b->data + b->len, s.data, s.len);
        b->len += s.len;
    }
}

void buffer_print(struct buffer *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len >= 0 && reserve(b, (size_t)len + 1)) {
        vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    } else {
        b->failed = true;
    }
    va_end(again);
}

static void add_little(struct buffer *b, uint64_t value, size_t bytes)
{
    char *at = buffer_extend(b, bytes);
    for (size_t i = 0; at && i < bytes; i++)
        at[i] = (char)(value >> (8 * i));
}

void buffer_add_u8(struct buffer *b, uint8_t value)
{
    add_little(b, value, 1);
}

void buffer_add_u16(struct buffer *b, uint16_t value)
{
    add_little(b, value, 2);
}

void buffer_add_u32(struct buffer *b, uint32_t value)
{
    add_little(b, value, 4);
}

void buffer_add_u64(struct buffer *b, uint64_t value)
{
    add_little(b, value, 8);
}

void buffer_add_slice(struct buffer *b, struct slice s)
{
    if (s.len > UINT32_MAX) {
        b->failed = true;
        return;
    }
    buffer_add_u32(b, (uint32_t)s.len);
    buffer_add(b, s);
}

void buffer_drop(struct buffer *b, size_t size)
{
    if (size > b->len)
        size = b->len;
    if (size)
        memmove(b->data, b->data + size, b->len - size);
    b->len -= size;
}
