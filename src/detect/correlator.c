/* IMPLEMENTS sigma-2/correlation-window sigma-2/correlation-chain
 *            sigma-2/correlation-restart */
#include "detect/correlator.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "detect/why.h"
#include "detect/window.h"

#define CHAIN_MOST 8

struct window {
    char *key;
    size_t key_len;
    uint32_t correlation;
    struct window_hits hits;
    int64_t fired;         /* time of the last alert; INT64_MIN: none */
    bool holding;          /* the condition was true at the last look */
    struct window *newer, *older; /* by the last hit; newest first */
};

struct correlator {
    struct ruleset *ruleset;
    struct map windows;
    struct window *newest, *oldest;
    struct correlator_statistics statistics;
    uint64_t base, hits_most; /* base: running number of the batch's first event */
};

struct correlator *correlator_new(struct ruleset *ruleset)
{
    struct correlator *c = calloc(1, sizeof *c);
    if (c) {
        c->ruleset = ruleset_share(ruleset);
        c->hits_most = CORRELATOR_HITS_MOST;
    }
    return c;
}

void correlator_room(struct correlator *c, uint64_t hits)
{
    c->hits_most = hits;
}

static void unlink_window(struct correlator *c, struct window *w)
{
    *(w->newer ? &w->newer->older : &c->newest) = w->older;
    *(w->older ? &w->older->newer : &c->oldest) = w->newer;
    w->newer = w->older = NULL;
}

static void link_newest(struct correlator *c, struct window *w)
{
    w->older = c->newest;
    w->newer = NULL;
    *(c->newest ? &c->newest->newer : &c->oldest) = w;
    c->newest = w;
}

static void free_window(struct correlator *c, struct window *w)
{
    c->statistics.hits -= w->hits.count;
    c->statistics.windows--;
    window_free(&w->hits);
    free(w->key);
    free(w);
}

void correlator_free(struct correlator **correlator)
{
    struct correlator *c = *correlator;
    *correlator = NULL;
    if (!c)
        return;
    while (c->newest) {
        struct window *w = c->newest;
        unlink_window(c, w);
        free_window(c, w);
    }
    map_free(&c->windows);
    ruleset_free(&c->ruleset);
    free(c);
}

struct correlator_statistics correlator_statistics(const struct correlator *c)
{
    return c->statistics;
}

/* Of one correlation and, before it, of the longest of those it refers to. */
static int64_t span_of(const struct ruleset *r, uint32_t correlation, int depth)
{
    const struct blob_correlation *k = &r->correlations[correlation];
    int64_t below = 0;
    for (uint32_t i = 0; i < k->rule_count && depth < CHAIN_MOST; i++) {
        uint32_t child = r->rules[r->list[k->rules.first + i]].correlation;
        int64_t span = child == NONE ? 0 : span_of(r, child, depth + 1);
        below = span > below ? span : below;
    }
    return k->timespan + below;
}

int64_t correlator_span(const struct ruleset *r)
{
    int64_t most = 0;
    for (uint32_t i = 0; i < r->correlation_count; i++) {
        int64_t span = span_of(r, i, 0);
        most = span > most ? span : most;
    }
    return most;
}

/* The map has no removal: forgotten windows leave by building it anew with the younger half. */
static void forget_old(struct correlator *c)
{
    uint64_t keep = c->statistics.windows / 2;
    struct map fresh = MAP_EMPTY;
    while (c->statistics.windows > keep && c->oldest) {
        struct window *w = c->oldest;
        unlink_window(c, w);
        c->statistics.dropped += w->hits.count;
        free_window(c, w);
    }
    for (struct window *w = c->newest; w; w = w->older)
        map_put(&fresh, slice_from(w->key, w->key_len), w);
    map_free(&c->windows);
    c->windows = fresh;
}

