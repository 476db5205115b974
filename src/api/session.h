/* session - who asks. The cookie's token is hashed in the records; what ends by disuse is watched
 * here, in memory: a restart gives each session a fresh idle span, never a longer life. */
#ifndef API_SESSION_H
#define API_SESSION_H

#include <pthread.h>

#include "api/call.h"

#define API_COOKIE "haidang_session"
#define API_IDLE_SECONDS 3600
#define API_IDLE_MOST 4096   /* sessions watched; beyond, the longest unused are let go */

struct api_idle_entry {
    uint64_t token;   /* hash */
    int64_t used;
};

struct api_idle {
    pthread_mutex_t lock;
    struct api_idle_entry entries[API_IDLE_MOST];
    uint32_t count;
};

void api_idle_init(struct api_idle *idle);
void api_idle_free(struct api_idle *idle);

/* Reads the cookie: sets session, actor, scope and language. False: 401 is set. */
bool api_session_read(struct api_call *call, struct api_idle *idle);
/* Whether the request carries the session's CSRF token; false: 403 is set. */
bool api_session_csrf(struct api_call *call);

#endif
