#include "records/exception.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

static bool refuse(struct error *e, const char *place)
{
    error_place(e, "%s", place);
    return error_kind(e, ERROR_INPUT);
}

static bool audit(struct records *records, const struct actor *actor, const char *action,
                  const char *kind, struct slice object, struct slice agency, struct slice detail,
                  struct error *e)
{
    BUFFER_AUTO text, json;
    buffer_init(&text, 0);
    buffer_init(&json, 0);
    buffer_print(&text, "%s:%.*s", kind, SLICE_ARGS(object));
    if (detail.len)
        records_detail(&json, 1, "reason", detail);
    return records_audit(records, actor, agency, action, buffer_slice(&text), buffer_slice(&json), e);
}

/* ---- exceptions ---------------------------------------------------------------------------------- */

static bool check(const struct records_exception *x, struct error *e)
{
    int64_t now = clock_now();
    if (x->reason.len < 3) {
        error_set(e, "say why these matches are to raise nothing");
        return refuse(e, "reason");
    }
    if (x->until <= now || x->until > now + RECORDS_EXCEPTION_DAYS_MOST * CLOCK_DAY) {
        error_set(e, "an exception ends within %d days", RECORDS_EXCEPTION_DAYS_MOST);
        return refuse(e, "until");
    }
    if (!x->rules.len || !x->conditions.len) {
        error_set(e, "an exception names a rule and what stands in its events");
        return refuse(e, x->rules.len ? "conditions" : "rule");
    }
    return true;
}

static bool row_add(struct records *records, const struct actor *actor,
                    const struct records_exception *x, int64_t *id_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO exception (rules, title, agency, system, source, conditions, filter, reason, "
            "by_whom, since, until, alert) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?) RETURNING id",
            &s, e))
        return false;
    const struct slice texts[] = { x->rules, x->title, x->agency, x->system, x->source, x->conditions,
                                   x->reason, actor->user };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        statement_put_text(&s, texts[i]);
    statement_put(&s, clock_now());
    statement_put(&s, x->until);
    statement_put_or_null(&s, x->alert);
    if (!statement_next(&s, e))
        return false;
    *id_out = statement_get(&s);
    return statement_run(&s, e);
}

static bool filter_put(struct records *records, int64_t id, struct slice filter, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "UPDATE exception SET filter = ? WHERE id = ?", &s, e))
        return false;
    statement_put_text(&s, filter);
    statement_put(&s, id);
    return statement_run(&s, e);
}

bool records_exception_add(struct records *records, const struct actor *actor,
                           const struct records_exception *x,
                           struct slice (*filter)(void *owner, int64_t id, struct arena *arena),
                           void *owner, int64_t *id_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    if (!check(x, e) || !records_begin(records, &t, e) || !row_add(records, actor, x, id_out, e))
        return false;
    struct slice text = filter(owner, *id_out, &arena);
    struct slice object = arena_print(&arena, "%lld", (long long)*id_out);
    return records_arena_held(&arena, e) && filter_put(records, *id_out, text, e) &&
           audit(records, actor, "exception.new", "exception", object, x->agency, x->reason, e) &&
           records_commit(&t, e);
}

bool records_exception_end(struct records *records, const struct actor *actor, int64_t id,
                           struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "UPDATE exception SET ended_at = ?2, ended_by = ?3 WHERE id = ?1 "
                         "AND ended_at IS NULL AND until > ?2", &s, e))
        return false;
    statement_put(&s, id);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records))
        return records_not_found_id(e, "there is no exception %lld that still holds", id);
    return audit(records, actor, "exception.end", "exception",
                 arena_print(&arena, "%lld", (long long)id), SLICE_NONE, SLICE_NONE, e) &&
           records_commit(&t, e);
}

bool records_exception_list(struct records *records, const struct records_scope *scope,
                            struct slice rule, bool in_force, struct arena *arena,
                            struct records_exception **rows_out, uint32_t *count_out,
                            struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT id, since, until, coalesce(ended_at, 0), coalesce(last_match, 0), silenced, "
            "coalesce(alert, 0), rules, title, agency, system, source, conditions, filter, reason, "
            "by_whom, ended_by, count(*) OVER () FROM exception "
            "WHERE (?1 OR (agency <> '' AND agency = ?2)) "
            "AND (?3 = '' OR instr(' ' || rules || ' ', ' ' || ?3 || ' ') > 0) "
            "AND (NOT ?4 OR (ended_at IS NULL AND until > ?5)) ORDER BY id DESC LIMIT 1000", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put_text(&s, rule);
    statement_put(&s, in_force);
    statement_put(&s, clock_now());
    struct records_exception *x;
    while ((x = statement_row(&s, arena, rows_out, count_out, sizeof *x, e))) {
        *x = (struct records_exception){ .id = statement_get(&s) };
        x->since = statement_get(&s);
        x->until = statement_get(&s);
        x->ended_at = statement_get(&s);
        x->last_match = statement_get(&s);
        x->silenced = (uint64_t)statement_get(&s);
        x->alert = statement_get(&s);
        struct slice *texts[] = { &x->rules, &x->title, &x->agency, &x->system, &x->source,
                                  &x->conditions, &x->filter, &x->reason, &x->by_whom,
                                  &x->ended_by };
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            *texts[i] = statement_get_text(&s, arena);
    }
    return !s.failed && records_arena_held(arena, e);
}

