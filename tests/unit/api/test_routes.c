/* Every role × every row of the table, against a real server; own agency and another one. */
#include <stdio.h>

#include "api/route.h"
#include "base/json.h"
#include "test.h"
#include "world.h"

static const char *const names[] = { "lead", "agency", "responder", "finance", "police", "assessor",
                                     "leader", "admin" };

/* The path with its {names} filled: things of so-y-te, or of so-tttt. */
static void fill_path(const char *pattern, bool own, char *out, size_t size)
{
    const struct world *w = world();
    size_t len = 0;

    while (*pattern && len + 64 < size) {
        const char *end = *pattern == '{' ? strchr(pattern, '}') : NULL;
        if (!end) {
            out[len++] = *pattern++;
            continue;
        }
        struct slice name = slice_from(pattern + 1, (size_t)(end - pattern - 1));
        const char *agency = own ? "so-y-te" : "so-tttt";
        if (slice_is(name, "alert"))
            len += (size_t)snprintf(out + len, size - len, "%lld",
                                    (long long)(own ? w->alert_own : w->alert_other));
        else if (slice_is(name, "incident"))
            len += (size_t)snprintf(out + len, size - len, "%lld",
                                    (long long)(own ? w->incident_own : w->incident_other));
        else if (slice_is(name, "agency"))
            len += (size_t)snprintf(out + len, size - len, "%s", agency);
        else if (slice_is(name, "system"))
            len += (size_t)snprintf(out + len, size - len, "%s.cong", agency);
        else if (slice_is(name, "source"))
            len += (size_t)snprintf(out + len, size - len, "%s.cong.web01", agency);
        else if (slice_is(name, "relay"))
            len += (size_t)snprintf(out + len, size - len, "%s.tram", agency);
        else if (slice_is(name, "certificate")) {
            char sha256[65];
            world_fingerprint(agency, sha256);
            len += (size_t)snprintf(out + len, size - len, "%s", sha256);
        } else if (slice_is(name, "obligation"))
            len += (size_t)snprintf(out + len, size - len, "II.2.1.a");
        else if (slice_is(name, "event"))
            len += (size_t)snprintf(out + len, size - len, "20261124.standard.2");
        else if (slice_is(name, "user"))
            len += (size_t)snprintf(out + len, size - len, "nobody");
        else if (slice_is(name, "rule"))
            len += (size_t)snprintf(out + len, size - len, "indicator:domain");
        else /* a number of something that is nowhere */
            len += (size_t)snprintf(out + len, size - len, "999999");
        pattern = end + 1;
    }
    out[len] = '\0';
}

static const char *method_of(const struct api_route *route)
{
    return route->method == HTTP_GET ? "GET" : route->method == HTTP_POST ? "POST"
           : route->method == HTTP_PATCH ? "PATCH" : "DELETE";
}

static bool is_log_out(const struct api_route *route)
{
    return route->method == HTTP_DELETE && strcmp(route->path, "/session") == 0;
}

TEST("without a session every row but the public ones says 401")
{
    size_t count;
    const struct api_route *routes = api_routes(&count);
    char path[200];

    for (size_t i = 0; i < count; i++) {
        if (routes[i].roles == 0)
            continue;
        fill_path(routes[i].path, true, path, sizeof path);
        ANSWER answer = ask(NULL, method_of(&routes[i]), path, routes[i].body ? "{}" : NULL, NULL);
        if (answer.status != 401)
            print_error("# %s %s\n", method_of(&routes[i]), path);
        CHECK_INT(answer.status, 401);
    }
}

TEST("each role gets 403 from the rows that do not name it, and never from those that do")
{
    size_t count;
    const struct api_route *routes = api_routes(&count);
    char path[200];

    for (size_t r = 0; r < sizeof names / sizeof *names; r++) {
        const struct session *session = session_of(names[r]);
        enum role role;
        CHECK_INT(session->status, 200);
        CHECK(role_parse(slice_of(names[r]), &role));
        for (size_t i = 0; i < count; i++) {
            if (is_log_out(&routes[i]) || routes[i].roles == 0)
                continue;
            fill_path(routes[i].path, true, path, sizeof path);
            /* An empty body is wrong where members are needed: who may gets 400 and changes
             * nothing. */
            bool changes = routes[i].method != HTTP_GET;
            ANSWER answer = ask(session, method_of(&routes[i]), path,
                                changes ? (routes[i].body ? "{\"wrong\":1}" : "[1]") : NULL, NULL);
            bool denied = strstr(answer.body, "role_denied") != NULL;
            if (denied != !(routes[i].roles & role) || (denied && answer.status != 403) ||
                answer.status >= 500)
                print_error("# %s: %s %s: %u %.300s\n", names[r], method_of(&routes[i]), path,
                            answer.status, answer.body);
            CHECK_INT(denied, !(routes[i].roles & role));
            CHECK_INT(denied ? answer.status : 403, 403);
            CHECK(answer.status < 500);
            if (!denied)
                CHECK_INT(answer.status, changes ? 400 : 200);
        }
    }
}

