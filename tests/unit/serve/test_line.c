#include <sys/socket.h>
#include <unistd.h>

#include "serve/error_json.h"
#include "serve/line.h"
#include "test.h"

TEST("lines arrive one by one, however the bytes are cut")
{
    int ends[2];
    BUFFER_AUTO rest;
    struct slice line;
    struct error e = ERROR_NONE;
    buffer_init(&rest, 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(line_write(ends[0], SLICE("one"), &e) && line_write(ends[0], SLICE(""), &e));
    CHECK(write(ends[0], "thr", 3) == 3);
    CHECK(line_read(ends[1], &rest, &line, &e));
    CHECK_SLICE(line, "one");
    line_done(&rest, line);
    CHECK(line_read(ends[1], &rest, &line, &e));
    CHECK_SLICE(line, "");
    line_done(&rest, line);
    CHECK(write(ends[0], "ee\n", 3) == 3);
    CHECK(line_read(ends[1], &rest, &line, &e));
    CHECK_SLICE(line, "three");
    line_done(&rest, line);
    close(ends[0]);
    CHECK(!line_read(ends[1], &rest, &line, &e));
    CHECK(!e.set);
    close(ends[1]);
}

TEST("a line without end, and one that is too long, are errors")
{
    int ends[2];
    BUFFER_AUTO rest;
    struct slice line;
    struct error e = ERROR_NONE;
    static char large[200 * 1024];
    buffer_init(&rest, 128 * 1024);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(write(ends[0], "half", 4) == 4);
    close(ends[0]);
    CHECK(!line_read(ends[1], &rest, &line, &e));
    CHECK_ERROR(e, "in the middle of a line");
    close(ends[1]);
    error_clear(&e);
    buffer_clear(&rest);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    memset(large, 'x', sizeof large);
    CHECK(send(ends[0], large, sizeof large, MSG_DONTWAIT) > 128 * 1024);
    CHECK(!line_read(ends[1], &rest, &line, &e));
    CHECK_ERROR(e, "longer than");
    close(ends[0]);
    close(ends[1]);
}

TEST("a peer that says nothing is given up")
{
    int ends[2];
    BUFFER_AUTO rest;
    struct slice line;
    struct error e = ERROR_NONE;
    buffer_init(&rest, 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(line_patience(ends[1], 1));
    CHECK(!line_read(ends[1], &rest, &line, &e));
    CHECK(e.set);
    close(ends[0]);
    close(ends[1]);
}

TEST("an error crosses as JSON with both languages and its kind")
{
    BUFFER_AUTO out;
    ARENA_AUTO arena;
    struct json_writer w;
    struct json *json;
    struct error e = ERROR_NONE, back = ERROR_NONE;
    buffer_init(&out, 0);
    arena_init(&arena, ARENA_NO_CEILING);
    error_set(&e, "there is no role '%s'", "king");
    error_kind(&e, ERROR_INPUT);
    error_place(&e, "role");
    json_writer_init(&w, &out);
    error_json_put(&w, &e);
    CHECK(json_parse(buffer_slice(&out), &arena, &json, &back));
    error_json_get(json, &back);
    CHECK_TEXT(back.sentence, e.sentence);
    CHECK_TEXT(back.sentence_vi, e.sentence_vi);
    CHECK_TEXT(back.place, "role");
    CHECK_INT(back.kind, ERROR_INPUT);
}
