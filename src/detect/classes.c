#include "detect/classes.h"

#define CLASSES_MOST 20000u
#define CLASS_KEY_MOST 4096u

static bool uses_whole(const struct ruleset *r, const struct source *source)
{
    for (uint32_t n = source->node; n < r->nodes[source->node].end; n++)
        if (r->nodes[n].op == EXPR_TEST && r->atoms[r->nodes[n].arg].slot == SLOT_WHOLE)
            return true;
    return false;
}

bool classes_init(struct classes *c, const struct ruleset *ruleset)
{
    *c = (struct classes){ .ruleset = ruleset };
    c->selects = calloc(ruleset->slot_count + 1, 1);
    c->by_line = calloc(ruleset->source_count + 1, sizeof *c->by_line);
    c->key = malloc(CLASS_KEY_MOST);
    for (uint32_t i = 0; c->by_line && i < ruleset->source_count; i++)
        if (uses_whole(ruleset, &ruleset->sources[i]))
            c->by_line[c->by_line_count++] = i;
    for (uint32_t i = 0; c->selects && i < ruleset->selector_count; i++)
        c->selects[ruleset->selectors[i] & 0xffff] = ruleset->selectors[i] & 0x10000u ? 1 : 2;
    return c->selects && c->by_line && c->key;
}

static void free_plan(struct plan *p)
{
    if (!p)
        return;
    free((char *)(uintptr_t)p->key.data);
    free(p->groups);
    free(p->renames);
    free(p->member);
    free(p->watched);
    free(p->watches);
    free(p->list);
    for (int form = 0; form < FILTER_FORMS; form++)
        filter_free(&p->filters[form]);
    free(p);
}

void classes_free(struct classes *c)
{
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&c->classes, &i));) {
        struct class *class = entry->value;
        free((char *)(uintptr_t)class->key.data);
        free(class);
    }
    for (size_t i = 0; (entry = map_next(&c->plans, &i));)
        free_plan(entry->value);
    map_free(&c->classes);
    map_free(&c->plans);
    free(c->selects);
    free(c->by_line);
    free(c->key);
}

/* --- which groups --- */

/* Does the event belong to `wanted` (one part of a log source), by what was found or given? */
struct found {
    const uint8_t *sources;      /* 1: source i fits */
    struct event_logsource parts[2];
};

static bool part_fits(const struct ruleset *r, const struct found *f, struct slice wanted, int part)
{
    if (!wanted.len)
        return true;
    for (int i = 0; i < 2; i++) {
        const struct slice parts[] = { f->parts[i].product, f->parts[i].category,
                                       f->parts[i].service };
        if (slice_equal_nocase(parts[part], wanted))
            return true;
    }
    for (uint32_t i = 0; i < r->source_count; i++) {
        const struct source *s = &r->sources[i];
        const struct ref parts[] = { s->product, s->category, s->service };
        if (f->sources[i] && slice_equal(blob_text(r, parts[part]), wanted))
            return true;
    }
    return false;
}

/* The renames of sources that brought the group in by its category or, without one, its service. */
static bool source_brings(const struct ruleset *r, const struct source *s, const struct group *g)
{
    struct slice category = blob_text(r, g->category), service = blob_text(r, g->service);
    if (category.len)
        return slice_equal(blob_text(r, s->category), category);
    return service.len && slice_equal(blob_text(r, s->service), service) && !s->category.len;
}

static bool add_group(const struct ruleset *r, struct plan *plan, const struct found *f,
                      uint32_t index)
{
    struct membership *m = &plan->groups[plan->group_count++];
    *m = (struct membership){ .group = index, .rename_first = plan->rename_count };
    plan->member[index] = (uint16_t)plan->group_count;
    for (uint32_t i = 0; i < r->source_count; i++) {
        const struct source *source = &r->sources[i];
        uint32_t count = source->renames.count;
        if (!f->sources[i] || !count || !source_brings(r, source, &r->groups[index]))
            continue;
        struct rename *grown = realloc(plan->renames, (plan->rename_count + count) * sizeof *grown);
        if (!grown)
            return false;
        plan->renames = grown;
        memcpy(grown + plan->rename_count, r->renames + source->renames.first,
               count * sizeof *grown);
        plan->rename_count += count;
        m->rename_count += count;
    }
    return true;
}

