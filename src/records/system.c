#include "records/system.h"

#include "base/clock.h"
#include "records/health.h"
#include "records/store.h"

struct query {
    struct records_scope scope;
    const struct records_system_filter *filter;
    struct slice words;
    int health;
    int64_t now;
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    statement_put_scope(s, &q->scope);
    statement_put_text(s, q->filter->key);
    statement_put_text(s, q->filter->agency);
    statement_put(s, q->filter->level);
    statement_put(s, q->health);
    statement_put_text(s, q->words);
    statement_put_text(s, q->filter->alive);
    statement_put(s, q->now);
}

/* Best of its sources: heard before unknown before silent before never. */
#define FROM                                                                                      \
    "(SELECT y.*, a.name AS agency_name, a.rank, a.fold AS agency_fold, p.name AS operator_name, "\
    "g.name AS organisation_name, coalesce(c.heard, 0) AS heard, coalesce(c.silent, 0) AS silent, "\
    "coalesce(c.never, 0) AS never, coalesce(c.unknown, 0) AS unknown, "                          \
    "coalesce(c.last_seen, 0) AS last_seen, CASE WHEN c.heard > 0 THEN 0 WHEN c.unknown > 0 "     \
    "THEN 3 WHEN c.silent > 0 THEN 1 ELSE 2 END AS health FROM system y "                         \
    "JOIN agency a ON a.key = y.agency LEFT JOIN agency p ON p.key = y.operator "                 \
    "LEFT JOIN organisation g ON g.key = y.operator_organisation "                                \
    "LEFT JOIN (SELECT x.system, sum(x.health = 0) AS heard, sum(x.health = 1) AS silent, "       \
    "sum(x.health = 2) AS never, sum(x.health = 3) AS unknown, max(x.last_seen) AS last_seen "    \
    "FROM (SELECT o.system, h.last_seen, " HEALTH("?12") " AS health FROM " HEALTH_FROM           \
    "WHERE o.enabled) x GROUP BY x.system) c ON c.system = y.key) v"

static const struct listing_sort sorts[] = {
    { "agency", "printf('%010d', v.rank) || v.agency_fold || v.fold", false },
    { "name", "v.fold", false },
    { "-name", "v.fold", true },
    { "-level", "coalesce(v.level, 0)", true },
    { "level", "coalesce(v.level, 0)", false },
    { "last_seen", "v.last_seen", false },
};

static void row_read(struct statement *s, struct arena *arena, void *row)
{
    struct records_system *y = row;
    struct slice *texts[] = { &y->key, &y->name, &y->name_en, &y->kind, &y->agency,
                              &y->agency_name, &y->operator_agency, &y->operator_organisation,
                              &y->operator_name, &y->dossier, &y->decision, &y->decided_on,
                              &y->valid_from, &y->valid_to };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = statement_get_text(s, arena);
    y->level = (int)statement_get(s);
    y->sources.heard = (uint32_t)statement_get(s);
    y->sources.silent = (uint32_t)statement_get(s);
    y->sources.never = (uint32_t)statement_get(s);
    y->sources.unknown = (uint32_t)statement_get(s);
    y->health = (enum records_health)statement_get(s);
    y->last_seen = statement_get(s);
}

static const struct listing listing = {
    .columns = "v.key, v.name, v.name_en, v.kind, v.agency, v.agency_name, v.operator, "
               "v.operator_organisation, coalesce(v.organisation_name, v.operator_name), v.dossier, "
               "v.decision, v.decided_on, v.valid_from, v.valid_to, v.level, v.heard, v.silent, "
               "v.never, v.unknown, v.health, v.last_seen",
    .from = FROM,
    .where = "(?4 OR v.agency = ?5 OR v.operator = ?5) AND (?6 = '' OR v.key = ?6) "
             "AND (?7 = '' OR v.agency = ?7) AND (?8 = 0 OR v.level = ?8) "
             "AND (?9 < 0 OR v.health = ?9) AND (?10 = '' OR words_in(v.fold, ?10)) "
             "AND (?11 = '' OR ((v.valid_from IS NULL OR v.valid_from <= ?11) "
             "AND (v.valid_to IS NULL OR v.valid_to >= ?11)))",
    .id = "v.key", .sorts = sorts, .sort_count = sizeof sorts / sizeof *sorts, .bind = bind_filter,
    .read = row_read, .size = sizeof(struct records_system),
};

bool records_system_list(struct records *records, const struct records_scope *scope,
                         const struct records_system_filter *filter,
                         const struct records_page *page, struct arena *arena,
                         struct records_system_list *list_out, struct error *e)
{
    *list_out = (struct records_system_list){ 0 };
    struct query q = { *scope, filter, records_fold(arena, 1, filter->words), -1, clock_now() };
    if (!records_health_filter(filter->health, &q.health, e))
        return false;
    LISTING run = { 0 };
    struct records_system *rows = listing_read(records, &listing, &q, page, arena, &run, e);
    *list_out = (struct records_system_list){ rows, run.count, run.total, run.next };
    return run.whole;
}

bool records_system_get(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena,
                        struct records_system *system_out, struct error *e)
{
    struct records_system_filter filter = { .key = key };
    struct records_page page = { .limit = 1 };
    struct records_system_list list;
    if (key.len && !records_system_list(records, scope, &filter, &page, arena, &list, e))
        return false;
    if (!key.len || list.count == 0)
        return records_not_found(e, "there is no system '%.*s'", key);
    *system_out = list.rows[0];
    return true;
}

