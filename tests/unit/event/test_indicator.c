#include "event/indicator.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "event/indicator_table.h"
#include "test.h"

static const char *read_as(const char *text, enum indicator_type wanted, enum indicator_type *type)
{
    static char out[INDICATOR_VALUE_MOST + 1];
    ARENA_AUTO arena;
    struct indicator indicator;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    if (!indicator_read(slice_of(text), wanted, &arena, &indicator, &e))
        return "";
    *type = indicator.type;
    snprintf(out, sizeof out, "%.*s", SLICE_ARGS(indicator.value));
    return out;
}

TEST("each kind of indicator is told by its look and brought to one form") {
    static const struct { const char *text; enum indicator_type type; const char *value; } rows[] = {
        { "192.0.2.7", INDICATOR_TYPE_ADDRESS, "192.0.2.7" },
        { "::ffff:192.0.2.7", INDICATOR_TYPE_ADDRESS, "192.0.2.7" },
        { "2001:DB8:0:0::1", INDICATOR_TYPE_ADDRESS, "2001:db8::1" },
        { "192.0.2.77/24", INDICATOR_TYPE_NETWORK, "192.0.2.0/24" },
        { "192.0.2.7/32", INDICATOR_TYPE_ADDRESS, "192.0.2.7" },
        { "2001:db8::/32", INDICATOR_TYPE_NETWORK, "2001:db8::/32" },
        { "Evil.Example.", INDICATOR_TYPE_DOMAIN, "evil.example" },
        { "evil[.]example", INDICATOR_TYPE_DOMAIN, "evil.example" },
        { " \"evil(dot)example\" ", INDICATOR_TYPE_DOMAIN, "evil.example" },
        { "192[.]0[.]2[.]7", INDICATOR_TYPE_ADDRESS, "192.0.2.7" },
        { "hxxp://Evil[.]example:80/A?b=C#top", INDICATOR_TYPE_URL, "evil.example/A?b=C" },
        { "https://evil.example", INDICATOR_TYPE_URL, "evil.example/" },
        { "https://user:pw@evil.example:8443/x", INDICATOR_TYPE_URL, "evil.example:8443/x" },
        { "http://192.0.2.7:8080/x", INDICATOR_TYPE_URL, "192.0.2.7:8080/x" },
        { "http://192.0.2.7:00008080/x", INDICATOR_TYPE_URL, "192.0.2.7:8080/x" },
        { "https://[2001:db8::1]:0443/x", INDICATOR_TYPE_URL, "[2001:db8::1]/x" },
        { "http://evil.example/a \v#top", INDICATOR_TYPE_URL, "evil.example/a" },
        { "evil[[.]]example/[[.]]", INDICATOR_TYPE_URL, "evil.example/." },
        { "http://192.0.2.7/24", INDICATOR_TYPE_URL, "192.0.2.7/24" },
        { "http://[2001:db8::1]/x", INDICATOR_TYPE_URL, "[2001:db8::1]/x" },
        { "evil.example/a", INDICATOR_TYPE_URL, "evil.example/a" },
        { "Bad.Man@Evil.Example", INDICATOR_TYPE_EMAIL, "bad.man@evil.example" },
        { "bad[at]evil[.]example", INDICATOR_TYPE_EMAIL, "bad@evil.example" },
        { "D41D8CD98F00B204E9800998ECF8427E", INDICATOR_TYPE_MD5,
          "d41d8cd98f00b204e9800998ecf8427e" },
        { "da39a3ee5e6b4b0d3255bfef95601890afd80709", INDICATOR_TYPE_SHA1,
          "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum indicator_type type = INDICATOR_TYPES;
        CHECK_TEXT(read_as(rows[i].text, INDICATOR_TYPE_ANY, &type), rows[i].value);
        CHECK_INT(type, rows[i].type);
        CHECK_TEXT(read_as(rows[i].value, type, &type), rows[i].value); /* as it is kept */
    }
}

TEST("what is no indicator is refused with its reason") {
    static const struct { const char *text, *says; } rows[] = {
        { "", "no value" }, { "localhost", "no address" }, { "cmd.exe/", "" },
        { "-evil.example", "no address" }, { "a..example", "no address" }, { "1.2.3", "no address" },
        { "0.0.0.0/0", "every address" }, { "203.0.113.0/33", "no address" }, { "::/0", "every address" },
        { "http://[2001:db8::1]x80/", "no address" }, { "http://evil.example:65536/", "no address" },
        { "d41d8cd98f00b204e9800998ecf8427", "no address" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        struct indicator indicator;
        struct error e = ERROR_NONE;
        arena_init(&arena, 0);
        bool fine = indicator_read(slice_of(rows[i].text), INDICATOR_TYPE_ANY, &arena, &indicator,
                                   &e);
        CHECK(fine == !rows[i].says[0]);
        if (!fine)
            CHECK_ERROR(e, rows[i].says);
    }
    enum indicator_type type;
    CHECK_TEXT(read_as("evil.example", INDICATOR_TYPE_MD5, &type), "");
}

TEST("TLP is read as 1.0 and 2.0 write it") {
    enum indicator_tlp tlp;
    CHECK(indicator_tlp_parse(SLICE("TLP:AMBER+STRICT"), &tlp) && tlp == TLP_AMBER_STRICT);
    CHECK(indicator_tlp_parse(SLICE("white"), &tlp) && tlp == TLP_CLEAR);
    CHECK(!indicator_tlp_parse(SLICE("purple"), &tlp));
}

static void add(struct indicator_builder *b, const char *text, const char *source,
                unsigned confidence, bool allow)
{
    ARENA_AUTO arena;
    struct indicator indicator;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    CHECK(indicator_read(slice_of(text), INDICATOR_TYPE_ANY, &arena, &indicator, &e));
    struct indicator_row row = { .type = indicator.type, .key = indicator.key,
                                 .source = slice_of(source), .license = SLICE("CC0"),
                                 .note = SLICE("botnet"), .confidence = confidence,
                                 .tlp = TLP_AMBER, .valid_until = 1900000000 * CLOCK_SECOND,
                                 .allow = allow };
    CHECK(indicator_builder_add(b, &row, &e));
}

static uint32_t find(const struct indicator_table *t, const char *text, uint32_t *count)
{
    ARENA_AUTO arena;
    struct indicator indicator;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    CHECK(indicator_read(slice_of(text), INDICATOR_TYPE_ANY, &arena, &indicator, &e));
    return indicator_table_find(t, indicator.type,
                                indicator_hash(indicator.type, indicator.key), indicator.key,
                                count);
}

TEST("a table gives back what was put in it, from memory and from a file") {
    char path[4096];
    struct error e = ERROR_NONE;
    struct indicator_table *t = NULL;
    snprintf(path, sizeof path, "%s/table", test_folder());
    for (int file = 0; file < 2; file++) {
        struct indicator_builder *b = indicator_builder_new();
        uint32_t count = 0;
        add(b, "evil.example", "feed-a", 40, false);
        add(b, "evil.example", "feed-b", 80, false);
        add(b, "192.0.2.0/24", "feed-a", 60, false);
        add(b, "8.8.8.8", "allowed", 0, true);
        for (int i = 0; i < 1000; i++) {
            char text[64];
            snprintf(text, sizeof text, "host%d.example.net", i);
            add(b, text, "feed-a", 50, false);
        }
        if (file)
            CHECK(indicator_builder_save(b, 7, path, &e) && indicator_table_open(path, &t, &e));
        else
            CHECK(indicator_builder_table(b, &t, &e));
        indicator_builder_free(&b);
        CHECK_INT(indicator_table_count(t), 1003);
        CHECK_INT(indicator_table_generation(t), file ? 7 : 0);
        uint32_t entry = find(t, "evil.example", &count);
        CHECK(entry != INDICATOR_NONE);
        CHECK_INT(count, 2);
        struct indicator_row row = indicator_table_row(t, entry);
        CHECK_SLICE(row.source, "feed-b"); /* the most confident first */
        CHECK_SLICE(row.license, "CC0");
        CHECK_SLICE(row.note, "botnet");
        CHECK_INT(row.confidence, 80);
        CHECK_INT(row.tlp, TLP_AMBER);
        CHECK_INT(row.valid_until, 1900000000 * CLOCK_SECOND);
        for (int i = 0; i < 1000; i++) {
            char text[64];
            snprintf(text, sizeof text, "host%d.example.net", i);
            CHECK(find(t, text, &count) != INDICATOR_NONE);
            snprintf(text, sizeof text, "host%d.example.org", i);
            CHECK(find(t, text, &count) == INDICATOR_NONE);
        }
        entry = find(t, "8.8.8.8", &count);
        CHECK(entry != INDICATOR_NONE && indicator_table_row(t, entry).allow);
        CHECK(indicator_table_lengths(t, false)[(96 + 24) / 64] >> (96 + 24) % 64 & 1);
        indicator_table_close(&t);
    }
}

TEST("a table cut off or with one byte changed is refused") {
    char path[4096];
    struct error e = ERROR_NONE;
    struct indicator_table *t = NULL;
    struct indicator_builder *b = indicator_builder_new();
    snprintf(path, sizeof path, "%s/broken", test_folder());
    add(b, "evil.example", "feed", 50, false);
    CHECK(indicator_builder_save(b, 1, path, &e));
    indicator_builder_free(&b);
    FILE *f = fopen(path, "r+b");
    CHECK(f && fseek(f, -3, SEEK_END) == 0 && fputc('!', f) == '!' && fclose(f) == 0);
    CHECK(!indicator_table_open(path, &t, &e));
    CHECK_ERROR(e, "damaged");
    CHECK(truncate(path, 100) == 0);
    e = ERROR_NONE;
    CHECK(!indicator_table_open(path, &t, &e));
}

TEST("the allow-list that we ship can be read, every line of it") {
    static const char *const names[] = { "addresses.txt", "domains.txt", "hashes.txt" };
    unsigned lines = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[4096], line[512];
        snprintf(path, sizeof path, "%s/allow/%s", INDICATORS, names[i]);
        FILE *f = fopen(path, "r");
        CHECK(f != NULL);
        while (fgets(line, sizeof line, f)) {
            enum indicator_type type;
            line[strcspn(line, "#\n")] = '\0';
            struct slice text = slice_trim(slice_of(line));
            if (!text.len)
                continue;
            if (text.data[0] == '.')
                text = slice_after(text, 1);
            line[text.data - line + (ptrdiff_t)text.len] = '\0';
            CHECK(read_as(text.data, INDICATOR_TYPE_ANY, &type)[0]);
            lines++;
        }
        fclose(f);
    }
    CHECK(lines > 50);
}
