#include "records/evidence.h"

#include "base/clock.h"
#include "base/json.h"
#include "records/audit.h"
#include "records/store.h"

struct query {
    struct records_scope scope;
    const struct records_evidence_filter *filter;
    int64_t id;
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    const struct records_evidence_filter *f = q->filter;
    statement_put_scope(s, &q->scope);
    statement_put_text(s, f->kind);
    statement_put_text(s, f->subject);
    statement_put_text(s, f->agency);
    statement_put(s, f->from);
    statement_put(s, f->to);
    statement_put(s, f->known_at);
    statement_put(s, f->revoked);
    statement_put(s, q->id);
}

static const struct listing_sort sorts[] = {
    { "-holds_from", "v.holds_from", true }, { "holds_from", "v.holds_from", false },
};

static void row_read(struct statement *s, struct arena *arena, void *row)
{
    struct records_evidence *v = row;
    struct slice *texts[] = { &v->kind, &v->subject, &v->agency, &v->basis, &v->title, &v->data,
                              &v->document, &v->sha256, &v->by_whom, &v->revoked_by,
                              &v->revoked_why };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = statement_get_text(s, arena);
    v->id = statement_get(s);
    v->holds_from = statement_get(s);
    v->holds_to = statement_get(s);
    v->learnt_at = statement_get(s);
    v->revoked_at = statement_get(s);
    v->ok = (int)statement_get(s);
    v->has_amount = !statement_is_null(s);
    v->amount = statement_get(s);
    v->has_base = !statement_is_null(s);
    v->base = statement_get(s);
}

static const struct listing listing = {
    .columns = "v.kind, v.subject, v.agency, v.basis, v.title, v.data, v.document, v.sha256, "
               "v.by_whom, v.revoked_by, v.revoked_why, v.id, v.holds_from, v.holds_to, "
               "v.learnt_at, v.revoked_at, coalesce(v.ok, -1), v.amount, v.base",
    .from = "evidence v",
    .where = "(?4 OR v.agency = ?5) AND (?6 = '' OR v.kind = ?6) AND (?7 = '' OR v.subject = ?7) "
             "AND (?8 = '' OR v.agency = ?8) AND (?9 = 0 OR v.holds_to IS NULL OR v.holds_to > ?9) "
             "AND (?10 = 0 OR v.holds_from < ?10) AND (?11 = 0 OR v.learnt_at <= ?11) "
             "AND (?12 OR v.revoked_at IS NULL OR (?11 > 0 AND v.revoked_at > ?11)) "
             "AND (?13 = 0 OR v.id = ?13)",
    .id = "v.id", .sorts = sorts, .sort_count = sizeof sorts / sizeof *sorts, .bind = bind_filter,
    .read = row_read, .size = sizeof(struct records_evidence),
};

static bool list_read(struct records *records, const struct query *q,
                      const struct records_page *page, struct arena *arena,
                      struct records_evidence_list *list_out, struct error *e)
{
    *list_out = (struct records_evidence_list){ 0 };
    LISTING run = { 0 };
    struct records_evidence *rows = listing_read(records, &listing, q, page, arena, &run, e);
    *list_out = (struct records_evidence_list){ rows, run.count, run.total, run.next };
    return run.whole;
}

bool records_evidence_list(struct records *records, const struct records_scope *scope,
                           const struct records_evidence_filter *filter,
                           const struct records_page *page, struct arena *arena,
                           struct records_evidence_list *list_out, struct error *e)
{
    return list_read(records, &(struct query){ *scope, filter, 0 }, page, arena, list_out, e);
}

bool records_evidence_get(struct records *records, const struct records_scope *scope, int64_t id,
                          struct arena *arena, struct records_evidence *evidence_out,
                          struct error *e)
{
    struct records_evidence_filter filter = { .revoked = true };
    struct records_page page = { .limit = 1 };
    struct records_evidence_list list;
    if (id > 0 && !list_read(records, &(struct query){ *scope, &filter, id }, &page, arena, &list, e))
        return false;
    if (id <= 0 || list.count == 0)
        return records_not_found_id(e, "there is no evidence %lld", id);
    *evidence_out = list.rows[0];
    return true;
}

