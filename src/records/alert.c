#include "records/alert.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

static const char *const states[] = { "new", "taken", "false_positive", "escalated", "closed",
                                      NULL };

/* ---- fold ------------------------------------------------------------------------------------------- */

static bool folded_before(struct records *records, const struct records_alert_match *m,
                          bool *before_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM alert_match WHERE day = ? AND class = ? "
                         "AND sequence = ?", &s, e))
        return false;
    statement_put(&s, m->day);
    statement_put_text(&s, m->class);
    statement_put(&s, (int64_t)m->sequence);
    *before_out = statement_next(&s, e);
    return !s.failed;
}

/* The alert that this match belongs to, made when it is the first one. */
static bool group(struct records *records, const struct records_alert_match *m, int64_t *id_out,
                  struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO alert (rule, title, title_vi, author, license, tags, level, agency, "
            "system, source, entity, why, day, first_time, last_time, folded_at, fold) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?16) "
            "ON CONFLICT (rule, agency, system, entity, day) DO UPDATE SET matches = matches + 1, "
            "first_time = min(first_time, excluded.first_time), "
            "last_time = max(last_time, excluded.last_time), level = max(level, excluded.level) "
            "RETURNING id", &s, e))
        return false;
    const struct slice texts[] = { m->rule, m->title, m->title_vi, m->author, m->license, m->tags };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        statement_put_text(&s, texts[i]);
    statement_put(&s, m->level);
    statement_put_text(&s, m->agency);
    statement_put_text(&s, m->system);
    statement_put_text(&s, m->source);
    statement_put_text(&s, m->entity);
    statement_put_text(&s, m->why);
    statement_put(&s, clock_day(m->time, CLOCK_ZONE));
    statement_put(&s, m->time);
    statement_put(&s, clock_now());
    statement_put_text(&s, records_fold(&arena, 4, m->title, m->title_vi, m->entity, m->rule));
    if (!statement_next(&s, e))
        return false;
    *id_out = statement_get(&s);
    return statement_run(&s, e);
}

static bool match_add(struct records *records, const struct records_alert_match *m, int64_t alert,
                      struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT INTO alert_match VALUES (?, ?, ?, ?, ?)", &s, e))
        return false;
    statement_put(&s, m->day);
    statement_put_text(&s, m->class);
    statement_put(&s, (int64_t)m->sequence);
    statement_put(&s, alert);
    statement_put(&s, m->time);
    return statement_run(&s, e);
}

/* Up to the twentieth; an event that is there already (of an overlapping match) is not doubled. */
static bool event_add(struct records *records, const struct records_alert_event *v, int64_t alert,
                      struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT OR IGNORE INTO alert_event SELECT ?1, n, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
            "?11 FROM (SELECT count(*) AS n FROM alert_event WHERE alert = ?1) WHERE n < 20", &s, e))
        return false;
    statement_put(&s, alert);
    statement_put_text(&s, v->event);
    statement_put(&s, v->time);
    statement_put(&s, v->received);
    statement_put_text(&s, v->source);
    statement_put_text(&s, v->decoder);
    statement_put_text(&s, v->product);
    statement_put_text(&s, v->category);
    statement_put_text(&s, v->service);
    statement_put_text(&s, v->fields.len ? v->fields : SLICE("{}"));
    statement_put_blob(&s, v->raw);
    return statement_run(&s, e);
}

static bool match_check(const struct records_alert_match *m, struct error *e)
{
    if (m->day && m->class.len && m->sequence && m->rule.len && m->level >= 0 && m->level <= 4)
        return true;
    error_set(e, "this alert lacks its place, its rule or its level");
    return error_kind(e, ERROR_INPUT);
}

bool records_alert_fold(struct records *records, const struct records_alert_match *match,
                        bool *fresh_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    bool before;
    int64_t alert;
    if (!match_check(match, e) || !records_begin(records, &t, e) ||
        !folded_before(records, match, &before, e))
        return false;
    if (fresh_out)
        *fresh_out = !before;
    if (before)
        return records_commit(&t, e);
    if (!group(records, match, &alert, e) || !match_add(records, match, alert, e))
        return false;
    for (uint32_t i = 0; i < match->event_count && i < RECORDS_ALERT_EVENTS; i++)
        if (!event_add(records, &match->events[i], alert, e))
            return false;
    return records_commit(&t, e);
}

