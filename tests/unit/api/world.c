#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "client.h"
#include "records/agency.h"
#include "records/alert.h"
#include "records/certificate.h"
#include "records/incident.h"
#include "records/source.h"
#include "records/system.h"
#include "records/user.h"
#include "test.h"

static struct world the_world;

#define MUST(condition)                                                    \
    do {                                                                   \
        if (!(condition)) {                                                \
            fprintf(stderr, "# %s: %s: %s\n", #condition, e.place, e.sentence); \
            abort();                                                       \
        }                                                                  \
    } while (0)

/* ---- what stands in the records -------------------------------------------------------------- */

void world_fingerprint(const char *agency, char sha256[65])
{
    for (int i = 0; i < 64; i++)
        sha256[i] = "0123456789abcdef"[(agency[strlen(agency) - 1] + i) % 16];
    sha256[64] = '\0';
}

static void add_agency(const char *key, const char *name, const char *kind, int64_t rank)
{
    struct error e = ERROR_NONE;
    struct records_agency agency = { .key = slice_of(key), .name = slice_of(name),
                                     .kind = slice_of(kind), .rank = rank };
    char system_key[64], source_key[64];
    enum records_change change;

    MUST(records_agency_put(the_world.records, &ACTOR_SYSTEM, &agency, &change, &e));
    snprintf(system_key, sizeof system_key, "%s.cong", key);
    snprintf(source_key, sizeof source_key, "%s.cong.web01", key);
    struct records_system system = { .key = slice_of(system_key), .name = SLICE("Cổng thông tin"),
                                     .agency = agency.key, .level = 2,
                                     .dossier = SLICE("approved") };
    MUST(records_system_put(the_world.records, &ACTOR_SYSTEM, &system, &change, &e));
    struct records_source source = { .key = slice_of(source_key), .name = SLICE("web01"),
                                     .system = system.key, .kind = SLICE("syslog"),
                                     .network = SLICE("192.0.2.0/24"), .enabled = true };
    MUST(records_source_put(the_world.records, &ACTOR_SYSTEM, &source, &change, &e));
    char relay_key[64], sha256[65];
    snprintf(relay_key, sizeof relay_key, "%s.tram", key);
    world_fingerprint(key, sha256);
    struct records_relay relay = { .key = slice_of(relay_key), .name = SLICE("Trạm"),
                                   .agency = agency.key, .enabled = true };
    struct records_certificate certificate = {
        .sha256 = slice_of(sha256), .holder = { false, source.key }, .pem = SLICE("-"),
        .valid_from = 1, .valid_to = clock_now() + 400 * CLOCK_DAY, .origin = SLICE("package") };
    MUST(records_relay_put(the_world.records, &ACTOR_SYSTEM, &relay, &change, &e));
    MUST(records_certificate_add(the_world.records, &ACTOR_SYSTEM, &certificate, &e));
}

static int64_t add_alert(const char *agency, uint64_t sequence)
{
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    char system[64], source[64];
    int64_t now = clock_now();
    struct records_alert_event event = {
        .event = SLICE("20261124.standard.1"), .time = now, .received = now,
        .decoder = SLICE("sshd"), .product = SLICE("linux"), .service = SLICE("sshd"),
        .fields = SLICE("{\"user\":\"root\",\"src_ip\":[\"203.0.113.7\",\"203.0.113.8\"],\"n\":3}"),
        .raw = SLICE("Failed password for root from 203.0.113.7 port 22 ssh2") };

    snprintf(system, sizeof system, "%s.cong", agency);
    snprintf(source, sizeof source, "%s.cong.web01", agency);
    event.source = slice_of(source);
    struct records_alert_match match = {
        .day = 20261124,
        .class = SLICE("standard"),
        .sequence = sequence,
        .rule = SLICE("0b0c5a1e-0000-4000-8000-000000000001"),
        .title = SLICE("SSH guessing"),
        .title_vi = SLICE("Dò mật khẩu SSH"),
        .author = SLICE("haidang"),
        .license = SLICE("DRL-1.1"),
        .tags = SLICE("attack.t1110.001 attack.credential-access"),
        .level = 3,
        .agency = slice_of(agency),
        .system = slice_of(system),
        .source = slice_of(source),
        .entity = SLICE("src_ip=203.0.113.7"),
        .why =
            SLICE("{\"type\":\"event_count\",\"group\":{\"src_ip\":\"203.0.113.7\"},\"count\":20,"
                  "\"threshold\":10,\"timespan_s\":300}"),
        .time = now,
        .events = &event,
        .event_count = 1
    };
    MUST(records_alert_fold(the_world.records, &match, NULL, &e));
    struct records_alert_filter filter = { .agency = slice_of(agency) };
    struct records_page page = { 0 };
    struct records_alert_list list;
    arena_init(&arena, 0);
    MUST(records_alert_list(the_world.records, &RECORDS_SCOPE_ALL, &filter, &page, &arena, &list,
                            &e));
    return list.rows[0].id;
}

static int64_t add_incident(const char *agency)
{
    struct error e = ERROR_NONE;
    int64_t id, now = clock_now();
    struct records_incident incident = {
        .title = SLICE("Trang bị thay đổi giao diện"), .state = SLICE("new"), .severity = 3,
        .agency = slice_of(agency), .regime = SLICE("vn-2019"), .opened_by = SLICE("lead"),
        .opened_at = now, .detected_at = now, .tell_due = now + 5 * CLOCK_DAY };

    MUST(records_incident_insert(the_world.records, &ACTOR_SYSTEM, &incident, &id, &e));
    return id;
}

static void add_user(const char *name, enum role role, const char *agency)
{
    struct error e = ERROR_NONE;
    struct records_user user = { .name = slice_of(name), .full_name = SLICE("Nguyễn Văn A"),
                                 .role = role, .agency = slice_of(agency ? agency : ""),
                                 .language = SLICE("en") };

    MUST(records_user_add(the_world.records, &ACTOR_SYSTEM, &user, SLICE(WORLD_PASSWORD), &e));
}

static void fill(void)
{
    static const char *const roles[] = { "lead", "responder", "finance", "police", "assessor",
                                         "leader", "admin" };
    struct error e = ERROR_NONE;
    enum role role;

    MUST(records_setting_put(the_world.records, &ACTOR_SYSTEM, "province", SLICE("Khánh Hòa"), &e));
    add_agency("so-tttt", "Sở Thông tin và Truyền thông", "so-nganh", 1);
    add_agency("so-y-te", "Sở Y tế", "so-nganh", 2);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        role_parse(slice_of(roles[i]), &role);
        add_user(roles[i], role, NULL);
    }
    add_user("agency", ROLE_AGENCY, "so-y-te");
    add_user("other", ROLE_AGENCY, "so-tttt");
    the_world.alert_own = add_alert("so-y-te", 1);
    the_world.alert_other = add_alert("so-tttt", 2);
    the_world.incident_own = add_incident("so-y-te");
    the_world.incident_other = add_incident("so-tttt");
}

