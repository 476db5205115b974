#include "api/standings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/private.h"

#define ENTRIES 8
#define FRESH (10 * CLOCK_SECOND)         /* of "now" */
#define FRESH_PAST (300 * CLOCK_SECOND)   /* of a past day */
#define RESULT_MOST (256u << 20)

struct standing_entry {
    struct standings *owner;
    struct arena arena;
    struct plan_result *result;
    char period[12];
    int64_t at;                 /* as asked; 0: now */
    int64_t made;               /* steady clock */
    uint64_t generation;
    unsigned readers;           /* and one while it stands in the table */
};

struct standings {
    const struct plan *plan;
    const char *records;
    pthread_mutex_t lock;       /* over all below */
    pthread_mutex_t check;      /* held while checking: the second who asks finds the first's */
    struct standing_entry *entries[ENTRIES];
    uint64_t generation;
};

struct standings *standings_new(const struct plan *plan, const char *records)
{
    struct standings *standings = calloc(1, sizeof *standings);

    if (!standings)
        return NULL;
    standings->plan = plan;
    standings->records = records;
    pthread_mutex_init(&standings->lock, NULL);
    pthread_mutex_init(&standings->check, NULL);
    return standings;
}

static void entry_release(struct standing_entry *entry)
{
    if (!entry || --entry->readers > 0)
        return;
    arena_free(&entry->arena);
    free(entry);
}

void standings_free(struct standings **standings_ref)
{
    struct standings *standings = *standings_ref;

    *standings_ref = NULL;
    if (!standings)
        return;
    for (int i = 0; i < ENTRIES; i++)
        entry_release(standings->entries[i]);
    pthread_mutex_destroy(&standings->lock);
    pthread_mutex_destroy(&standings->check);
    free(standings);
}

void standings_stale(struct standings *standings)
{
    pthread_mutex_lock(&standings->lock);
    standings->generation++;
    pthread_mutex_unlock(&standings->lock);
}

/* ---- the table of results -------------------------------------------------------------------- */

static struct standing_entry *find(struct standings *standings, const char *period, int64_t at)
{
    struct standing_entry *found = NULL;
    int64_t now = clock_steady();

    pthread_mutex_lock(&standings->lock);
    for (int i = 0; i < ENTRIES && !found; i++) {
        struct standing_entry *entry = standings->entries[i];
        if (entry && entry->at == at && strcmp(entry->period, period) == 0 &&
            entry->generation == standings->generation &&
            now - entry->made < (at ? FRESH_PAST : FRESH)) {
            found = entry;
            found->readers++;
        }
    }
    pthread_mutex_unlock(&standings->lock);
    return found;
}

/* In place of the same question's old answer, else of the oldest. */
static void keep(struct standings *standings, struct standing_entry *entry)
{
    int place = 0;

    pthread_mutex_lock(&standings->lock);
    for (int i = 0; i < ENTRIES; i++) {
        struct standing_entry *one = standings->entries[i];
        if (!one || (one->at == entry->at && strcmp(one->period, entry->period) == 0)) {
            place = i;
            break;
        }
        if (one->made < standings->entries[place]->made)
            place = i;
    }
    entry_release(standings->entries[place]);
    standings->entries[place] = entry;
    pthread_mutex_unlock(&standings->lock);
}

static struct standing_entry *check(struct api_call *call, struct standings *standings,
                                    const char *period, int64_t at)
{
    struct standing_entry *entry = calloc(1, sizeof *entry);
    struct plan_check_options options = { .at = at ? at : call->now, .period = slice_of(period) };

    if (!entry) {
        error_set(&call->error, "out of memory");
        return NULL;
    }
    entry->owner = standings;
    arena_init(&entry->arena, RESULT_MOST);
    pthread_mutex_lock(&standings->lock);
    entry->generation = standings->generation;
    pthread_mutex_unlock(&standings->lock);
    if (!plan_check(standings->plan, standings->records, &options, &entry->arena, &entry->result,
                    &call->error)) {
        arena_free(&entry->arena);
        free(entry);
        return NULL;
    }
    snprintf(entry->period, sizeof entry->period, "%s", period);
    entry->at = at;
    entry->made = clock_steady();
    entry->readers = 2;
    keep(standings, entry);
    return entry;
}

bool standings_read(struct api_call *call, struct slice period, int64_t at,
                    struct standing_view *view_out)
{
    struct standings *standings = api_standings_of(call);
    char id[12];

    *view_out = (struct standing_view){ 0 };
    if (!standings->plan)
        return api_fail(call, 503, "plan_missing", NULL, "there is no plan in force here");
    if (period.len == 0)
        period = standings_period(call, at);
    snprintf(id, sizeof id, "%.*s", SLICE_ARGS(period));
    struct standing_entry *entry = find(standings, id, at);
    if (!entry) {
        pthread_mutex_lock(&standings->check);
        entry = find(standings, id, at);
        if (!entry)
            entry = check(call, standings, id, at);
        pthread_mutex_unlock(&standings->check);
    }
    if (!entry)
        return false;
    *view_out = (struct standing_view){ entry->result, entry };
    return true;
}

void standings_release(struct standing_view *view)
{
    struct standing_entry *entry = view->entry;

    if (!entry)
        return;
    pthread_mutex_lock(&entry->owner->lock);
    entry_release(entry);
    pthread_mutex_unlock(&entry->owner->lock);
}

/* ---- what was asked -------------------------------------------------------------------------- */

/* A day in the past is asked as known at its end. */
int64_t standings_at(const struct api_call *call)
{
    const struct api_value *at = api_value(call, "at");
    int64_t end = at->number + CLOCK_DAY - 1;

    return at->given && end < call->now ? end : 0;
}

struct slice standings_period(const struct api_call *call, int64_t at)
{
    struct slice asked = api_text(call, "period");
    struct period period;

    if (asked.len)
        return asked;
    period = period_at(PERIOD_QUARTER, at ? at : call->now, call->options->plan->regime->cutoff);
    return arena_copy(call->arena, slice_of(period.id));
}

struct slice standings_quarter(const struct api_call *call)
{
    const struct plan *plan = call->options->plan;
    struct period period = period_at(PERIOD_QUARTER, call->now, plan ? plan->regime->cutoff : 0);

    return arena_copy(call->arena, slice_of(period.id));
}

bool standings_seen(const struct api_call *call, const struct plan_standing *standing)
{
    return records_scope_holds(&call->scope, standing->agency->key);
}
