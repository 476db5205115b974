#include "records/certificate.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

/* ---- relays ---------------------------------------------------------------------------------- */

#define RELAY                                                                                     \
    "SELECT r.key, r.agency, a.name, r.name, r.enabled, (SELECT count(*) FROM source o JOIN "     \
    "system y ON y.key = o.system WHERE y.agency = r.agency AND o.enabled), count(*) OVER () "    \
    "FROM relay r JOIN agency a ON a.key = r.agency WHERE (?1 OR r.agency = ?2) "                 \
    "AND (?3 = '' OR r.key = ?3) ORDER BY r.key"

static bool relays_read(struct records *records, const struct records_scope *scope,
                        struct slice key, struct arena *arena, struct records_relay **rows_out,
                        uint32_t *count_out, struct error *e)
{
    STATEMENT s = { 0 };
    struct records_relay *rows = NULL;
    uint32_t count = 0;
    if (!statement_start(records, RELAY, &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put_text(&s, key);
    struct records_relay *r;
    while ((r = statement_row(&s, arena, &rows, &count, sizeof *r, e))) {
        r->key = statement_get_text(&s, arena);
        r->agency = statement_get_text(&s, arena);
        r->agency_name = statement_get_text(&s, arena);
        r->name = statement_get_text(&s, arena);
        r->enabled = statement_get_bool(&s);
        r->sources = (uint32_t)statement_get(&s);
    }
    *rows_out = rows;
    *count_out = count;
    return !s.failed && records_arena_held(arena, e);
}

bool records_relay_list(struct records *records, const struct records_scope *scope,
                        struct arena *arena, struct records_relay **rows_out, uint32_t *count_out,
                        struct error *e)
{
    return relays_read(records, scope, SLICE_NONE, arena, rows_out, count_out, e);
}

bool records_relay_get(struct records *records, const struct records_scope *scope,
                       struct slice key, struct arena *arena, struct records_relay *relay_out,
                       struct error *e)
{
    struct records_relay *rows;
    uint32_t count = 0;
    if (key.len && !relays_read(records, scope, key, arena, &rows, &count, e))
        return false;
    if (count == 0)
        return records_not_found(e, "there is no relay '%.*s'", key);
    *relay_out = rows[0];
    return true;
}

static bool agency_stands(struct records *records, struct slice agency, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM agency WHERE key = ?", &s, e))
        return false;
    statement_put_text(&s, agency);
    if (statement_next(&s, e))
        return true;
    if (s.failed)
        return false;
    records_not_found(e, "there is no agency '%.*s'", agency);
    error_place(e, "agency");
    return error_kind(e, ERROR_INPUT);
}

static bool relay_was(struct records *records, struct slice key, bool *was_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM relay WHERE key = ?", &s, e))
        return false;
    statement_put_text(&s, key);
    *was_out = statement_next(&s, e);
    return !s.failed;
}

bool records_relay_put(struct records *records, const struct actor *actor,
                       const struct records_relay *relay, enum records_change *change_out,
                       struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    bool was;
    if (!records_key_check(relay->key, "key", e) || !records_begin(records, &t, e) ||
        !agency_stands(records, relay->agency, e) || !relay_was(records, relay->key, &was, e) ||
        !statement_start(records,
            "INSERT INTO relay VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT (key) DO UPDATE SET "
            "agency = excluded.agency, name = excluded.name, enabled = excluded.enabled, "
            "changed_at = excluded.changed_at WHERE (agency, name, enabled) <> (excluded.agency, "
            "excluded.name, excluded.enabled)", &s, e))
        return false;
    statement_put_text(&s, relay->key);
    statement_put_text(&s, relay->agency);
    statement_put_text(&s, relay->name.len ? relay->name : relay->key);
    statement_put(&s, relay->enabled);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    *change_out = !was ? RECORDS_NEW : records_changed(records) ? RECORDS_CHANGED
                                                                : RECORDS_UNCHANGED;
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 2, "name", relay->name, "enabled",
                   relay->enabled ? SLICE("yes") : SLICE("no"));
    return records_audit_put(records, actor, relay->agency, "relay", relay->key, *change_out,
                             buffer_slice(&detail), e) &&
           records_commit(&t, e);
}

/* ---- certificates ---------------------------------------------------------------------------- */

const char *records_certificate_state(const struct records_certificate *c, int64_t now)
{
    if (c->revoked_at)
        return "revoked";
    if (c->valid_to <= now)
        return "ended";
    if (c->valid_from > now)
        return "future";
    return c->valid_to - now < RECORDS_CERTIFICATE_ENDING ? "ending" : "active";
}

#define CERTIFICATE                                                                               \
    "SELECT c.sha256, c.source, c.relay, coalesce(y.agency, r.agency), c.subject, c.issuer, "     \
    "c.pem, c.valid_from, c.valid_to, c.origin, c.made_at, c.made_by, c.revoked_at, "             \
    "c.revoked_by, c.reason, count(*) OVER () FROM certificate c "                                \
    "LEFT JOIN source o ON o.key = c.source LEFT JOIN system y ON y.key = o.system "              \
    "LEFT JOIN relay r ON r.key = c.relay "                                                       \
    "WHERE (?1 OR coalesce(y.agency, r.agency) = ?2) AND (?3 = '' OR c.sha256 = ?3) "             \
    "AND (?4 = '' OR c.source = ?4) AND (?5 = '' OR c.relay = ?5) "                               \
    "ORDER BY c.made_at DESC, c.sha256"

static void certificate_read(struct statement *s, struct arena *arena,
                             struct records_certificate *c)
{
    c->sha256 = statement_get_text(s, arena);
    struct slice source = statement_get_text(s, arena), relay = statement_get_text(s, arena);
    c->holder = (struct records_holder){ relay.len > 0, relay.len ? relay : source };
    c->agency = statement_get_text(s, arena);
    c->subject = statement_get_text(s, arena);
    c->issuer = statement_get_text(s, arena);
    c->pem = statement_get_text(s, arena);
    c->valid_from = statement_get(s);
    c->valid_to = statement_get(s);
    c->origin = statement_get_text(s, arena);
    c->made_at = statement_get(s);
    c->made_by = statement_get_text(s, arena);
    c->revoked_at = statement_get(s);
    c->revoked_by = statement_get_text(s, arena);
    c->reason = statement_get_text(s, arena);
}

static bool certificates_read(struct records *records, const struct records_scope *scope,
                              struct slice sha256, const struct records_holder *holder,
                              struct arena *arena, struct records_certificate **rows_out,
                              uint32_t *count_out, struct error *e)
{
    STATEMENT s = { 0 };
    struct records_certificate *rows = NULL;
    uint32_t count = 0;
    if (!statement_start(records, CERTIFICATE, &s, e))
        return false;
    statement_put_scope(&s, scope);
    statement_put_text(&s, sha256);
    statement_put_text(&s, holder && !holder->relay ? holder->key : SLICE_NONE);
    statement_put_text(&s, holder && holder->relay ? holder->key : SLICE_NONE);
    struct records_certificate *c;
    while ((c = statement_row(&s, arena, &rows, &count, sizeof *c, e)))
        certificate_read(&s, arena, c);
    *rows_out = rows;
    *count_out = count;
    return !s.failed && records_arena_held(arena, e);
}

bool records_certificate_list(struct records *records, const struct records_scope *scope,
                              const struct records_holder *holder, struct arena *arena,
                              struct records_certificate **rows_out, uint32_t *count_out,
                              struct error *e)
{
    return certificates_read(records, scope, SLICE_NONE, holder, arena, rows_out, count_out, e);
}

bool records_certificate_get(struct records *records, const struct records_scope *scope,
                             struct slice sha256, struct arena *arena,
                             struct records_certificate *out, struct error *e)
{
    struct records_certificate *rows;
    uint32_t count = 0;
    if (sha256.len && !certificates_read(records, scope, sha256, NULL, arena, &rows, &count, e))
        return false;
    if (count == 0)
        return records_not_found(e, "there is no certificate '%.*s'", sha256);
    *out = rows[0];
    return true;
}

/* The agency of a source or relay; ERROR_NOT_FOUND when there is none. */
static bool holder_agency(struct records *records, const struct records_holder *holder,
                          struct arena *arena, struct slice *agency_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT agency FROM relay WHERE ?1 AND key = ?2 UNION ALL "
                         "SELECT y.agency FROM source o JOIN system y ON y.key = o.system "
                         "WHERE NOT ?1 AND o.key = ?2", &s, e))
        return false;
    statement_put(&s, holder->relay);
    statement_put_text(&s, holder->key);
    if (statement_next(&s, e)) {
        *agency_out = statement_get_text(&s, arena);
        return records_arena_held(arena, e);
    }
    if (s.failed)
        return false;
    return holder->relay ? records_not_found(e, "there is no relay '%.*s'", holder->key)
                         : records_not_found(e, "there is no source '%.*s'", holder->key);
}

