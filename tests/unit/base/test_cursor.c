#include "test.h"

#include "base/buffer.h"
#include "base/cursor.h"

TEST("what a buffer wrote a cursor reads") {
    BUFFER_AUTO b;
    buffer_init(&b, 0);
    buffer_add_u8(&b, 7);
    buffer_add_u16(&b, 0x1234);
    buffer_add_u32(&b, 0xdeadbeef);
    buffer_add_u64(&b, UINT64_MAX - 1);
    buffer_add_slice(&b, SLICE("chào"));
    struct cursor c = cursor_over(buffer_slice(&b));
    struct error e = ERROR_NONE;
    CHECK_INT(cursor_u8(&c), 7);
    CHECK_INT(cursor_u16(&c), 0x1234);
    CHECK(cursor_u32(&c) == 0xdeadbeef);
    CHECK(cursor_u64(&c) == UINT64_MAX - 1);
    CHECK_SLICE(cursor_slice(&c), "chào");
    CHECK(cursor_finish(&c, &e));
}

TEST("cut at every byte, reading fails once and says where") {
    BUFFER_AUTO b;
    buffer_init(&b, 0);
    buffer_add_u32(&b, 3);
    buffer_add_slice(&b, SLICE("abc"));
    for (size_t n = 0; n < b.len; n++) {
        struct cursor c = cursor_over(slice_cut(buffer_slice(&b), 0, n));
        struct error e = ERROR_NONE;
        cursor_u32(&c);
        cursor_slice(&c);
        CHECK_INT(cursor_u64(&c), 0);
        CHECK_INT(cursor_left(&c), 0);
        CHECK(!cursor_finish(&c, &e));
        CHECK_ERROR(e, "too early");
    }
}

TEST("bytes left over are an error") {
    struct cursor c = cursor_over(SLICE("ab"));
    struct error e = ERROR_NONE;
    cursor_u8(&c);
    CHECK(!cursor_finish(&c, &e));
    CHECK_ERROR(e, "1 bytes are left over at byte 1");
}

TEST("a buffer stops at its ceiling and stays failed") {
    BUFFER_AUTO b;
    buffer_init(&b, 10);
    buffer_add(&b, SLICE("12345678"));
    buffer_add(&b, SLICE("abc"));
    CHECK(b.failed);
    buffer_add_byte(&b, 'x');
    CHECK_INT(b.len, 8);
    buffer_clear(&b);
    buffer_add(&b, SLICE("abc"));
    buffer_drop(&b, 1);
    CHECK_SLICE(buffer_slice(&b), "bc");
}
