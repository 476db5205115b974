#include <stdio.h>

#include "archive/hunt.h"
#include "archive/indicator_run.h"
#include "base/clock.h"
#include "fixture.h"
#include "test.h"

static const struct {
    const char *value;
    bool host_too;
    const char *found; /* kind:text; NULL: none */
} values[] = {
    { "203.0.113.77", false, "address:203.0.113.77" },
    { " 10.0.0.1 ", false, "address:10.0.0.1" },
    { "2001:0DB8:0:0::1", false, "address:2001:db8::1" },
    { "D41D8CD98F00B204E9800998ECF8427E", false, "hash:d41d8cd98f00b204e9800998ecf8427e" },
    { "00000000000000000000000000000000", false, NULL },
    { "Evil.Example.COM.", true, "host:evil.example.com" },
    { "evil.example.com", false, NULL },
    { "localhost", true, NULL },
    { "1.2.3", true, NULL },
    { "a..b.com", true, NULL },
    { "::", false, NULL },
    { "203.0.113.77:443", false, "address:203.0.113.77" },
    { "[2001:db8::1]:8443", false, "address:2001:db8::1" },
    { "[2001:db8::1]", false, "address:2001:db8::1" },
    { "::FFFF:203.0.113.77", false, "address:203.0.113.77" },
    { "[::ffff:203.0.113.77]:22", false, "address:203.0.113.77" },
    { "evil.example.com:8080", true, "host:evil.example.com" },
    { "203.0.113.77:", false, NULL },
    { "203.0.113.77:443443", false, NULL },
    { "10:15:16", false, NULL },
    { "", true, NULL },
};

TEST("values are indicators in one form, or none")
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        enum indicator_kind kind;
        char text[INDICATOR_TEXT], found[300] = "";
        size_t len;
        if (indicator_of(slice_of(values[i].value), values[i].host_too, &kind, text, &len))
            snprintf(found, sizeof found, "%s:%.*s", indicator_kind_name(kind), (int)len, text);
        if (strcmp(found, values[i].found ? values[i].found : "") != 0)
            fail_msg("%s: %s", values[i].value, found);
    }
}

static void add_found(void *owner, enum indicator_kind kind, struct slice value)
{
    char *out = owner;
    size_t len = strlen(out);
    (void)kind;
    snprintf(out + len, 1024 - len, "%.*s ", SLICE_ARGS(value));
}

/* A field's name, its value as it stands (with a J in front: in JSON), what is found in it. */
static const struct {
    const char *name, *value, *found;
} fields[] = {
    { "url", "https://u:p@Evil.example.com:8443/a.b/c?x=10.0.0.1", "evil.example.com " },
    { "cs-uri", "http://[2001:db8::2]:80/x", "2001:db8::2 " },
    { "request_url", "203.0.113.77/x.php", "203.0.113.77 " },
    { "url", "/index.html", "" },
    { "dst", "203.0.113.77:443", "203.0.113.77 " },
    { "other", "see https://evil.example.com/", "" },
    { "message", "Failed password for root from 203.0.113.77 port 22", "203.0.113.77 " },
    { "message", "from 2001:db8::1: refused; ::1, fe80::2%eth0 at 10:15:16", "2001:db8::1 ::1 fe80::2 " },
    { "message", "10.0.0.1-10.0.0.9, src:10.0.0.2:443, v10.0.0.3.", "10.0.0.1 10.0.0.9 10.0.0.2 10.0.0.3 " },
    { "message", "mapped ::ffff:10.0.0.4:443", "10.0.0.4 " },
    { "message", "query evil.example.com. by a.b@mail.example.org: cmd.exe 1.2.3 x.y_",
      "evil.example.com mail.example.org " },
    { "message", "md5 D41D8CD98F00B204E9800998ECF8427E; not 0d41d8cd98f00b204e9800998ecf8427e",
      "d41d8cd98f00b204e9800998ecf8427e " },
    { "message", "std::string a::b 12:34:56:78:9a:bc src:2001:db8::9", "a::b 2001:db8::9 " },
    { "Message", "Jto\\nevil.example.com\\t\\\\\\\\srv.example.org\\\\x \\nd41d8cd98f00b204e9800998ecf8427e",
      "evil.example.com srv.example.org d41d8cd98f00b204e9800998ecf8427e " },
    { "CommandLine", "Jcmd \\\"https://evil.example.com/a.exe\\\"", "evil.example.com " },
    { "message", "", "" },
    { "message", ".:.::...", "" },
};

TEST("indicators are found in whole values, URLs and texts, and only there")
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char found[1024] = "";
        bool escaped = fields[i].value[0] == 'J';
        indicator_value(slice_of(fields[i].value + escaped), escaped,
                        indicator_names(slice_of(fields[i].name)), add_found, found);
        if (strcmp(found, fields[i].found) != 0)
            fail_msg("%s: %s", fields[i].value, found);
    }
}

static bool note(void *owner, const struct hunt_hit *hit)
{
    char *out = owner;
    size_t len = strlen(out);
    snprintf(out + len, 1024 - len, "%zu=%llu ", hit->index, (unsigned long long)hit->count);
    return true;
}

