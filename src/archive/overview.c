#include "archive/overview.h"

#include <stdlib.h>

#include "archive/stage.h"
#include "base/map.h"

#define BUCKETS_MOST 100000u
#define DISTINCT_MOST 10000u

struct value_count {
    struct slice value;
    uint64_t count;
};

struct overview_facet {
    struct map values;     /* value → struct value_count */
    uint64_t with;
};

void overview_init(struct overview *overview, struct arena *arena, struct search_foot *foot)
{
    *overview = (struct overview){ .arena = arena, .foot = foot };
    buffer_init(&overview->scratch, 0);
}

void overview_free(struct overview *overview)
{
    for (size_t i = 0; i < overview->facet_count; i++)
        map_free(&overview->facets[i].values);
    buffer_free(&overview->scratch);
}

bool overview_begin_facets(struct overview *overview, const struct slice *fields, size_t count,
                           struct error *e)
{
    if (!count)
        return true;
    overview->facets = arena_array(overview->arena, count, sizeof *overview->facets);
    if (!overview->facets)
        return error_set(e, "memory is short for searching");
    overview->fields = fields;
    overview->facet_count = count;
    return true;
}

bool overview_begin_buckets(struct overview *overview, int64_t from, int64_t to, unsigned wanted,
                            struct error *e)
{
    int64_t range;
    if (__builtin_sub_overflow(to, from, &range))
        return true;
    int64_t span = stage_span(range, wanted), first = stage_bucket(from, span);
    uint64_t count = (uint64_t)(to - first) / (uint64_t)span + 1;
    if (count > BUCKETS_MOST)
        return true;
    overview->buckets = arena_array(overview->arena, count, sizeof *overview->buckets);
    if (!overview->buckets)
        return error_set(e, "memory is short for the histogram");
    overview->span = span;
    overview->bucket_count = (size_t)count;
    for (size_t i = 0; i < overview->bucket_count; i++)
        overview->buckets[i].from = first + (int64_t)i * span;
    return true;
}

void overview_time(struct overview *overview, int64_t time)
{
    if (!overview->span || time < overview->buckets[0].from)
        return;
    uint64_t i = (uint64_t)(time - overview->buckets[0].from) / (uint64_t)overview->span;
    if (i < overview->bucket_count)
        overview->buckets[i].count++;
}

/* Its counter; NULL: too many different ones, or memory. */
static struct value_count *counter_of(struct overview *overview, struct overview_facet *facet,
                                      struct slice value)
{
    struct value_count *count = map_get(&facet->values, value);
    if (count)
        return count;
    if (facet->values.count >= DISTINCT_MOST) {
        overview->foot->cut++;
        return NULL;
    }
    count = arena_zero(overview->arena, sizeof *count);
    if (!count || !(count->value = arena_copy(overview->arena, value)).data ||
        !map_put(&facet->values, count->value, count))
        return NULL;
    return count;
}

void overview_event(struct overview *overview, const struct search_event *event)
{
    for (size_t i = 0; i < overview->facet_count; i++) {
        struct search_cell cell = stage_event_cell(event, overview->fields[i], &overview->scratch);
        if (cell.none)
            continue;
        struct value_count *count = counter_of(overview, &overview->facets[i], cell.text);
        overview->facets[i].with++;
        if (count)
            count->count++;
    }
}

bool overview_give_buckets(const struct overview *overview, const struct search_handlers *handlers)
{
    return !overview->span || !handlers->buckets ||
           handlers->buckets(handlers->owner, overview->span, overview->buckets, overview->bucket_count);
}

static int most_frequent(const void *a, const void *b)
{
    const struct value_count *x = *(struct value_count *const *)a,
                             *y = *(struct value_count *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return slice_compare(x->value, y->value);
}

bool overview_give_facets(struct overview *overview, const struct search_handlers *handlers)
{
    bool wanted = true;
    for (size_t i = 0; i < overview->facet_count; i++) {
        struct overview_facet *state = &overview->facets[i];
        struct search_facet facet = { .field = overview->fields[i], .with = state->with,
                                      .distinct = state->values.count };
        struct value_count **all = arena_array(overview->arena, state->values.count, sizeof *all);
        size_t count = 0;
        struct map_entry *entry;
        for (size_t at = 0; all && (entry = map_next(&state->values, &at));)
            all[count++] = entry->value;
        if (count)
            qsort(all, count, sizeof *all, most_frequent);
        for (size_t k = 0; k < count && k < SEARCH_FACET_VALUES; k++)
            facet.values[facet.value_count++] = (struct search_value){ all[k]->value, all[k]->count };
        wanted &= handlers->facet(handlers->owner, &facet);
    }
    return wanted;
}
