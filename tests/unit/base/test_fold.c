#include "test.h"

#include "base/fold.h"

TEST("search folds case and Vietnamese diacritics, written either way") {
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK_SLICE(fold_search_in(&a, SLICE("Khánh Hòa, ĐƯỜNG Nguyễn Thị Minh Khai")),
                "khanh hoa, duong nguyen thi minh khai");
    CHECK_SLICE(fold_search_in(&a, SLICE("Kha\xcc\x81nh")), "khanh");
    CHECK_SLICE(fold_search_in(&a, SLICE("a\xff" "B")), "a\xff" "b");
}

TEST("case folding is Unicode's and keeps diacritics") {
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK_SLICE(fold_case_in(&a, SLICE("ĐĂNG Ơ Ω ſ K")), "đăng ơ ω s k");
    CHECK_SLICE(fold_case_in(&a, SLICE("ẞß")), "ßß");
}

TEST("text is composed on its way in") {
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK_SLICE(fold_nfc(&a, SLICE("Kha\xcc\x81nh")), "Khánh");
    CHECK_SLICE(fold_nfc(&a, SLICE("a\xff")), "a\xff");
    CHECK(fold_is_utf8(SLICE("Khánh")) && !fold_is_utf8(SLICE("a\xff")));
    for (size_t len = 1; len < 30; len++)
        for (size_t at = 0; at < len; at++) {
            char text[30];
            memset(text, 'a', len);
            CHECK(fold_is_utf8(slice_from(text, len)));
            text[at] = (char)0xff;
            CHECK(!fold_is_utf8(slice_from(text, len)));
            text[at] = (char)0xc3;
            CHECK(!fold_is_utf8(slice_from(text, len)));
            if (at + 1 < len) {
                text[at + 1] = (char)0xa1;
                CHECK(fold_is_utf8(slice_from(text, len)));
            }
        }
}
