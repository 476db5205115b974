#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_FIRST (16u * 1024)
#define CHUNK_MOST (4u * 1024 * 1024)

struct arena_chunk {
    struct arena_chunk *older;
    size_t size, used;
    _Alignas(16) char bytes[];
};

static _Thread_local unsigned fail_countdown;

void arena_fail_after(unsigned n)
{
    fail_countdown = n;
}

void arena_init(struct arena *a, size_t ceiling)
{
    *a = (struct arena){ .ceiling = ceiling };
}

void arena_free(struct arena *a)
{
    while (a->chunk) {
        struct arena_chunk *older = a->chunk->older;
        free(a->chunk);
        a->chunk = older;
    }
    *a = (struct arena){ .ceiling = a->ceiling };
}

void arena_clear(struct arena *a)
{
    struct arena_chunk *keep = a->chunk;
    for (struct arena_chunk *c = a->chunk; c; c = c->older)
        if (c->size > keep->size)
            keep = c;
    while (a->chunk) {
        struct arena_chunk *older = a->chunk->older;
        if (a->chunk != keep)
            free(a->chunk);
        a->chunk = older;
    }
    if (keep) {
        keep->older = NULL;
        keep->used = 0;
    }
    *a = (struct arena){ .chunk = keep, .ceiling = a->ceiling };
}

static struct arena_chunk *chunk_add(struct arena *a, size_t least)
{
    size_t size = a->chunk ? a->chunk->size * 2 : CHUNK_FIRST;
    if (size > CHUNK_MOST)
        size = CHUNK_MOST;
    if (size < least)
        size = least;
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    if (!chunk)
        return NULL;
    chunk->older = a->chunk;
    chunk->size = size;
    chunk->used = 0;
    a->chunk = chunk;
    return chunk;
}

static void *refuse(struct arena *a)
{
    a->exhausted = true;
    return NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (fail_countdown && --fail_countdown == 0)
        return refuse(a);
    if (size > SIZE_MAX / 2)
        return refuse(a);
    size_t need = (size + 15) & ~(size_t)15;
    if (need == 0)
        need = 16;
    if (a->ceiling && (need > a->ceiling || a->used > a->ceiling - need))
        return refuse(a);
    struct arena_chunk *chunk = a->chunk;
    if (!chunk || chunk->size - chunk->used < need) {
        chunk = chunk_add(a, need);
        if (!chunk)
            return refuse(a);
    }
    void *at = chunk->bytes + chunk->used;
    chunk->used += need;
    a->used += need;
    return at;
}

void *arena_zero(struct arena *a, size_t size)
{
    void *at = arena_alloc(a, size);
    return at ? memset(at, 0, size) : NULL;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return refuse(a);
    return arena_zero(a, total);
}

char *arena_text(struct arena *a, struct slice s)
{
    char *copy = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : refuse(a);
    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.data, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    char *copy = arena_text(a, s);
    return copy ? slice_from(copy, s.len) : SLICE_NONE;
}

struct slice arena_print(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text ? slice_from(text, (size_t)len) : SLICE_NONE;
}

struct arena_mark arena_mark(struct arena *a)
{
    return (struct arena_mark){ a->chunk, a->chunk ? a->chunk->used : 0, a->used };
}

void arena_reset(struct arena *a, struct arena_mark mark)
{
    while (a->chunk != mark.chunk) {
        struct arena_chunk *older = a->chunk->older;
        free(a->chunk);
        a->chunk = older;
    }
    if (a->chunk)
        a->chunk->used = mark.chunk_used;
    a->used = mark.used;
}