/* ---- change ------------------------------------------------------------------------------------------ */

static bool check(const struct records_system *y, struct error *e)
{
    static const char *const dossiers[] = { "none", "drafting", "submitted", "appraised",
                                            "approved", NULL };
    if (!records_key_check(y->key, "key", e) || !records_key_check(y->agency, "agency", e) ||
        !records_names_check(y->dossier, dossiers, "dossier", e) ||
        !records_day_check(y->decided_on, "decided_on", e) ||
        !records_day_check(y->valid_from, "valid_from", e) ||
        !records_day_check(y->valid_to, "valid_to", e))
        return false;
    if (!y->name.len) {
        error_set(e, "a system needs a name");
        return records_input_error(e, "name");
    }
    if (y->level < 0 || y->level > 5) {
        error_set(e, "the level is 1 to 5, or empty where it is not classified");
        return records_input_error(e, "level");
    }
    if (y->valid_to.len && y->valid_from.len && slice_compare(y->valid_to, y->valid_from) < 0) {
        error_set(e, "it ends before it begins");
        return records_input_error(e, "valid_to");
    }
    return true;
}

/* The keys that it points to stand there; whether it stood itself. */
static bool stands(struct records *records, const struct records_system *y, bool *was_out,
                   struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT EXISTS (SELECT 1 FROM system WHERE key = ?1), EXISTS (SELECT 1 FROM agency "
            "WHERE key = ?2), ?3 = '' OR EXISTS (SELECT 1 FROM agency WHERE key = ?3), "
            "?4 = '' OR EXISTS (SELECT 1 FROM organisation WHERE key = ?4)", &s, e))
        return false;
    statement_put_text(&s, y->key);
    statement_put_text(&s, y->agency);
    statement_put_text(&s, y->operator_agency);
    statement_put_text(&s, y->operator_organisation);
    if (!statement_next(&s, e))
        return false;
    *was_out = statement_get_bool(&s);
    if (!statement_get_bool(&s)) {
        error_set(e, "there is no agency '%.*s'", SLICE_ARGS(y->agency));
        return records_input_error(e, "agency");
    }
    if (!statement_get_bool(&s)) {
        error_set(e, "there is no agency '%.*s'", SLICE_ARGS(y->operator_agency));
        return records_input_error(e, "operator");
    }
    if (!statement_get_bool(&s)) {
        error_set(e, "there is no organisation '%.*s'", SLICE_ARGS(y->operator_organisation));
        return records_input_error(e, "operator");
    }
    return true;
}

bool records_system_put(struct records *records, const struct actor *actor,
                        const struct records_system *system, enum records_change *change_out,
                        struct error *e)
{
    const struct records_system *y = system;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    bool was;
    STATEMENT s = { 0 };
    if (!check(y, e) || !records_begin(records, &t, e) || !stands(records, y, &was, e) ||
        !statement_start(records,
            "INSERT INTO system VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
            "?14, ?15, ?15) ON CONFLICT (key) DO UPDATE SET agency = excluded.agency, "
            "operator = excluded.operator, operator_organisation = excluded.operator_organisation, "
            "name = excluded.name, name_en = excluded.name_en, kind = excluded.kind, "
            "level = excluded.level, dossier = excluded.dossier, decision = excluded.decision, "
            "decided_on = excluded.decided_on, valid_from = excluded.valid_from, "
            "valid_to = excluded.valid_to, fold = excluded.fold, changed_at = excluded.changed_at "
            "WHERE (agency, name, name_en, kind, dossier, decision, fold) <> (excluded.agency, "
            "excluded.name, excluded.name_en, excluded.kind, excluded.dossier, excluded.decision, "
            "excluded.fold) OR operator IS NOT excluded.operator OR operator_organisation IS NOT "
            "excluded.operator_organisation OR level IS NOT excluded.level OR decided_on IS NOT "
            "excluded.decided_on OR valid_from IS NOT excluded.valid_from OR valid_to IS NOT "
            "excluded.valid_to", &s, e))
        return false;
    statement_put_text(&s, y->key);
    statement_put_text(&s, y->agency);
    statement_put_text_or_null(&s, y->operator_agency);
    statement_put_text_or_null(&s, y->operator_organisation);
    statement_put_text(&s, y->name);
    statement_put_text(&s, y->name_en);
    statement_put_text(&s, y->kind);
    statement_put_or_null(&s, y->level);
    statement_put_text(&s, y->dossier.len ? y->dossier : SLICE("none"));
    statement_put_text(&s, y->decision);
    statement_put_text_or_null(&s, y->decided_on);
    statement_put_text_or_null(&s, y->valid_from);
    statement_put_text_or_null(&s, y->valid_to);
    statement_put_text(&s, records_fold(&arena, 3, y->name, y->name_en, y->key));
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    *change_out = !was ? RECORDS_NEW : records_changed(records) ? RECORDS_CHANGED
                                                                : RECORDS_UNCHANGED;
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    char level[2] = { (char)('0' + y->level), '\0' };
    records_detail(&detail, 5, "agency", y->agency, "operator", y->operator_agency, "name",
                   y->name, "level", slice_of(level), "dossier", y->dossier);
    return records_audit_put(records, actor, y->agency, "system", y->key, *change_out,
                             buffer_slice(&detail), e) &&
           records_commit(&t, e);
}
