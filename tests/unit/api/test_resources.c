/* What the resources say of what stands in the records. */
#include <stdio.h>

#include "api/assets.h"
#include "base/json.h"
#include "records/audit.h"
#include "test.h"
#include "world.h"

static struct arena arena;

static const struct json *read(const struct answer *answer)
{
    struct error e = ERROR_NONE;
    struct json *json = NULL;

    arena_init(&arena, 0);
    CHECK(json_parse(slice_from(answer->body, answer->len), &arena, &json, &e));
    return json;
}

static int64_t number(const struct json *json, const char *name)
{
    return json_integer(json_member(json, name), -1);
}

TEST("an alert is taken, released, and judged; its page says what is open next")
{
    char path[100];
    unsigned before = world()->changes;

    snprintf(path, sizeof path, "/alerts/%lld", (long long)world()->alert_other);
    ANSWER first = ask(session_of("responder"), "GET", path, NULL, NULL);
    const struct json *alert = read(&first);
    CHECK_SLICE(json_member_text(alert, "title"), "SSH guessing");
    CHECK_SLICE(json_member_text(alert, "entity"), "203.0.113.7");
    CHECK_INT(number(json_member(alert, "correlation"), "threshold"), 10);
    CHECK_SLICE(json_member_text(json_member(alert, "day"), "query"), "src_ip:\"203.0.113.7\"");
    const struct json *event = json_element(json_member(alert, "events"), 0);
    CHECK_SLICE(json_member_text(json_member(event, "fields"), "src_ip"),
                "203.0.113.7, 203.0.113.8");
    CHECK_INT(number(json_member(event, "fields"), "n"), 3);
    arena_free(&arena);

    snprintf(path, sizeof path, "/alerts/%lld/take", (long long)world()->alert_other);
    ANSWER taken = ask(session_of("responder"), "POST", path, NULL, NULL);
    CHECK_INT(taken.status, 200);
    CHECK(strstr(taken.body, "\"state\":\"taken\""));
    CHECK_INT(world()->changes, before + 1);
    ANSWER twice = ask(session_of("responder"), "POST", path, NULL, NULL);
    CHECK_INT(twice.status, 409);

    snprintf(path, sizeof path, "/alerts/%lld/escalate", (long long)world()->alert_other);
    ANSWER escalated = ask(session_of("responder"), "POST", path, "{\"severity\":\"high\"}", NULL);
    CHECK_INT(escalated.status, 200);
    alert = read(&escalated);
    int64_t incident = number(alert, "incident");
    arena_free(&arena);
    CHECK(incident > 0);

    snprintf(path, sizeof path, "/incidents/%lld", (long long)incident);
    ANSWER page = ask(session_of("lead"), "GET", path, NULL, NULL);
    CHECK_INT(page.status, 200);
    const struct json *one = read(&page);
    CHECK_SLICE(json_member_text(json_member(one, "clock"), "standing"), "running");
    CHECK_INT(json_member(one, "alert_list")->count, 1);
    CHECK(json_member(one, "obligations")->count >= 1);
    arena_free(&arena);
}

TEST("an incident's time line is worded in the language of who reads it")
{
    static const struct { const char *change, *title; } languages[] = {
        { "{\"language\":\"vi\"}", "Dò mật khẩu SSH" }, { "{\"language\":\"en\"}", "SSH guessing" },
    };
    char path[100];

    snprintf(path, sizeof path, "/alerts/%lld/escalate", (long long)world()->alert_own);
    ANSWER escalated = ask(session_of("responder"), "POST", path, "{\"severity\":\"high\"}", NULL);
    CHECK_INT(escalated.status, 200);
    snprintf(path, sizeof path, "/incidents/%lld", (long long)number(read(&escalated), "incident"));
    arena_free(&arena);
    for (size_t i = 0; i < 2; i++) {
        ANSWER changed = ask(session_of("lead"), "PATCH", "/session", languages[i].change, NULL);
        CHECK_INT(changed.status, 200);
        ANSWER page = ask(session_of("lead"), "GET", path, NULL, NULL);
        const struct json *list = json_member(read(&page), "timeline");
        CHECK_INT(list->count, 2);
        for (uint32_t k = 0; k < 2; k++) {
            struct slice kind = json_member_text(&list->children[k], "kind");
            CHECK_SLICE(json_member_text(&list->children[k], "text"),
                        slice_is(kind, "alert") ? languages[i].title : "");
        }
        arena_free(&arena);
    }
}

