#include "records/agency.h"

#include "base/clock.h"
#include "records/store.h"

struct query {
    struct records_scope scope;
    const struct records_agency_filter *filter;
    struct slice words, today;
    int64_t recent_minute;
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    statement_put_scope(s, &q->scope);
    statement_put_text(s, q->filter->key);
    statement_put_text(s, q->filter->kind);
    statement_put_text(s, q->words);
    statement_put_text(s, q->filter->alive);
    statement_put_text(s, q->today);
    statement_put(s, q->recent_minute);
}

static const struct listing_sort sorts[] = {
    { "order", "printf('%010d', a.rank) || a.fold", false },
    { "name", "a.fold", false },
    { "-name", "a.fold", true },
    { "events", "a.recent", true },
};

static void row_read(struct statement *s, struct arena *arena, void *row)
{
    struct records_agency *a = row;
    a->key = statement_get_text(s, arena);
    a->name = statement_get_text(s, arena);
    a->short_name = statement_get_text(s, arena);
    a->name_en = statement_get_text(s, arena);
    a->kind = statement_get_text(s, arena);
    a->rank = statement_get(s);
    a->valid_from = statement_get_text(s, arena);
    a->valid_to = statement_get_text(s, arena);
    statement_get_list(s, arena, &a->codes, &a->code_count);
    statement_get_list(s, arena, &a->aliases, &a->alias_count);
    statement_get_list(s, arena, &a->predecessors, &a->predecessor_count);
    statement_get_list(s, arena, &a->successors, &a->successor_count);
    a->systems = (uint32_t)statement_get(s);
}

static const struct listing listing = {
    .columns = "a.key, a.name, a.short, a.name_en, a.kind, a.rank, a.valid_from, a.valid_to, "
               JOINED("code", "agency_code WHERE agency = a.key") ", "
               JOINED("alias", "agency_alias WHERE agency = a.key") ", "
               JOINED("predecessor", "agency_predecessor WHERE agency = a.key") ", "
               JOINED("agency", "agency_predecessor WHERE predecessor = a.key") ", "
               "(SELECT count(*) FROM system WHERE agency = a.key"
               " AND (valid_from IS NULL OR valid_from <= ?10)"
               " AND (valid_to IS NULL OR valid_to >= ?10))",
    .from = "(SELECT agency.*, (SELECT coalesce(sum(m.received), 0) FROM source_minute m"
            " JOIN source o ON o.key = m.source JOIN system y ON y.key = o.system"
            " WHERE y.agency = agency.key AND m.minute >= ?11) AS recent FROM agency) a",
    .where = "(?4 OR a.key = ?5) AND (?6 = '' OR a.key = ?6) AND (?7 = '' OR a.kind = ?7) "
             "AND (?8 = '' OR words_in(a.fold, ?8)) "
             "AND (?9 = '' OR ((a.valid_from IS NULL OR a.valid_from <= ?9)"
             " AND (a.valid_to IS NULL OR a.valid_to >= ?9))) AND ?10 <> '' AND ?11 > 0",
    .id = "a.key", .sorts = sorts, .sort_count = sizeof sorts / sizeof *sorts, .bind = bind_filter,
    .read = row_read, .size = sizeof(struct records_agency),
};

bool records_agency_list(struct records *records, const struct records_scope *scope,
                         const struct records_agency_filter *filter,
                         const struct records_page *page, struct arena *arena,
                         struct records_agency_list *list_out, struct error *e)
{
    *list_out = (struct records_agency_list){ 0 };
    int64_t now = clock_now();
    char today[DAY_TEXT];
    struct query q = { *scope, filter, records_fold(arena, 1, filter->words),
                       records_day_text(now, today), (now - CLOCK_DAY) / CLOCK_MINUTE };
    LISTING run = { 0 };
    struct records_agency *rows = listing_read(records, &listing, &q, page, arena, &run, e);
    *list_out = (struct records_agency_list){ rows, run.count, run.total, run.next };
    return run.whole;
}

bool records_agency_get(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena,
                        struct records_agency *agency_out, struct error *e)
{
    struct records_agency_filter filter = { .key = key };
    struct records_page page = { .limit = 1 };
    struct records_agency_list list;
    if (key.len && !records_agency_list(records, scope, &filter, &page, arena, &list, e))
        return false;
    if (!key.len || list.count == 0)
        return records_not_found(e, "there is no agency '%.*s'", key);
    *agency_out = list.rows[0];
    return true;
}

struct slice records_agency_name(struct records *records, struct slice key, struct arena *arena)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT name FROM agency WHERE key = ?", &s, NULL))
        return SLICE_NONE;
    statement_put_text(&s, key);
    return statement_next(&s, NULL) ? statement_get_text(&s, arena) : SLICE_NONE;
}

/* ---- change --------------------------------------------------------------------------------------- */

static bool exists(struct records *records, struct slice key, bool *exists_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM agency WHERE key = ?", &s, e))
        return false;
    statement_put_text(&s, key);
    *exists_out = statement_next(&s, e);
    return !s.failed;
}

