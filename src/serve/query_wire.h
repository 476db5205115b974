/* query_wire - how the hub asks the reader: one JSON object, a line end; then lines until the end.
 *
 *   {"query":"…","from":0,"to":0,"all":true,"scope":"","agency":"","source":"","limit":100,
 *    "buckets":0,"before":"","before_time":0,"budget_ms":10000,"budget_bytes":0,
 *    "budget_rows":0,"explain":false}
 *   or {"id":"…",…} or {…,"live":true} or {"rule":"…","beside":"…","days":30,"all":…,"budget_ms":…,…}
 *
 * Answer lines begin with a letter: 'Q' the query was understood {"table":false} (first), 'E' an
 * event, 'T' a table's columns, 'R' its row, 'W' why a block was skipped {"file":…,"block":…,
 * "why":…}, 'P' the foot so far (about ten a second), 'B' buckets (behind each 'P', and at the end),
 * 'F' the foot (last), or 'X' an error {"kind":n,"place":…,"sentence":…,"sentence_vi":…,"hint":…,
 * "hint_vi":…} (last). Behind it stands the JSON of archive/search.h. To cancel is to hang up.
 *
 * A back-test (the third): 'Q' the rule was understood, 'M' a match, 'D' the days so far (before each
 * 'P' and before 'F'), 'P', 'F', 'X'; behind 'Q', 'M', 'D' stands the JSON of serve/backtest.h.
 *
 * Live: behind 'Q' the reader waits. Each line it is sent, of whatever text, makes it look at what
 * was stored since it looked last: 'E' lines and an 'F'.
 */
#ifndef SERVE_QUERY_WIRE_H
#define SERVE_QUERY_WIRE_H

#include "api/api.h"
#include "base/json.h"

#define QUERY_REQUEST_MAX (4u * 1024 * 1024)  /* a rule and those beside it, escaped */
#define QUERY_LINE_MAX (8u * 1024 * 1024)

/* Each without its line end: line_write puts it. */
void query_wire_request(const struct api_search_request *request, struct buffer *out);
void query_wire_error(const struct error *e, struct buffer *out);
/* Sets e from an 'X' line's JSON. */
void query_wire_read_error(struct slice json, struct error *e);

#endif
