/* Syslog over UDP (RFC 5426): one datagram is one record. What the kernel dropped before we read
 * it is counted from the kernel's own counter of the socket (SO_MEMINFO), also while nothing comes. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "intake/collector.h"

#define DATAGRAM_MOST 65536u
#define RECEIVE_BUFFER (8 * 1024 * 1024)
#define LOOK_EVERY_MS 1000

struct udp {
    struct listener *listener;
    struct collector collector;
    pthread_t thread;
    int fd, wake_fd;
    uint32_t dropped;                 /* the kernel's counter when it was last read */
    struct mmsghdr headers[INTAKE_DATAGRAMS];
    struct iovec vectors[INTAKE_DATAGRAMS];
    struct sockaddr_storage senders[INTAKE_DATAGRAMS];
    char bytes[INTAKE_DATAGRAMS][DATAGRAM_MOST];
};

static struct slice address_text(const struct sockaddr_storage *address, char *text, size_t size)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

    text[0] = '\0';
    if (address->ss_family == AF_INET)
        inet_ntop(AF_INET, &in->sin_addr, text, (socklen_t)size);
    else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
        inet_ntop(AF_INET, in6->sin6_addr.s6_addr + 12, text, (socklen_t)size);
    else if (address->ss_family == AF_INET6)
        inet_ntop(AF_INET6, &in6->sin6_addr, text, (socklen_t)size);
    return slice_of(text);
}

/* The kernel's own counter of this socket; it also counts datagrams with a wrong checksum. */
static void count_dropped(struct udp *udp)
{
    uint32_t memory[SK_MEMINFO_VARS];
    socklen_t size = sizeof memory;

    if (getsockopt(udp->fd, SOL_SOCKET, SO_MEMINFO, memory, &size) != 0 ||
        size < sizeof *memory * (SK_MEMINFO_DROPS + 1))
        return;
    uint32_t total = memory[SK_MEMINFO_DROPS];
    atomic_fetch_add(&udp->listener->figures.dropped, total - udp->dropped); /* it may wrap */
    udp->dropped = total;
}

static void take(struct udp *udp, unsigned i, int64_t now)
{
    char text[INET6_ADDRSTRLEN];
    struct slice raw = slice_from(udp->bytes[i], udp->headers[i].msg_len);
    struct record record = { .received = now, .protocol = SLICE("syslog-udp"), .syslog = true };

    while (raw.len && (raw.data[raw.len - 1] == '\n' || raw.data[raw.len - 1] == '\0' ||
                       raw.data[raw.len - 1] == '\r'))
        raw.len--;
    if (raw.len == 0)
        return;
    if (udp->headers[i].msg_hdr.msg_flags & MSG_TRUNC)
        record.flags = EVENT_CUT;
    record.raw = raw;
    record.sender = address_text(&udp->senders[i], text, sizeof text);
    record.source = collector_identify(&udp->collector, record.sender, raw);
    collector_add(&udp->collector, &record);
}

static void prepare(struct udp *udp)
{
    for (unsigned i = 0; i < INTAKE_DATAGRAMS; i++) {
        udp->vectors[i] = (struct iovec){ udp->bytes[i], DATAGRAM_MOST };
        udp->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &udp->senders[i], .msg_namelen = sizeof udp->senders[i],
            .msg_iov = &udp->vectors[i], .msg_iovlen = 1,
        };
    }
}

/* All that waits in the socket, up to some loads: others must be flushed in time. */
static void receive(struct udp *udp)
{
    for (int load = 0; load < 8; load++) {
        prepare(udp);
        int n = recvmmsg(udp->fd, udp->headers, INTAKE_DATAGRAMS, MSG_DONTWAIT, NULL);
        if (n <= 0)
            return;
        int64_t now = clock_now();
        for (int i = 0; i < n; i++)
            take(udp, (unsigned)i, now);
        if (n < (int)INTAKE_DATAGRAMS)
            return;
    }
}

static void *udp_run(void *user)
{
    struct udp *udp = user;
    struct pollfd ready[2] = { { udp->fd, POLLIN, 0 }, { udp->wake_fd, POLLIN, 0 } };

    roster_wait(udp->listener->intake);
    while (!atomic_load(&udp->listener->intake->stopping)) {
        bool shut = atomic_load(&udp->listener->intake->shut);
        int wait = collector_flush(&udp->collector);
        ready[0].events = shut ? 0 : POLLIN;
        poll(ready, 2, wait < 0 || wait > LOOK_EVERY_MS ? LOOK_EVERY_MS : wait);
        if (ready[0].revents && !shut)
            receive(udp);
        count_dropped(udp);
    }
    receive(udp); /* what had arrived */
    count_dropped(udp);
    collector_end(&udp->collector);
    return NULL;
}

static void udp_free(struct udp *udp)
{
    close(udp->fd);
    if (udp->wake_fd >= 0)
        close(udp->wake_fd);
    free(udp);
}

bool udp_start(struct listener *listener, int fd, struct error *e)
{
    struct udp *udp = calloc(1, sizeof *udp);
    int size = RECEIVE_BUFFER;

    if (!udp) {
        close(fd);
        return error_set(e, "not enough memory for a listener");
    }
    udp->listener = listener;
    udp->fd = fd;
    udp->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    collector_init(&udp->collector, listener);
    if (udp->wake_fd < 0 || pthread_create(&udp->thread, NULL, udp_run, udp) != 0) {
        udp_free(udp);
        return error_set(e, "a listener's thread does not start");
    }
    listener->own = udp;
    return true;
}

void udp_stop(struct listener *listener)
{
    struct udp *udp = listener->own;
    uint64_t one = 1;

    if (write(udp->wake_fd, &one, sizeof one) < 0)
        log_warning("the UDP listener could not be woken");
    pthread_join(udp->thread, NULL);
    udp_free(udp);
    listener->own = NULL;
}
