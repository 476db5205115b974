#include "test.h"

#include "base/yaml.h"

static bool parse(const char *text, struct arena *a, struct yaml **root, struct error *e)
{
    uint32_t count;
    return yaml_parse("t.yml", slice_of(text), a, root, &count, e) && count > 0;
}

TEST("a document becomes a tree with places") {
    ARENA_AUTO a;
    struct yaml *root;
    struct error e = ERROR_NONE;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(parse("title: Đăng nhập\nlist:\n  - 1\n  - 'two'\n  - ~\n", &a, &root, &e));
    CHECK_SLICE(yaml_member_text(root, "title", SLICE_NONE), "Đăng nhập");
    const struct yaml *list = yaml_member(root, "list");
    CHECK_INT(list->count, 3);
    CHECK_INT(list->children[1].line, 4);
    CHECK_INT(list->children[1].column, 5);
    int64_t number;
    CHECK(yaml_to_integer(&list->children[0], &number) && number == 1);
    CHECK(!yaml_to_integer(&list->children[1], &number));
    CHECK(yaml_is_null(&list->children[2]) && !yaml_is_null(&list->children[1]));
}

TEST("several documents come one after the other") {
    ARENA_AUTO a;
    struct yaml *roots;
    uint32_t count;
    struct error e = ERROR_NONE;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(yaml_parse("t.yml", SLICE("a: 1\n---\nb: 2\n"), &a, &roots, &count, &e));
    CHECK_INT(count, 2);
    CHECK_SLICE(yaml_member_text(&roots[1], "b", SLICE_NONE), "2");
}

TEST("a mark of the byte order, as editors of Windows write it, is no part of the document") {
    ARENA_AUTO a;
    struct yaml *root;
    struct error e = ERROR_NONE;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(parse("\xef\xbb\xbftitle: t\n", &a, &root, &e));
    CHECK_SLICE(yaml_member_text(root, "title", SLICE_NONE), "t");
}

TEST("bad documents are refused with their place") {
    static const struct { const char *text, *place, *sentence; } rows[] = {
        { "a: [1, 2\nb: 3\n", "t.yml:2", "not YAML" },
        { "a: 1\nb: 2\na: 3\n", "t.yml:3:1", "twice" },
        { "? [a]\n: 1\n", "t.yml:1", "plain text" },
        { "a: &x [*x]\n", "t.yml:1", "too deep" },
        { "a: \xff\n", "t.yml:1", "not YAML" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO a;
        struct yaml *root;
        struct error e = ERROR_NONE;
        arena_init(&a, 16 * 1024 * 1024);
        CHECK(!parse(rows[i].text, &a, &root, &e));
        CHECK_ERROR(e, rows[i].sentence);
        CHECK(strstr(e.place, rows[i].place));
    }
}

TEST("an unknown key is named, with the nearest known one") {
    static const char *const keys[] = { "detection", "logsource", NULL };
    ARENA_AUTO a;
    struct yaml *root;
    struct error e = ERROR_NONE;
    arena_init(&a, ARENA_NO_CEILING);
    CHECK(parse("detectoin: 1\n", &a, &root, &e));
    CHECK(!yaml_known(root, keys, &e));
    CHECK_TEXT(e.sentence, "unknown key 'detectoin'");
    CHECK(strstr(e.hint, "detection"));
    CHECK_TEXT(e.excerpt, "detectoin: 1");
}
