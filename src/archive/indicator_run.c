#include "archive/indicator_run.h"

#include <stdlib.h>

#include "archive/checked.h"
#include "archive/varint.h"

static int by_key(const void *a, const void *b)
{
    const struct indicator_count *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

size_t indicator_run_write(struct indicator_count *counts, size_t count, struct buffer *out)
{
    size_t begin = checked_begin(out), written = 0;
    uint64_t last = 0;
    if (count)
        qsort(counts, count, sizeof *counts, by_key);
    for (size_t i = 0; i < count; written++) {
        struct indicator_count sum = counts[i];
        while (++i < count && counts[i].key == sum.key)
            sum.count += counts[i].count;
        varint_add(out, sum.key - last);
        varint_add(out, sum.count);
        last = sum.key;
    }
    checked_end(out, begin);
    return written;
}

bool indicator_run_open(struct slice bytes, struct indicator_run *run, struct error *e)
{
    struct slice rest;
    if (!checked_open(bytes, &rest))
        return error_set(e, "the checksum of stored indicators is wrong");
    *run = (struct indicator_run){ .at = (const unsigned char *)rest.data };
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
