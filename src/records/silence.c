#include "records/silence.h"

#include <stdlib.h>

#include "base/clock.h"
#include "records/alarm.h"
#include "records/health.h"
#include "records/rhythm.h"
#include "records/store.h"

#define HOUR_SLACK (2 * CLOCK_MINUTE)     /* what is on its way when an hour ends */
#define HOURS_ASKED 48
#define SKEW_LASTS (5 * CLOCK_MINUTE)

struct suspect {
    struct slice key, name, system, agency;
    int64_t last_seen, skew;
    int health;
};

struct suspects {
    struct suspect *rows;
    uint32_t count;
};

#define IN_USE                                                                                    \
    "o.enabled AND (o.valid_from IS NULL OR o.valid_from <= ?2) "                                 \
    "AND (o.valid_to IS NULL OR o.valid_to >= ?2)"

/* ---- falling silent ---------------------------------------------------------------------------- */

/* Sources in use without a noticed silence that have not sent for the last minute. ?1: now. */
static bool find_quiet(struct records *records, int64_t now, struct arena *arena,
                       struct suspects *out, struct error *e)
{
    char today[DAY_TEXT];
    STATEMENT s = { 0 };
    *out = (struct suspects){ 0 };
    if (!statement_start(records,
            "SELECT o.key, o.name, y.key, y.agency, h.last_seen, " HEALTH("?1") ", count(*) OVER () "
            "FROM " HEALTH_FROM "WHERE " IN_USE " AND h.last_seen < ?1 - ?3 AND NOT EXISTS "
            "(SELECT 1 FROM source_silence q WHERE q.source = o.key AND q.ended_at IS NULL)", &s, e))
        return false;
    statement_put(&s, now);
    statement_put_text(&s, records_day_text(now, today));
    statement_put(&s, CLOCK_SECOND);
    struct suspect *q;
    while ((q = statement_row(&s, arena, &out->rows, &out->count, sizeof *q, e))) {
        *q = (struct suspect){ .key = statement_get_text(&s, arena) };
        q->name = statement_get_text(&s, arena);
        q->system = statement_get_text(&s, arena);
        q->agency = statement_get_text(&s, arena);
        q->last_seen = statement_get(&s);
        q->health = (int)statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}

/* Whether a whole hour went by without an event that was never empty before. */
static bool missed_an_hour(struct records *records, const struct suspect *q, int64_t now,
                           bool *missed_out, struct error *e)
{
    int64_t first = q->last_seen / CLOCK_HOUR + 1, end = (now - HOUR_SLACK) / CLOCK_HOUR;
    struct records_rhythm_hour hours[HOURS_ASKED];
    *missed_out = false;
    if (end <= first)
        return true;
    uint32_t count = end - first > HOURS_ASKED ? HOURS_ASKED : (uint32_t)(end - first);
    if (!records_rhythm_hours(records, q->key, first, count, hours, e))
        return false;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT count(*) FROM collector_gap WHERE began_at < ?2 "
                         "AND coalesce(ended_at, ?2) > ?1", &s, e))
        return false;
    for (uint32_t i = 0; i < count && !*missed_out; i++) {
        if (!hours[i].never_empty)
            continue;
        statement_again(&s);
        statement_put(&s, (first + i) * CLOCK_HOUR);
        statement_put(&s, (first + i + 1) * CLOCK_HOUR);
        if (!statement_next(&s, e))
            return false;
        *missed_out = statement_get(&s) == 0; /* nobody is blamed for our own deafness */
    }
    return true;
}

static bool write_silence(struct records *records, const struct suspect *q, int64_t now,
                          struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT INTO source_silence (source, began_at, noticed_at) "
                         "VALUES (?, ?, ?)", &s, e))
        return false;
    statement_put_text(&s, q->key);
    statement_put(&s, q->last_seen);
    statement_put(&s, now);
    return statement_run(&s, e);
}

static struct slice entity_of(struct slice source, struct arena *arena)
{
    return arena_print(arena, "source=%.*s", SLICE_ARGS(source));
}

static bool fall_silent(struct records *records, const struct suspect *q, int64_t now,
                        struct arena *arena, struct error *e)
{
    struct records_alarm alarm = {
        .rule = ALARM_SILENT, .level = 2, .agency = q->agency, .system = q->system,
        .source = q->key, .entity = entity_of(q->key, arena), .since = q->last_seen,
        .title = arena_print(arena, "Source is silent: %.*s", SLICE_ARGS(q->name)),
        .title_vi = arena_print(arena, "Nguồn log im lặng: %.*s", SLICE_ARGS(q->name)),
    };
    return records_arena_held(arena, e) && write_silence(records, q, now, e) &&
           records_alarm_raise(records, &alarm, e);
}

