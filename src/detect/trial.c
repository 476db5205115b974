#include "detect/trial.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"

#include "detect/audit_batch.h"
#include "detect/correlator.h"
#include "detect/why.h"

#define RAISE_MEMORY (64u << 20)   /* of the alerts that one hit completes */

/* What a correlation is to count, until all is read. */
struct kept {
    struct hit hit;                /* .event: its index, for the order */
    struct event_id id;
    int64_t received;
    struct slice agency, system;
    const uint32_t *excepted;      /* correlations whose alert about this event exceptions take away,
                                    * their number first; NULL: none */
};

struct trial {
    struct scanner *scanner;
    struct correlator *correlator;
    struct audit_batch *audit;
    struct exception_set *exceptions; /* NULL: none */
    uint32_t *correlations;        /* of the present event: as kept.excepted */
    int64_t now, from;
    struct trial_day days[TRIAL_DAYS_MOST];
    uint32_t day_count;
    struct trial_total total;
    uint32_t examples;
    void (*example)(void *owner, const struct trial_example *example);
    void *owner;
    struct arena arena;            /* keys of alerts; texts of kept hits */
    struct map alerts;             /* 8 bytes of hash → anything */
    struct map places;             /* agency and system, each once */
    struct kept *kept;
    uint32_t kept_count, kept_capacity;
};

struct trial *trial_new(struct ruleset *ruleset, int64_t from, uint32_t days,
                        void (*example)(void *owner, const struct trial_example *example),
                        void *owner)
{
    struct trial *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    arena_init(&t->arena, ARENA_NO_CEILING);
    t->scanner = scanner_new(ruleset);
    t->correlator = correlator_new(ruleset);
    t->audit = audit_batch_new();
    t->correlations = calloc(ruleset_count(ruleset) + 1u, sizeof *t->correlations);
    t->from = from;
    t->day_count = days < TRIAL_DAYS_MOST ? days : TRIAL_DAYS_MOST;
    t->example = example;
    t->owner = owner;
    if (!t->scanner || !t->correlator || !t->audit || !t->correlations)
        trial_free(&t);
    return t;
}

void trial_free(struct trial **trial)
{
    struct trial *t = *trial;
    *trial = NULL;
    if (!t)
        return;
    scanner_free(&t->scanner);
    correlator_free(&t->correlator);
    audit_batch_free(&t->audit);
    exception_set_free(&t->exceptions);
    map_free(&t->alerts);
    map_free(&t->places);
    arena_free(&t->arena);
    free(t->correlations);
    free(t->kept);
    free(t);
}

void trial_exceptions(struct trial *t, struct exception_set *exceptions, int64_t now)
{
    exception_set_free(&t->exceptions);
    t->exceptions = exceptions;
    t->now = now;
}

/* ---- counting ---------------------------------------------------------------------------------- */

static struct trial_day *day_of(struct trial *t, int64_t time)
{
    if (time < t->from)
        return NULL;
    uint64_t index = (uint64_t)(time - t->from) / (uint64_t)CLOCK_DAY;
    return index < t->day_count ? &t->days[index] : NULL;
}

static uint64_t mix(uint64_t key, struct slice part)
{
    return (key ^ slice_hash(part)) * UINT64_C(0x9e3779b97f4a7c15) + part.len;
}

/* Whether the match begins an alert, as the records would fold it. */
static bool is_new(struct trial *t, struct slice rule, struct slice agency, struct slice system,
                   struct slice entity, int64_t time)
{
    int32_t day = clock_day(time, CLOCK_ZONE);
    uint64_t key = mix(mix(mix(mix(mix(1, rule), agency), system), entity),
                       slice_from(&day, sizeof day));
    struct slice bytes = slice_from(&key, sizeof key);
    if (map_has(&t->alerts, bytes))
        return false;
    if (t->alerts.count >= TRIAL_ALERTS_MOST) {
        t->total.cut++;
        return false;
    }
    bytes = arena_copy(&t->arena, bytes);
    return bytes.data && map_put(&t->alerts, bytes, t);
}

static bool is_excepted(struct trial *t, const struct event *event, struct slice rule)
{
    return t->exceptions && exception_find(t->exceptions, event, rule, t->now) != 0;
}