/* IMPLEMENTS sigma-2/logsource sigma-2/logsource-several: each part of a rule's log source has to be
 * among what the sources that fit say. */
static bool choose_groups(const struct ruleset *r, struct plan *plan, const struct found *found)
{
    plan->groups = calloc(r->group_count + 1, sizeof *plan->groups);
    plan->member = calloc(r->group_count + 1, sizeof *plan->member);
    if (!plan->groups || !plan->member)
        return false;
    for (uint32_t i = 0; i < r->group_count; i++) {
        const struct group *g = &r->groups[i];
        if (part_fits(r, found, blob_text(r, g->product), 0) &&
            part_fits(r, found, blob_text(r, g->category), 1) &&
            part_fits(r, found, blob_text(r, g->service), 2) && !add_group(r, plan, found, i))
            return false;
    }
    return true;
}

/* --- what to look for --- */

static bool is_alias(const struct plan *plan, const struct membership *m, uint32_t slot)
{
    for (uint32_t i = 0; i < m->rename_count; i++)
        if (plan->renames[m->rename_first + i].to == slot)
            return true;
    return false;
}

/* Calls with every field index of every group; the pass says which are put into the list. */
enum pass { PASS_SLOT, PASS_WHOLE, PASS_ALIAS };

static struct span gather(const struct ruleset *r, struct plan *plan, uint32_t *used,
                          enum pass pass, uint32_t slot, uint32_t member)
{
    struct span span = { *used, 0 };
    for (uint32_t i = 0; i < plan->group_count; i++) {
        const struct membership *m = &plan->groups[i];
        const struct span fields = r->groups[m->group].fields;
        for (uint32_t k = fields.first; k < fields.first + fields.count; k++) {
            bool whole = r->fields[k].slot == SLOT_WHOLE;
            bool alias = !whole && is_alias(plan, m, r->fields[k].slot);
            if (pass == PASS_WHOLE ? whole
                : pass == PASS_ALIAS ? alias && i == member
                                     : !whole && !alias && r->fields[k].slot == slot)
                plan->list[(*used)++] = k;
        }
    }
    span.count = *used - span.first;
    return span;
}

static bool watch_slots(struct classes *c, struct plan *plan, uint32_t *used)
{
    const struct ruleset *r = c->ruleset;
    for (uint32_t i = 0; i < plan->group_count; i++) {
        const struct membership *m = &plan->groups[i];
        const struct span fields = r->groups[m->group].fields;
        for (uint32_t k = fields.first; k < fields.first + fields.count; k++) {
            uint32_t slot = r->fields[k].slot;
            if (slot == SLOT_WHOLE || plan->watched[slot] || is_alias(plan, m, slot))
                continue;
            plan->watches[plan->watch_count++] =
                (struct watch){ .indexes = gather(r, plan, used, PASS_SLOT, slot, 0),
                                .tag = ++c->tags };
            plan->watched[slot] = (uint16_t)plan->watch_count;
        }
    }
    return true;
}

/* For the keywords of all groups; none where one of them has none. */
static void make_filters(const struct ruleset *r, struct plan *plan)
{
    uint32_t count = 0, used = 0;
    for (uint32_t i = 0; i < plan->group_count; i++) {
        const struct group *g = &r->groups[plan->groups[i].group];
        if (g->uses_whole && !g->parts.count)
            return;
        count += g->parts.count;
    }
    struct slice *parts = calloc(count + 1, sizeof *parts);
    for (uint32_t i = 0; parts && i < plan->group_count; i++) {
        const struct group *g = &r->groups[plan->groups[i].group];
        for (uint32_t k = 0; k < g->parts.count; k++)
            parts[used++] = blob_text(r, r->names[g->parts.first + k]);
    }
    for (int form = 0; parts && form < FILTER_FORMS; form++)
        plan->filters[form] = filter_new(parts, used, (enum filter_form)form);
    free(parts);
}

