/* Which rules an event meets: EVIDENCE for docs/conformance.md. */
#include <stdio.h>
#include <unistd.h>

#include "event/json_event.h"
#include "harness.h"

static const char *folder(void)
{
    return access("logsources", R_OK) == 0 ? "logsources" : "../logsources";
}

/* Does a rule of this log source with this item match? */
static bool meets(const char *logsource, const char *item, const char *json)
{
    char yaml[4096];
    snprintf(yaml, sizeof yaml, "title: t\nlogsource: {%s}\ndetection:\n  selection:\n    %s\n"
             "  condition: selection\n", logsource, item);
    struct ruleset *ruleset = compile_text(yaml, folder(), NULL);
    CHECK(ruleset != NULL);
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct event event = { .raw = slice_of(json) };
    struct error e = ERROR_NONE;
    if (json[0] == '{')
        CHECK(json_event_decode(event.raw, &arena, &event.fields, &event.field_count, &e));
    struct scanner *s = scanner_new(ruleset);
    const uint32_t *rules;
    bool found = scanner_scan(s, &event, &rules) == 1;
    scanner_free(&s);
    ruleset_free(&ruleset);
    return found;
}

#define SYSMON "Microsoft-Windows-Sysmon/Operational"

/* EVIDENCE sigma-2/logsource sigma-2/logsource-shapes */
TEST("process_creation is found in every shape of Windows event")
{
    const char *rule = "product: windows, category: process_creation";
    const char *item = "Image|endswith: '\\cmd.exe'";
    CHECK(meets(rule, item, "{\"EventID\":1,\"Channel\":\"" SYSMON "\",\"Image\":\"C:\\\\cmd.exe\"}"));
    CHECK(meets(rule, item, "{\"Event\":{\"System\":{\"EventID\":1,\"Channel\":\"" SYSMON "\"},"
                            "\"EventData\":{\"Image\":\"C:\\\\cmd.exe\"}}}"));
    CHECK(meets(rule, item, "{\"Event\":{\"System\":{\"EventID\":{\"#text\":1},\"Channel\":\"" SYSMON
                            "\"},\"EventData\":{\"Image\":\"C:\\\\cmd.exe\"}}}"));
    CHECK(meets(rule, item, "{\"winlog\":{\"event_id\":1,\"channel\":\"" SYSMON "\","
                            "\"event_data\":{\"Image\":\"C:\\\\cmd.exe\"}}}"));
    CHECK(meets(rule, item, "{\"EventID\":4688,\"Channel\":\"Security\","
                            "\"NewProcessName\":\"C:\\\\cmd.exe\"}"));
    CHECK(!meets(rule, item, "{\"EventID\":11,\"Channel\":\"" SYSMON "\",\"Image\":\"C:\\\\cmd.exe\"}"));
    CHECK(!meets(rule, item, "{\"EventID\":1,\"Channel\":\"System\",\"Image\":\"C:\\\\cmd.exe\"}"));
}

TEST("channels compare without case")
{
    CHECK(meets("product: windows, service: security", "EventID: 4625",
                "{\"EventID\":4625,\"Channel\":\"security\"}"));
}

/* EVIDENCE sigma-2/logsource-several */
TEST("one event belongs to several categories")
{
    const char *json = "{\"EventID\":13,\"Channel\":\"" SYSMON "\",\"TargetObject\":\"HKLM\\\\x\"}";
    CHECK(meets("product: windows, category: registry_set", "TargetObject|contains: x", json));
    CHECK(meets("product: windows, category: registry_event", "TargetObject|contains: x", json));
    CHECK(meets("product: windows, service: sysmon", "EventID: 13", json));
    CHECK(meets("product: windows", "EventID: 13", json));
    CHECK(meets("category: registry_set", "TargetObject|contains: x", json));
    CHECK(!meets("product: windows, category: registry_delete", "TargetObject|contains: x", json));
    CHECK(!meets("product: linux, category: registry_set", "TargetObject|contains: x", json));
    CHECK(!meets("product: windows, service: security", "EventID: 13", json));
}

TEST("names of one category's fields are no names for others")
{
    const char *json = "{\"EventID\":4688,\"Channel\":\"Security\",\"NewProcessName\":\"a\"}";
    CHECK(meets("product: windows, category: process_creation", "Image: a", json));
    CHECK(!meets("product: windows, service: security", "Image: a", json));
    CHECK(meets("product: windows, service: security", "Image: null", json));
}

TEST("clouds, Zeek and lines without a decoder")
{
    CHECK(meets("product: aws, service: cloudtrail", "eventName: StopLogging",
                "{\"eventSource\":\"cloudtrail.amazonaws.com\",\"eventName\":\"StopLogging\"}"));
    CHECK(meets("product: zeek, service: dns", "query: x",
                "{\"_path\":\"dns\",\"query\":\"x\"}"));
    CHECK(meets("category: dns", "query: x", "{\"_path\":\"dns\",\"query\":\"x\"}"));
    CHECK(meets("product: cisco, service: aaa", "'|contains': 'no aaa'",
                "10.0.0.1 7: Feb 17: %PARSER-5-CFGLOG_LOGGEDCMD: logged command:no aaa new-model"));
    CHECK(!meets("product: cisco, service: aaa", "'|contains': 'no aaa'", "no aaa here"));
}

TEST("an event of a log source that nobody knows is named and meets no rule")
{
    char yaml[] = "title: t\nlogsource: {product: windows}\ndetection:\n  s:\n    a: 1\n"
                  "  condition: s\n";
    struct ruleset *r = compile_text(yaml, folder(), NULL);
    struct event_field fields[] = { { SLICE("a"), SLICE("1"), EVENT_NUMBER } };
    struct event event = { .raw = SLICE("{}"), .fields = fields, .field_count = 1 };
    struct scanner *s = scanner_new(r);
    const uint32_t *rules;
    CHECK_INT(scanner_scan(s, &event, &rules), 0);
    CHECK(scanner_unknown(s).len > 0);
    CHECK_INT(scanner_statistics(s).unknown, 1);
    scanner_logsource(s, (struct event_logsource){ .product = SLICE("windows") });
    scanner_free(&s);
    s = scanner_new(r);
    scanner_logsource(s, (struct event_logsource){ .product = SLICE("windows") });
    CHECK_INT(scanner_scan(s, &event, &rules), 1); /* the user said so */
    scanner_free(&s);
    ruleset_free(&r);
}
