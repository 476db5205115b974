#include "serve/sockets.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/config.h"
#include "base/file.h"

#define UDP_BUFFER (8 * 1024 * 1024) /* bursts of many senders; the kernel may give less */

static int open_bound(const struct addrinfo *info, enum socket_kind kind)
{
    int on = 1, size = UDP_BUFFER;
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (kind == SOCKET_UDP && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
        (kind == SOCKET_UDP || listen(fd, 1024) == 0))
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

bool socket_bind(enum socket_kind kind, const char *address, const char *option, int *fd_out,
                 struct error *e)
{
    struct slice host;
    uint16_t port;
    char name[256], service[8];
    struct addrinfo *found = NULL;
    struct addrinfo wish = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                             .ai_socktype = kind == SOCKET_UDP ? SOCK_DGRAM : SOCK_STREAM };
    *fd_out = -1;
    if (!address[0])
        return true;
    if (!config_split_address(slice_of(address), &host, &port) || host.len >= sizeof name)
        return error_set(e, "%s needs an address and a port", option);
    snprintf(name, sizeof name, "%.*s", SLICE_ARGS(host));
    snprintf(service, sizeof service, "%u", port);
    int failed = getaddrinfo(strcmp(name, "*") == 0 ? NULL : name, service, &wish, &found);
    if (failed) {
        error_set(e, "%s: the address '%s' is not known: %s", option, name, gai_strerror(failed));
        return error_kind(e, ERROR_INPUT);
    }
    *fd_out = open_bound(found, kind);
    int why = errno;
    freeaddrinfo(found);
    if (*fd_out >= 0)
        return true;
    error_errno(e, why, "cannot listen at %s (%s)", address, option);
    if (why == EACCES)
        error_hint(e, "ports below 1024 need root or CAP_NET_BIND_SERVICE: take a higher port in "
                      "`%s`", option);
    return false;
}

void socket_address(int fd, char text[SOCKET_ADDRESS])
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    char host[SOCKET_ADDRESS - 16], port[8];
    text[0] = '\0';
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&bound, &len) != 0 ||
        getnameinfo((struct sockaddr *)&bound, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(text, SOCKET_ADDRESS, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static bool fill_address(const char *path, struct sockaddr_un *address, struct error *e)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address->sun_path) {
        error_set(e, "the path %.100s… is too long", path);
        return error_hint(e, "a socket's path has at most 107 bytes: choose a shorter `data`");
    }
    memcpy(address->sun_path, path, strlen(path));
    return true;
}

bool socket_bind_unix(const char *path, int *fd_out, struct error *e)
{
    struct sockaddr_un address;
    *fd_out = -1;
    if (!fill_address(path, &address, e))
        return false;
    FILE_AUTO fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    mode_t before = umask(0177);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                 listen(fd, 64) == 0;
    int why = errno;
    umask(before);
    if (!bound)
        return error_errno(e, why, "cannot listen at %s", path);
    *fd_out = fd;
    fd = -1;
    return true;
}

/* The folder says who may write: /run/NAME with the group of the writing program. */
static bool give_to_group(const char *path)
{
    char folder[108];
    struct stat status;
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] != '/')
        len--;
    snprintf(folder, sizeof folder, "%.*s", (int)len, path);
    return stat(folder, &status) == 0 && chown(path, (uid_t)-1, status.st_gid) == 0 &&
           chmod(path, 0660) == 0;
}

bool socket_bind_local(const char *path, bool datagram, int *fd_out, struct error *e)
{
    struct sockaddr_un address;
    struct stat status;
    *fd_out = -1;
    if (!fill_address(path, &address, e))
        return false;
    FILE_AUTO fd = socket(AF_UNIX, (datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        unlink(path);
    mode_t before = umask(0177);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                 give_to_group(path) && (datagram || listen(fd, 64) == 0);
    int why = errno;
    umask(before);
    if (!bound) {
        error_errno(e, why, "cannot listen at %s (%s)", path, "sockets");
        return error_hint(e, "its folder must be there and be writable for the server");
    }
    *fd_out = fd;
    fd = -1;
    return true;
}

bool socket_connect_unix(const char *path, int *fd_out, struct error *e)
{
    struct sockaddr_un address;
    *fd_out = -1;
    if (!fill_address(path, &address, e))
        return false;
    FILE_AUTO fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        error_errno(e, errno, "no server answers at %s", path);
        return error_kind(e, ERROR_BUSY);
    }
    *fd_out = fd;
    fd = -1;
    return true;
}
