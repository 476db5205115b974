#include "records/gap.h"

#include "records/store.h"

bool records_gap_begin(struct records *records, struct slice listener, int64_t at,
                       struct slice reason, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO collector_gap (listener, began_at, reason) SELECT ?1, ?2, ?3 WHERE NOT "
            "EXISTS (SELECT 1 FROM collector_gap WHERE listener = ?1 AND ended_at IS NULL)", &s, e))
        return false;
    statement_put_text(&s, listener);
    statement_put(&s, at);
    statement_put_text(&s, reason);
    return statement_run(&s, e);
}

bool records_gap_end(struct records *records, struct slice listener, int64_t at, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "UPDATE collector_gap SET ended_at = max(?2, began_at) "
                         "WHERE listener = ?1 AND ended_at IS NULL", &s, e))
        return false;
    statement_put_text(&s, listener);
    statement_put(&s, at);
    return statement_run(&s, e);
}

bool records_gap_add(struct records *records, struct slice listener, int64_t began_at,
                     int64_t ended_at, struct slice reason, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT INTO collector_gap (listener, began_at, ended_at, reason) "
                         "VALUES (?1, ?2, max(?2, ?3), ?4)", &s, e))
        return false;
    statement_put_text(&s, listener);
    statement_put(&s, began_at);
    statement_put(&s, ended_at);
    statement_put_text(&s, reason);
    return statement_run(&s, e);
}

#define WHERE "began_at < ?2 AND (ended_at IS NULL OR ended_at > ?1)"

bool records_gap_list(struct records *records, int64_t from, int64_t to, struct arena *arena,
                      struct records_gap **gaps_out, uint32_t *count_out, struct error *e)
{
    *gaps_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT id, listener, began_at, ended_at, reason, "
                         "count(*) OVER () FROM collector_gap WHERE " WHERE " ORDER BY began_at, id",
                         &s, e))
        return false;
    statement_put(&s, from);
    statement_put(&s, to);
    uint32_t count = 0;
    struct records_gap *gaps = NULL;
    struct records_gap *gap;
    while ((gap = statement_row(&s, arena, &gaps, &count, sizeof *gap, e))) {
        gap->id = statement_get(&s);
        gap->listener = statement_get_text(&s, arena);
        gap->began_at = statement_get(&s);
        gap->ended_at = statement_get(&s);
        gap->reason = statement_get_text(&s, arena);
    }
    *gaps_out = gaps;
    *count_out = count;
    return !s.failed && records_arena_held(arena, e);
}
