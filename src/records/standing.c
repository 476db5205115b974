#include "records/standing.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

#define HEAD                                                                                      \
    "plan, obligation, agency, period, state, basis, unit, sentence, sentence_vi, numerator, "    \
    "denominator, unknown, due, late_days, asof, computed_at"

static bool row_put(struct records *records, const struct records_standing *r, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT OR REPLACE INTO standing (" HEAD ", figure) VALUES "
                         "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &s, e))
        return false;
    const struct slice texts[] = { r->plan, r->obligation, r->agency, r->period, r->state, r->basis,
                                   r->unit, r->sentence, r->sentence_vi };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        statement_put_text(&s, texts[i]);
    if (r->has_figure)
        statement_put(&s, r->numerator);
    else
        statement_put_null(&s);
    if (r->has_figure && r->has_denominator)
        statement_put(&s, r->denominator);
    else
        statement_put_null(&s);
    statement_put(&s, r->unknown);
    statement_put_or_null(&s, r->due);
    statement_put_or_null(&s, r->late_days);
    statement_put(&s, r->asof);
    statement_put(&s, r->computed_at ? r->computed_at : clock_now());
    statement_put_text(&s, r->figure.len ? r->figure : SLICE("{}"));
    return statement_run(&s, e);
}

bool records_standing_put(struct records *records, const struct records_standing *rows,
                          uint32_t count, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool seen = i && slice_equal(rows[i].plan, rows[i - 1].plan) &&
                    slice_equal(rows[i].period, rows[i - 1].period);
        for (uint32_t k = 0; k < i && !seen; k++)
            seen = slice_equal(rows[i].plan, rows[k].plan) &&
                   slice_equal(rows[i].period, rows[k].period);
        if (!seen && !statement_do(records, "DELETE FROM standing WHERE plan = ? AND period = ?", e,
                                   2, rows[i].plan, rows[i].period))
            return false;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!row_put(records, &rows[i], e))
            return false;
    return records_commit(&t, e);
}

#define WHERE                                                                                     \
    "WHERE (?1 OR agency = ?2) AND (?3 = '' OR plan = ?3) AND (?4 = '' OR obligation = ?4) "      \
    "AND (?5 = '' OR agency = ?5) AND (?6 = '' OR period = ?6) "

static void row_read(struct statement *s, struct arena *arena, struct records_standing *r)
{
    struct slice *texts[] = { &r->plan, &r->obligation, &r->agency, &r->period, &r->state,
                              &r->basis, &r->unit, &r->sentence, &r->sentence_vi };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = statement_get_text(s, arena);
    r->has_figure = !statement_is_null(s);
    r->numerator = statement_get(s);
    r->has_denominator = !statement_is_null(s);
    r->denominator = statement_get(s);
    r->unknown = statement_get(s);
    r->due = statement_get(s);
    r->late_days = statement_get(s);
    r->asof = statement_get(s);
    r->computed_at = statement_get(s);
}

static void bind_filter(struct statement *s, const struct records_scope *scope, struct slice plan,
                 struct slice obligation, struct slice agency, struct slice period)
{
    statement_put_scope(s, scope);
    statement_put_text(s, plan);
    statement_put_text(s, obligation);
    statement_put_text(s, agency);
    statement_put_text(s, period);
}

bool records_standing_list(struct records *records, const struct records_scope *scope,
                           const struct records_standing_filter *filter, struct arena *arena,
                           struct records_standing **rows_out, uint32_t *count_out,
                           struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT " HEAD ", count(*) OVER () FROM standing " WHERE
                         "ORDER BY obligation, agency, period", &s, e))
        return false;
    bind_filter(&s, scope, filter->plan, filter->obligation, filter->agency, filter->period);
    while (statement_next(&s, e)) {
        if (!*rows_out)
            *rows_out = arena_array(arena, (size_t)sqlite3_column_int64(s.stmt, 16),
                                    sizeof **rows_out);
        if (!*rows_out)
            break;
        row_read(&s, arena, &(*rows_out)[(*count_out)++]);
    }
    return !s.failed && records_arena_held(arena, e);
}

bool records_standing_get(struct records *records, const struct records_scope *scope,
                          struct slice plan, struct slice obligation, struct slice agency,
                          struct slice period, struct arena *arena,
                          struct records_standing *standing_out, struct error *e)
{
    *standing_out = (struct records_standing){ 0 };
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT " HEAD ", figure FROM standing " WHERE "LIMIT 1", &s, e))
        return false;
    bind_filter(&s, scope, plan, obligation, agency, period);
    bool whole = plan.len && obligation.len && agency.len && period.len;
    if (whole && statement_next(&s, e)) {
        row_read(&s, arena, standing_out);
        standing_out->figure = statement_get_text(&s, arena);
        return records_arena_held(arena, e);
    }
    return !s.failed && records_not_found(e, "there is no standing of '%.*s' here", obligation);
}

