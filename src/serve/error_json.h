/* error_json - an error as JSON and back, so that it crosses a local socket whole, in both languages. */
#ifndef SERVE_ERROR_JSON_H
#define SERVE_ERROR_JSON_H

#include "base/json.h"

void error_json_put(struct json_writer *w, const struct error *e);
/* Sets e (may be NULL, or set already: then it stays). */
void error_json_get(const struct json *json, struct error *e);

#endif
