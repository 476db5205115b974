#include "test.h"

#include "base/arena.h"

TEST("the ceiling refuses, and says so until the arena is emptied") {
    ARENA_AUTO a;
    arena_init(&a, 1000);
    CHECK(arena_alloc(&a, 900));
    CHECK(!arena_alloc(&a, 200));
    CHECK(a.exhausted);
    CHECK(arena_alloc(&a, 50));
    CHECK(a.exhausted);
    arena_clear(&a);
    CHECK(!a.exhausted && arena_alloc(&a, 900));
}

TEST("a product that overflows is refused") {
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(!arena_array(&a, SIZE_MAX / 2, 16));
    CHECK(!arena_alloc(&a, SIZE_MAX));
    CHECK(!arena_text(&a, (struct slice){ "x", SIZE_MAX }));
}

TEST("what was allocated after a mark is forgotten, across chunks too") {
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    char *kept = arena_text(&a, SLICE("kept"));
    struct arena_mark mark = arena_mark(&a);
    for (int i = 0; i < 100; i++)
        CHECK(arena_alloc(&a, 10000));
    arena_reset(&a, mark);
    CHECK_TEXT(kept, "kept");
    CHECK_INT(a.used, 16);
}

TEST("all is aligned to 16 bytes, and zeroed memory is zero") {
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    for (size_t i = 1; i < 100; i++) {
        unsigned char *at = arena_zero(&a, i);
        CHECK(((uintptr_t)at & 15) == 0);
        for (size_t j = 0; j < i; j++)
            CHECK(at[j] == 0);
        memset(at, 0xff, i);
    }
}

TEST("the n-th allocation fails when a test orders it") {
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    arena_fail_after(2);
    CHECK(arena_alloc(&a, 1));
    CHECK(!arena_alloc(&a, 1));
    CHECK(arena_alloc(&a, 1));
}
