/* world - a real API over a temporary database on a free port of 127.0.0.1, and a client for it.
 *
 * Two agencies (so-tttt, so-y-te), each with a system, a source, an alert and an incident; a user
 * of every role, named after it ("agency" is of so-y-te; "other" is of so-tttt).
 */
#ifndef WORLD_H
#define WORLD_H

#include "api/api.h"

#define WORLD_PASSWORD "mat-khau-thu-nghiem"

struct world {
    struct api *api;
    struct records *records;    /* of the test's own thread */
    struct plan *plan;
    uint16_t port;
    int64_t alert_own, alert_other, incident_own, incident_other;  /* own: of so-y-te */
    unsigned changes;           /* how often the API said that something changed */
};

struct session {
    char cookie[128], csrf[64];
    unsigned status;            /* of logging in */
};

struct answer {
    unsigned status;
    char head[4096];
    const char *body;
    size_t len;
    char *bytes;
};

/* The one world of this program, started at the first call. */
struct world *world(void);
/* Of the certificate that the agency's source has. */
void world_fingerprint(const char *agency, char sha256[65]);

/* session NULL: none; body NULL: none. `extra` are further header lines, each with \r\n, or NULL.
 * The CSRF token goes with everything but GET. */
struct answer ask(const struct session *session, const char *method, const char *path,
                  const char *body, const char *extra);
void answer_free(struct answer *answer);
#define ANSWER __attribute__((cleanup(answer_free))) struct answer

struct session log_in(const char *name, const char *password);
/* Logged in once, and kept. */
const struct session *session_of(const char *name);

/* The rules that the last back-test brought along. */
const char *world_asked_beside(void);
/* What the fake reader was asked last. */
const struct api_search_request *world_asked(void);

#endif
