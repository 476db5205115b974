/* JSON records into fields: what stands in them, however it is written. */
#include <stdio.h>

#include "test.h"

#include "event/json_event.h"

/* "name=value" of every field, settled, a line each; or "refused: …". */
static const char *fields_of(const char *json, bool lazily)
{
    static char text[8192];
    static struct json_reader *reader;
    ARENA_AUTO arena;
    struct event event = { .raw = slice_of(json) };
    struct error e = ERROR_NONE;
    size_t used = 0;
    arena_init(&arena, 0);
    if (!reader)
        reader = json_reader_new();
    bool fine = lazily ? json_event_lazy(reader, &event, &arena, &e)
                       : json_event_decode(event.raw, &arena, &event.fields, &event.field_count, &e);
    if (!fine) {
        snprintf(text, sizeof text, "refused: %s", e.sentence);
        return text;
    }
    text[0] = 0;
    for (uint32_t i = 0; i < event.field_count; i++) {
        static const char kinds[] = { [EVENT_TEXT] = '=', [EVENT_NUMBER] = '#', [EVENT_BOOLEAN] = '?',
                                      [EVENT_NULL] = '0', [EVENT_OBJECT] = '{', [EVENT_ARRAY] = '[' };
        struct event_field *f = &event.fields[i];
        CHECK(json_event_settle(f, &arena) && !f->lazy);
        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s%c%.*s\n", SLICE_ARGS(f->name),
                                 kinds[f->kind], SLICE_ARGS(f->value));
    }
    return text;
}

static void check_fields(const char *json, const char *wanted)
{
    for (int lazily = 0; lazily < 2; lazily++) {
        const char *have = fields_of(json, lazily);
        if (strcmp(have, wanted) != 0)
            fail_msg("%s\ngave:\n%s\nwanted:\n%s", json, have, wanted);
    }
}

TEST("members, paths, elements of arrays, and containers as text")
{
    check_fields("{\"a\":\"x\",\"b\":{\"c\":[1,{\"d\":null}],\"e\":true}}",
                 "a=x\nb{{\"c\":[1,{\"d\":null}],\"e\":true}\nb.c[[1,{\"d\":null}]\nb.c#1\n"
                 "b.c{{\"d\":null}\nb.c.d0\nb.e?true\n");
    check_fields(" { } ", "");
    check_fields("{\"a\" : [ ] , \"b\" : { } , \"\" : \"\" }", "a[[]\nb{{}\n=\n");
}

TEST("escapes are resolved; half a surrogate pair and what is no escape hide nothing")
{
    check_fields("{\"a\\u0062\":\"q\\\"\\\\\\/\\b\\f\\n\\r\\t\\u1ec7\\ud83d\\ude00\"}",
                 "ab=q\"\\/\b\f\n\r\t\xe1\xbb\x87\xf0\x9f\x98\x80\n");
    check_fields("{\"a\":\"x\\ud800y\\udc00\\ud800\\ud800\"}",
                 "a=x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n");
    check_fields("{\"a\":\"C:\\Windows\\q\\u12\"}", "a=C:\\Windows\\q\\u12\n");
    check_fields("{\"a\":\"C:\\\\Windows\\\\System32\\\\drivers\\\\etc\"}",
                 "a=C:\\Windows\\System32\\drivers\\etc\n");
}

TEST("containers as text: no blanks, escapes the shortest way")
{
    check_fields("{\"a\": { \"b\" : \"\\u0041 \\/ \\u000a\\u0001 \\\" \\\\\" , \"c\" : [ 1.50 , 2 ] } }",
                 "a{{\"b\":\"A / \\n\\u0001 \\\" \\\\\",\"c\":[1.5,2]}\n"
                 "a.b=A / \n\x01 \" \\\na.c[[1.5,2]\na.c#1.5\na.c#2\n");
}

