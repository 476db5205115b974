/* api - the hub's face for people: sessions, roles, one file a resource, and the console's files.
 *
 * The contract is openapi.yaml; the table of routes (api/route.h) has a row for each of its
 * operations, and nothing is answered that has no row. A row names who may call, which parameters
 * and members of the body exist, and the function; whatever else comes is refused. What a caller
 * may see is not decided here but in the queries: each gets the session's scope.
 *
 * Good: short calls to the records. Slow ones (search, report, log-in) have threads of their own,
 *       so that they never hold up the others.
 * Never: a path, file name or SQL made of what came; a reply without http_reply_security.
 */
#ifndef API_API_H
#define API_API_H

#include "base/buffer.h"
#include "base/error.h"
#include "event/losses.h"
#include "enrol/office.h"
#include "plan/plan.h"
#include "records/records.h"

/* ---- what the hub lends: search -------------------------------------------------------------- */

struct api_search_request {
    const char *id;          /* not NULL: this one event, nothing else below but the scope counts */
    struct slice query;      /* text as typed; empty: everything */
    int64_t from, to;        /* event time in [from, to), ns UTC */
    bool all;                /* scope: every agency and unknown senders; else */
    struct slice scope;      /* only this agency's; never empty unless `all` */
    struct slice agency;     /* a filter within the scope; empty: any */
    struct slice source;     /* likewise */
    uint64_t limit;          /* events to deliver; 0: none are wanted, only buckets */
    unsigned buckets;        /* histogram in about so many; 0: none */
    struct slice before;     /* next page: the id of the last event of the page before; empty */
    int64_t before_time;     /* and its time */
    unsigned budget_ms;      /* wall time */
    uint64_t budget_bytes;   /* inflated bytes */
    uint64_t budget_rows;    /* events looked at; 0: any number */
    bool explain;            /* say of each block whether it was read */
    bool live;               /* what is stored from now on; from, to, before do not count */
    struct slice rule;       /* not empty: a back-test of this rule's text; then only the scope, the
                              * budgets and days count */
    struct slice beside;     /* rules that its correlations count; or empty */
    unsigned days;           /* of it, today being the last */
};

/* Which of the reader's texts a line is (archive/search.h, serve/query_wire.h). */
enum api_search_line {
    API_SEARCH_HEAD,         /* the query was understood: {"table":false}; always the first. Of a
                              * back-test: backtest_rules_json */
    API_SEARCH_EVENT,        /* search_event_json */
    API_SEARCH_COLUMNS,      /* search_columns_json, before the first row */
    API_SEARCH_ROW,          /* search_cells_json */
    API_SEARCH_BUCKETS,      /* search_buckets_json: as they stand, and at the end */
    API_SEARCH_EXPLAIN,      /* {"file":…,"block":…,"why":…} */
    API_SEARCH_PROGRESS,     /* search_foot_json so far */
    API_SEARCH_MATCH,        /* of a back-test: backtest_example_json (serve/backtest.h) */
    API_SEARCH_DAYS,         /* of a back-test: backtest_days_json, as they stand, and at the end */
    API_SEARCH_WAITING,      /* nothing has come for half a second; empty */
    API_SEARCH_FOOT          /* search_foot_json; always the last (live: of each look) */
};

struct api_search {
    void *owner;
    /* Runs in the calling thread until the reader has said all; each line goes to `line`, which
     * returns false when no more is wanted (the reader's process then ends). A live request goes
     * on: after the head and each foot `line` gets API_SEARCH_WAITING and keeps it until a look is
     * due. False with *e: ERROR_INPUT for the query (place "COLUMN" within it), ERROR_NOT_FOUND for
     * an id that is not there or outside the scope, ERROR_BUSY when the reader is down. */
    bool (*run)(void *owner, const struct api_search_request *request,
                bool (*line)(void *user, enum api_search_line kind, struct slice json), void *user,
                struct error *e);
};

/* ---- what the hub lends: how the machine is -------------------------------------------------- */

struct api_role {
    struct slice name, state;    /* state: running, restarting, stopped */
    int64_t pid;                 /* 0: none */
    int64_t since;               /* 0: not known */
    uint64_t restarts;
    uint64_t memory;             /* its share, bytes; 0: not known */
};

struct api_listener {
    struct slice protocol, address;
    /* since it started; -1: not known. received = stored + repeated + quarantined + refused +
     * waiting */
    int64_t received, stored, repeated, quarantined, refused, waiting;
    int64_t dropped;             /* by the kernel, before we saw them (UDP) */
    int64_t connections;         /* now */
    struct slice canary;         /* found, lost, waiting (none found yet), none */
    int64_t canary_found;        /* when the last one found again was sent; 0: none */
};

struct api_rule_fault {
    struct slice path, sentence;
};

struct api_check {
    struct slice id, state;      /* state: well, warning, failed */
    struct slice sentence, hint; /* in the language asked for; hint may be empty */
};

struct api_machine_state {
    int64_t started;
    struct api_check *checks;        /* further ones than the API's own */
    uint32_t check_count;
    struct api_role *roles;
    uint32_t role_count;
    struct api_listener *listeners;
    uint32_t listener_count;
    bool losses_known;               /* false: the pipeline is down */
    struct losses losses;            /* of detection */
    struct api_rule_fault *faults;   /* rules that could not be loaded */
    uint32_t fault_count;
    uint64_t rules_loaded;
    uint64_t days, events, bytes, raw_bytes;   /* of the archive */
    int64_t oldest, newest;                    /* 0: none */
};

struct api_machine {
    void *owner;
    /* Fills what it knows (all was zero), bytes in the arena. Any thread. */
    bool (*look)(void *owner, const char *language, struct arena *arena,
                 struct api_machine_state *state_out, struct error *e);
};

/* ---- start and stop -------------------------------------------------------------------------- */

struct api_options {
    int listen_fd;               /* bound and listening; the API's from now on */
    const char *records;         /* the database's path */
    struct office *office;       /* enrols senders; NULL: that answers 503 */
    const struct plan *plan;     /* shared, never changed; NULL: the plan's pages say 503 */
    const char *rules[4];        /* folders of rules, for an alert's text; NULL-filled */
    const char *catalogue;       /* cache/catalogue.json of the compiler; NULL: no list of rules */
    const char *archive;         /* directory, for the disk's figures and packages of evidence; may
                                  * be NULL */
    const char *heads;           /* folder of the signed heads */
    const char *archive_key;     /* that signs them, and packages; NULL: none are made */
    struct api_search search;    /* run NULL: search answers 503 */
    struct api_machine machine;  /* look NULL: the page of the machine shows what the API knows */
    void (*changed)(void *owner);/* something was changed that standings may rest on; may be NULL */
    void *changed_owner;
    const char *language;        /* of those who say nothing: "vi" */
    const char *syslog_address;  /* as senders reach it, "127.0.0.1:5514"; NULL or "": off */
    const char *http_address;    /* likewise, of the HTTP intake */
    bool cookie_secure;          /* behind TLS: the cookie is marked Secure */
    unsigned idle_seconds;       /* a session unused so long ends; 0: 3600 */
    const char *tls_certificate, *tls_key;     /* PEM; NULL: plain */
};

struct api;

/* Opens connections to the records, starts the threads and the server. False: nothing is left, the
 * descriptor is closed. The options' pointers must live as long as the API. */
bool api_start(const struct api_options *options, struct api **api_out, struct error *e);
/* Something was stored in the archive: live tails look. NULL is fine; any thread. */
void api_stored(struct api *api);
/* Answers what is in hand, then ends. NULL is fine. */
void api_stop(struct api **api);

#endif
