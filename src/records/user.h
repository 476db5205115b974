/* user - who logs in, and with which role; and the sessions.
 *
 * Passwords: argon2id by libsodium. Session tokens and their CSRF tokens are made here; the
 * database keeps only the token's SHA-256.
 * Never: a password, hash or token in an error, a log or the audit log.
 */
#ifndef RECORDS_USER_H
#define RECORDS_USER_H

#include "records/records.h"

#define RECORDS_PASSWORD_LEAST 10
#define RECORDS_PASSWORD_MOST 1024
#define RECORDS_PASSWORD_TEXT 24      /* of made ones, with the NUL */
#define RECORDS_TOKEN_TEXT 44         /* 32 bytes as URL-safe base64, with the NUL */
#define RECORDS_SESSION_SECONDS (12 * 3600)
#define RECORDS_LOGIN_FAILURES 10     /* of a name from one address, within RECORDS_LOGIN_WINDOW seconds */
#define RECORDS_LOGIN_WINDOW 300

struct records_user {
    struct slice name, full_name;
    enum role role;
    struct slice agency, agency_name, agency_short;  /* for ROLE_AGENCY only */
    struct slice language;              /* vi, en */
    bool disabled;
    int64_t created_at, last_login;     /* last_login 0: never */
    int64_t changed_at;                 /* password set, disabled or enabled; created_at: never */
};

struct records_user_list {
    struct records_user *rows;
    uint32_t count;
    uint64_t total;
    struct slice next;
};

/* A password nobody guesses (120 random bits, letters that are not mixed up). */
void records_password_make(char text[RECORDS_PASSWORD_TEXT]);

/* Adds a user. ERROR_CONFLICT when the name is taken; ERROR_INPUT for a bad name, a short password,
 * role agency without an agency or another role with one. */
bool records_user_add(struct records *records, const struct actor *actor,
                      const struct records_user *user, struct slice password, struct error *e);
/* For admins. role 0: any. Sort: name. */
bool records_user_list(struct records *records, struct slice words, enum role role,
                       const struct records_page *page, struct arena *arena,
                       struct records_user_list *list_out, struct error *e);
bool records_user_get(struct records *records, struct slice name, struct arena *arena,
                      struct records_user *user_out, struct error *e);
bool records_user_count(struct records *records, uint64_t *count_out, struct error *e);
/* Disabling ends the user's sessions; nobody disables themselves (ERROR_CONFLICT). */
bool records_user_disable(struct records *records, const struct actor *actor, struct slice name,
                          bool disabled, struct error *e);
bool records_user_language(struct records *records, const struct actor *actor,
                           struct slice language, struct error *e);
/* Sets the password and ends the user's sessions. */
bool records_user_password(struct records *records, const struct actor *actor, struct slice name,
                           struct slice password, struct error *e);

/* ---- sessions ------------------------------------------------------------------------------- */

struct records_session {
    char token[RECORDS_TOKEN_TEXT];     /* for the cookie; only after opening */
    char csrf[RECORDS_TOKEN_TEXT];
    int64_t created_at, expires_at;
    struct records_user user;
};

/* Logs in. A wrong name, a wrong password and a disabled user are one ERROR_FORBIDDEN sentence and
 * take the same time; after too many failures ERROR_BUSY. */
bool records_session_open(struct records *records, struct slice name, struct slice password,
                          struct slice address, struct arena *arena,
                          struct records_session *session_out, struct error *e);
/* The session of a cookie's token: ERROR_FORBIDDEN when unknown, over, or its user disabled. */
bool records_session_get(struct records *records, struct slice token, struct arena *arena,
                         struct records_session *session_out, struct error *e);
/* Whether the header's CSRF token is this session's, compared in constant time. */
bool records_session_csrf(const struct records_session *session, struct slice csrf);
bool records_session_close(struct records *records, struct slice token, struct error *e);
/* Deletes what is over. */
bool records_session_tidy(struct records *records, struct error *e);

/* The actor that a session acts as. */
struct actor records_session_actor(const struct records_session *session);

#endif
