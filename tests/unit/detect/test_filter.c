/* The filter over raw records may let through what holds no keyword, never the reverse. */
#include <stdio.h>

#include "harness.h"

#include "detect/filter.h"

static struct filter *filter_for(const char *const *parts, uint32_t count, enum filter_form form)
{
    struct slice slices[64];
    for (uint32_t i = 0; i < count; i++)
        slices[i] = slice_of(parts[i]);
    struct filter *filter = filter_new(slices, count, form);
    if (!filter)
        SKIP("this processor has no AVX2: there is no filter");
    return filter;
}

static struct filter *filter_of(const char *const *parts, uint32_t count)
{
    return filter_for(parts, count, FILTER_JSON);
}

TEST("a part is found at every place of a record, in either case") {
    const char *parts[] = { "sekurlsa::", "kiwi", "abc" };
    struct filter *filter = filter_of(parts, 3);
    for (size_t p = 0; p < 3; p++)
        for (size_t at = 0; at < 140; at++)
            for (size_t behind = 0; behind < 40; behind++) {
                char text[256];
                size_t len = strlen(parts[p]);
                memset(text, '-', sizeof text);
                memcpy(text + at, parts[p], len);
                if (at % 2)
                    text[at] = (char)(text[at] - 32);
                CHECK(filter_passes(filter, slice_from(text, at + len + behind)));
                CHECK(!filter_passes(filter, slice_from(text, at + len - 1)));
            }
    filter_free(&filter);
}

TEST("many parts: each is found, and what holds none is not") {
    static char texts[64][16];
    const char *parts[64];
    for (int i = 0; i < 64; i++) {
        snprintf(texts[i], sizeof texts[i], "w%c%dx%cq", 'a' + i % 26, i * 37 % 101, 'a' + i * 7 % 26);
        parts[i] = texts[i];
    }
    struct filter *filter = filter_of(parts, 64);
    for (int i = 0; i < 64; i++) {
        char record[128];
        snprintf(record, sizeof record, "{\"Message\":\"the %.15s of %d\"}", texts[i], i);
        CHECK(filter_passes(filter, slice_of(record)));
    }
    CHECK(!filter_passes(filter, SLICE("{\"Message\":\"nothing of that kind is here, windows\"}")));
    CHECK(!filter_passes(filter, SLICE("")));
    filter_free(&filter);
}

TEST("records that spell letters otherwise pass, paths with a letter u do not") {
    const char *parts[] = { "kiwi" };
    struct filter *filter = filter_of(parts, 1);
    CHECK(filter_passes(filter, SLICE("{\"a\":\"\\u006biwi\"}")));
    CHECK(filter_passes(filter, SLICE("{\"a\":\"\xe2\x84\xaaiwi\"}")));
    CHECK(filter_passes(filter, SLICE("{\"a\":\"\xc5\xbf\"}")));
    CHECK(filter_passes(filter, SLICE("{\"a\":\"\\\\\\u006biwi\"}")));
    CHECK(!filter_passes(filter, SLICE("{\"a\":\"C:\\\\users\\\\urs\"}")));
    CHECK(!filter_passes(filter, SLICE("{\"a\":\"Khánh Hòa, ũ\"}")));
    filter_free(&filter);
}

TEST("values as they are: a backslash before a letter u is no escape") {
    const char *parts[] = { "kiwi" };
    struct filter *filter = filter_for(parts, 1, FILTER_TEXT);
    CHECK(!filter_passes(filter, SLICE("C:\\users\\urs\\u006biwi")));
    CHECK(filter_passes(filter, SLICE("C:\\users\\urs\\KIWI.exe")));
    CHECK(filter_passes(filter, SLICE("\xe2\x84\xaaiwi")));
    CHECK(filter_passes(filter, SLICE("\xc5\xbf")));
    filter_free(&filter);
}

TEST("a keyword is found however the record writes it") {
    static const char *const records[] = {
        "{\"a\":\"run sekurlsa::logonpasswords\"}", "{\"a\":\"SEKURLSA::\"}",
        "{\"a\":\"\\u0073ekurlsa::x\"}", "{\"a\":\"\xc5\xbf" "ekurlsa::x\"}",
        "{\"a\":[\"b\",{\"c\":\"x sekurlsa::\"}]}",
    };
    const char *detection = "  keywords:\n    - 'sekurlsa::'\n  condition: keywords\n";
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        CHECK(detects_lazily(detection, records[i]));
    CHECK(!detects_lazily(detection, "{\"sekurlsa::\":\"x\"}"));
    CHECK(!detects_lazily(detection, "{\"a\":\"sekurlsa:\"}"));
    CHECK(detects_lazily("  k:\n    - 'x/y\\z\"w'\n  condition: k\n", "{\"a\":\"-x\\/y\\\\z\\\"w-\"}"));
    CHECK(detects_lazily("  k:\n    - '1000'\n  condition: k\n", "{\"a\":1e3}"));
}
