#include "detect/window.h"

#include <math.h>

#include "event/batch.h"

#define SEEN_FIRST 16u
#define SUM_ANEW 64u     /* removals after which a sum is made anew, at least */

/* --- the tally --- */

void tally_free(struct tally *t)
{
    free(t->positions);
    free(t->seen);
    *t = (struct tally){ 0 };
}

static uint32_t place_of(uint64_t value, uint32_t capacity)
{
    return (uint32_t)(value ^ value >> 32) & (capacity - 1);
}

static struct seen *probe(struct seen *seen, uint32_t capacity, uint64_t value)
{
    for (uint32_t at = place_of(value, capacity);; at = (at + 1) & (capacity - 1))
        if (!seen[at].count || seen[at].value == value)
            return &seen[at];
}

static bool widen(struct tally *t)
{
    uint32_t capacity = t->seen_capacity ? t->seen_capacity * 2 : SEEN_FIRST;
    struct seen *seen = calloc(capacity, sizeof *seen);
    if (!seen)
        return false;
    for (uint32_t i = 0; i < t->seen_capacity; i++)
        if (t->seen[i].count)
            *probe(seen, capacity, t->seen[i].value) = t->seen[i];
    free(t->seen);
    t->seen = seen;
    t->seen_capacity = capacity;
    return true;
}

static void see(struct tally *t, uint64_t value)
{
    if ((t->different + 1) * 2 > t->seen_capacity && !widen(t)) {
        t->failed = true;
        return;
    }
    struct seen *s = probe(t->seen, t->seen_capacity, value);
    t->different += s->count == 0;
    s->value = value;
    s->count++;
}

/* Those behind the freed place that could stand in it move up (Knuth 6.4, algorithm R). */
static void close_gap(struct tally *t, uint32_t gap)
{
    uint32_t mask = t->seen_capacity - 1;
    for (uint32_t at = (gap + 1) & mask; t->seen[at].count; at = (at + 1) & mask) {
        uint32_t home = place_of(t->seen[at].value, t->seen_capacity);
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            t->seen[gap] = t->seen[at];
            gap = at;
        }
    }
    t->seen[gap].count = 0;
}

static void unsee(struct tally *t, uint64_t value)
{
    struct seen *s = t->seen_capacity ? probe(t->seen, t->seen_capacity, value) : NULL;
    if (!s || !s->count || --s->count)
        return;
    t->different--;
    close_gap(t, (uint32_t)(s - t->seen));
}

static void add(struct tally *t, const struct blob_correlation *k, const struct entry *e)
{
    bool temporal = k->type == CORRELATION_TEMPORAL;
    if (temporal && !t->positions &&
        !(t->positions = calloc(k->rule_count, sizeof *t->positions))) {
        t->failed = true;
        return;
    }
    if (temporal)
        t->kinds += t->positions[e->position]++ == 0;
    if (k->type == CORRELATION_VALUE_COUNT)
        see(t, e->value);
    if (isfinite(e->number)) {
        t->sum += e->number;
        t->numbers++;
    }
}

static void take(struct tally *t, const struct blob_correlation *k, const struct entry *e)
{
    if (k->type == CORRELATION_TEMPORAL && t->positions && t->positions[e->position])
        t->kinds -= --t->positions[e->position] == 0;
    if (k->type == CORRELATION_VALUE_COUNT)
        unsee(t, e->value);
    if (isfinite(e->number)) {
        t->sum -= e->number;
        t->numbers--;
        t->removed++;
    }
}

/* Fractions added and taken away leave errors behind: now and then the sum is made anew. */
static void freshen(struct tally *t, const struct entry *entries)
{
    if (t->removed < SUM_ANEW || t->removed < t->next - t->first)
        return;
    t->sum = 0;
    t->removed = 0;
    for (uint32_t i = t->first; i < t->next; i++)
        if (isfinite(entries[i].number))
            t->sum += entries[i].number;
}

