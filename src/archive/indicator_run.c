#include "archive/indicator_run.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "archive/varint.h"
#include "base/cursor.h"

#define HEAD 8u

static int by_key(const void *a, const void *b)
{
    const struct indicator_count *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

void indicator_run_write(struct indicator_count *counts, size_t count, struct buffer *out)
{
    size_t head = out->len;
    uint64_t last = 0;
    if (count)
        qsort(counts, count, sizeof *counts, by_key);
    buffer_add_u64(out, 0);
    for (size_t i = 0; i < count;) {
        struct indicator_count sum = counts[i];
        while (++i < count && counts[i].key == sum.key)
            sum.count += counts[i].count;
        varint_add(out, sum.key - last);
        varint_add(out, sum.count);
        last = sum.key;
    }
    if (out->failed)
        return;
    uint64_t check = XXH3_64bits(out->data + head + HEAD, out->len - head - HEAD);
    for (unsigned i = 0; i < HEAD; i++)
        out->data[head + i] = (char)(check >> (8 * i));
}

bool indicator_run_open(struct slice bytes, struct indicator_run *run, struct error *e)
{
    struct cursor c = cursor_over(bytes);
    uint64_t check = cursor_u64(&c);
    struct slice rest = slice_after(bytes, HEAD);
    *run = (struct indicator_run){ .damaged = c.failed };
    if (c.failed || XXH3_64bits(rest.data, rest.len) != check)
        return error_set(e, "the checksum of stored indicators is wrong");
    run->at = (const unsigned char *)rest.data;
    run->end = run->at + rest.len;
    return true;
}

bool indicator_run_next(struct indicator_run *run)
{
    uint64_t step, count;
    if (run->at == run->end)
        return false;
    run->damaged = !varint_read(&run->at, run->end, &step) || !varint_read(&run->at, run->end, &count);
    if (run->damaged) {
        run->at = run->end;
        return false;
    }
    run->now = (struct indicator_count){ run->now.key + step, count };
    return true;
}