/* ---- change ------------------------------------------------------------------------------------------ */

static bool check(const struct actor *actor, const struct records_evidence *v, struct error *e)
{
    static const char *const bases[] = { "measured", "verified", "declared", NULL };
    if (!records_names_check(v->basis.len ? v->basis : SLICE("?"), bases, "basis", e) ||
        !records_key_check(v->agency, "agency", e))
        return false;
    if (!v->kind.len || !v->subject.len) {
        error_set(e, "evidence needs a kind and a subject");
        return records_input_error(e, v->kind.len ? "subject" : "kind");
    }
    if (!v->holds_from || (v->holds_to && v->holds_to <= v->holds_from)) {
        error_set(e, "evidence holds from a time to a later one");
        return records_input_error(e, "holds_from");
    }
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct json *data;
    if (v->data.len && (!json_parse(v->data, &arena, &data, NULL) || data->kind != JSON_OBJECT)) {
        error_set(e, "the data of evidence is a JSON object");
        return records_input_error(e, "data");
    }
    /* who owes does not measure himself */
    if (actor->role == ROLE_AGENCY &&
        (!slice_equal(v->agency, actor->agency) || !slice_is(v->basis, "declared"))) {
        error_set(e, "an agency declares about itself only");
        error_place(e, "basis");
        return error_kind(e, ERROR_FORBIDDEN);
    }
    return true;
}

bool records_evidence_add(struct records *records, const struct actor *actor,
                          const struct records_evidence *v, int64_t *id_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!check(actor, v, e) || !records_begin(records, &t, e) ||
        !statement_start(records,
            "INSERT INTO evidence (kind, subject, agency, basis, title, data, document, sha256, "
            "by_whom, holds_from, holds_to, learnt_at, ok, amount, base) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &s, e))
        return false;
    const struct slice texts[] = { v->kind, v->subject, v->agency, v->basis, v->title,
                                   v->data.len ? v->data : SLICE("{}"), v->document, v->sha256,
                                   v->by_whom.len ? v->by_whom : actor->user };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        statement_put_text(&s, texts[i]);
    statement_put(&s, v->holds_from);
    statement_put_or_null(&s, v->holds_to);
    statement_put(&s, clock_now());
    const struct { bool given; int64_t value; } numbers[] = {
        { v->ok >= 0, v->ok != 0 }, { v->has_amount, v->amount }, { v->has_base, v->base },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].given)
            statement_put(&s, numbers[i].value);
        else
            statement_put_null(&s);
    }
    if (!statement_run(&s, e))
        return false;
    *id_out = sqlite3_last_insert_rowid(records->db);
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 5, "kind", v->kind, "subject", v->subject, "basis", v->basis,
                   "document", v->document, "sha256", v->sha256);
    return records_audit_id(records, actor, v->agency, "evidence", "add", *id_out,
                            buffer_slice(&detail), e) &&
           records_commit(&t, e);
}

bool records_evidence_revoke(struct records *records, const struct actor *actor, int64_t id,
                             struct slice why, struct error *e)
{
    if (why.len < 3) {
        error_set(e, "say why this evidence no longer counts");
        return records_input_error(e, "why");
    }
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_scope scope = records_scope_of(actor);
    struct records_evidence v;
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !records_evidence_get(records, &scope, id, &arena, &v, e))
        return false;
    if (v.revoked_at) {
        error_set(e, "this evidence was revoked before");
        return error_kind(e, ERROR_CONFLICT);
    }
    if (!statement_start(records, "UPDATE evidence SET revoked_at = ?2, revoked_by = ?3, "
                         "revoked_why = ?4 WHERE id = ?1", &s, e))
        return false;
    statement_put(&s, id);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    statement_put_text(&s, why);
    if (!statement_run(&s, e))
        return false;
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 1, "why", why);
    return records_audit_id(records, actor, v.agency, "evidence", "revoke", id,
                            buffer_slice(&detail), e) &&
           records_commit(&t, e);
}
