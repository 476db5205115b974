/* Lines by the header of their file. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "decoders.h"

#define IIS "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status " \
            "sc-win32-status"
#define LINE "2026-11-24 00:31:02 10.1.2.3 GET /a.aspx b=c 203.0.113.7 curl/8 200 0"

/* The lines before the last are its file's; `own`: the source's decoder. */
static struct event decode(const char *text, const char *own, struct arena *arena)
{
    struct w3c_header header = { .heard = false };
    struct decoder_hint hint = { .zone = CLOCK_ZONE, .decoder = slice_of(own), .header = &header };
    struct slice rest = slice_of(text), line = SLICE("");
    bool first = true;
    while (slice_split(&rest, '\n', &line)) {
        w3c_header_line(&header, line, first);
        first = false;
    }
    struct event event = { .raw = line, .received = INT64_C(1795489999) * CLOCK_SECOND };
    decoder_decode(own_decoders(), &event, arena, &hint);
    return event;
}

static struct slice field(const struct event *event, const char *name)
{
    const struct event_field *found = event_field(event, slice_of(name));
    return found ? found->value : SLICE("(none)");
}

TEST("a line is read by the #Fields line of its file, whatever the order, and by the last one")
{
    static const struct { const char *text, *decoder, *field, *value; } rows[] = {
        { IIS "\n" LINE, "iis", "c-ip", "203.0.113.7" },
        { IIS "\r\n" LINE "\r", "iis", "c-useragent", "curl/8" },
        { "\xef\xbb\xbf" IIS "\n" LINE, "iis", "sc-status", "200" },
        { "#Software: x\n#Fields: a b\n" IIS "\n1 2\n" LINE, "iis", "cs-uri", "/a.aspx?b=c" },
        { "#Fields: cs-uri-stem c-ip\n/a -", "w3c-web", "c-ip", "(none)" },
        { "#Fields: c-ip\tcs-uri-stem x-edge-location\n1.2.3.4\t/a b\tSGN50", "cloudfront", "cs-uri-stem",
          "/a b" },
        { "#Fields: a b c\n1  2 3", "w3c", "c", "3" },
        { "#Fields: a,b,c\n1,,\"x, \"\"y\"\"\"", "w3c", "c", "x, \"y\"" },
        { "#Fields: a,b,c\n1,,\"x, \"\"y\"\"\"", "w3c", "b", "(none)" },
        { "#Fields: a b\n1 \"x y\"", "w3c", "b", "x y" },
        { "#Fields: a b\n1 \"xy\"", "w3c", "b", "xy" },
        { "#Fields: a b\n\"1 2", "w3c", "a", "\"1" },      /* a quote that is never closed hides nothing */
        { "#Fields: a b\n1 2\t3", "w3c", "b", "2\t3" },
        { "#Fields: a a b\n1 2 3", "w3c", "b", "3" },       /* a name twice: both values are kept */
        { "#Fields: a a b\n1 2 3", "w3c", "a", "1" },
        { "#Date: 2026-11-24 00:00:01\n#Fields: time a\n00:31:02 x", "w3c", "a", "x" },
        { "#Fields: a b\n#Remark: x", "w3c", "directive", "Remark" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        struct event event = decode(rows[i].text, "", &arena);
        CHECK_SLICE(event.decoder, rows[i].decoder);
        CHECK_SLICE(field(&event, rows[i].field), rows[i].value);
    }
}

TEST("the time is UTC where the format says so; the day may stand in #Date alone")
{
    static const char *const texts[] = {
        IIS "\n" LINE,
        "#Date: 2026-11-24 00:00:01\n#Fields: time cs-uri-stem\n00:31:02 /a",
        "#Fields: date-time,a\n2026-11-24T00:31:02Z,x",
        "#Fields: date time action protocol src-ip dst-ip\n2026-11-24 07:31:02 DROP TCP 1.2.3.4 5.6.7.8",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        struct event event = decode(texts[i], "", &arena);
        CHECK_INT(event.time, INT64_C(1795480262) * CLOCK_SECOND);
    }
}

TEST("a line that does not fit its header is read as without one, or kept raw")
{
    static const struct { const char *text, *decoder; } rows[] = {
        { IIS "\n2026-11-24 00:31:02 10.1.2.3 GET / - 80 - 203.0.113.77 curl/8 404 0 2 1", "iis" },
        { IIS "\n2026-11-24 00:31:02 10.1.2.3", "syslog" }, /* a stamp and a host */
        { "#Fields: a b\n1 \"x y\" 3", "" },
        { "#Fields: a,b\n1,\"x y", "" },
        { "#Fields: a,b\n1,\"x\"y", "" },
        { "#Fields:\n1 2", "" },
        { "1 2\n#Fields: a b\n1 2", "" },          /* another log, which says it in its middle */
        { "x #Fields: a b\n1 2", "" },
        { "#fields a b\n1 2", "" },
        { "#Fields: a b\n<13>Nov 24 07:31:02 web01 app: x", "syslog" },
        { "#Fields: a b\n{\"Channel\":\"Security\",\"EventID\":4625,\"x\":\"y z w\"}", "windows" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        struct event event = decode(rows[i].text, "", &arena);
        CHECK_SLICE(event.decoder, rows[i].decoder);
        CHECK_INT((event.flags & EVENT_UNDECODED) != 0, !rows[i].decoder[0]);
    }
}

TEST("a source's own decoder of another kind is asked instead of the header; one of this kind reads by it")
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct event event = decode("#Fields: x y\na=1 b=2", "keyvalue", &arena);
    CHECK_SLICE(event.decoder, "keyvalue");
    event = decode("#Fields: c-ip y\n1.2.3.4 2", "iis", &arena);
    CHECK_SLICE(event.decoder, "iis");
    CHECK_SLICE(field(&event, "c-ip"), "1.2.3.4");
}

TEST("a header too long, or with too many names, ends the one before; a line of 64 kB is read")
{
    static char text[200000];
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    for (unsigned names = W3C_NAMES_MOST; names <= W3C_NAMES_MOST + 1; names++) {
        size_t at = (size_t)snprintf(text, sizeof text, "#Fields: a b\n#Fields:");
        for (unsigned i = 0; i < names; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, " f%u", i);
        for (unsigned i = 0; i < names; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%c%u", i ? ' ' : '\n', i);
        struct event event = decode(text, "", &arena);
        CHECK_SLICE(field(&event, "f255"), names > W3C_NAMES_MOST ? "(none)" : "255");
        CHECK(!(event.flags & EVENT_UNDECODED) == (names == W3C_NAMES_MOST));
    }
    size_t at = (size_t)snprintf(text, sizeof text, "#Fields: a b\n#Fields: ");
    memset(text + at, 'x', W3C_HEADER_MOST + 1);
    snprintf(text + at + W3C_HEADER_MOST + 1, 20, "\n1 2");
    CHECK(decode(text, "", &arena).flags & EVENT_UNDECODED);
    at = (size_t)snprintf(text, sizeof text, "#Fields: a b\n1 ");
    memset(text + at, 'x', 65536);
    text[at + 65536] = 0;
    struct event event = decode(text, "", &arena);
    CHECK_INT(field(&event, "b").len, 65536);
    memset(text + at, ' ', 65536);
    text[at + 65535] = '2';
    event = decode(text, "", &arena);
    CHECK_SLICE(field(&event, "b"), "2");
}

TEST("names and values that are no UTF-8 become it, and the names live as long as the event")
{
    ARENA_AUTO arena;
    char *text = strdup("#Fields: caf\xe9 b\n1 \xe9");
    arena_init(&arena, 0);
    struct event event = decode(text, "", &arena);
    memset(text, '#', strlen(text));
    CHECK_SLICE(event.fields[0].name, "café");
    free(text);
}

TEST("a copy of a header outlives the line, also one of itself")
{
    char line[] = "#Fields: a b";
    struct w3c_header header = { .heard = false };
    char *memory = NULL;
    CHECK(w3c_header_line(&header, slice_of(line), true));
    CHECK(w3c_header_copy(&header, &header, &memory));
    memset(line, 'x', sizeof line - 1);
    CHECK(w3c_header_copy(&header, &header, &memory));
    CHECK_SLICE(header.fields, "a b");
    CHECK(!w3c_header_line(&header, SLICE("1 2"), false));
    CHECK(w3c_header_line(&header, SLICE("no header"), true) && !header.heard);
    free(memory);
}

TEST("the extension of a path is what stands behind its last dot")
{
    static const struct { const char *uri, *extension; } rows[] = {
        { "/files/a.exe", "exe" }, { "/a.b/c", "(none)" }, { "/", "(none)" }, { "/a.", "(none)" },
        { "/a.tar.gz", "gz" }, { "/a.php/x.ps1", "ps1" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO arena;
        char text[200];
        arena_init(&arena, 0);
        snprintf(text, sizeof text, "#Fields: cs-host cs-uri-path\nbad.example %s", rows[i].uri);
        struct event event = decode(text, "", &arena);
        CHECK_SLICE(event.decoder, "w3c-proxy");
        CHECK_SLICE(field(&event, "c-uri-extension"), rows[i].extension);
        snprintf(text, sizeof text,
                 "1795480262.1 4 10.1.2.30 TCP_MISS/200 12 GET http://bad.zip%s - D/1.2.3.4 t",
                 rows[i].uri);
        event = decode(text, "squid", &arena);
        CHECK_SLICE(field(&event, "c-uri-extension"), rows[i].extension);
    }
}
