#include "records/organisation.h"

#include "base/clock.h"
#include "records/store.h"

static void bind_filter(struct statement *s, const void *context)
{
    statement_put_text(s, *(const struct slice *)context);
}

static const struct listing_sort sorts[] = { { "name", "fold", false } };

static const struct listing listing = {
    .columns = "key, name, kind, tax_code, coalesce(domestic, -1)", .from = "organisation",
    .where = "(?4 = '' OR words_in(fold, ?4))",
    .id = "key", .sorts = sorts, .sort_count = 1, .bind = bind_filter,
};

bool records_organisation_list(struct records *records, struct slice words,
                               const struct records_page *page, struct arena *arena,
                               struct records_organisation_list *list_out, struct error *e)
{
    *list_out = (struct records_organisation_list){ 0 };
    struct slice folded = records_fold(arena, 1, words);
    LISTING run = { 0 };
    if (!listing_start(records, &listing, &folded, page, &run, e))
        return false;
    struct records_organisation *rows = listing_rows(&run, arena, sizeof *rows);
    while (rows && listing_next(&run, arena, e)) {
        struct records_organisation *o = &rows[run.count - 1];
        o->key = statement_get_text(&run.s, arena);
        o->name = statement_get_text(&run.s, arena);
        o->kind = statement_get_text(&run.s, arena);
        o->tax_code = statement_get_text(&run.s, arena);
        o->domestic = (int)statement_get(&run.s);
    }
    *list_out = (struct records_organisation_list){ rows, run.count, run.total, run.next };
    return !run.s.failed && records_arena_held(arena, e);
}

static bool exists(struct records *records, struct slice key, bool *exists_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM organisation WHERE key = ?", &s, e))
        return false;
    statement_put_text(&s, key);
    *exists_out = statement_next(&s, e);
    return !s.failed;
}

static bool check(const struct records_organisation *o, struct error *e)
{
    if (!records_key_check(o->key, "key", e))
        return false;
    if (o->name.len && o->kind.len)
        return true;
    error_set(e, "an organisation needs a name and a kind");
    error_place(e, "%s", o->name.len ? "kind" : "name");
    return error_kind(e, ERROR_INPUT);
}

bool records_organisation_put(struct records *records, const struct actor *actor,
                              const struct records_organisation *organisation,
                              enum records_change *change_out, struct error *e)
{
    const struct records_organisation *o = organisation;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    bool was;
    STATEMENT s = { 0 };
    if (!check(o, e) || !records_begin(records, &t, e) || !exists(records, o->key, &was, e) ||
        !statement_start(records,
            "INSERT INTO organisation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) "
            "ON CONFLICT (key) DO UPDATE SET name = excluded.name, kind = excluded.kind, "
            "tax_code = excluded.tax_code, domestic = excluded.domestic, fold = excluded.fold, "
            "changed_at = excluded.changed_at "
            "WHERE (name, kind, tax_code, fold) <> (excluded.name, excluded.kind, "
            "excluded.tax_code, excluded.fold) OR domestic IS NOT excluded.domestic", &s, e))
        return false;
    statement_put_text(&s, o->key);
    statement_put_text(&s, o->name);
    statement_put_text(&s, o->kind);
    statement_put_text(&s, o->tax_code);
    if (o->domestic < 0)
        statement_put_null(&s);
    else
        statement_put(&s, o->domestic != 0);
    statement_put_text(&s, records_fold(&arena, 3, o->name, o->key, o->tax_code));
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    *change_out = !was ? RECORDS_NEW : records_changed(records) ? RECORDS_CHANGED
                                                                : RECORDS_UNCHANGED;
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 3, "name", o->name, "kind", o->kind, "tax_code", o->tax_code);
    return records_audit_put(records, actor, SLICE_NONE, "organisation", o->key, *change_out,
                             buffer_slice(&detail), e) &&
           records_commit(&t, e);
}
