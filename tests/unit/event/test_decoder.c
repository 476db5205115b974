#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "decoders.h"
#include "event/json_event.h"

static struct event decode(struct arena *arena, struct slice raw, const struct decoder_hint *hint)
{
    struct event event = { .raw = raw, .received = INT64_C(1795480262) * CLOCK_SECOND };

    decoder_decode(own_decoders(), &event, arena, hint);
    return event;
}

/* Loads one decoder from text; the sentence of the error ends in e. */
static bool load_text(const char *text, struct error *e)
{
    char path[300];
    struct decoders *set = NULL;

    snprintf(path, sizeof path, "%s/bad.yaml", test_folder());
    CHECK(file_replace(path, slice_of(text), 0600, NULL));
    bool ok = decoders_load(path, &set, e);
    decoders_free(&set);
    return ok;
}

TEST("every sample of every decoder is read as it says") {
    struct error e = ERROR_NONE;
    size_t count = 0;

    if (!decoders_check(own_decoders(), &count, &e))
        print_error("# %s: %s\n", e.place, e.sentence);
    CHECK(!e.set);
    CHECK(count >= 50);
    for (size_t i = 0; i < decoders_count(own_decoders()); i++) {
        struct decoder_info info = decoders_info(own_decoders(), i);
        bool asked = slice_is(info.name, "keyvalue") || slice_is(info.name, "splunk-hec");
        if (info.sample_count == 0 && !asked)
            print_error("# %.*s has no sample\n", SLICE_ARGS(info.name));
        CHECK(info.sample_count > 0 || asked); /* those two are tested by name below */
        CHECK(info.title_vi.len > 0);
    }
}

TEST("a line that no decoder reads is kept raw and flagged") {
    ARENA_AUTO arena;
    arena_init(&arena, ARENA_NO_CEILING);
    struct event event = decode(&arena, SLICE("no log line at all"), NULL);
    CHECK_INT(event.flags, EVENT_UNDECODED | EVENT_TIME_GUESSED);
    CHECK_INT(event.time, event.received);
    CHECK_SLICE(event.raw, "no log line at all");
    CHECK_SLICE(event.decoder, "");
}

TEST("broken JSON is undecoded, not lost") {
    ARENA_AUTO arena;
    arena_init(&arena, ARENA_NO_CEILING);
    struct event event = decode(&arena, SLICE("{\"a\":1"), NULL);
    CHECK(event.flags & EVENT_UNDECODED);
    CHECK_SLICE(event.raw, "{\"a\":1");
}

TEST("a syslog transport's record without header is taken as message") {
    ARENA_AUTO arena;
    struct decoder_hint hint = { .syslog = true, .zone = CLOCK_ZONE };
    arena_init(&arena, ARENA_NO_CEILING);
    struct event event = decode(&arena, SLICE("hello there"), &hint);
    CHECK(event.flags & EVENT_UNDECODED);
    CHECK_SLICE(event_value(&event, SLICE("message")), "hello there");
}

TEST("the source's own decoder is asked first") {
    ARENA_AUTO arena;
    struct decoder_hint hint = { .decoder = SLICE("keyvalue"), .zone = CLOCK_ZONE };
    arena_init(&arena, ARENA_NO_CEILING);
    struct event event = decode(&arena, SLICE("a=1 b=\"two words\""), &hint);
    CHECK_SLICE(event.decoder, "keyvalue");
    CHECK_SLICE(event_value(&event, SLICE("b")), "two words");
}

TEST("the envelope of Splunk's collector is opened, text and object alike") {
    ARENA_AUTO arena;
    struct decoder_hint hint = { .decoder = SLICE("splunk-hec"), .zone = CLOCK_ZONE };
    arena_init(&arena, ARENA_NO_CEILING);
    struct event event = decode(&arena, SLICE("{\"time\":1795480262.5,\"host\":\"w\",\"event\":"
                                              "\"hello\",\"fields\":{\"a\":\"b\"}}"), &hint);
    CHECK_SLICE(event.decoder, "splunk-hec");
    CHECK_SLICE(event_value(&event, SLICE("message")), "hello");
    CHECK_SLICE(event_value(&event, SLICE("a")), "b");
    CHECK_INT(event.time, INT64_C(1795480262500000000));
    event = decode(&arena, SLICE("{\"event\":{\"Channel\":\"Security\",\"EventID\":4625}}"), &hint);
    CHECK_SLICE(event.decoder, "windows");
    CHECK_SLICE(event.logsource.product, "windows");
}

TEST("Windows-1258 becomes composed UTF-8 in fields, and raw stays") {
    ARENA_AUTO arena;
    arena_init(&arena, ARENA_NO_CEILING);
    /* "Khánh Hòa" with á = E1, o + combining grave = 6F CC */
    struct event event = decode(&arena,
                                SLICE("<13>Nov 24 07:31:02 h p: Kh\xe1nh Ho\xcc"
                                      "a"),
                                NULL);
    CHECK_SLICE(event_value(&event, SLICE("message")), "Khánh Hòa");
    CHECK(slice_find_byte(event.raw, (char)0xe1) < event.raw.len);
}

