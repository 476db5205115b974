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

#define CREATION "product: windows, category: process_creation"

/* Does process_creation find cmd.exe in it? */
static bool creates(const char *json)
{
    return meets(CREATION, "Image|endswith: '\\cmd.exe'", json);
}

/* EVIDENCE sigma-2/logsource */
TEST("a rule is tried only on events of its log source")
{
    CHECK(creates("{\"EventID\":1,\"Channel\":\"" SYSMON "\",\"Image\":\"C:\\\\cmd.exe\"}"));
    CHECK(!creates("{\"EventID\":11,\"Channel\":\"" SYSMON "\",\"Image\":\"C:\\\\cmd.exe\"}"));
    CHECK(!creates("{\"EventID\":1,\"Channel\":\"System\",\"Image\":\"C:\\\\cmd.exe\"}"));
}

/* EVIDENCE sigma-2/shape-evtx */
TEST("shape: event logs as evtx_dump writes them, EventID plain or with attributes")
{
    CHECK(creates("{\"Event\":{\"System\":{\"EventID\":1,\"Channel\":\"" SYSMON "\"},"
                  "\"EventData\":{\"Image\":\"C:\\\\cmd.exe\"}}}"));
    CHECK(creates("{\"Event\":{\"System\":{\"EventID\":{\"#text\":1},\"Channel\":\"" SYSMON
                  "\"},\"EventData\":{\"Image\":\"C:\\\\cmd.exe\"}}}"));
    CHECK(meets("product: windows, service: system", "param1: x",
                "{\"Event\":{\"System\":{\"EventID\":7,\"Channel\":\"System\"},"
                "\"UserData\":{\"Log\":{\"param1\":\"x\"}}}}"));
}

/* EVIDENCE sigma-2/shape-velociraptor */
TEST("shape: System and EventData without Event around them, as Velociraptor writes")
{
    CHECK(creates("{\"System\":{\"EventID\":{\"Value\":1},\"Channel\":\"" SYSMON "\"},"
                  "\"EventData\":{\"Image\":\"C:\\\\cmd.exe\"}}"));
}

/* EVIDENCE sigma-2/shape-winlogbeat */
TEST("shape: Winlogbeat and Elastic")
{
    CHECK(creates("{\"winlog\":{\"event_id\":1,\"channel\":\"" SYSMON "\","
                  "\"event_data\":{\"Image\":\"C:\\\\cmd.exe\"}}}"));
    CHECK(creates("{\"event\":{\"code\":\"1\"},\"winlog\":{\"channel\":\"" SYSMON "\","
                  "\"event_data\":{\"Image\":\"C:\\\\cmd.exe\"}}}"));
}

/* EVIDENCE sigma-2/shape-nxlog */
TEST("shape: NXLog and OSSEM, flat, the provider as SourceName")
{
    CHECK(creates("{\"EventID\":1,\"SourceName\":\"Microsoft-Windows-Sysmon\",\"Hostname\":\"pc\","
                  "\"Image\":\"C:\\\\cmd.exe\"}"));
    CHECK(meets(CREATION, "Computer: pc", "{\"EventID\":1,\"SourceName\":\"Microsoft-Windows-Sysmon\","
                "\"Hostname\":\"pc\"}"));
}

/* EVIDENCE sigma-2/shape-fluent-bit */
TEST("shape: Fluent Bit, flat, ProviderName and ComputerName")
{
    CHECK(creates("{\"ProviderName\":\"Microsoft-Windows-Sysmon\",\"EventID\":1,\"Channel\":\"" SYSMON
                  "\",\"ComputerName\":\"pc\",\"Image\":\"C:\\\\cmd.exe\"}"));
    CHECK(meets(CREATION, "Computer: pc", "{\"ProviderName\":\"Microsoft-Windows-Sysmon\","
                "\"EventID\":1,\"ComputerName\":\"pc\"}"));
}

/* EVIDENCE sigma-2/shape-wazuh */
TEST("shape: Wazuh")
{
    CHECK(creates("{\"data\":{\"win\":{\"system\":{\"eventID\":\"1\",\"channel\":\"" SYSMON "\"},"
                  "\"eventdata\":{\"Image\":\"C:\\\\cmd.exe\"}}}}"));
}

/* EVIDENCE sigma-2/shape-4688 */
TEST("shape: process creation as the Security log tells it, with its own names of fields")
{
    CHECK(creates("{\"EventID\":4688,\"Channel\":\"Security\",\"NewProcessName\":\"C:\\\\cmd.exe\"}"));
    CHECK(meets(CREATION, "ParentImage: p", "{\"EventID\":4688,\"Channel\":\"Security\","
                                            "\"ParentProcessName\":\"p\"}"));
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

/* EVIDENCE sigma-2/shape-cloud */
TEST("shape: audit logs of clouds")
{
    CHECK(meets("product: aws, service: cloudtrail", "eventName: StopLogging",
                "{\"eventSource\":\"cloudtrail.amazonaws.com\",\"eventName\":\"StopLogging\"}"));
    CHECK(meets("product: kubernetes, service: audit", "verb: create",
                "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"verb\":\"create\","
                "\"objectRef\":{\"resource\":\"pods\"}}"));
}

/* EVIDENCE sigma-2/shape-zeek */
TEST("shape: Zeek, also as the general category")
{
    CHECK(meets("product: zeek, service: dns", "query: x",
                "{\"_path\":\"dns\",\"query\":\"x\"}"));
    CHECK(meets("category: dns", "query: x", "{\"_path\":\"dns\",\"query\":\"x\"}"));
}

/* EVIDENCE sigma-2/shape-text */
TEST("shape: lines of text that no decoder cuts")
{
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
