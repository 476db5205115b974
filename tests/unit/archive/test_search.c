#include "fixture.h"

#include "base/clock.h"
#include "test.h"

static const struct fixture_event events[] = {
    { "Failed password for root from 203.0.113.77 port 4711 ssh2", NULL, 10,
      { "user", "root", "src_ip", "203.0.113.77", "src_port", "4711", "action", "failed" } },
    { "Failed password for invalid user Admin from 10.3.77.200 port 22 ssh2", NULL, 20,
      { "user", "Admin", "src_ip", "10.3.77.200", "src_port", "22", "action", "failed" } },
    { "Accepted publickey for lan from 10.0.0.5 port 50022 ssh2", NULL, 30,
      { "user", "lan", "src_ip", "10.0.0.5", "src_port", "50022", "action", "accepted" } },
    { "{\"Image\":\"C:\\\\Windows\\\\System32\\\\cmd.exe\",\"note\":\"một dòng\\nhai dòng\"}",
      "so-y-te", 40, { "Image", "C:\\Windows\\System32\\cmd.exe", "note", "một dòng\nhai dòng" } },
    { "Đăng nhập thất bại của Nguyễn Văn Đức tại Khánh Hòa", "so-y-te", 50, { NULL } },
    { "GET /index.php?id=1%27 HTTP/1.1 www.khanhhoa.gov.vn 404 512", "so-y-te", 60,
      { "sc-status", "404", "sc-bytes", "512", "cs-host", "www.khanhhoa.gov.vn" } },
};

static struct archive *archive;
static const char *directory;

static void fill(void)
{
    struct error e = ERROR_NONE;
    directory = test_folder();
    if (!archive_open(directory, &archive, &e))
        fail_msg("%s", e.sentence);
    fixture_store(archive, events, 3);
    fixture_store(archive, events + 3, 3);
}

static const struct {
    const char *query;
    int count;
} found[] = {
    { "*", 6 }, { "", 6 }, { "failed", 2 }, { "FAILED", 2 }, { "fail", 0 }, { "fail*", 2 },
    { "failed password", 2 }, { "\"password failed\"", 0 }, { "\"failed password\"", 2 },
    { "failed root", 1 }, { "failed or accepted", 3 }, { "failed -root", 1 },
    { "not failed", 4 }, { "failed and not (root or admin)", 0 },
    { "user:root", 1 }, { "user:=ROOT", 1 }, { "user:ro*", 1 }, { "user:*o*", 1 }, { "user:*", 3 },
    { "USER:admin", 1 }, { "user:(root or lan)", 2 }, { "user:(root lan)", 2 }, { "-user:*", 3 },
    { "src_ip:10.0.0.0/8", 2 }, { "src_ip:203.0.113.77", 1 }, { "src_ip:203.0.113.0/24", 1 },
    { "10.3.77.200", 1 }, { "3.77.200", 0 }, { "10.3.77.20", 0 }, { "src_ip:10.3.77.200/32", 1 },
    { "src_port:>1000", 2 }, { "src_port:>=4711", 2 }, { "src_port:<22", 0 }, { "src_port:<=22", 1 },
    { "src_port:22..4711", 2 }, { "src_port:[4000 to 5000]", 1 }, { "src_port:50000..", 1 },
    { "dang nhap", 1 }, { "ĐĂNG NHẬP", 1 }, { "\"nguyen van duc\"", 1 }, { "khánh", 1 },
    { "hoa", 1 }, { "dòng", 1 }, { "\"hai dòng\"", 1 }, { "hai", 1 }, { "nhai", 1 },
    { "\"C:\\Windows\\System32\"", 1 }, { "Image:*\\cmd.exe", 1 }, { "Image:*\\system32\\*", 1 },
    { "Image:=\"C:\\Windows\\System32\\cmd.exe\"", 1 }, { "cmd.exe", 1 }, { "system32", 1 },
    { "*ystem3*", 1 }, { "sys*32", 1 }, { "sys?em32", 1 },
    { "C:\\W*32", 1 }, { "C:\\Windows\\*\\cmd.exe", 1 }, { "C:\\W??dows\\*\\c*d.exe", 1 },
    { "*\\Sys*\\cmd.exe", 1 }, { "C:\\W*\\*\\*\\cmd.exe", 0 },
    { "note:/dòng$/", 1 },
    { "Image:/windows.+\\.EXE/", 1 }, { "khanhhoa.gov.vn", 1 }, { "www.khanhhoa", 1 },
    { "cs-host:khanhhoa.gov.vn", 1 }, { "cs-host:=khanhhoa.gov.vn", 0 },
    { "agency:so-y-te", 3 }, { "agency:so-y", 0 }, { "agency:so-*", 6 },
    { "source:so-tttt.cong.web01", 3 }, { "system:*.cong", 6 }, { "product:linux", 6 },
    { "decoder:test", 6 }, { "class:standard", 6 }, { "class:long", 0 },
    { "id:20251124.standard.4", 1 }, { "id:20251124.standard.9", 0 },
    { "time:>2025-11-24T07:00:35", 3 }, { "time:2025-11-24", 6 }, { "time:2025-11-23", 0 },
    { "time:<2025-11-24T00:00:31Z", 3 }, { "raw:/^get/", 1 }, { "raw:HTTP", 1 },
    { "sc-status:404 sc-bytes:>500", 1 }, { "user:root or sc-status:404", 2 },
    { "mimikatz", 0 }, { "absent.example.com", 0 }, { "fields.user:root", 1 },
    { "id=1", 1 }, { "\"id=1%27\"", 1 },
};

