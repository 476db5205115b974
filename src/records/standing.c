#include "records/standing.h"

#include "base/clock.h"
#include "base/fold.h"
#include "records/audit.h"
#include "records/store.h"
#include "records/user.h"

static bool row_put(struct records *records, const struct records_standing *r, int64_t asof,
                    struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT OR REPLACE INTO standing (plan, obligation, agency, period, "
                         "state, due, asof, computed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", &s, e))
        return false;
    const struct slice texts[] = { r->plan, r->obligation, r->agency, r->period, r->state };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        statement_put_text(&s, texts[i]);
    statement_put(&s, r->due);
    statement_put(&s, asof);
    statement_put(&s, clock_now());
    return statement_run(&s, e);
}

static bool run_asof(struct records *records, const char *sql, int64_t asof, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, sql, &s, e))
        return false;
    statement_put(&s, asof);
    return statement_run(&s, e);
}

#define LATE "s.state IN ('late', 'not_met')"
#define SAME                                                                                      \
    "s.plan = l.plan AND s.obligation = l.obligation AND s.agency = l.agency AND s.period = l.period"

bool records_standing_put(struct records *records, const struct records_standing *rows,
                          uint32_t count, int64_t asof, struct error *e)
{
    static const char *const follow[] = {
        "DELETE FROM standing WHERE asof <> ?1 AND (plan, period) IN "
        "(SELECT plan, period FROM standing WHERE asof = ?1)",
        "UPDATE standing_late AS l SET ended_at = ?1 WHERE ended_at IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM standing s WHERE " SAME " AND " LATE ")",
        "INSERT INTO standing_late (plan, obligation, agency, period, due, began_at) "
        "SELECT plan, obligation, agency, period, due, ?1 FROM standing s WHERE asof = ?1 AND " LATE
        " AND NOT EXISTS (SELECT 1 FROM standing_late l WHERE " SAME " AND l.ended_at IS NULL)",
        "INSERT INTO setting (key, value, changed_at) VALUES ('standing_since', ?1, ?1) "
        "ON CONFLICT DO NOTHING",
    };
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!row_put(records, &rows[i], asof, e))
            return false;
    for (size_t i = 0; i < sizeof follow / sizeof *follow; i++)
        if (!run_asof(records, follow[i], asof, e))
            return false;
    return records_commit(&t, e);
}

/* ---- exemptions --------------------------------------------------------------------------------------- */

/* Of a person, so that 'Thu-Lead ' is thu-lead. */
static bool same_person(struct arena *arena, struct slice a, struct slice b)
{
    return slice_equal(fold_case_in(arena, fold_nfc(arena, slice_trim(a))),
                       fold_case_in(arena, fold_nfc(arena, slice_trim(b))));
}

/* Who asked, as typed, is neither the login name nor the full name of who grants. */
static bool second_person(struct records *records, const struct actor *actor, struct slice asked_by,
                          struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_user user;
    if (!records_user_get(records, actor->user, &arena, &user, e))
        return false;
    if (slice_trim(asked_by).len && !same_person(&arena, asked_by, user.name) &&
        !same_person(&arena, asked_by, user.full_name))
        return records_arena_held(&arena, e);
    error_set(e, "an exemption is granted by somebody else than who asked for it");
    records_input_error(e, "asked_by");
    return error_kind(e, ERROR_FORBIDDEN);
}

static bool exemption_check(const struct records_exemption *x, struct error *e)
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
    return true;
}

bool records_exemption_grant(struct records *records, const struct actor *actor,
                             const struct records_exemption *x, int64_t *id_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!exemption_check(x, e) || !records_begin(records, &t, e) ||
        !second_person(records, actor, x->asked_by, e) ||
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
    records_detail(&detail, 5, "obligation", x->obligation, "reason", x->reason, "from",
                   x->holds_from, "to", x->holds_to, "asked_by", x->asked_by);
    return records_audit_id(records, actor, x->agency, "exemption", "grant", *id_out,
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
           records_audit_id(records, actor, agency, "exemption", "revoke", id, SLICE_NONE, e) &&
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
    struct records_exemption *x;
    while ((x = statement_row(&s, arena, rows_out, count_out, sizeof *x, e))) {
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