static void put_holder(struct statement *s, const struct records_holder *holder)
{
    statement_put_text_or_null(s, holder->relay ? SLICE_NONE : holder->key);
    statement_put_text_or_null(s, holder->relay ? holder->key : SLICE_NONE);
}

static bool audit_holder(struct records *records, const struct actor *actor, struct slice agency,
                         const char *action, const struct records_holder *holder,
                         struct slice sha256, struct slice text, struct error *e)
{
    BUFFER_AUTO object, detail;
    buffer_init(&object, 0);
    buffer_init(&detail, 0);
    buffer_print(&object, "%s:%.*s", holder->relay ? "relay" : "source", SLICE_ARGS(holder->key));
    records_detail(&detail, 2, "certificate", sha256, "text", text);
    return records_audit(records, actor, agency, action, buffer_slice(&object),
                         buffer_slice(&detail), e);
}

bool records_certificate_add(struct records *records, const struct actor *actor,
                             const struct records_certificate *c, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    struct slice agency;
    if (!records_begin(records, &t, e) ||
        !holder_agency(records, &c->holder, &arena, &agency, e) ||
        !statement_start(records, "INSERT INTO certificate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                         "NULL, '', '') ON CONFLICT DO NOTHING", &s, e))
        return false;
    statement_put_text(&s, c->sha256);
    put_holder(&s, &c->holder);
    statement_put_text(&s, c->subject);
    statement_put_text(&s, c->issuer);
    statement_put_text(&s, c->pem);
    statement_put(&s, c->valid_from);
    statement_put(&s, c->valid_to);
    statement_put_text(&s, c->origin);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records)) {
        error_set(e, "this certificate is registered already");
        return error_kind(e, ERROR_CONFLICT);
    }
    return audit_holder(records, actor, agency, "certificate.new", &c->holder, c->sha256, c->origin,
                        e) &&
           records_commit(&t, e);
}