TEST("each query finds what it says in tail blocks")
{
    fill();
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        int count = fixture_count(directory, found[i].query);
        if (count != found[i].count)
            fail_msg("%s: found %d, expected %d", found[i].query, count, found[i].count);
    }
    archive_close(&archive);
}

TEST("each query finds the same in sealed blocks, and the ids stay")
{
    fill();
    fixture_seal(archive);
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        int count = fixture_count(directory, found[i].query);
        if (count != found[i].count)
            fail_msg("%s: found %d, expected %d", found[i].query, count, found[i].count);
    }
    CHECK_INT(fixture_foot.blocks, 1);
    CHECK_INT(fixture_count(directory, "mimikatz"), 0);
    CHECK_INT(fixture_foot.skipped_words, 1);
    CHECK_INT(fixture_foot.blocks_read, 0);
    archive_close(&archive);
}

TEST("results come newest first, and pages follow each other without gap or repetition")
{
    fill();
    struct search_options o = { .scope.all = true, .limit = 2 };
    CHECK_TEXT(fixture_lines(directory, "ssh2", &o),
               "Accepted publickey for lan from 10.0.0.5 port 50022 ssh2|"
               "Failed password for invalid user Admin from 10.3.77.200 port 22 ssh2");
    CHECK_INT(fixture_foot.end, SEARCH_LIMITED);
    o.before = (struct event_id){ .day = 20251124, .class = "standard", .sequence = 2 };
    o.before_time = FIXTURE_DAY + 20 * CLOCK_SECOND;
    CHECK_TEXT(fixture_lines(directory, "ssh2", &o),
               "Failed password for root from 203.0.113.77 port 4711 ssh2");
    CHECK_INT(fixture_foot.end, SEARCH_COMPLETE);
    archive_close(&archive);
}

TEST("an agency sees its own events only, and not that there are others")
{
    fill();
    for (int sealed = 0; sealed < 2; sealed++) {
        struct slice own = SLICE("so-y-te");
        struct search_options o = { .scope = { .agencies = &own, .agency_count = 1 }, .limit = 99 };
        CHECK_TEXT(fixture_lines(directory, "password or GET", &o),
                   "GET /index.php?id=1%27 HTTP/1.1 www.khanhhoa.gov.vn 404 512");
        CHECK_TEXT(fixture_lines(directory, "* | count by agency", &o), "so-y-te,3");
        CHECK_TEXT(fixture_lines(directory, "agency:so-tttt", &o), "");
        CHECK_TEXT(fixture_lines(directory, "not agency:so-y-te", &o), "");
        struct search_options none = { .limit = 99 };
        CHECK_TEXT(fixture_lines(directory, "*", &none), "");
        CHECK_INT(fixture_foot.blocks, 0);
        o.agency = SLICE("so-tttt");
        CHECK_TEXT(fixture_lines(directory, "*", &o), "");
        fixture_seal(archive);
    }
    archive_close(&archive);
}

