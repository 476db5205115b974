/* scanner - runs a frozen ruleset over events: one a thread.
 *
 * Third of the three stages. Per event: names become slots (remembered by the neighbour that came
 * last time), the log source is looked up by its few deciding values, the indexes of the groups
 * that fit give candidate rules, and only those are evaluated.
 * Good: no allocation per event beyond the arena given for alerts.
 * Never: shared between threads; used after its ruleset was freed (it holds a share).
 */
#ifndef DETECT_SCANNER_H
#define DETECT_SCANNER_H

#include "detect/ruleset.h"
#include "event/event.h"

struct scanner;

struct scanner_statistics {
    uint64_t events, matches, candidates, unknown, regex_limit;
};

/* NULL when memory is short. */
struct scanner *scanner_new(struct ruleset *ruleset);
void scanner_free(struct scanner **scanner);
const struct ruleset *scanner_ruleset(const struct scanner *scanner);
struct scanner_statistics scanner_statistics(const struct scanner *scanner);
/* Evaluates every rule of the log source, not only candidates: to test the index. */
void scanner_slow(struct scanner *scanner, bool on);
/* A log source that the user names for all events, besides what is found. Lower case. */
void scanner_logsource(struct scanner *scanner, struct event_logsource logsource);

/* Indices of the rules that match (silent ones too); they hold until the next scan. */
uint32_t scanner_scan(struct scanner *scanner, const struct event *event,
                      const uint32_t **rules_out);
/* Of the event scanned last: is it of the rule's log source? */
bool scanner_tries(const struct scanner *scanner, uint32_t rule);
/* Of the event scanned last: why the rule matched; the bytes are the arena's. */
bool scanner_alert(struct scanner *scanner, const struct event *event, uint32_t rule,
                   struct arena *arena, struct alert *out);
/* Of the event scanned last: the log source nobody knows as "Channel=…" text, or which event's values
 * have no names; empty when known. */
struct slice scanner_unknown(const struct scanner *scanner);
/* Of the event scanned last: its log source for people, one category and service of those it belongs
 * to. Parts that the event did not say itself point into the ruleset. */
struct event_logsource scanner_label(const struct scanner *scanner, const struct event *event);
/* Of the event scanned last, as the rule sees it: the field of that slot (a correlation's), or
 * SLICE_NONE when it is absent or null. For correlator.c. */
struct slice scanner_field(struct scanner *scanner, uint32_t rule, uint32_t slot);

#endif
