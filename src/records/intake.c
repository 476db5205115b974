/* Events by agency and time, for the console's first picture. */
#include "base/clock.h"
#include "records/health.h"
#include "records/source.h"
#include "records/store.h"

#define BUCKETS_MOST 240

/* Parameters: ?1 all, ?2 agency, ?3 first minute, ?4 minute after the last, ?5 minute from which
 * 'recent' counts. */
#define AGENCIES                                                                                  \
    "SELECT y.agency, a.name, a.short, coalesce(sum(m.events), 0), coalesce(sum(m.undecoded), 0), "\
    "coalesce(sum(m.recent), 0), coalesce(max(h.last_seen), 0), sum(o.enabled), "                 \
    "sum(o.enabled AND coalesce(m.events, 0) > 0), count(*) OVER () "                             \
    "FROM " HEALTH_FROM                                                                           \
    "LEFT JOIN (SELECT source, sum(received) AS events, sum(undecoded) AS undecoded, "            \
    "sum(CASE WHEN minute >= ?5 THEN received ELSE 0 END) AS recent FROM source_minute "          \
    "WHERE minute >= ?3 AND minute < ?4 GROUP BY source) m ON m.source = o.key "                  \
    "WHERE (?1 OR y.agency = ?2) GROUP BY y.agency ORDER BY 4 DESC, a.rank, a.fold"

static bool agencies_read(struct records *records, const struct records_scope *scope,
                          int64_t first, int64_t end, uint32_t buckets, struct arena *arena,
                          struct records_intake *intake, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, AGENCIES, &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put(&s, first);
    statement_put(&s, end);
    statement_put(&s, end - 5);
    struct records_intake_agency *a;
    while ((a = statement_row(&s, arena, &intake->agencies, &intake->agency_count, sizeof *a, e))) {
        a->agency = statement_get_text(&s, arena);
        a->name = statement_get_text(&s, arena);
        a->short_name = statement_get_text(&s, arena);
        a->events = (uint64_t)statement_get(&s);
        a->undecoded = (uint64_t)statement_get(&s);
        a->recent = (uint64_t)statement_get(&s);
        a->last_seen = statement_get(&s);
        a->sources = (uint32_t)statement_get(&s);
        a->heard = (uint32_t)statement_get(&s);
        a->buckets = arena_array(arena, buckets, sizeof *a->buckets);
        intake->events += a->events;
        intake->undecoded += a->undecoded;
        intake->recent += a->recent;
    }
    return !s.failed && records_arena_held(arena, e);
}

static struct records_intake_agency *agency_find(struct records_intake *intake, struct slice key)
{
    for (uint32_t i = 0; i < intake->agency_count; i++)
        if (slice_equal(intake->agencies[i].agency, key))
            return &intake->agencies[i];
    return NULL;
}

static bool buckets_read(struct records *records, const struct records_scope *scope, int64_t first,
                         int64_t end, struct arena *arena, struct records_intake *intake,
                         struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT y.agency, (m.minute - ?3) * ?5 / (?4 - ?3), sum(m.received) "
            "FROM source_minute m JOIN source o ON o.key = m.source "
            "JOIN system y ON y.key = o.system "
            "WHERE (?1 OR y.agency = ?2) AND m.minute >= ?3 AND m.minute < ?4 GROUP BY 1, 2", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put(&s, first);
    statement_put(&s, end);
    statement_put(&s, intake->bucket_count);
    while (statement_next(&s, e)) {
        struct arena_mark mark = arena_mark(arena);
        struct records_intake_agency *a = agency_find(intake, statement_get_text(&s, arena));
        arena_reset(arena, mark);
        int64_t bucket = statement_get(&s);
        uint64_t events = (uint64_t)statement_get(&s);
        if (!a || bucket < 0 || bucket >= intake->bucket_count)
            continue;
        a->buckets[bucket] += events;
        intake->buckets[bucket] += events;
    }
    return !s.failed;
}

bool records_intake(struct records *records, const struct records_scope *scope, int64_t from,
                    int64_t to, uint32_t buckets, struct arena *arena,
                    struct records_intake *intake_out, struct error *e)
{
    *intake_out = (struct records_intake){ 0 };
    int64_t first = from / CLOCK_MINUTE, end = (to + CLOCK_MINUTE - 1) / CLOCK_MINUTE;
    if (end <= first || buckets < 1 || buckets > BUCKETS_MOST) {
        error_set(e, "the time range is empty, or it is cut into too many parts");
        error_place(e, "buckets");
        return error_kind(e, ERROR_INPUT);
    }
    intake_out->bucket_count = buckets;
    intake_out->buckets = arena_array(arena, buckets, sizeof *intake_out->buckets);
    return records_arena_held(arena, e) &&
           agencies_read(records, scope, first, end, buckets, arena, intake_out, e) &&
           buckets_read(records, scope, first, end, arena, intake_out, e);
}
