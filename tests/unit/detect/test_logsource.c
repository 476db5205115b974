/* Which rules an event meets: EVIDENCE for docs/conformance.md. */
#include <stdio.h>

#include "base/clock.h"
#include "base/yaml.h"
#include "detect/detector.h"
#include "event/json_event.h"
#include "decoders.h"
#include "harness.h"
#include "shapes.h"

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

#define WAZUH(data) "{\"data\":{\"win\":{\"system\":{\"eventID\":\"1\",\"channel\":\"" SYSMON "\"}," \
                    "\"eventdata\":{" data "}}}}"

/* EVIDENCE sigma-2/shape-wazuh */
TEST("shape: Wazuh, names with a small first letter, values escaped once more from release 4 on")
{
    CHECK(creates(WAZUH("\"image\":\"C:\\\\cmd.exe\"")));
    CHECK(creates(WAZUH("\"image\":\"C:\\\\\\\\cmd.exe\"")));
    CHECK(meets(CREATION, "CommandLine: '\"C:\\a b\\x.exe\" \\\\\\\\host\\c$'",
                WAZUH("\"commandLine\":\"\\\\\\\"C:\\\\\\\\a b\\\\\\\\x.exe\\\\\\\" "
                      "\\\\\\\\\\\\\\\\host\\\\\\\\c$\"")));
    CHECK(meets(CREATION, "CommandLine: '\\\\\\\\host\\c$'",
                WAZUH("\"commandLine\":\"\\\\\\\\host\\\\c$\""))); /* release 3: once */
    CHECK(!meets(CREATION, "Commandline: a", WAZUH("\"commandLine\":\"a\"")));
}

#define ECS(os, category, type, more) \
    "{\"@timestamp\":\"2026-11-24T00:31:02.123Z\",\"message\":\"Endpoint event\"," \
    "\"host\":{\"name\":\"m1\",\"os\":{\"type\":\"" os "\"}}," \
    "\"event\":{\"category\":[\"" category "\"],\"type\":[\"" type "\"]}," more "}"

/* EVIDENCE sigma-2/shape-ecs */
TEST("shape: Elastic Agent and Auditbeat on hosts without Windows")
{
    static const char *const made = "product: macos, category: process_creation";
    CHECK(meets(made, "Image|endswith: /osascript", ECS("macos", "process", "start",
                "\"process\":{\"executable\":\"/usr/bin/osascript\"}")));
    CHECK(!meets(made, "Image|endswith: /osascript", ECS("macos", "process", "end",
                 "\"process\":{\"executable\":\"/usr/bin/osascript\"}")));
    CHECK(meets(made, "ParentImage: /bin/zsh", ECS("macos", "process", "start",
                "\"process\":{\"parent\":{\"executable\":\"/bin/zsh\"}},\"user\":{\"name\":\"an\"}")));
    CHECK(meets("product: linux, category: process_creation", "CommandLine|contains: curl",
                ECS("linux", "process", "start", "\"process\":{\"command_line\":\"curl x\"}")));
    CHECK(!meets("product: linux, category: process_creation", "CommandLine|contains: curl",
                 ECS("macos", "process", "start", "\"process\":{\"command_line\":\"curl x\"}")));
    CHECK(meets("product: linux, category: file_event", "TargetFilename: /etc/cron.d/x",
                ECS("linux", "file", "creation", "\"file\":{\"path\":\"/etc/cron.d/x\"}")));
    CHECK(meets("product: macos, category: file_event", "TargetFilename: /tmp/x",
                ECS("macos", "file", "creation", "\"file\":{\"path\":\"/tmp/x\"}")));
    CHECK(meets("product: linux, category: network_connection", "DestinationIp: 192.0.2.7",
                ECS("linux", "network", "start", "\"destination\":{\"ip\":\"192.0.2.7\"}")));
}

