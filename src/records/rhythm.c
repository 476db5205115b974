#include "records/rhythm.h"

#include <stdlib.h>

#include "base/clock.h"
#include "records/gap.h"
#include "records/store.h"

#define WEEK (7 * 24)
#define WEEKS_LEAST 3
#define DAYS_LEAST 5
#define DAYS_MOST 7
#define SAMPLES_MOST 8

/* ---- pauses ------------------------------------------------------------------------------------ */

/* With n days the n/10 longest are left out. */
bool records_rhythm_learn(struct records *records, int64_t now, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "WITH ranked(source, pause, days, place) AS (SELECT source, pause, "
            "count(*) OVER (PARTITION BY source), "
            "row_number() OVER (PARTITION BY source ORDER BY pause DESC) "
            "FROM source_day WHERE day >= ?1 AND day < ?2) "
            "UPDATE source_health AS t SET usual_pause = k.pause, "
            "silent_after = max(?4, ?5 * k.pause) FROM ranked k WHERE k.source = t.source "
            "AND k.days >= ?3 AND k.place = k.days / 10 + 1", &s, e))
        return false;
    statement_put(&s, clock_day(now - RECORDS_RHYTHM_DAYS * CLOCK_DAY, CLOCK_ZONE));
    statement_put(&s, clock_day(now, CLOCK_ZONE)); /* the running day is not over */
    statement_put(&s, RECORDS_RHYTHM_DAYS_LEAST);
    statement_put(&s, RECORDS_RHYTHM_LEAST);
    statement_put(&s, RECORDS_RHYTHM_TIMES);
    return statement_run(&s, e);
}

/* ---- hours --------------------------------------------------------------------------------------- */

/* Hours [first, first + count): events, or -1 where nothing can be known. */
struct hours {
    int64_t first;
    uint32_t count;
    int64_t *events;
};

static void forget(struct hours *h, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++)
        if (i >= h->first && i < h->first + (int64_t)h->count)
            h->events[i - h->first] = -1;
}

static bool read_events(struct records *records, struct slice source, struct hours *h,
                        struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT hour, received FROM source_hour WHERE source = ?1 "
                         "AND hour >= ?2 AND hour < ?3", &s, e))
        return false;
    statement_put_text(&s, source);
    statement_put(&s, h->first);
    statement_put(&s, h->first + (int64_t)h->count);
    while (statement_next(&s, e)) {
        int64_t hour = statement_get(&s);
        h->events[hour - h->first] = statement_get(&s);
    }
    return !s.failed;
}

/* Before it was first seen nothing is known; its first hour was not a whole one. */
static bool forget_before(struct records *records, struct slice source, struct hours *h,
                          struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT first_seen FROM source_health WHERE source = ?", &s, e))
        return false;
    statement_put_text(&s, source);
    int64_t seen = statement_next(&s, e) ? statement_get(&s) : INT64_MAX / 2;
    forget(h, h->first, seen / CLOCK_HOUR + 1);
    return !s.failed;
}

static bool forget_gaps(struct records *records, struct hours *h, struct arena *arena,
                        struct error *e)
{
    struct records_gap *gaps;
    uint32_t count;
    int64_t from = h->first * CLOCK_HOUR, to = (h->first + (int64_t)h->count) * CLOCK_HOUR;
    if (!records_gap_list(records, from, to, arena, &gaps, &count, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        int64_t end = gaps[i].ended_at ? gaps[i].ended_at : to;
        if (end - gaps[i].began_at > CLOCK_MINUTE)
            forget(h, gaps[i].began_at / CLOCK_HOUR, end / CLOCK_HOUR + 1);
    }
    return true;
}

static uint32_t take(const struct hours *h, int64_t hour, int64_t step, uint32_t most,
                     int64_t *samples)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i <= most; i++) {
        int64_t at = hour - step * (int64_t)i - h->first;
        if (at >= 0 && at < (int64_t)h->count && h->events[at] >= 0)
            samples[count++] = h->events[at];
    }
    return count;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct records_rhythm_hour judge(const struct hours *h, int64_t hour)
{
    int64_t samples[SAMPLES_MOST];
    uint32_t least = WEEKS_LEAST;
    uint32_t count = take(h, hour, WEEK, RECORDS_RHYTHM_WEEKS - 1, samples);
    if (count < WEEKS_LEAST) {
        least = DAYS_LEAST;
        count = take(h, hour, 24, DAYS_MOST, samples);
    }
    if (count == 0)
        return (struct records_rhythm_hour){ .usual = -1 };
    qsort(samples, count, sizeof *samples, by_size);
    return (struct records_rhythm_hour){ .usual = samples[count / 2],
                                         .never_empty = count >= least && samples[0] > 0 };
}

bool records_rhythm_hours(struct records *records, struct slice source, int64_t first,
                          uint32_t count, struct records_rhythm_hour *hours_out, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    uint32_t back = (RECORDS_RHYTHM_WEEKS - 1) * WEEK;
    struct hours h = { .first = first - back, .count = back + count };
    h.events = arena_zero(&arena, h.count * sizeof *h.events);
    if (!h.events)
        return error_set(e, "memory is short");
    if (!read_events(records, source, &h, e) || !forget_before(records, source, &h, e) ||
        !forget_gaps(records, &h, &arena, e))
        return false;
    for (uint32_t i = 0; i < count; i++)
        hours_out[i] = judge(&h, first + i);
    return true;
}