/* ---- a reader that always finds the same two events ------------------------------------------ */

static struct api_search_request asked;   /* of its slices only the scope outlives the call */
static char asked_scope[64], asked_beside[4096];

const char *world_asked_beside(void)
{
    return asked_beside;
}

const struct api_search_request *world_asked(void)
{
    return &asked;
}

static bool fake_run(void *owner, const struct api_search_request *request,
                     bool (*line)(void *, enum api_search_line, struct slice), void *user,
                     struct error *e)
{
    static const char one[] =
        "{\"id\":\"20261124.standard.2\",\"time\":\"2026-11-24T00:30:05.120000000Z\",\"received\":"
        "\"2026-11-24T00:30:06Z\",\"source\":\"so-y-te.cong.web01\",\"system\":\"so-y-te.cong\","
        "\"agency\":\"so-y-te\",\"decoder\":\"sshd\",\"logsource\":{\"product\":\"linux\","
        "\"category\":\"\",\"service\":\"sshd\"},\"flags\":[],\"raw\":\"Failed\",\"fields\":"
        "{\"user\":\"root\",\"src_ip\":[\"10.0.0.1\",\"10.0.0.2\"],\"n\":3,\"ok\":true,\"x\":null}"
        "}";
    static const char two[] =
        "{\"id\":\"20261124.standard.1\",\"time\":\"2026-11-24T00:20:05Z\",\"received\":"
        "\"2026-11-24T00:20:06Z\",\"source\":\"\",\"system\":\"\",\"agency\":\"\",\"decoder\":\"\","
        "\"logsource\":{\"product\":\"\",\"category\":\"\",\"service\":\"\"},\"flags\":"
        "[\"undecoded\"],\"raw\":\"what\",\"fields\":{\"user\":\"admin\"}}";
    static const char foot[] =
        "{\"end\":\"complete\",\"files\":1,\"blocks\":3,\"blocks_read\":2,\"blocks_skipped_time\":"
        "1,"
        "\"matched\":2,\"delivered\":2,\"bytes_inflated\":4096,\"elapsed_ms\":1.5}";
    (void)owner;
    snprintf(asked_scope, sizeof asked_scope, "%.*s", SLICE_ARGS(request->scope));
    asked = *request;
    asked.scope = slice_of(asked_scope);
    if (slice_is(request->query, "(")) {
        error_set(e, "a bracket is open");
        error_place(e, "1");
        return error_kind(e, ERROR_INPUT);
    }
    if (request->rule.len) {
        snprintf(asked_beside, sizeof asked_beside, "%.*s", SLICE_ARGS(request->beside));
        return line(user, API_SEARCH_HEAD,
                    SLICE("{\"rules\":[{\"id\":\"r\",\"title\":\"T\",\"title_vi\":\"Đ\",\"level\":\"low\","
                          "\"correlation\":false,\"silent\":false,\"unreachable\":true}],"
                          "\"warnings\":[{\"sentence\":\"careful\",\"sentence_vi\":\"cẩn thận\"}]}")) &&
               line(user, API_SEARCH_MATCH,
                    SLICE("{\"rule\":\"r\",\"title\":\"T\",\"title_vi\":\"\",\"level\":\"low\",\"time\":"
                          "\"2026-11-24T07:30:05+07:00\",\"entity\":\"\",\"id\":\"20261124.standard.2\","
                          "\"earlier\":[],\"why\":[{\"selection\":\"s\",\"field\":\"user\",\"value\":"
                          "\"root\",\"pattern\":\"root\"}],\"event\":null}")) &&
               line(user, API_SEARCH_DAYS,
                    SLICE("{\"days\":[{\"day\":20261124,\"events\":9,\"matches\":2,\"alerts\":1,"
                          "\"whole\":true}],\"events\":9,\"matches\":2,\"alerts\":1,\"cut\":0,"
                          "\"excepted\":3,\"dropped\":0,\"regex_limit\":0,\"expected\":1.5}")) &&
               line(user, API_SEARCH_FOOT, slice_of(foot));
    }
    if (request->id && strcmp(request->id, "20261124.standard.2") != 0) {
        error_set(e, "there is no such event");
        return error_kind(e, ERROR_NOT_FOUND);
    }
    bool table = slice_find(request->query, SLICE("| count")) < request->query.len;
    if (!request->id && !line(user, API_SEARCH_HEAD, table ? SLICE("{\"table\":true}")
                                                           : SLICE("{\"table\":false}")))
        return true;
    if (table)
        return line(user, API_SEARCH_COLUMNS, SLICE("{\"columns\":[\"user\",\"count\"]}")) &&
               line(user, API_SEARCH_ROW, SLICE("[\"=root\",2]")) &&
               line(user, API_SEARCH_FOOT, slice_of(foot));
    while (request->live) {
        if (!line(user, API_SEARCH_WAITING, SLICE_NONE))
            return true;
        line(user, API_SEARCH_EVENT, slice_of(one));
        line(user, API_SEARCH_FOOT, slice_of(foot));
    }
    if (request->explain)
        line(user, API_SEARCH_EXPLAIN,
             SLICE("{\"file\":\"20261124.standard.db\",\"block\":3,\"why\":\"words\"}"));
    if (request->buckets)
        line(user, API_SEARCH_BUCKETS, SLICE("{\"width_ns\":3600000000000,\"buckets\":"
                                             "[[\"2026-11-24T00:00:00Z\",2]]}"));
    if (request->limit) {
        line(user, API_SEARCH_EVENT, slice_of(one));
        if (!request->id)
            line(user, API_SEARCH_EVENT, slice_of(two));
    }
    return line(user, API_SEARCH_FOOT, slice_of(foot));
}