TEST("an incident goes its way and its clock stops when it is told")
{
    char path[100];

    snprintf(path, sizeof path, "/incidents/%lld/moves", (long long)world()->incident_own);
    ANSWER confirmed = ask(session_of("lead"), "POST", path, "{\"move\":\"confirm\"}", NULL);
    CHECK_INT(confirmed.status, 200);
    CHECK(strstr(confirmed.body, "\"state\":\"confirmed\""));
    ANSWER told = ask(session_of("lead"), "POST", path, "{\"move\":\"tell\"}", NULL);
    CHECK_INT(told.status, 200);
    CHECK(strstr(told.body, "\"standing\":\"met\""));
    CHECK(strstr(told.body, "\"clock\":null"));
}

TEST("the matrix has a cell for each obligation and agency, and the drawer tells the same")
{
    ANSWER answer = ask(session_of("lead"), "GET", "/plan/matrix", NULL, NULL);
    CHECK_INT(answer.status, 200);
    const struct json *matrix = read(&answer);
    const struct json *rows = json_member(matrix, "rows"),
                      *columns = json_member(matrix, "columns");
    const struct json *cells = json_member(matrix, "cells");
    struct slice wanted = SLICE_NONE;
    CHECK_INT(rows->count, cells->count);
    CHECK_INT(columns->count, 2);
    for (uint32_t r = 0; r < rows->count; r++) {
        CHECK_INT(cells->children[r].count, columns->count);
        if (slice_is(json_member_text(&rows->children[r], "obligation"), "II.2.1.a"))
            wanted = json_member_text(json_element(&cells->children[r], 1), "standing");
    }
    ANSWER drawer = ask(session_of("lead"), "GET", "/plan/standing/II.2.1.a/so-y-te", NULL, NULL);
    CHECK_INT(drawer.status, 200);
    char text[100];
    snprintf(text, sizeof text, "\"standing\":\"%.*s\"", SLICE_ARGS(wanted));
    CHECK(strstr(drawer.body, text));
    CHECK(strstr(drawer.body, "\"history\":["));
    arena_free(&arena);
}

TEST("a page of events carries names, one value a field, and what was read")
{
    ANSWER answer = ask(session_of("lead"), "GET", "/events?query=*&limit=10", NULL, NULL);
    CHECK_INT(answer.status, 200);
    const struct json *page = read(&answer);
    const struct json *event = json_element(json_member(page, "items"), 0);
    CHECK_SLICE(json_member_text(json_member(event, "agency"), "name"), "Sở Y tế");
    CHECK_SLICE(json_member_text(json_member(event, "fields"), "src_ip"), "10.0.0.1, 10.0.0.2");
    CHECK_INT(number(page, "total"), 2);
    CHECK_INT(json_member(page, "next")->kind, JSON_NULL);
    CHECK_INT(number(json_member(page, "foot"), "blocks_skipped"), 1);
    arena_free(&arena);
    ANSWER oldest = ask(session_of("lead"), "GET", "/events?order=oldest&limit=1", NULL, NULL);
    page = read(&oldest);
    CHECK_SLICE(json_member_text(json_element(json_member(page, "items"), 0), "id"),
                "20261124.standard.1");
    arena_free(&arena);
}

TEST("the histogram has every bucket, the empty ones too")
{
    ANSWER answer = ask(session_of("lead"), "GET",
                        "/events/histogram?from=2026-11-23T22:00:00Z&to=2026-11-24T02:00:00Z", NULL,
                        NULL);
    const struct json *histogram = read(&answer);
    CHECK_INT(json_member(histogram, "items")->count, 4);
    CHECK_INT(number(json_element(json_member(histogram, "items"), 2), "count"), 2);
    CHECK_INT(number(histogram, "total"), 2);
    arena_free(&arena);
}

