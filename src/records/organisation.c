#include "records/organisation.h"

#include "base/clock.h"
#include "records/store.h"

#define COLUMNS "key, name, kind, tax_code, coalesce(domestic, -1)"

static void row_read(struct statement *s, struct arena *arena, struct records_organisation *o)
{
    o->key = statement_get_text(s, arena);
    o->name = statement_get_text(s, arena);
    o->kind = statement_get_text(s, arena);
    o->tax_code = statement_get_text(s, arena);
    o->domestic = (int)statement_get(s);
}

bool records_organisation_get(struct records *records, struct slice key, struct arena *arena,
                              struct records_organisation *organisation_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT " COLUMNS " FROM organisation WHERE key = ?", &s, e))
        return false;
    statement_put_text(&s, key);
    if (!statement_next(&s, e))
        return !s.failed && records_not_found(e, "there is no organisation '%.*s'", key);
    row_read(&s, arena, organisation_out);
    return records_arena_held(arena, e);
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
