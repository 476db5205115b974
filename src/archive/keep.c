/* Tails as they were committed, kept for the sealer, and the memory that they and its windows use. */
#include <stdlib.h>

#include "archive/limit.h"
#include "archive/writer.h"

void spare_free(struct spare *spare)
{
    for (size_t i = 0; i < spare->count; i++)
        fetch_free(&spare->list[i]);
    free(spare->list);
    *spare = (struct spare){ NULL, 0, 0 };
}

void spare_put(struct spare *spare, struct fetched *fetched)
{
    if (spare->count == spare->capacity) {
        size_t capacity = spare->capacity ? spare->capacity * 2 : 64;
        struct fetched *list = realloc(spare->list, capacity * sizeof *list);
        if (!list) {
            fetch_free(fetched);
            return;
        }
        spare->list = list;
        spare->capacity = capacity;
    }
    spare->list[spare->count++] = *fetched;
}

void spare_take(struct spare *spare, struct fetched *fetched)
{
    if (spare->count)
        *fetched = spare->list[--spare->count];
    else
        fetch_init(fetched);
}

static uint64_t kept_size(const struct kept *kept)
{
    uint64_t size = 0;
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++)
        size += kept->data.parts[part].len;
    return size;
}

/* Keeping is never needed: where memory is short the tail is read back. */
void writer_keep(struct archive *archive, struct day *day, const struct slice *parts)
{
    struct error ignored = ERROR_NONE;
    struct kept kept = { .block = (int64_t)day->next_block };
    if (archive->kept_bytes + parts[PART_TEXT].len + parts[PART_FIELDS].len > KEEP_BYTES)
        return;
    if (day->kept_count == day->kept_capacity) {
        size_t capacity = day->kept_capacity ? day->kept_capacity * 2 : 64;
        struct kept *more = realloc(day->kept, capacity * sizeof *more);
        if (!more)
            return;
        day->kept = more;
        day->kept_capacity = capacity;
    }
    spare_take(&archive->spare, &kept.data);
    if (!fetch_take(&kept.data, archive->builder, &ignored)) {
        fetch_free(&kept.data);
        return;
    }
    archive->kept_bytes += kept_size(&kept);
    day->kept[day->kept_count++] = kept;
}

bool writer_take_kept(struct archive *archive, struct day *day, int64_t block,
                      struct fetched *data_out)
{
    for (size_t i = 0; i < day->kept_count; i++) {
        if (day->kept[i].block != block)
            continue;
        archive->kept_bytes -= kept_size(&day->kept[i]);
        *data_out = day->kept[i].data;
        memmove(&day->kept[i], &day->kept[i + 1], (--day->kept_count - i) * sizeof *day->kept);
        return true;
    }
    return false;
}

void writer_drop_kept(struct archive *archive, struct day *day)
{
    for (size_t i = 0; i < day->kept_count; i++) {
        archive->kept_bytes -= kept_size(&day->kept[i]);
        fetch_free(&day->kept[i].data);
    }
    free(day->kept);
    day->kept = NULL;
    day->kept_count = day->kept_capacity = 0;
}
