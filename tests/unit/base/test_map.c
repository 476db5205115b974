#include "test.h"

#include "base/arena.h"
#include "base/map.h"

TEST("a thousand keys are found again, others are not, replacing keeps one") {
    ARENA_AUTO a;
    MAP_AUTO map = MAP_EMPTY;
    arena_init(&a, ARENA_NO_CEILING);
    for (int i = 0; i < 1000; i++)
        CHECK(map_put(&map, arena_print(&a, "key%d", i), (void *)(intptr_t)(i + 1)));
    CHECK(map_put(&map, SLICE("key7"), (void *)(intptr_t)77));
    CHECK_INT(map.count, 1000);
    CHECK_INT((intptr_t)map_get(&map, SLICE("key7")), 77);
    CHECK_INT((intptr_t)map_get(&map, SLICE("key999")), 1000);
    CHECK(!map_get(&map, SLICE("key1000")) && !map_has(&map, SLICE("")));
    CHECK(map_put(&map, SLICE_NONE, &map) && map_has(&map, SLICE("")));
    size_t at = 0, seen = 0;
    while (map_next(&map, &at))
        seen++;
    CHECK_INT(seen, 1001);
}
