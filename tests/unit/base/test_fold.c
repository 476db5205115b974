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
}
