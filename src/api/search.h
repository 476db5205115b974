/* search - what the pages of the archive share: the question, names beside keys, the foot. */
#ifndef API_SEARCH_H
#define API_SEARCH_H

#include "api/call.h"
#include "base/map.h"

/* Names that were read once. */
struct search_names {
    struct map systems, sources;   /* key → struct slice * */
};
void search_names_free(struct search_names *names);
#define SEARCH_NAMES __attribute__((cleanup(search_names_free))) struct search_names

/* Query, time, agency and source as the route's parameters say, within the call's scope. */
bool search_request(struct api_call *call, struct api_search_request *request_out);
/* "<time>:<event id>" of the last event of the page before, from the parameter `cursor`. */
bool search_cursor_read(struct api_call *call, struct api_search_request *request);
#define SEARCH_CURSOR 128
void search_cursor_print(const struct json *event, char text[SEARCH_CURSOR]);
/* The reader's event as an object. */
void search_event_put(struct api_call *call, struct search_names *names, const struct json *event);
/* Asks the reader; each line goes to `line`. False: call->error is set. */
bool search_ask(struct api_call *call, const struct api_search_request *request,
                bool (*line)(void *, enum api_search_line, struct slice), void *user);

/* Of an "agency" (the short one), "system" or "source"; the key itself when there is none. */
struct slice search_name(struct api_call *call, struct search_names *names, struct slice kind,
                         struct slice key);

/* The members of Histogram, from the reader's buckets (NULL: none), every bucket of the request's
 * range, empty ones too. */
void search_histogram_put(struct api_call *call, const struct json *line,
                          const struct api_search_request *request);
/* Why not everything was read, a key of the texts; NULL: it was. */
const char *search_stopped(const struct json *foot, const char *limit);
/* The members of ReadFoot from the reader's last line (NULL: it was cut off). limit: what is said when as
 * many events came as were asked for; NULL: that is all that was wanted. */
void search_foot_members(struct api_call *call, const struct json *foot, const char *limit);
/* The same as the member `foot`. */
void search_foot_put(struct api_call *call, const struct json *foot, const char *limit);
/* Of the searches that end by themselves; in the foot's words. */
#define SEARCH_BUDGET_MS 15000
#define SEARCH_BUDGET_BYTES (UINT64_C(64) << 30)
/* A number of that line; 0 when absent. */
int64_t search_number(const struct json *json, const char *name);

#endif
