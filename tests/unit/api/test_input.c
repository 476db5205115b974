/* Bad input in groups: what is asked, the status, and what the sentence, place or hint must say. */
#include <stdio.h>

#include "test.h"
#include "world.h"

struct bad {
    const char *method, *path, *body;
    unsigned status;
    const char *part;
};

static void walk(const char *name, const struct bad *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ANSWER answer = ask(session_of(name), rows[i].method, rows[i].path, rows[i].body, NULL);
        if (answer.status != rows[i].status || !strstr(answer.body, rows[i].part))
            print_error("# %s %s %s: %u %.400s\n", rows[i].method, rows[i].path,
                        rows[i].body ? rows[i].body : "", answer.status, answer.body);
        CHECK_INT(answer.status, rows[i].status);
        CHECK(strstr(answer.body, rows[i].part));
    }
}

#define WALK(name, rows) walk(name, rows, sizeof(rows) / sizeof *(rows))

TEST("parameters that are wrong are named, with what would be right")
{
    static const struct bad rows[] = {
        { "GET", "/alerts?limit=0", NULL, 400, "a whole number from 1 to 1000" },
        { "GET", "/alerts?limit=1001", NULL, 400, "\"place\":\"limit\"" },
        { "GET", "/alerts?limit=ten", NULL, 400, "a whole number" },
        { "GET", "/alerts?limit=99999999999999999999", NULL, 400, "a whole number" },
        { "GET", "/alerts?level=fatal", NULL, 400, "informational, low, medium" },
        { "GET", "/alerts?state=new,gone", NULL, 400, "\"place\":\"state\"" },
        { "GET", "/alerts?sort=-password", NULL, 400, "\"place\":\"sort\"" },
        { "GET", "/alerts?from=yesterday", NULL, 400, "a time such as" },
        { "GET", "/alerts?agency=../../etc", NULL, 400, "small letters" },
        { "GET", "/alerts?mine=1", NULL, 400, "true or false" },
        { "GET", "/alerts?colour=red", NULL, 400, "there is no parameter 'colour' here" },
        { "GET", "/alerts?limit=1&limit=2", NULL, 400, "stands there twice" },
        { "GET", "/alerts?cursor=zzz", NULL, 400, "\"place\":\"cursor\"" },
        { "GET", "/alerts/abc", NULL, 404, "not_found" },
        { "GET", "/alerts/0", NULL, 404, "not_found" },
        { "GET", "/alerts/999999", NULL, 404, "not_found" },
        { "GET", "/agencies?at=2026-02-30", NULL, 400, "a day such as" },
        { "GET", "/agencies/..%2f..%2fetc", NULL, 404, "not_found" },
        { "GET", "/plan/matrix?period=2026-Q5", NULL, 400, "a period: 2026" },
        { "GET", "/plan/standing/NO.1/so-y-te", NULL, 404, "not_found" },
        { "GET", "/plan/standing/II.2.1.a/so-x", NULL, 404, "not_found" },
        { "GET", "/statistics/intake?minutes=20000", NULL, 400, "\"place\":\"minutes\"" },
        { "GET", "/events?query=(", NULL, 400, "\"place\":\"query:1\"" },
        { "GET", "/events?cursor=zzz", NULL, 400, "the cursor is not one of ours" },
        { "GET", "/events?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z", NULL, 400,
          "must lie before" },
        { "GET", "/events/20261124.standard.99", NULL, 404, "not_found" },
    };

    WALK("lead", rows);
}

TEST("bodies that are wrong are named, and change nothing")
{
    static const struct bad rows[] = {
        { "POST", "/incidents", "", 400, "one JSON object" },
        { "POST", "/incidents", "{", 400, "one JSON object" },
        { "POST", "/incidents", "[]", 400, "one JSON object" },
        { "POST", "/incidents", "{}", 400, "'title' is missing" },
        { "POST", "/incidents", "{\"title\":\"ab\",\"severity\":\"low\",\"agency\":\"so-y-te\"}",
          400, "a text of 3 to 300 characters" },
        { "POST", "/incidents", "{\"title\":7,\"severity\":\"low\",\"agency\":\"so-y-te\"}", 400,
          "a text in quotation marks" },
        { "POST", "/incidents", "{\"title\":\"abc\",\"severity\":\"worst\",\"agency\":\"so-y-te\"}",
          400, "low, medium, high, critical" },
        { "POST", "/incidents",
          "{\"title\":\"abc\",\"severity\":\"low\",\"agency\":\"so-y-te\",\"alerts\":[\"1\"]}", 400,
          "a list of whole numbers" },
        { "POST", "/incidents",
          "{\"title\":\"abc\",\"severity\":\"low\",\"agency\":\"so-y-te\",\"state\":\"closed\"}",
          400, "there is no member 'state' here" },
        { "POST", "/incidents",
          "{\"title\":\"abc\",\"severity\":\"low\",\"agency\":\"so-y-te\",\"opened_by\":\"x\"}",
          400, "there is no member 'opened_by' here" },
        { "POST", "/incidents", "{\"title\":\"a\\u0000b\",\"severity\":\"low\",\"agency\":\"so-y-te\"}",
          400, "a text without control characters" },
        { "POST", "/incidents", "{\"title\":\"ab\\uffff\",\"severity\":\"low\",\"agency\":\"so-y-te\"}",
          400, "a text without control characters" },
        { "POST", "/incidents", "{\"title\":\"a\\nbc\",\"severity\":\"low\",\"agency\":\"so-y-te\"}", 400,
          "a text of one line" },
        { "POST", "/incidents/1/moves", "{\"move\":\"note\",\"note\":\"ab\\u0000c\"}", 400,
          "a text without control characters" },
        { "POST", "/incidents/1/moves", "{\"move\":\"note\",\"note\":\"abc\\rdef\"}", 400,
          "a text without control characters" },
        { "GET", "/alerts?words=a%01b", NULL, 400, "\"place\":\"words\"" },
        { "POST", "/incidents/1/moves", "{\"move\":\"severity\"}", 400, "severity" },
        { "POST", "/incidents/1/moves", "{\"move\":\"fly\"}", 400, "confirm, contain" },
        { "POST", "/incidents/1/moves", "{\"move\":\"note\"}", 400, "\"place\":\"note\"" },
        { "POST", "/incidents/1/moves", "{\"move\":\"close\",\"note\":\"xong\"}", 409, "refused" },
        { "POST", "/alerts/1/false_positive", "{\"reason\":\"a\"}", 400, "3 to 2000" },
        { "POST", "/alerts/1/take", "{\"taken_by\":\"admin\"}", 400, "this takes no body" },
        { "PATCH", "/session", "{\"language\":\"fr\"}", 400, "vi, en" },
        { "PATCH", "/session", "{\"language\":\"en\",\"role\":\"admin\"}", 400,
          "there is no member 'role' here" },
    };

    WALK("lead", rows);
}

