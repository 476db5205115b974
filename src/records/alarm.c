#include "records/alarm.h"

#include "base/clock.h"
#include "records/store.h"

bool records_alarm_raise(struct records *records, const struct records_alarm *alarm,
                         struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    int64_t now = clock_now();
    struct slice rule = slice_of(alarm->rule);
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO alert (rule, title, title_vi, author, level, agency, system, source, entity, "
            "day, first_time, last_time, folded_at, fold) VALUES (?1, ?2, ?3, 'Hải Đăng', ?4, ?5, ?6, "
            "?7, ?8, ?9, ?10, ?11, ?11, ?12) ON CONFLICT (rule, agency, system, entity, day) DO "
            "UPDATE SET matches = matches + 1, last_time = excluded.last_time, "
            "title = excluded.title, title_vi = excluded.title_vi, "
            "state = CASE state WHEN 'closed' THEN 'new' ELSE state END, "
            "decided_at = CASE state WHEN 'closed' THEN NULL ELSE decided_at END, "
            "reason = CASE state WHEN 'closed' THEN '' ELSE reason END", &s, e))
        return false;
    const struct slice texts[] = { rule, alarm->title, alarm->title_vi };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        statement_put_text(&s, texts[i]);
    statement_put(&s, alarm->level);
    statement_put_text(&s, alarm->agency);
    statement_put_text(&s, alarm->system);
    statement_put_text(&s, alarm->source);
    statement_put_text(&s, alarm->entity);
    statement_put(&s, clock_day(now, CLOCK_ZONE));
    statement_put(&s, alarm->since < now ? alarm->since : now);
    statement_put(&s, now);
    statement_put_text(&s, records_fold(&arena, 4, alarm->title, alarm->title_vi, alarm->entity,
                                        rule));
    return statement_run(&s, e);
}

static bool move_add(struct records *records, const char *rule, struct slice entity,
                     struct slice reason, int64_t now, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO alert_move (alert, time, user, move, reason) SELECT id, ?3, '', 'close', ?4 "
            "FROM alert WHERE rule = ?1 AND entity = ?2 AND state IN ('new', 'taken')", &s, e))
        return false;
    statement_put_text(&s, slice_of(rule));
    statement_put_text(&s, entity);
    statement_put(&s, now);
    statement_put_text(&s, reason);
    return statement_run(&s, e);
}

bool records_alarm_end(struct records *records, const char *rule, struct slice entity,
                       struct slice reason, uint32_t *closed_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    int64_t now = clock_now();
    if (!records_begin(records, &t, e) || !move_add(records, rule, entity, reason, now, e) ||
        !statement_start(records,
            "UPDATE alert SET state = 'closed', decided_at = ?3, reason = ?4 "
            "WHERE rule = ?1 AND entity = ?2 AND state IN ('new', 'taken')", &s, e))
        return false;
    statement_put_text(&s, slice_of(rule));
    statement_put_text(&s, entity);
    statement_put(&s, now);
    statement_put_text(&s, reason);
    if (!statement_run(&s, e))
        return false;
    if (closed_out)
        *closed_out = (uint32_t)sqlite3_changes(records->db);
    return records_commit(&t, e);
}