TEST("a hunt finds indicators in sealed blocks and in tails, with their number")
{
    static const struct fixture_event events[] = {
        { "src_ip=203.0.113.77 x", NULL, 1, { "src_ip", "203.0.113.77" } },
        { "{\"Hashes\":\"MD5=D41D8CD98F00B204E9800998ECF8427E,SHA1=x\"}", NULL, 2,
          { "Hashes", "MD5=D41D8CD98F00B204E9800998ECF8427E,SHA1=x" } },
        { "q www.evil.example", NULL, 3, { "QueryName", "www.evil.example" } },
    };
    static const struct slice wanted[] = {
        SLICE("d41d8cd98f00b204e9800998ecf8427e"), SLICE("203.0.113.77"), SLICE("198.51.100.1"),
        SLICE("www.evil.example"), SLICE("no indicator"),
    };
    struct archive *archive;
    struct hunt_foot foot;
    struct error e = ERROR_NONE;
    const char *directory = test_folder();
    CHECK(archive_open(directory, &archive, &e));
    for (int i = 0; i < 2; i++)
        fixture_store(archive, events, 3);
    for (int sealed = 0; sealed < 2; sealed++) {
        char found[1024] = "";
        CHECK(hunt_run(directory, wanted, 5, 0, 0, note, found, &foot, &e));
        CHECK(strstr(found, "0=2 ") && strstr(found, "1=2 ") && strstr(found, "3=2 "));
        CHECK(!strstr(found, "2="));
        CHECK_INT(foot.refused, 1);
        CHECK_INT(foot.days, 1);
        fixture_seal(archive);
    }
    fixture_store(archive, events, 1);
    char found[1024] = "";
    CHECK(hunt_run(directory, wanted, 5, 0, 0, note, found, &foot, &e));
    CHECK(strstr(found, "1=3 ") != NULL);
    CHECK(hunt_run(directory, wanted, 5, 20251125, 0, note, found, &foot, &e));
    CHECK_INT(foot.days, 0);
    fixture_seal(archive);
    *found = 0;
    CHECK(hunt_run(directory, wanted, 5, 0, 0, note, found, &foot, &e));
    CHECK(strstr(found, "0=2 ") && strstr(found, "1=3 ") && strstr(found, "3=2 "));
    CHECK_INT(foot.rows, 3); /* packed once more: what two windows held is one run */
    archive_close(&archive);
}

TEST("a run of indicators that is damaged hides no other, and does not keep the day from being packed")
{
    static const struct fixture_event events[] = {
        { "src_ip=203.0.113.77 x", NULL, 1, { "src_ip", "203.0.113.77" } },
        { "src_ip=203.0.113.78 x", NULL, 2, { "src_ip", "203.0.113.78" } },
    };
    static const struct slice wanted[] = { SLICE("203.0.113.77"), SLICE("203.0.113.78") };
    struct day_name name = { 20251124, "standard" };
    struct archive *archive;
    struct hunt_foot foot;
    struct error e = ERROR_NONE;
    sqlite3 *db;
    char found[1024] = "";
    const char *directory = test_folder();
    for (int i = 0; i < 2; i++) {
        CHECK(archive_open(directory, &archive, &e));
        fixture_store(archive, &events[i], 1);
        if (i == 1) {
            CHECK(day_create(directory, &name, &db, &e));
            CHECK(day_run(db, "UPDATE indicators SET data = x'00112233445566778899'", "f", &e));
            day_close(&db);
        }
        fixture_seal(archive);
        archive_close(&archive);
    }
    CHECK(hunt_run(directory, wanted, 2, 0, 0, note, found, &foot, &e));
    CHECK_TEXT(found, "1=1 ");
    CHECK_INT(foot.damaged, 1);
    CHECK_INT(fixture_count(directory, "203.0.113.77"), 1);
    CHECK(day_open(directory, &name, &db, &e));
    sqlite3_stmt *sealed = day_prepare(db, "SELECT 1 FROM block WHERE kind < 3", "f", &e);
    CHECK_INT(sqlite3_step(sealed), SQLITE_DONE); /* all is packed */
    sqlite3_finalize(sealed);
    day_close(&db);
}

TEST("stored indicators come back by key and added up, and a changed byte is noticed")
{
    struct indicator_count counts[] = { { UINT64_MAX, 1 }, { 7, 300 }, { 0, 2 }, { 7, 5 } };
    static const struct indicator_count sorted[] = { { 0, 2 }, { 7, 305 }, { UINT64_MAX, 1 } };
    struct indicator_run run;
    struct error e = ERROR_NONE;
    BUFFER_AUTO bytes;
    buffer_init(&bytes, 0);
    indicator_run_write(counts, 4, &bytes);
    CHECK(indicator_run_open(buffer_slice(&bytes), &run, &e));
    for (int i = 0; i < 3; i++) {
        CHECK(indicator_run_next(&run));
        CHECK_INT(run.now.key, sorted[i].key);
        CHECK_INT(run.now.count, sorted[i].count);
    }
    CHECK(!indicator_run_next(&run) && !run.damaged);
    bytes.data[bytes.len - 1] ^= 1;
    CHECK(!indicator_run_open(buffer_slice(&bytes), &run, &e));
    CHECK(!indicator_run_open(slice_cut(buffer_slice(&bytes), 0, 5), &run, &e));
}