static void changed(void *owner)
{
    ((struct world *)owner)->changes++;
}

/* ---- start and stop -------------------------------------------------------------------------- */

static void stop(void)
{
    api_stop(&the_world.api);
    records_close(&the_world.records);
    plan_free(&the_world.plan);
}

struct world *world(void)
{
    static char path[128];
    struct error e = ERROR_NONE;
    struct api_options options = { 0 };

    if (the_world.api)
        return &the_world;
    snprintf(path, sizeof path, "%s/haidang.db", test_folder());
    MUST(records_open(path, RECORDS_WRITE, &the_world.records, &e));
    fill();
    MUST(plan_load(PROJECT_ROOT "/plans/802-kh-ubnd-2019", PROJECT_ROOT "/regimes",
                   &the_world.plan, &e));
    options.listen_fd = client_listener(&the_world.port);
    options.records = path;
    options.plan = the_world.plan;
    options.rules[0] = PROJECT_ROOT "/rules";
    options.search.run = fake_run;
    options.changed = changed;
    options.changed_owner = &the_world;
    options.language = "en";
    options.syslog_address = "127.0.0.1:5514";
    options.http_address = "127.0.0.1:8514";
    options.idle_seconds = 1800;
    MUST(api_start(&options, &the_world.api, &e));
    atexit(stop);
    return &the_world;
}

