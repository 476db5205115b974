#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "intake/body.h"
#include "intake/limit.h"
#include "test.h"

static const char *values(const char *text, bool lines)
{
    static struct buffer out;
    struct slice rest = slice_of(text), record;

    if (!out.ceiling)
        buffer_init(&out, 1 << 20);
    buffer_clear(&out);
    while (lines ? body_next_line(&rest, &record) : body_next_value(&rest, &record)) {
        buffer_add(&out, record);
        buffer_add_byte(&out, '|');
    }
    buffer_add_byte(&out, '\0');
    return out.data;
}

TEST("lines: empty ones are no records, CR is dropped, the last needs no end") {
    CHECK_TEXT(values("a\n\nb\r\n \n c", true), "a|b| c|");
    CHECK_TEXT(values("", true), "");
}

TEST("values: concatenated, in an array, with text that looks like ends, and broken ones") {
    CHECK_TEXT(values("{\"a\":1}{\"b\":\"}]\"} {\"c\":{\"d\":[1,2]}}", false),
               "{\"a\":1}|{\"b\":\"}]\"}|{\"c\":{\"d\":[1,2]}}|");
    CHECK_TEXT(values("{\"a\":1},\n{\"b\":\"\\\"\"}]", false), "{\"a\":1}|{\"b\":\"\\\"\"}|");
    CHECK_TEXT(values("1, \"two\" ,three]", false), "1|\"two\"|three|");
    CHECK_TEXT(values("{\"a\":1} {\"broken\": \"", false), "{\"a\":1}|{\"broken\": \"|");
    CHECK_TEXT(values("]]", false), "]]|");
    CHECK_TEXT(values("", false), "");
}

static bool inflate_text(const void *data, size_t len, const char *encoding, struct buffer *out,
                         bool *too_large)
{
    struct slice text;
    struct error e = ERROR_NONE;

    buffer_clear(out);
    return body_inflate(slice_from(data, len), slice_of(encoding), out, &text, too_large, &e) &&
           slice_starts(text, SLICE("hello"));
}

TEST("gzip, deflate and zstd are inflated; cut or damaged bodies are refused, bombs stop at the "
     "ceiling")
{
    static char text[200000], packed[210000];
    BUFFER_AUTO out;
    bool too_large;
    static const struct {
        const char *encoding;
        int bits;
    } rows[] = { { "gzip", 31 }, { "deflate", 15 }, { "deflate", -15 }, { "zstd", 0 } };

    buffer_init(&out, 300000);
    memset(text, ' ', sizeof text);
    memcpy(text, "hello", 5);
    for (size_t i = 0; i < 4; i++) {
        size_t len;
        if (rows[i].bits) {
            z_stream z = { .next_in = (Bytef *)text, .avail_in = sizeof text,
                           .next_out = (Bytef *)packed, .avail_out = sizeof packed };
            deflateInit2(&z, 6, Z_DEFLATED, rows[i].bits, 8, Z_DEFAULT_STRATEGY);
            deflate(&z, Z_FINISH);
            len = z.total_out;
            deflateEnd(&z);
        } else {
            len = ZSTD_compress(packed, sizeof packed, text, sizeof text, 3);
        }
        CHECK(inflate_text(packed, len, rows[i].encoding, &out, &too_large));
        CHECK_INT(out.len, sizeof text);
        for (size_t cut = 0; cut < len; cut += 1 + len / 50)
            CHECK(!inflate_text(packed, cut, rows[i].encoding, &out, &too_large));
        out.ceiling = 100000;
        CHECK(!inflate_text(packed, len, rows[i].encoding, &out, &too_large));
        CHECK(too_large);
        out.ceiling = 300000;
    }
    CHECK(!inflate_text("x", 1, "br", &out, &too_large));
    CHECK(inflate_text("hello", 5, "identity", &out, &too_large));
}

TEST("a body of two gzip members is taken whole, or refused when the second finds no room") {
    static char text[200000], packed[2000];
    BUFFER_AUTO out;
    bool too_large;
    size_t len = 0;

    memset(text, ' ', sizeof text);
    memcpy(text, "hello", 5);
    for (int member = 0; member < 2; member++) {
        z_stream z = { .next_in = (Bytef *)text, .avail_in = member ? 100 : sizeof text,
                       .next_out = (Bytef *)packed + len, .avail_out = (uInt)(sizeof packed - len) };
        deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
        CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
        len += z.total_out;
        deflateEnd(&z);
    }
    buffer_init(&out, 300000);
    CHECK(inflate_text(packed, len, "gzip", &out, &too_large));
    CHECK_INT(out.len, sizeof text + 100);
    out.ceiling = 262144; /* room for all pieces of the first, none behind it */
    CHECK(!inflate_text(packed, len, "gzip", &out, &too_large));
    CHECK(too_large);
}
