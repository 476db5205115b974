#include "event/batch.h"

#include <stdlib.h>

struct batch *batch_new(const char *class, int64_t now)
{
    struct batch *batch = calloc(1, sizeof *batch);
    size_t len = strlen(class);

    if (!batch)
        return NULL;
    arena_init(&batch->arena, BATCH_ARENA);
    memcpy(batch->class, class, len < sizeof batch->class ? len : sizeof batch->class - 1);
    batch->received = now;
    batch->event_capacity = BATCH_EVENTS;
    /* cleared one by one by batch_add: most batches have few */
    batch->events = arena_alloc(&batch->arena, BATCH_EVENTS * sizeof *batch->events);
    if (!batch->events)
        batch_free(&batch);
    return batch;
}

void batch_free(struct batch **batch)
{
    if (!*batch)
        return;
    arena_free(&(*batch)->arena);
    free(*batch);
    *batch = NULL;
}

bool batch_full(const struct batch *batch)
{
    return batch->event_count >= batch->event_capacity || batch->raw_bytes >= BATCH_BYTES ||
           batch->arena.exhausted;
}

size_t batch_weight(const void *batch)
{
    const struct batch *b = batch;

    return sizeof *b + b->arena.used;
}

struct event *batch_add(struct batch *batch)
{
    if (batch_full(batch))
        return NULL;
    struct event *event = &batch->events[batch->event_count++];
    *event = (struct event){ .raw = SLICE_NONE };
    return event;
}

/* A batch has few sources: a list is enough. It grows by doubling within the arena. */
struct batch_count *batch_count(struct batch *batch, struct slice source)
{
    for (uint32_t i = batch->count_count; i > 0; i--)
        if (slice_equal(batch->counts[i - 1].source, source))
            return &batch->counts[i - 1];

    uint32_t n = batch->count_count;
    if ((n & (n - 1)) == 0) { /* 0, 1, 2, 4, 8, …: full at each power of two */
        size_t capacity = n ? (size_t)n * 2 : 1;
        struct batch_count *counts = arena_array(&batch->arena, capacity, sizeof *counts);
        if (!counts)
            return NULL;
        if (n)
            memcpy(counts, batch->counts, n * sizeof *counts);
        batch->counts = counts;
    }
    struct slice key = arena_copy(&batch->arena, source);
    if (!key.data && source.len)
        return NULL;
    struct batch_count *count = &batch->counts[batch->count_count++];
    *count = (struct batch_count){ .source = key };
    return count;
}

struct slice batch_mark_bytes(const struct batch_mark *mark, unsigned char *bytes)
{
    memcpy(bytes, mark->key, BATCH_MARK_KEY);
    memcpy(bytes + BATCH_MARK_KEY, mark->check, BATCH_MARK_KEY);
    return slice_from(bytes, mark->checked ? BATCH_MARK_KEPT : BATCH_MARK_KEY);
}

bool batch_mark_take(struct batch_mark *mark, struct slice bytes)
{
    mark->checked = bytes.len == BATCH_MARK_KEPT;
    if (!mark->checked && bytes.len != BATCH_MARK_KEY)
        return false;
    memcpy(mark->key, bytes.data, BATCH_MARK_KEY);
    if (mark->checked)
        memcpy(mark->check, bytes.data + BATCH_MARK_KEY, BATCH_MARK_KEY);
    return true;
}

void batch_finish(struct batch *batch, const struct error *error)
{
    if (batch->stored)
        batch->stored(batch, error);
    else
        batch_free(&batch);
}
