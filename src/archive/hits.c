#include "archive/hits.h"

#include "archive/checked.h"
#include "archive/varint.h"

static void put_text(struct buffer *out, struct slice text, struct slice before)
{
    if (slice_equal(text, before)) {
        varint_add(out, 0);
        return;
    }
    varint_add(out, text.len + 1);
    buffer_add(out, text);
}

void hits_write(const struct batch *batch, uint64_t first, struct buffer *out, int64_t *newest_out)
{
    struct hit before = { .time = 0 };
    uint64_t last = 0;
    size_t begin = checked_begin(out);
    *newest_out = INT64_MIN;
    for (uint32_t i = 0; i < batch->hit_count; i++) {
        struct hit hit = batch->hits[i];
        uint64_t sequence = first + hit.event;
        varint_add(out, zigzag((int64_t)((uint64_t)hit.time - (uint64_t)before.time)));
        varint_add(out, zigzag((int64_t)(sequence - last)));
        put_text(out, hit.rule, before.rule);
        put_text(out, hit.base_rule, before.base_rule);
        put_text(out, hit.group, before.group);
        put_text(out, hit.value, before.value);
        if (hit.time > *newest_out)
            *newest_out = hit.time;
        before = hit;
        last = sequence;
    }
    checked_end(out, begin);
}

bool hits_open(struct slice bytes, struct hits *hits)
{
    struct slice rest;
    *hits = (struct hits){ .damaged = !checked_open(bytes, &rest) };
    hits->at = (const unsigned char *)rest.data;
    hits->end = hits->at + rest.len;
    return !hits->damaged;
}

static bool read_text(struct hits *hits, struct slice *text_io)
{
    uint64_t len;
    if (!varint_read(&hits->at, hits->end, &len) || (len && len - 1 > (size_t)(hits->end - hits->at)))
        return false;
    if (len == 0)
        return true;
    *text_io = slice_from(hits->at, len - 1);
    hits->at += len - 1;
    return true;
}

bool hits_next(struct hits *hits)
{
    uint64_t time, sequence;
    if (hits->damaged || hits->at == hits->end)
        return false;
    hits->damaged = !varint_read(&hits->at, hits->end, &time) ||
                    !varint_read(&hits->at, hits->end, &sequence) ||
                    !read_text(hits, &hits->now.rule) || !read_text(hits, &hits->now.base_rule) ||
                    !read_text(hits, &hits->now.group) || !read_text(hits, &hits->now.value);
    if (hits->damaged)
        return false;
    hits->now.time = (int64_t)((uint64_t)hits->now.time + (uint64_t)unzigzag(time));
    hits->sequence += (uint64_t)unzigzag(sequence);
    return true;
}
