#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "intake/limit.h"
#include "sink.h"
#include "test.h"

static void send_udp(uint16_t port, const char *text, size_t len)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sendto(fd, text, len, 0, (struct sockaddr *)&address, sizeof address);
    close(fd);
}

TEST("a datagram is a record; hostname and network tell whose") {
    struct sink_options options = { .udp = true };
    struct sink *sink = sink_start(&options);
    static const char a[] = "<13>Nov 24 07:31:02 web01 p: hi\n",
                      b[] = "<13>Nov 24 07:31:02 other p: hi";

    send_udp(sink->udp_port, a, sizeof a - 1);
    CHECK(sink_wait(sink, 1));
    send_udp(sink->udp_port, b, sizeof b - 1);
    CHECK(sink_wait(sink, 2));
    CHECK_TEXT(sink_event(sink, 0)->raw, "<13>Nov 24 07:31:02 web01 p: hi");
    CHECK_TEXT(sink_event(sink, 0)->source, "so-tttt.web01");
    CHECK_TEXT(sink_event(sink, 0)->protocol, "syslog-udp");
    CHECK_TEXT(sink_event(sink, 1)->source, "so-tttt.net");
    sink_stop(&sink);
}

TEST("hosts of one address are told apart, though more come than are remembered") {
    struct sink_options options = { .tcp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->tcp_port);
    char line[80];

    for (unsigned i = 0; i < INTAKE_SENDERS + 100; i++) {
        char host[20];
        snprintf(host, sizeof host, "other%u", i);
        int len = snprintf(line, sizeof line, "<13>Nov 24 07:31:02 %s p: hi\n",
                           i % 50 ? host : i % 100 ? "WEB01" : "web01");
        client_send(fd, line, (size_t)len);
    }
    CHECK(sink_wait(sink, INTAKE_SENDERS + 100));
    for (unsigned i = 0; i < INTAKE_SENDERS + 100; i++)
        CHECK_TEXT(sink_event(sink, i)->source, i % 50 ? "so-tttt.net" : "so-tttt.web01");
    close(fd);
    sink_stop(&sink);
}

TEST("an unknown sender goes to quarantine with its address, and is counted") {
    struct sink_options options = { .udp = true };
    struct sink *sink = sink_start(&options);
    struct roster *empty = roster_new();
    struct intake_statistics rows[INTAKE_LISTENERS_MOST];

    CHECK(roster_ready(empty, NULL));
    intake_roster(sink->intake, empty);
    send_udp(sink->udp_port, "<13>x", 5);
    CHECK(sink_wait(sink, 1));
    CHECK_TEXT(sink_event(sink, 0)->class, "quarantine");
    CHECK_TEXT(sink_event(sink, 0)->sender, "127.0.0.1");
    CHECK(sink_event(sink, 0)->flags & EVENT_QUARANTINED);
    CHECK_INT(sink->quarantined, 1);
    CHECK_INT(sink->received, 1);
    do { /* the listener hears of it behind the sink */
        usleep(1000);
        CHECK_INT(intake_statistics(sink->intake, rows), 1);
    } while (rows[0].waiting);
    CHECK_INT(rows[0].quarantined, 1);
    CHECK_INT(rows[0].received, 1);
    sink_stop(&sink);
}

TEST("a TCP sender may mix both framings and leave without an end") {
    struct sink_options options = { .tcp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->tcp_port);
    static const char text[] = "<13>one\n7 <13>two<13>three\n<13>four";

    client_send(fd, text, sizeof text - 1);
    close(fd);
    CHECK(sink_wait(sink, 4));
    CHECK_TEXT(sink_event(sink, 0)->raw, "<13>one");
    CHECK_TEXT(sink_event(sink, 1)->raw, "<13>two");
    CHECK_TEXT(sink_event(sink, 3)->raw, "<13>four");
    sink_stop(&sink);
}