static struct window *find_window(struct correlator *c, uint32_t correlation, struct slice group)
{
    char small[256];
    size_t len = sizeof correlation + group.len;
    char *key = len <= sizeof small ? small : malloc(len);
    if (!key)
        return NULL;
    memcpy(key, &correlation, sizeof correlation);
    if (group.len)
        memcpy(key + sizeof correlation, group.data, group.len);
    struct window *w = map_get(&c->windows, slice_from(key, len));
    if (w) {
        unlink_window(c, w);
        link_newest(c, w);
    } else if ((w = calloc(1, sizeof *w)) && (w->key = malloc(len))) {
        memcpy(w->key, key, len);
        w->key_len = len;
        w->correlation = correlation;
        w->fired = INT64_MIN;
        if (map_put(&c->windows, slice_from(w->key, len), w)) {
            link_newest(c, w);
            c->statistics.windows++;
        } else {
            free(w->key);
            free(w);
            w = NULL;
        }
    } else {
        free(w);
        w = NULL;
    }
    if (key != small)
        free(key);
    return w;
}

static void write_why(struct correlator *c, const struct blob_correlation *k, struct slice group,
                      double value, const struct entry *e, uint32_t count, struct arena *arena,
                      struct slice *out)
{
    static const char *const types[] = { "event_count", "value_count", "temporal",
                                         "temporal_ordered", "value_sum", "value_avg" };
    struct json_writer json;
    BUFFER_AUTO text;
    buffer_init(&text, 1024u * 1024);
    json_writer_init(&json, &text);
    json_open_object(&json);
    json_text_member(&json, "type", slice_of(types[k->type]));
    json_open_object_member(&json, "group");
    for (uint32_t i = 0; i < k->group_count; i++) {
        struct slice part = SLICE_NONE;
        slice_split(&group, '\x1f', &part);
        json_name_slice(&json, blob_text(c->ruleset, c->ruleset->names[k->group_names.first + i]));
        json_put_text(&json, part);
    }
    json_close_object(&json);
    json_name(&json, "count");
    json_put_number(&json, value);
    json_integer_member(&json, "events", count);
    json_integer_member(&json, "timespan_s", k->timespan / CLOCK_SECOND);
    json_time_member(&json, "first", e[0].time);
    json_time_member(&json, "last", e[count - 1].time);
    json_close_object(&json);
    *out = text.failed ? SLICE("{}") : arena_copy(arena, buffer_slice(&text));
}

static struct slice entity_of(struct correlator *c, const struct blob_correlation *k,
                              struct slice group, struct arena *arena)
{
    BUFFER_AUTO text;
    struct slice part;
    buffer_init(&text, 4096);
    for (uint32_t i = 0; i < k->group_count && slice_split(&group, '\x1f', &part); i++)
        buffer_print(&text, "%s%.*s=%.*s", i ? " " : "",
                     SLICE_ARGS(blob_text(c->ruleset,
                                          c->ruleset->names[k->group_names.first + i])),
                     SLICE_ARGS(part));
    return arena_copy(arena, buffer_slice(&text));
}

struct raise {
    struct arena *arena;
    void (*alert)(void *, uint32_t, const struct alert *); /* NULL: what is fired is known already */
    void *owner;
    int depth;
};

static void count_hit(struct correlator *c, uint32_t correlation, const struct entry *entry,
                      struct slice group, struct raise *raise);

/* A correlation that fired is an event for those that refer to it: grouped by its own group.
 * IMPLEMENTS sigma-2/correlation-chain-group */
