#include "intake/body.h"

#include <zlib.h>
#include <zstd.h>

#define PIECE (64u * 1024)

/* --- inflating -------------------------------------------------------------------------------- */

static bool broken(struct error *e)
{
    error_set(e, "the body cannot be inflated: it is damaged");
    return error_kind(e, ERROR_INPUT);
}

/* bits: 15 + 32 recognises gzip and zlib by their header; -15 is raw deflate. */
static bool inflate_zlib(struct slice body, int bits, struct buffer *out, bool *too_large,
                         struct error *e)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)body.data, .avail_in = (uInt)body.len };
    int code = inflateInit2(&z, bits);

    if (code != Z_OK)
        return error_set(e, "not enough memory for %s", "zlib");
    while (code == Z_OK || (code == Z_STREAM_END && z.avail_in)) {
        if (code == Z_STREAM_END) /* gzip members may follow each other */
            inflateReset(&z);
        char *room = buffer_extend(out, PIECE);
        if (!room) {
            *too_large = true;
            code = Z_BUF_ERROR; /* the end of the member before is not the end of all */
            break;
        }
        z.next_out = (Bytef *)room;
        z.avail_out = PIECE;
        code = inflate(&z, Z_NO_FLUSH);
        out->len -= z.avail_out;
    }
    inflateEnd(&z);
    return code == Z_STREAM_END || broken(e);
}

static bool inflate_zstd(struct slice body, struct buffer *out, bool *too_large, struct error *e)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer in = { body.data, body.len, 0 };
    size_t code = 1;

    if (!z)
        return error_set(e, "not enough memory for %s", "zstd");
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 24); /* 16 MiB: a window is memory, too */
    while (in.pos < in.size || code) {
        char *room = buffer_extend(out, PIECE);
        if (!room) {
            *too_large = true;
            code = 1;
            break;
        }
        ZSTD_outBuffer piece = { room, PIECE, 0 };
        size_t before = in.pos;
        code = ZSTD_decompressStream(z, &piece, &in);
        out->len -= PIECE - piece.pos;
        if (ZSTD_isError(code) || (in.pos == before && piece.pos == 0))
            break;
        if (code == 0 && in.pos == in.size)
            break;
    }
    ZSTD_freeDStream(z);
    return (code == 0 && in.pos == in.size) || broken(e);
}

bool body_inflate(struct slice body, struct slice encoding, struct buffer *out,
                  struct slice *text_out, bool *too_large_out, struct error *e)
{
    bool ok;

    *too_large_out = false;
    *text_out = body;
    encoding = slice_trim(encoding);
    if (encoding.len == 0 || slice_equal_nocase(encoding, SLICE("identity")))
        return true;
    if (slice_equal_nocase(encoding, SLICE("gzip")) ||
        slice_equal_nocase(encoding, SLICE("x-gzip")))
        ok = inflate_zlib(body, 15 + 16, out, too_large_out, e);
    else if (slice_equal_nocase(encoding, SLICE("deflate")))
        ok = inflate_zlib(body, body.len && (body.data[0] & 0x0f) == 8 ? 15 : -15, out,
                          too_large_out, e);
    else if (slice_equal_nocase(encoding, SLICE("zstd")))
        ok = inflate_zstd(body, out, too_large_out, e);
    else {
        error_set(e, "the content encoding '%.*s' is not known", SLICE_ARGS(encoding));
        error_hint(e, "send gzip, deflate, zstd, or plain text");
        return error_kind(e, ERROR_INPUT);
    }
    *text_out = buffer_slice(out);
    return ok;
}

/* --- records ---------------------------------------------------------------------------------- */

bool body_next_line(struct slice *rest, struct slice *line_out)
{
    struct slice line;

    while (rest->len) {
        size_t n = slice_find_byte(*rest, '\n');
        line = slice_cut(*rest, 0, n);
        *rest = slice_after(*rest, n + 1);
        while (line.len && line.data[line.len - 1] == '\r')
            line.len--;
        if (slice_trim(line).len) {
            *line_out = line;
            return true;
        }
    }
    return false;
}

static bool between(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',';
}

/* Behind the value that begins at text.data[0]; 0 when it has no end. */
static size_t value_length(struct slice text)
{
    size_t depth = 0, at = 0;
    bool quoted = false;

    for (; at < text.len; at++) {
        char c = text.data[at];
        if (quoted) {
            if (c == '\\')
                at++;
            else if (c == '"' && (quoted = false, depth == 0))
                return at + 1;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return at; /* the array's own end, behind a number or a word */
            if (--depth == 0)
                return at + 1;
        } else if (depth == 0 && between(c)) {
            return at;
        }
    }
    return quoted || depth ? 0 : text.len;
}

bool body_next_value(struct slice *rest, struct slice *value_out)
{
    struct slice text = *rest;

    while (text.len && between(text.data[0]))
        text = slice_after(text, 1);
    if (text.len == 0 || (text.data[0] == ']' && slice_trim(slice_after(text, 1)).len == 0)) {
        *rest = SLICE_NONE;
        return false;
    }
    size_t length = value_length(text);
    if (length == 0)
        length = text.len;
    *value_out = slice_cut(text, 0, length);
    *rest = slice_after(text, length);
    return true;
}