TEST("descriptors run out, and when some are free again the waiting senders are heard") {
    struct sink_options options = { .tcp = true };
    struct sink *sink = sink_start(&options);
    struct rlimit limit, few;
    int fds[60];
    static const char line[] = "<13>waited\n";

    usleep(50000);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (size_t i = 0; i < 60; i++)
        fds[i] = client_connect(sink->tcp_port); /* some are accepted before the limit falls */
    few = limit;
    few.rlim_cur = 20;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    for (size_t i = 0; i < 60; i++)
        if (fds[i] >= 0)
            client_send(fds[i], line, sizeof line - 1);
    usleep(200000);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    int late = client_connect(sink->tcp_port);
    client_send(late, line, sizeof line - 1);
    CHECK(sink_wait(sink, 61));
    for (size_t i = 0; i < 60; i++)
        close(fds[i]);
    close(late);
    sink_stop(&sink);
}

TEST("an over-long line is kept in flagged pieces") {
    struct sink_options options = { .tcp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->tcp_port);
    size_t len = INTAKE_LINE_MOST * 2 + 100;
    char *line = malloc(len + 1);

    memset(line, 'x', len);
    line[len] = '\n';
    client_send(fd, line, len + 1);
    CHECK(sink_wait(sink, 3));
    CHECK_INT(sink_event(sink, 0)->raw_len, INTAKE_LINE_MOST);
    CHECK(sink_event(sink, 0)->flags & EVENT_CUT);
    CHECK_INT(sink_event(sink, 2)->raw_len, 100);
    CHECK(!(sink_event(sink, 2)->flags & EVENT_CUT));
    close(fd);
    free(line);
    sink_stop(&sink);
}

/* `head`, then so much text that `tail` is where the second piece begins. */
static size_t long_record(char *out, const char *head, const char *tail)
{
    memset(out, 'x', INTAKE_LINE_MOST);
    memcpy(out, head, strlen(head));
    memcpy(out + INTAKE_LINE_MOST, tail, strlen(tail));
    return INTAKE_LINE_MOST + strlen(tail);
}

TEST("the further pieces of a record are of its source, whatever header they begin with") {
    static const char web[] = "<13>Nov 24 07:31:02 web01 p: ", other[] = "<13>Nov 24 07:31:02 other p: ";
    struct sink_options options = { .tcp = true, .relp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->tcp_port), relp = client_connect(sink->relp_port);
    static char text[INTAKE_LINE_MOST + 100], head[40];
    size_t len = long_record(text, web, other);

    client_send(fd, text, len);
    client_send(fd, "\n", 1);
    client_send(fd, other, sizeof other - 1); /* the next record is its own sender's again */
    client_send(fd, "\n", 1);
    CHECK(sink_wait(sink, 3));
    client_send(fd, head, (size_t)snprintf(head, sizeof head, "%zu ", len));
    client_send(fd, text, len);
    CHECK(sink_wait(sink, 5));
    len = long_record(text, web, "\n"); /* nothing is left of the second piece */
    client_send(fd, head, (size_t)snprintf(head, sizeof head, "%zu ", len));
    client_send(fd, text, len);
    client_send(fd, other, sizeof other - 1);
    client_send(fd, "\n", 1);
    CHECK(sink_wait(sink, 7));
    len = long_record(text, other, web);
    client_send(relp, head, (size_t)snprintf(head, sizeof head, "1 open 0\n2 syslog %zu ", len));
    client_send(relp, text, len);
    client_send(relp, "\n", 1);
    CHECK(sink_wait(sink, 9));
    static const char *const expected[] = { "web01", "web01", "net", "web01", "web01", "web01", "net",
                                            "net",   "net" };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        CHECK_TEXT(sink_event(sink, i)->source + strlen("so-tttt."), expected[i]);
    close(fd);
    close(relp);
    sink_stop(&sink);
}

