#include "base/buffer.h"
#include "event/keyvalue.h"
#include "event/network.h"
#include "event/pattern.h"
#include "test.h"

/* What the n-th capture of the first variant that matches holds; "(none)" when nothing matches. */
static struct slice capture(struct arena *arena, const char *template, const char *text, unsigned n)
{
    struct pattern *patterns;
    uint32_t count;
    struct slice values[PATTERN_PARTS];

    CHECK(pattern_compile(slice_of(template), arena, &patterns, &count, NULL));
    for (uint32_t p = 0; p < count; p++) {
        if (!pattern_match(&patterns[p], slice_of(text), values))
            continue;
        for (uint32_t i = 0; i < patterns[p].count; i++)
            if (patterns[p].parts[i].kind != PATTERN_LITERAL && n-- == 0)
                return values[i];
        return SLICE("");
    }
    return SLICE("(none)");
}

TEST("templates match as they read") {
    static const struct {
        const char *template, *text;
        unsigned n;
        const char *expected;
    } rows[] = {
        { "user {u} from {ip:ip}", "user lan from 1.2.3.4", 0, "lan" },
        { "user {u} from {ip:ip}", "user lan from 1.2.3.4", 1, "1.2.3.4" },
        { "user {u} from {ip:ip}", "user lan from here", 0, "(none)" },
        { "user {u} from {ip:ip}", "user a from b from ::1", 0, "a from b" },
        { "user {u} from {ip:ip}", "user  from ::1", 0, "" },
        { "{a:number}x", "12x", 0, "12" },
        { "{a:number}x", "x", 0, "(none)" },
        { "{a:word} b", "a b b", 0, "(none)" },
        { "\"{a:quoted}\" b", "\"x \\\" y\" b", 0, "x \\\" y" },
        { "a(? b)(? {n:number})", "a", 0, "" },
        { "a(? b)(? {n:number})", "a b 7", 0, "7" },
        { "a(? b)(? {n:number})", "a 7", 0, "7" },
        { "a(? b)(? {n:number})", "a c", 0, "(none)" },
        { "{{{a}}", "{x}", 0, "x" },
        { "[{t}] {m:rest}", "[now] all of it", 1, "all of it" },
        { "{}", "", 0, "" },
        { "exact", "exactly", 0, "(none)" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, ARENA_NO_CEILING);
        struct slice actual = capture(&arena, rows[i].template, rows[i].text, rows[i].n);
        if (!slice_is(actual, rows[i].expected))
            print_error("# row %zu: %s on %s\n", i, rows[i].template, rows[i].text);
        CHECK_SLICE(actual, rows[i].expected);
    }
}

/* Of pieces chosen at random, alternating between the two lists or all from the first. */
static struct slice made_of(struct buffer *room, const char *const *pieces, size_t count,
                            const char *const *others, size_t other_count)
{
    bool other = test_random(2);
    buffer_clear(room);
    for (unsigned n = test_random(8) + 1; n > 0; n--, other = !other)
        buffer_add(room, slice_of(other && others ? others[test_random(other_count)]
                                                  : pieces[test_random(count)]));
    return buffer_slice(room);
}