/* The member of the first line of a stream that has it; NULL when none has. Lines stand in chunks, each
 * behind its size. */
static const struct json *streamed(const struct answer *answer, const char *what)
{
    struct slice rest = slice_from(answer->body, answer->len), line;
    struct error e = ERROR_NONE;
    struct json *json;

    arena_init(&arena, 0);
    while (slice_split(&rest, '\n', &line))
        if (line.len && line.data[0] == '{' && json_parse(line, &arena, &json, &e) &&
            json_member(json, what))
            return json_member(json, what);
    return NULL;
}

TEST("a stream says head, events, histogram, fields, what was skipped and the foot")
{
    ANSWER answer = ask(session_of("lead"), "GET",
                        "/events/stream?query=root&limit=1&buckets=4&values=5&explain=true"
                        "&from=2026-11-23T22:00:00Z&to=2026-11-24T02:00:00Z", NULL, NULL);
    CHECK_INT(answer.status, 200);
    CHECK(strstr(answer.head, "application/x-ndjson"));
    CHECK(!json_boolean(json_member(streamed(&answer, "head"), "table"), true));
    arena_free(&arena);
    CHECK_SLICE(json_member_text(streamed(&answer, "event"), "id"), "20261124.standard.2");
    arena_free(&arena);
    CHECK(!strstr(answer.body, "20261124.standard.1\"")); /* beyond the limit, counted all the same */
    CHECK_INT(json_member(streamed(&answer, "histogram"), "items")->count, 4);
    arena_free(&arena);
    CHECK_SLICE(json_member_text(streamed(&answer, "explain"), "why"), "words");
    arena_free(&arena);
    const struct json *foot = streamed(&answer, "foot");
    CHECK_INT(number(foot, "total"), 2);
    CHECK(json_member_text(foot, "next").len > 0);
    CHECK_INT(number(json_member(foot, "skipped"), "time"), 1);
    arena_free(&arena);
    ANSWER wrong = ask(session_of("lead"), "GET", "/events/stream?query=(", NULL, NULL);
    CHECK_INT(wrong.status, 400);
    CHECK(strstr(wrong.body, "\"place\":\"query:1\""));
}

TEST("a back-test says rules, examples, days and the foot, and brings what a correlation counts")
{
    static const char body[] =
        "{\"rule\":\"title: x\\ncorrelation:\\n  type: event_count\\n  rules: [sshd_failed_password]\\n"
        "  timespan: 5m\\n  condition: {gte: 3}\\n\",\"days\":30,\"seconds\":5}";
    ANSWER answer = ask(session_of("lead"), "POST", "/rules/backtest", body, NULL);
    CHECK_INT(answer.status, 200);
    CHECK_INT(world_asked()->days, 30);
    CHECK_INT(world_asked()->budget_ms, 5000);
    CHECK(world_asked()->all);
    CHECK(strstr(world_asked_beside(), "name: sshd_failed_password"));
    const struct json *head = streamed(&answer, "head");
    CHECK_SLICE(json_member_text(json_element(json_member(head, "rules"), 0), "title"), "T");
    CHECK_SLICE(json_text(json_element(json_member(head, "warnings"), 0), SLICE("")), "careful");
    arena_free(&arena);
    const struct json *example = streamed(&answer, "example");
    CHECK_SLICE(json_member_text(example, "title"), "T");
    CHECK_SLICE(json_member_text(json_element(json_member(example, "why"), 0), "field"), "user");
    arena_free(&arena);
    const struct json *days = streamed(&answer, "days");
    CHECK_SLICE(json_member_text(json_element(json_member(days, "days"), 0), "day"), "2026-11-24");
    CHECK(json_member(days, "expected")->number > 1.4);
    CHECK_INT(json_integer(json_member(days, "excepted"), 0), 3);
    arena_free(&arena);
    CHECK_INT(json_integer(json_member(streamed(&answer, "foot"), "blocks_read"), 0), 2);
    arena_free(&arena);
    ANSWER wrong = ask(session_of("lead"), "POST", "/rules/backtest",
                       "{\"rule\":\"title: [\\n\"}", NULL);
    CHECK_INT(wrong.status, 400);
    CHECK(strstr(wrong.body, "\"rule:"));
}

