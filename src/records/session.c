/* Sessions: logging in, the cookie's token (kept as a hash only) and the CSRF token. */
#include <sodium.h>
#include <unistd.h>

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"
#include "records/user.h"

#define TOKEN_BYTES 32
#define SLOW_MOST 2000000     /* microseconds that an answer is held back */

static void token_make(char text[RECORDS_TOKEN_TEXT])
{
    unsigned char bytes[TOKEN_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(text, RECORDS_TOKEN_TEXT, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

static void token_hash(struct slice token, unsigned char hash[crypto_hash_sha256_BYTES])
{
    crypto_hash_sha256(hash, (const unsigned char *)(token.data ? token.data : ""), token.len);
}

/* ---- too many failures ----------------------------------------------------------------------- */

/* A name is cut so that nobody fills the table with it. */
static struct slice short_name(struct slice name)
{
    return slice_cut(name, 0, 64);
}

/* A name is never locked by itself, or anybody could lock out a known user: what counts is the name
 * from this address, and the address. Failures of the name from anywhere only make the answer slower,
 * so that guessing from many addresses gets nowhere either. */
static bool failures_check(struct records *records, struct slice name, struct slice address,
                           struct error *e)
{
    int64_t by_both, by_address, by_name;
    {
        STATEMENT s = { 0 };
        if (!statement_start(records,
                "SELECT coalesce(sum(name = ?1 AND address = ?2), 0), "
                "coalesce(sum(address = ?2 AND ?2 <> ''), 0), coalesce(sum(name = ?1), 0) "
                "FROM login_failure WHERE time > ?3 AND (name = ?1 OR address = ?2)", &s, e))
            return false;
        statement_put_text(&s, short_name(name));
        statement_put_text(&s, address);
        statement_put(&s, clock_now() - RECORDS_LOGIN_WINDOW * CLOCK_SECOND);
        if (!statement_next(&s, e))
            return false;
        by_both = statement_get(&s);
        by_address = statement_get(&s);
        by_name = statement_get(&s);
    }
    /* many people may stand behind one address: it gets ten times as much */
    if (by_both >= RECORDS_LOGIN_FAILURES || by_address >= 10 * RECORDS_LOGIN_FAILURES) {
        error_set(e, "too many failed logins");
        error_hint(e, "%s", "wait five minutes, then try again");
        return error_kind(e, ERROR_BUSY);
    }
    if (by_name >= RECORDS_LOGIN_FAILURES)
        usleep(by_name >= 10 * RECORDS_LOGIN_FAILURES ? SLOW_MOST : SLOW_MOST / 10);
    return true;
}

static bool failure_add(struct records *records, struct slice name, struct slice address,
                        struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    struct actor actor = { .user = short_name(name) };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "INSERT INTO login_failure VALUES (?, ?, ?)", &s, e))
        return false;
    statement_put_text(&s, short_name(name));
    statement_put_text(&s, address);
    statement_put(&s, clock_now());
    return statement_run(&s, e) &&
           records_audit(records, &actor, SLICE_NONE, "session.refused", SLICE_NONE, SLICE_NONE,
                         e) &&
           records_commit(&t, e);
}

static bool refuse(struct records *records, struct slice name, struct slice address,
                   struct error *e)
{
    if (!failure_add(records, name, address, e))
        return false;
    error_set(e, "the name or the password is wrong");
    return error_kind(e, ERROR_FORBIDDEN);
}

/* ---- log in ---------------------------------------------------------------------------------- */

/* For names that do not exist: the same work is done. */
static const char *dummy_hash(void)
{
    static _Thread_local char hash[crypto_pwhash_STRBYTES];
    if (!hash[0] &&
        crypto_pwhash_str(hash, "", 0, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        hash[0] = '\0';
    return hash;
}

static bool password_fits(struct records *records, struct slice name, struct slice password,
                          struct arena *arena, bool *fits_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT password, disabled FROM user WHERE name = ?", &s, e))
        return false;
    statement_put_text(&s, name);
    struct slice hash = slice_of(dummy_hash());
    bool known = statement_next(&s, e);
    if (s.failed)
        return false;
    bool disabled = false;
    if (known) {
        hash = statement_get_text(&s, arena);
        disabled = statement_get_bool(&s);
    }
    bool fits = hash.data && password.len <= RECORDS_PASSWORD_MOST &&
                crypto_pwhash_str_verify(hash.data, password.data ? password.data : "",
                                         password.len) == 0;
    *fits_out = known && fits && !disabled;
    return true;
}

static bool session_add(struct records *records, const struct records_session *session,
                        struct slice address, struct error *e)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    token_hash(slice_of(session->token), hash);
    STATEMENT s = { 0 }, login = { 0 };
    if (!statement_start(records, "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)", &s, e))
        return false;
    statement_put_blob(&s, slice_from(hash, sizeof hash));
    statement_put_text(&s, session->user.name);
    statement_put_text(&s, slice_of(session->csrf));
    statement_put(&s, session->created_at);
    statement_put(&s, session->expires_at);
    statement_put_text(&s, address);
    if (!statement_run(&s, e) ||
        !statement_start(records, "UPDATE user SET last_login = ?2 WHERE name = ?1", &login, e))
        return false;
    statement_put_text(&login, session->user.name);
    statement_put(&login, session->created_at);
    return statement_run(&login, e);
}

bool records_session_open(struct records *records, struct slice name, struct slice password,
                          struct slice address, struct arena *arena,
                          struct records_session *session_out, struct error *e)
{
    *session_out = (struct records_session){ 0 };
    bool fits;
    if (!failures_check(records, name, address, e) ||
        !password_fits(records, name, password, arena, &fits, e))
        return false;
    if (!fits)
        return refuse(records, name, address, e);
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) ||
        !records_user_get(records, name, arena, &session_out->user, e))
        return false;
    token_make(session_out->token);
    token_make(session_out->csrf);
    session_out->created_at = clock_now();
    session_out->expires_at = session_out->created_at + RECORDS_SESSION_SECONDS * CLOCK_SECOND;
    struct actor actor = records_session_actor(session_out);
    return session_add(records, session_out, address, e) &&
           records_audit(records, &actor, session_out->user.agency, "session.open", SLICE_NONE,
                         SLICE_NONE, e) &&
           records_commit(&t, e);
}