static void chain(struct correlator *c, const struct blob_correlation *child, struct slice group,
                  const struct entry *entry, struct raise *raise)
{
    const struct ruleset *r = c->ruleset;
    const struct blob_rule *rule = &r->rules[child->rule];
    for (uint32_t f = 0; f < rule->feeds.count && raise->depth < CHAIN_MOST; f += 2) {
        uint32_t parent = r->list[rule->feeds.first + f];
        const struct blob_correlation *k = &r->correlations[parent];
        struct entry up = *entry;
        BUFFER_AUTO key;
        buffer_init(&key, 65536);
        up.position = r->list[rule->feeds.first + f + 1];
        up.number = NAN;
        bool whole = true;
        for (uint32_t g = 0; g < k->group_count + k->field_count && whole; g++) {
            bool is_group = g < k->group_count;
            uint32_t slot = is_group
                ? r->list[k->group_slots.first + up.position * k->group_count + g]
                : r->list[k->fields.first + up.position * k->field_count + g - k->group_count];
            struct slice wanted = blob_text(r, r->slots[slot]), rest = group, part = SLICE_NONE;
            bool found = false;
            for (uint32_t i = 0; i < child->group_count && slice_split(&rest, '\x1f', &part); i++)
                if (slice_equal(blob_text(r, r->names[child->group_names.first + i]), wanted)) {
                    found = true;
                    break;
                }
            if (is_group) {
                if (g)
                    buffer_add_byte(&key, '\x1f');
                if (found)
                    buffer_add(&key, part);
                whole = found;
            } else if (found) {
                up.value = slice_hash(part);
                slice_to_double(part, &up.number);
            }
        }
        raise->depth++;
        if (whole)
            count_hit(c, parent, &up, buffer_slice(&key), raise);
        raise->depth--;
    }
}

/* The entry at `at` completed it: it is of this batch, while the newest of the window may be of one that
 * has gone. */
static void raise_alert(struct correlator *c, struct window *w, uint32_t first, uint32_t last,
                        uint32_t at, double value, struct slice group, struct raise *raise)
{
    const struct ruleset *r = c->ruleset;
    const struct blob_correlation *k = &r->correlations[w->correlation];
    struct ruleset_rule rule = ruleset_rule(r, k->rule);
    const struct entry *e = w->hits.entries + first;
    uint32_t count = last - first + 1;
    struct alert alert = { .rule = rule.id.len ? rule.id : rule.title, .title = rule.title,
                           .title_vi = rule.title_vi, .author = rule.author,
                           .license = rule.license, .tags = rule.tags, .level = rule.level,
                           .time = w->hits.entries[last].time,
                           .event = (uint32_t)(w->hits.entries[at].id.sequence - c->base) };
    write_why(c, k, group, value, e, count, raise->arena, &alert.why);
    alert.entity = entity_of(c, k, group, raise->arena);
    alert.earlier = arena_array(raise->arena, count, sizeof *alert.earlier);
    for (uint32_t i = 0; alert.earlier && i < count && alert.earlier_count < 100; i++)
        if (first + i != at)
            alert.earlier[alert.earlier_count++] = e[i].id;
    c->statistics.alerts++;
    if (!(r->rules[k->rule].flags & RULE_SILENT) && alert_copy_texts(&alert, raise->arena))
        raise->alert(raise->owner, k->rule, &alert);
}

static void fire(struct correlator *c, struct window *w, uint32_t first, uint32_t last,
                 uint32_t at, double value, struct slice group, struct raise *raise)
{
    struct entry up = w->hits.entries[at];
    up.time = w->hits.entries[last].time;
    if (raise->alert)
        raise_alert(c, w, first, last, at, value, group, raise);
    chain(c, &c->ruleset->correlations[w->correlation], group, &up, raise);
}

/* Fires when the tally's window, with the entry at `at`, makes the condition true anew; true when it did. */
static bool look(struct correlator *c, struct window *w, const struct tally *tally, uint32_t at,
                 struct slice group, struct raise *raise)
{
    const struct blob_correlation *k = &c->ruleset->correlations[w->correlation];
    uint32_t last = tally->next - 1;
    int64_t time = w->hits.entries[last].time;
    double value;
    bool now = tally_holds(tally, k, w->hits.entries, &value);
    bool recent = w->fired != INT64_MIN && time - w->fired < k->timespan &&
                  w->fired - time < k->timespan;
    bool due = now && !(w->holding && recent);
    w->holding = now;
    if (!due)
        return false;
    w->fired = time;
    if (raise)
        fire(c, w, tally->first, last, at, value, group, raise);
    return true;
}

