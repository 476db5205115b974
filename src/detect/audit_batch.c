#include "detect/audit_batch.h"

#include <stdlib.h>

#define RULES_MOST 64u   /* matches remembered of one event */

/* An event of which records stood in this batch. */
struct group {
    const struct event *records[AUDIT_RECORDS_MOST];
    uint32_t count;
    uint32_t last;               /* index of its last record in the batch */
    bool ended;                  /* an EOE record was there */
    uint32_t rules[RULES_MOST];  /* that matched so far */
    uint32_t rule_count;
};

/* What goes on: copies, since the batch does not outlive its commit. */
struct carried {
    struct arena arena;
    struct event *records;
    uint32_t count;
    uint32_t rules[RULES_MOST];
    uint32_t rule_count;
};

struct audit_batch {
    struct batch *batch;
    struct audit_key *keys;      /* by event; serial.len 0: no audit record. NULL: none in the batch */
    bool *taken;
    struct group **groups;
    uint32_t group_count;
    struct group *group;         /* of the event given last; NULL: it stands alone */
    struct event joined;
    struct carried carried[AUDIT_CARRIED_MOST];
    uint32_t carried_count;
};

struct audit_batch *audit_batch_new(void)
{
    struct audit_batch *a = calloc(1, sizeof *a);
    for (uint32_t i = 0; a && i < AUDIT_CARRIED_MOST; i++)
        arena_init(&a->carried[i].arena, AUDIT_CARRIED_BYTES);
    return a;
}

void audit_batch_free(struct audit_batch **audit)
{
    struct audit_batch *a = *audit;
    *audit = NULL;
    for (uint32_t i = 0; a && i < AUDIT_CARRIED_MOST; i++)
        arena_free(&a->carried[i].arena);
    free(a);
}

void audit_batch_begin(struct audit_batch *a, struct batch *batch)
{
    struct audit_key key;
    a->batch = batch;
    a->keys = NULL;
    a->taken = NULL;
    a->groups = NULL;
    a->group_count = 0;
    for (uint32_t i = 0; i < batch->event_count; i++) {
        if (!audit_key(&batch->events[i], &key))
            continue;
        if (!a->keys) {
            a->keys = arena_zero(&batch->arena, batch->event_count * sizeof *a->keys);
            a->taken = arena_zero(&batch->arena, batch->event_count * sizeof *a->taken);
            a->groups = arena_zero(&batch->arena, batch->event_count * sizeof *a->groups);
            if (!a->keys || !a->taken || !a->groups) {
                a->keys = NULL; /* records are looked at one by one */
                return;
            }
        }
        a->keys[i] = key;
    }
}

static void add_record(struct audit_batch *a, struct group *g, uint32_t index)
{
    const struct event *event = &a->batch->events[index];
    g->records[g->count++] = event;
    g->last = index;
    g->ended = g->ended || slice_is(event_value(event, SLICE("type")), "EOE");
    a->taken[index] = true;
}

/* What the batch before had of it. */
static void add_carried(struct audit_batch *a, struct group *g, uint32_t index)
{
    struct audit_key key;
    for (uint32_t i = 0; i < a->carried_count; i++) {
        struct carried *c = &a->carried[i];
        if (!c->count || !audit_key(&c->records[0], &key) ||
            !audit_key_equal(&key, &a->keys[index]) ||
            !slice_equal(c->records[0].source, a->batch->events[index].source))
            continue;
        while (g->count < c->count && g->count < AUDIT_RECORDS_MOST / 2) {
            g->records[g->count] = &c->records[g->count];
            g->count++;
        }
        memcpy(g->rules, c->rules, sizeof g->rules);
        g->rule_count = c->rule_count;
        return;
    }
}

const struct event *audit_batch_event(struct audit_batch *a, uint32_t index)
{
    struct batch *b = a->batch;
    const struct event *event = &b->events[index];
    a->group = NULL;
    if (!a->keys || !a->keys[index].serial.len)
        return event;
    if (a->taken[index])
        return NULL;
    struct group *g = arena_zero(&b->arena, sizeof *g);
    if (!g)
        return event;
    add_carried(a, g, index);
    add_record(a, g, index);
    for (uint32_t i = index + 1; i < b->event_count && i - g->last <= AUDIT_APART_MOST &&
                                 !g->ended && g->count < AUDIT_RECORDS_MOST; i++)
        if (!a->taken[i] && audit_key_equal(&a->keys[i], &a->keys[index]) &&
            slice_equal(b->events[i].source, event->source))
            add_record(a, g, i);
    a->groups[a->group_count++] = a->group = g;
    if (g->count == 1)
        return event;
    return audit_join(g->records, g->count, &b->arena, &a->joined) ? &a->joined : event;
}

bool audit_batch_news(struct audit_batch *a, uint32_t rule)
{
    struct group *g = a->group;
    for (uint32_t i = 0; g && i < g->rule_count; i++)
        if (g->rules[i] == rule)
            return false;
    if (g && g->rule_count < RULES_MOST)
        g->rules[g->rule_count++] = rule;
    return true;
}

static bool copy_event(struct event *to, const struct event *from, struct arena *arena)
{
    struct slice *texts[] = { &to->raw, &to->decoder, &to->source, &to->system, &to->agency,
                              &to->logsource.product, &to->logsource.category,
                              &to->logsource.service };
    *to = *from;
    to->fields = arena_array(arena, from->field_count + 1, sizeof *to->fields);
    for (uint32_t i = 0; to->fields && i < from->field_count; i++) {
        to->fields[i] = from->fields[i];
        to->fields[i].written = NULL;
        to->fields[i].name = arena_copy(arena, from->fields[i].name);
        if (from->fields[i].value.len)
            to->fields[i].value = arena_copy(arena, from->fields[i].value);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->len)
            *texts[i] = arena_copy(arena, *texts[i]);
    return !arena->exhausted;
}

/* Into a place of its own: the records may be those that were carried before. */
static void carry(struct carried *c, const struct group *g)
{
    struct arena fresh;
    arena_init(&fresh, AUDIT_CARRIED_BYTES);
    struct event *records = arena_array(&fresh, g->count, sizeof *records);
    bool fine = records != NULL;
    for (uint32_t i = 0; fine && i < g->count; i++)
        fine = copy_event(&records[i], g->records[i], &fresh);
    arena_free(&c->arena);
    if (!fine)
        arena_free(&fresh);
    c->arena = fresh;
    c->records = records;
    c->count = fine ? g->count : 0;
    memcpy(c->rules, g->rules, sizeof c->rules);
    c->rule_count = g->rule_count;
}

void audit_batch_end(struct audit_batch *a)
{
    struct carried old[AUDIT_CARRIED_MOST];
    uint32_t count = 0;
    if (!a->keys)
        return; /* a batch without audit records (of another class) ends nothing */
    memcpy(old, a->carried, sizeof old);
    for (uint32_t i = 0; i < AUDIT_CARRIED_MOST; i++) {
        a->carried[i] = (struct carried){ 0 };
        arena_init(&a->carried[i].arena, AUDIT_CARRIED_BYTES);
    }
    for (uint32_t i = a->group_count; i > 0 && count < AUDIT_CARRIED_MOST; i--) {
        const struct group *g = a->groups[i - 1];
        if (!g->ended && a->batch->event_count - g->last <= AUDIT_APART_MOST)
            carry(&a->carried[count++], g);
    }
    a->carried_count = count;
    for (uint32_t i = 0; i < AUDIT_CARRIED_MOST; i++)
        arena_free(&old[i].arena);
}

void audit_batch_forget(struct audit_batch *a)
{
    a->carried_count = 0;
}
