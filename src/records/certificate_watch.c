/* Certificates that near their end: an alert for the holder's agency and the lead. */
#include "base/clock.h"
#include "records/alarm.h"
#include "records/certificate.h"
#include "records/store.h"

/* The last end of each holder that still sends, and whose it is. A holder all of whose certificates were
 * revoked has none, and nobody waits for one. */
#define LAST                                                                                      \
    "SELECT c.relay IS NOT NULL, coalesce(c.source, c.relay), coalesce(o.name, r.name), "         \
    "coalesce(y.agency, r.agency), coalesce(o.system, ''), max(c.valid_to), count(*) OVER () "    \
    "FROM certificate c LEFT JOIN source o ON o.key = c.source "                                  \
    "LEFT JOIN system y ON y.key = o.system LEFT JOIN relay r ON r.key = c.relay "                \
    "WHERE c.revoked_at IS NULL AND coalesce(o.enabled, r.enabled) "                              \
    "GROUP BY c.source, c.relay HAVING max(c.valid_to) > ?1 - ?2"

struct last {
    bool relay;
    struct slice key, name, agency, system;
    int64_t end;
};

static bool lasts_read(struct records *records, int64_t now, struct arena *arena,
                       struct last **rows_out, uint32_t *count_out, struct error *e)
{
    STATEMENT s = { 0 };
    struct last *rows = NULL;
    *count_out = 0;
    if (!statement_start(records, LAST, &s, e))
        return false;
    statement_put(&s, now);
    statement_put(&s, RECORDS_CERTIFICATE_ENDING);
    struct last *l;
    while ((l = statement_row(&s, arena, &rows, count_out, sizeof *l, e))) {
        l->relay = statement_get_bool(&s);
        l->key = statement_get_text(&s, arena);
        l->name = statement_get_text(&s, arena);
        l->agency = statement_get_text(&s, arena);
        l->system = statement_get_text(&s, arena);
        l->end = statement_get(&s);
    }
    *rows_out = rows;
    return !s.failed && records_arena_held(arena, e);
}

static bool tell(struct records *records, const struct last *l, struct slice entity, int64_t now,
                 struct arena *arena, struct error *e)
{
    char day[CLOCK_TEXT];
    bool over = l->end <= now;
    clock_print(l->end, day);
    struct records_alarm alarm = {
        .rule = ALARM_CERTIFICATE, .level = over ? 3 : 2, .agency = l->agency,
        .system = l->system, .source = l->relay ? SLICE("") : l->key, .entity = entity,
        .since = over ? l->end : l->end - RECORDS_CERTIFICATE_ENDING,
        .title = arena_print(arena, over ? "A sender's certificate has ended on %.10s: %.*s"
                                         : "A sender's certificate ends on %.10s: %.*s", day,
                             SLICE_ARGS(l->name)),
        .title_vi = arena_print(arena, over ? "Chứng thư bên gửi đã hết hạn ngày %.10s: %.*s"
                                            : "Chứng thư bên gửi sẽ hết hạn ngày %.10s: %.*s", day,
                                SLICE_ARGS(l->name)),
    };
    return records_arena_held(arena, e) && records_alarm_raise(records, &alarm, e);
}

bool records_certificate_watch(struct records *records, int64_t now, uint32_t *told_out,
                               struct error *e)
{
    ARENA_AUTO arena;
    RECORDS_TRANSACTION t = { 0 };
    struct last *rows;
    uint32_t count, told = 0;
    arena_init(&arena, UINT64_C(64) << 20);
    if (!records_begin(records, &t, e) || !lasts_read(records, now, &arena, &rows, &count, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct slice entity = arena_print(&arena, "certificate=%s%.*s", rows[i].relay ? "relay:" : "",
                                          SLICE_ARGS(rows[i].key));
        bool ending = rows[i].end - now < RECORDS_CERTIFICATE_ENDING;
        told += ending;
        if (!entity.data || !(ending ? tell(records, &rows[i], entity, now, &arena, e)
                                     : records_alarm_end(records, ALARM_CERTIFICATE, entity,
                                                         SLICE("renewed / đã gia hạn"), NULL, e)))
            return error_set(e, "memory is short");
    }
    if (told_out)
        *told_out = told;
    return records_commit(&t, e);
}