/* ---- read ------------------------------------------------------------------------------------------- */

struct query {
    struct records_scope scope;
    const struct records_alert_filter *filter;
    int64_t id;                 /* 0: any */
    struct slice words, user;   /* user: for counting one's own */
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    const struct records_alert_filter *f = q->filter;
    statement_put_scope(s, &q->scope);
    statement_put_text(s, f->states);
    statement_put(s, f->level);
    statement_put_text(s, f->agency);
    statement_put_text(s, f->system);
    statement_put_text(s, f->source);
    statement_put_text(s, f->rule);
    statement_put_text(s, f->taken_by);
    statement_put_text(s, q->words);
    statement_put(s, f->from);
    statement_put(s, f->to);
    statement_put(s, f->incident);
    statement_put(s, q->id);
    statement_put_text(s, q->user);
}

#define STATES "(?6 = '' OR instr(',' || ?6 || ',', ',' || t.state || ',') > 0)"
#define OWNER "(?12 = '' OR t.taken_by = ?12)"
#define REST                                                                                      \
    "(?4 OR (t.agency <> '' AND t.agency = ?5)) AND t.level >= ?7 "                               \
    "AND (?8 = '' OR t.agency = ?8) AND (?9 = '' OR t.system = ?9) "                              \
    "AND (?10 = '' OR t.source = ?10) AND (?11 = '' OR t.rule = ?11) "                            \
    "AND (?13 = '' OR words_in(t.fold, ?13)) AND (?14 = 0 OR t.last_time >= ?14) "                \
    "AND (?15 = 0 OR t.last_time < ?15) AND (?16 = 0 OR t.id IN (SELECT alert FROM "              \
    "incident_alert WHERE incident = ?16)) AND (?17 = 0 OR t.id = ?17) AND ?18 IS NOT NULL"

static const struct listing_sort sorts[] = {
    { "-last_time", "t.last_time", true }, { "last_time", "t.last_time", false },
    { "-level", "t.level * 4611686018427387 + t.last_time / 1000", true },
    { "level", "t.level * 4611686018427387 + t.last_time / 1000", false },
    { "-matches", "t.matches", true },
};

static void row_read(struct statement *s, struct arena *arena, void *row)
{
    struct records_alert *t = row;
    struct slice *texts[] = { &t->rule, &t->title, &t->title_vi, &t->author, &t->license, &t->tags,
                              &t->state, &t->agency, &t->agency_name, &t->agency_short, &t->system,
                              &t->system_name, &t->source, &t->source_name, &t->entity, &t->why,
                              &t->taken_by, &t->taken_by_name, &t->reason };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = statement_get_text(s, arena);
    t->id = statement_get(s);
    t->level = (int)statement_get(s);
    t->first_time = statement_get(s);
    t->last_time = statement_get(s);
    t->matches = (uint64_t)statement_get(s);
    t->taken_at = statement_get(s);
    t->decided_at = statement_get(s);
    t->incident = statement_get(s);
    t->learnt_at = statement_get(s);
}

static const struct listing listing = {
    .columns = "t.rule, t.title, t.title_vi, t.author, t.license, t.tags, t.state, t.agency, "
               "a.name, a.short, t.system, y.name, t.source, o.name, t.entity, t.why, t.taken_by, "
               "u.full_name, t.reason, t.id, t.level, t.first_time, t.last_time, t.matches, "
               "t.taken_at, t.decided_at, i.incident, t.folded_at",
    .from = "alert t LEFT JOIN agency a ON a.key = t.agency LEFT JOIN system y ON y.key = t.system "
            "LEFT JOIN source o ON o.key = t.source LEFT JOIN user u ON u.name = t.taken_by "
            "LEFT JOIN incident_alert i ON i.alert = t.id",
    .where = STATES " AND " OWNER " AND " REST, .total = "sum(t.matches)",
    .id = "t.id", .sorts = sorts, .sort_count = sizeof sorts / sizeof *sorts, .bind = bind_filter,
    .read = row_read, .size = sizeof(struct records_alert),
};