TEST("a feed is looked through, taken, listed, allowed against, and taken away")
{
    const struct session *lead = session_of("lead");
    static const char feed[] = "\"source\":\"bo-tttt\",\"file\":\"ioc.txt\",\"confidence\":80,"
                               "\"text\":\"203.0.113.9\\nevil.example\\nnot an indicator\\n\"";
    char body[400];
    snprintf(body, sizeof body, "{%s,\"preview\":true}", feed);
    ANSWER preview = ask(lead, "POST", "/indicators/feeds", body, NULL);
    CHECK_INT(preview.status, 200);
    CHECK(strstr(preview.body, "\"taken\":2") && strstr(preview.body, "\"refused\":1"));
    CHECK(strstr(preview.body, "\"place\":\"ioc.txt:3") && strstr(preview.body, "\"stored\":false"));
    ANSWER none = ask(lead, "GET", "/indicators/feeds", NULL, NULL);
    CHECK(!strstr(none.body, "bo-tttt"));
    snprintf(body, sizeof body, "{%s}", feed);
    ANSWER taken = ask(lead, "POST", "/indicators/feeds", body, NULL);
    CHECK(strstr(taken.body, "\"stored\":true"));
    ANSWER feeds = ask(session_of("responder"), "GET", "/indicators/feeds", NULL, NULL);
    CHECK(strstr(feeds.body, "\"source\":\"bo-tttt\"") && strstr(feeds.body, "\"count\":2"));
    ANSWER list = ask(lead, "GET", "/indicators?type=domain", NULL, NULL);
    CHECK(strstr(list.body, "evil.example") && strstr(list.body, "\"confidence\":80"));
    CHECK(!strstr(list.body, "203.0.113.9"));
    ANSWER allowed = ask(session_of("responder"), "POST", "/indicators/allowed",
                         "{\"value\":\".evil.example\",\"reason\":\"ours\"}", NULL);
    CHECK(strstr(allowed.body, ".evil.example"));
    ANSWER wrong = ask(lead, "POST", "/indicators/allowed",
                       "{\"value\":\"nothing at all\",\"reason\":\"ours\"}", NULL);
    CHECK_INT(wrong.status, 400);
    CHECK(strstr(wrong.body, "\"place\":\"value\""));
    ANSWER back = ask(lead, "POST", "/indicators/disallow", "{\"value\":\".evil.example\"}", NULL);
    CHECK(!strstr(back.body, "evil.example"));
    ANSWER denied = ask(session_of("responder"), "POST", "/indicators/feeds", body, NULL);
    CHECK_INT(denied.status, 403);
    ANSWER gone = ask(lead, "DELETE", "/indicators/feeds/bo-tttt", NULL, NULL);
    CHECK_INT(gone.status, 200);
    CHECK(!strstr(gone.body, "bo-tttt"));
}

TEST("a query with pipes is a table in a stream, and refused as a page of events")
{
    ANSWER answer = ask(session_of("lead"), "GET", "/events/stream?query=x%20%7C%20count", NULL, NULL);
    CHECK(json_boolean(json_member(streamed(&answer, "head"), "table"), false));
    arena_free(&arena);
    CHECK_SLICE(json_text(json_element(streamed(&answer, "columns"), 1), SLICE("")), "count");
    arena_free(&arena);
    CHECK_INT(json_integer(json_element(streamed(&answer, "row"), 1), 0), 2);
    arena_free(&arena);
    ANSWER page = ask(session_of("lead"), "GET", "/events?query=x%20%7C%20count", NULL, NULL);
    CHECK_INT(page.status, 400);
}

TEST("a live tail goes on until its time is over, and as many as may be listen")
{
    ANSWER answer = ask(session_of("lead"), "GET", "/events/live?seconds=1", NULL, NULL);
    CHECK_INT(answer.status, 200);
    CHECK(json_boolean(json_member(streamed(&answer, "head"), "live"), false));
    CHECK(world_asked()->live && world_asked()->all);
    arena_free(&arena);
    ANSWER own = ask(session_of("agency"), "GET", "/events/live?seconds=1", NULL, NULL);
    CHECK_INT(own.status, 200);
    CHECK(!world_asked()->all);
    CHECK_SLICE(world_asked()->scope, "so-y-te");
}

