#include <unistd.h>

#include "process/heritage.h"
#include "test.h"

TEST("what is handed over arrives by name; a text and a descriptor may share one")
{
    struct error e = ERROR_NONE;
    struct heritage_writer w;
    struct heritage heritage;
    ARENA_AUTO arena;
    int ends[2];
    arena_init(&arena, ARENA_NO_CEILING);
    CHECK(message_pair(ends, &e));
    heritage_writer_init(&w);
    heritage_put(&w, "control", "/var/run/control.sock");
    heritage_put(&w, "empty", "");
    heritage_put_descriptor(&w, "control", ends[0]);
    heritage_put_descriptor(&w, "off", -1);
    CHECK(heritage_send(ends[0], &w, &e));
    CHECK(heritage_receive(ends[1], &arena, &heritage, &e));
    CHECK_TEXT(heritage_text(&heritage, "control"), "/var/run/control.sock");
    CHECK_TEXT(heritage_text(&heritage, "empty"), "");
    CHECK_TEXT(heritage_text_if(&heritage, "absent"), "");
    int fd = heritage_descriptor(&heritage, "control");
    CHECK(fd >= 0 && fd != ends[0]);
    CHECK_INT(heritage_descriptor(&heritage, "off"), -1);
    close(fd);
    heritage_writer_free(&w);
    close(ends[0]);
    close(ends[1]);
}

TEST("a heritage cut at any byte is refused")
{
    ARENA_AUTO arena;
    arena_init(&arena, ARENA_NO_CEILING);
    struct heritage_writer w;
    heritage_writer_init(&w);
    heritage_put(&w, "data", "/var/lib/haidang");
    heritage_put(&w, "language", "vi");
    for (size_t cut = 1; cut < w.bytes.len; cut++) {
        struct error e = ERROR_NONE;
        struct heritage heritage = { 0 };
        int ends[2];
        CHECK(message_pair(ends, &e));
        CHECK(message_send(ends[0], slice_cut(buffer_slice(&w.bytes), 0, cut), NULL, 0, &e));
        bool whole = heritage_receive(ends[1], &arena, &heritage, &e);
        CHECK(!whole || heritage.count == 1); /* the cut between two items is no damage */
        close(ends[0]);
        close(ends[1]);
    }
    heritage_writer_free(&w);
}
