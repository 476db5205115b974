#include "test.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

TEST("the first error wins and carries both languages") {
    struct error e = ERROR_NONE;
    error_set(&e, "cannot open %s", "a.yml");
    error_set(&e, "later");
    CHECK_TEXT(error_sentence(&e, "en"), "cannot open a.yml");
    CHECK_TEXT(error_sentence(&e, "vi"), "không mở được a.yml");
}

TEST("a terminal sees the place, the line with a mark, and the hint") {
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    error_set(&e, "modifier '%s' needs a number", "gt");
    error_at(&e, "rules/ssh.yml", 14, 5, SLICE("    đ|gt: '10 MB'\nnext"));
    error_hint(&e, "write 10, not '10 MB'");
    error_print(&e, "en", &out);
    CHECK_SLICE(buffer_slice(&out), "rules/ssh.yml:14:5: modifier 'gt' needs a number\n"
                                    "        đ|gt: '10 MB'\n        ^\n"
                                    "    hint: write 10, not '10 MB'\n");
}

TEST("a full disk says what to do") {
    struct error e = ERROR_NONE;
    error_errno(&e, ENOSPC, "cannot write %s", "x");
    CHECK_TEXT(e.sentence, "cannot write x: No space left on device");
    CHECK_TEXT(e.sentence_vi, "không ghi được x: hết chỗ trên đĩa");
    CHECK(strstr(e.hint, "free space"));
    CHECK(strstr(e.hint_vi, "giải phóng"));
}

TEST("an error that nobody asked for may be NULL") {
    CHECK(!error_set(NULL, "x"));
    CHECK(!error_errno(NULL, EIO, "x"));
    CHECK(!error_at(NULL, "f", 1, 1, SLICE("x")));
}

TEST("the table of translations is sorted and whole") {
    const char *before = "", *key, *vi;
    CHECK(text_count() > 20);
    for (size_t i = 0; text_row(i, &key, &vi); i++) {
        CHECK(strcmp(before, key) < 0);
        CHECK_TEXT(text_in("vi", key), vi);
        CHECK_TEXT(text_in("en", key), key);
        before = key;
    }
    CHECK_TEXT(text_in("vi", "no such sentence"), "no such sentence");
}