TEST("a note of several lines keeps them, ended by LF alone")
{
    char path[64];

    snprintf(path, sizeof path, "/incidents/%lld/moves", (long long)world()->incident_own);
    ANSWER noted = ask(session_of("lead"), "POST", path,
                       "{\"move\":\"note\",\"note\":\"hai dòng:\\r\\nmột\\nhai\"}", NULL);
    CHECK_INT(noted.status, 200);
    CHECK(strstr(noted.body, "hai dòng:\\nmột\\nhai"));
}

TEST("a user cannot be made with what does not belong together")
{
    static const struct bad rows[] = {
        { "POST", "/users", "{\"name\":\"Big\",\"display_name\":\"B\",\"role\":\"lead\"}", 400,
          "\"place\":\"name\"" },
        { "POST", "/users", "{\"name\":\"new\",\"display_name\":\"B\",\"role\":\"system\"}", 400,
          "\"place\":\"role\"" },
        { "POST", "/users", "{\"name\":\"new\",\"display_name\":\"B\",\"role\":\"agency\"}", 400,
          "'agency' is missing" },
        { "POST", "/users",
          "{\"name\":\"new\",\"display_name\":\"B\",\"role\":\"lead\",\"agency\":\"so-y-te\"}", 400,
          "only the role agency" },
        { "POST", "/users", "{\"name\":\"lead\",\"display_name\":\"B\",\"role\":\"lead\"}", 409,
          "refused" },
        { "POST", "/users",
          "{\"name\":\"new\",\"display_name\":\"B\",\"role\":\"lead\",\"password\":\"x\"}", 400,
          "there is no member 'password' here" },
        { "POST", "/users", "{\"name\":\"new\",\"display_name\":\"B\\r\\nC\",\"role\":\"lead\"}", 400,
          "\"place\":\"display_name\"" },
        { "PATCH", "/users/lead", "{\"disabled\":\"no\"}", 400, "true or false" },
        { "PATCH", "/users/lead", "{\"disabled\":true,\"role\":\"admin\"}", 400,
          "there is no member 'role' here" },
        { "PATCH", "/users/ghost", "{\"disabled\":true}", 404, "not_found" },
    };

    WALK("admin", rows);
}

TEST("a body larger than the limit is refused with 413")
{
    static char body[90000];

    memset(body, ' ', sizeof body - 1);
    body[0] = '{';
    body[sizeof body - 2] = '}';
    ANSWER answer = ask(session_of("lead"), "POST", "/incidents", body, NULL);
    CHECK_INT(answer.status, 413);
    CHECK(strstr(answer.body, "too_large"));
}

TEST("a body that is not JSON by its type is refused")
{
    ANSWER answer = ask(session_of("lead"), "PATCH", "/session", NULL,
                        "Content-Type: text/plain\r\n");
    CHECK_INT(answer.status, 400);
    CHECK(strstr(answer.body, "application/json"));
}

TEST("errors speak the language of who asks")
{
    ANSWER vi = ask(NULL, "GET", "/session", NULL, "Accept-Language: vi-VN,vi;q=0.9\r\n");
    ANSWER en = ask(NULL, "GET", "/session", NULL, "Accept-Language: fr, en;q=0.8\r\n");
    CHECK_INT(vi.status, 401);
    CHECK(strstr(vi.body, "đăng nhập"));
    CHECK(strstr(en.body, "log in first"));
    ANSWER hint = ask(NULL, "POST", "/session", "{\"name\":7}", "Accept-Language: vi\r\n");
    CHECK(strstr(hint.body, "văn bản trong dấu ngoặc kép"));
}
