#include "test.h"

#include "base/json.h"

TEST("a document becomes a tree, and accessors fail closed") {
    ARENA_AUTO a;
    struct json *root;
    struct error e = ERROR_NONE;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(json_parse(SLICE("{\"a\": {\"b\": [1, 2.5, \"Kh\\u00e1nh\", null, true]}, \"n\": -7}"), &a,
                     &root, &e));
    const struct json *list = json_member(json_member(root, "a"), "b");
    CHECK_INT(list->count, 5);
    CHECK_INT(json_integer(json_element(list, 0), 0), 1);
    CHECK(json_element(list, 1)->number == 2.5);
    CHECK_SLICE(json_text(json_element(list, 2), SLICE_NONE), "Khánh");
    CHECK(json_boolean(json_element(list, 4), false));
    CHECK_INT(json_integer(json_element(list, 2), 99), 99);
    CHECK(json_element(list, 5) == NULL && json_member(list, "x") == NULL);
    CHECK_INT(json_integer(json_member(root, "n"), 0), -7);
    CHECK_SLICE(json_member_text(root, "n"), "");
}

TEST("what is not JSON is refused, at every cut") {
    struct slice whole = SLICE("{\"a\":[1,{\"b\":\"c\"}],\"d\":null}");
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    for (size_t n = 0; n < whole.len; n++) {
        struct json *root;
        struct error e = ERROR_NONE;
        CHECK(!json_parse(slice_cut(whole, 0, n), &a, &root, &e));
        CHECK_ERROR(e, "not JSON");
    }
}

TEST("too deep a document is refused") {
    char text[402];
    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    struct json *root;
    struct error e = ERROR_NONE;
    CHECK(!json_parse(slice_from(text, 400), &a, &root, &e));
}

TEST("the writer puts commas and escapes, and what it wrote reads back") {
    BUFFER_AUTO b;
    struct json_writer w;
    buffer_init(&b, 0);
    json_writer_init(&w, &b);
    json_open_object(&w);
    json_text_member(&w, "t", SLICE("a\"\\\n\x01\xff\x7fĐ"));
    json_name(&w, "l");
    json_open_array(&w);
    json_put_integer(&w, -5);
    json_put_boolean(&w, true);
    json_put_null(&w);
    json_open_object(&w);
    json_close_object(&w);
    json_close_array(&w);
    json_time_member(&w, "when", INT64_C(1565577000000000000));
    json_close_object(&w);
    CHECK_SLICE(buffer_slice(&b), "{\"t\":\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\\u007fĐ\","
                                  "\"l\":[-5,true,null,{}],\"when\":\"2019-08-12T09:30:00.000+07:00\"}");
    ARENA_AUTO a;
    arena_init(&a, ARENA_NO_CEILING);
    struct json *root;
    struct error e = ERROR_NONE;
    CHECK(json_parse(buffer_slice(&b), &a, &root, &e));
}
