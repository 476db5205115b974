/* alert - a rule or an indicator that matched, with its events.
 *
 * Made by detect, committed by archive in the same transaction as its events, folded into the
 * records by the hub. Bytes belong to the batch's arena.
 */
#ifndef EVENT_ALERT_H
#define EVENT_ALERT_H

#include "event/event.h"

enum alert_level {
    LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL
};

/* "informational" … "critical". */
const char *alert_level_name(enum alert_level level);
bool alert_level_parse(struct slice name, enum alert_level *level_out);

struct alert {
    struct slice rule;         /* the rule's id (UUID) */
    struct slice title;        /* English */
    struct slice title_vi;     /* may be empty */
    struct slice author;       /* the rule's author and licence travel with every match (DRL) */
    struct slice license;
    struct slice tags;         /* "attack.t1110.001 attack.credential-access": space between */
    enum alert_level level;
    int64_t time;              /* of the event, or of a correlation's newest one; ns UTC */
    uint32_t event;            /* index in the batch of the one that completed the match */
    struct slice entity;       /* whom it is about, for folding: "src_ip=203.0.113.77"; or empty */
    struct slice why;          /* JSON: [{"selection":…,"field":…,"value":…,"pattern":…}, …], those
                                * with "not": true say which filter did not apply; for a
                                * correlation {"type":…,"group":{…},"count":n,"timespan_s":n} */
    /* earlier events of a correlation; until the archive gives them their ids day == 0 and sequence is the
     * event's running number: its batch's base + its index there */
    struct event_id *earlier;
    uint32_t earlier_count;
};

/* Matches that raised no alert of their own, counted in the same transaction as their events: nothing
 * is lost silently. */
enum tally_kind {
    TALLY_EXCEPTED,            /* an exception said so */
    TALLY_FOLDED,              /* more of an alert that stands already */
    TALLY_THROTTLED,           /* the rule fires above its rate in that agency */
    TALLY_KINDS
};

struct match_tally {
    enum tally_kind kind;
    int64_t exception;         /* its number; 0 otherwise */
    struct slice rule, agency, system, entity;
    uint64_t count;
    int64_t first, last;       /* times of the matches */
};

/* One event counted by a correlation whose window is still open: committed with the batch so that
 * a restart reads the windows back. */
struct hit {
    struct slice rule;         /* the correlation's id or name */
    struct slice group;        /* its group-by values, joined by \x1f */
    struct slice value;        /* for value_count and the like; may be empty */
    struct slice base_rule;    /* which of the referred rules matched (temporal); may be empty */
    int64_t time;              /* ns UTC */
    uint32_t event;            /* index in the batch */
};

#endif
