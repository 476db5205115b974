#include <stdio.h>

#include "archive/block.h"
#include "archive/fetch.h"
#include "archive/filter.h"
#include "archive/words.h"
#include "base/fold.h"
#include "event/json_event.h"
#include "fixture.h"
#include "test.h"

struct parts {
    struct buffer stored[PART_COUNT];
};

static void write_block(const struct batch *batch, struct parts *parts)
{
    struct block_builder *builder = block_builder_new();
    struct error e = ERROR_NONE;
    for (uint32_t i = 0; i < batch->event_count; i++)
        CHECK(block_add(builder, &batch->events[i], 100 + i));
    struct slice bytes[PART_COUNT];
    CHECK(block_builder_parts(builder, bytes));
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++) {
        buffer_init(&parts->stored[part], 0);
        CHECK(block_write_part(part, bytes[part], 1, &parts->stored[part], &e));
    }
    block_builder_free(&builder);
}

static void free_parts(struct parts *parts)
{
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++)
        buffer_free(&parts->stored[part]);
}

static void check_same(const struct event *a, const struct event *b)
{
    CHECK(slice_equal(a->raw, b->raw));
    CHECK(slice_equal(a->agency, b->agency) && slice_equal(a->source, b->source));
    CHECK(slice_equal(a->decoder, b->decoder));
    CHECK_INT(a->time, b->time);
    CHECK_INT(a->received, b->received);
    CHECK_INT(a->flags, b->flags);
    CHECK_INT(a->field_count, b->field_count);
    for (uint32_t i = 0; i < a->field_count; i++) {
        CHECK(slice_equal(a->fields[i].name, b->fields[i].name));
        CHECK(slice_equal(a->fields[i].value, b->fields[i].value));
        CHECK_INT(a->fields[i].kind, b->fields[i].kind);
    }
}

static const struct fixture_event odd[] = {
    { "", NULL, 0, { NULL } },
    { "plain", NULL, -5, { "a", "plain", "b", "", "c", "nowhere in the line" } },
    { "{\"p\":\"C:\\\\x\\n\\\"y\\\"\",\"u\":\"\\u0111\",\"q\":\"C:\\\\x\"}", "so-y-te", 1,
      { "p", "C:\\x\n\"y\"", "u", "đ", "q", "C:\\x" } },
    { "b=1 a=1 a=2 b=2", NULL, 9, { "a", "2", "b", "1", "a", "1", "b", "2", "a", "2 b=2" } },
    { "tab\tand \xff byte and đủ", NULL, 9, { "x", "\xff", "y", "đủ", "z", "tab\tand" } },
};

TEST("events come out of a block as they went in: escapes, odd bytes, values beside the line")
{
    struct batch *batch = fixture_batch(odd, 5);
    struct parts parts;
    struct fetched f;
    struct error e = ERROR_NONE;
    write_block(batch, &parts);
    fetch_init(&f);
    CHECK(fetch_rows_of(&f, buffer_slice(&parts.stored[PART_ROWS]), &e));
    CHECK(fetch_part_of(&f, buffer_slice(&parts.stored[PART_TEXT]), PART_TEXT, &e));
    CHECK(fetch_part_of(&f, buffer_slice(&parts.stored[PART_FIELDS]), PART_FIELDS, &e));
    CHECK_INT(f.rows.count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        struct event event;
        CHECK(block_event(&f.rows, f.parts[PART_TEXT], f.parts[PART_FIELDS], i, &f.arena, &event,
                          &e));
        check_same(&event, &batch->events[i]);
        CHECK_INT(f.rows.sequence[i], 100 + i);
    }
    fetch_free(&f);
    free_parts(&parts);
    batch_free(&batch);
}

TEST("strings that the JSON reader found in the record come out of a block as it read them")
{
    static const char *const records[] = {
        "{\"plain\":\"a b\",\"empty\":\"\",\"path\":\"C:\\\\Windows\\\\x.exe\","
        "\"quoted\":\"say \\\"hi\\\"\"}",
        "{\"lines\":\"one\\ntwo\\r\\tthree\",\"slash\":\"a\\/b\","
        "\"bell\":\"\\b\\f\",\"u\":\"\\u0111\\u00e0\"}",
        "{\"ends\":\"C:\\\\\",\"both\":\"\\\\\\\"\",\"wrong\":\"\\q\","
        "\"list\":[\"a\\\\b\",\"c\"],\"n\":1.50}",
        "{\"same\":\"x\", \"same\" : \"x\",\"o\":{\"in\":\"y\\\\z\"},\"t\":true,\"z\":null}",
    };
    struct batch *batch = batch_new("standard", 1);
    struct parts parts;
    struct fetched f;
    struct error e = ERROR_NONE;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct event *event = batch_add(batch);
        event->raw = arena_copy(&batch->arena, slice_of(records[i]));
        CHECK(json_event_decode(event->raw, &batch->arena, &event->fields, &event->field_count, &e));
    }
    CHECK(batch->events[0].fields[2].written && !batch->events[1].fields[1].written);
    write_block(batch, &parts);
    fetch_init(&f);
    CHECK(fetch_rows_of(&f, buffer_slice(&parts.stored[PART_ROWS]), &e));
    CHECK(fetch_part_of(&f, buffer_slice(&parts.stored[PART_TEXT]), PART_TEXT, &e));
    CHECK(fetch_part_of(&f, buffer_slice(&parts.stored[PART_FIELDS]), PART_FIELDS, &e));
    for (uint32_t i = 0; i < batch->event_count; i++) {
        struct event event;
        CHECK(block_event(&f.rows, f.parts[PART_TEXT], f.parts[PART_FIELDS], i, &f.arena, &event, &e));
        check_same(&event, &batch->events[i]);
    }
    fetch_free(&f);
    free_parts(&parts);
    batch_free(&batch);
}