TEST("the kernel's file events of Windows")
{
    CHECK(meets("product: windows, category: file_access", "FileName: a",
                "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":"
                "\"Microsoft-Windows-Kernel-File\"}},\"EventID\":12},\"EventData\":{\"FileName\":\"a\"}}}"));
    CHECK(!meets("product: windows, category: file_rename", "FileName: a", "{\"ProviderName\":"
                 "\"Microsoft-Windows-Kernel-File\",\"EventID\":12,\"FileName\":\"a\"}"));
    CHECK(meets("product: windows, category: file_rename", "FileName: a", "{\"ProviderName\":"
                "\"Microsoft-Windows-Kernel-File\",\"EventID\":27,\"FileName\":\"a\"}"));
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

#define WIN(channel, id, more) "{\"Channel\":\"" channel "\",\"EventID\":" id more "}"
#define EVTX(channel, id, more) \
    "{\"Event\":{\"System\":{\"EventID\":" id ",\"Channel\":\"" channel "\"},\"EventData\":{" more "}}}"
#define BEAT(channel, id, more) \
    "{\"@timestamp\":\"2026-11-24T00:31:02Z\",\"winlog\":{\"event_id\":" id ",\"channel\":\"" \
    channel "\",\"event_data\":{" more "}}}"

TEST("Windows, shape by shape: what must match, and what stands near it")
{
    static const struct shape rows[] = {
        { "NXLog", "product: windows, category: process_creation", "CommandLine|contains: whoami",
          WIN(SYSMON, "1", ",\"SourceName\":\"Microsoft-Windows-Sysmon\",\"CommandLine\":\"whoami /all\""),
          WIN(SYSMON, "5", ",\"SourceName\":\"Microsoft-Windows-Sysmon\",\"CommandLine\":\"whoami /all\"") },
        { "OSSEM names", "product: windows, category: process_creation", "CommandLine|contains: whoami",
          "{\"event_id\":1,\"source_name\":\"Microsoft-Windows-Sysmon\",\"CommandLine\":\"whoami\"}",
          "{\"event_id\":1,\"source_name\":\"Microsoft-Windows-Kernel\",\"CommandLine\":\"whoami\"}" },
        { "Winlogbeat", "product: windows, service: security", "TargetUserName: lan",
          BEAT("Security", "4625", "\"TargetUserName\":\"lan\""),
          BEAT("System", "4625", "\"TargetUserName\":\"lan\"") },
        { "tree of .evtx, UserData", "product: windows, service: applocker", "FilePath|endswith: .exe",
          "{\"Event\":{\"System\":{\"EventID\":8003,\"Channel\":\"Microsoft-Windows-AppLocker/EXE and DLL\"},"
          "\"UserData\":{\"RuleAndFileData\":{\"FilePath\":\"A.EXE\"}}}}",
          "{\"Event\":{\"System\":{\"EventID\":8003,\"Channel\":\"Microsoft-Windows-AppLocker/EXE and DLL\"},"
          "\"UserData\":{\"RuleAndFileData\":{\"FilePath\":\"A.DLL\"}}}}" },
        { "4657", "product: windows, category: registry_set", "TargetObject|contains: '\\Run'",
          WIN("Security", "4657", ",\"ObjectName\":\"HKLM\\\\Run\",\"NewValue\":\"a\""),
          WIN("Security", "4656", ",\"ObjectName\":\"HKLM\\\\Run\",\"NewValue\":\"a\"") },
        { "5156", "product: windows, category: network_connection", "DestinationPort: 4444",
          WIN("Security", "5156", ",\"DestPort\":\"4444\",\"Application\":\"a\""),
          WIN("Security", "5158", ",\"DestPort\":\"4444\",\"Application\":\"a\"") },
        { "Defender as antivirus", "category: antivirus", "Signature|contains: Mimikatz",
          WIN("Microsoft-Windows-Windows Defender/Operational", "1116",
              ",\"Threat Name\":\"HackTool:Win32/Mimikatz\",\"Path\":\"C:\""),
          WIN("Microsoft-Windows-Windows Defender/Operational", "2000",
              ",\"Threat Name\":\"HackTool:Win32/Mimikatz\",\"Path\":\"C:\"") },
    };
    CHECK_SHAPES(rows);
}

#define FLUENT(provider, channel, id, inserts) \
    "{\"ProviderName\":\"" provider "\",\"EventID\":" id ",\"Version\":5," \
    "\"TimeCreated\":\"2026-11-24 07:31:02 +0700\"," \
    "\"Channel\":\"" channel "\",\"Computer\":\"PC01\",\"Message\":\"m\",\"StringInserts\":[" inserts "]}"
#define FLUENT_CREATED(image, command) \
    FLUENT("Microsoft-Windows-Sysmon", SYSMON, "1", \
           "\"-\",\"2026-11-24 00:31:02.5\",\"{A}\",4242,\"" image "\",\"10\",\"d\",\"p\",\"c\",\"o\"," \
           "\"" command "\",\"C:\\\\\",\"PC01\\\\lan\",\"{B}\",\"0x1\",1,\"High\",\"MD5=0\",\"{C}\"," \
           "10,\"C:\\\\Program Files\\\\Office\\\\WINWORD.EXE\",\"winword\",\"PC01\\\\lan\"")
#define FLUENT_AUDIT(id, inserts) FLUENT("Microsoft-Windows-Security-Auditing", "Security", id, inserts)
#define FLUENT_SHELL(id, inserts) \
    FLUENT("Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational", id, inserts)
#define CREATED_13 "\"S-1\",\"lan\",\"D\",\"0x1\",\"0x2\",\"C:\\\\Windows\\\\whoami.exe\",\"%%1937\"," \
                   "\"0x3\",\"whoami /all\",\"S-2\",\"-\",\"-\",\"0x0\""
#define FLUENT_XML(xml) "{\"System\":\"" xml "\",\"Message\":\"m\",\"StringInserts\":[\"a\"]}"
#define XML_CREATED(image) "<Event><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID>" \
    "<Channel>" SYSMON "</Channel></System><EventData><Data Name='Image'>" image "</Data></EventData></Event>"
/* EVIDENCE sigma-2/shape-fluent-bit */
TEST("Fluent Bit's values without names get them by provider, event and number")
{
    static const struct shape rows[] = {
        { "Sysmon 1, three fields of one rule", "product: windows, category: process_creation",
          "Image|endswith: '\\cmd.exe'",
          FLUENT_CREATED("C:\\\\cmd.exe", "cmd -enc A"), FLUENT_CREATED("C:\\\\cmd.com", "cmd.exe -enc A") },
        { "the same, its parent", "product: windows, category: process_creation",
          "ParentImage|endswith: '\\winword.exe'",
          FLUENT_CREATED("C:\\\\cmd.exe", "a"),
          FLUENT("Microsoft-Windows-Sysmon", SYSMON, "5", "\"\\\\winword.exe\",\"\",\"\",\"\",\"\",\"\"") },
        { "4688", "product: windows, category: process_creation", "CommandLine|contains: whoami",
          FLUENT_AUDIT("4688", CREATED_13 ",\"C:\\\\cmd.exe\",\"S-3\""), FLUENT_AUDIT("4688", "\"whoami\"") },
        { "4688 as Image", "product: windows, category: process_creation", "Image|endswith: '\\whoami.exe'",
          FLUENT_AUDIT("4688", CREATED_13), FLUENT_AUDIT("4689", CREATED_13) },
        { "4625", "product: windows, service: security", "TargetUserName: lan",
          FLUENT_AUDIT("4625", "1,2,3,4,5,\"lan\",7,8,9,10,11,12,13,14,15,16,17,18,19,20,21"),
          FLUENT_AUDIT("4625", "1,\"lan\",3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21") },
        { "4657", "product: windows, category: registry_set", "Details: evil",
          FLUENT_AUDIT("4657", "1,2,3,4,5,6,7,8,9,10,11,\"evil\",13,14"),
          FLUENT_AUDIT("4657", "1,2,3,4,5,6,7,8,9,\"evil\",11,12,13,14") },
        { "4697", "product: windows, service: security", "ServiceFileName: evil",
          FLUENT_AUDIT("4697", "1,2,3,4,5,\"evil\",7,8,9"),
          FLUENT_AUDIT("4697", "1,2,3,4,\"evil\",6,7,8,9") },
        { "4698", "product: windows, service: security", "TaskName: evil",
          FLUENT_AUDIT("4698", "1,2,3,4,\"evil\",6"),
          FLUENT_AUDIT("4698", "1,2,3,4,5,\"evil\"") },
        { "5156", "product: windows, category: network_connection", "DestinationPort: 4444",
          FLUENT_AUDIT("5156", "1,2,3,4,5,6,4444,8,9,10,11,12,13"),
          FLUENT_AUDIT("5156", "1,2,3,4,4444,6,7,8,9,10,11,12,13") },
        { "7045", "product: windows, service: system", "ImagePath|contains: PSEXESVC",
          FLUENT("Service Control Manager", "System", "7045", "\"a\",\"PSEXESVC.exe\",\"b\",\"c\",\"d\""),
          FLUENT("Service Control Manager", "System", "7045", "\"PSEXESVC.exe\",\"a\",\"b\",\"c\",\"d\"") },
        { "4104", "product: windows, category: ps_script", "ScriptBlockText|contains: Invoke-",
          FLUENT_SHELL("4104", "1,1,\"Invoke-X\",\"i\",\"\""),
          FLUENT_SHELL("4103", "\"Invoke-X\",\"\",\"\"") },
        { "XML", "product: windows, category: process_creation", "Image|endswith: '\\cmd.exe'",
          FLUENT_XML(XML_CREATED("C:\\\\cmd.exe")), FLUENT_XML(XML_CREATED("C:\\\\a.exe")) },
    };
    CHECK_SHAPES(rows);
}

TEST("values that no row names are counted, and rules by channel and number are tried all the same")
{
    const char *record = FLUENT_AUDIT("4625", "\"lan\"");
    struct ruleset *ruleset = compile_text("title: t\nlogsource: {product: windows, service: security}\n"
                                           "detection:\n  s:\n    EventID: 4625\n  condition: s\n",
                                           LOGSOURCES, NULL);
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct scanner *s = scanner_new(ruleset);
    CHECK(meets_decoded(s, record, &arena));
    CHECK_SLICE(scanner_unknown(s),
                "Provider_Name=Microsoft-Windows-Security-Auditing EventID=4625, values without names");
    CHECK(meets_as_file(s, record, &arena));
    CHECK(scanner_unknown(s).len > 0);
    CHECK(scanner_statistics(s).unknown >= 2);
    CHECK(!meets_decoded(s, FLUENT("Service Control Manager", "System", "7045", "1,2,3,4,5"), &arena));
    CHECK_INT(scanner_unknown(s).len, 0);
    scanner_free(&s);
    ruleset_free(&ruleset);
}

#define FILEBEAT(program) \
    "{\"@timestamp\":\"2026-11-24T00:31:02Z\",\"message\":\"Nov 24 07:31:02 web01 " program "[7]: " \
    "Failed password for root from 203.0.113.77 port 4022 ssh2\"}"
#define JOURNAL(program) \
    "{\"__REALTIME_TIMESTAMP\":\"1795480262123456\",\"SYSLOG_IDENTIFIER\":\"" program "\"," \
    "\"MESSAGE\":\"lan : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/bash\"}"

TEST("lines that JSON carries are opened: Filebeat's and the journal's")
{
    static const struct shape rows[] = {
        { "Filebeat", "product: linux, service: sshd", "src_ip: 203.0.113.77",
          FILEBEAT("sshd"), FILEBEAT("other") },
        { "journalctl -o json", "product: linux, service: sudo", "CommandLine|contains: /bin/bash",
          JOURNAL("sudo"), JOURNAL("cat") },
    };
    CHECK_SHAPES(rows);
}

#define EXECVE "type=EXECVE msg=audit(1795480262.123:456): argc=2 a0=\"cat\" a1="

#define XML(provider, id, name, value) \
    "<Event><System><Provider Name=\"" provider "\"/><EventID>" id "</EventID><Channel>" provider \
    "/Operational</Channel></System><EventData><Data Name=\"" name "\">" value "</Data></EventData></Event>"
#define SYSMON_LINUX(id, name, value) \
    "<14>Nov 24 07:31:02 web01 sysmon: " XML("Linux-Sysmon", id, name, value)

/* EVIDENCE sigma-2/shape-xml */
TEST("Linux, clouds and containers, shape by shape")
{
    static const struct shape rows[] = {
        { "Sysmon for Linux", "product: linux, category: process_creation", "CommandLine|contains: '> /tmp'",
          SYSMON_LINUX("1", "CommandLine", "curl a &gt; /tmp/a"),
          SYSMON_LINUX("5", "CommandLine", "curl a &gt; /tmp/a") },
        { "the same, connections", "product: linux, category: network_connection", "DestinationPort: 4444",
          SYSMON_LINUX("3", "DestinationPort", "4444"), SYSMON_LINUX("3", "SourcePort", "4444") },
        { "the same is no Windows", "product: windows, category: process_creation", "Image: a",
          XML("Microsoft-Windows-Sysmon", "1", "Image", "a"), SYSMON_LINUX("1", "Image", "a") },
        { "the same, as JSON", "product: linux, category: process_creation", "Image: /bin/sh",
          "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Linux-Sysmon\"}},\"EventID\":1,"
          "\"Channel\":\"Linux-Sysmon/Operational\"},\"EventData\":{\"Image\":\"/bin/sh\"}}}",
          EVTX(SYSMON, "1", "\"Image\":\"/bin/sh\"") },
        { "auditd", "product: linux, service: auditd", "a1|contains: shadow", EXECVE "\"/etc/shadow\"",
          EXECVE "\"/etc/passwd\"" },
        { "Azure activity", "product: azure, service: activitylogs",
          "operationName: MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE",
          "{\"category\":\"Administrative\","
          "\"operationName\":\"Microsoft.Authorization/roleAssignments/write\"}",
          "{\"category\":\"SignInLogs\",\"operationName\":\"Sign-in activity\"}" },
        { "Azure sign-in", "product: azure, service: signinlogs",
          "properties.conditionalAccessStatus: failure",
          "{\"category\":\"SignInLogs\",\"properties\":{\"conditionalAccessStatus\":\"failure\"}}",
          "{\"category\":\"AuditLogs\",\"properties\":{\"conditionalAccessStatus\":\"failure\"}}" },
        { "GCP", "product: gcp, service: gcp.audit", "protoPayload.methodName|endswith: .setIamPolicy",
          "{\"protoPayload\":{\"methodName\":\"storage.setIamPolicy\",\"serviceName\":\"s\"}}",
          "{\"jsonPayload\":{\"methodName\":\"storage.setIamPolicy\"}}" },
        { "M365", "product: m365, service: audit", "Operation: New-InboxRule",
          "{\"Workload\":\"Exchange\",\"Operation\":\"New-InboxRule\"}",
          "{\"Operation\":\"New-InboxRule\"}" },
        { "Okta", "product: okta, service: okta", "eventType: user.mfa.factor.deactivate",
          "{\"eventType\":\"user.mfa.factor.deactivate\",\"published\":\"2026-11-24T00:31:02Z\","
          "\"actor\":{\"alternateId\":\"a\"},\"outcome\":{\"result\":\"SUCCESS\"}}",
          "{\"eventType\":\"factor\"}" },
        { "GitHub", "product: github, service: audit", "action: org.remove_member",
          "{\"action\":\"org.remove_member\",\"actor\":\"a\",\"org\":\"o\"}",
          "{\"action\":\"org.remove_member\",\"actor\":\"a\"}" },
        { "Kubernetes", "product: kubernetes, service: audit", "objectRef.resource: secrets",
          "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"verb\":\"list\","
          "\"objectRef\":{\"resource\":\"secrets\"}}",
          "{\"kind\":\"Event\",\"apiVersion\":\"v1\",\"objectRef\":{\"resource\":\"secrets\"}}" },
        { "CloudTrail", "product: aws, service: cloudtrail", "eventName: StopLogging",
          "{\"eventVersion\":\"1.08\",\"eventSource\":\"cloudtrail.amazonaws.com\","
          "\"eventName\":\"StopLogging\",\"awsRegion\":\"a\"}",
          "{\"eventSource\":\"cloudtrail.example.com\",\"eventName\":\"StopLogging\"}" },
    };
    CHECK_SHAPES(rows);
}

#define EVE(type, more) "{\"event_type\":\"" type "\",\"flow_id\":1," more "}"
#define EVE_HTTP(url) EVE("http", "\"http\":{\"hostname\":\"a.vn\",\"url\":\"" url "\"," \
                          "\"http_user_agent\":\"sqlmap\",\"http_method\":\"GET\"," \
                          "\"http_refer\":\"r\",\"status\":200}")
