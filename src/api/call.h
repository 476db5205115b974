/* call - one request on its way through the API: what a resource's function gets, and how it
 * answers. Private to the room.
 *
 *     bool get_agency(struct api_call *call)
 *     {
 *         if (!records_agency_get(call->records, &call->scope, api_text(call, "agency"),
 *                                 call->arena, &agency, &call->error))
 *             return false;                       -- the dispatcher makes the reply of the error
 *         agency_put(call, &agency);              -- writes to call->json
 *         return true;
 *     }
 *
 * A function returns true when it has written the answer, false when call->error says why not.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/api.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "http/http.h"
#include "records/user.h"

#define API_ANSWER_MOST (32u << 20)   /* bytes of one answer */
#define API_VALUES_MOST 16            /* parameters and members of one route */

struct api_value {
    const struct api_field *field;
    bool given;                 /* false: the fallback stands in text and number */
    struct slice text;          /* as it came (a text member: NFC, trimmed) */
    int64_t number;             /* integer, boolean, time; of a day its first moment */
    int64_t *numbers;           /* a list's */
    uint32_t count;
};

struct api_call {
    struct api *api;
    const struct api_options *options;
    const struct api_route *route;
    struct http_request *request;
    struct arena *arena;
    struct records *records;    /* of this thread */
    const char *language;       /* "vi" or "en" */
    int64_t now;

    bool session_open;
    struct records_session session;
    struct actor actor;
    struct records_scope scope;

    struct api_value values[API_VALUES_MOST];
    uint32_t value_count;

    struct map agencies;        /* key → struct records_agency *, read at first use: names */
    bool agencies_read;

    unsigned status;            /* of the answer; 200 unless the function says otherwise */
    struct buffer body;
    struct json_writer json;    /* over body */
    const char *type;           /* NULL: application/json */
    bool streamed;              /* the request is gone: api/stream.h */
    struct http_stream *stream;
    struct error error;
    const char *code;           /* of the error; NULL: by its kind */
    unsigned error_status;      /* 0: by its kind */
};

/* The value of a parameter or member that the route declares; another name is a bug (asserts). */
const struct api_value *api_value(const struct api_call *call, const char *name);
struct slice api_text(const struct api_call *call, const char *name);
int64_t api_number(const struct api_call *call, const char *name);
bool api_given(const struct api_call *call, const char *name);

/* Fails the call: returns false. `code` and `place` may be NULL. */
bool api_fail(struct api_call *call, unsigned status, const char *code, const char *place,
              const char *sentence, ...) __attribute__((format(printf, 5, 6)));

/* A filter that names an agency outside the scope is 403, said before anything is read. */
bool api_agency_allowed(struct api_call *call, struct slice agency);

/* Text in the call's language. */
const char *api_say(const struct api_call *call, const char *key)
    __attribute__((format_arg(2)));
bool api_vietnamese(const struct api_call *call);

/* limit, cursor, sort of the route as the records want them. */
struct records_page api_page(const struct api_call *call);

/* Says that standings may rest on what was just changed. */
void api_changed(struct api_call *call);

#endif