/* ---- the client ------------------------------------------------------------------------------ */

struct answer ask(const struct session *session, const char *method, const char *path,
                  const char *body, const char *extra)
{
    static char request[200000];
    size_t room = 8u << 20;
    struct answer answer = { .bytes = malloc(room) };
    bool reads = strcmp(method, "GET") == 0;

    snprintf(request, sizeof request,
             "%s %s%s HTTP/1.1\r\nHost: haidang\r\nConnection: close\r\n%s%s%s%s%s%s%s"
             "%sContent-Length: %zu\r\n\r\n%s",
             method, path[0] == '!' ? "" : "/api/v1", path[0] == '!' ? path + 1 : path,
             session ? "Cookie: haidang_session=" : "", session ? session->cookie : "",
             session ? "\r\n" : "", session && !reads ? "X-Haidang-Csrf: " : "",
             session && !reads ? session->csrf : "", session && !reads ? "\r\n" : "",
             extra ? extra : "", body ? "Content-Type: application/json\r\n" : "",
             body ? strlen(body) : 0, body ? body : "");
    size_t len = client_ask(world()->port, request, answer.bytes, room);
    char *end = strstr(answer.bytes, "\r\n\r\n");
    if (len > 12)
        answer.status = (unsigned)strtoul(answer.bytes + 9, NULL, 10);
    answer.body = end ? end + 4 : "";
    answer.len = end ? len - (size_t)(end + 4 - answer.bytes) : 0;
    snprintf(answer.head, sizeof answer.head, "%.*s", end ? (int)(end - answer.bytes) : 0,
             answer.bytes);
    return answer;
}

void answer_free(struct answer *answer)
{
    free(answer->bytes);
    answer->bytes = NULL;
}

static void copy_between(const char *text, const char *before, char end, char *out, size_t size)
{
    const char *at = strstr(text, before);
    size_t len = 0;

    for (at = at ? at + strlen(before) : ""; at[len] && at[len] != end && len + 1 < size; len++)
        out[len] = at[len];
    out[len] = '\0';
}

struct session log_in(const char *name, const char *password)
{
    struct session session = { .status = 0 };
    char body[2200];

    snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"%s\"}", name, password);
    ANSWER answer = ask(NULL, "POST", "/session", body, NULL);
    session.status = answer.status;
    copy_between(answer.head, "haidang_session=", ';', session.cookie, sizeof session.cookie);
    copy_between(answer.body, "\"csrf\":\"", '"', session.csrf, sizeof session.csrf);
    return session;
}

const struct session *session_of(const char *name)
{
    static struct {
        char name[32];
        struct session session;
    } kept[16];
    size_t i = 0;

    while (kept[i].name[0] && strcmp(kept[i].name, name) != 0)
        i++;
    if (!kept[i].name[0]) {
        snprintf(kept[i].name, sizeof kept[i].name, "%s", name);
        kept[i].session = log_in(name, WORLD_PASSWORD);
    }
    return &kept[i].session;
}