bool records_session_get(struct records *records, struct slice token, struct arena *arena,
                         struct records_session *session_out, struct error *e)
{
    *session_out = (struct records_session){ 0 };
    unsigned char hash[crypto_hash_sha256_BYTES];
    token_hash(token, hash);
    struct slice user = SLICE_NONE, csrf = SLICE_NONE;
    {
        STATEMENT s = { 0 };
        if (!statement_start(records, "SELECT user, csrf, created_at, expires_at FROM session "
                             "WHERE token = ? AND expires_at > ?", &s, e))
            return false;
        statement_put_blob(&s, slice_from(hash, sizeof hash));
        statement_put(&s, clock_now());
        if (statement_next(&s, e)) {
            user = statement_get_text(&s, arena);
            csrf = statement_get_text(&s, arena);
            session_out->created_at = statement_get(&s);
            session_out->expires_at = statement_get(&s);
        }
        if (s.failed)
            return false;
    }
    if (!user.len || csrf.len != RECORDS_TOKEN_TEXT - 1 ||
        !records_user_get(records, user, arena, &session_out->user, NULL) ||
        session_out->user.disabled) {
        error_set(e, "there is no such session, or it is over");
        error_hint(e, "%s", "log in again");
        return error_kind(e, ERROR_FORBIDDEN);
    }
    memcpy(session_out->csrf, csrf.data, csrf.len);
    return true;
}

bool records_session_csrf(const struct records_session *session, struct slice csrf)
{
    return session->csrf[0] && csrf.len == RECORDS_TOKEN_TEXT - 1 &&
           sodium_memcmp(session->csrf, csrf.data, csrf.len) == 0;
}

bool records_session_close(struct records *records, struct slice token, struct error *e)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    token_hash(token, hash);
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "DELETE FROM session WHERE token = ? RETURNING user", &s, e))
        return false;
    statement_put_blob(&s, slice_from(hash, sizeof hash));
    if (!statement_next(&s, e))
        return !s.failed && records_commit(&t, e);
    struct records_user user = { .role = ROLE_SYSTEM };
    struct slice name = statement_get_text(&s, &arena);
    if (!statement_run(&s, e) || !records_user_get(records, name, &arena, &user, e))
        return false;
    struct actor actor = { user.name, user.role, user.agency };
    return records_audit(records, &actor, user.agency, "session.close", SLICE_NONE, SLICE_NONE,
                         e) &&
           records_commit(&t, e);
}

bool records_session_tidy(struct records *records, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT sessions = { 0 }, failures = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "DELETE FROM session WHERE expires_at <= ?", &sessions, e))
        return false;
    statement_put(&sessions, clock_now());
    if (!statement_run(&sessions, e) ||
        !statement_start(records, "DELETE FROM login_failure WHERE time <= ?", &failures, e))
        return false;
    statement_put(&failures, clock_now() - RECORDS_LOGIN_WINDOW * CLOCK_SECOND);
    return statement_run(&failures, e) && records_commit(&t, e);
}

struct actor records_session_actor(const struct records_session *session)
{
    return (struct actor){ session->user.name, session->user.role, session->user.agency };
}
