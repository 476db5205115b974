#include "records/user.h"

#include <sodium.h>

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

/* Letters and digits that are not mixed up when read out: 5 bits each, 24 groups of them. */
static const char letters[33] = "abcdefghjkmnpqrstuvwxyz23456789+";

void records_password_make(char text[RECORDS_PASSWORD_TEXT])
{
    for (int i = 0; i < RECORDS_PASSWORD_TEXT - 1; i++)
        text[i] = (i % 6 == 5) ? '-' : letters[randombytes_uniform(31)];
    text[RECORDS_PASSWORD_TEXT - 1] = '\0';
}

/* ---- read ------------------------------------------------------------------------------------------- */

struct query {
    struct slice words, name, role;
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    statement_put_text(s, q->words);
    statement_put_text(s, q->name);
    statement_put_text(s, q->role);
}

static const struct listing_sort sorts[] = { { "name", "u.name", false } };

static void row_read(struct statement *s, struct arena *arena, void *row)
{
    struct records_user *u = row;
    u->name = statement_get_text(s, arena);
    u->full_name = statement_get_text(s, arena);
    role_parse(statement_get_text(s, arena), &u->role);
    u->agency = statement_get_text(s, arena);
    u->agency_name = statement_get_text(s, arena);
    u->agency_short = statement_get_text(s, arena);
    u->language = statement_get_text(s, arena);
    u->disabled = statement_get_bool(s);
    u->created_at = statement_get(s);
    u->last_login = statement_get(s);
    u->changed_at = statement_get(s);
}

static const struct listing listing = {
    .columns = "u.name, u.full_name, u.role, u.agency, a.name, a.short, u.language, u.disabled, "
               "u.created_at, u.last_login, u.changed_at",
    .from = "user u LEFT JOIN agency a ON a.key = u.agency",
    .where = "(?4 = '' OR instr(lower(u.name || ' ' || u.full_name), lower(?4)) > 0) "
             "AND (?5 = '' OR u.name = ?5) AND (?6 = '' OR u.role = ?6)",
    .id = "u.name", .sorts = sorts, .sort_count = 1, .bind = bind_filter,
    .read = row_read, .size = sizeof(struct records_user),
};

static bool list_read(struct records *records, const struct query *q,
                      const struct records_page *page, struct arena *arena,
                      struct records_user_list *list_out, struct error *e)
{
    *list_out = (struct records_user_list){ 0 };
    LISTING run = { 0 };
    struct records_user *rows = listing_read(records, &listing, q, page, arena, &run, e);
    *list_out = (struct records_user_list){ rows, run.count, run.total, run.next };
    return run.whole;
}

bool records_user_list(struct records *records, struct slice words, enum role role,
                       const struct records_page *page, struct arena *arena,
                       struct records_user_list *list_out, struct error *e)
{
    struct query q = { .words = words, .role = slice_of(role ? role_name(role) : "") };
    return list_read(records, &q, page, arena, list_out, e);
}

bool records_user_get(struct records *records, struct slice name, struct arena *arena,
                      struct records_user *user_out, struct error *e)
{
    struct query q = { .name = name };
    struct records_page page = { .limit = 1 };
    struct records_user_list list;
    if (name.len && !list_read(records, &q, &page, arena, &list, e))
        return false;
    if (!name.len || list.count == 0)
        return records_not_found(e, "there is no user '%.*s'", name);
    *user_out = list.rows[0];
    return true;
}

bool records_user_count(struct records *records, uint64_t *count_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT count(*) FROM user", &s, e) || !statement_next(&s, e))
        return false;
    *count_out = (uint64_t)statement_get(&s);
    return true;
}

/* ---- change ------------------------------------------------------------------------------------------ */

static bool password_check(struct slice password, struct error *e)
{
    if (password.len >= RECORDS_PASSWORD_LEAST && password.len <= RECORDS_PASSWORD_MOST)
        return true;
    error_set(e, "a password has %d to %d characters", RECORDS_PASSWORD_LEAST,
              RECORDS_PASSWORD_MOST);
    return records_input_error(e, "password");
}

