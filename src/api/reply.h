/* reply - what goes out: JSON, errors in the user's language, the headers of every answer. */
#ifndef API_REPLY_H
#define API_REPLY_H

#include "api/call.h"

/* Answers the call: its body, or its error. The request is gone after it. */
void api_reply(struct api_call *call, bool well);
/* Answers a request that has no call (yet): refused by the server, or nobody has time. */
void api_reply_refusal(struct http_request *request, unsigned status, const char *code,
                       const char *sentence, const char *language);
/* "vi" or "en": the first of both that Accept-Language names; else the fallback. */
const char *api_accept_language(const struct http_request *request, const char *fallback);

#endif