TEST("a full queue slows a TCP sender, and nothing is lost") {
    struct sink_options options = { .tcp = true, .queue_most = 2 };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->tcp_port);
    char line[40];
    size_t count = 20000;

    sink->slow = 3000000;
    for (size_t i = 0; i < count; i++) {
        int n = snprintf(line, sizeof line, "<13>line %zu\n", i);
        CHECK(client_send(fd, line, (size_t)n));
    }
    close(fd);
    CHECK(sink_wait(sink, count));
    for (size_t i = 0; i < count; i += 997) {
        snprintf(line, sizeof line, "<13>line %zu", i);
        CHECK_TEXT(sink_event(sink, i)->raw, line);
    }
    sink_stop(&sink);
}

TEST("what TCP and UDP senders gave is kept through a full disk, and they are slowed meanwhile") {
    struct sink_options options = { .tcp = true, .udp = true, .queue_most = 4 };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->tcp_port);
    char line[40];

    sink_set(sink, true, false);
    send_udp(sink->udp_port, "<13>datagram", 12);
    for (int i = 0; i < 3000; i++) {
        int n = snprintf(line, sizeof line, "<13>line %d\n", i);
        CHECK(client_send(fd, line, (size_t)n));
    }
    usleep(300000);
    CHECK_INT(sink->count, 0);
    sink_set(sink, false, false);
    CHECK(sink_wait(sink, 3001));
    CHECK_INT(sink->stored, 3001);
    close(fd);
    sink_stop(&sink);
    CHECK(sink == NULL);
}

TEST("intake ends although nothing can be stored") {
    struct sink_options options = { .tcp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->tcp_port);

    sink_set(sink, true, false);
    client_send(fd, "<13>lost\n", 9);
    usleep(300000);
    close(fd);
    sink_stop(&sink); /* and says so in the log */
    CHECK(sink == NULL);
}

static char reply[65536];

TEST("RELP is answered in order, after the commit, and closed politely") {
    struct sink_options options = { .relp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->relp_port);
    static const char open_[] =
        "1 open 86 relp_version=0\nrelp_software=librelp,1.2.14,http://librelp."
        "adiscon.com\ncommands=syslog\n";

    client_send(fd, open_, sizeof open_ - 1);
    client_read(fd, "commands=syslog\n", reply, sizeof reply);
    CHECK(strstr(reply, "1 rsp "));
    CHECK(strstr(reply, "200 OK\nrelp_version=0\n"));
    client_send(fd, "2 syslog 7 <13>one\n3 syslog 7 <13>two\n", 38);
    client_read(fd, "3 rsp 6 200 OK\n", reply, sizeof reply);
    CHECK_TEXT(reply, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
    CHECK_INT(sink->count, 2);
    client_send(fd, "4 syslog 9 <13>three\n5 close 0\n", 31);
    client_read(fd, "serverclose 0\n", reply, sizeof reply);
    CHECK_TEXT(reply, "4 rsp 6 200 OK\n5 rsp 0\n0 serverclose 0\n");
    CHECK_INT(recv(fd, reply, 1, 0), 0);
    close(fd);
    sink_stop(&sink);
}

TEST("RELP that could not be stored is not answered: the connection ends") {
    struct sink_options options = { .relp = true };
    struct sink *sink = sink_start(&options);
    int fd = client_connect(sink->relp_port);

    sink_set(sink, true, false);
    client_send(fd, "1 open 14 relp_version=0\n", 25);
    client_read(fd, "commands=syslog\n", reply, sizeof reply);
    client_send(fd, "2 syslog 7 <13>one\n", 19);
    CHECK_INT(client_read(fd, NULL, reply, sizeof reply), 0);
    close(fd);
    sink_stop(&sink);
}

TEST("what is no RELP is cut off") {
    static const char *const bad[] = {
        "hello world this is not relp at all, but something that goes on and on and on and on\n",
        "1 syslog 5 hello\n", "1 open 99999999 x\n", "1 open -1 x\n", "x open 1 x\n",
    };
    struct sink_options options = { .relp = true };
    struct sink *sink = sink_start(&options);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd = client_connect(sink->relp_port);
        client_send(fd, bad[i], strlen(bad[i]));
        CHECK_INT(client_read(fd, NULL, reply, sizeof reply), 0);
        close(fd);
    }
    CHECK_INT(sink->count, 0);
    sink_stop(&sink);
}
