/* stream - an answer that goes out line by line while it is made.
 *
 * Until api_stream_open the call is one like any other: it may still fail with a status. Behind it
 * the request is gone (its parameters, its headers); what is needed of them is copied before. A
 * failure is then a last line {"error": …}.
 */
#ifndef API_STREAM_H
#define API_STREAM_H

#include "api/call.h"

/* Sends 200 and the headers; false when memory is short (the client has got 503). */
bool api_stream_open(struct api_call *call, const char *type);
/* Sends what stands in call->body, a line end behind it, and empties it for the next. Waits while the
 * client reads slowly; false when it has gone. */
bool api_stream_line(struct api_call *call);
/* The same bytes as they are. */
bool api_stream_bytes(struct api_call *call);

/* ---- live tails: told when something was stored ------------------------------------------------ */

struct api_news;

struct api_news *api_news_new(void);    /* NULL: memory is short */
void api_news_free(struct api_news **news);
void api_news_tell(struct api_news *news);
/* One more who listens; false when they are as many as may be. */
bool api_news_join(struct api_news *news, uint64_t *seen_out);
void api_news_leave(struct api_news *news);
/* Waits until something was told since *seen (moved on), or `most` ns. */
void api_news_wait(struct api_news *news, uint64_t *seen, int64_t most);

#endif