static bool password_hash(struct slice password, char hash[crypto_pwhash_STRBYTES],
                          struct error *e)
{
    if (crypto_pwhash_str(hash, password.data, password.len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0)
        return true;
    return error_set(e, "memory is short");
}

static bool check(struct records *records, const struct records_user *u, struct error *e)
{
    static const char *const languages[] = { "vi", "en", NULL };
    bool fine = u->name.len >= 2 && u->name.len <= 64;
    if (!fine || !records_key_check(u->name, "name", NULL)) {
        error_set(e, "'%.*s' is no login name", SLICE_ARGS(u->name));
        error_hint(e, "%s", "2 to 64 small letters, digits, '.', '_' and '-'");
        return records_input_error(e, "name");
    }
    if (!u->full_name.len) {
        error_set(e, "a user needs a name to be shown");
        return records_input_error(e, "display_name");
    }
    const char *role = role_name(u->role);
    if (!role || u->role == ROLE_SYSTEM) {
        error_set(e, "a user needs a role");
        return records_input_error(e, "role");
    }
    if ((u->role == ROLE_AGENCY) != (u->agency.len > 0)) {
        error_set(e, "the role 'agency' needs an agency, the other roles have none");
        return records_input_error(e, "agency");
    }
    if (!records_names_check(u->language, languages, "language", e))
        return false;
    if (!u->agency.len)
        return true;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM agency WHERE key = ?", &s, e))
        return false;
    statement_put_text(&s, u->agency);
    if (statement_next(&s, e))
        return true;
    if (s.failed)
        return false;
    error_set(e, "there is no agency '%.*s'", SLICE_ARGS(u->agency));
    return records_input_error(e, "agency");
}

static bool audit(struct records *records, const struct actor *actor, struct slice agency,
                  const char *action, struct slice name, struct slice detail, struct error *e)
{
    BUFFER_AUTO object;
    buffer_init(&object, 0);
    buffer_print(&object, "user:%.*s", SLICE_ARGS(name));
    return records_audit(records, actor, agency, action, buffer_slice(&object), detail, e);
}

bool records_user_add(struct records *records, const struct actor *actor,
                      const struct records_user *u, struct slice password, struct error *e)
{
    char hash[crypto_pwhash_STRBYTES];
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!check(records, u, e) || !password_check(password, e) ||
        !password_hash(password, hash, e) || !records_begin(records, &t, e) ||
        !statement_start(records,
            "INSERT OR IGNORE INTO user (name, full_name, password, role, agency, language, "
            "created_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)", &s, e))
        return false;
    statement_put_text(&s, u->name);
    statement_put_text(&s, u->full_name);
    statement_put_text(&s, slice_of(hash));
    statement_put_text(&s, slice_of(role_name(u->role)));
    statement_put_text_or_null(&s, u->agency);
    statement_put_text(&s, u->language.len ? u->language : SLICE("vi"));
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records)) {
        error_set(e, "the name '%.*s' is taken", SLICE_ARGS(u->name));
        error_place(e, "name");
        return error_kind(e, ERROR_CONFLICT);
    }
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 2, "role", slice_of(role_name(u->role)), "agency", u->agency);
    return audit(records, actor, u->agency, "user.add", u->name, buffer_slice(&detail), e) &&
           records_commit(&t, e);
}

static bool sessions_end(struct records *records, struct slice name, struct error *e)
{
    return statement_do(records, "DELETE FROM session WHERE user = ?", e, 1, name);
}

bool records_user_disable(struct records *records, const struct actor *actor, struct slice name,
                          bool disabled, struct error *e)
{
    if (disabled && slice_equal(actor->user, name)) {
        error_set(e, "nobody disables themselves");
        return error_kind(e, ERROR_CONFLICT);
    }
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct records_user user;
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) || !records_user_get(records, name, &arena, &user, e) ||
        !statement_start(records, "UPDATE user SET disabled = ?2, changed_at = ?3 WHERE name = ?1",
                         &s, e))
        return false;
    statement_put_text(&s, name);
    statement_put(&s, disabled);
    statement_put(&s, clock_now());
    return statement_run(&s, e) && (!disabled || sessions_end(records, name, e)) &&
           audit(records, actor, user.agency, disabled ? "user.disable" : "user.enable", name,
                 SLICE_NONE, e) &&
           records_commit(&t, e);
}

bool records_user_language(struct records *records, const struct actor *actor,
                           struct slice language, struct error *e)
{
    static const char *const languages[] = { "vi", "en", NULL };
    if (!records_names_check(language.len ? language : SLICE("?"), languages, "language", e))
        return false;
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_do(records, "UPDATE user SET language = ?2 WHERE name = ?1", e, 2, actor->user,
                      language))
        return false;
    if (!records_changed(records))
        return records_not_found(e, "there is no user '%.*s'", actor->user);
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 1, "language", language);
    return audit(records, actor, actor->agency, "user.language", actor->user,
                 buffer_slice(&detail), e) &&
           records_commit(&t, e);
}

bool records_user_password(struct records *records, const struct actor *actor, struct slice name,
                           struct slice password, struct error *e)
{
    char hash[crypto_pwhash_STRBYTES];
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!password_check(password, e) || !password_hash(password, hash, e) ||
        !records_begin(records, &t, e) ||
        !statement_start(records, "UPDATE user SET password = ?2, changed_at = ?3 WHERE name = ?1",
                         &s, e))
        return false;
    statement_put_text(&s, name);
    statement_put_text(&s, slice_of(hash));
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    if (!records_changed(records))
        return records_not_found(e, "there is no user '%.*s'", name);
    return sessions_end(records, name, e) &&
           audit(records, actor, SLICE_NONE, "user.password", name, SLICE_NONE, e) &&
           records_commit(&t, e);
}