/* Counts a match of the day; true: it is an alert of its own. */
static bool count(struct trial *t, struct slice rule, struct slice agency, struct slice system,
                  struct slice entity, int64_t time, bool excepted)
{
    struct trial_day *day = day_of(t, time);
    if (!day)
        return false;
    if (excepted) {
        t->total.excepted++;
        return false;
    }
    day->matches++;
    t->total.matches++;
    if (!is_new(t, rule, agency, system, entity, time))
        return false;
    day->alerts++;
    t->total.alerts++;
    return true;
}

static bool wants_example(const struct trial *t)
{
    return t->example && t->examples < TRIAL_EXAMPLES;
}

/* ---- events ------------------------------------------------------------------------------------ */

/* One piece of memory for all hits of that agency and system. */
static bool place_of(struct trial *t, const struct event *event, struct kept *out)
{
    char small[512];
    size_t len = event->agency.len + 1 + event->system.len;
    if (len > sizeof small)
        return false; /* keys are slugs */
    if (event->agency.len)
        memcpy(small, event->agency.data, event->agency.len);
    small[event->agency.len] = '\n';
    if (event->system.len)
        memcpy(small + event->agency.len + 1, event->system.data, event->system.len);
    struct slice key = slice_from(small, len);
    struct slice *place = map_get(&t->places, key);
    if (!place) {
        place = arena_alloc(&t->arena, sizeof *place);
        if (!place || !(*place = arena_copy(&t->arena, key)).data ||
            !map_put(&t->places, *place, place))
            return false;
    }
    out->agency = slice_cut(*place, 0, event->agency.len);
    out->system = slice_after(*place, event->agency.len + 1);
    return true;
}

static struct slice name_of(const struct trial *t, uint32_t rule)
{
    struct ruleset_rule r = ruleset_rule(scanner_ruleset(t->scanner), rule);
    return r.id.len ? r.id : r.title;
}

/* Asked now, since the event is gone when the correlations are put together. */
static void look_at_correlations(struct trial *t, const struct event *event)
{
    const struct ruleset *rules = scanner_ruleset(t->scanner);
    uint32_t count = 0;
    for (uint32_t rule = 0; t->exceptions && rule < ruleset_count(rules); rule++)
        if (ruleset_rule(rules, rule).correlation && is_excepted(t, event, name_of(t, rule)))
            t->correlations[++count] = rule;
    t->correlations[0] = count;
}

static bool more_room(struct trial *t)
{
    if (t->kept_count < t->kept_capacity)
        return true;
    uint32_t capacity = t->kept_capacity ? t->kept_capacity * 2 : 1024;
    struct kept *more = realloc(t->kept, capacity * sizeof *more);
    if (!more)
        return false;
    t->kept = more;
    t->kept_capacity = capacity;
    return true;
}

static bool keep_hit(struct trial *t, const struct hit *hit, const struct event *event,
                     const struct event_id *id)
{
    struct kept *k;
    if (t->kept_count == TRIAL_HITS_MOST) {
        t->total.dropped++;
        return true;
    }
    if (!more_room(t))
        return false;
    k = &t->kept[t->kept_count];
    *k = (struct kept){ .hit = *hit, .id = *id, .received = event->received };
    k->hit.event = t->kept_count;
    k->hit.group = hit->group.len ? arena_copy(&t->arena, hit->group) : SLICE("");
    k->hit.value = hit->value.len ? arena_copy(&t->arena, hit->value) : SLICE("");
    if (!k->hit.group.data || !k->hit.value.data || !place_of(t, event, k))
        return false;
    if (t->correlations[0]) {
        uint32_t numbers = t->correlations[0] + 1;
        uint32_t *copy = arena_array(&t->arena, numbers, sizeof *copy);
        if (!copy)
            return false;
        k->excepted = memcpy(copy, t->correlations, numbers * sizeof *copy);
    }
    t->kept_count++;
    return true;
}

/* A match of a rule that speaks for itself. */
static bool match(struct trial *t, struct batch *batch, const struct event *event, uint32_t rule,
                  const struct event_id *id)
{
    struct slice name = name_of(t, rule);
    struct alert alert;
    if (!count(t, name, event->agency, event->system, why_entity(event, &batch->arena), event->time,
               is_excepted(t, event, name)) ||
        !wants_example(t))
        return !batch->arena.exhausted;
    if (!scanner_alert(t->scanner, event, rule, &batch->arena, &alert))
        return false;
    t->examples++;
    t->example(t->owner, &(struct trial_example){ .alert = &alert, .event = event, .id = *id });
    return true;
}

