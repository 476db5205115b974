/* search - what the pages of the archive share: the question, names beside keys, the foot. */
#ifndef API_SEARCH_H
#define API_SEARCH_H

#include "api/call.h"
#include "base/map.h"

/* Query, time, agency and source as the route's parameters say, within the call's scope. */
bool search_request(struct api_call *call, struct api_search_request *request_out);
/* Asks the reader; each line goes to `line`. False: call->error is set. */
bool search_ask(struct api_call *call, const struct api_search_request *request,
                bool (*line)(void *, enum api_search_line, struct slice), void *user);

/* Names that were read once. */
struct search_names {
    struct map systems, sources;   /* key → struct slice * */
};
void search_names_free(struct search_names *names);
#define SEARCH_NAMES __attribute__((cleanup(search_names_free))) struct search_names

/* Of an "agency" (the short one), "system" or "source"; the key itself when there is none. */
struct slice search_name(struct api_call *call, struct search_names *names, struct slice kind,
                         struct slice key);

/* The member `foot` from the reader's last line (NULL: it was cut off). limit: what is said when as
 * many events came as were asked for; NULL: that is all that was wanted. */
void search_foot_put(struct api_call *call, const struct json *foot, const char *limit);
/* A number of that line; 0 when absent. */
int64_t search_number(const struct json *json, const char *name);

#endif