TEST("one event by its id, and not found outside the scope")
{
    fill();
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct slice own = SLICE("so-y-te");
    struct search_scope all = { .all = true }, scope = { .agencies = &own, .agency_count = 1 };
    struct event_id id = { .day = 20251124, .class = "standard", .sequence = 4 };
    struct search_event event;
    for (int sealed = 0; sealed < 2; sealed++) {
        struct error e = ERROR_NONE;
        CHECK(search_get(directory, &scope, &id, &arena, &event, &e));
        CHECK_SLICE(event_value(&event.event, SLICE("Image")), "C:\\Windows\\System32\\cmd.exe");
        CHECK_SLICE(event_value(&event.event, SLICE("note")), "một dòng\nhai dòng");
        struct event_id other = id;
        other.sequence = 1;
        CHECK(search_get(directory, &all, &other, &arena, &event, &e));
        CHECK(!search_get(directory, &scope, &other, &arena, &event, &e));
        CHECK_INT(e.kind, ERROR_NOT_FOUND);
        other.sequence = 7;
        e = ERROR_NONE;
        CHECK(!search_get(directory, &all, &other, &arena, &event, &e));
        CHECK_INT(e.kind, ERROR_NOT_FOUND);
        fixture_seal(archive);
    }
    archive_close(&archive);
}

static const struct {
    const char *query, *table;
} tables[] = {
    { "* | count", "6" },
    { "mimikatz | count", "0" },
    { "* | count by action", ",3|failed,2|accepted,1" },
    { "action:* | count by action, user", "accepted,lan,1|failed,Admin,1|failed,root,1" },
    { "action:* | top 1 action", "failed,2" },
    { "action:* | count by user | top 2", "Admin,1|lan,1" },
    { "action:* | stats count, sum(src_port), max(src_port) as most, distinct(action)",
      "3,54755,50022,2" },
    { "action:* | stats avg(src_port) by action | sort -action", "failed,2366.5|accepted,50022" },
    { "* | count over 1m", "2025-11-24T00:00:00.000000000Z,5|2025-11-24T00:01:00.000000000Z,1" },
    { "ssh2 | fields user, src_port", "lan,50022|Admin,22|root,4711" },
    { "ssh2 | sort src_port | fields user", "Admin|root|lan" },
    { "* | uniq agency", "so-y-te|so-tttt" },
    { "* | limit 2 | count by agency", "so-y-te,2" },
    { "ssh2 | timechart span=15s",
      "2025-11-24T00:00:00.000000000Z,1|2025-11-24T00:00:15.000000000Z,1|"
      "2025-11-24T00:00:30.000000000Z,1" },
    { "* | count by agency | sort count | limit 1 | fields agency", "so-tttt" },
};

TEST("each pipe gives its table")
{
    fill();
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const char *table = fixture_table(directory, tables[i].query);
        if (strcmp(table, tables[i].table) != 0)
            fail_msg("%s: %s, expected %s", tables[i].query, table, tables[i].table);
    }
    archive_close(&archive);
}

TEST("the limit cuts the rows that go out, not the events that a table is made of")
{
    static const char *const cut[][2] = {
        { "ssh2 | fields user", "lan" },
        { "ssh2 | fields user | count", "3" },
        { "ssh2 | fields user | sort user", "Admin" },
        { "ssh2 | fields user, src_port | limit 2 | stats min(src_port)", "22" },
        { "* | limit 4 | count", "4" },
        { "* | limit 4 | uniq agency", "so-y-te" },
    };
    fill();
    for (int sealed = 0; sealed < 2; sealed++) {
        for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
            struct search_options o = { .scope.all = true, .limit = 1 };
            const char *table = fixture_lines(directory, cut[i][0], &o);
            if (strcmp(table, cut[i][1]) != 0)
                fail_msg("%s: %s, expected %s", cut[i][0], table, cut[i][1]);
        }
        fixture_seal(archive);
    }
    archive_close(&archive);
}

