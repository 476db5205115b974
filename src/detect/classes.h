/* classes - to which log sources an event belongs, and what is to be looked for in it (private to
 * detect; one a scanner).
 *
 * All events that the log source data cannot tell apart are one class; classes with the same groups
 * of rules share a plan: for each slot the field indexes to search, joined over the groups.
 */
#ifndef DETECT_CLASSES_H
#define DETECT_CLASSES_H

#include "base/map.h"
#include "detect/evaluate.h"
#include "detect/filter.h"

/* A group that an event's class belongs to, with what its sources call the fields. */
struct membership {
    uint32_t group;
    uint32_t rename_first, rename_count;   /* in the plan's renames */
    struct span aliases;   /* in the plan's list: indexes of fields that a rename may fill */
};

/* What is to be looked for in one slot. */
struct watch {
    struct span indexes;          /* in the plan's list: field indexes of the ruleset */
    uint32_t tag;                 /* its name in the memo */
    uint32_t tried, known, pause; /* of the memo: not asked for the next `pause` values */
};

struct plan {
    struct slice key;
    struct membership *groups;
    uint32_t group_count;
    struct rename *renames;
    uint32_t rename_count;
    uint16_t *member;      /* by group: 1 + index in groups; 0: the class is not of it */
    uint16_t *watched;     /* by slot: 1 + index in watches; 0: nobody looks for it */
    struct watch *watches;
    uint32_t watch_count;
    uint32_t *list;
    struct span whole;     /* in list: indexes that search the whole event */
    struct filter *filters[FILTER_FORMS]; /* of whole; NULL: none */
    struct span always;    /* in list: rules without a literal */
};

struct class {
    struct slice key;
    bool known;
    bool unnamed;                   /* its values have no names: most rules miss it */
    struct event_logsource label;   /* for people: the event's own, the rest from the sources that fit */
    struct plan *plan;
};

struct classes {
    const struct ruleset *ruleset;
    struct map classes, plans;
    uint32_t tags;               /* given so far */
    struct class spare;          /* when no more are remembered */
    struct class *last;
    uint8_t *selects;            /* by slot: 0, 1 its presence decides, 2 its value */
    uint32_t *by_line, by_line_count; /* sources that look at the line itself */
    struct event_logsource given;
    char *key;
    size_t key_len;
};

bool classes_init(struct classes *c, const struct ruleset *ruleset);
void classes_free(struct classes *c);
/* Of the event that the evaluator has loaded; NULL when memory is short. */
struct class *classes_find(struct classes *c, struct evaluator *v, const struct event *event);

#endif
