#include "archive/checked.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/cursor.h"

#define HEAD 8u

size_t checked_begin(struct buffer *out)
{
    size_t begin = out->len;
    buffer_add_u64(out, 0);
    return begin;
}

void checked_end(struct buffer *out, size_t begin)
{
    if (out->failed)
        return;
    uint64_t check = XXH3_64bits(out->data + begin + HEAD, out->len - begin - HEAD);
    for (unsigned i = 0; i < HEAD; i++)
        out->data[begin + i] = (char)(check >> (8 * i));
}

bool checked_open(struct slice bytes, struct slice *rest_out)
{
    struct cursor c = cursor_over(bytes);
    uint64_t check = cursor_u64(&c);
    *rest_out = slice_after(bytes, HEAD);
    return !c.failed && XXH3_64bits(rest_out->data, rest_out->len) == check;
}