TEST("numbers are sorted before texts, in one order whatever came first")
{
    static const char *const values[] = { "1a", "10", "9", "b", "1e1", "-2", "", "2 " };
    struct fixture_event mixed[8] = { { NULL } };
    for (int turn = 0; turn < 8; turn++) {
        struct error e = ERROR_NONE;
        directory = test_folder();
        CHECK(archive_open(directory, &archive, &e));
        for (int i = 0; i < 8; i++)
            mixed[i] = (struct fixture_event){ "x", NULL, i, { "v", values[(i + turn) % 8] } };
        fixture_store(archive, mixed, 8);
        CHECK_TEXT(fixture_table(directory, "not v:(10 1e1) | sort v | fields v"), "-2|2 |9||1a|b");
        CHECK_TEXT(fixture_table(directory, "not v:(10 1e1) | sort -v | fields v"), "b|1a||9|2 |-2");
        CHECK_TEXT(fixture_table(directory, "not v:1e1 | count by v"),
                   "-2,1|2 ,1|9,1|10,1|,1|1a,1|b,1");
        archive_close(&archive);
    }
}

TEST("figures are right to the last digit of what they are made of")
{
    static const struct fixture_event events_with[] = {
        { "a", NULL, 1, { "n", "12345678.25", "whole", "9223372036854775807", "c", "0.1" } },
        { "b", NULL, 2, { "n", "1000000.5", "whole", "9223372036854775806", "c", "0.2" } },
        { "c", NULL, 3, { "n", "0.125", "whole", "1", "c", "0.3" } },
    };
    struct error e = ERROR_NONE;
    directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    fixture_store(archive, events_with, 3);
    CHECK_TEXT(fixture_table(directory, "* | stats sum(n), avg(c), sum(c), max(n), min(n)"),
               "13345678.875,0.2,0.6,12345678.25,0.125");
    CHECK_TEXT(fixture_table(directory, "* | stats sum(whole), max(whole), min(whole)"),
               "18446744073709551614,9223372036854775807,1");
    CHECK_TEXT(fixture_table(directory, "* | count by whole | sort -whole | fields whole"),
               "9223372036854775807|9223372036854775806|1");
    archive_close(&archive);
}

static const struct fixture_event forms[] = {
    { "a", NULL, 1, { "src_ip", "::1", "ShareName", "\\\\*\\IPC$", "n", "9223372036854775807" } },
    { "b", NULL, 2, { "src_ip", "::ffff:10.0.0.1", "name", "Иван", "n", "9223372036854775808" } },
    { "c", NULL, 60, { "message", "login from 10.0.0.1 port 22", "name", "用户", "n", "0.5" } },
    { "std::vector C:\\Windows\\x", NULL, 61, { "message", "from 10.0.0.10", "name", "b" } },
};

static const struct {
    const char *query;
    int count;
} formed[] = {
    { "src_ip:::1", 1 }, { "src_ip:(::1)", 1 }, { "src_ip:::ffff:10.0.0.1", 1 },
    { "src_ip:10.0.0.1", 1 }, { "std::vector", 1 }, { "C:\\Windows\\x", 1 },
    { "ShareName:\\\\*\\IPC$", 1 }, { "ShareName:\\\\*\\ADMIN$", 0 },
    { "message:10.0.0.1", 1 }, { "message:(10.0.0.1 10.0.0.10)", 2 }, { "message:10.0.0.0/8", 0 },
    { "time:2025-11-24T00:00Z", 2 }, { "time:2025-11-24T07:00", 2 },
    { "time:2025-11-24T07:01+07:00", 2 }, { "time:<=2025-11-24T00:00Z", 2 },
    { "time:>2025-11-24T00:00Z", 2 }, { "time:2025-11-24T00:01:00Z", 1 },
    { "name:И?ан", 1 }, { "name:и??н", 1 }, { "name:И???ан", 0 }, { "name:??", 1 },
    { "name:???", 0 }, { "name:*??", 2 }, { "name:?", 1 }, { "name:*?户", 1 }, { "name:*??户", 0 },
    { "n:>9223372036854775807", 1 }, { "n:>=9223372036854775807", 2 },
    { "n:<9223372036854775808", 2 }, { "n:9223372036854775808..", 1 }, { "n:<0.75", 1 },
};

