#include "api/session.h"

#include "api/resource.h"
#include "api/shape.h"

/* ---- disuse ---------------------------------------------------------------------------------- */

void api_idle_init(struct api_idle *idle)
{
    pthread_mutex_init(&idle->lock, NULL);
    idle->count = 0;
}

void api_idle_free(struct api_idle *idle)
{
    pthread_mutex_destroy(&idle->lock);
}

/* Notes the use; false when the last one is longer ago than `span`. */
static bool idle_touch(struct api_idle *idle, struct slice token, int64_t now, int64_t span)
{
    uint64_t key = slice_hash(token);
    struct api_idle_entry *entry = NULL, *oldest = NULL;
    bool well;

    pthread_mutex_lock(&idle->lock);
    for (uint32_t i = 0; i < idle->count && !entry; i++) {
        struct api_idle_entry *one = &idle->entries[i];
        if (one->token == key)
            entry = one;
        if (!oldest || one->used < oldest->used)
            oldest = one;
    }
    well = !entry || now - entry->used <= span;
    if (!entry)
        entry = idle->count < API_IDLE_MOST ? &idle->entries[idle->count++] : oldest;
    *entry = well ? (struct api_idle_entry){ key, now } : idle->entries[--idle->count];
    pthread_mutex_unlock(&idle->lock);
    return well;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool no_session(struct api_call *call)
{
    error_clear(&call->error);
    return api_fail(call, 401, "session_missing", NULL, "log in first");
}

bool api_session_read(struct api_call *call, struct api_idle *idle)
{
    struct slice token = http_cookie(call->request, API_COOKIE);
    int64_t span = (int64_t)(call->options->idle_seconds ? call->options->idle_seconds
                                                         : API_IDLE_SECONDS) * CLOCK_SECOND;

    if (token.len == 0 || token.len >= RECORDS_TOKEN_TEXT)
        return no_session(call);
    if (!records_session_get(call->records, token, call->arena, &call->session, &call->error))
        return call->error.kind == ERROR_FORBIDDEN || call->error.kind == ERROR_NOT_FOUND
                   ? no_session(call) : false;
    if (!idle_touch(idle, token, call->now, span)) {
        struct error ignored = ERROR_NONE;
        records_session_close(call->records, token, &ignored);
        return api_fail(call, 401, "session_idle", NULL,
                        "the session was not used for too long; log in again");
    }
    call->session_open = true;
    call->actor = records_session_actor(&call->session);
    call->scope = records_scope_of(&call->actor);
    call->language = slice_is(call->session.user.language, "en") ? "en" : "vi";
    return true;
}

bool api_session_csrf(struct api_call *call)
{
    struct slice csrf = http_header(call->request, "X-Haidang-Csrf");

    if (csrf.len && records_session_csrf(&call->session, csrf))
        return true;
    return api_fail(call, 403, "csrf_missing", "X-Haidang-Csrf",
                    "the header X-Haidang-Csrf does not fit the session");
}

/* ---- the resource ---------------------------------------------------------------------------- */

/* Of whom this installation is: as set, else who issued the plan that is in force. */
static struct slice province_of(struct api_call *call)
{
    struct slice province;
    struct error e = ERROR_NONE;

    if (records_setting_get(call->records, "province", call->arena, &province, &e) && province.len)
        return province;
    return call->options->plan ? call->options->plan->key.issuer : SLICE("");
}

static bool session_put(struct api_call *call)
{
    const struct records_user *user = &call->session.user;
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_open_object_member(json, "user");
    json_text_member(json, "name", user->name);
    json_text_member(json, "display_name", user->full_name);
    json_close_object(json);
    json_text_member(json, "role", slice_of(role_name(user->role)));
    shape_agency(call, "agency", user->agency);
    json_text_member(json, "language", slice_of(call->language));
    json_text_member(json, "csrf", slice_of(call->session.csrf));
    json_text_member(json, "province", province_of(call));
    json_time_member(json, "expires", call->session.expires_at);
    json_close_object(json);
    return true;
}

bool api_session_get(struct api_call *call)
{
    return session_put(call);
}

static void set_cookie(struct api_call *call, const char *token, int seconds)
{
    struct slice cookie =
        arena_print(call->arena, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
                    API_COOKIE, token, seconds, call->options->cookie_secure ? "; Secure" : "");

    http_reply_header(call->request, "Set-Cookie", cookie);
}

/* The token is new at each log-in, and what the cookie named before it ends. */
bool api_session_open(struct api_call *call)
{
    struct slice before = http_cookie(call->request, API_COOKIE);
    struct error ignored = ERROR_NONE;

    if (!records_session_open(call->records, api_text(call, "name"), api_text(call, "password"),
                              call->request->address, call->arena, &call->session,
                              &call->error)) {
        if (call->error.kind == ERROR_FORBIDDEN) {
            call->error_status = 401;
            call->code = "login_refused";
        } else if (call->error.kind == ERROR_BUSY) {
            call->error_status = 429;
            call->code = "login_too_often";
        }
        return false;
    }
    if (before.len && before.len < RECORDS_TOKEN_TEXT)
        records_session_close(call->records, before, &ignored);
    call->language = slice_is(call->session.user.language, "en") ? "en" : "vi";
    set_cookie(call, call->session.token, RECORDS_SESSION_SECONDS);
    return session_put(call);
}

bool api_session_change(struct api_call *call)
{
    struct slice language = api_text(call, "language");

    if (!records_user_language(call->records, &call->actor, language, &call->error))
        return false;
    call->session.user.language = language;
    call->language = slice_is(language, "en") ? "en" : "vi";
    return session_put(call);
}

bool api_session_close(struct api_call *call)
{
    if (!records_session_close(call->records, http_cookie(call->request, API_COOKIE),
                               &call->error))
        return false;
    set_cookie(call, "", 0);
    call->status = 204;
    return true;
}