/* ---- exemptions --------------------------------------------------------------------------------------- */

static bool exemption_check(const struct actor *actor, const struct records_exemption *x,
                            struct error *e)
{
    if (!records_key_check(x->agency, "agency", e) || !records_day_check(x->holds_from, "from", e) ||
        !records_day_check(x->holds_to, "to", e))
        return false;
    if (!x->plan.len || !x->obligation.len || x->reason.len < 3) {
        error_set(e, "an exemption needs its plan, its obligation and a reason");
        return records_input_error(e, "reason");
    }
    if (!x->holds_from.len || !x->holds_to.len || slice_compare(x->holds_to, x->holds_from) < 0) {
        error_set(e, "an exemption needs a first and a last day");
        return records_input_error(e, "to");
    }
    if (!x->asked_by.len || !actor->user.len || slice_equal(x->asked_by, actor->user)) {
        error_set(e, "an exemption is granted by somebody else than who asked for it");
        records_input_error(e, "asked_by");
        return error_kind(e, ERROR_FORBIDDEN);
    }
    return true;
}

static bool exemption_audit(struct records *records, const struct actor *actor, struct slice agency,
                            const char *action, int64_t id, struct slice detail, struct error *e)
{
    char object[40];
    sqlite3_snprintf(sizeof object, object, "exemption:%lld", (long long)id);
    return records_audit(records, actor, agency, action, slice_of(object), detail, e);
}

bool records_exemption_grant(struct records *records, const struct actor *actor,
                             const struct records_exemption *x, int64_t *id_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!exemption_check(actor, x, e) || !records_begin(records, &t, e) ||
        !statement_start(records,
            "INSERT INTO exemption (plan, obligation, agency, subject, reason, document, asked_by, "
            "granted_by, holds_from, holds_to, learnt_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            &s, e))
        return false;
    const struct slice texts[] = { x->plan, x->obligation, x->agency, x->subject, x->reason,
                                   x->document, x->asked_by, actor->user, x->holds_from,
                                   x->holds_to };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        statement_put_text(&s, texts[i]);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    *id_out = sqlite3_last_insert_rowid(records->db);
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 4, "obligation", x->obligation, "reason", x->reason, "from",
                   x->holds_from, "to", x->holds_to);
    return exemption_audit(records, actor, x->agency, "exemption.grant", *id_out,
                           buffer_slice(&detail), e) &&
           records_commit(&t, e);
}

bool records_exemption_revoke(struct records *records, const struct actor *actor, int64_t id,
                              struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "UPDATE exemption SET revoked_at = ?2 WHERE id = ?1 "
                         "AND revoked_at IS NULL RETURNING agency", &s, e))
        return false;
    statement_put(&s, id);
    statement_put(&s, clock_now());
    if (!statement_next(&s, e))
        return !s.failed && records_not_found_id(e, "there is no exemption %lld in force", id);
    struct slice agency = statement_get_text(&s, &arena);
    return statement_run(&s, e) &&
           exemption_audit(records, actor, agency, "exemption.revoke", id, SLICE_NONE, e) &&
           records_commit(&t, e);
}

bool records_exemption_list(struct records *records, const struct records_scope *scope,
                            struct slice plan, struct slice obligation, struct slice agency,
                            struct arena *arena, struct records_exemption **rows_out,
                            uint32_t *count_out, struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT plan, obligation, agency, subject, reason, document, asked_by, granted_by, "
            "holds_from, holds_to, id, learnt_at, revoked_at, count(*) OVER () FROM exemption "
            "WHERE (?1 OR agency = ?2) AND (?3 = '' OR plan = ?3) AND (?4 = '' OR obligation = ?4) "
            "AND (?5 = '' OR agency = ?5) ORDER BY holds_from, id", &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put_text(&s, plan);
    statement_put_text(&s, obligation);
    statement_put_text(&s, agency);
    while (statement_next(&s, e)) {
        if (!*rows_out)
            *rows_out = arena_array(arena, (size_t)sqlite3_column_int64(s.stmt, 13),
                                    sizeof **rows_out);
        if (!*rows_out)
            break;
        struct records_exemption *x = &(*rows_out)[(*count_out)++];
        struct slice *texts[] = { &x->plan, &x->obligation, &x->agency, &x->subject, &x->reason,
                                  &x->document, &x->asked_by, &x->granted_by, &x->holds_from,
                                  &x->holds_to };
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            *texts[i] = statement_get_text(&s, arena);
        x->id = statement_get(&s);
        x->learnt_at = statement_get(&s);
        x->revoked_at = statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}
