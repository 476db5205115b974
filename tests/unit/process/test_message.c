#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/message.h"
#include "test.h"

static struct message received;

TEST("a message arrives whole, with its descriptors")
{
    struct error e = ERROR_NONE;
    int ends[2], pipe_ends[2];
    char byte = 0;
    CHECK(message_pair(ends, &e) && pipe(pipe_ends) == 0);
    CHECK(message_send(ends[0], SLICE("one"), &pipe_ends[1], 1, &e));
    CHECK(message_send(ends[0], SLICE("two"), NULL, 0, &e));
    CHECK(message_receive(ends[1], &received, &e));
    CHECK_SLICE(slice_from(received.bytes, received.len), "one");
    CHECK_INT(received.descriptor_count, 1);
    CHECK(fcntl(received.descriptors[0], F_GETFD) & FD_CLOEXEC);
    CHECK(write(received.descriptors[0], "x", 1) == 1 && read(pipe_ends[0], &byte, 1) == 1);
    CHECK_INT(byte, 'x');
    close(received.descriptors[0]);
    CHECK(message_receive(ends[1], &received, &e));
    CHECK_SLICE(slice_from(received.bytes, received.len), "two");
    CHECK_INT(received.descriptor_count, 0);
    close(ends[0]);
    CHECK(!message_receive(ends[1], &received, &e));
    CHECK(!e.set);
    close(ends[1]);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST("a message larger than the ceiling is refused by the sender")
{
    struct error e = ERROR_NONE;
    static char large[MESSAGE_BYTES_MAX + 1];
    int ends[2];
    CHECK(message_pair(ends, &e));
    CHECK(!message_send(ends[0], slice_from(large, sizeof large), NULL, 0, &e));
    CHECK(e.set);
    close(ends[0]);
    close(ends[1]);
}

TEST("nudges of one kind are one, and the end of the other side is told")
{
    struct error e = ERROR_NONE;
    int ends[2];
    bool closed;
    CHECK(message_pair(ends, &e));
    CHECK_INT(message_nudges(ends[1], &closed), 0);
    CHECK(!closed);
    for (unsigned i = 0; i < 3; i++)
        message_nudge(ends[0], 's');
    message_nudge(ends[0], 'r');
    CHECK_INT(message_nudges(ends[1], &closed), 1u << ('s' - 'a') | 1u << ('r' - 'a'));
    CHECK(!closed);
    close(ends[0]);
    CHECK_INT(message_nudges(ends[1], &closed), 0);
    CHECK(closed);
    close(ends[1]);
}

TEST("a nudge to one who does not listen does not wait")
{
    struct error e = ERROR_NONE;
    int ends[2];
    bool closed;
    CHECK(message_pair(ends, &e));
    for (unsigned i = 0; i < 100000; i++)
        message_nudge(ends[0], 's');
    CHECK_INT(message_nudges(ends[1], &closed), 1u << ('s' - 'a'));
    close(ends[0]);
    close(ends[1]);
}
