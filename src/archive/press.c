#include "archive/press.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "archive/limit.h"

#define HEAD 12u                 /* "HDP" … inflated */
#define SUMS 20u                 /* stored, and the two hashes */
#define STRETCH (512u * 1024)

static bool fine(size_t code)
{
    return !ZSTD_isError(code);
}

/* Lines share long stretches: at the dear level matches of less than six bytes only cost, and what a line
 * repeats may stand anywhere in the block. */
static bool set_level(ZSTD_CCtx *context, enum block_part part, int level)
{
    return fine(ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)) &&
           fine(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) &&
           (part != PART_TEXT || level < BLOCK_LEVEL_PACKED ||
            (fine(ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, 6)) &&
             fine(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, BLOCK_WINDOW_PACKED))));
}

static void put_head(struct buffer *out, enum block_part part, struct slice bytes)
{
    buffer_add(out, slice_from((const char[]){ 'H', 'D', 'P', BLOCK_VERSION, (char)part, 1, 0, 0 }, 8));
    buffer_add_u32(out, (uint32_t)bytes.len);
}

/* What stands behind the frame's place is known when the frame is there: `len` bytes of it, in out's room. */
static void put_sums(struct buffer *out, size_t start, size_t len, struct slice bytes)
{
    uint64_t stored = XXH3_64bits(out->data + start + HEAD + SUMS, len);
    out->len = start + HEAD;
    buffer_add_u32(out, (uint32_t)len);
    buffer_add_u64(out, stored);
    buffer_add_u64(out, XXH3_64bits(bytes.data, bytes.len));
    out->len += len;
}

static bool begin(ZSTD_CCtx **context, enum block_part part, struct slice bytes, int level, struct error *e)
{
    if (bytes.len > BLOCK_PART_MAX)
        return error_set(e, "a block of events is too large");
    if ((!*context && !(*context = ZSTD_createCCtx())) || !set_level(*context, part, level))
        return error_set(e, "memory is short for a block of events");
    return true;
}

static bool refused(struct buffer *out, size_t start, size_t code, struct error *e)
{
    out->len = start;
    return error_set(e, "a block of events cannot be compressed: %s", ZSTD_getErrorName(code));
}

bool block_write_part(enum block_part part, struct slice bytes, int level, struct buffer *out,
                      struct error *e)
{
    static _Thread_local ZSTD_CCtx *context; /* one a thread, for its life */
    if (!begin(&context, part, bytes, level, e))
        return false;
    size_t bound = ZSTD_compressBound(bytes.len), start = out->len;
    put_head(out, part, bytes);
    char *room = buffer_extend(out, SUMS + bound);
    if (!room)
        return error_set(e, "memory is short for a block of events");
    size_t len = ZSTD_compress2(context, room + SUMS, bound, bytes.data, bytes.len);
    if (!fine(len))
        return refused(out, start, len, e);
    put_sums(out, start, len, bytes);
    return true;
}

bool press_begin(struct press *p, enum block_part part, struct slice bytes, int level, struct buffer *out,
                 struct error *e)
{
    if (!begin(&p->context, part, bytes, level, e))
        return false;
    if (!fine(ZSTD_CCtx_setPledgedSrcSize(p->context, bytes.len)))
        return error_set(e, "memory is short for a block of events");
    p->out = out;
    p->bytes = bytes;
    p->start = out->len;
    p->at = 0;
    put_head(out, part, bytes);
    return buffer_extend(out, SUMS) || error_set(e, "memory is short for a block of events");
}

bool press_step(struct press *p, bool *done_out, struct error *e)
{
    size_t left = p->bytes.len - p->at, take = left < STRETCH ? left : STRETCH;
    ZSTD_inBuffer in = { p->bytes.data + p->at, take, 0 };
    size_t rest;
    do {
        size_t room = ZSTD_CStreamOutSize();
        char *to = buffer_extend(p->out, room);
        if (!to)
            return error_set(e, "memory is short for a block of events");
        ZSTD_outBuffer out = { to, room, 0 };
        rest = ZSTD_compressStream2(p->context, &out, &in, take == left ? ZSTD_e_end : ZSTD_e_continue);
        p->out->len -= room - out.pos;
        if (!fine(rest))
            return refused(p->out, p->start, rest, e);
    } while (take == left ? rest > 0 : in.pos < in.size);
    p->at += take;
    *done_out = take == left;
    if (*done_out)
        put_sums(p->out, p->start, p->out->len - p->start - HEAD - SUMS, p->bytes);
    return true;
}

void press_free(struct press *p)
{
    ZSTD_freeCCtx(p->context);
    *p = (struct press){ 0 };
}