TEST("a search is saved, shared with those who see the same, changed and dropped by its owner")
{
    char path[64];
    ANSWER made = ask(session_of("agency"), "POST", "/searches",
                      "{\"name\":\"Đêm qua\",\"query\":\"failed | count by user\",\"shared\":true}",
                      NULL);
    CHECK_INT(made.status, 201);
    int64_t id = number(read(&made), "id");
    arena_free(&arena);
    snprintf(path, sizeof path, "/searches/%lld", (long long)id);
    ANSWER others = ask(session_of("other"), "GET", "/searches", NULL, NULL);
    CHECK(!strstr(others.body, "failed"));
    ANSWER lead = ask(session_of("lead"), "PATCH", path, "{\"name\":\"x\"}", NULL);
    CHECK_INT(lead.status, 404);
    ANSWER changed = ask(session_of("agency"), "PATCH", path, "{\"minutes\":60}", NULL);
    CHECK_INT(changed.status, 200);
    CHECK_INT(number(read(&changed), "minutes"), 60);
    CHECK(strstr(changed.body, "count by user"));
    arena_free(&arena);
    ANSWER dropped = ask(session_of("agency"), "DELETE", path, NULL, NULL);
    CHECK_INT(dropped.status, 204);
    ANSWER gone = ask(session_of("agency"), "GET", "/searches", NULL, NULL);
    CHECK(strstr(gone.body, "{\"items\":[]}"));
}

#define STANDING "/plan/standing/III.1.b/so-y-te"

static const struct json *first_of(const struct json *json, const char *name)
{
    return json_element(json_member(json, name), 0);
}

TEST("what an agency declares counts until the lead sends it back, and the agency sees why")
{
    char path[64];
    static const char paper[] = "{\"kind\":\"regulation.issued\",\"title\":\"Quy chế ATTT\","
                                "\"document\":\"12/QĐ-SYT\",\"day\":\"2026-01-05\"}";
    ANSWER before = ask(session_of("agency"), "GET", STANDING, NULL, NULL);
    CHECK_INT(before.status, 200);
    CHECK_SLICE(json_member_text(first_of(read(&before), "declare"), "kind"), "regulation.issued");
    arena_free(&arena);
    ANSWER wrong = ask(session_of("agency"), "POST", STANDING "/evidence",
                       "{\"kind\":\"document.exchanged\",\"title\":\"abc\",\"document\":\"1\","
                       "\"day\":\"2026-01-05\"}", NULL);
    CHECK_INT(wrong.status, 400);
    ANSWER made = ask(session_of("agency"), "POST", STANDING "/evidence", paper, NULL);
    CHECK_INT(made.status, 201);
    const struct json *now = read(&made);
    CHECK_SLICE(json_member_text(now, "standing"), "met");
    CHECK_SLICE(json_member_text(first_of(now, "evidence"), "document"), "12/QĐ-SYT");
    snprintf(path, sizeof path, "/evidence/%lld/return", (long long)number(first_of(now, "evidence"), "id"));
    arena_free(&arena);
    ANSWER own = ask(session_of("agency"), "POST", path, "{\"reason\":\"thử\"}", NULL);
    CHECK_INT(own.status, 403);
    ANSWER back = ask(session_of("lead"), "POST", path, "{\"reason\":\"Quy chế chưa có chữ ký\"}", NULL);
    CHECK_INT(back.status, 200);
    ANSWER twice = ask(session_of("lead"), "POST", path, "{\"reason\":\"Quy chế chưa có chữ ký\"}", NULL);
    CHECK_INT(twice.status, 409);
    ANSWER after = ask(session_of("agency"), "GET", STANDING, NULL, NULL);
    now = read(&after);
    CHECK(!slice_is(json_member_text(now, "standing"), "met"));
    CHECK_SLICE(json_member_text(json_member(first_of(now, "evidence"), "returned"), "reason"),
                "Quy chế chưa có chữ ký");
    arena_free(&arena);
    ANSWER home = ask(session_of("agency"), "GET", "/home", NULL, NULL);
    CHECK(strstr(home.body, "Quy chế chưa có chữ ký"));
    ANSWER others = ask(session_of("other"), "GET", "/home", NULL, NULL);
    CHECK(!strstr(others.body, "Quy chế chưa có chữ ký"));
}