static bool notice_silent(struct records *records, int64_t now, struct arena *arena,
                          struct records_silence_news *news, struct error *e)
{
    struct suspects quiet;
    if (!find_quiet(records, now, arena, &quiet, e))
        return false;
    for (uint32_t i = 0; i < quiet.count; i++) {
        const struct suspect *q = &quiet.rows[i];
        bool silent = q->health == RECORDS_SILENT;
        if (q->health == RECORDS_HEARD && !missed_an_hour(records, q, now, &silent, e))
            return false;
        if (silent && !fall_silent(records, q, now, arena, e))
            return false;
        news->fell_silent += silent;
    }
    return true;
}

/* ---- speaking again ------------------------------------------------------------------------------ */

/* A source that is no longer in use owes nothing. */
static bool end_of_unused(struct records *records, int64_t now, struct error *e)
{
    char today[DAY_TEXT];
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "UPDATE source_silence SET ended_at = max(?1, began_at) WHERE ended_at IS NULL AND "
            "source NOT IN (SELECT o.key FROM source o WHERE " IN_USE ")", &s, e))
        return false;
    statement_put(&s, now);
    statement_put_text(&s, records_day_text(now, today));
    return statement_run(&s, e);
}

/* Sources with an open alarm of that rule for which `over` holds. */
static bool find_over(struct records *records, const char *sql, struct arena *arena,
                      struct suspects *out, struct error *e)
{
    STATEMENT s = { 0 };
    *out = (struct suspects){ 0 };
    if (!statement_start(records, sql, &s, e))
        return false;
    struct suspect *q;
    while ((q = statement_row(&s, arena, &out->rows, &out->count, sizeof *q, e)))
        q->key = statement_get_text(&s, arena);
    return !s.failed && records_arena_held(arena, e);
}

static bool end_all(struct records *records, const char *rule, const struct suspects *over,
                    struct slice reason, struct arena *arena, uint32_t *count, struct error *e)
{
    for (uint32_t i = 0; i < over->count; i++) {
        uint32_t closed = 0;
        if (!records_alarm_end(records, rule, entity_of(over->rows[i].key, arena), reason, &closed,
                               e))
            return false;
        *count += closed > 0;
    }
    return true;
}

static bool notice_speaking(struct records *records, int64_t now, struct arena *arena,
                            struct records_silence_news *news, struct error *e)
{
    struct suspects over;
    return end_of_unused(records, now, e) &&
           find_over(records,
               "SELECT a.source, count(*) OVER () FROM alert a WHERE a.rule = '" ALARM_SILENT "' "
               "AND a.state IN ('new', 'taken') AND NOT EXISTS (SELECT 1 FROM source_silence q "
               "WHERE q.source = a.source AND q.ended_at IS NULL)", arena, &over, e) &&
           end_all(records, ALARM_SILENT, &over,
                   SLICE("nguồn lại gửi log, hoặc không còn dùng (heard again, or no longer in use)"),
                   arena, &news->spoke_again, e);
}

/* ---- clocks --------------------------------------------------------------------------------------- */

static bool mark_skew(struct records *records, int64_t now, int64_t skew_most, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "UPDATE source_health SET skew_since = CASE WHEN abs(skew) > ?2 THEN ?1 END "
            "WHERE (abs(skew) > ?2) <> (skew_since IS NOT NULL)", &s, e))
        return false;
    statement_put(&s, now);
    statement_put(&s, skew_most);
    return statement_run(&s, e);
}

