/* arena - memory that lives and dies with one batch, request or command.
 *
 * Good: a pointer bump each; nothing to free one by one; a ceiling for what outsiders can make
 *       us allocate.
 * Bad: grows in long loops (arena_mark, arena_reset).
 * Never: a home for what outlives its owner; shared between threads at the same time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* newest */
    size_t used;               /* bytes handed out, padding included */
    size_t ceiling;            /* 0: none */
    bool exhausted;            /* sticky: some allocation was refused */
};

struct arena_mark {
    struct arena_chunk *chunk;
    size_t chunk_used, used;
};

#define ARENA_NO_CEILING 0

void arena_init(struct arena *a, size_t ceiling);
/* Frees all; the arena may be used again. */
void arena_free(struct arena *a);
/* Empties the arena but keeps its largest chunk for the next round. */
void arena_clear(struct arena *a);

/* 16-byte aligned, not cleared / cleared. NULL when the ceiling or the machine's memory is
 * reached: then a->exhausted stays set, so that a caller may allocate many and ask once. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zero(struct arena *a, size_t size);
/* count * size with the product checked. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* A copy in the arena, with a NUL behind it for library edges; SLICE_NONE on exhaustion. */
struct slice arena_copy(struct arena *a, struct slice s);
/* The same as a C string; NULL on exhaustion. */
char *arena_text(struct arena *a, struct slice s);
/* printf into the arena; SLICE_NONE on exhaustion. NUL-terminated. */
struct slice arena_print(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct arena_mark arena_mark(struct arena *a);
/* Forgets what was allocated after the mark. */
void arena_reset(struct arena *a, struct arena_mark mark);

/* Tests: the n-th allocation from now (1 = next) of any arena in this thread is refused. */
void arena_fail_after(unsigned n);

#define ARENA_AUTO __attribute__((cleanup(arena_free))) struct arena

#endif