static bool matched(struct trial *t, struct batch *batch, const struct event *event, uint32_t index,
                    uint32_t rule, const struct event_id *id)
{
    struct hit *hits;
    uint32_t hit_count;
    if (!ruleset_rule(scanner_ruleset(t->scanner), rule).silent &&
        !match(t, batch, event, rule, id))
        return false;
    if (!correlator_hits(t->scanner, event, rule, index, &batch->arena, &hits, &hit_count))
        return false;
    if (hit_count)
        look_at_correlations(t, event);
    for (uint32_t i = 0; i < hit_count; i++)
        if (!keep_hit(t, &hits[i], event, id))
            return false;
    return true;
}

bool trial_events(struct trial *t, struct batch *batch, const struct event_id *ids, struct error *e)
{
    bool fine = true;
    audit_batch_begin(t->audit, batch);
    for (uint32_t i = 0; i < batch->event_count && fine; i++) {
        const uint32_t *rules;
        const struct event *event = audit_batch_event(t->audit, i);
        uint32_t rule_count = event ? scanner_scan(t->scanner, event, &rules) : 0;
        trial_passed(t, batch->events[i].time);
        for (uint32_t k = 0; k < rule_count && fine; k++)
            if (audit_batch_news(t->audit, rules[k]))
                fine = matched(t, batch, event, i, rules[k], &ids[i]);
    }
    audit_batch_end(t->audit);
    return fine || error_set(e, "memory is short for what the rule matches");
}

void trial_passed(struct trial *t, int64_t time)
{
    struct trial_day *day = day_of(t, time);
    if (day)
        day->events++;
    t->total.events++;
}

void trial_left(struct trial *t, int64_t time_min, int64_t time_max)
{
    for (uint32_t i = 0; i < t->day_count; i++) {
        int64_t begin = t->from + (int64_t)i * CLOCK_DAY;
        t->days[i].left |= time_max >= begin && time_min < begin + CLOCK_DAY;
    }
}

/* ---- correlations ------------------------------------------------------------------------------ */

static int by_receipt(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    if (x->received != y->received)
        return x->received < y->received ? -1 : 1;
    if (x->id.day != y->id.day)
        return x->id.day < y->id.day ? -1 : 1;
    int class = strcmp(x->id.class, y->id.class);
    if (class)
        return class;
    if (x->id.sequence != y->id.sequence)
        return x->id.sequence < y->id.sequence ? -1 : 1;
    return x->hit.event < y->hit.event ? -1 : x->hit.event > y->hit.event;
}

static void on_alert(void *owner, uint32_t rule, const struct alert *alert)
{
    struct trial *t = owner;
    const struct kept *last = &t->kept[alert->event];
    struct event_id earlier[100]; /* as many as an alert has */
    struct trial_example example = { .alert = alert, .id = last->id, .earlier = earlier };
    bool excepted = false;
    for (uint32_t i = 1; last->excepted && i <= last->excepted[0] && !excepted; i++)
        excepted = last->excepted[i] == rule;
    if (!count(t, alert->rule, last->agency, last->system, alert->entity, alert->time, excepted) ||
        !wants_example(t))
        return;
    for (uint32_t i = 0; i < alert->earlier_count && i < 100; i++)
        earlier[example.earlier_count++] = t->kept[alert->earlier[i].sequence].id;
    t->examples++;
    t->example(t->owner, &example);
}

bool trial_finish(struct trial *t, struct error *e)
{
    ARENA_AUTO arena;
    bool fine = true;
    arena_init(&arena, RAISE_MEMORY);
    if (t->kept_count)
        qsort(t->kept, t->kept_count, sizeof *t->kept, by_receipt);
    for (uint32_t i = 0; i < t->kept_count && fine; i++) {
        t->kept[i].hit.event = i;
        correlator_put(t->correlator, &t->kept[i].hit, &arena, on_alert, t);
        fine = !arena.exhausted;
        arena_clear(&arena);
    }
    t->total.dropped += correlator_statistics(t->correlator).dropped;
    t->total.regex_limit = scanner_statistics(t->scanner).regex_limit;
    return fine || error_set(e, "memory is short for what the rule matches");
}

const struct trial_day *trial_days(const struct trial *t, uint32_t *count_out)
{
    *count_out = t->day_count;
    return t->days;
}

struct trial_total trial_total(const struct trial *t)
{
    return t->total;
}
