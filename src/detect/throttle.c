#include "detect/throttle.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"

/* Keyed by a 64-bit hash: two keys that share one would be folded together once in 2^64. */
struct window {
    uint64_t key;
    int64_t since;        /* 0: free */
    uint32_t count;
};

#define PROBES 8u

struct throttle {
    struct window folds[THROTTLE_KEYS_MOST], rates[THROTTLE_KEYS_MOST];
    struct arena arena;
    struct map limits;    /* rule → struct roster_limit */
};

struct throttle *throttle_new(void)
{
    struct throttle *t = calloc(1, sizeof *t);
    if (t)
        arena_init(&t->arena, ARENA_NO_CEILING);
    return t;
}

void throttle_free(struct throttle **throttle)
{
    struct throttle *t = *throttle;
    *throttle = NULL;
    if (!t)
        return;
    map_free(&t->limits);
    arena_free(&t->arena);
    free(t);
}

void throttle_limits(struct throttle *t, const struct roster_limit *limits, uint32_t count)
{
    map_free(&t->limits);
    t->limits = MAP_EMPTY;
    arena_clear(&t->arena);
    struct roster_limit *copies = arena_array(&t->arena, count + 1u, sizeof *copies);
    for (uint32_t i = 0; copies && i < count; i++) {
        copies[i] = limits[i];
        copies[i].rule = arena_copy(&t->arena, limits[i].rule);
        if (copies[i].rule.data)
            map_put(&t->limits, copies[i].rule, &copies[i]);
    }
}

static uint64_t mix(uint64_t key, struct slice part)
{
    return (key ^ slice_hash(part)) * UINT64_C(0x9e3779b97f4a7c15) + part.len;
}

/* The key's window, opened anew when it is over; of a full neighbourhood the oldest gives way. */
static struct window *window_of(struct window *table, uint64_t key, int64_t now, int64_t span)
{
    struct window *oldest = NULL;
    for (uint32_t i = 0; i < PROBES; i++) {
        struct window *w = &table[(key + i) % THROTTLE_KEYS_MOST];
        if (w->since && w->key == key) {
            if (now - w->since >= span || now < w->since)
                *w = (struct window){ key, now, 0 };
            return w;
        }
        if (!oldest || w->since < oldest->since)
            oldest = w;
    }
    *oldest = (struct window){ key, now, 0 };
    return oldest;
}

bool throttle_pass(struct throttle *t, const struct event *event, const struct alert *alert,
                   int64_t now, enum tally_kind *kind_out)
{
    const struct roster_limit *limit = map_get(&t->limits, alert->rule);
    int64_t fold = (limit && limit->fold ? limit->fold : THROTTLE_FOLD) * CLOCK_SECOND;
    int64_t most = limit && limit->most ? limit->most : THROTTLE_MOST;
    uint64_t rule = mix(mix(1, alert->rule), event->agency);
    int32_t day = clock_day(alert->time, CLOCK_ZONE); /* the records fold by it */
    uint64_t entity = mix(mix(mix(rule, event->system), alert->entity),
                          slice_from(&day, sizeof day));
    struct window *same = window_of(t->folds, entity, now, fold);
    if (same->count >= THROTTLE_WHOLE) {
        *kind_out = TALLY_FOLDED;
        return false;
    }
    if (same->count++ == 0 && most >= 0) { /* an alert of its own, not more of one that stands */
        struct window *hour = window_of(t->rates, rule, now, CLOCK_HOUR);
        if (hour->count >= (uint64_t)most) {
            same->count = 0;
            *kind_out = TALLY_THROTTLED;
            return false;
        }
        hour->count++;
    }
    return true;
}
