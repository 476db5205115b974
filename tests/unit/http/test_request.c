#include "http/http.h"
#include "test.h"

TEST("percent codes are decoded, and broken ones, NUL and what is no UTF-8 are refused") {
    ARENA_AUTO arena;
    arena_init(&arena, ARENA_NO_CEILING);
    CHECK_SLICE(http_decode(SLICE("/a%20b%2fc"), false, &arena), "/a b/c");
    CHECK_SLICE(http_decode(SLICE("kh%C3%A1nh+h%c3%b2a"), true, &arena), "khánh hòa");
    CHECK_SLICE(http_decode(SLICE("a+b"), false, &arena), "a+b");
    CHECK(http_decode(SLICE("%"), false, &arena).data == NULL);
    CHECK(http_decode(SLICE("%4"), false, &arena).data == NULL);
    CHECK(http_decode(SLICE("%zz"), false, &arena).data == NULL);
    CHECK(http_decode(SLICE("a%00b"), false, &arena).data == NULL);
    CHECK(http_decode(SLICE("%C3"), false, &arena).data == NULL);
}

TEST("a form is taken apart into pairs in their order") {
    ARENA_AUTO arena;
    struct http_pair *pairs;
    uint32_t count;

    arena_init(&arena, ARENA_NO_CEILING);
    CHECK(http_form_parse(SLICE("q=a%26b&&empty=&flag&q=2"), &arena, &pairs, &count));
    CHECK_INT(count, 4);
    CHECK_SLICE(pairs[0].name, "q");
    CHECK_SLICE(pairs[0].value, "a&b");
    CHECK_SLICE(pairs[1].name, "empty");
    CHECK_SLICE(pairs[1].value, "");
    CHECK_SLICE(pairs[2].name, "flag");
    CHECK_SLICE(pairs[3].value, "2");
    CHECK(http_form_parse(SLICE(""), &arena, &pairs, &count));
    CHECK_INT(count, 0);
}

TEST("a form of more than 256 parameters is refused") {
    ARENA_AUTO arena;
    struct http_pair *pairs;
    uint32_t count;
    char text[600];

    arena_init(&arena, ARENA_NO_CEILING);
    memset(text, '&', sizeof text);
    CHECK(!http_form_parse(slice_from(text, sizeof text), &arena, &pairs, &count));
}