static bool find_skewed(struct records *records, int64_t now, struct arena *arena,
                        struct suspects *out, struct error *e)
{
    char today[DAY_TEXT];
    STATEMENT s = { 0 };
    *out = (struct suspects){ 0 };
    /* it has sent since: an old figure is no news */
    if (!statement_start(records,
            "SELECT o.key, o.name, y.key, y.agency, h.skew_since, h.skew, count(*) OVER () "
            "FROM " HEALTH_FROM "WHERE " IN_USE " AND h.skew_since <= ?1 - ?3 "
            "AND h.last_seen > h.skew_since AND NOT EXISTS (SELECT 1 FROM alert a WHERE "
            "a.rule = '" ALARM_CLOCK "' AND a.source = o.key AND a.last_time >= h.skew_since)",
            &s, e))
        return false;
    statement_put(&s, now);
    statement_put_text(&s, records_day_text(now, today));
    statement_put(&s, SKEW_LASTS);
    struct suspect *q;
    while ((q = statement_row(&s, arena, &out->rows, &out->count, sizeof *q, e))) {
        *q = (struct suspect){ .key = statement_get_text(&s, arena) };
        q->name = statement_get_text(&s, arena);
        q->system = statement_get_text(&s, arena);
        q->agency = statement_get_text(&s, arena);
        q->last_seen = statement_get(&s);
        q->skew = statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}

/* Zones lie whole half hours apart: then the clock may be right. */
static bool may_be_zone(int64_t skew)
{
    int64_t size = skew < 0 ? -skew : skew, beside = size % (30 * CLOCK_MINUTE);
    return size > 25 * CLOCK_MINUTE && size < 27 * CLOCK_HOUR &&
           (beside < 2 * CLOCK_MINUTE || beside > 28 * CLOCK_MINUTE);
}

static bool tell_skew(struct records *records, const struct suspect *q, struct arena *arena,
                      struct error *e)
{
    bool ahead = q->skew > 0, zone = may_be_zone(q->skew);
    long long minutes = llabs(q->skew) / CLOCK_MINUTE;
    struct records_alarm alarm = {
        .rule = ALARM_CLOCK, .level = 1, .agency = q->agency, .system = q->system,
        .source = q->key, .entity = entity_of(q->key, arena), .since = q->last_seen,
        .title = arena_print(arena, ahead ? "Clock of a source is %lld minutes fast%s: %.*s"
                                          : "Clock of a source is slow, or its events come %lld "
                                            "minutes late%s: %.*s", minutes,
                             zone ? ", or its time zone is not the registered one" : "",
                             SLICE_ARGS(q->name)),
        .title_vi = arena_print(arena, ahead ? "Đồng hồ của nguồn log nhanh %lld phút%s: %.*s"
                                             : "Đồng hồ của nguồn log chậm, hoặc log đến muộn %lld "
                                               "phút%s: %.*s", minutes,
                                zone ? ", hoặc múi giờ khác với khai báo" : "", SLICE_ARGS(q->name)),
    };
    return records_arena_held(arena, e) && records_alarm_raise(records, &alarm, e);
}

static bool notice_clocks(struct records *records, int64_t now, int64_t skew_most,
                          struct arena *arena, struct records_silence_news *news, struct error *e)
{
    struct suspects wrong, over;
    if (!mark_skew(records, now, skew_most, e) ||
        !find_skewed(records, now, arena, &wrong, e))
        return false;
    for (uint32_t i = 0; i < wrong.count; i++)
        if (!tell_skew(records, &wrong.rows[i], arena, e))
            return false;
    news->clocks_wrong = wrong.count;
    return find_over(records,
               "SELECT a.source, count(*) OVER () FROM alert a JOIN source_health h "
               "ON h.source = a.source WHERE a.rule = '" ALARM_CLOCK "' "
               "AND a.state IN ('new', 'taken') AND h.skew_since IS NULL", arena, &over, e) &&
           end_all(records, ALARM_CLOCK, &over,
                   SLICE("đồng hồ đã đúng trở lại (the clock is right again)"), arena,
                   &news->clocks_right, e);
}

/* ---- the door -------------------------------------------------------------------------------------- */

bool records_silence_watch(struct records *records, int64_t now, int64_t skew_most,
                           struct records_silence_news *news_out, struct error *e)
{
    ARENA_AUTO arena;
    RECORDS_TRANSACTION t = { 0 };
    arena_init(&arena, 0);
    *news_out = (struct records_silence_news){ 0 };
    return records_begin(records, &t, e) && notice_silent(records, now, &arena, news_out, e) &&
           notice_speaking(records, now, &arena, news_out, e) &&
           notice_clocks(records, now, skew_most, &arena, news_out, e) && records_commit(&t, e);
}

bool records_silence_list(struct records *records, struct slice source, struct arena *arena,
                          struct records_silence **rows_out, uint32_t *count_out, struct error *e)
{
    struct records_silence *rows = arena_array(arena, RECORDS_SILENCES_MOST, sizeof *rows);
    uint32_t count = 0;
    STATEMENT s = { 0 };
    *rows_out = rows;
    *count_out = 0;
    if (!rows)
        return error_set(e, "memory is short");
    if (!statement_start(records, "SELECT began_at, noticed_at, ended_at FROM source_silence "
                         "WHERE source = ?1 ORDER BY began_at DESC LIMIT ?2", &s, e))
        return false;
    statement_put_text(&s, source);
    statement_put(&s, RECORDS_SILENCES_MOST);
    while (count < RECORDS_SILENCES_MOST && statement_next(&s, e)) {
        struct records_silence *row = &rows[count++];
        row->began_at = statement_get(&s);
        row->noticed_at = statement_get(&s);
        row->ended_at = statement_get(&s);
    }
    *count_out = count;
    return !s.failed;
}
