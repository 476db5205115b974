#include "exchange/csv.h"
#include "test.h"

static struct csv *parse(const char *text, struct arena *arena, struct error *e)
{
    struct csv *csv = NULL;
    csv_parse(slice_of(text), "a.csv", arena, &csv, e);
    return csv;
}

TEST("cells come out alike however a spreadsheet wrote them") {
    static const char *const sheets[] = {
        "key,name\nso-a,Sở Tài chính\n", "\xef\xbb\xbfkey,name\r\nso-a,Sở Tài chính\r\n",
        "key;name\rso-a;Sở Tài chính", "key\tname\n\n so-a \t \"Sở Tài chính\" \n\n",
        "KEY,Name,,\n\"so-a\",\"Sở Tài chính\",,\n",
        "key,name\nso-a,So\xcc\x9b\xcc\x89 Ta\xcc\x80i chi\xcc\x81nh\n",
    };
    for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct error e = ERROR_NONE;
        struct csv *csv = parse(sheets[i], &arena, &e);
        CHECK(csv != NULL);
        CHECK_INT(csv->row_count, 1);
        CHECK_SLICE(csv_cell(&csv->rows[0], csv_column(csv, "key")), "so-a");
        CHECK_SLICE(csv_cell(&csv->rows[0], csv_column(csv, "name")), "Sở Tài chính");
        CHECK_INT(csv_column(csv, "kind"), -1);
        arena_free(&arena);
    }
}

TEST("quotes hold separators, quotes and line ends, and lines are counted through them") {
    struct arena arena;
    arena_init(&arena, 0);
    struct error e = ERROR_NONE;
    struct csv *csv = parse("a,b\n\"x,\"\"y\"\"\",\"one\r\ntwo\"\nz,\n", &arena, &e);
    CHECK(csv != NULL);
    CHECK_SLICE(csv->rows[0].cells[0], "x,\"y\"");
    CHECK_SLICE(csv->rows[0].cells[1], "one\ntwo");
    CHECK_INT(csv->rows[1].line, 4);
    arena_free(&arena);
}

TEST("a sheet that cannot be read is refused with its place") {
    static const struct { const char *text, *place, *says; } cases[] = {
        { "", "a.csv:1", "the sheet is empty" },
        { "\n\n", "a.csv:3", "the sheet is empty" },
        { "a,b\nx,\"y\n", "a.csv:2:3", "never closed" },
        { "a,b\nx,y\"z\n", "a.csv:2:4", "middle of a cell" },
        { "a,b\n\"x\"y,z\n", "a.csv:2:4", "after the closing quote" },
        { "a,,b\nx\n", "a.csv:1", "column 2 has no name" },
        { "a,A\nx,y\n", "a.csv:1 (A)", "there twice" },
        { "a,b\n\nx,y,z\n", "a.csv:3", "more cells (3) than there are columns (2)" },
        { "a\nx\nS\xf4\n", "a.csv:3", "not UTF-8" },
        { "a,b\nx,y\x0bz\n", "a.csv:2 (b)", "a control character" },
        { "a,b\nx,\"y\xef\xbf\xbe\"\n", "a.csv:2 (b)", "a control character" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct error e = ERROR_NONE;
        CHECK(parse(cases[i].text, &arena, &e) == NULL);
        CHECK_ERROR(e, cases[i].says);
        CHECK(strncmp(e.place, cases[i].place, strlen(cases[i].place)) == 0);
        CHECK_INT(e.kind, ERROR_INPUT);
        arena_free(&arena);
    }
}

TEST("a refused allocation at any point is an error, never a crash") {
    for (unsigned n = 1; n < 40; n++) {
        struct arena arena;
        arena_init(&arena, 0);
        struct error e = ERROR_NONE;
        arena_fail_after(n);
        struct csv *csv = parse("a,b\n\"x\",y\nz,\"w\"\n", &arena, &e);
        CHECK(csv != NULL || e.set);
        arena_fail_after(0);
        arena_free(&arena);
    }
}
