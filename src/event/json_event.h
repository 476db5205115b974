/* json_event - the fast way from a JSON record to an event's fields (simdjson behind it).
 *
 * One object becomes a flat list in the record's order: a member of a member gets a dotted path
 * ("userIdentity.arn"), elements of an array share its name, and an object or array stands besides
 * as its JSON text (Sigma rules look into both). Text is unescaped; numbers keep the digits of the
 * record, so that 1, 1.0 and "1" can be told apart.
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
#define JSON_EVENT_PADDING 64u /* bytes behind a record that may be read (not interpreted) */

struct json_reader;

/* NULL when memory is short. */
struct json_reader *json_reader_new(void);
void json_reader_free(struct json_reader **reader);

/* Reads one object. padded: JSON_EVENT_PADDING readable bytes follow the text (whatever they hold);
 * otherwise the text is copied first. The fields are the arena's; names and values may point into
 * the reader: they hold until the next call unless `keep` asks for copies in the arena.
 * False with the byte offset's sentence when it is no JSON object, too deep or too wide. */
bool json_event_read(struct json_reader *reader, struct slice json, bool padded, bool keep,
                     struct arena *arena, struct event_field **fields_out, uint32_t *count_out,
                     struct error *e);

/* The same with a reader of the thread's own and copies in the arena: for decoders. */
bool json_event_decode(struct slice json, struct arena *arena, struct event_field **fields_out,
                       uint32_t *count_out, struct error *e);

/* For measuring: parses and touches every field, nothing else. Returns the number of fields, or -1. */
long json_event_touch(struct json_reader *reader, struct slice json, bool padded);

#ifdef __cplusplus
}
#endif
#endif