static bool fill_plan(struct classes *c, struct plan *plan)
{
    const struct ruleset *r = c->ruleset;
    uint32_t fields = 0, always = 0, used = 0;
    for (uint32_t i = 0; i < plan->group_count; i++) {
        fields += r->groups[plan->groups[i].group].fields.count;
        always += r->groups[plan->groups[i].group].always.count;
    }
    plan->watched = calloc(r->slot_count + 1, sizeof *plan->watched);
    plan->watches = calloc(fields + 1, sizeof *plan->watches);
    plan->list = calloc(fields + always + 1, sizeof *plan->list);
    if (!plan->watched || !plan->watches || !plan->list || !watch_slots(c, plan, &used))
        return false;
    plan->whole = gather(r, plan, &used, PASS_WHOLE, 0, 0);
    for (uint32_t i = 0; i < plan->group_count; i++)
        plan->groups[i].aliases = gather(r, plan, &used, PASS_ALIAS, 0, i);
    if (plan->whole.count)
        make_filters(r, plan);
    plan->always = (struct span){ used, always };
    for (uint32_t i = 0; i < plan->group_count; i++) {
        const struct span rules = r->groups[plan->groups[i].group].always;
        memcpy(plan->list + used, r->list + rules.first, rules.count * sizeof *plan->list);
        used += rules.count;
    }
    return true;
}

/* Groups and renames, as bytes. */
static struct slice plan_key(const struct plan *plan)
{
    size_t groups = plan->group_count * sizeof *plan->groups;
    size_t renames = plan->rename_count * sizeof *plan->renames;
    char *key = malloc(groups + renames + 1);
    if (!key)
        return SLICE_NONE;
    memcpy(key, plan->groups, groups);
    if (renames)
        memcpy(key + groups, plan->renames, renames);
    return slice_from(key, groups + renames);
}

/* The plan of these sources, shared where an equal one is known; NULL when memory is short. */
static struct plan *find_plan(struct classes *c, const struct found *found)
{
    struct plan *plan = calloc(1, sizeof *plan), *known = NULL;
    if (plan && choose_groups(c->ruleset, plan, found) && (plan->key = plan_key(plan)).data &&
        !(known = map_get(&c->plans, plan->key)) && fill_plan(c, plan) &&
        map_put(&c->plans, plan->key, plan))
        return plan;
    free_plan(plan);
    return known;
}

static void take_part(struct slice *part, struct slice own, struct slice text)
{
    if (!own.len && text.len)
        *part = text;
}

/* An event may fit several categories; the one named last in the data is the narrowest (registry_set
 * behind registry_event). What the event said itself stays. */
static struct event_logsource label_of(const struct ruleset *r, const struct event *event,
                                       const uint8_t *sources)
{
    struct event_logsource own = event->logsource, label = own;
    for (uint32_t i = 0; i < r->source_count; i++) {
        const struct source *s = &r->sources[i];
        struct slice product = blob_text(r, s->product);
        if (!sources[i] || (product.len && label.product.len && !slice_equal(product, label.product)))
            continue;
        take_part(&label.product, own.product, product);
        take_part(&label.category, own.category, blob_text(r, s->category));
        take_part(&label.service, own.service, blob_text(r, s->service));
    }
    return label;
}