TEST("numbers are canonical, whole ones keep all their digits")
{
    check_fields("{\"a\":[0,-0,7,-7,1.0,1e2,-1.5E+1,0.10,18446744073709551616,1e400]}",
                 "a[[0,0,7,-7,1,100,-15,0.1,18446744073709551616,1e400]\n"
                 "a#0\na#0\na#7\na#-7\na#1\na#100\na#-15\na#0.1\na#18446744073709551616\na#1e400\n");
}

TEST("bytes that are no UTF-8 become U+FFFD")
{
    check_fields("{\"a\":\"x\xff\xc3(\"}", "a=x\xef\xbf\xbd\xef\xbf\xbd(\n");
}

TEST("what is no record is refused with the place")
{
    static const char *const wrong[] = {
        "{\"a\":01}", "{\"a\":-}", "{\"a\":1.}", "{\"a\":+1}", "{\"a\":tru}", "{\"a\":nullx}",
        "{\"a\" 1}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{a:1}",
        "{\"a\":\"x\"y}", "{\"a\":1}}", "{\"a\":1} {", "{\"a\":", "{\"a\"", "{", "{\"a\":{}", "{1:2}",
        "{\"a\":\"x\" \"y\"}", "{,}", "{\"a\":1 true}", "[1]", "1", "", "  ", "{\"a\":\"x",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int lazily = 0; lazily < 2; lazily++)
            if (strncmp(fields_of(wrong[i], lazily), "refused: ", 9) != 0)
                fail_msg("taken: %s", wrong[i]);
    CHECK(strcmp(fields_of("{\"a\":1,]", true), "refused: not JSON: wrong at byte 7") == 0);
}

TEST("too deep and too wide are refused, what is just inside is read")
{
    char text[40000] = "{\"a\":";
    for (int i = 1; i < 31; i++)
        strncat(text, "[", 2);
    for (int i = 1; i < 31; i++)
        strncat(text, "]", 2);
    strncat(text, "}", 2);
    CHECK(strncmp(fields_of(text, true), "a[[", 3) == 0);
    memcpy(text, "{\"a\":", sizeof "{\"a\":");
    for (int i = 0; i < 40; i++)
        strncat(text, "[", 2);
    for (int i = 0; i < 40; i++)
        strncat(text, "]", 2);
    strncat(text, "}", 2);
    CHECK(strstr(fields_of(text, true), "nested deeper than 32"));
    memcpy(text, "{\"a\":[", sizeof "{\"a\":[");
    for (size_t n = strlen(text), i = 0; i < 9000; i++, n += 2)
        memcpy(text + n, "1,", 3);
    memcpy(text + strlen(text) - 1, "]}", sizeof "]}");
    CHECK(strstr(fields_of(text, true), "more than 8192 fields"));
}

TEST("an id stands for one name: readers, paths and records apart")
{
    ARENA_AUTO arena;
    struct json_reader *readers[] = { json_reader_new(), json_reader_new() };
    struct { uint32_t id; char name[32]; } known[4096];
    size_t count = 0;
    arena_init(&arena, 0);
    for (int round = 0; round < 300; round++) {
        char json[256];
        struct error e = ERROR_NONE;
        snprintf(json, sizeof json, "{\"n%d\":1,\"b\":{\"n%d\":2,\"c\":3},\"c\":4,\"n%d.c\":5}",
                 round % 40, round % 7, round % 40);
        struct event event = { .raw = slice_of(json) };
        CHECK(json_event_lazy(readers[round % 2], &event, &arena, &e));
        for (uint32_t i = 0; i < event.field_count; i++) {
            size_t k = 0;
            while (k < count && known[k].id != event.fields[i].id)
                k++;
            if (k < count) {
                CHECK(slice_is(event.fields[i].name, known[k].name));
                continue;
            }
            CHECK(count < 4096 && event.fields[i].id);
            known[count].id = event.fields[i].id;
            snprintf(known[count++].name, 32, "%.*s", SLICE_ARGS(event.fields[i].name));
        }
    }
    CHECK(count < 300); /* names were met again */
    json_reader_free(&readers[0]);
    json_reader_free(&readers[1]);
}
