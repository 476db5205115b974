#include "process/message.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

bool message_pair(int ends_out[2], struct error *e)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_out) != 0)
        return error_errno(e, errno, "cannot make a socket pair");
    return true;
}

bool message_send(int fd, struct slice bytes, const int *descriptors, unsigned count,
                  struct error *e)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(MESSAGE_DESCRIPTORS_MAX * sizeof(int))];
    } control = { 0 };
    struct iovec part = { (char *)bytes.data, bytes.len };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    if (bytes.len > MESSAGE_BYTES_MAX || count > MESSAGE_DESCRIPTORS_MAX)
        return error_set(e, "a message of %zu bytes with %u descriptors is too large", bytes.len,
                         count);
    if (count) {
        header.msg_control = control.room;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.head), descriptors, count * sizeof(int));
    }
    while (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            return error_errno(e, errno, "cannot send to another process of the server");
    return true;
}

static void take_descriptors(struct msghdr *header, struct message *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
            if (message->descriptor_count < MESSAGE_DESCRIPTORS_MAX)
                message->descriptors[message->descriptor_count++] = fd;
            else
                close(fd);
        }
    }
}

bool message_receive(int fd, struct message *message_out, struct error *e)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(MESSAGE_DESCRIPTORS_MAX * sizeof(int))];
    } control;
    struct iovec part = { message_out->bytes, sizeof message_out->bytes };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room,
                             .msg_controllen = sizeof control.room };
    ssize_t got;
    message_out->len = message_out->descriptor_count = 0;
    do
        got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno != ECONNRESET)
        return error_errno(e, errno, "cannot hear another process of the server");
    if (got <= 0)
        return false;
    take_descriptors(&header, message_out);
    message_out->len = (size_t)got;
    if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        return error_set(e, "a message between our processes was cut");
    return true;
}

void message_nudge(int fd, char what)
{
    ssize_t sent = fd < 0 ? 0 : send(fd, &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* full: enough nudges wait there already */
}

uint32_t message_nudges(int fd, bool *closed_out)
{
    uint32_t letters = 0;
    char bytes[64];
    *closed_out = false;
    for (;;) {
        ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            *closed_out = true;
        if (got <= 0)
            return letters;
        for (ssize_t i = 0; i < got; i++)
            if (bytes[i] >= 'a' && bytes[i] <= 'z')
                letters |= 1u << (bytes[i] - 'a');
    }
}