TEST("an agency's user gets 404 for every thing of another agency, and 200 for the own")
{
    size_t count;
    const struct api_route *routes = api_routes(&count);
    const struct session *session = session_of("agency");
    char path[200];

    for (size_t i = 0; i < count; i++) {
        const struct api_route *route = &routes[i];
        bool scoped = strstr(route->path, "{alert}") || strstr(route->path, "{incident}") ||
                      strstr(route->path, "{agency}") || strstr(route->path, "{system}") ||
                      strstr(route->path, "{source}") || strstr(route->path, "{relay}") ||
                      strstr(route->path, "{certificate}");
        if (!scoped || !(route->roles & ROLE_AGENCY))
            continue;
        const char *body = !route->body ? NULL
                           : strstr(route->path, "/evidence")
                               ? "{\"kind\":\"review.signed\",\"title\":\"abc\",\"document\":\"1\","
                                 "\"day\":\"2026-01-01\"}"
                           : strstr(route->path, "moves") ? "{\"move\":\"note\",\"note\":\"x y z\"}"
                           : strstr(route->path, "escalate") ||
                                   strstr(route->path, "enrolment") ? "{}" : "{\"reason\":\"không phải\"}";
        fill_path(route->path, false, path, sizeof path);
        ANSWER answer = ask(session, method_of(route), path, body, NULL);
        if (answer.status != 404)
            print_error("# %s %s: %u %.300s\n", method_of(route), path, answer.status, answer.body);
        CHECK_INT(answer.status, 404);
        if (route->method == HTTP_GET) {
            fill_path(route->path, true, path, sizeof path);
            ANSWER own = ask(session, "GET", path, NULL, NULL);
            CHECK_INT(own.status, 200);
        }
    }
}

TEST("lists of an agency's user hold nothing of another agency")
{
    static const char *const lists[] = { "/alerts", "/incidents", "/agencies", "/systems",
                                         "/sources", "/home", "/statistics/intake", "/plan/matrix",
                                         "/agencies/so-y-te", NULL };

    for (size_t i = 0; lists[i]; i++) {
        ANSWER answer = ask(session_of("agency"), "GET", lists[i], NULL, NULL);
        CHECK_INT(answer.status, 200);
        if (strstr(answer.body, "\"id\":\"so-tttt"))
            print_error("# %s shows so-tttt\n", lists[i]);
        CHECK(!strstr(answer.body, "\"id\":\"so-tttt"));
        CHECK(strstr(answer.body, "so-y-te") || strcmp(lists[i], "/statistics/intake") == 0);
    }
    ANSWER all = ask(session_of("lead"), "GET", "/alerts", NULL, NULL);
    CHECK(strstr(all.body, "\"id\":\"so-tttt") && strstr(all.body, "\"id\":\"so-y-te"));
}

TEST("a filter that names another agency is refused, also where a search would use it")
{
    static const char *const paths[] = { "/alerts", "/incidents", "/systems", "/sources", "/events",
                                         "/events/histogram", "/events/stream", "/events/live", NULL };
    char path[100];

    for (size_t i = 0; paths[i]; i++) {
        snprintf(path, sizeof path, "%s?agency=so-tttt", paths[i]);
        ANSWER answer = ask(session_of("agency"), "GET", path, NULL, NULL);
        CHECK_INT(answer.status, 403);
        CHECK(strstr(answer.body, "agency_denied"));
    }
}

TEST("a search carries the scope of who asks")
{
    ANSWER narrow = ask(session_of("agency"), "GET", "/events?query=root", NULL, NULL);
    CHECK_INT(narrow.status, 200);
    CHECK(!world_asked()->all);
    CHECK_SLICE(world_asked()->scope, "so-y-te");
    ANSWER wide = ask(session_of("responder"), "GET", "/events?query=root", NULL, NULL);
    CHECK_INT(wide.status, 200);
    CHECK(world_asked()->all);
}

TEST("a person opens incidents only for the own agency")
{
    ANSWER other = ask(session_of("agency"), "POST", "/incidents",
                       "{\"title\":\"Thử\",\"severity\":\"low\",\"agency\":\"so-tttt\"}", NULL);
    CHECK_INT(other.status, 403);
    ANSWER own =
        ask(session_of("agency"), "POST", "/incidents",
            "{\"title\":\"Thử nghiệm\",\"severity\":\"low\",\"agency\":\"so-y-te\"}", NULL);
    CHECK_INT(own.status, 201);
}

TEST("a path without a row is 404, another method 405 with what is allowed")
{
    ANSWER nowhere = ask(session_of("admin"), "GET", "/secrets", NULL, NULL);
    CHECK_INT(nowhere.status, 404);
    ANSWER method = ask(session_of("admin"), "DELETE", "/users", NULL, NULL);
    CHECK_INT(method.status, 405);
    CHECK(strstr(method.head, "Allow: GET, POST"));
    ANSWER other = ask(NULL, "GET", "!/api/v2/ping", NULL, NULL);
    CHECK_INT(other.status, 404);
}
