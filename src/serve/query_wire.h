/* query_wire - how the hub asks the reader: one JSON object, a line end; then lines until the end.
 *
 *   {"query":"…","from":0,"to":0,"all":true,"scope":"","agency":"","source":"","limit":100,
 *    "buckets":0,"facets":["user"],"before":"","before_time":0,"budget_ms":10000}   or {"id":"…",…}
 *
 * Answer lines begin with a letter: 'E' an event, 'R' a row, 'B' buckets, 'V' a field's values, 'F'
 * the foot (last), or 'X' an error {"kind":n,"place":…,"sentence":…,"sentence_vi":…,"hint":…,
 * "hint_vi":…} (last). Behind it stands the JSON of archive/search.h. To cancel is to hang up.
 */
#ifndef SERVE_QUERY_WIRE_H
#define SERVE_QUERY_WIRE_H

#include "api/api.h"
#include "base/json.h"

#define QUERY_REQUEST_MAX (64u * 1024)
#define QUERY_LINE_MAX (8u * 1024 * 1024)

/* Each without its line end: line_write puts it. */
void query_wire_request(const struct api_search_request *request, struct buffer *out);
void query_wire_error(const struct error *e, struct buffer *out);
/* Sets e from an 'X' line's JSON. */
void query_wire_read_error(struct slice json, struct error *e);

#endif