TEST("guidance declared under a duty carries the topic that its measure asks for, and counts there alone")
{
    static const char paper[] = "{\"kind\":\"guidance.issued\",\"title\":\"Hướng dẫn ký số\","
                                "\"document\":\"7/HD-STTTT\",\"day\":\"2026-01-05\"}";
    ANSWER made = ask(session_of("other"), "POST", "/plan/standing/II.2.4.lead/so-tttt/evidence", paper,
                      NULL);
    CHECK_INT(made.status, 201);
    CHECK_SLICE(json_member_text(read(&made), "standing"), "met");
    arena_free(&arena);
    ANSWER another = ask(session_of("other"), "GET", "/plan/standing/II.2.2.lead/so-tttt", NULL, NULL);
    CHECK(!slice_is(json_member_text(read(&another), "standing"), "met"));
    arena_free(&arena);
}

TEST("posts are registered, not declared: nothing would count them")
{
    ANSWER before = ask(session_of("agency"), "GET", "/plan/standing/III.1.c/so-y-te", NULL, NULL);
    CHECK_INT(before.status, 200);
    CHECK(!first_of(read(&before), "declare"));
    arena_free(&arena);
    ANSWER made = ask(session_of("agency"), "POST", "/plan/standing/III.1.c/so-y-te/evidence",
                      "{\"kind\":\"post\",\"title\":\"abc\",\"document\":\"1\","
                      "\"day\":\"2026-01-05\"}", NULL);
    CHECK_INT(made.status, 400);
}

TEST("a reminder stands in the ledger, waits for the agency, and is acknowledged by it alone")
{
    char path[64];
    ANSWER sent = ask(session_of("lead"), "POST", STANDING "/reminders",
                      "{\"text\":\"Xin gửi quy chế trước ngày 30\"}", NULL);
    CHECK_INT(sent.status, 200);
    const struct json *notice = first_of(read(&sent), "notices");
    CHECK_SLICE(json_member_text(notice, "channel"), "console");
    snprintf(path, sizeof path, "/notices/%lld/acknowledge", (long long)number(notice, "id"));
    arena_free(&arena);
    ANSWER again = ask(session_of("lead"), "POST", STANDING "/reminders", "{\"text\":\"nữa\"}", NULL);
    CHECK_INT(again.status, 409);
    ANSWER home = ask(session_of("agency"), "GET", "/home", NULL, NULL);
    CHECK(strstr(home.body, "Xin gửi quy chế"));
    ANSWER other = ask(session_of("other"), "POST", path, NULL, NULL);
    CHECK_INT(other.status, 404);
    ANSWER seen = ask(session_of("agency"), "POST", path, NULL, NULL);
    CHECK_INT(seen.status, 200);
    CHECK(json_member_text(read(&seen), "acknowledged").len > 0);
    arena_free(&arena);
    ANSWER later = ask(session_of("agency"), "GET", "/home", NULL, NULL);
    CHECK(!strstr(later.body, "Xin gửi quy chế"));
}

