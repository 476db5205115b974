/* The connections of a server. The library stops accepting when it has as many as it may; whoever opens
 * that many and never ends a request's head would shut all others out. So when ours are all taken, the
 * one that has said nothing whole for longest is given up for the new one. */
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http/exchange.h"

struct http_visit {
    struct http_visit *next, **link;
    int fd;
    bool waiting;         /* for the whole head of a request */
    bool given_up;
    int64_t since;        /* steady clock */
};

static struct http_visit *visit_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* Under the lock, like the next. NULL: all are busy, or have not waited for long. */
static struct http_visit *longest_waiting(struct http_server *server)
{
    int64_t before = clock_steady() - (int64_t)server->options.head_seconds * CLOCK_SECOND;
    struct http_visit *found = NULL;

    for (struct http_visit *visit = server->visits; visit; visit = visit->next)
        if (visit->waiting && !visit->given_up && visit->since < before) {
            before = visit->since;
            found = visit;
        }
    return found;
}

/* The library sees the end, and closes it. */
static void give_up(struct http_server *server, struct http_visit *visit)
{
    visit->given_up = true;
    server->visit_count--;
    shutdown(visit->fd, SHUT_RDWR);
}

static void visit_begin(struct http_server *server, struct MHD_Connection *connection, void **context)
{
    struct http_visit *visit = calloc(1, sizeof *visit);
    struct http_visit *one;
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

    if (!visit) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    *visit = (struct http_visit){ .fd = fd, .waiting = true, .since = clock_steady() };
    *context = visit;
    pthread_mutex_lock(&server->lock);
    visit->next = server->visits;
    visit->link = &server->visits;
    if (visit->next)
        visit->next->link = &visit->next;
    server->visits = visit;
    if (++server->visit_count > server->options.connections_most) {
        one = longest_waiting(server);
        give_up(server, one ? one : visit);
    }
    pthread_mutex_unlock(&server->lock);
}

static void visit_end(struct http_server *server, struct http_visit *visit)
{
    pthread_mutex_lock(&server->lock);
    *visit->link = visit->next;
    if (visit->next)
        visit->next->link = visit->link;
    server->visit_count -= !visit->given_up;
    pthread_mutex_unlock(&server->lock);
    free(visit);
}

void visit_notice(void *user, struct MHD_Connection *connection, void **context,
                  enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        visit_begin(user, connection, context);
    else if (*context)
        visit_end(user, *context);
}

void visit_wait(struct http_server *server, struct MHD_Connection *connection, bool waiting)
{
    struct http_visit *visit = visit_of(connection);

    if (!visit)
        return;
    pthread_mutex_lock(&server->lock);
    visit->waiting = waiting;
    visit->since = clock_steady();
    pthread_mutex_unlock(&server->lock);
}
