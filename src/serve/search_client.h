/* search_client - asks the reader over run/reader.sock, for the API. */
#ifndef SERVE_SEARCH_CLIENT_H
#define SERVE_SEARCH_CLIENT_H

#include "api/api.h"

/* Fits api_search.run; owner is the socket's path (const char *). */
bool search_client_run(void *owner, const struct api_search_request *request,
                       bool (*line)(void *user, enum api_search_line kind, struct slice json),
                       void *user, struct error *e);

#endif