TEST("a field that was renamed loses the number of its old name, by which others would know it") {
    ARENA_AUTO arena;
    arena_init(&arena, ARENA_NO_CEILING);
    struct slice flow = SLICE("{\"event_type\":\"flow\",\"flow_id\":1,\"dest_ip\":\"10.0.0.1\"}");
    struct event event = decode(&arena, flow, NULL);
    const struct event_field *field = event_field(&event, SLICE("dst_ip"));
    CHECK(field != NULL);
    CHECK_INT(field->id, 0);
    CHECK(event_field(&event, SLICE("flow_id"))->id != 0);
}

TEST("only a record that a decoder would open is worth decoding") {
    static const struct { const char *json; bool opens; } rows[] = {
        { "{\"@timestamp\":\"2026-11-24T00:31:02Z\",\"message\":\"m\"}", true },
        { "{\"MESSAGE\":\"m\",\"__REALTIME_TIMESTAMP\":\"1\"}", true },
        { "{\"MESSAGE\":\"m\"}", false },
        { "{\"a\":1}", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        struct event event = { .raw = slice_of(rows[i].json) };
        arena_init(&arena, ARENA_NO_CEILING);
        CHECK(json_event_decode(event.raw, &arena, &event.fields, &event.field_count, NULL));
        CHECK_INT(decoder_opens(own_decoders(), &event), rows[i].opens);
    }
}

TEST("decoding stops cleanly at every allocation that fails") {
    static const char line[] =
        "<38>Nov 24 07:31:02 web01 sshd[4242]: Failed password for invalid user "
        "o\xe1 from 203.0.113.77 port 52644 ssh2";
    for (unsigned n = 1; n < 30; n++) {
        ARENA_AUTO arena;
        arena_init(&arena, ARENA_NO_CEILING);
        arena_fail_after(n);
        struct event event = decode(&arena, slice_of(line), NULL);
        arena_fail_after(0);
        CHECK_SLICE(event.raw, line);
        CHECK(!arena.exhausted || event.field_count == 0);
    }
}

TEST("decoding is total: every beginning of every sample-like line is borne") {
    static const char *const lines[] = {
        "<165>1 2026-11-24T07:31:02.003+07:00 h p 42 ID47 [a b=\"c\"][d e=\"\\\"f\"] text",
        "type=EXECVE msg=audit(1795480262.123:456): argc=3 a0=\"sh\" a1=\"-c\" a2=6361",
        "<189>date=2026-11-24 time=07:31:02 devname=\"FG\" devid=\"F\" srcip=1.2.3.4",
        "CEF:0|V|P|1|100|Name|9|src=1.2.3.4 msg=a \\= b",
        "LEEF:2.0|V|P|1|41|x09|src=1.2.3.4\tdst=5.6.7.8",
        "1.2.3.4 - - [24/Nov/2026:07:31:02 +0700] \"GET / HTTP/1.0\" 200 5 \"-\" \"a\\\"b\"",
    };
    for (size_t l = 0; l < sizeof lines / sizeof *lines; l++)
        for (size_t n = 0; n <= strlen(lines[l]); n++) {
            ARENA_AUTO arena;
            arena_init(&arena, ARENA_NO_CEILING);
            char *exact = arena_alloc(&arena, n ? n : 1);
            memcpy(exact, lines[l], n);
            struct event event = decode(&arena, slice_from(exact, n), NULL);
            CHECK_INT(event.raw.len, n);
        }
}

TEST("a decoder file that is wrong says where and why") {
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "name: x\nkind: nonsense\n", "kind" },
        { "kind: json\n", "name" },
        { "name: x\nkind: pattern\n", "patterns" },
        { "name: x\nkind: json\ncolour: red\n", "colour" },
        { "name: x\nkind: pattern\npatterns: ['a {b']\n", "not closed" },
        { "name: x\nkind: pattern\npatterns: ['{a}{b}']\n", "between two braces" },
        { "name: x\nkind: pattern\npatterns: ['{a:colour}']\n", "no kind of text" },
        { "name: x\nkind: pattern\npatterns: ['{a:rest} b']\n", "at the end" },
        { "name: x\nkind: json\ntime: [{field: t, format: '%Q'}]\n", "no format of a time" },
        { "name: x\nkind: json\nrename: {'a.*': b}\n", "'*'" },
        { "name: x\nkind: json\ncases: [{set: {a: b}}]\n", "when" },
        { "name: x\nkind: w3c\napplies: {header: {a: b}}\n", "list of texts" },
        { "name: x\nkind: json\ninserts: {field: a}\n", "names" },
        { "name: x\nkind: json\ninserts: {field: a, names: {P: [{id: 1}]}}\n", "parted by blanks" },
        { "name: x\nkind: json\n"
          "inserts: {field: a, names: {P: [{id: 1, names: a b}, {id: 1, names: c d}]}}\n", "another row" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error e = ERROR_NONE;
        CHECK(!load_text(rows[i].text, &e));
        CHECK_ERROR(e, rows[i].expected);
        CHECK(strstr(e.place, "bad.yaml"));
    }
}