#define EVE_QUERIES "\"dns\":{\"version\":3,\"type\":\"response\",\"queries\":[{\"rrname\":\"bad.vn\"," \
                    "\"rrtype\":\"TXT\"}],\"answers\":[{\"rrname\":\"bad.vn\",\"rdata\":\"IEX\"}]}"

#define FORTIGATE(type) "date=2026-11-24 time=07:31:02 devname=F devid=FG1 type=\"" type "\" "
#define ASA(priority, code) "<" priority ">Nov 24 2026 07:31:02 fw: %ASA-" code ": "
#define SQUID "1795480262.123    456 10.1.2.30 TCP_MISS/200 1234 "
#define IIS(asked) \
    "2026-11-24 00:31:02 10.1.2.3 POST " asked " 443 - 203.0.113.77 Mozilla/5.0 - 200 0 0 15"
#define NAMED "<30>Nov 24 07:31:02 ns1 named[7]: client 10.1.2.30#5353 (bad.vn): "
#define ACCESS "203.0.113.77 - - [24/Nov/2026:07:31:02 +0700] "

/* EVIDENCE sigma-2/shape-devices sigma-2/shape-suricata */
TEST("the network, shape by shape")
{
    static const struct shape rows[] = {
        { "Suricata http, a proxy's", "category: proxy", "c-uri|contains: '/cmd.exe'",
          EVE_HTTP("/a/cmd.exe?x=1"), EVE_HTTP("/a/b?x=1") },
        { "the same, cs-uri", "category: proxy", "cs-uri|endswith: '?x=1'",
          EVE_HTTP("/a?x=1"), EVE_HTTP("/a") },
        { "the same, host", "category: proxy", "cs-host: a.vn",
          EVE_HTTP("/"), EVE("tls", "\"tls\":{\"sni\":\"a.vn\"}") },
        { "Suricata http, a web server's", "category: webserver", "cs-uri-stem|startswith: '/a/'",
          EVE_HTTP("/a/b"), EVE_HTTP("/b/a") },
        { "the same, agent", "category: webserver", "cs-user-agent: sqlmap", EVE_HTTP("/"),
          EVE("fileinfo", "\"http\":{\"http_user_agent\":\"sqlmap\"}") },
        { "Suricata dns", "category: dns", "query|endswith: .vn",
          EVE("dns", "\"dns\":{\"type\":\"query\",\"rrname\":\"bad.vn\",\"rrtype\":\"TXT\"}"),
          EVE("dns", "\"dns\":{\"type\":\"query\",\"rrname\":\"bad.la\",\"rrtype\":\"TXT\"}") },
        { "Suricata 8 dns", "category: dns", "query|endswith: .vn",
          EVE("dns", EVE_QUERIES), EVE("alert", EVE_QUERIES) },
        { "Suricata 8 dns, type", "category: dns", "record_type: TXT", EVE("dns", EVE_QUERIES),
          EVE("dns", "\"dns\":{\"queries\":[{\"rrtype\":\"A\"}]}") },
        { "Suricata 8 dns, answer", "category: dns", "answer|contains: IEX", EVE("dns", EVE_QUERIES),
          EVE("dns", "\"dns\":{\"queries\":[{\"rrname\":\"IEX\"}]}") },
        { "Suricata flow", "category: firewall", "dst_port: 4444", EVE("flow", "\"dest_port\":4444"),
          EVE("http", "\"dest_port\":4444") },
        { "Suricata alert", "product: suricata, service: alert", "alert.severity: 1",
          EVE("alert", "\"alert\":{\"severity\":1}"), EVE("flow", "\"alert\":{\"severity\":1}") },
        { "Zeek dns", "category: dns", "answer|contains: IEX",
          "{\"_path\":\"dns\",\"query\":\"a\",\"answers\":[\"x IEX\"]}",
          "{\"_path\":\"http\",\"query\":\"a\",\"answers\":[\"x IEX\"]}" },
        { "Zeek http, a proxy's", "category: proxy", "cs-uri|contains: evil",
          "{\"_path\":\"http\",\"uri\":\"/evil\"}", "{\"_path\":\"http\",\"host\":\"evil\"}" },
        { "Zeek http, a web server's", "category: webserver", "cs-uri-stem|contains: evil",
          "{\"_path\":\"http\",\"uri\":\"/evil\"}", "{\"_path\":\"ssl\",\"uri\":\"/evil\"}" },
        { "FortiGate event", "product: fortigate, service: event", "cfgpath: system.admin",
          FORTIGATE("event") "action=\"Add\" cfgpath=\"system.admin\"",
          FORTIGATE("traffic") "action=\"Add\" cfgpath=\"system.admin\"" },
        { "FortiGate web filter", "category: proxy", "cs-host: bad.example",
          FORTIGATE("utm") "hostname=\"bad.example\" url=\"/\"",
          FORTIGATE("traffic") "hostname=\"bad.example\"" },
        { "ASA", "category: firewall", "dst_port: 22",
          ASA("164", "4-106023") "Deny tcp src outside:203.0.113.77/40112 dst inside:10.1.2.3/22 "
          "by access-group \"o\"",
          ASA("164", "4-106023") "Deny tcp src outside:203.0.113.77/22 dst inside:10.1.2.3/80 "
          "by access-group \"o\"" },
        { "ASA, a command", "product: cisco, service: aaa", "'|contains': 'no logging'",
          ASA("165", "5-111008") "User 'lan' executed the 'no logging enable' command.",
          ASA("165", "5-111008") "User 'lan' executed the 'logging enable' command." },
        { "Squid", "category: proxy", "c-uri|endswith: .exe",
          SQUID "GET http://bad.example/a.exe - HIER_DIRECT/203.0.113.77 text/html",
          SQUID "GET http://bad.example/a - HIER_DIRECT/203.0.113.77 a.exe" },
        { "IIS", "category: webserver", "cs-uri-stem|endswith: .aspx",
          IIS("/a.aspx cmd=whoami"), IIS("/a.html cmd=b.aspx") },
        { "BIND", "category: dns", "record_type: TXT",
          NAMED "query: bad.vn IN TXT + (10.1.2.3)", NAMED "query: bad.vn IN A + (10.1.2.3)" },
        { "dnsmasq", "category: dns", "query: bad.vn",
          "<30>Nov 24 07:31:02 gw dnsmasq[7]: query[A] bad.vn from 10.1.2.30",
          "<30>Nov 24 07:31:02 gw dnsmasq[7]: started, version 2.90" },
        { "Unbound", "category: dns", "query: bad.vn",
          "<30>Nov 24 07:31:02 ns1 unbound: [123:0] info: 10.1.2.30 bad.vn. TXT IN",
          "<30>Nov 24 07:31:02 ns1 unbound: [123:0] info: 10.1.2.30 good.vn. TXT IN" },
        { "iptables", "category: firewall", "dst_port: 22",
          "<4>Nov 24 07:31:02 gw kernel: [1.0] DROP IN=eth0 OUT= MAC= SRC=203.0.113.77 DST=10.1.2.3 "
          "LEN=60 PROTO=TCP SPT=4 DPT=22 ",
          "<4>Nov 24 07:31:02 gw kernel: [1.0] usb 1-1: DPT=22" },
        { "CEF, firewall", "category: firewall", "dst_port: 445",
          "CEF:0|Palo Alto Networks|PAN-OS|10|end|TRAFFIC|1|src=10.1.2.3 dst=203.0.113.77 dpt=445 act=allow",
          "CEF:0|KasperskyLab|SecurityCenter|13|X|Found|4|src=10.1.2.3 dst=203.0.113.77 dpt=445" },
        { "CEF, proxy", "category: proxy", "c-uri|contains: '/x'",
          "CEF:0|Zscaler|NSSWeblog|5|Allowed|Allowed|3|src=10.1.2.3 request=bad.example/x requestMethod=GET",
          "CEF:0|F5|ASM|16|1|Attack|3|src=10.1.2.3 request=bad.example/x requestMethod=GET" },
        { "CEF, web server", "category: webserver", "cs-uri-query|contains: '<script>'",
          "CEF:0|F5|ASM|16|1|Attack|3|src=203.0.113.77 request=/a?q\\=<script> requestMethod=GET",
          "CEF:0|F5|ASM|16|1|Attack|3|src=203.0.113.77 msg=<script>" },
        { "CEF, antivirus", "category: antivirus", "Signature|contains: Mimikatz",
          "CEF:0|Trend Micro|Apex Central|2019|AV:File cleaned|HKTL_MIMIKATZ|3|filePath=C:\\\\a.exe",
          "CEF:0|Trend Micro|Apex Central|2019|AV:File cleaned|EICAR|3|filePath=C:\\\\mimikatz.exe" },
        { "the same, file", "category: antivirus", "Filename|endswith: .exe",
          "CEF:0|KasperskyLab|SecurityCenter|13|X|Found|4|fname=a.exe",
          "CEF:0|KasperskyLab|SecurityCenter|13|X|a.exe|4|fname=a.dll" },
        { "LEEF, antivirus", "category: antivirus", "Signature: JS_X",
          "LEEF:1.0|Trend Micro|Apex Central|2019|AV:File|virusName=JS_X\tfilePath=C:\\a.js",
          "LEEF:1.0|Trend Micro|Apex Central|2019|AV:File|virusName=JS_Y\tfilePath=C:\\a.js" },
        { "LEEF, firewall", "product: paloalto, category: firewall", "dst_port: 445",
          "LEEF:1.0|Palo Alto Networks|PAN-OS|10|allow|src=10.1.2.3\tdst=203.0.113.77\tdstPort=445",
          "LEEF:1.0|Cisco|ASA|10|allow|src=10.1.2.3\tdst=203.0.113.77\tdstPort=445" },
        { "a path that a rule looks for in the query", "category: webserver",
          "cs-uri-query|contains: '/tmui/'",
          ACCESS "\"GET /tmui/login.jsp?a=1 HTTP/1.1\" 200 5 \"-\" \"-\"",
          ACCESS "\"GET /login.jsp?a=1 HTTP/1.1\" 200 5 \"/tmui/\" \"-\"" },
        { "the same in JSON", "category: webserver", "cs-uri-query|contains|all: ['/tmui/', 'a=1']",
          "{\"cs-method\":\"GET\",\"cs-uri-stem\":\"/tmui/\",\"cs-uri-query\":\"a=1\",\"sc-status\":200}",
          "{\"cs-method\":\"GET\",\"cs-uri-stem\":\"/tmui/\",\"cs-uri-query\":\"\",\"sc-status\":200}" },
    };
    CHECK_SHAPES(rows);
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

TEST("the pipeline and detect try the same rules: logsources/ alone says what an event is")
{
    static const char *const records[] = {
        WIN(SYSMON, "1", ""), EVTX(SYSMON, "1", "\"Image\":\"a\""), BEAT(SYSMON, "1", "\"Image\":\"a\""),
        WIN(SYSMON, "12", ",\"EventType\":\"CreateKey\""), WIN(SYSMON, "12", ",\"EventType\":\"DeleteKey\""),
        EVTX(SYSMON, "12", "\"EventType\":\"DeleteValue\""),
        BEAT(SYSMON, "12", "\"EventType\":\"CreateKey\""),
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
    decoder_decode(own_decoders(), event, &batch->arena, NULL);
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
