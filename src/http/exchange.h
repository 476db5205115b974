/* exchange - the private half of a request, and the server it belongs to. For http/ only.
 *
 * An exchange is made when the request line was read, and freed when libmicrohttpd has done with
 * the reply. Who answers and who sends may be two threads: they meet in `replied` and `asleep`,
 * both under the server's lock.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <pthread.h>

#include "base/buffer.h"
#include "http/http.h"

#define EXCHANGE_HEADERS_MOST 100u
#define EXCHANGE_QUERY_MOST 256u
#define EXCHANGE_REPLY_HEADERS_MOST 32u

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_options options;
    int listen_fd;
    pthread_mutex_t lock;
    pthread_cond_t fewer;
    unsigned exchanges;     /* open ones */
    unsigned in_hand;       /* given to a handler and not answered, and streams not ended */
    struct http_visit *visits; /* connections */
    unsigned visit_count;   /* without those given up */
    bool stopping;
};

struct http_exchange {
    struct http_request request;
    struct arena arena;
    struct http_server *server;
    struct MHD_Connection *connection;
    bool headers_cut;       /* there are more than EXCHANGE_HEADERS_MOST */
    struct buffer body;
    size_t body_most;
    unsigned refused;       /* the status for a body that is not kept; 0: it is */
    const char *why;        /* with it */
    size_t dropped;         /* bytes of it */
    bool opened;            /* the first call of the access handler was made */
    bool handled;           /* begin() answered, or handle() was called */
    struct http_pair reply_headers[EXCHANGE_REPLY_HEADERS_MOST];
    unsigned reply_header_count;

    bool replied, asleep, queued; /* under the server's lock */
    struct MHD_Response *response;
    unsigned status;
};

/* Takes apart what the client sent. 0, or the status to refuse it with; *sentence_out says why. */
unsigned exchange_read(struct http_exchange *exchange, const char *method, const char **sentence_out);

/* The reply is complete: keeps it for the server's thread, and wakes that when it sleeps. */
void exchange_answer(struct http_exchange *exchange, unsigned status, const char *type,
                     struct MHD_Response *response);

/* For the library: a connection began or ended. */
void visit_notice(void *user, struct MHD_Connection *connection, void **context,
                  enum MHD_ConnectionNotificationCode what);
/* The head of a request is whole (false), or the next one is awaited. */
void visit_wait(struct http_server *server, struct MHD_Connection *connection, bool waiting);

/* Streams count as requests in hand. */
void server_hold(struct http_server *server);
void server_let_go(struct http_server *server);
bool server_stopping(struct http_server *server);

#endif