/* raise NULL: counted, and remembered when it fired, but nothing is raised and no correlation above
 * hears of it. */
static void count_hit(struct correlator *c, uint32_t correlation, const struct entry *entry,
                      struct slice group, struct raise *raise)
{
    const struct blob_correlation *k = &c->ruleset->correlations[correlation];
    if (c->statistics.windows >= CORRELATOR_WINDOWS_MOST ||
        c->statistics.hits >= c->hits_most)
        forget_old(c);
    struct window *w = find_window(c, correlation, group);
    uint32_t forgotten = 0, lost = 0, at = UINT32_MAX;
    if (w)
        at = window_insert(&w->hits, k, entry, CORRELATOR_WINDOW_HITS_MOST, &forgotten, &lost);
    c->statistics.dropped += lost + (at == UINT32_MAX);
    c->statistics.hits -= forgotten;
    if (at == UINT32_MAX)
        return;
    c->statistics.hits++;
    /* every window that holds the new entry: those that end with it or with a later one */
    struct tally late = { 0 }, *tally = window_first(&w->hits, k, at, &late);
    do {
        if (look(c, w, tally, at, group, raise)) /* it may have been forgotten with all its hits */
            break;
    } while (window_next(&w->hits, k, at, tally));
    tally_free(&late);
}

/* IMPLEMENTS sigma-2/correlation-group-by: an event without one of the fields is not counted. */
bool correlator_hits(struct scanner *scanner, const struct event *event, uint32_t rule,
                     uint32_t index, struct arena *arena, struct hit **out, uint32_t *count_out)
{
    const struct ruleset *r = scanner_ruleset(scanner);
    const struct blob_rule *b = &r->rules[rule];
    *count_out = 0;
    *out = arena_array(arena, b->feeds.count / 2 + 1, sizeof **out);
    for (uint32_t f = 0; *out && f < b->feeds.count; f += 2) {
        const struct blob_correlation *k = &r->correlations[r->list[b->feeds.first + f]];
        uint32_t position = r->list[b->feeds.first + f + 1];
        struct ruleset_rule of = ruleset_rule(r, k->rule), base = ruleset_rule(r, rule);
        struct hit hit = { .rule = of.id.len ? of.id : of.title, .event = index,
                           .base_rule = base.id.len ? base.id : base.title, .time = event->time };
        BUFFER_AUTO group, value;
        buffer_init(&group, 65536);
        buffer_init(&value, 65536);
        bool whole = true;
        for (uint32_t i = 0; i < k->group_count && whole; i++) {
            uint32_t slot = r->list[k->group_slots.first + position * k->group_count + i];
            struct slice text = scanner_field(scanner, rule, slot);
            whole = text.data != NULL;
            if (i)
                buffer_add_byte(&group, '\x1f');
            buffer_add(&group, text);
        }
        for (uint32_t i = 0; i < k->field_count && whole; i++) {
            uint32_t slot = r->list[k->fields.first + position * k->field_count + i];
            struct slice text = scanner_field(scanner, rule, slot);
            whole = text.data != NULL;
            if (i)
                buffer_add_byte(&value, '\x1f');
            buffer_add(&value, text);
        }
        if (!whole)
            continue;
        hit.group = arena_copy(arena, group.len ? buffer_slice(&group) : SLICE(""));
        hit.value = arena_copy(arena, value.len ? buffer_slice(&value) : SLICE(""));
        if (!hit.group.data || !hit.value.data)
            return false;
        (*out)[(*count_out)++] = hit;
    }
    return *out != NULL;
}

static bool is_rule(const struct ruleset *r, uint32_t index, struct slice id)
{
    struct ruleset_rule rule = ruleset_rule(r, index);
    return slice_equal(rule.id.len ? rule.id : rule.title, id);
}