TEST("odd values are read as what they are written for")
{
    struct error e = ERROR_NONE;
    directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    fixture_store(archive, forms, 4);
    for (int sealed = 0; sealed < 2; sealed++) {
        for (size_t i = 0; i < sizeof formed / sizeof *formed; i++) {
            int count = fixture_count(directory, formed[i].query);
            if (count != formed[i].count)
                fail_msg("%s: found %d, expected %d", formed[i].query, count, formed[i].count);
        }
        fixture_seal(archive);
    }
    archive_close(&archive);
}

/* A value that is long, and one over which the expressions below go through exponentially many ways. */
static void fill_long(void)
{
    static char text[200001];
    struct fixture_event long_ones[] = {
        { "a long value", NULL, 70, { "x", text } },
        { "a wicked value", NULL, 80, { "y", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" } },
    };
    memset(text, 'a', sizeof text - 1);
    fill();
    fixture_store(archive, long_ones, 2);
}

TEST("a regular expression goes over a long value to its end")
{
    fill_long();
    CHECK_INT(fixture_count(directory, "x:/^(?:a|b)+$/"), 1);
    CHECK_INT(fixture_count(directory, "x:/^.*(?:foo|aaa)$/"), 1);
    CHECK_INT(fixture_foot.regex_limit, 0);
    archive_close(&archive);
}

TEST("values on which a regular expression gives up are counted, whatever is made of them")
{
    fill_long();
    CHECK_INT(fixture_count(directory, "y:/^(a+)+$/"), 0);
    CHECK_INT(fixture_foot.regex_limit, 1);
    fixture_count(directory, "y:* and not y:/^(a+)+$/");
    CHECK_INT(fixture_foot.regex_limit, 1);
    archive_close(&archive);
}

TEST("a budget of time ends within a block whose values take long")
{
    static struct fixture_event wicked[200];
    for (int i = 0; i < 200; i++)
        wicked[i] = (struct fixture_event){
            "a wicked value", NULL, 90,
            { "y", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!" } };
    fill();
    fixture_store(archive, wicked, 200);
    struct search_options o = { .scope.all = true, .limit = 999, .budget_ms = 50 };
    fixture_lines(directory, "not y:/^(a+)+$/", &o);
    CHECK_INT(fixture_foot.end, SEARCH_BUDGET_TIME);
    CHECK(fixture_foot.read_down_to == FIXTURE_DAY + 90 * CLOCK_SECOND);
    CHECK_INT(fixture_foot.blocks_read, 0);
    CHECK_INT(fixture_foot.blocks_left, 3);
    CHECK_INT(fixture_foot.delivered, 0);
    archive_close(&archive);
}

TEST("of a table that has more rows than asked for it is said so")
{
    static const struct {
        const char *query;
        uint64_t limit;
        enum search_end end;
    } ends[] = {
        { "ssh2 | count by user", 2, SEARCH_LIMITED }, { "ssh2 | count by user", 3, SEARCH_COMPLETE },
        { "ssh2 | sort user", 2, SEARCH_LIMITED },     { "ssh2 | sort user", 3, SEARCH_COMPLETE },
        { "ssh2 | uniq user", 2, SEARCH_LIMITED },     { "ssh2 | uniq user", 3, SEARCH_COMPLETE },
        { "ssh2 | fields user", 2, SEARCH_LIMITED },   { "ssh2 | fields user", 3, SEARCH_COMPLETE },
        { "ssh2 | top 2 user", 2, SEARCH_COMPLETE },   { "ssh2", 2, SEARCH_LIMITED },
        { "ssh2", 3, SEARCH_COMPLETE },
    };
    fill();
    fixture_seal(archive);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct search_options o = { .scope.all = true, .limit = ends[i].limit };
        fixture_lines(directory, ends[i].query, &o);
        if (fixture_foot.end != ends[i].end || fixture_foot.delivered != ends[i].limit)
            fail_msg("%s, %d of them: %s", ends[i].query, (int)ends[i].limit,
                     search_end_name(fixture_foot.end));
    }
    archive_close(&archive);
}

struct aside {
    uint64_t in_buckets, values, with;
};

static bool take_buckets(void *owner, int64_t width, const struct search_bucket *buckets,
                         size_t count)
{
    struct aside *aside = owner;
    CHECK(width > 0);
    for (size_t i = 0; i < count; i++)
        aside->in_buckets += buckets[i].count;
    return true;
}

static bool take_facet(void *owner, const struct search_facet *facet)
{
    struct aside *aside = owner;
    aside->values = facet->value_count;
    aside->with = facet->with;
    CHECK_SLICE(facet->values[0].value, "failed");
    return true;
}

TEST("histogram and facets count all that matched, whatever the limit")
{
    fill();
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct aside aside = { 0, 0, 0 };
    struct query *query;
    struct slice facet = SLICE("action");
    struct search_foot foot;
    struct error e = ERROR_NONE;
    struct search_options o = { .directory = directory, .scope.all = true, .limit = 1,
                                .buckets = 30, .facets = &facet, .facet_count = 1 };
    struct search_handlers h = { .owner = &aside, .buckets = take_buckets, .facet = take_facet };
    CHECK(query_parse(SLICE("ssh2"), 0, &arena, &query, &e));
    CHECK(search_run(query, &o, &h, &arena, &foot, &e));
    CHECK_INT(aside.in_buckets, 3);
    CHECK_INT(aside.with, 3);
    CHECK_INT(aside.values, 2);
    CHECK_INT(foot.delivered, 1);
    CHECK_INT(foot.matched, 3);
    archive_close(&archive);
}

TEST("a budget ends the search and the foot says what was not read")
{
    fill();
    struct search_options o = { .scope.all = true, .limit = 99, .budget_rows = 1 };
    fixture_lines(directory, "*", &o);
    CHECK_INT(fixture_foot.end, SEARCH_BUDGET_ROWS);
    CHECK_INT(fixture_foot.blocks_left, 1);
    CHECK_INT(fixture_foot.delivered, 3);
    archive_close(&archive);
}

TEST("an event as JSON keeps numbers, lists and odd bytes")
{
    struct event_field fields[] = {
        { SLICE("n"), SLICE("42"), EVENT_NUMBER }, { SLICE("ip"), SLICE("10.0.0.1"), EVENT_TEXT },
        { SLICE("ip"), SLICE("10.0.0.2"), EVENT_TEXT }, { SLICE("bad"), SLICE("007"), EVENT_NUMBER },
        { SLICE("yes"), SLICE("true"), EVENT_BOOLEAN }, { SLICE("o"), SLICE("{}"), EVENT_OBJECT },
    };
    struct search_event event = {
        .event = { .raw = SLICE("a\x01\xff\"b"), .fields = fields, .field_count = 6,
                   .time = FIXTURE_DAY, .received = FIXTURE_DAY, .flags = EVENT_UNDECODED },
        .id = { .day = 20251124, .class = "standard", .sequence = 184 },
    };
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    search_event_json(&event, &out);
    CHECK_SLICE(buffer_slice(&out),
                "{\"id\":\"20251124.standard.184\",\"time\":\"2025-11-24T00:00:00.000000000Z\","
                "\"received\":\"2025-11-24T00:00:00.000000000Z\",\"source\":\"\",\"system\":\"\","
                "\"agency\":\"\",\"decoder\":\"\",\"logsource\":{\"product\":\"\",\"category\":\"\","
                "\"service\":\"\"},\"flags\":[\"undecoded\"],\"raw\":\"a\\u0001\xef\xbf\xbd\\\"b\","
                "\"fields\":{\"n\":42,\"ip\":[\"10.0.0.1\",\"10.0.0.2\"],\"bad\":\"007\","
                "\"yes\":true},\"whole\":{\"o\":\"{}\"}}");
}