TEST("an exemption is granted by another than who asked, ends by its day or when revoked")
{
    struct records_audit_list list;
    struct records_page page = { 0 };
    struct error e = ERROR_NONE;
    char path[64], object[64];
    static const char body[] = "{\"reason\":\"Đang sáp nhập\",\"from\":\"2026-01-01\","
                               "\"to\":\"2036-12-31\",\"asked_by\":\"Sở Y tế\"}";
    static const char *const selves[] = { "lead", "Lead", " LEAD ", "Nguyễn Văn A", "NGUYỄN VĂN A" };
    for (size_t i = 0; i < sizeof selves / sizeof *selves; i++) {
        char self[256];
        snprintf(self, sizeof self, "{\"reason\":\"Đang sáp nhập\",\"from\":\"2026-01-01\","
                 "\"to\":\"2036-12-31\",\"asked_by\":\"%s\"}", selves[i]);
        ANSWER own = ask(session_of("lead"), "POST", STANDING "/exemptions", self, NULL);
        CHECK_INT(own.status, 403);
    }
    ANSWER finance = ask(session_of("finance"), "POST", STANDING "/exemptions", body, NULL);
    CHECK_INT(finance.status, 403);
    ANSWER granted = ask(session_of("lead"), "POST", STANDING "/exemptions", body, NULL);
    CHECK_INT(granted.status, 200);
    const struct json *now = read(&granted);
    CHECK_SLICE(json_member_text(now, "standing"), "exempt");
    int64_t id = number(first_of(now, "exemptions"), "id");
    arena_free(&arena);
    snprintf(path, sizeof path, "/exemptions/%lld", (long long)id);
    ANSWER agency = ask(session_of("agency"), "DELETE", path, NULL, NULL);
    CHECK_INT(agency.status, 403);
    ANSWER revoked = ask(session_of("lead"), "DELETE", path, NULL, NULL);
    CHECK_INT(revoked.status, 204);
    ANSWER after = ask(session_of("lead"), "GET", STANDING, NULL, NULL);
    CHECK(!slice_is(json_member_text(read(&after), "standing"), "exempt"));
    arena_free(&arena);
    snprintf(object, sizeof object, "exemption:%lld", (long long)id);
    struct records_audit_filter filter = { .object = slice_of(object) };
    arena_init(&arena, 0);
    CHECK(records_audit_list(world()->records, &RECORDS_SCOPE_ALL, &filter, &page, &arena, &list, &e));
    CHECK_INT(list.total, 2);
    CHECK_SLICE(list.rows[1].action, "exemption.grant");
    CHECK(slice_find(list.rows[1].detail, SLICE("\"asked_by\":\"Sở Y tế\"")) < list.rows[1].detail.len);
    arena_free(&arena);
}

TEST("an export is a file whose cells no spreadsheet runs, and stands in the audit log")
{
    struct records_audit_list list;
    struct records_audit_filter filter = { .object = SLICE("events") };
    struct records_page page = { 0 };
    struct error e = ERROR_NONE;
    ANSWER events = ask(session_of("responder"), "POST", "/events/export",
                        "{\"format\":\"csv\",\"query\":\"root\"}", NULL);
    CHECK_INT(events.status, 200);
    CHECK(strstr(events.head, "attachment; filename=\"haidang-"));
    CHECK(strstr(events.body, "\"20261124.standard.1\""));
    CHECK(strstr(events.body, "\"{\"\"user\"\":"));
    ANSWER table = ask(session_of("lead"), "POST", "/events/export",
                       "{\"format\":\"csv\",\"query\":\"x | count by user\"}", NULL);
    CHECK(strstr(table.body, "\"'=root\",\"2\"\r\n"));
    ANSWER lines = ask(session_of("lead"), "POST", "/events/export",
                       "{\"format\":\"jsonl\"}", NULL);
    CHECK(strstr(lines.body, "{\"id\":\"20261124.standard.1\""));
    ANSWER admin = ask(session_of("admin"), "POST", "/events/export", "{\"format\":\"csv\"}", NULL);
    CHECK_INT(admin.status, 403);
    arena_init(&arena, 0);
    CHECK(records_audit_list(world()->records, &RECORDS_SCOPE_ALL, &filter, &page, &arena, &list, &e));
    CHECK_INT(list.total, 6);
    CHECK_SLICE(list.rows[0].action, "events.exported");
    CHECK(slice_find(list.rows[4].detail, SLICE("\"rows\":2")) < list.rows[4].detail.len);
    CHECK_SLICE(list.rows[5].action, "events.export");
    CHECK_SLICE(list.rows[5].user, "responder");
    arena_free(&arena);
}

