/* query - the search language: text in, a checked tree out. One grammar for CLI, API, console.
 *
 *     failed password                      both words
 *     "failed password"                    the phrase
 *     fail* *shadow*                       wildcards: * any run, ? one character
 *     user:root  user:=root                field has the word; field is exactly this
 *     user:(root or admin)  user:*         one of these; the field exists
 *     src_ip:10.0.0.0/8                    network (IPv4, IPv6)
 *     sc-status:>=500  bytes:100..200      ranges over numbers (and time:>-1h, time:2026-11-24)
 *     CommandLine:/-enc\s+[a-z]+/          regular expression (PCRE2, case folded)
 *     source:fw-01 system:… agency:… decoder:… product:… category:… service:… class:…
 *     id:20261124.standard.184             pseudo-fields of the envelope
 *     a and b or not (c d)                 `and` may be left out; not > and > or
 *     … | count by user over 1h | top 10   pipes: count, top, stats, timechart, fields, sort,
 *                                          limit, uniq
 *
 * Words and values compare with case and Vietnamese diacritics folded; a word is whole (`root` is
 * not found in `rooted`; write root*). docs/search.md is the user's manual.
 * Never: a tree used after its arena; a query of an outsider parsed without its error shown, which
 * points at the column.
 */
#ifndef ARCHIVE_QUERY_H
#define ARCHIVE_QUERY_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define QUERY_BYTES_MAX 8192  /* of text */
#define QUERY_NODES_MAX 512
#define QUERY_DEPTH_MAX 64
#define QUERY_STAGES_MAX 16
#define QUERY_COLUMNS_MAX 16  /* fields in one `by`, `fields`, `stats` */

struct query;

/* now (ns UTC) is what relative times (-1h) count from. The tree lives in the arena and refers to
 * no byte of text. False: e names the column, shows the query and what was expected. */
bool query_parse(struct slice text, int64_t now, struct arena *arena, struct query **query_out,
                 struct error *e);

/* The query written out in full form, for explain and saved searches: parses to the same tree. */
void query_print(const struct query *query, struct buffer *out);

/* True when the query ends in a table (count, top, stats, timechart, fields, uniq), not in events. */
bool query_gives_table(const struct query *query);
/* True when it has no pipe at all. */
bool query_is_plain(const struct query *query);

/* A point in time as the query, the CLI and the API write it: `2026-11-24`, `2026-11-24T08:00`,
 * `…:00Z`, `…+07:00`, `-1h`, `-7d`, `now`, unix seconds `@1790000000`. Without a zone it is
 * Asia/Ho_Chi_Minh (UTC+7, no daylight saving). False: e says what was expected. */
bool query_time(struct slice text, int64_t now, int64_t *time_out, struct error *e);
/* A length: 30s, 5m, 1h, 7d, 2w; in ns. */
bool query_duration(struct slice text, int64_t *ns_out);

#endif
