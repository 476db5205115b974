/* view - one event as the rules see it: slots with values, folded on demand (private to detect). */
#ifndef DETECT_VIEW_H
#define DETECT_VIEW_H

#include "base/map.h"
#include "detect/blob.h"
#include "event/event.h"

struct view_value {
    struct slice raw, folded;   /* folded.data NULL: not yet */
    uint8_t kind;               /* enum event_kind */
    int32_t next;               /* of the same slot, -1: last */
};

#define VIEW_SLOTS_A_NAME 4

struct view_name {
    char *bytes;
    uint32_t len, count;
    uint16_t slots[VIEW_SLOTS_A_NAME];
    struct view_name *follower; /* the name that came after it last time */
};

struct view {
    const struct ruleset *ruleset;
    struct view_value *values;
    uint32_t value_count, value_capacity;
    uint32_t field_count;        /* values [0, field_count) are the event's fields, in order */
    int32_t *heads, *tails;      /* by slot */
    uint32_t *stamps;            /* by slot: heads[slot] holds when equal to stamp */
    uint32_t stamp;
    char *folds;                 /* memory of folded values of this event */
    size_t fold_used, fold_size;
    struct buffer odd;           /* folding of what is not ASCII */
    struct map names;
    struct view_name *first, *unknown;
    bool failed;
    bool is_text;                /* no JSON record: the raw line is searched for keywords */
    int32_t own_slots[4];        /* logsource.product, .category, .service, decoder; -1: unused */
};

bool view_init(struct view *view, const struct ruleset *ruleset);
void view_free(struct view *view);
/* False when memory is short: the event is not to be scanned. */
bool view_load(struct view *view, const struct event *event);
struct slice view_folded(struct view *view, struct view_value *value);
/* All values (objects and arrays left out: their members stand there) folded one behind the other,
 * a byte VIEW_BETWEEN after each, so that one search covers the event. */
struct slice view_whole(struct view *view);
#define VIEW_BETWEEN '\xff'
/* First value of the slot, or -1. */
static inline int32_t view_head(const struct view *view, uint32_t slot)
{
    return view->stamps[slot] == view->stamp ? view->heads[slot] : -1;
}
static inline void view_set(struct view *view, uint32_t slot, int32_t head)
{
    view->stamps[slot] = view->stamp;
    view->heads[slot] = head;
}

#endif