TEST("fields are counted over the events found, the register's first")
{
    ANSWER answer = ask(session_of("lead"), "GET", "/events/stream?values=5", NULL, NULL);
    const struct json *list = streamed(&answer, "fields"), *items = json_member(list, "items");
    CHECK_INT(number(list, "sampled"), 2);
    CHECK_SLICE(json_member_text(json_element(items, 0), "field"), "agency");
    CHECK_SLICE(json_member_text(json_element(json_member(json_element(items, 0), "values"), 0),
                                 "label"), "Sở Y tế");
    CHECK_SLICE(json_member_text(json_element(items, 3), "field"), "user");
    CHECK_INT(number(json_element(items, 3), "distinct"), 2);
    arena_free(&arena);
}

TEST("a first password is told once and opens the door")
{
    ANSWER made = ask(session_of("admin"), "POST", "/users",
                      "{\"name\":\"moi\",\"display_name\":\"Người mới\",\"role\":\"agency\","
                      "\"agency\":\"so-y-te\"}", NULL);
    CHECK_INT(made.status, 201);
    const struct json *json = read(&made);
    char password[64];
    snprintf(password, sizeof password, "%.*s", SLICE_ARGS(json_member_text(json, "password")));
    arena_free(&arena);
    CHECK_INT(log_in("moi", password).status, 200);
    ANSWER list = ask(session_of("admin"), "GET", "/users", NULL, NULL);
    CHECK(!strstr(list.body, password));
    CHECK(!strstr(list.body, "argon2"));
}

TEST("the standing is a Word document with a name of its own")
{
    ANSWER answer = ask(session_of("leader"), "GET", "/reports/standing.docx", NULL, NULL);
    CHECK_INT(answer.status, 200);
    CHECK(strstr(answer.head, "attachment; filename=\""));
    CHECK(memcmp(answer.body, "PK\003\004", 4) == 0);
}

TEST("the console's files come packed, with a tag, and those named by their hash for ever")
{
    size_t count;
    const struct asset *assets = asset_list(&count), *script = NULL;
    char path[300], tag[100];

    for (size_t i = 0; i < count && !script; i++)
        if (assets[i].immutable && assets[i].gzip_size)
            script = &assets[i];
    if (!script)
        SKIP("the console is not built");
    snprintf(path, sizeof path, "!%s", script->path);
    ANSWER whole = ask(NULL, "GET", path, NULL, NULL);
    CHECK_INT(whole.len, script->size);
    CHECK(strstr(whole.head, "immutable"));
    ANSWER packed = ask(NULL, "GET", path, NULL, "Accept-Encoding: gzip, br\r\n");
    CHECK_INT(packed.len, script->gzip_size);
    CHECK(strstr(packed.head, "Content-Encoding: gzip"));
    snprintf(tag, sizeof tag, "If-None-Match: %s\r\n", script->etag);
    ANSWER same = ask(NULL, "GET", path, NULL, tag);
    CHECK_INT(same.status, 304);
    CHECK_INT(same.len, 0);
    ANSWER first = ask(NULL, "GET", "!/", NULL, NULL);
    CHECK(strstr(first.head, "Cache-Control: no-cache"));
    CHECK(strstr(first.body, "<div id=\"root\">"));
}

TEST("the console's page answers every path that is not a file, and a missing file is 404")
{
    ANSWER page = ask(NULL, "GET", "!/plan/2026", NULL, NULL);
    CHECK_INT(page.status, 200);
    CHECK(strstr(page.head, "text/html"));
    CHECK(strstr(page.head, "Content-Security-Policy"));
    ANSWER key = ask(NULL, "GET", "!/sources/so-tttt.cong.web01", NULL, NULL);
    CHECK_INT(key.status, 200);
    ANSWER icon = ask(NULL, "GET", "!/nothing.ico", NULL, NULL);
    CHECK_INT(icon.status, 404);
    ANSWER file = ask(NULL, "GET", "!/assets/nothing.js", NULL, NULL);
    CHECK_INT(file.status, 404);
    ANSWER up = ask(NULL, "GET", "!/..%2f..%2fetc/passwd.txt", NULL, NULL);
    CHECK(up.status == 404 || up.status == 400);
    ANSWER post = ask(NULL, "POST", "!/", NULL, NULL);
    CHECK_INT(post.status, 405);
}
