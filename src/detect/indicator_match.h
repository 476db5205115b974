/* indicator_match - which threat indicators stand in an event: the fields of a table of names,
 * against an indicator_table.
 *
 * Data, indicators/fields.yaml:
 *     address, host, url, email, hash: [names]   such a value stands there
 *     text: [names]                              to be looked through: command lines, messages
 *     except: [names]                            left out, in just this case
 *     levels: { high: 70, medium: 40, low: 0 }   an alert's level from the confidence on
 * A name is compared without case, whole or behind any dot ("Event.EventData.DestinationIp" is
 * DestinationIp too).
 *
 * What is looked for in a value:
 *   address  itself, and each network that holds it; a port behind it is left out
 *   host     itself and the domains above it; the most particular of indicators and allow-list
 *            decides
 *   url      itself; its host as above
 *   email    each address in it; the host of each as above
 *   hash     "MD5=…,SHA256=…" or one digest; what is named otherwise (IMPHASH) is left out
 *   text     all of these, where they are parted by what cannot stand in them; IPv6 only in a URL
 * An address of the allow-list raises nothing, whichever network of the indicators holds it.
 *
 * Good: one a thread; no allocation per event.
 */
#ifndef DETECT_INDICATOR_MATCH_H
#define DETECT_INDICATOR_MATCH_H

#include "event/alert.h"
#include "event/indicator_table.h"

struct indicator_fields;

/* Reads indicators/fields.yaml. False with its place. */
bool indicator_fields_load(const char *path, struct indicator_fields **out, struct error *e);
void indicator_fields_free(struct indicator_fields **fields);

struct indicator_matcher;

/* Neither is the matcher's: both live longer. table NULL: finds nothing. NULL: memory. */
struct indicator_matcher *indicator_matcher_new(const struct indicator_fields *fields,
                                                const struct indicator_table *table);
void indicator_matcher_free(struct indicator_matcher **matcher);

#define INDICATOR_FOUND_MOST 8u

struct indicator_found {
    uint32_t entry, count;       /* of the table: one or more sources of the same value */
    uint32_t field;              /* of the event; INDICATOR_NONE: the raw line */
    struct slice piece;          /* the part of the field's value, or of the raw line */
    bool loose;                  /* in a field that is only looked through */
};

/* What stands in the event, each indicator once; holds until the next call. */
uint32_t indicator_matcher_scan(struct indicator_matcher *matcher, const struct event *event,
                                const struct indicator_found **found_out);

/* The alert of a find, its bytes the arena's. False when every source says that it was no longer
 * valid at the event's time, or when the arena is exhausted. */
bool indicator_alert(const struct indicator_matcher *matcher, const struct event *event,
                     const struct indicator_found *found, struct arena *arena, struct alert *out);

/* "indicator:address", …: the id under which such alerts stand, for switching off and exceptions. */
const char *indicator_rule(enum indicator_type type);

#endif
