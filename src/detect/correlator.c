/* IMPLEMENTS sigma-2/correlation-window sigma-2/correlation-types sigma-2/correlation-chain */
#include "detect/correlator.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "detect/blob.h"
#include "detect/why.h"

#define CHAIN_MOST 8

struct entry {
    int64_t time;
    uint64_t value;      /* hash of it, for value_count */
    double number;       /* value_sum, value_avg; NAN: none */
    uint32_t position;   /* which of the referred rules */
    uint32_t event;      /* index in the batch that is running */
    uint64_t round;      /* which batch */
    struct event_id id;  /* day 0: not known yet */
};

struct window {
    char *key;
    size_t key_len;
    uint32_t correlation;
    struct entry *entries; /* by time */
    uint32_t count, capacity;
    int64_t fired;         /* time of the last alert; INT64_MIN: none */
    bool holding;          /* the condition was true at the last look */
    struct window *newer, *older; /* by the last hit; newest first */
};

struct correlator {
    struct ruleset *ruleset;
    struct map windows;
    struct window *newest, *oldest;
    struct correlator_statistics statistics;
    uint64_t *values;      /* scratch of value_count */
    uint32_t value_capacity;
    uint64_t round;
};

struct correlator *correlator_new(struct ruleset *ruleset)
{
    struct correlator *c = calloc(1, sizeof *c);
    if (c)
        c->ruleset = ruleset_share(ruleset);
    return c;
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
    c->statistics.hits -= w->count;
    c->statistics.windows--;
    free(w->entries);
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
    free(c->values);
    ruleset_free(&c->ruleset);
    free(c);
}

struct correlator_statistics correlator_statistics(const struct correlator *c)
{
    return c->statistics;
}

