/* http - an HTTP/1.1 server behind a thin interface (libmicrohttpd, TLS by GnuTLS).
 *
 * One server listens on one descriptor that the caller has bound. For each request the server's
 * threads call begin() when the headers are there (to allow a body, or to answer at once: a wrong
 * token is refused before its body is read) and handle() when the body is there. A handler answers
 * exactly once by one of the http_reply functions: at once, or later from any thread (the
 * connection sleeps meanwhile and costs nothing).
 *
 * Good: handlers that take microseconds, or hand the request on and return.
 * Bad: a handler that blocks: it blocks every other connection of its thread.
 * Never: a request touched after it was answered; a path used as a file name.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

struct http_server;
struct http_exchange; /* private half of a request */

enum http_method {
    HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER
};

/* A name and its value, as they came. Header names compare without case. */
struct http_pair {
    struct slice name, value;
};

/* All bytes live until the request is answered. */
struct http_request {
    enum http_method method;
    struct slice target;         /* as sent: path and query, still encoded */
    struct slice path;           /* decoded, begins with '/'; no NUL, valid UTF-8 */
    struct http_pair *query;     /* decoded parameters in order (+ is a blank) */
    uint32_t query_count;
    struct http_pair *headers;
    uint32_t header_count;
    struct slice body;           /* in handle(); empty in begin() */
    struct slice address;        /* of the peer: "192.0.2.1", "2001:db8::1" */
    uint16_t port;               /* of the peer */
    bool tls;
    struct slice certificate_sha256; /* hex, of a verified client certificate; "" none */
    const char *certificate_fault; /* why the one that it sent is not valid; NULL: it is, or none */
    int64_t received;            /* when the headers were there; ns UTC */
    /* begin() may set it for a body of any length: it is called with what is there whenever more has
     * come, and returns how many bytes are done with. What it leaves waits, at most begin()'s value;
     * at the end that is `body`. NULL: handle() gets the whole body. */
    size_t (*take)(struct http_request *request, struct slice bytes);
    struct arena *arena;         /* for the handler; freed after the reply is sent */
    void *mark;                  /* the handler's, from begin() to handle() */
    struct http_exchange *exchange;
};

struct http_options {
    int listen_fd;               /* bound and listening; the server's from now on */
    unsigned threads;            /* 0: 1 */
    unsigned connections_most;   /* 0: 1024; for a further one, who waits longest is given up */
    unsigned head_seconds;       /* 0: 10; … if no whole head of a request came for so long; else the
                                  * further one is closed at once */
    unsigned address_most;       /* connections of one address; 0: no limit */
    unsigned idle_seconds;       /* 0: 60; a connection that says nothing so long is closed */
    size_t request_arena;        /* ceiling of each request's arena; 0: 8 MiB besides the body */
    const char *tls_certificate; /* PEM, with chain; NULL: plain HTTP */
    const char *tls_key;         /* PEM */
    const char *tls_clients;     /* PEM of the CA whose client certificates are asked for; NULL */

    /* Headers are there. Returns the most bytes of body that this request may have (0: none).
     * It may answer by http_reply: then the body is not read and handle() not called. */
    size_t (*begin)(struct http_request *request, void *user);
    /* The body is about to hold so many bytes. False: no memory can be spared for it, and it is
     * refused with 429 (once it was sent). NULL: always true. */
    bool (*room)(struct http_request *request, size_t bytes, void *user);
    /* The whole body is there. */
    void (*handle)(struct http_request *request, void *user);
    /* The exchange is over: sent, or the client left. For what mark holds. May be NULL. */
    void (*end)(struct http_request *request, void *user);
    /* The server itself must refuse (bad target, body too large, stopping): answers with the body
     * that the users of this server expect. NULL: a line of plain text. */
    void (*refuse)(struct http_request *request, unsigned status, const char *sentence,
                   void *user);
    void *user;
};

/* False when the options cannot be (bad certificate, descriptor that does not listen): the
 * descriptor is closed then too. */
bool http_start(const struct http_options *options, struct http_server **server_out,
                struct error *e);
/* Takes no new connections, waits until every request in hand was answered by its handler, ends
 * the threads. The handlers' threads must still be able to answer. */
void http_stop(struct http_server **server);

/* --- reading ---------------------------------------------------------------------------------- */

/* SLICE_NONE when absent; the first of several. */
struct slice http_header(const struct http_request *request, const char *name);
struct slice http_query(const struct http_request *request, const char *name);
/* Of the Cookie header; SLICE_NONE when absent. Cookies are no secret-safe place for bytes other
 * than those of RFC 6265. */
struct slice http_cookie(const struct http_request *request, const char *name);
/* The credential behind "Authorization: <scheme> ", scheme without case; SLICE_NONE otherwise. */
struct slice http_authorization(const struct http_request *request, const char *scheme);
/* Media type of the body without parameters, lower case, in the arena; "" when absent. */
struct slice http_media_type(const struct http_request *request);
/* name=value&… → pairs, percent-decoded, in the arena (also for form bodies). False when a code is
 * broken, text is no UTF-8, or there are more than 256. */
bool http_form_parse(struct slice text, struct arena *arena, struct http_pair **pairs_out,
                     uint32_t *count_out);
/* Percent-decoding; SLICE_NONE when broken, holding NUL, or no UTF-8. */
struct slice http_decode(struct slice text, bool plus_is_blank, struct arena *arena);

/* --- answering -------------------------------------------------------------------------------- */

/* Adds a header to the reply to come; bytes are copied. Line breaks in it are refused (the header
 * is left out). Call before the reply, in the thread that will reply. */
void http_reply_header(struct http_request *request, const char *name, struct slice value);
/* Sends status, type (NULL: none) and body. The body must live until sent: put it in the request's
 * arena or in static memory. The request is gone for the caller when this returns. */
void http_reply(struct http_request *request, unsigned status, const char *type, struct slice body);
/* As http_reply with a copy of the body. */
void http_reply_copy(struct http_request *request, unsigned status, const char *type,
                     struct slice body);
/* A body that is made while it is sent, so that a client that does not read holds little. */
struct http_pieces {
    /* Writes the next bytes, at most so many; 0: it cannot, and the connection ends. In a thread of the
     * server's. */
    size_t (*write)(void *user, char *out, size_t most);
    void (*free)(void *user);    /* all was sent, or the client has left */
    void *user;                  /* outlives the request */
};
/* As http_reply with a body of exactly `size` bytes. */
void http_reply_pieces(struct http_request *request, unsigned status, const char *type, uint64_t size,
                       const struct http_pieces *pieces);
/* Headers that every page of the console and every API answer carry: no sniffing, no framing, own
 * scripts only, no referrer, no cache unless the caller adds one. */
void http_reply_security(struct http_request *request);

/* A reply whose body comes piece by piece, from any one thread. */
struct http_stream;
/* Sends status and headers. The request is gone, the stream is the caller's until http_stream_end.
 * NULL when memory is short (the client has got 503). */
struct http_stream *http_reply_stream(struct http_request *request, unsigned status,
                                      const char *type);
/* Copies bytes to the sender; waits while more than 1 MiB is unsent (at most 30 s). False when the
 * client is gone or does not read: nothing more needs to be written, but end it. */
bool http_stream_write(struct http_stream *stream, struct slice bytes);
/* True when the client has gone, or has closed its sending side. */
bool http_stream_gone(struct http_stream *stream);
void http_stream_end(struct http_stream **stream);

#endif