TEST("a block copied row by row is the same block")
{
    struct batch *batch = fixture_batch(odd, 5);
    struct parts parts, again;
    struct fetched f;
    struct error e = ERROR_NONE;
    write_block(batch, &parts);
    fetch_init(&f);
    CHECK(fetch_rows_of(&f, buffer_slice(&parts.stored[PART_ROWS]), &e));
    CHECK(fetch_part_of(&f, buffer_slice(&parts.stored[PART_TEXT]), PART_TEXT, &e));
    CHECK(fetch_part_of(&f, buffer_slice(&parts.stored[PART_FIELDS]), PART_FIELDS, &e));
    struct block_builder *builder = block_builder_new();
    struct block_memo memo;
    CHECK(block_memo_init(&memo, &f.rows, &f.arena));
    for (uint32_t i = 0; i < 5; i++)
        CHECK(block_copy(builder, &f.rows, f.parts[PART_TEXT], f.parts[PART_FIELDS], i, &memo));
    struct slice bytes[PART_COUNT];
    CHECK(block_builder_parts(builder, bytes));
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++) {
        buffer_init(&again.stored[part], 0);
        CHECK(block_write_part(part, bytes[part], 1, &again.stored[part], &e));
        CHECK(slice_equal(buffer_slice(&again.stored[part]), buffer_slice(&parts.stored[part])));
    }
    block_builder_free(&builder);
    fetch_free(&f);
    free_parts(&parts);
    free_parts(&again);
    batch_free(&batch);
}

/* Reads all of it, as a search would; true when nothing was found wrong. */
static bool reads(const struct parts *parts)
{
    struct fetched f;
    struct error e = ERROR_NONE;
    fetch_init(&f);
    bool well = fetch_rows_of(&f, buffer_slice(&parts->stored[PART_ROWS]), &e) &&
                fetch_part_of(&f, buffer_slice(&parts->stored[PART_TEXT]), PART_TEXT, &e) &&
                fetch_part_of(&f, buffer_slice(&parts->stored[PART_FIELDS]), PART_FIELDS, &e);
    for (uint32_t i = 0; well && i < f.rows.count; i++) {
        struct event event;
        well = block_event(&f.rows, f.parts[PART_TEXT], f.parts[PART_FIELDS], i, &f.arena, &event,
                           &e);
    }
    fetch_free(&f);
    return well;
}

TEST("a block cut at any byte, or with any byte changed, is refused")
{
    struct batch *batch = fixture_batch(odd, 5);
    struct parts parts;
    write_block(batch, &parts);
    CHECK(reads(&parts));
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++) {
        struct buffer *stored = &parts.stored[part];
        size_t len = stored->len;
        for (size_t i = 0; i < len; i++) {
            if (i == 6 || i == 7)
                continue; /* two bytes of the header are kept free */
            stored->data[i] ^= 0x41;
            CHECK(!reads(&parts));
            stored->data[i] ^= 0x41;
            stored->len = i;
            CHECK(!reads(&parts));
            stored->len = len;
        }
    }
    free_parts(&parts);
    batch_free(&batch);
}

/* --- words ---------------------------------------------------------------------------------- */

static const char *const lines[] = {
    "Failed password for root from 203.0.113.77 port 4711 ssh2",
    "{\"Image\":\"C:\\\\Windows\\\\new\\\\cmd.exe\",\"text\":\"one\\nroot\\n10.1.2.3 x\"}",
    "Đăng nhập thất bại: “Nguyễn Văn Đức” ở Khánh Hòa. KHÁNH HOÀ!",
    "GET /a.b.c/x?u=10.20.30.40.50&v=1.2.3.4.example.com www.khanhhoa.gov.vn:8080",
    "a..b ...c. .d 1.2 1.2.3 1.2.3.4 5.6.7.8. .9.9.9.9 x.1.2.3.4 1.2.3.4.y _a_b_ c-d",
    "\\nabc \\\\nabc \\t10.0.0.1 \\rr.x.y \xff\xfe bytes \xe1\xbb",
};

