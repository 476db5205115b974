/* map - from slice to pointer (open addressing; grows by itself).
 *
 * Keys are not copied: they live at least as long as the map (same arena, usually).
 * Never: iterated while changed; shared between threads while somebody writes.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/slice.h"

struct map_entry {
    struct slice key;   /* data NULL: free */
    void *value;
    uint64_t hash;
};

struct map {
    struct map_entry *entries;
    size_t capacity, count;
};

#define MAP_EMPTY ((struct map){ NULL, 0, 0 })

void map_free(struct map *map);
/* NULL when absent. */
void *map_get(const struct map *map, struct slice key);
bool map_has(const struct map *map, struct slice key);
/* Adds or replaces; false when memory is short (the map is unchanged). */
bool map_put(struct map *map, struct slice key, void *value);
/* for (size_t i = 0; (entry = map_next(map, &i)); ) … in no order. */
struct map_entry *map_next(const struct map *map, size_t *at);

#define MAP_AUTO __attribute__((cleanup(map_free))) struct map

#endif
