#include <stdio.h>

#include "base/clock.h"
#include "records/user.h"
#include "test.h"
#include "world.h"

TEST("the cookie is HttpOnly, SameSite=Strict, and every answer carries the headers of safety")
{
    ANSWER answer = ask(NULL, "POST", "/session",
                        "{\"name\":\"leader\",\"password\":\"" WORLD_PASSWORD "\"}", NULL);
    CHECK_INT(answer.status, 200);
    CHECK(strstr(answer.head, "HttpOnly") && strstr(answer.head, "SameSite=Strict"));
    CHECK(strstr(answer.head, "Path=/"));
    CHECK(strstr(answer.head, "Content-Security-Policy: "));
    CHECK(strstr(answer.head, "frame-ancestors 'none'"));
    CHECK(strstr(answer.head, "X-Content-Type-Options: nosniff"));
    CHECK(strstr(answer.head, "Cache-Control: no-store"));
    CHECK(strstr(answer.body, "\"role\":\"leader\""));
}

TEST("the token is new at each log-in, and the one before it ends")
{
    struct session first = log_in("finance", WORLD_PASSWORD);
    char cookie[200];

    snprintf(cookie, sizeof cookie, "Cookie: haidang_session=%s\r\n", first.cookie);
    ANSWER again = ask(NULL, "POST", "/session",
                       "{\"name\":\"finance\",\"password\":\"" WORLD_PASSWORD "\"}", cookie);
    CHECK_INT(again.status, 200);
    CHECK(!strstr(again.head, first.cookie));
    ANSWER old = ask(&first, "GET", "/session", NULL, NULL);
    CHECK_INT(old.status, 401);
}

TEST("a change without the CSRF token, or with another session's, is refused")
{
    struct session mine = *session_of("lead");

    snprintf(mine.csrf, sizeof mine.csrf, "%s", session_of("responder")->csrf);
    ANSWER wrong = ask(&mine, "PATCH", "/session", "{\"language\":\"en\"}", NULL);
    CHECK_INT(wrong.status, 403);
    CHECK(strstr(wrong.body, "csrf_missing"));
    mine.csrf[0] = '\0';
    ANSWER empty = ask(&mine, "PATCH", "/session", "{\"language\":\"en\"}", NULL);
    CHECK_INT(empty.status, 403);
    ANSWER right = ask(session_of("lead"), "PATCH", "/session", "{\"language\":\"en\"}", NULL);
    CHECK_INT(right.status, 200);
}

TEST("what comes from another site is refused even with the token")
{
    ANSWER answer = ask(session_of("lead"), "PATCH", "/session", "{\"language\":\"en\"}",
                        "Sec-Fetch-Site: cross-site\r\n");
    CHECK_INT(answer.status, 403);
    CHECK(strstr(answer.body, "cross_site"));
}

TEST("logging out ends the session")
{
    struct session session = log_in("police", WORLD_PASSWORD);
    ANSWER out = ask(&session, "DELETE", "/session", NULL, NULL);
    CHECK_INT(out.status, 204);
    ANSWER after = ask(&session, "GET", "/session", NULL, NULL);
    CHECK_INT(after.status, 401);
}

TEST("a wrong name and a wrong password get the same answer")
{
    ANSWER name = ask(NULL, "POST", "/session", "{\"name\":\"nobody\",\"password\":\"x\"}", NULL);
    ANSWER password = ask(NULL, "POST", "/session", "{\"name\":\"lead\",\"password\":\"x\"}", NULL);
    CHECK_INT(name.status, 401);
    CHECK_INT(password.status, 401);
    CHECK_TEXT(name.body, password.body);
    CHECK(strstr(name.body, "login_refused"));
}

TEST("the eleventh failure within five minutes is 429, also with the right password")
{
    for (int i = 0; i < RECORDS_LOGIN_FAILURES; i++)
        CHECK_INT(log_in("other", "wrong").status, 401);
    CHECK_INT(log_in("other", WORLD_PASSWORD).status, 429);
    clock_shift((RECORDS_LOGIN_WINDOW + 1) * CLOCK_SECOND);
    CHECK_INT(log_in("other", WORLD_PASSWORD).status, 200);
    clock_shift(0);
}

TEST("a session ends when it is not used for the idle span")
{
    struct session session = log_in("assessor", WORLD_PASSWORD);
    ANSWER used = ask(&session, "GET", "/session", NULL, NULL);
    CHECK_INT(used.status, 200);
    clock_shift(1700 * CLOCK_SECOND);
    ANSWER still = ask(&session, "GET", "/session", NULL, NULL);
    clock_shift(3600 * CLOCK_SECOND);
    ANSWER idle = ask(&session, "GET", "/session", NULL, NULL);
    clock_shift(0);
    ANSWER after = ask(&session, "GET", "/session", NULL, NULL);
    CHECK_INT(still.status, 200);
    CHECK_INT(idle.status, 401);
    CHECK(strstr(idle.body, "session_idle"));
    CHECK_INT(after.status, 401);
}

TEST("a session ends after twelve hours however much it is used")
{
    struct session session = log_in("leader", WORLD_PASSWORD);
    int64_t shifted = 0;
    unsigned last = 0;

    while (shifted <= RECORDS_SESSION_SECONDS && (last == 200 || shifted == 0)) {
        ANSWER answer = ask(&session, "GET", "/session", NULL, NULL);
        last = answer.status;
        shifted += 1500;
        clock_shift(shifted * CLOCK_SECOND);
    }
    ANSWER over = ask(&session, "GET", "/session", NULL, NULL);
    clock_shift(0);
    CHECK_INT(last, 200);
    CHECK_INT(over.status, 401);
}

TEST("a disabled user's session ends at once")
{
    struct session session = log_in("assessor", WORLD_PASSWORD);
    ANSWER off = ask(session_of("admin"), "PATCH", "/users/assessor", "{\"disabled\":true}", NULL);
    CHECK_INT(off.status, 200);
    ANSWER after = ask(&session, "GET", "/session", NULL, NULL);
    CHECK_INT(after.status, 401);
    ANSWER on = ask(session_of("admin"), "PATCH", "/users/assessor", "{\"disabled\":false}", NULL);
    CHECK_INT(on.status, 200);
    ANSWER self = ask(session_of("admin"), "PATCH", "/users/admin", "{\"disabled\":true}", NULL);
    CHECK_INT(self.status, 409);
}
