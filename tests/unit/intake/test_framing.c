#include <stdlib.h>

#include "base/buffer.h"
#include "intake/framing.h"
#include "intake/limit.h"
#include "test.h"

/* Feeds text in pieces of `step` bytes, from a copy of exactly what is not eaten, and writes
 * each record as "record|" ("record+" when cut) into out. */
static void frame(struct slice text, size_t step, struct buffer *out)
{
    struct framing framing = { 0 };
    struct framing_record record;
    size_t eaten, start = 0, have = 0;

    buffer_clear(out);
    for (;;) {
        bool ended = have >= text.len;
        struct slice bytes = slice_cut(text, start, have < text.len ? have : text.len);
        char *exact = malloc(bytes.len + 1);
        memcpy(exact, bytes.data ? bytes.data : "", bytes.len);
        bool found = framing_next(&framing, slice_from(exact, bytes.len), ended, &record, &eaten);
        if (found && record.bytes.len) {
            buffer_add(out, record.bytes);
            buffer_add_byte(out, record.cut ? '+' : '|');
        }
        free(exact);
        start += eaten;
        if (found || eaten)
            continue;
        if (ended)
            return;
        have += step;
    }
}

static const char *framed(const char *text)
{
    static struct buffer out;

    if (!out.ceiling)
        buffer_init(&out, 16 * 1024 * 1024);
    frame(slice_of(text), 1000000, &out);
    buffer_add_byte(&out, '\0');
    return out.data;
}

TEST("EVIDENCE rfc6587#3.4: both framings, decided record by record") {
    CHECK_TEXT(framed("<1>a\n<2>b\n"), "<1>a|<2>b|");
    CHECK_TEXT(framed("4 <1>a5 <2>bb"), "<1>a|<2>bb|");
    CHECK_TEXT(framed("4 <1>a<2>b\n6 <3>c\nd<4>e\n"), "<1>a|<2>b|<3>c\nd|<4>e|");
    CHECK_TEXT(framed("4 <1>a\n4 <2>b\n"), "<1>a|<2>b|");
    CHECK_TEXT(framed("<1>a\r\n<2>b\0"), "<1>a|<2>b|");
    CHECK_TEXT(framed("7 \xef\xbb\xbf<1>a<2>b\n"), "\xef\xbb\xbf<1>a|<2>b|");
    CHECK_TEXT(framed("7 \xef\xbb\xbfno\n"), "7 \xef\xbb\xbfno|");
    CHECK_TEXT(framed("no priority\n"), "no priority|");
    CHECK_TEXT(framed("\n\n\r\n"), "");
    CHECK_TEXT(framed("<1>without end"), "<1>without end|");
}

TEST("numbers that are no length are text") {
    CHECK_TEXT(framed("2026 Nov 24 07:31:02 text\n"), "2026 Nov 24 07:31:02 text|");
    CHECK_TEXT(framed("2026-11-24T07:31:02Z text\n"), "2026-11-24T07:31:02Z text|");
    CHECK_TEXT(framed("99999999 <1>a\n"), "99999999 <1>a|");
    CHECK_TEXT(framed("0 <1>a\n"), "0 <1>a|");
    CHECK_TEXT(framed("12\n"), "12|");
    CHECK_TEXT(framed("12"), "12|");
    CHECK_TEXT(framed("4 <1>a4 {\"1}"), "<1>a|{\"1}|"); /* a stream that counted before */
}

TEST("a length that is larger than what comes takes no memory and loses nothing") {
    CHECK_TEXT(framed("9999999 <1>a"), "<1>a+");
    CHECK_TEXT(framed("4 "), "4 |");
}

TEST("records longer than the limit come in flagged pieces, one byte around it too") {
    BUFFER_AUTO out;
    buffer_init(&out, 16 * 1024 * 1024);
    for (size_t extra = 0; extra < 3; extra++) {
        size_t len = INTAKE_LINE_MOST - 1 + extra;
        char *text = malloc(len + 1);
        memset(text, 'x', len);
        text[len] = '\n';
        frame(slice_from(text, len + 1), 4096, &out);
        CHECK_INT(out.len, len + (extra == 2 ? 2 : 1));
        CHECK_INT(out.data[out.len - 1], '|');
        if (extra == 2)
            CHECK_INT(out.data[INTAKE_LINE_MOST], '+');
        free(text);
    }
}

/* Deterministic noise that looks like framing. */
static size_t noise(unsigned seed, char *out, size_t most)
{
    static const char *const pieces[] = { "<13>", "5 ", "12 <", "\n", "\r\n", "\0", "abc", "4 <1>a",
                                          "7", "9999999 ", " ", "x", "<1>line\n", "0", "6 \xef\xbb\xbf<" };
    size_t len = 0;

    while (len + 16 < most) {
        seed = seed * 1103515245u + 12345u;
        const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)];
        size_t n = *piece ? strlen(piece) : 1;
        memcpy(out + len, piece, n);
        len += n;
    }
    return len;
}

TEST("fed byte by byte, in odd pieces or at once: the records are the same") {
    char text[400];
    BUFFER_AUTO whole;
    BUFFER_AUTO parts;

    buffer_init(&whole, 1 << 20);
    buffer_init(&parts, 1 << 20);
    for (unsigned seed = 0; seed < 300; seed++) {
        struct slice bytes = slice_from(text, noise(seed, text, sizeof text));
        frame(bytes, bytes.len, &whole);
        for (size_t step = 1; step < 9; step += 3) {
            frame(bytes, step, &parts);
            CHECK(slice_equal(buffer_slice(&whole), buffer_slice(&parts)));
        }
    }
}

TEST("a stream cut at every byte gives the same records up to the last whole one") {
    static const char text[] = "<1>one\n12 <2>two\nthree<3>four\n7 <4>five\n";
    BUFFER_AUTO out;

    buffer_init(&out, 1 << 20);
    for (size_t n = 0; n < sizeof text; n++) {
        frame(slice_from(text, n), 3, &out);
        CHECK(!out.failed);
    }
}
