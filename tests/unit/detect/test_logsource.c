/* Which rules an event meets: EVIDENCE for docs/conformance.md. */
#include <stdio.h>

#include "base/clock.h"
#include "base/yaml.h"
#include "detect/detector.h"
#include "event/decoder.h"
#include "event/json_event.h"
#include "harness.h"

#define RECEIVED (INT64_C(1795480262) * CLOCK_SECOND)

static const struct decoders *decoders(void)
{
    static struct decoders *set;
    struct error e = ERROR_NONE;
    if (!set && !decoders_load(DECODERS, &set, &e))
        fail_msg("%s: %s", e.place, e.sentence);
    return set;
}

/* As the pipeline has it: decoded first. */
static bool meets_decoded(struct scanner *s, const char *record, struct arena *arena)
{
    struct event event = { .raw = slice_of(record), .received = RECEIVED };
    const uint32_t *rules;
    decoder_decode(decoders(), &event, arena, NULL);
    return scanner_scan(s, &event, &rules) == 1;
}

/* As `haidang detect` has it: JSON by its fields, text by a decoder. */
static bool meets_as_file(struct scanner *s, const char *record, struct arena *arena)
{
    struct event event = { .raw = slice_of(record), .received = RECEIVED };
    struct error e = ERROR_NONE;
    const uint32_t *rules;
    if (record[0] != '{')
        return meets_decoded(s, record, arena);
    CHECK(json_event_decode(event.raw, arena, &event.fields, &event.field_count, &e));
    return scanner_scan(s, &event, &rules) == 1;
}

/* Does a rule of this log source with this item match? Pipeline and detect have to agree. */
static bool meets(const char *logsource, const char *item, const char *record)
{
    char yaml[4096];
    snprintf(yaml, sizeof yaml, "title: t\nlogsource: {%s}\ndetection:\n  selection:\n    %s\n"
             "  condition: selection\n", logsource, item);
    struct ruleset *ruleset = compile_text(yaml, LOGSOURCES, NULL);
    if (!ruleset)
        fail_msg("%s\n%s", refusal_text(), yaml);
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct scanner *s = scanner_new(ruleset);
    bool decoded = meets_decoded(s, record, &arena), file = meets_as_file(s, record, &arena);
    if (decoded != file)
        fail_msg("the pipeline says %d, detect %d: {%s} %s\n%s", decoded, file, logsource, item, record);
    scanner_free(&s);
    ruleset_free(&ruleset);
    return file;
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

/* A rule for each log source that logsources/ knows; it holds on every event. */
static struct ruleset *rule_for_each_source(void)
{
    static const char *const files[] = { "windows", "linux", "network", "cloud" };
    static char yaml[300 * 1024];
    size_t len = 0;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char path[4096];
        struct yaml *document;
        struct error e = ERROR_NONE;
        snprintf(path, sizeof path, LOGSOURCES "/%s.yaml", files[f]);
        CHECK(yaml_read(path, &arena, &document, &e));
        const struct yaml *sources = yaml_member(document, "sources");
        for (uint32_t i = 0; i < sources->count; i++) {
            static const char *const parts[] = { "product", "category", "service" };
            len += (size_t)snprintf(yaml + len, sizeof yaml - len, "%stitle: t%zu-%u\nlogsource:\n",
                                    len ? "---\n" : "", f, i);
            for (int p = 0; p < 3; p++) {
                struct slice text = yaml_member_text(&sources->children[i], parts[p], SLICE(""));
                if (text.len)
                    len += (size_t)snprintf(yaml + len, sizeof yaml - len, "  %s: %.*s\n", parts[p],
                                            SLICE_ARGS(text));
            }
            len += (size_t)snprintf(yaml + len, sizeof yaml - len, "detection:\n  s:\n"
                                    "    nowhere|exists: false\n  condition: s\n");
            CHECK(len < sizeof yaml);
        }
    }
    return compile_text(yaml, LOGSOURCES, NULL);
}

#define WIN(channel, id, more) "{\"Channel\":\"" channel "\",\"EventID\":" id more "}"
#define EVTX(channel, id, more) \
    "{\"Event\":{\"System\":{\"EventID\":" id ",\"Channel\":\"" channel "\"},\"EventData\":{" more "}}}"
#define BEAT(channel, id, more) \
    "{\"@timestamp\":\"2026-11-24T00:31:02Z\",\"winlog\":{\"event_id\":" id ",\"channel\":\"" \
    channel "\",\"event_data\":{" more "}}}"

