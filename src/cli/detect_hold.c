#include "cli/detect_hold.h"

#include <stdlib.h>

#define BYTES_MOST (256u * 1024 * 1024)

static int by_time(const void *left, const void *right)
{
    const struct held *a = left, *b = right;
    if (a->hit.time != b->hit.time)
        return a->hit.time < b->hit.time ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void put_first(struct detect_hold *hold, uint32_t count)
{
    if (hold->count)
        qsort(hold->hits, hold->count, sizeof *hold->hits, by_time);
    for (uint32_t i = 0; i < count; i++) {
        struct held *held = &hold->hits[i];
        hold->put(hold->owner, held);
        hold->bytes -= held->hit.group.len + held->hit.value.len;
        free((char *)held->hit.group.data);
    }
    hold->count -= count;
    if (hold->count)
        memmove(hold->hits, hold->hits + count, hold->count * sizeof *hold->hits);
}

static bool make_room(struct detect_hold *hold)
{
    uint32_t most = hold->most ? hold->most : HOLD_MOST;
    if (hold->count >= most || hold->bytes > BYTES_MOST)
        put_first(hold, (hold->count + 1) / 2);
    if (hold->count < hold->capacity)
        return true;
    uint32_t more = hold->capacity ? hold->capacity * 2 : 256;
    struct held *grown = realloc(hold->hits, more * sizeof *grown);
    if (!grown)
        return false;
    hold->hits = grown;
    hold->capacity = more;
    return true;
}

/* One allocation for both; the value stands behind the group. */
static char *copy_texts(struct hit *hit)
{
    char *bytes = malloc(hit->group.len + hit->value.len + 1);
    if (!bytes)
        return NULL;
    if (hit->group.len)
        memcpy(bytes, hit->group.data, hit->group.len);
    if (hit->value.len)
        memcpy(bytes + hit->group.len, hit->value.data, hit->value.len);
    hit->group.data = bytes;
    hit->value.data = bytes + hit->group.len;
    return bytes;
}

bool detect_hold_add(struct detect_hold *hold, const struct hit *hit, const char *file,
                     uint64_t place)
{
    struct held held = { .hit = *hit, .file = file, .place = place, .order = hold->order };
    if (!make_room(hold) || !copy_texts(&held.hit))
        return false;
    hold->order++;
    hold->bytes += hit->group.len + hit->value.len;
    hold->hits[hold->count++] = held;
    return true;
}

void detect_hold_finish(struct detect_hold *hold)
{
    put_first(hold, hold->count);
    free(hold->hits);
    hold->hits = NULL;
    hold->capacity = 0;
}