int64_t correlator_span(const struct ruleset *r)
{
    int64_t most = 0;
    for (uint32_t i = 0; i < r->correlation_count; i++)
        most = r->correlations[i].timespan > most ? r->correlations[i].timespan : most;
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
        c->statistics.dropped += w->count;
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

/* IMPLEMENTS sigma-2/correlation-late.
 * Puts the entry where its time belongs; its place, or UINT32_MAX when it is too late or memory is
 * short. */
static uint32_t insert(struct correlator *c, struct window *w, int64_t span,
                       const struct entry *entry)
{
    int64_t last = w->count ? w->entries[w->count - 1].time : entry->time;
    int64_t oldest = (last > entry->time ? last : entry->time) - 2 * span;
    uint32_t gone = 0;
    while (gone < w->count && w->entries[gone].time < oldest)
        gone++;
    if (w->count - gone >= CORRELATOR_WINDOW_HITS_MOST) {
        c->statistics.dropped++;
        gone++;
    }
    if (gone) {
        memmove(w->entries, w->entries + gone, (w->count - gone) * sizeof *w->entries);
        w->count -= gone;
        c->statistics.hits -= gone;
    }
    if (entry->time < oldest)
        return UINT32_MAX;
    if (w->count == w->capacity) {
        uint32_t more = w->capacity ? w->capacity * 2 : 8;
        struct entry *grown = realloc(w->entries, more * sizeof *grown);
        if (!grown)
            return UINT32_MAX;
        w->entries = grown;
        w->capacity = more;
    }
    uint32_t at = w->count;
    while (at > 0 && w->entries[at - 1].time > entry->time)
        at--;
    memmove(w->entries + at + 1, w->entries + at, (w->count - at) * sizeof *w->entries);
    w->entries[at] = *entry;
    w->count++;
    c->statistics.hits++;
    return at;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double distinct(struct correlator *c, const struct entry *e, uint32_t count)
{
    uint32_t different = 0;
    if (count > c->value_capacity) {
        uint64_t *grown = realloc(c->values, count * 2 * sizeof *grown);
        if (!grown)
            return NAN;
        c->values = grown;
        c->value_capacity = count * 2;
    }
    for (uint32_t i = 0; i < count; i++)
        c->values[i] = e[i].value;
    qsort(c->values, count, sizeof *c->values, by_value);
    for (uint32_t i = 0; i < count; i++)
        different += i == 0 || c->values[i] != c->values[i - 1];
    return different;
}

static double sum_of(const struct entry *e, uint32_t count, uint32_t *numbers)
{
    double sum = 0;
    *numbers = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!isnan(e[i].number)) {
            sum += e[i].number;
            ++*numbers;
        }
    return sum;
}

/* How many of the referred rules matched within e[0, count). */
static double kinds(const struct entry *e, uint32_t count, uint32_t rules)
{
    uint32_t seen = 0;
    for (uint32_t rule = 0; rule < rules; rule++)
        for (uint32_t i = 0; i < count; i++)
            if (e[i].position == rule) {
                seen++;
                break;
            }
    return seen;
}

/* How many of the rules, from the first, matched in their order; equal times count as in order.
 * IMPLEMENTS sigma-2/correlation-equal-times */
static double ordered(const struct entry *e, uint32_t count, uint32_t rules)
{
    uint32_t next = 0;
    uint32_t i = 0;
    while (i < count && next < rules) {
        uint32_t end = i;
        bool again = true;
        while (end < count && e[end].time == e[i].time)
            end++;
        while (again && next < rules) { /* within one time any order */
            again = false;
            for (uint32_t k = i; k < end && !again; k++)
                again = e[k].position == next;
            next += again;
        }
        i = end;
    }
    return next;
}

static bool bound_holds(enum compare compare, double have, double want)
{
    switch (compare) {
    case COMPARE_LT: return have < want;
    case COMPARE_LTE: return have <= want;
    case COMPARE_GT: return have > want;
    case COMPARE_GTE: return have >= want;
    case COMPARE_EQ: return have == want;
    default: return have != want;
    }
}

static bool holds(struct correlator *c, const struct blob_correlation *k, const struct entry *e,
                  uint32_t count, double *value)
{
    uint32_t numbers;
    switch ((enum correlation_type)k->type) {
    case CORRELATION_EVENT_COUNT: *value = count; break;
    case CORRELATION_VALUE_COUNT: *value = distinct(c, e, count); break;
    case CORRELATION_TEMPORAL: *value = kinds(e, count, k->rule_count); break;
    case CORRELATION_TEMPORAL_ORDERED: *value = ordered(e, count, k->rule_count); break;
    case CORRELATION_VALUE_SUM: *value = sum_of(e, count, &numbers); break;
    case CORRELATION_VALUE_AVG:
        *value = sum_of(e, count, &numbers);
        if (!numbers)
            return false;
        *value /= numbers;
        break;
    }
    if (!k->bound_count)
        return *value == k->rule_count;
    for (uint32_t i = 0; i < k->bound_count; i++)
        if (isnan(*value) ||
            !bound_holds((enum compare)k->bounds[i].compare, *value, k->bounds[i].number))
            return false;
    return true;
}

/* The number of entries in the window that ends with `last`, the first of them in *first. */
static uint32_t window_at(const struct window *w, uint32_t last, int64_t span, uint32_t *first)
{
    uint32_t low = 0, high = last;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (w->entries[last].time - w->entries[middle].time > span)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    return last - low + 1;
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
    json_name(&json, "group");
    json_open_object(&json);
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
    void (*alert)(void *, uint32_t, const struct alert *);
    void *owner;
    int depth;
};

static void count_hit(struct correlator *c, uint32_t correlation, const struct entry *entry,
                      struct slice group, struct raise *raise);

/* A correlation that fired is an event for those that refer to it: grouped by its own group. */
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

static void fire(struct correlator *c, struct window *w, uint32_t first, uint32_t last,
                 double value, struct slice group, struct raise *raise)
{
    const struct ruleset *r = c->ruleset;
    const struct blob_correlation *k = &r->correlations[w->correlation];
    struct ruleset_rule rule = ruleset_rule(r, k->rule);
    const struct entry *e = w->entries + first, newest = w->entries[last];
    uint32_t count = last - first + 1;
    struct alert alert = { .rule = rule.id.len ? rule.id : rule.title, .title = rule.title,
                           .title_vi = rule.title_vi, .author = rule.author,
                           .license = rule.license, .tags = rule.tags, .level = rule.level,
                           .time = newest.time, .event = newest.event };
    write_why(c, k, group, value, e, count, raise->arena, &alert.why);
    alert.entity = entity_of(c, k, group, raise->arena);
    alert.earlier = arena_array(raise->arena, count, sizeof *alert.earlier);
    for (uint32_t i = 0; alert.earlier && i + 1 < count && alert.earlier_count < 100; i++)
        if (e[i].id.day)
            alert.earlier[alert.earlier_count++] = e[i].id;
        else if (e[i].round == c->round)
            alert.earlier[alert.earlier_count++] = (struct event_id){ .sequence = e[i].event };
    c->statistics.alerts++;
    if (!(r->rules[k->rule].flags & RULE_SILENT) && alert_copy_texts(&alert, raise->arena))
        raise->alert(raise->owner, k->rule, &alert);
    chain(c, k, group, &newest, raise);
}

/* raise NULL: counted, and remembered when it fired, but nothing is raised. */
static void count_hit(struct correlator *c, uint32_t correlation, const struct entry *entry,
                      struct slice group, struct raise *raise)
{
    const struct blob_correlation *k = &c->ruleset->correlations[correlation];
    if (c->statistics.windows >= CORRELATOR_WINDOWS_MOST ||
        c->statistics.hits >= CORRELATOR_HITS_MOST)
        forget_old(c);
    struct window *w = find_window(c, correlation, group);
    uint32_t at = w ? insert(c, w, k->timespan, entry) : UINT32_MAX;
    if (at == UINT32_MAX) {
        c->statistics.dropped++;
        return;
    }
    /* every window that holds the new entry: those that end with it or with a later one */
    for (uint32_t last = at; last < w->count; last++) {
        uint32_t first, count = window_at(w, last, k->timespan, &first);
        double value = 0;
        if (first > at)
            break;
        bool now = holds(c, k, w->entries + first, count, &value);
        bool recent = w->fired != INT64_MIN && w->entries[last].time - w->fired < k->timespan &&
                      w->fired - w->entries[last].time < k->timespan;
        bool due = now && !(w->holding && recent);
        w->holding = now;
        if (!due)
            continue;
        w->fired = w->entries[last].time;
        if (raise)
            fire(c, w, first, last, value, group, raise);
        break;
    }
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
                               .event = hit->event, .round = raise ? c->round : 0 };
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
    put_hit(c, hit, id, NULL);
}

void correlator_round(struct correlator *c)
{
    c->round++;
}

void correlator_move(struct correlator *to, const struct correlator *from)
{
    const struct ruleset *old = from->ruleset, *new = to->ruleset;
    for (struct window *w = from->oldest; w; w = w->newer) {
        const struct blob_correlation *k = &old->correlations[w->correlation];
        struct ruleset_rule rule = ruleset_rule(old, k->rule);
        struct slice id = rule.id.len ? rule.id : rule.title;
        for (uint32_t i = 0; i < new->correlation_count; i++) {
            const struct blob_correlation *n = &new->correlations[i];
            if (!is_rule(new, n->rule, id) || n->rule_count != k->rule_count)
                continue;
            struct slice group = slice_after(slice_from(w->key, w->key_len), sizeof(uint32_t));
            for (uint32_t e = 0; e < w->count; e++)
                count_hit(to, i, &w->entries[e], group, NULL);
            struct window *moved = find_window(to, i, group);
            if (moved) {
                moved->fired = w->fired;
                moved->holding = w->holding;
            }
        }
    }
}