/* Every stretch of the line that the search finds in it at word boundaries must pass its filter. */
TEST("whatever is found in a line by its words passes the line's filter")
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        BUFFER_AUTO folded;
        BUFFER_AUTO filter;
        struct words words = WORDS_EMPTY, needed = WORDS_EMPTY;
        buffer_init(&folded, 0);
        buffer_init(&filter, 0);
        words_fold(slice_of(lines[i]), &folded);
        words_add(&words, buffer_slice(&folded));
        filter_build(&words, &filter);
        struct slice text = buffer_slice(&folded);
        for (size_t from = 0; from < text.len; from++)
            for (size_t to = from + 1; to <= text.len; to++) {
                struct slice needle = slice_cut(text, from, to);
                if (!words_at_boundary(text, from, needle.len))
                    continue;
                words_clear(&needed);
                words_add_needle(&needed, needle);
                if (!filter_has_all(buffer_slice(&filter), &needed))
                    fail_msg("line %zu: \"%.*s\" is found but not in the filter", i,
                             SLICE_ARGS(needle));
            }
        words_free(&words);
        words_free(&needed);
    }
}

TEST("an absent word is mostly known to be absent")
{
    BUFFER_AUTO filter;
    struct words words = WORDS_EMPTY, one = WORDS_EMPTY;
    char text[32];
    int wrong = 0;
    buffer_init(&filter, 0);
    for (int i = 0; i < 10000; i++) {
        int len = snprintf(text, sizeof text, "present%d", i);
        words_add(&words, slice_from(text, (size_t)len));
    }
    filter_build(&words, &filter);
    for (int i = 0; i < 10000; i++) {
        int len = snprintf(text, sizeof text, "absent%d", i);
        words_clear(&one);
        words_add_needle(&one, slice_from(text, (size_t)len));
        wrong += filter_has_all(buffer_slice(&filter), &one);
    }
    CHECK(wrong < 200);
    words_free(&words);
    words_free(&one);
}

static const struct {
    const char *text, *folded;
} folds[] = {
    { "ĐỨC đức Đức", "duc duc duc" }, { "Khánh Hòa", "khanh hoa" }, { "“x”—y", " x  y" },
    { "ASCII_only-1", "ascii_only-1" }, { "\xff" "a", "\xff" "a" }, { "Привет", "привет" },
};

TEST("folding takes case, marks and đ away, and bytes that are no text stay")
{
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
        BUFFER_AUTO out;
        buffer_init(&out, 0);
        words_fold(slice_of(folds[i].text), &out);
        CHECK_SLICE(buffer_slice(&out), folds[i].folded);
    }
}

/* Lines made of a few pieces, so that neighbours share much and differ at odd places. */
static size_t piece_together(unsigned *seed, char *line, size_t room)
{
    static const char *const pieces[] = {
        "\"", "\\", " ", ".", "root", "10.0.0.1", "\\nroot", "Đăng", "cmd.exe", ",", "-", "a", "7",
        "\\\\", "\",\"user\":\"", "gov.vn", "\xff", "..",
    };
    size_t len = 0;
    line[0] = '\0';
    *seed = *seed * 1103515245 + 12345;
    for (unsigned n = *seed >> 16 & 15; n > 0; n--) {
        *seed = *seed * 1103515245 + 12345;
        const char *piece = pieces[(*seed >> 16) % (sizeof pieces / sizeof *pieces)];
        len += (size_t)snprintf(line + len, room - len, "%s", piece);
    }
    return len + 1; /* a row ends with NUL */
}

TEST("the words of a row are all there, whatever the row before it was")
{
    char rows_text[2][512];
    size_t before = 0;
    unsigned seed = 7;
    struct words rows = WORDS_EMPTY, whole = WORDS_EMPTY;
    BUFFER_AUTO folded;
    buffer_init(&folded, 0);
    for (int i = 0; i < 20000; i++) {
        char *line = rows_text[i & 1];
        size_t len = piece_together(&seed, line, sizeof rows_text[0]);
        if (i % 5 == 0) { /* as at the beginning of a block */
            words_clear(&rows);
            before = 0;
        }
        words_add_row(&rows, slice_from(line, len), slice_from(rows_text[~i & 1], before), &folded);
        words_settle(&rows);
        before = len;
        words_clear(&whole);
        buffer_clear(&folded);
        words_fold(slice_from(line, len), &folded);
        words_add(&whole, buffer_slice(&folded));
        uint64_t hash;
        size_t count = rows.count;
        for (size_t k = 0; words_next(&whole, &k, &hash);)
            words_put(&rows, hash);
        if (rows.count != count)
            fail_msg("row %d: %s (behind %s)", i, line, rows_text[~i & 1]);
    }
    words_free(&rows);
    words_free(&whole);
}