static bool list_read(struct records *records, const struct query *q,
                      const struct records_page *page, struct arena *arena,
                      struct records_alert_list *list_out, struct error *e)
{
    *list_out = (struct records_alert_list){ 0 };
    LISTING run = { 0 };
    if (!records_names_check(q->filter->states, states, "state", e))
        return false;
    struct records_alert *rows = listing_read(records, &listing, q, page, arena, &run, e);
    *list_out = (struct records_alert_list){ rows, run.count, run.total, run.sum, run.next };
    return run.whole;
}

bool records_alert_list(struct records *records, const struct records_scope *scope,
                        const struct records_alert_filter *filter,
                        const struct records_page *page, struct arena *arena,
                        struct records_alert_list *list_out, struct error *e)
{
    struct query q = { *scope, filter, 0, records_fold(arena, 1, filter->words), SLICE_NONE };
    return list_read(records, &q, page, arena, list_out, e);
}

bool records_alert_get(struct records *records, const struct records_scope *scope, int64_t id,
                       struct arena *arena, struct records_alert *alert_out, struct error *e)
{
    struct records_alert_filter filter = { 0 };
    struct query q = { *scope, &filter, id, SLICE_NONE, SLICE_NONE };
    struct records_page page = { .limit = 1 };
    struct records_alert_list list;
    if (id > 0 && !list_read(records, &q, &page, arena, &list, e))
        return false;
    if (id <= 0 || list.count == 0)
        return records_not_found_id(e, "there is no alert %lld", id);
    *alert_out = list.rows[0];
    return true;
}

bool records_alert_counts(struct records *records, const struct records_scope *scope,
                          const struct records_alert_filter *filter, struct slice user,
                          struct records_alert_counts *counts_out, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    *counts_out = (struct records_alert_counts){ 0 };
    struct query q = { *scope, filter, 0, records_fold(&arena, 1, filter->words), user };
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT sum(state = 'new'), sum(state = 'taken'), sum(state = 'false_positive'), "
            "sum(state = 'escalated'), sum(state = 'closed'), "
            "sum(state = 'taken' AND ?18 <> '' AND taken_by = ?18) FROM alert t "
            "WHERE ?1 IS NULL AND ?2 IS NULL AND ?3 IS NULL AND ?6 IS NOT NULL AND ?12 IS NOT NULL "
            "AND " REST, &s, e))
        return false;
    s.put = 3;
    bind_filter(&s, &q);
    if (!statement_next(&s, e))
        return false;
    uint64_t *counts[] = { &counts_out->fresh, &counts_out->taken, &counts_out->false_positive,
                           &counts_out->escalated, &counts_out->closed, &counts_out->mine };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        *counts[i] = (uint64_t)statement_get(&s);
    return true;
}

/* What belongs to an alert is asked together with the alert's own scope. */
#define OF_ALERT \
    "JOIN alert t ON t.id = x.alert WHERE x.alert = ?3 " \
    "AND (?1 OR (t.agency <> '' AND t.agency = ?2)) "

bool records_alert_events(struct records *records, const struct records_scope *scope, int64_t id,
                          struct arena *arena, struct records_alert_event **events_out,
                          uint32_t *count_out, struct error *e)
{
    *events_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT x.event, x.time, x.received, x.source, x.decoder, x.product, x.category, "
            "x.service, x.fields, x.raw FROM alert_event x " OF_ALERT "ORDER BY x.ordinal", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put(&s, id);
    struct records_alert_event *events = arena_array(arena, RECORDS_ALERT_EVENTS, sizeof *events);
    uint32_t count = 0;
    while (events && count < RECORDS_ALERT_EVENTS && statement_next(&s, e)) {
        struct records_alert_event *v = &events[count++];
        v->event = statement_get_text(&s, arena);
        v->time = statement_get(&s);
        v->received = statement_get(&s);
        struct slice *texts[] = { &v->source, &v->decoder, &v->product, &v->category, &v->service,
                                  &v->fields, &v->raw };
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            *texts[i] = statement_get_text(&s, arena);
    }
    *events_out = events;
    *count_out = count;
    return !s.failed && records_arena_held(arena, e);
}