bool records_certificate_revoke(struct records *records, const struct actor *actor,
                                struct slice sha256, struct slice reason, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    struct records_certificate c;
    if (!records_begin(records, &t, e) ||
        !records_certificate_get(records, &RECORDS_SCOPE_ALL, sha256, &arena, &c, e) ||
        !statement_start(records, "UPDATE certificate SET revoked_at = ?2, revoked_by = ?3, "
                         "reason = ?4 WHERE sha256 = ?1 AND revoked_at IS NULL", &s, e))
        return false;
    statement_put_text(&s, sha256);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    statement_put_text(&s, reason);
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records)) {
        error_set(e, "this certificate is revoked already");
        return error_kind(e, ERROR_CONFLICT);
    }
    return audit_holder(records, actor, c.agency, "certificate.revoke", &c.holder, sha256, reason,
                        e) &&
           records_commit(&t, e);
}

/* ---- codes ----------------------------------------------------------------------------------- */

bool records_code_add(struct records *records, const struct actor *actor,
                      const struct records_holder *holder, struct slice code_sha256,
                      int64_t days, int64_t expires_at, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    struct slice agency;
    if (!records_begin(records, &t, e) ||
        !holder_agency(records, holder, &arena, &agency, e) ||
        !statement_start(records, "INSERT INTO enrolment_code VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                         &s, e))
        return false;
    statement_put_text(&s, code_sha256);
    put_holder(&s, holder);
    statement_put(&s, days);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    statement_put(&s, expires_at);
    return statement_run(&s, e) &&
           audit_holder(records, actor, agency, "enrolment.code", holder, SLICE_NONE, SLICE_NONE,
                        e) &&
           records_commit(&t, e);
}

bool records_code_use(struct records *records, struct slice code_sha256, struct arena *arena,
                      struct records_holder *holder_out, int64_t *days_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    int64_t now = clock_now();
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "UPDATE enrolment_code SET used_at = ?2 WHERE code = ?1 AND "
                         "used_at IS NULL AND expires_at > ?2 RETURNING source, relay, days", &s,
                         e))
        return false;
    statement_put_text(&s, code_sha256);
    statement_put(&s, now);
    if (!statement_next(&s, e)) {
        if (s.failed)
            return false;
        error_set(e, "this code is not known, was used already, or its time is over");
        error_hint(e, "ask the lead agency for a new package");
        return error_kind(e, ERROR_FORBIDDEN);
    }
    struct slice source = statement_get_text(&s, arena), relay = statement_get_text(&s, arena);
    *holder_out = (struct records_holder){ relay.len > 0, relay.len ? relay : source };
    *days_out = statement_get(&s);
    return statement_run(&s, e) && records_arena_held(arena, e) && records_commit(&t, e);
}