TEST("the pipeline and detect try the same rules: logsources/ alone says what an event is")
{
    static const char *const records[] = {
        WIN(SYSMON, "1", ""), EVTX(SYSMON, "1", "\"Image\":\"a\""), BEAT(SYSMON, "1", "\"Image\":\"a\""),
        WIN(SYSMON, "12", ",\"EventType\":\"CreateKey\""), WIN(SYSMON, "12", ",\"EventType\":\"DeleteKey\""),
        EVTX(SYSMON, "12", "\"EventType\":\"DeleteValue\""), BEAT(SYSMON, "12", "\"EventType\":\"CreateKey\""),
        WIN(SYSMON, "13", ""), WIN(SYSMON, "14", ""), BEAT(SYSMON, "24", ""), EVTX(SYSMON, "26", ""),
        WIN("Security", "4688", ""), EVTX("security", "4688", ""), BEAT("Security", "4657", ""),
        WIN("Security", "5156", ""), WIN("Security", "4625", ""), WIN("System", "7045", ""),
        WIN("Microsoft-Windows-PowerShell/Operational", "4104", ""),
        BEAT("PowerShellCore/Operational", "4103", ""), EVTX("Windows PowerShell", "800", ""),
        WIN("Directory Service", "2889", ""), EVTX("Microsoft-Windows-LDAP-Client/Debug", "30", ""),
        WIN("Microsoft-Windows-Windows Defender/Operational", "1116", ""),
        EVTX("Application", "1", "\"a\":\"b\""), WIN("MSExchange Management", "1", ""),
        "{\"EventID\":1,\"SourceName\":\"Microsoft-Windows-Sysmon\"}",
        "{\"event_type\":\"dns\",\"flow_id\":1,\"dns\":{\"rrname\":\"a.vn\"}}",
        "{\"event_type\":\"http\",\"flow_id\":1,\"http\":{\"hostname\":\"a.vn\",\"url\":\"/\"}}",
        "{\"_path\":\"http\",\"uri\":\"/\"}",
        "{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"PutObject\"}",
    };
    struct ruleset *ruleset = rule_for_each_source();
    if (!ruleset)
        fail_msg("%s", refusal_text());
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        struct scanner *pipeline = scanner_new(ruleset), *detect = scanner_new(ruleset);
        meets_decoded(pipeline, records[i], &arena);
        meets_as_file(detect, records[i], &arena);
        uint32_t tried = 0;
        for (uint32_t rule = 0; rule < ruleset_count(ruleset); rule++) {
            if (scanner_tries(pipeline, rule) != scanner_tries(detect, rule))
                fail_msg("rule %.*s: the pipeline %d, detect %d: %s",
                         SLICE_ARGS(ruleset_rule(ruleset, rule).title), scanner_tries(pipeline, rule),
                         scanner_tries(detect, rule), records[i]);
            tried += scanner_tries(detect, rule);
        }
        if (!tried)
            fail_msg("no rule is tried: %s", records[i]);
        scanner_free(&pipeline);
        scanner_free(&detect);
    }
    ruleset_free(&ruleset);
}

/* What search and console show of an event that came through the pipeline. */
static void check_label(const char *record, const char *product, const char *category,
                        const char *service)
{
    struct ruleset *ruleset = rule_for_each_source();
    struct detector *detector = detector_new(ruleset);
    struct batch *batch = batch_new("standard", 0);
    struct event *event = batch_add(batch);
    struct error e = ERROR_NONE;
    event->raw = slice_of(record);
    event->received = RECEIVED;
    decoder_decode(decoders(), event, &batch->arena, NULL);
    CHECK(detector_batch(detector, batch, &e));
    detector_free(&detector); /* the label outlives the rules */
    ruleset_free(&ruleset);
    CHECK_SLICE(event->logsource.product, product);
    CHECK_SLICE(event->logsource.category, category);
    CHECK_SLICE(event->logsource.service, service);
    batch_free(&batch);
}

TEST("an event's log source for people comes from logsources/, the narrowest category of several")
{
    check_label(WIN(SYSMON, "1", ""), "windows", "process_creation", "sysmon");
    check_label(BEAT(SYSMON, "13", ""), "windows", "registry_set", "sysmon");
    check_label(WIN(SYSMON, "12", ",\"EventType\":\"DeleteKey\""), "windows", "registry_delete", "sysmon");
    check_label(EVTX("Security", "4688", ""), "windows", "process_creation", "security");
    check_label(WIN("Security", "4625", ""), "windows", "", "security");
    check_label("{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"PutObject\"}", "aws", "",
                "cloudtrail");
    check_label("Nov 24 07:31:02 web01 sshd[7]: Connection closed by 203.0.113.77 port 40 [preauth]",
                "linux", "", "sshd");
    check_label("{\"a\":1}", "", "", "");
}

TEST("an event of a log source that nobody knows is named and meets no rule")
{
    char yaml[] = "title: t\nlogsource: {product: windows}\ndetection:\n  s:\n    a: 1\n"
                  "  condition: s\n";
    struct ruleset *r = compile_text(yaml, LOGSOURCES, NULL);
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