static bool build(struct classes *c, struct evaluator *v, const struct event *event,
                  struct class *class)
{
    const struct ruleset *r = c->ruleset;
    uint8_t *sources = calloc(r->source_count + 1, 1);
    struct found found = { sources, { event->logsource, c->given } };
    if (!sources)
        return false;
    class->known = event->logsource.product.len || event->logsource.category.len ||
                   event->logsource.service.len || c->given.product.len ||
                   c->given.category.len || c->given.service.len;
    class->unnamed = false;
    for (uint32_t i = 0; i < r->source_count; i++) {
        sources[i] = evaluate_node(v, r->sources[i].node);
        class->known |= sources[i];
        class->unnamed |= sources[i] && r->sources[i].unnamed;
    }
    class->plan = find_plan(c, &found);
    class->label = label_of(r, event, sources);
    free(sources);
    return class->plan != NULL;
}

/* --- the class of an event --- */

static bool key_add(struct classes *c, const void *bytes, size_t len)
{
    if (c->key_len + len > CLASS_KEY_MOST)
        return false;
    if (len)
        memcpy(c->key + c->key_len, bytes, len);
    c->key_len += len;
    return true;
}

/* What the line itself decides: a byte for each source that looks at it. */
static bool add_line(struct classes *c, struct evaluator *v)
{
    for (uint32_t i = 0; v->view.is_text && i < c->by_line_count; i++) {
        char fits = evaluate_node(v, c->ruleset->sources[c->by_line[i]].node);
        if (!key_add(c, &fits, 1))
            return false;
    }
    return true;
}

/* The values that decide, one after the other; false when they are too long to remember. */
static bool make_key(struct classes *c, struct evaluator *v, const struct event *event)
{
    const struct view *view = &v->view;
    const struct slice *own[] = { &event->logsource.product, &event->logsource.category,
                                  &event->logsource.service };
    c->key_len = 0;
    for (int i = 0; i < 3; i++)
        if (!key_add(c, own[i]->data, own[i]->len) || !key_add(c, "\x1e", 1))
            return false;
    for (uint32_t i = 0; i < view->present_count; i++) {
        uint32_t slot = view->present[i];
        if (!c->selects[slot])
            continue;
        if (!key_add(c, &slot, sizeof slot))
            return false;
        for (int32_t at = view_head(view, slot); c->selects[slot] == 2 && at >= 0;
             at = view->values[at].next) {
            const struct view_value *value = &view->values[at];
            uint32_t form = (uint32_t)value->raw.len << 4 | (uint32_t)value->lazy << 3 |
                            value->kind;
            if (!key_add(c, &form, sizeof form) || !key_add(c, value->raw.data, value->raw.len))
                return false;
        }
    }
    return add_line(c, v);
}

static struct class *new_class(struct classes *c, struct slice key)
{
    char *copy = c->classes.count < CLASSES_MOST ? malloc(key.len + 1) : NULL;
    struct class *class = copy ? calloc(1, sizeof *class) : NULL;
    if (!class) {
        free(copy);
        return NULL;
    }
    memcpy(copy, key.data, key.len);
    class->key = slice_from(copy, key.len);
    if (!map_put(&c->classes, class->key, class)) {
        free(copy);
        free(class);
        return NULL;
    }
    return class;
}

static struct class *find(struct classes *c, struct evaluator *v, const struct event *event)
{
    bool keep = make_key(c, v, event);
    struct slice key = { c->key, c->key_len };
    struct class *class = NULL;
    if (keep && c->last && c->last != &c->spare && slice_equal(c->last->key, key))
        return c->last;
    if (keep)
        class = map_get(&c->classes, key);
    if (!class && keep)
        class = new_class(c, key);
    if (!class) {
        class = &c->spare;
        class->plan = NULL;
    }
    return class->plan || build(c, v, event, class) ? c->last = class : NULL;
}

struct class *classes_find(struct classes *c, struct evaluator *v, const struct event *event)
{
    v->line_only = true;
    struct class *class = find(c, v, event);
    v->line_only = false;
    return class;
}