/* ---- limits -------------------------------------------------------------------------------------- */

bool records_rule_limit_put(struct records *records, const struct actor *actor, struct slice rule,
                            int64_t fold, int64_t most, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (fold < 0 || fold > 86400) {
        error_set(e, "alerts are folded within at most a day");
        return refuse(e, "fold");
    }
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "INSERT OR REPLACE INTO rule_limit VALUES (?, ?, ?, ?, ?)", &s, e))
        return false;
    statement_put_text(&s, rule);
    statement_put(&s, fold);
    statement_put(&s, most < -1 ? -1 : most);
    statement_put_text(&s, actor->user);
    statement_put(&s, clock_now());
    return statement_run(&s, e) &&
           audit(records, actor, "rule.limit", "rule", rule, SLICE_NONE, SLICE_NONE, e) &&
           records_commit(&t, e);
}

bool records_rule_limits(struct records *records, struct arena *arena,
                         struct records_rule_limit **rows_out, uint32_t *count_out,
                         struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT rule, by_whom, fold, most, since, count(*) OVER () "
                         "FROM rule_limit ORDER BY rule", &s, e))
        return false;
    struct records_rule_limit *l;
    while ((l = statement_row(&s, arena, rows_out, count_out, sizeof *l, e))) {
        l->rule = statement_get_text(&s, arena);
        l->by_whom = statement_get_text(&s, arena);
        l->fold = statement_get(&s);
        l->most = statement_get(&s);
        l->since = statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}

/* ---- what was held back -------------------------------------------------------------------------- */

static bool fold_excepted(struct records *records, const struct match_tally *t, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "UPDATE exception SET silenced = silenced + ?2, "
                         "last_match = max(coalesce(last_match, 0), ?3) WHERE id = ?1", &s, e))
        return false;
    statement_put(&s, t->exception);
    statement_put(&s, (int64_t)t->count);
    statement_put(&s, t->last);
    return statement_run(&s, e);
}

/* More of the alert that stands: it was raised before, by the same pipeline. */
static bool fold_folded(struct records *records, const struct match_tally *t, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "UPDATE alert SET matches = matches + ?5, last_time = max(last_time, ?6) WHERE id = "
            "(SELECT id FROM alert WHERE rule = ?1 AND agency = ?2 AND system = ?3 AND entity = ?4 "
            "ORDER BY day DESC LIMIT 1)", &s, e))
        return false;
    statement_put_text(&s, t->rule);
    statement_put_text(&s, t->agency);
    statement_put_text(&s, t->system);
    statement_put_text(&s, t->entity);
    statement_put(&s, (int64_t)t->count);
    statement_put(&s, t->last);
    return statement_run(&s, e);
}

static bool fold_throttled(struct records *records, const struct match_tally *t, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO rule_throttle VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
            "ON CONFLICT (rule, agency, day) DO UPDATE SET matches = matches + excluded.matches, "
            "first_time = min(first_time, excluded.first_time), "
            "last_time = max(last_time, excluded.last_time)", &s, e))
        return false;
    statement_put_text(&s, t->rule);
    statement_put_text(&s, t->agency);
    statement_put(&s, clock_day(clock_now(), CLOCK_ZONE));
    statement_put(&s, (int64_t)t->count);
    statement_put(&s, t->first);
    statement_put(&s, t->last);
    return statement_run(&s, e);
}

bool records_tally_fold(struct records *records, const struct match_tally *t, struct error *e)
{
    switch (t->kind) {
    case TALLY_EXCEPTED: return fold_excepted(records, t, e);
    case TALLY_FOLDED: return fold_folded(records, t, e);
    case TALLY_THROTTLED: return fold_throttled(records, t, e);
    case TALLY_KINDS: break;
    }
    return true;
}

bool records_throttles(struct records *records, const struct records_scope *scope, int32_t since,
                       struct arena *arena, struct records_throttle **rows_out, uint32_t *count_out,
                       struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT rule, agency, sum(matches), min(first_time), max(last_time), count(*) OVER () "
            "FROM rule_throttle WHERE (?1 OR (agency <> '' AND agency = ?2)) AND day >= ?3 "
            "GROUP BY rule, agency ORDER BY 3 DESC", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put(&s, since);
    struct records_throttle *t;
    while ((t = statement_row(&s, arena, rows_out, count_out, sizeof *t, e))) {
        t->rule = statement_get_text(&s, arena);
        t->agency = statement_get_text(&s, arena);
        t->matches = (uint64_t)statement_get(&s);
        t->first_time = statement_get(&s);
        t->last_time = statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}

bool records_rule_counts(struct records *records, int64_t since, struct arena *arena,
                         struct records_rule_count **rows_out, uint32_t *count_out, struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT rule, count(*), sum(matches), sum(state = 'false_positive'), count(*) OVER () "
            "FROM alert WHERE last_time >= ? GROUP BY rule", &s, e))
        return false;
    statement_put(&s, since);
    struct records_rule_count *c;
    while ((c = statement_row(&s, arena, rows_out, count_out, sizeof *c, e))) {
        c->rule = statement_get_text(&s, arena);
        c->alerts = (uint64_t)statement_get(&s);
        c->matches = (uint64_t)statement_get(&s);
        c->false_positive = (uint64_t)statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}