/* Moves the tally's end behind `last` and its beginning to where the span lets it. */
static void slide(struct tally *t, const struct blob_correlation *k, const struct entry *entries,
                  uint32_t last)
{
    while (t->next <= last)
        add(t, k, &entries[t->next++]);
    while (entries[last].time - entries[t->first].time > k->timespan)
        take(t, k, &entries[t->first++]);
    freshen(t, entries);
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

/* IMPLEMENTS sigma-2/correlation-event-count sigma-2/correlation-value-count
 *            sigma-2/correlation-temporal sigma-2/correlation-temporal-ordered
 *            sigma-2/correlation-value-sum sigma-2/correlation-value-avg */
bool tally_holds(const struct tally *t, const struct blob_correlation *k,
                 const struct entry *entries, double *value)
{
    uint32_t count = t->next - t->first;
    *value = NAN;
    if (t->failed)
        return false;
    switch ((enum correlation_type)k->type) {
    case CORRELATION_EVENT_COUNT: *value = count; break;
    case CORRELATION_VALUE_COUNT: *value = t->different; break;
    case CORRELATION_TEMPORAL: *value = t->kinds; break;
    case CORRELATION_TEMPORAL_ORDERED:
        *value = ordered(entries + t->first, count, k->rule_count);
        break;
    case CORRELATION_VALUE_SUM: *value = t->sum; break;
    case CORRELATION_VALUE_AVG:
        if (!t->numbers)
            return false;
        *value = t->sum / t->numbers;
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

/* --- the hits --- */

void window_free(struct window_hits *w)
{
    tally_free(&w->tally);
    free(w->memory);
    *w = (struct window_hits){ 0 };
}

static void forget(struct window_hits *w, const struct blob_correlation *k, uint32_t count)
{
    struct tally *t = &w->tally;
    while (t->first < count && t->first < t->next)
        take(t, k, &w->entries[t->first++]);
    if (t->next < count)
        t->first = t->next = count;
    t->first -= count;
    t->next -= count;
    w->entries += count;
    w->count -= count;
}

static bool make_room(struct window_hits *w)
{
    uint32_t start = w->memory ? (uint32_t)(w->entries - w->memory) : 0;
    if (start + w->count < w->capacity)
        return true;
    if (start >= w->capacity / 2 && start) {
        memmove(w->memory, w->entries, w->count * sizeof *w->memory);
    } else {
        uint32_t more = w->capacity ? w->capacity * 2 : 8;
        struct entry *grown = malloc(more * sizeof *grown);
        if (!grown)
            return false;
        if (w->count)
            memcpy(grown, w->entries, w->count * sizeof *grown);
        free(w->memory);
        w->memory = grown;
        w->capacity = more;
    }
    w->entries = w->memory;
    return true;
}

/* IMPLEMENTS sigma-2/correlation-late. */
uint32_t window_insert(struct window_hits *w, const struct blob_correlation *k,
                       const struct entry *entry, uint32_t most, uint32_t *forgotten,
                       uint32_t *lost)
{
    int64_t last = w->count ? w->entries[w->count - 1].time : entry->time;
    int64_t oldest = (last > entry->time ? last : entry->time) - 2 * k->timespan;
    uint32_t gone = 0;
    while (gone < w->count && w->entries[gone].time < oldest)
        gone++;
    *lost = w->count - gone >= most;
    *forgotten = gone += *lost;
    if (gone)
        forget(w, k, gone);
    if (entry->time < oldest || !make_room(w))
        return UINT32_MAX;
    uint32_t at = w->count;
    while (at > 0 && w->entries[at - 1].time > entry->time)
        at--;
    memmove(w->entries + at + 1, w->entries + at, (w->count - at) * sizeof *w->entries);
    w->entries[at] = *entry;
    w->count++;
    struct tally *t = &w->tally;
    if (at >= t->next) /* the newest: window_first() slides on to it */
        return at;
    bool counts = at > t->first || last - entry->time <= k->timespan;
    if (at < t->first || !counts)
        t->first++;
    else
        add(t, k, entry);
    t->next++;
    return at;
}

struct tally *window_first(struct window_hits *w, const struct blob_correlation *k, uint32_t at,
                           struct tally *late)
{
    if (at + 1 == w->count) {
        slide(&w->tally, k, w->entries, at);
        return &w->tally;
    }
    uint32_t low = 0, high = at;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (w->entries[at].time - w->entries[middle].time > k->timespan)
            low = middle + 1;
        else
            high = middle;
    }
    late->first = late->next = low;
    slide(late, k, w->entries, at);
    return late;
}

bool window_next(struct window_hits *w, const struct blob_correlation *k, uint32_t at,
                 struct tally *tally)
{
    if (tally->next >= w->count)
        return false;
    slide(tally, k, w->entries, tally->next);
    return tally->first <= at;
}
