/* route - the table of what can be asked, and by whom. Private to the room, and to its tests.
 *
 * Deny by default: a path without a row is 404, a role that a row does not name is 403, a parameter
 * or member that it does not name is 400. A test walks roles × rows, and holds the table against
 * openapi.yaml.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "http/http.h"
#include "records/records.h"

struct api_call;

enum api_kind {
    API_TEXT,        /* one line of least..most characters */
    API_LINES,       /* the same in lines, ended by LF: CRLF becomes it */
    API_KEY,         /* a slug */
    API_NAME,        /* a user's name */
    API_INTEGER,     /* least..most */
    API_BOOLEAN,
    API_TIME,        /* ISO 8601 with zone */
    API_DAY,         /* 2026-11-24 */
    API_PERIOD,      /* 2026, 2026-H1, 2026-Q3, 2026-11 */
    API_CHOICE,      /* one of choices */
    API_CHOICES,     /* comma-separated ones of choices */
    API_INTEGERS,    /* array in a body; each least.., at most `most` of them */
    API_SECRET       /* text taken byte for byte: a password, a rule, a feed */
};

struct api_field {
    const char *name;
    enum api_kind kind;
    bool required;
    int64_t least, most;
    const char *fallback;
    const char *const *choices;   /* NULL-ended */
};

/* Which threads do it: records alone; the plan's check; the archive or a document; live
 * tails, which last; argon2id. */
enum api_lane { API_QUICK, API_PLAN, API_SLOW, API_LIVE, API_LOGIN, API_LANES };

#define API_EVERYBODY (ROLE_LEAD | ROLE_AGENCY | ROLE_RESPONDER | ROLE_FINANCE | ROLE_POLICE | \
                       ROLE_ASSESSOR | ROLE_LEADER | ROLE_ADMIN)

struct api_route {
    enum http_method method;
    const char *path;                  /* "/alerts/{alert}/take" */
    unsigned roles;                    /* bits of enum role; 0: needs no session */
    bool csrf;                         /* needs the session's token in X-Haidang-Csrf */
    enum api_lane lane;
    const struct api_field *fields;    /* in path and query, ends with a NULL name */
    const struct api_field *body;      /* members of the body; NULL: none is taken */
    bool (*function)(struct api_call *call);
};

#define API_ROOT "/api/v1"
#define API_BODY_MOST (64u << 10)
/* A feed of indicators: what is larger goes by `haidang indicators import`. */
#define API_FEED_PATH API_ROOT "/indicators/feeds"
#define API_FEED_MOST (4u << 20)

/* The whole table. */
const struct api_route *api_routes(size_t *count_out);

/* The row for a path behind API_ROOT; NULL when there is none: then *methods_out has a bit (1 <<
 * method) for each method that the path does have. */
const struct api_route *api_route_find(enum http_method method, struct slice path,
                                       unsigned *methods_out);
/* The segment of `path` that stands where the row has {name}; SLICE_NONE when it has none. */
struct slice api_route_segment(const struct api_route *route, struct slice path, const char *name);

#endif
