#include "test.h"

#include "base/slice.h"

TEST("splitting gives every part, also a last empty one") {
    struct slice rest = SLICE("a,,b,"), part;
    CHECK(slice_split(&rest, ',', &part));
    CHECK_SLICE(part, "a");
    CHECK(slice_split(&rest, ',', &part));
    CHECK_SLICE(part, "");
    CHECK(slice_split(&rest, ',', &part));
    CHECK_SLICE(part, "b");
    CHECK(slice_split(&rest, ',', &part));
    CHECK_SLICE(part, "");
    CHECK(!slice_split(&rest, ',', &part));
}

TEST("a word is one of a list's only as a whole") {
    struct slice words = SLICE("f9 f12 f1");
    CHECK(slice_names(words, SLICE("f9")) && slice_names(words, SLICE("f1")));
    CHECK(!slice_names(words, SLICE("f")) && !slice_names(words, SLICE("f9 f12")));
    CHECK(!slice_names(words, SLICE("")) && !slice_names(SLICE_NONE, SLICE("f1")));
}

TEST("numbers are whole, without blanks, without overflow") {
    static const struct { const char *text; bool good; int64_t value; } rows[] = {
        { "0", true, 0 }, { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN }, { "9223372036854775808", false, 0 },
        { "", false, 0 }, { "-", false, 0 }, { " 1", false, 0 }, { "1x", false, 0 },
        { "+1", false, 0 }, { "99999999999999999999", false, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t value = 42;
        CHECK_INT(slice_to_i64(slice_of(rows[i].text), &value), rows[i].good);
        if (rows[i].good)
            CHECK_INT(value, rows[i].value);
        else
            CHECK_INT(value, 42);
    }
}

TEST("decimal numbers refuse hexadecimal, infinity and rests") {
    double value;
    CHECK(slice_to_double(SLICE("-1.5e3"), &value) && value == -1500);
    CHECK(!slice_to_double(SLICE("0x10"), &value));
    CHECK(!slice_to_double(SLICE("inf"), &value));
    CHECK(!slice_to_double(SLICE("1.5 "), &value));
    long double exact;
    CHECK(slice_to_long_double(SLICE("18446744073709551615"), &exact) && exact == UINT64_MAX);
    CHECK(!slice_to_long_double(SLICE("nan"), &exact));
}

TEST("cutting outside the slice gives what is inside") {
    CHECK_SLICE(slice_cut(SLICE("abc"), 1, 99), "bc");
    CHECK_SLICE(slice_cut(SLICE("abc"), 9, 2), "");
    CHECK_SLICE(slice_after(SLICE("abc"), 3), "");
}

TEST("finding looks at the whole needle") {
    CHECK_INT(slice_find(SLICE("abcabd"), SLICE("abd")), 3);
    CHECK_INT(slice_find(SLICE("abc"), SLICE("abd")), 3);
    CHECK_INT(slice_find(SLICE("abc"), SLICE("")), 0);
    CHECK_INT(slice_find(SLICE_NONE, SLICE("a")), 0);
}

/* Where the needle stands, the obvious way. */
static size_t find_plainly(struct slice s, struct slice needle)
{
    for (size_t i = 0; i + needle.len <= s.len; i++)
        if (memcmp(s.data + i, needle.data, needle.len) == 0)
            return i;
    return s.len;
}

TEST("finding in texts of every length, at every place, among near misses") {
    char text[120], needle[80];
    unsigned seed = 1;
    for (size_t len = 1; len < sizeof text; len++)
        for (size_t part = 2; part < sizeof needle && part <= len; part += part < 8 ? 1 : 9)
            for (size_t at = 0; at + part <= len; at++) {
                for (size_t i = 0; i < len; i++) /* two letters only: many places nearly fit */
                    text[i] = (char)('a' + ((seed = seed * 1103515245 + 12345) >> 16 & 1));
                memcpy(needle, text + at, part);
                struct slice s = slice_from(text, len), n = slice_from(needle, part);
                CHECK_INT(slice_find(s, n), find_plainly(s, n));
                needle[part / 2] = 'c';
                CHECK_INT(slice_find(s, n), len);
                CHECK_INT(slice_find(slice_cut(s, 0, at + part - 1), n), at + part - 1);
            }
}

TEST("ASCII letters compare without case, others as they are") {
    CHECK(slice_equal_nocase(SLICE("SECURITY"), SLICE("security")));
    CHECK(!slice_equal_nocase(SLICE("Đ"), SLICE("đ")));
}
