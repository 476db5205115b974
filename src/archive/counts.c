#include "archive/counts.h"

#include "archive/varint.h"

static void put_text(struct buffer *out, struct slice text)
{
    varint_add(out, text.len);
    buffer_add(out, text);
}

static void put_source(struct buffer *out, const struct batch_count *c)
{
    put_text(out, c->source);
    put_text(out, c->protocol);
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

static void put_tally(struct buffer *out, const struct match_tally *t)
{
    varint_add(out, (uint64_t)t->kind);
    put_text(out, t->rule);
    put_text(out, t->agency);
    put_text(out, t->system);
    put_text(out, t->entity);
    varint_add(out, (uint64_t)t->exception);
    varint_add(out, t->count);
    varint_add(out, zigzag(t->first));
    varint_add(out, zigzag(t->last));
}

void counts_write(const struct batch *batch, struct buffer *out)
{
    buffer_add_u8(out, batch->tally_count ? 2 : 1);
    if (batch->tally_count)
        varint_add(out, batch->count_count);
    for (uint32_t i = 0; i < batch->count_count; i++)
        put_source(out, &batch->counts[i]);
    for (uint32_t i = 0; i < batch->tally_count; i++)
        put_tally(out, &batch->tallies[i]);
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

static bool read_tally(const unsigned char **at, const unsigned char *end, struct match_tally *out)
{
    uint64_t kind, exception, first, last;
    if (!varint_read(at, end, &kind) || kind >= TALLY_KINDS || !read_text(at, end, &out->rule) ||
        !read_text(at, end, &out->agency) || !read_text(at, end, &out->system) ||
        !read_text(at, end, &out->entity) || !varint_read(at, end, &exception) ||
        !varint_read(at, end, &out->count) || !varint_read(at, end, &first) ||
        !varint_read(at, end, &last))
        return false;
    out->kind = (enum tally_kind)kind;
    out->exception = (int64_t)exception;
    out->first = unzigzag(first);
    out->last = unzigzag(last);
    return true;
}

bool counts_read(struct slice bytes, struct arena *arena, struct counts *out, struct error *e)
{
    struct slice copy = arena_copy(arena, bytes);
    const unsigned char *at = (const unsigned char *)copy.data, *end = at + copy.len;
    uint64_t sources = UINT64_MAX;
    *out = (struct counts){ 0 };
    if (!copy.data)
        return error_set(e, "memory is short for the counts of a batch");
    if (copy.len == 0 || (*at != 1 && *at != 2))
        return error_set(e, "the counts of a batch are of an unknown format");
    if (*at++ == 2 && !varint_read(&at, end, &sources))
        return error_set(e, "the counts of a batch are damaged");
    /* a source takes eleven bytes at least, a tally nine */
    out->sources = arena_array(arena, copy.len / 11 + 1, sizeof *out->sources);
    out->tallies = sources == UINT64_MAX ? NULL
                                         : arena_array(arena, copy.len / 9 + 1, sizeof *out->tallies);
    if (!out->sources || (sources != UINT64_MAX && !out->tallies))
        return error_set(e, "memory is short for the counts of a batch");
    while (at < end) {
        bool fine = out->source_count < sources
                        ? out->source_count < copy.len / 11 + 1 &&
                              read_one(&at, end, &out->sources[out->source_count++])
                        : out->tally_count < copy.len / 9 + 1 &&
                              read_tally(&at, end, &out->tallies[out->tally_count++]);
        if (!fine)
            return error_set(e, "the counts of a batch are damaged");
    }
    return true;
}