bool records_alert_moves(struct records *records, const struct records_scope *scope, int64_t id,
                         struct arena *arena, struct records_alert_move **moves_out,
                         uint32_t *count_out, struct error *e)
{
    *moves_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT x.time, x.user, (SELECT full_name FROM user WHERE name = x.user), x.move, "
            "x.reason, count(*) OVER () FROM alert_move x " OF_ALERT "ORDER BY x.id", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put(&s, id);
    struct records_alert_move *m;
    while ((m = statement_row(&s, arena, moves_out, count_out, sizeof *m, e))) {
        m->time = statement_get(&s);
        m->user = statement_get_text(&s, arena);
        m->user_name = statement_get_text(&s, arena);
        m->move = statement_get_text(&s, arena);
        m->reason = statement_get_text(&s, arena);
    }
    return !s.failed && records_arena_held(arena, e);
}

bool records_alert_rule(struct records *records, struct slice rule, int64_t since,
                        struct records_rule_record *record_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT count(*), sum(state = 'escalated'), "
                         "sum(state = 'false_positive') FROM alert WHERE rule = ? "
                         "AND last_time >= ?", &s, e))
        return false;
    statement_put_text(&s, rule);
    statement_put(&s, since);
    if (!statement_next(&s, e))
        return false;
    record_out->alerts = (uint64_t)statement_get(&s);
    record_out->true_positive = (uint64_t)statement_get(&s);
    record_out->false_positive = (uint64_t)statement_get(&s);
    return true;
}

/* ---- change ------------------------------------------------------------------------------------------ */

static bool state_write(struct records *records, const struct actor *actor, int64_t id,
                        struct slice from, const char *to, struct slice reason, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "UPDATE alert SET state = ?3, reason = ?4, "
            "taken_by = CASE ?3 WHEN 'taken' THEN ?5 WHEN 'new' THEN NULL ELSE coalesce(taken_by, "
            "?5) END, taken_at = CASE ?3 WHEN 'taken' THEN ?6 WHEN 'new' THEN NULL ELSE "
            "coalesce(taken_at, ?6) END, "
            "decided_at = CASE WHEN ?3 IN ('new', 'taken') THEN NULL ELSE ?6 END "
            "WHERE id = ?1 AND state = ?2", &s, e))
        return false;
    statement_put(&s, id);
    statement_put_text(&s, from);
    statement_put_text(&s, slice_of(to));
    statement_put_text(&s, reason);
    statement_put_text_or_null(&s, actor->user);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    if (records_changed(records))
        return true;
    error_set(e, "somebody else was faster: the alert is no longer '%.*s'", SLICE_ARGS(from));
    return error_kind(e, ERROR_CONFLICT);
}

static bool move_add(struct records *records, const struct actor *actor, int64_t id,
                     const char *move, struct slice reason, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT INTO alert_move (alert, time, user, move, reason) "
                         "VALUES (?, ?, ?, ?, ?)", &s, e))
        return false;
    statement_put(&s, id);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    statement_put_text(&s, slice_of(move));
    statement_put_text(&s, reason);
    return statement_run(&s, e);
}

bool records_alert_change(struct records *records, const struct actor *actor, int64_t id,
                          const char *move, struct slice from, const char *to, struct slice reason,
                          struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_alert alert;
    if (!records_begin(records, &t, e) ||
        !records_alert_get(records, &RECORDS_SCOPE_ALL, id, &arena, &alert, e) ||
        !state_write(records, actor, id, from, to, reason, e) ||
        !move_add(records, actor, id, move, reason, e))
        return false;
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    if (reason.len)
        records_detail(&detail, 1, "reason", reason);
    return records_audit_id(records, actor, alert.agency, "alert", move, id, buffer_slice(&detail),
                            e) &&
           records_commit(&t, e);
}
