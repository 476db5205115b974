#include "event/losses.h"

#include <stdio.h>

#include "test.h"

TEST("losses are read as they were written, and no more of names than there is room for") {
    struct losses losses = { .events = 5, .unknown = 4, .dropped = 3, .regex_limit = 2, .cut = 1,
                             .source_count = 1, .sources = { { "Channel=\"X\"", 4 } } }, read;
    ARENA_AUTO arena;
    BUFFER_AUTO out;
    struct json_writer w;
    struct json *json;
    arena_init(&arena, ARENA_NO_CEILING);
    buffer_init(&out, 0);
    json_writer_init(&w, &out);
    losses_write(&losses, &w);
    CHECK(json_parse(buffer_slice(&out), &arena, &json, NULL));
    CHECK(losses_read(json, &read));
    CHECK_INT(read.events, 5);
    CHECK_INT(read.unknown, 4);
    CHECK_INT(read.dropped, 3);
    CHECK_INT(read.regex_limit, 2);
    CHECK_INT(read.cut, 1);
    CHECK_INT(read.source_count, 1);
    CHECK_TEXT(read.sources[0].name, "Channel=\"X\"");
    CHECK_INT(read.sources[0].events, 4);

    losses.source_count = LOSSES_NAMES - 1;
    buffer_clear(&out);
    json_writer_init(&w, &out);
    losses_write(&losses, &w);
    out.len -= 2; /* "]}": more of them, whose names are too long */
    for (int i = 0; i < 3; i++)
        buffer_print(&out, ",{\"name\":\"%0200d\",\"events\":1}", i);
    buffer_print(&out, "]}");
    CHECK(json_parse(buffer_slice(&out), &arena, &json, NULL));
    CHECK(losses_read(json, &read));
    CHECK_INT(read.source_count, LOSSES_NAMES);
    CHECK_INT(strlen(read.sources[LOSSES_NAMES - 1].name), LOSSES_NAME - 1);

    CHECK(!losses_read(NULL, &read));
    CHECK_INT(read.events, 0);
}
