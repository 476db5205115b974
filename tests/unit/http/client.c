#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int client_listener(uint16_t *port_out)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 1024) != 0)
        return -1;
    getsockname(fd, (struct sockaddr *)&address, &len);
    *port_out = ntohs(address.sin_port);
    return fd;
}

int client_connect(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool client_send(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

size_t client_read(int fd, const char *until, char *out, size_t size)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    size_t len = 0;

    out[0] = '\0';
    while (len + 1 < size && poll(&ready, 1, 5000) == 1) {
        ssize_t n = recv(fd, out + len, size - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        out[len] = '\0';
        if (until && strstr(out, until))
            break;
    }
    return len;
}

size_t client_ask(uint16_t port, const char *request, char *out, size_t size)
{
    int fd = client_connect(port);
    size_t len = 0;

    out[0] = '\0';
    if (fd < 0)
        return 0;
    if (client_send(fd, request, strlen(request)))
        len = client_read(fd, NULL, out, size);
    close(fd);
    return len;
}
