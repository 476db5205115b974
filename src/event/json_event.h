/* json_event - the fast way from a JSON record to an event's fields.
 *
 * One object becomes a flat list in the record's order: a member of a member gets a dotted path
 * ("userIdentity.arn"), elements of an array share its name, and an object or array stands besides
 * as its JSON text (Sigma rules look into both). Text is unescaped; numbers are canonical (1.0 is 1),
 * whole ones keep their digits however many. A wrong escape stays as it is written: it must not hide
 * the record.
 *
 * simdjson finds where each token begins (its first stage); the walk over them is ours, since its
 * second stage copies every string and most fields of most events are never looked at. Names are
 * kept once for all records: the name that came next last time is the first guess.
 *
 * Good: one json_reader a thread; its buffers are used again for every record.
 * Never: a reader shared between threads; fields used after the arena they were put in is cleared.
 */
#ifndef EVENT_JSON_EVENT_H
#define EVENT_JSON_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "base/arena.h"
#include "base/error.h"
#include "event/event.h"

#define JSON_EVENT_DEPTH_MOST 32u
#define JSON_EVENT_FIELDS_MOST 8192u
struct json_reader;

/* NULL when memory is short. */
struct json_reader *json_reader_new(void);
void json_reader_free(struct json_reader **reader);

/* Reads event->raw, one object, into event->fields. Lazy: values point into raw and are as they are
 * written there; the list and the names are the reader's and hold until its next call. Adds
 * EVENT_AS_RAW where it holds. False with the reason when it is no JSON object, too deep or too wide. */
bool json_event_lazy(struct json_reader *reader, struct event *event, struct arena *arena,
                     struct error *e);
/* Makes a lazy value what the header of event.h says; other fields stay. The bytes are the arena's.
 * False when memory is short. */
bool json_event_settle(struct event_field *field, struct arena *arena);

/* A lazy text's escapes resolved into out, which has text.len bytes; returns the length. */
size_t json_event_unescape(struct slice text, char *out);

/* A number of JSON in the digits that events have it in (1.50 is 1.5, 1e3 is 1000), into out; returns
 * the length, or 0 when it stands as it is written or is no number of JSON (007, 0x1, +1). */
#define JSON_EVENT_NUMBER 40
size_t json_event_number(struct slice text, char out[JSON_EVENT_NUMBER]);

/* Reads one object by a reader of the thread's own; everything is settled. Names are the arena's, values
 * too or, where they need no change, they point into json: for decoders, whose records stay. */
bool json_event_decode(struct slice json, struct arena *arena, struct event_field **fields_out,
                       uint32_t *count_out, struct error *e);
/* The same with another ceiling than JSON_EVENT_FIELDS_MOST. */
bool json_event_decode_wide(struct slice json, uint32_t fields_most, struct arena *arena,
                            struct event_field **fields_out, uint32_t *count_out, struct error *e);

#ifdef __cplusplus
}
#endif
#endif
