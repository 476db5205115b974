/* web - the faces of the HTTP listener: each a protocol told by its path. For intake/ only.
 *
 * A face is rows in one table (web.c): method, path, what it wants, function. Adding one (Loki,
 * GELF, OTLP) is a file and its rows.
 */
#ifndef INTAKE_WEB_H
#define INTAKE_WEB_H

#include "intake/load.h"

enum web_needs {
    WEB_OPEN,      /* answered to anybody: it tells nothing */
    WEB_TOKEN,     /* a source's token */
    WEB_EVENTS,    /* a source's token, a body with events, and room in the queue */
    WEB_RELAY,     /* a relay's certificate */
    WEB_RECORDS    /* a relay's certificate, a body with records, and room in the queue */
};

struct web_request {
    struct listener *listener;
    struct http_request *http;
    struct roster_source source;   /* WEB_TOKEN, WEB_EVENTS */
    struct roster_relay relay;     /* WEB_RELAY, WEB_RECORDS */
    struct slice text;             /* the inflated body */
    struct repeats *repeats;
    struct slice rest;             /* of the path, behind the row's '*' */
    void *own;                     /* of a face that takes its body piece by piece */
};

struct web_route {
    enum http_method method;
    const char *path;              /* "/a/b", or "/a/" followed by "*": all below */
    enum web_needs needs;
    void (*run)(struct web_request *request);
    /* Answers an error in the face's own manner. */
    void (*refuse)(struct http_request *request, unsigned status, const char *sentence);
    /* For bodies of any length, else NULL: eats of the bytes that are there as they come, returns
     * how many; what run() finds in http->body is the rest. */
    size_t (*take)(struct web_request *request, struct slice bytes);
    /* With take: the exchange is over, answered or not; frees what own holds. */
    void (*end)(struct web_request *request);
};

/* Counts so many bytes as held for this request until it is over, in place of what was counted before if
 * that was less. False: it would be more than one source, or all of them, may hold. */
bool web_hold(struct web_request *request, size_t bytes);

/* Says no with the words of the request's face, and counts it. */
void web_refuse(struct web_request *request, unsigned status, const char *sentence);

/* events.c: ours */
void events_post(struct web_request *request);
void events_get(struct web_request *request);
void events_refuse(struct http_request *request, unsigned status, const char *sentence);
/* relay.c */
void relay_records(struct web_request *request);
void relay_roster(struct web_request *request);
/* elastic.c */
void elastic_root(struct web_request *request);
void elastic_license(struct web_request *request);
void elastic_health(struct web_request *request);
void elastic_empty(struct web_request *request);
void elastic_acknowledged(struct web_request *request);
void elastic_bulk(struct web_request *request);
void elastic_refuse(struct http_request *request, unsigned status, const char *sentence);
/* journal.c: systemd-journal-upload */
size_t journal_take(struct web_request *request, struct slice bytes);
void journal_post(struct web_request *request);
void journal_end(struct web_request *request);
void journal_refuse(struct http_request *request, unsigned status, const char *sentence);
/* splunk.c */
void splunk_event(struct web_request *request);
void splunk_raw(struct web_request *request);
void splunk_health(struct web_request *request);
void splunk_ack(struct web_request *request);
void splunk_refuse(struct http_request *request, unsigned status, const char *sentence);

#endif
