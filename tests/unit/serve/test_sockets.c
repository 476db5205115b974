#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/sockets.h"
#include "test.h"

TEST("an empty address is off")
{
    struct error e = ERROR_NONE;
    int fd = 7;
    CHECK(socket_bind(SOCKET_TCP, "", "listen.http", &fd, &e));
    CHECK_INT(fd, -1);
}

TEST("a taken port is told with address, option and hint")
{
    struct error e = ERROR_NONE;
    int first, second;
    char address[40];
    struct sockaddr_in bound;
    socklen_t len = sizeof bound;
    CHECK(socket_bind(SOCKET_TCP, "127.0.0.1:0", "listen.http", &first, &e));
    CHECK(getsockname(first, (struct sockaddr *)&bound, &len) == 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(bound.sin_port));
    CHECK(!socket_bind(SOCKET_TCP, address, "listen.http", &second, &e));
    CHECK_ERROR(e, address);
    CHECK_ERROR(e, "listen.http");
    CHECK(e.hint[0]);
    close(first);
}

TEST("where a socket is bound is told in figures, whatever name it was bound by")
{
    struct error e = ERROR_NONE;
    char text[SOCKET_ADDRESS];
    int v4, v6;
    CHECK(socket_bind(SOCKET_UDP, "0.0.0.0:0", "listen.syslog_udp", &v4, &e));
    socket_address(v4, text);
    CHECK(strncmp(text, "0.0.0.0:", 8) == 0 && strcmp(text, "0.0.0.0:0") != 0);
    if (socket_bind(SOCKET_TCP, "[::1]:0", "listen.http", &v6, NULL)) {
        socket_address(v6, text);
        CHECK(strncmp(text, "[::1]:", 6) == 0);
        close(v6);
    }
    socket_address(-1, text);
    CHECK_TEXT(text, "");
    close(v4);
}

TEST("a name that is no address is told")
{
    struct error e = ERROR_NONE;
    int fd;
    CHECK(!socket_bind(SOCKET_UDP, "no.such.host.invalid:514", "listen.syslog_udp", &fd, &e));
    CHECK_ERROR(e, "no.such.host.invalid");
}

TEST("a local socket is the owner's alone, and nobody there is ERROR_BUSY")
{
    struct error e = ERROR_NONE;
    struct stat info;
    char path[4200];
    int listening, connected;
    snprintf(path, sizeof path, "%s/s", test_folder());
    CHECK(!socket_connect_unix(path, &connected, &e));
    CHECK_INT(e.kind, ERROR_BUSY);
    error_clear(&e);
    CHECK(socket_bind_unix(path, &listening, &e));
    CHECK(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600);
    CHECK(socket_connect_unix(path, &connected, &e));
    close(connected);
    close(listening);
}
