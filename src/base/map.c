#include "base/map.h"

#include <stdlib.h>

void map_free(struct map *map)
{
    free(map->entries);
    *map = MAP_EMPTY;
}

/* The key's entry, or the free one where it would go. */
static struct map_entry *probe(const struct map *map, struct slice key, uint64_t hash)
{
    size_t mask = map->capacity - 1;
    for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
        struct map_entry *entry = &map->entries[at];
        if (!entry->key.data || (entry->hash == hash && slice_equal(entry->key, key)))
            return entry;
    }
}

bool map_has(const struct map *map, struct slice key)
{
    return map->count && probe(map, key, slice_hash(key))->key.data;
}

void *map_get(const struct map *map, struct slice key)
{
    return map->count ? probe(map, key, slice_hash(key))->value : NULL;
}

static bool grow(struct map *map)
{
    struct map bigger = { .capacity = map->capacity ? map->capacity * 2 : 16 };
    bigger.entries = calloc(bigger.capacity, sizeof *bigger.entries);
    if (!bigger.entries)
        return false;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].key.data)
            *probe(&bigger, map->entries[i].key, map->entries[i].hash) = map->entries[i];
    bigger.count = map->count;
    free(map->entries);
    *map = bigger;
    return true;
}

bool map_put(struct map *map, struct slice key, void *value)
{
    if (!key.data)
        key = SLICE("");
    if ((map->count + 1) * 4 > map->capacity * 3 && !grow(map))
        return false;
    uint64_t hash = slice_hash(key);
    struct map_entry *entry = probe(map, key, hash);
    map->count += entry->key.data == NULL;
    *entry = (struct map_entry){ key, value, hash };
    return true;
}

struct map_entry *map_next(const struct map *map, size_t *at)
{
    while (*at < map->capacity) {
        struct map_entry *entry = &map->entries[(*at)++];
        if (entry->key.data)
            return entry;
    }
    return NULL;
}
