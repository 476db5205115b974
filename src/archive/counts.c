#include "archive/counts.h"

#include "archive/varint.h"

void counts_write(const struct batch_count *counts, uint32_t count, struct buffer *out)
{
    buffer_add_u8(out, 1);
    for (uint32_t i = 0; i < count; i++) {
        const struct batch_count *c = &counts[i];
        varint_add(out, c->source.len);
        buffer_add(out, c->source);
        varint_add(out, c->protocol.len);
        buffer_add(out, c->protocol);
        varint_add(out, c->received);
        varint_add(out, c->stored);
        varint_add(out, c->repeated);
        varint_add(out, c->quarantined);
        varint_add(out, c->refused);
        varint_add(out, c->undecoded);
        varint_add(out, zigzag(c->first));
        varint_add(out, zigzag(c->last));
        varint_add(out, zigzag(c->skew));
    }
}

static bool read_text(const unsigned char **at, const unsigned char *end, struct slice *out)
{
    uint64_t len;
    if (!varint_read(at, end, &len) || len > (size_t)(end - *at))
        return false;
    *out = slice_from(*at, len);
    *at += len;
    return true;
}

static bool read_one(const unsigned char **at, const unsigned char *end, struct batch_count *out)
{
    uint64_t first, last, skew;
    if (!read_text(at, end, &out->source) || !read_text(at, end, &out->protocol))
        return false;
    if (!varint_read(at, end, &out->received) || !varint_read(at, end, &out->stored) ||
        !varint_read(at, end, &out->repeated) || !varint_read(at, end, &out->quarantined) ||
        !varint_read(at, end, &out->refused) || !varint_read(at, end, &out->undecoded) ||
        !varint_read(at, end, &first) || !varint_read(at, end, &last) ||
        !varint_read(at, end, &skew))
        return false;
    out->first = unzigzag(first);
    out->last = unzigzag(last);
    out->skew = unzigzag(skew);
    return true;
}

bool counts_read(struct slice bytes, struct arena *arena, struct batch_count **counts_out,
                 uint32_t *count_out, struct error *e)
{
    struct slice copy = arena_copy(arena, bytes);
    const unsigned char *at = (const unsigned char *)copy.data, *end = at + copy.len;
    *counts_out = NULL;
    *count_out = 0;
    if (!copy.data)
        return error_set(e, "memory is short for the counts of a batch");
    if (copy.len == 0 || *at++ != 1)
        return error_set(e, "the counts of a batch are of an unknown format");
    /* a source takes eleven bytes at least */
    struct batch_count *counts = arena_array(arena, copy.len / 11, sizeof *counts);
    if (!counts)
        return error_set(e, "memory is short for the counts of a batch");
    uint32_t count = 0;
    while (at < end) {
        if (count >= copy.len / 11 || !read_one(&at, end, &counts[count]))
            return error_set(e, "the counts of a batch are damaged");
        count++;
    }
    *counts_out = counts;
    *count_out = count;
    return true;
}