TEST("one pass with the shortest values finds what trying every end finds") {
    static const char *const literals[] = { " ", "\"", "\" ", "=", "a", "ab", " (?b )", "(?=)", "{{" };
    static const char *const values[] = { "{x}", "{x:number}", "{x:word}", "{x:quoted}", "{x:ip}" };
    static const char *const texts[] = { "a", "b", " ", "\"", "\\", "1", "12", "=", "ab", "\" ", "1.2.3.4",
                                         "{", "b " };
    BUFFER_AUTO template, text;
    unsigned matches = 0;
    buffer_init(&template, 0);
    buffer_init(&text, 0);
    for (unsigned round = 0; round < 30000; round++) {
        ARENA_AUTO arena;
        struct pattern *patterns;
        uint32_t count;
        struct slice one[PATTERN_PARTS], all[PATTERN_PARTS];
        arena_init(&arena, ARENA_NO_CEILING);
        if (!pattern_compile(made_of(&template, literals, 9, values, 5), &arena, &patterns, &count, NULL))
            continue;
        for (unsigned tries = 0; tries < 20; tries++) {
            struct slice line = made_of(&text, texts, 13, NULL, 0);
            for (uint32_t p = 0; p < count; p++) {
                bool found = pattern_match(&patterns[p], line, one);
                CHECK_INT(found, pattern_search(&patterns[p], line, all));
                matches += found;
                for (uint32_t i = 0; found && i < patterns[p].count; i++)
                    CHECK(one[i].data == all[i].data && one[i].len == all[i].len);
            }
        }
    }
    CHECK(matches > 1000);
}

TEST("a hostile line costs bounded work") {
    ARENA_AUTO arena;
    static char text[200001];
    arena_init(&arena, ARENA_NO_CEILING);
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, " x", 2);
    CHECK_SLICE(capture(&arena, "{a} {b} {c} {d} {e} {f} end", text, 0), "(none)");
}

static struct slice pair(struct field_list *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (slice_is(list->items[i].name, name))
            return list->items[i].value;
    return SLICE("(none)");
}

TEST("pairs: quotes, commas, words between, missing ends") {
    ARENA_AUTO arena;
    struct field_list list = { .arena = &arena };

    arena_init(&arena, ARENA_NO_CEILING);
    CHECK_INT(keyvalue_parse(SLICE("word a=1, b=\"x \\\" y\" (junk) c='d e' empty= f=\"no end"), &list), 5);
    CHECK_SLICE(pair(&list, "a"), "1");
    CHECK_SLICE(pair(&list, "b"), "x \" y");
    CHECK_SLICE(pair(&list, "c"), "d e");
    CHECK_SLICE(pair(&list, "empty"), "");
    CHECK_SLICE(pair(&list, "f"), "\"no");
}

TEST("auditd's hexadecimal text is read, other values are not") {
    ARENA_AUTO arena;
    arena_init(&arena, ARENA_NO_CEILING);
    CHECK_SLICE(hex_text(SLICE("636174002F61"), &arena), "cat /a");
    CHECK(hex_text(SLICE("636"), &arena).data == NULL);
    CHECK(hex_text(SLICE("cat1"), &arena).data == NULL);
    CHECK(hex_text(SLICE(""), &arena).data == NULL);
}

TEST("addresses and networks") {
    static const struct {
        const char *network, *address;
        bool inside;
    } rows[] = {
        { "10.0.0.0/8", "10.1.2.3", true },       { "10.0.0.0/8", "11.0.0.1", false },
        { "10.0.0.0/8", "::ffff:10.9.9.9", true }, { "0.0.0.0/0", "1.2.3.4", true },
        { "0.0.0.0/0", "2001:db8::1", false },    { "::/0", "1.2.3.4", true },
        { "2001:db8::/33", "2001:db8:7fff::1", true }, { "2001:db8::/33", "2001:db8:8000::1", false },
        { "192.0.2.7", "192.0.2.7", true },       { "192.0.2.7", "192.0.2.8", false },
        { "fe80::/10", "fe80::1%eth0", true },
    };
    struct network network;
    struct network_address address;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(network_parse(slice_of(rows[i].network), &network));
        CHECK(network_address_parse(slice_of(rows[i].address), &address));
        CHECK_INT(network_holds(&network, &address), rows[i].inside);
    }
    CHECK(!network_parse(SLICE("10.0.0.0/33"), &network));
    CHECK(!network_parse(SLICE("10.0.0/8"), &network));
    CHECK(!network_parse(SLICE(""), &network));
    CHECK(!network_parse(SLICE("1.2.3.4/"), &network));
}
