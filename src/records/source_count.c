/* Folding what the archive counted of a source: its day, hour and minute, its health, the end of a
 * silence. One call a source and batch, so it does little. */
#include "base/clock.h"
#include "records/source.h"
#include "records/store.h"

#define MINUTES_KEPT (8 * 24 * 60)
#define HOURS_KEPT (RECORDS_RHYTHM_WEEKS * 7 * 24)
#define PAUSE_LEAST CLOCK_SECOND    /* shorter ones are no pause */

/* Since its last event, our own gaps taken off; 0: none worth the name. */
static bool pause_before(struct records *records, const struct records_source_count *c,
                         int64_t *pause_out, struct error *e)
{
    STATEMENT s = { 0 };
    *pause_out = 0;
    if (!statement_start(records,
            "SELECT ?2 - h.last_seen - (SELECT coalesce(sum(min(coalesce(g.ended_at, ?2), ?2) - "
            "max(g.began_at, h.last_seen)), 0) FROM collector_gap g WHERE g.began_at < ?2 AND "
            "coalesce(g.ended_at, ?2) > h.last_seen) FROM source_health h WHERE h.source = ?1 "
            "AND h.last_seen < ?2 - ?3", &s, e))
        return false;
    statement_put_text(&s, c->source);
    statement_put(&s, c->first ? c->first : c->last);
    statement_put(&s, PAUSE_LEAST);
    if (statement_next(&s, e))
        *pause_out = statement_get(&s);
    if (*pause_out < 0)
        *pause_out = 0;
    return !s.failed;
}

static bool fold_day(struct records *records, const struct records_source_count *c, int64_t pause,
                     struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO source_day (source, day, received, stored, repeated, quarantined, refused, "
            "undecoded, first, last, pause) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
            "ON CONFLICT (source, day) DO UPDATE SET received = received + excluded.received, "
            "stored = stored + excluded.stored, repeated = repeated + excluded.repeated, "
            "quarantined = quarantined + excluded.quarantined, "
            "refused = refused + excluded.refused, undecoded = undecoded + excluded.undecoded, "
            "first = min(first, excluded.first), last = max(last, excluded.last), "
            "pause = max(pause, excluded.pause)", &s, e))
        return false;
    statement_put_text(&s, c->source);
    statement_put(&s, clock_day(c->last, CLOCK_ZONE));
    const uint64_t counts[] = { c->received, c->stored, c->repeated, c->quarantined, c->refused,
                                c->undecoded };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        statement_put(&s, (int64_t)counts[i]);
    statement_put(&s, c->first ? c->first : c->last);
    statement_put(&s, c->last);
    statement_put(&s, pause);
    return statement_run(&s, e);
}

static bool fold_minute(struct records *records, const struct records_source_count *c,
                        struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT INTO source_minute VALUES (?1, ?2, ?3, ?4) "
                         "ON CONFLICT (source, minute) DO UPDATE SET "
                         "received = received + excluded.received, "
                         "undecoded = undecoded + excluded.undecoded", &s, e))
        return false;
    statement_put_text(&s, c->source);
    statement_put(&s, c->last / CLOCK_MINUTE);
    statement_put(&s, (int64_t)c->received);
    statement_put(&s, (int64_t)c->undecoded);
    return statement_run(&s, e);
}

static bool fold_hour(struct records *records, const struct records_source_count *c,
                      struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT INTO source_hour VALUES (?1, ?2, ?3) ON CONFLICT "
                         "(source, hour) DO UPDATE SET received = received + excluded.received",
                         &s, e))
        return false;
    statement_put_text(&s, c->source);
    statement_put(&s, c->last / CLOCK_HOUR);
    statement_put(&s, (int64_t)c->received);
    return statement_run(&s, e);
}

static bool fold_health(struct records *records, const struct records_source_count *c,
                        struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO source_health (source, first_seen, last_seen, skew, protocol) "
            "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (source) DO UPDATE "
            "SET first_seen = min(first_seen, excluded.first_seen), skew = CASE WHEN "
            "excluded.last_seen >= last_seen AND excluded.skew <> 0 THEN excluded.skew ELSE skew END, "
            "protocol = CASE excluded.protocol WHEN '' THEN protocol ELSE excluded.protocol END, "
            "last_seen = max(last_seen, excluded.last_seen)", &s, e))
        return false;
    statement_put_text(&s, c->source);
    statement_put(&s, c->first ? c->first : c->last);
    statement_put(&s, c->last);
    statement_put(&s, c->skew);
    statement_put_text(&s, c->protocol);
    return statement_run(&s, e);
}

static bool end_silence(struct records *records, const struct records_source_count *c,
                        struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "UPDATE source_silence SET ended_at = ?2 WHERE source = ?1 "
                         "AND ended_at IS NULL AND began_at < ?2", &s, e))
        return false;
    statement_put_text(&s, c->source);
    statement_put(&s, c->first ? c->first : c->last);
    return statement_run(&s, e);
}

/* Refusals alone are no sign of life that the archive could show: they count, and nothing else. */
static bool was_heard(const struct records_source_count *c)
{
    return c->received > c->refused;
}

bool records_source_fold(struct records *records, const struct records_source_count *count,
                         struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    int64_t pause = 0;
    bool heard = was_heard(count);
    if (!records_begin(records, &t, e) ||
        (heard && !pause_before(records, count, &pause, e)) ||
        !fold_day(records, count, pause, e))
        return false;
    if (heard && (!fold_minute(records, count, e) || !fold_hour(records, count, e) ||
                  !fold_health(records, count, e)))
        return false;
    if (pause && !end_silence(records, count, e))
        return false;
    return records_commit(&t, e);
}

static bool forget_before(struct records *records, const char *sql, int64_t before,
                          struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, sql, &s, e))
        return false;
    statement_put(&s, before);
    return statement_run(&s, e);
}

bool records_source_tidy(struct records *records, struct error *e)
{
    return forget_before(records, "DELETE FROM source_minute WHERE minute < ?",
                         clock_now() / CLOCK_MINUTE - MINUTES_KEPT, e) &&
           forget_before(records, "DELETE FROM source_hour WHERE hour < ?",
                         clock_now() / CLOCK_HOUR - HOURS_KEPT, e);
}