/* The side table holds exactly these values afterwards; *changed becomes true when it did not. */
static bool set_replace(struct records *records, const char *remove, const char *add,
                        struct slice key, const struct slice *values, uint32_t count,
                        bool *changed, struct error *e)
{
    BUFFER_AUTO list;
    buffer_init(&list, 0);
    buffer_add_byte(&list, '\x1f');
    for (uint32_t i = 0; i < count; i++) {
        buffer_add(&list, values[i]);
        buffer_add_byte(&list, '\x1f');
    }
    if (!statement_do(records, remove, e, 2, key, buffer_slice(&list)))
        return false;
    *changed |= records_changed(records);
    for (uint32_t i = 0; i < count; i++) {
        if (!statement_do(records, add, e, 2, key, values[i]))
            return false;
        *changed |= records_changed(records);
    }
    return true;
}

/* Deletes what is not in the list ?2; adds what is not there. */
#define SET_REMOVE(table, column) \
    "DELETE FROM " table " WHERE agency = ?1 AND " \
    "instr(?2, char(31) || " column " || char(31)) = 0"
#define SET_ADD(table) "INSERT OR IGNORE INTO " table " VALUES (?1, ?2)"

static bool sides_put(struct records *records, const struct records_agency *a, bool *changed,
                      struct error *e)
{
    return set_replace(records, SET_REMOVE("agency_code", "code"), SET_ADD("agency_code"), a->key,
                       a->codes, a->code_count, changed, e) &&
           set_replace(records, SET_REMOVE("agency_alias", "alias"), SET_ADD("agency_alias"),
                       a->key, a->aliases, a->alias_count, changed, e) &&
           set_replace(records, SET_REMOVE("agency_predecessor", "predecessor"),
                       SET_ADD("agency_predecessor"), a->key, a->predecessors,
                       a->predecessor_count, changed, e);
}

static struct slice fold(const struct records_agency *a, struct arena *arena)
{
    struct slice text = records_fold(arena, 4, a->name, a->short_name, a->name_en, a->key);
    for (uint32_t i = 0; i < a->code_count; i++)
        text = records_fold(arena, 2, text, a->codes[i]);
    for (uint32_t i = 0; i < a->alias_count; i++)
        text = records_fold(arena, 2, text, a->aliases[i]);
    return text;
}

static bool row_put(struct records *records, const struct records_agency *a, struct slice folded,
                    bool *changed, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO agency VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10) "
            "ON CONFLICT (key) DO UPDATE SET name = excluded.name, short = excluded.short, "
            "name_en = excluded.name_en, kind = excluded.kind, rank = excluded.rank, "
            "valid_from = excluded.valid_from, valid_to = excluded.valid_to, "
            "fold = excluded.fold, changed_at = excluded.changed_at "
            "WHERE (name, short, name_en, kind, rank, fold) <> (excluded.name, excluded.short, "
            "excluded.name_en, excluded.kind, excluded.rank, excluded.fold) "
            "OR valid_from IS NOT excluded.valid_from OR valid_to IS NOT excluded.valid_to", &s, e))
        return false;
    statement_put_text(&s, a->key);
    statement_put_text(&s, a->name);
    statement_put_text(&s, a->short_name);
    statement_put_text(&s, a->name_en);
    statement_put_text(&s, a->kind);
    statement_put(&s, a->rank);
    statement_put_text_or_null(&s, a->valid_from);
    statement_put_text_or_null(&s, a->valid_to);
    statement_put_text(&s, folded);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    *changed |= records_changed(records);
    return true;
}

static bool check(const struct records_agency *a, struct error *e)
{
    if (!records_key_check(a->key, "key", e) || !records_day_check(a->valid_from, "valid_from", e) ||
        !records_day_check(a->valid_to, "valid_to", e))
        return false;
    if (!a->name.len || !a->kind.len) {
        error_set(e, "an agency needs a name and a kind");
        error_place(e, "%s", a->name.len ? "kind" : "name");
        return error_kind(e, ERROR_INPUT);
    }
    if (a->valid_to.len && a->valid_from.len && slice_compare(a->valid_to, a->valid_from) < 0) {
        error_set(e, "it ends before it begins");
        error_place(e, "valid_to");
        return error_kind(e, ERROR_INPUT);
    }
    for (uint32_t i = 0; i < a->predecessor_count; i++)
        if (slice_equal(a->predecessors[i], a->key)) {
            error_set(e, "an agency is not its own predecessor");
            error_place(e, "predecessors");
            return error_kind(e, ERROR_INPUT);
        }
    return true;
}

bool records_agency_put(struct records *records, const struct actor *actor,
                        const struct records_agency *agency, enum records_change *change_out,
                        struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    bool was, changed = false;
    if (!check(agency, e) || !records_begin(records, &t, e) ||
        !exists(records, agency->key, &was, e) ||
        !row_put(records, agency, fold(agency, &arena), &changed, e) ||
        !sides_put(records, agency, &changed, e))
        return false;
    *change_out = !was ? RECORDS_NEW : changed ? RECORDS_CHANGED : RECORDS_UNCHANGED;
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 4, "name", agency->name, "kind", agency->kind, "valid_from",
                   agency->valid_from, "valid_to", agency->valid_to);
    return records_audit_put(records, actor, agency->key, "agency", agency->key, *change_out,
                             buffer_slice(&detail), e) &&
           records_commit(&t, e);
}