static void put_hit(struct correlator *c, const struct hit *hit, const struct event_id *id,
                    struct raise *raise)
{
    const struct ruleset *r = c->ruleset;
    for (uint32_t i = 0; i < r->correlation_count; i++) {
        const struct blob_correlation *k = &r->correlations[i];
        if (!is_rule(r, k->rule, hit->rule))
            continue;
        struct entry entry = { .time = hit->time, .value = slice_hash(hit->value), .number = NAN,
                               .id.sequence = c->base + hit->event };
        slice_to_double(hit->value, &entry.number);
        if (id)
            entry.id = *id;
        while (entry.position < k->rule_count &&
               !is_rule(r, r->list[k->rules.first + entry.position], hit->base_rule))
            entry.position++;
        if (entry.position < k->rule_count)
            count_hit(c, i, &entry, hit->group, raise);
        return;
    }
}

void correlator_put(struct correlator *c, const struct hit *hit, struct arena *arena,
                    void (*alert)(void *, uint32_t, const struct alert *), void *owner)
{
    struct raise raise = { arena, alert, owner, 0 };
    put_hit(c, hit, NULL, &raise);
}

void correlator_restore(struct correlator *c, const struct hit *hit, const struct event_id *id)
{
    struct raise known = { 0 };
    put_hit(c, hit, id, &known);
}

void correlator_begin(struct correlator *c, uint64_t base)
{
    c->base = base;
}

/* Hits of the old one mean the same in the new: both group by the same fields. */
static bool groups_alike(const struct ruleset *a, const struct blob_correlation *k,
                         const struct ruleset *b, const struct blob_correlation *n)
{
    bool alike = k->group_count == n->group_count && k->field_count == n->field_count;
    for (uint32_t g = 0; alike && g < k->group_count; g++)
        alike = slice_equal(blob_text(a, a->names[k->group_names.first + g]),
                            blob_text(b, b->names[n->group_names.first + g]));
    return alike;
}

/* Where the rule at `position` of the old one stands in the new; n's rule_count: nowhere. */
static uint32_t position_in(const struct ruleset *a, const struct blob_correlation *k,
                            const struct ruleset *b, const struct blob_correlation *n,
                            uint32_t position)
{
    struct ruleset_rule rule = ruleset_rule(a, a->list[k->rules.first + position]);
    struct slice id = rule.id.len ? rule.id : rule.title;
    uint32_t at = 0;
    while (at < n->rule_count && !is_rule(b, b->list[n->rules.first + at], id))
        at++;
    return at;
}

/* The hits of a chained correlation move as they are: they are not fired anew from below. */
static void move_window(struct correlator *to, uint32_t correlation, const struct correlator *from,
                        const struct window *w)
{
    const struct blob_correlation *k = &from->ruleset->correlations[w->correlation];
    const struct blob_correlation *n = &to->ruleset->correlations[correlation];
    struct slice group = slice_after(slice_from(w->key, w->key_len), sizeof w->correlation);
    for (uint32_t e = 0; e < w->hits.count; e++) {
        struct entry entry = w->hits.entries[e];
        entry.position = position_in(from->ruleset, k, to->ruleset, n, entry.position);
        if (entry.position < n->rule_count)
            count_hit(to, correlation, &entry, group, NULL);
    }
    struct window *moved = find_window(to, correlation, group);
    if (moved) {
        moved->fired = w->fired;
        moved->holding = w->holding;
    }
}

void correlator_move(struct correlator *to, const struct correlator *from)
{
    const struct ruleset *old = from->ruleset, *new = to->ruleset;
    for (struct window *w = from->oldest; w; w = w->newer) {
        const struct blob_correlation *k = &old->correlations[w->correlation];
        struct ruleset_rule rule = ruleset_rule(old, k->rule);
        struct slice id = rule.id.len ? rule.id : rule.title;
        for (uint32_t i = 0; i < new->correlation_count; i++)
            if (is_rule(new, new->correlations[i].rule, id) &&
                groups_alike(old, k, new, &new->correlations[i]))
                move_window(to, i, from, w);
    }
}
