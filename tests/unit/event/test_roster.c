#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "event/roster.h"
#include "test.h"

/* sha256("secret") */
#define SECRET "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

static struct roster *sample(void)
{
    static struct roster_source rows[] = {
        { .key = SLICE("a.any"), .network = SLICE("10.1.0.0/16") },
        { .key = SLICE("a.narrow"), .network = SLICE("10.1.2.0/24") },
        { .key = SLICE("a.host"), .network = SLICE("10.1.0.0/16"), .hostname = SLICE("Web01") },
        { .key = SLICE("b.token"), .token_sha256 = SLICE(SECRET) },
        { .key = SLICE("c.both"), .network = SLICE("2001:db8::/32 192.0.2.0/24") },
    };
    struct roster *roster = roster_new();

    roster->sources = rows;
    roster->source_count = sizeof rows / sizeof *rows;
    for (uint32_t i = 0; i < roster->source_count; i++) {
        rows[i].system = SLICE("s");
        rows[i].agency = SLICE("so-tttt");
        rows[i].class = SLICE("standard");
        rows[i].kind = SLICE("syslog");
    }
    roster->generation = 7;
    return roster;
}

static const char *sender(const struct roster *roster, const char *address, const char *hostname)
{
    static char key[32];
    const struct roster_source *s =
        roster_find_sender(roster, slice_of(address), slice_of(hostname));

    snprintf(key, sizeof key, "%.*s", SLICE_ARGS(s ? s->key : SLICE("(unknown)")));
    return key;
}

TEST("a roster is saved, loaded, and tells who a sender is") {
    char path[300];
    struct roster *roster = sample(), *back;
    struct error e = ERROR_NONE;
    bool hostnames;

    snprintf(path, sizeof path, "%s/roster.json", test_folder());
    CHECK(roster_save(roster, path, &e));
    CHECK(roster_load(path, &back, &e));
    CHECK_INT(back->generation, 7);
    CHECK_TEXT(sender(back, "10.1.9.9", "x"), "a.any");
    CHECK_TEXT(sender(back, "10.1.2.9", "x"), "a.narrow");
    CHECK_TEXT(sender(back, "10.1.2.9", "WEB01"), "a.host"); /* hostname before prefix */
    CHECK_TEXT(sender(back, "10.2.2.9", "web01"), "(unknown)");
    CHECK_TEXT(sender(back, "2001:db8::9", ""), "c.both");
    CHECK_TEXT(sender(back, "192.0.2.9", ""), "c.both");
    CHECK_TEXT(sender(back, "nonsense", ""), "(unknown)");
    CHECK_SLICE(roster_find_address(back, SLICE("10.1.2.9"), &hostnames)->key, "a.narrow");
    CHECK(hostnames);
    CHECK_SLICE(roster_find_token(back, SLICE("secret"))->key, "b.token");
    CHECK(roster_find_token(back, SLICE("Secret")) == NULL);
    CHECK(roster_find_token(back, SLICE("")) == NULL);
    CHECK_SLICE(roster_find_key(back, SLICE("b.token"))->system, "s");
    roster_free(&back);
    roster_free(&roster);
}

TEST("a damaged roster is refused at every byte that changed") {
    char path[300];
    struct roster *roster = sample(), *back;
    ARENA_AUTO arena;
    struct slice text;

    snprintf(path, sizeof path, "%s/roster.json", test_folder());
    CHECK(roster_save(roster, path, NULL));
    arena_init(&arena, ARENA_NO_CEILING);
    CHECK(file_read(path, 1 << 20, &arena, &text, NULL));
    for (size_t i = 0; i < text.len; i += 37) {
        struct error e = ERROR_NONE;
        char *changed = arena_alloc(&arena, text.len);
        memcpy(changed, text.data, text.len);
        changed[i] ^= 1;
        CHECK(file_replace(path, slice_from(changed, text.len), 0600, NULL));
        CHECK(!roster_load(path, &back, &e));
        CHECK(e.set && back == NULL);
        CHECK(file_replace(path, slice_cut(text, 0, i), 0600, NULL));
        CHECK(!roster_load(path, &back, NULL));
    }
    roster_free(&roster);
}

TEST("a source that cannot be is left out, and the others hold") {
    static const struct {
        struct roster_source wrong;
    } cases[] = {
        { { .key = SLICE("x"), .class = SLICE("standard"), .network = SLICE("10.1.2.3/99") } },
        { { .key = SLICE("x"), .class = SLICE("../etc"), .network = SLICE("10.1.0.0/16") } },
        { { .key = SLICE("x"), .class = SLICE("Ngắn hạn"), .network = SLICE("10.1.0.0/16") } },
        { { .key = SLICE("b.token"), .class = SLICE("standard") } },
        { { .key = SLICE(""), .class = SLICE("standard") } },
        { { .key = SLICE("x"), .class = SLICE("standard"), .token_sha256 = SLICE(SECRET) } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct roster *roster = sample();
        struct roster_source rows[6];
        memcpy(rows, roster->sources, 3 * sizeof *rows);
        rows[3] = roster->sources[3];
        rows[4] = cases[i].wrong; /* between those that hold */
        rows[5] = roster->sources[4];
        roster->sources = rows;
        roster->source_count = 6;
        CHECK(roster_ready(roster, NULL));
        CHECK_INT(roster->source_count, 5);
        CHECK(!roster_find_key(roster, SLICE("x")));
        CHECK_SLICE(roster_find_token(roster, SLICE("secret"))->key, "b.token");
        CHECK_TEXT(sender(roster, "10.1.2.9", "WEB01"), "a.host");
        CHECK_TEXT(sender(roster, "2001:db8::9", ""), "c.both");
        roster_free(&roster);
    }
}
