/* view - one event as the rules see it: slots with values, folded on demand (private to detect). */
#ifndef DETECT_VIEW_H
#define DETECT_VIEW_H

#include "base/arena.h"
#include "detect/blob.h"
#include "event/event.h"

struct view_value {
    struct slice raw, folded;   /* folded.data NULL: not yet; raw by view_raw() where lazy */
    uint8_t kind;               /* enum event_kind */
    bool lazy;                  /* raw still as the record writes it (event.h) */
    int32_t next;               /* of the same slot, -1: last */
};

#define VIEW_SLOTS_A_NAME 4

/* A field's name in events, and the slots that it fills. */
struct view_name {
    char *bytes;                /* NULL: free */
    uint32_t len, hash;
    bool restored;              /* the slots get the value without its second escapes */
    uint16_t count, slots[VIEW_SLOTS_A_NAME];
};

/* The same by event_field.id. */
struct view_known { uint32_t id; bool restored; uint16_t count, slots[VIEW_SLOTS_A_NAME]; };
#define VIEW_KNOWN 4096u

struct view_slot { uint32_t stamp; int32_t head, tail; }; /* holds when stamp is the event's */

struct view {
    const struct ruleset *ruleset;
    struct view_value *values;
    uint32_t value_count, value_capacity;
    uint32_t field_count;        /* values [0, field_count) are the event's fields, in order: */
    bool complete;               /* all of them, not only those in a slot (view_complete) */
    const struct event *event;
    struct view_slot *slots;
    uint32_t stamp;
    uint16_t *present;           /* slots that have a value, in the event's order */
    uint32_t present_count;
    char *folds;                 /* memory of folded values of this event */
    size_t fold_used, fold_size;
    struct buffer odd;           /* folding of what is not ASCII */
    struct arena settled;        /* lazy values of this event, settled */
    struct view_known *known;    /* VIEW_KNOWN, by the id's last bits */
    struct view_name *names;     /* hash table of all */
    uint32_t name_count, name_capacity;
    struct view_name unknown;    /* of a name beyond what is remembered */
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
void view_fill(struct view *view);
/* The slots that a field of that name fills. False: memory is short. */
bool view_slots(struct view *view, struct slice name, struct view_known *out);
/* Before all values are looked at. */
static inline void view_complete(struct view *view)
{
    if (!view->complete)
        view_fill(view);
}
/* The value's text; settles what is lazy. */
struct slice view_settled(struct view *view, struct view_value *value);
static inline struct slice view_raw(struct view *view, struct view_value *value)
{
    return value->lazy ? view_settled(view, value) : value->raw;
}
/* Every value, and the event's fields with them: for those who look at events that matched. */
void view_settle_all(struct view *view);

/* First value of the slot, or -1. */
static inline int32_t view_head(const struct view *view, uint32_t slot)
{
    return view->slots[slot].stamp == view->stamp ? view->slots[slot].head : -1;
}
static inline void view_set(struct view *view, uint32_t slot, int32_t head)
{
    view->slots[slot].stamp = view->stamp;
    view->slots[slot].head = head;
}
static inline void view_unset(struct view *view, uint32_t slot)
{
    view->slots[slot].stamp = 0;
}

#endif
