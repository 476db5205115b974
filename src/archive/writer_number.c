/* Which ids events got whose batches detect may still name by running numbers (event/batch.h). */
#include <stdlib.h>

#include "archive/writer.h"

/* Batches with hits: at ten a second those of the last two hours. */
#define NUMBERED_MOST 65536u

/* The first batch with a base of at least this; the batches stand by their bases. */
static size_t place_of(const struct numbered *numbered, uint64_t base)
{
    size_t low = 0, high = numbered->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (numbered->batches[middle].base < base)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void writer_unnumber(struct archive *archive, uint64_t base)
{
    archive->numbered.count = place_of(&archive->numbered, base);
}

static bool make_room(struct numbered *numbered)
{
    if (numbered->count == NUMBERED_MOST) { /* the older half goes */
        numbered->count /= 2;
        memmove(numbered->batches, numbered->batches + numbered->count,
                numbered->count * sizeof *numbered->batches);
    }
    if (numbered->count < numbered->capacity)
        return true;
    size_t more = numbered->capacity ? numbered->capacity * 2 : 256;
    struct numbered_batch *grown = realloc(numbered->batches, more * sizeof *grown);
    if (!grown)
        return false;
    numbered->batches = grown;
    numbered->capacity = more;
    return true;
}

bool writer_number(struct archive *archive, const struct batch *batch, const struct event_id *first)
{
    if (!batch->hit_count)
        return true;
    writer_unnumber(archive, batch->base); /* tried before, in vain */
    if (!make_room(&archive->numbered))
        return false;
    archive->numbered.batches[archive->numbered.count++] =
        (struct numbered_batch){ batch->base, batch->event_count, *first };
    return true;
}

bool writer_event_id(const struct archive *archive, const struct batch *batch, const struct event_id *first,
                     struct event_id *id)
{
    const struct numbered *numbered = &archive->numbered;
    struct numbered_batch here = { batch->base, batch->event_count, *first };
    if (id->day)
        return true;
    if (id->sequence < here.base) {
        size_t at = place_of(numbered, id->sequence + 1);
        if (!at)
            return false;
        here = numbered->batches[at - 1];
    }
    uint64_t index = id->sequence - here.base;
    *id = here.first;
    id->sequence += index;
    return index < here.count;
}
