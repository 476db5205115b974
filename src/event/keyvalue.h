/* keyvalue - records made of key=value pairs, CEF and LEEF among them.
 *
 * Values may stand in double or single quotes (backslash escapes); without quotes they end at a
 * blank, or for CEF before the next key. What is no pair is stepped over.
 */
#ifndef EVENT_KEYVALUE_H
#define EVENT_KEYVALUE_H

#include "base/arena.h"
#include "event/event.h"

/* Fields in the making, in an arena. */
struct field_list {
    struct arena *arena;
    struct event_field *items;
    uint32_t count, capacity;
};

#define FIELDS_MOST 4096u

/* False when there are FIELDS_MOST or the arena is exhausted; the field is left out then. */
bool field_add(struct field_list *list, struct slice name, struct slice value,
               enum event_kind kind);

/* Adds the pairs; how many were found. */
size_t keyvalue_parse(struct slice text, struct field_list *list);
/* "CEF:0|vendor|product|version|id|name|severity|key=value …": header fields are named
 * DeviceVendor, DeviceProduct, DeviceVersion, DeviceEventClassID, Name, Severity. False: no CEF. */
bool cef_parse(struct slice text, struct field_list *list);
/* "LEEF:1.0|vendor|product|version|id|" or 2.0 with a declared delimiter. */
bool leef_parse(struct slice text, struct field_list *list);
/* auditd writes strings with odd bytes as hexadecimal digits without quotes: decoded, NUL as blank,
 * as valid UTF-8. SLICE_NONE when it is no such text. */
struct slice hex_text(struct slice value, struct arena *arena);

#endif
