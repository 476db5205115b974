/* Each modifier's meaning: EVIDENCE for docs/conformance.md. */
#include <stdio.h>

#include "detect/modifier.h"
#include "event/json_event.h"
#include "harness.h"

/* EVIDENCE sigma-2/contains sigma-2/startswith sigma-2/endswith */
TEST("contains, startswith and endswith")
{
    CHECK(matches("x|contains: bc", "{\"x\":\"aBCd\"}"));
    CHECK(!matches("x|contains: bd", "{\"x\":\"aBCd\"}"));
    CHECK(matches("x|startswith: ab", "{\"x\":\"ABc\"}"));
    CHECK(!matches("x|startswith: bc", "{\"x\":\"ABc\"}"));
    CHECK(matches("x|endswith: '\\cmd.exe'", "{\"x\":\"C:\\\\Windows\\\\CMD.exe\"}"));
    CHECK(!matches("x|endswith: '\\cmd.exe'", "{\"x\":\"C:\\\\cmd.exe.bak\"}"));
    CHECK(matches("x|contains: ''", "{\"x\":\"a\"}"));
    CHECK(matches("x|endswith: verylongsuffixindeed", "{\"x\":\"a VeryLongSuffixIndeed\"}"));
    CHECK(!matches("x|endswith: verylongsuffixindeed", "{\"x\":\"a VeryLangSuffixIndeed\"}"));
}

/* EVIDENCE sigma-2/all */
TEST("all makes a list AND, and is allowed on one value")
{
    CHECK(matches("x|contains|all: [a, b]", "{\"x\":\"b a\"}"));
    CHECK(!matches("x|contains|all: [a, b]", "{\"x\":\"a\"}"));
    CHECK(matches("x|contains|all: a", "{\"x\":\"a\"}"));
    CHECK(matches("x|all|contains: [a, b]", "{\"x\":\"b a\"}"));
}

/* EVIDENCE sigma-2/cased */
TEST("cased compares with case")
{
    CHECK(matches("x|contains|cased: IEX", "{\"x\":\"a IEX\"}"));
    CHECK(!matches("x|contains|cased: IEX", "{\"x\":\"a iex\"}"));
    CHECK(matches("x|cased: aB", "{\"x\":\"aB\"}"));
    CHECK(!matches("x|cased: aB", "{\"x\":\"ab\"}"));
    CHECK(matches("x|cased|endswith: 'a?B'", "{\"x\":\"zacB\"}"));
}

/* EVIDENCE sigma-2/exists */
TEST("exists is about presence only")
{
    CHECK(matches("x|exists: true", "{\"x\":null}"));
    CHECK(matches("x|exists: true", "{\"x\":\"\"}"));
    CHECK(!matches("x|exists: true", "{\"y\":1}"));
    CHECK(matches("x|exists: false", "{\"y\":1}"));
    CHECK(!matches("x|exists: false", "{\"x\":null}"));
    CHECK(strstr(refusal("  selection:\n    x|exists: maybe"), "true or false") != NULL);
}

/* EVIDENCE sigma-2/neq */
TEST("neq is NOT of the whole item, after any other modifier and on absent fields")
{
    CHECK(matches("x|neq: a", "{\"x\":\"b\"}"));
    CHECK(!matches("x|neq: a", "{\"x\":\"A\"}"));
    CHECK(!matches("x|neq: [a, b]", "{\"x\":\"b\"}"));
    CHECK(matches("x|neq: [a, b]", "{\"x\":\"c\"}"));
    CHECK(matches("x|neq: a", "{\"y\":1}"));
    CHECK(matches("x|re|neq: '^a'", "{\"x\":\"ba\"}"));
    CHECK(!matches("x|re|neq: '^a'", "{\"x\":\"ab\"}"));
    CHECK(matches("x|cidr|neq: 10.0.0.0/8", "{\"x\":\"11.0.0.1\"}"));
    CHECK(!matches("x|cidr|neq: 10.0.0.0/8", "{\"x\":\"10.0.0.1\"}"));
    CHECK(matches("x|fieldref|neq: y", "{\"x\":\"a\",\"y\":\"b\"}"));
    CHECK(!matches("x|fieldref|neq: y", "{\"x\":\"a\",\"y\":\"A\"}"));
}

/* EVIDENCE sigma-2/neq-absent */
TEST("neq of a field that is absent holds, whatever modifier stands before it")
{
    CHECK(matches("x|re|neq: '^a'", "{\"y\":1}"));
    CHECK(matches("x|cidr|neq: 10.0.0.0/8", "{\"y\":1}"));
    CHECK(matches("x|cidr|neq: 10.0.0.0/8", "{\"x\":\"no address\"}"));
    CHECK(matches("x|fieldref|neq: y", "{\"y\":\"a\"}"));
    CHECK(matches("x|fieldref|neq: y", "{\"x\":\"a\"}"));
    CHECK(matches("x|fieldref|neq: y", "{\"z\":1}"));
    CHECK(matches("x|gt|neq: 5", "{\"y\":1}"));
    CHECK(matches("x|contains|neq: [a, b]", "{\"y\":1}"));
    CHECK(matches("x|re|neq: '^a'", "{\"x\":null}"));
    CHECK(!matches("x|exists|neq: true", "{\"x\":1}"));
}

/* EVIDENCE sigma-2/re */
TEST("re searches anywhere, with case")
{
    CHECK(matches("x|re: 'b+c'", "{\"x\":\"abbcd\"}"));
    CHECK(!matches("x|re: 'B+C'", "{\"x\":\"abbcd\"}"));
    CHECK(matches("x|re: '^a.c$'", "{\"x\":\"abc\"}"));
    CHECK(!matches("x|re: '^a.c$'", "{\"x\":\"zabc\"}"));
    CHECK(matches("x|re: '^a.c$'", "{\"x\":\"a\xc4\x91" "c\"}"));
    CHECK(matches("x|re: '.{1000,}'", "{\"x\":\"" /* 1000 characters */
#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
                  HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
                  "\"}"));
    CHECK(matches("x|re: '\\d{2,}-\\w+'", "{\"x\":\"a12-b\"}"));
    CHECK(matches("x|re: ['q', 'b']", "{\"x\":\"abc\"}"));
    CHECK(matches("x|re: '(?i)POWERSHELL'", "{\"x\":\"powershell\"}"));
    CHECK(matches("x|re: 'a*'", "{\"x\":\"\"}"));
    CHECK(matches("n|re: '^46'", "{\"n\":4625}"));
}

TEST("what Vectorscan refuses PCRE2 runs; what neither takes is refused with a reason")
{
    CHECK(matches("x|re: 'foo(?=bar)'", "{\"x\":\"foobar\"}"));
    CHECK(!matches("x|re: 'foo(?=bar)'", "{\"x\":\"foobaz\"}"));
    CHECK(matches("x|re: '(a+)b\\1$'", "{\"x\":\"aabaa\"}"));
    CHECK(strstr(refusal("  selection:\n    x|re: 'a(b'"), "regular expression") != NULL);
    CHECK(strstr(refusal("  selection:\n    x|re|contains: 'a'"), "cannot be combined") != NULL);
    CHECK(strstr(refusal("  selection:\n    x|contains|re: 'a'"), "cannot stand behind") != NULL);
    CHECK(strstr(refusal("  selection:\n    x|windash|re: ' -a'"), "cannot stand behind") != NULL);
}

TEST("a modifier that another would leave without effect is refused, both by name")
{
    static const struct { const char *item, *first, *second; } rows[] = {
        { "x|windash|re: ' -a'", "'re'", "'windash'" },
        { "x|cased|re: 'a'", "'re'", "'cased'" },
        { "x|base64|re: 'a'", "'re'", "'base64'" },
        { "x|contains|gt: 5", "'gt'", "'contains'" },
        { "x|startswith|cidr: 10.0.0.0/8", "'cidr'", "'startswith'" },
        { "x|windash|fieldref: a-b", "'fieldref'", "'windash'" },
        { "x|windash|contains|fieldref: -b", "'fieldref'", "'windash'" },
        { "x|contains|exists: true", "'exists'", "'contains'" },
        { "x|cased|hour: 5", "'hour'", "'cased'" },
        { "x|wide|expand: '%a%'", "'expand'", "'wide'" },
        { "x|base64|expand: 'a'", "'expand'", "'base64'" },
        { "x|re|expand|contains: 'a'", "'contains'", "'re'" },
        { "x|re|windash: ' -a'", "'windash'", "'re'" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char detection[300];
        snprintf(detection, sizeof detection, "  selection:\n    %s", rows[i].item);
        const char *said = refusal(detection);
        if (!strstr(said, rows[i].first) || !strstr(said, rows[i].second))
            fail_msg("%s: '%s'", rows[i].item, said);
    }
    CHECK(matches("a|contains|fieldref: b", "{\"a\":\"xyz\",\"b\":\"Y\"}"));
    CHECK(!matches("a|contains|cased|fieldref: b", "{\"a\":\"xyz\",\"b\":\"Y\"}"));
}

/* EVIDENCE sigma-2/re-flags */
TEST("i, m and s, and their long names")
{
    CHECK(matches("x|re|i: 'B+C'", "{\"x\":\"abbcd\"}"));
    CHECK(matches("x|re|ignorecase: 'B+C'", "{\"x\":\"abbcd\"}"));
    CHECK(matches("x|re|m: '^b$'", "{\"x\":\"a\\nb\\nc\"}"));
    CHECK(!matches("x|re: '^b$'", "{\"x\":\"a\\nb\\nc\"}"));
    CHECK(matches("x|re|s: 'a.b'", "{\"x\":\"a\\nb\"}"));
    CHECK(!matches("x|re: 'a.b'", "{\"x\":\"a\\nb\"}"));
    CHECK(matches("x|re|i|m|s: '^B.C$'", "{\"x\":\"a\\nb\\nc\"}"));
    CHECK(strstr(refusal("  selection:\n    x|i: 'a'"), "behind 're'") != NULL);
}

/* EVIDENCE sigma-2/cidr */
TEST("cidr knows IPv4 and IPv6, and what is no address does not match")
{
    CHECK(matches("ip|cidr: 10.0.0.0/8", "{\"ip\":\"10.1.2.3\"}"));
    CHECK(!matches("ip|cidr: 10.0.0.0/8", "{\"ip\":\"11.0.0.1\"}"));
    CHECK(!matches("ip|cidr: 10.0.0.0/8", "{\"ip\":\"host-10.1.2.3\"}"));
    CHECK(!matches("ip|cidr: 10.0.0.0/8", "{\"ip\":\"\"}"));
    CHECK(matches("ip|cidr: '2001:db8::/32'", "{\"ip\":\"2001:DB8:1::5\"}"));
    CHECK(!matches("ip|cidr: '2001:db8::/32'", "{\"ip\":\"2001:db9::5\"}"));
    CHECK(matches("ip|cidr: ['192.168.0.0/16', '::1/128']", "{\"ip\":\"::1\"}"));
    CHECK(matches("ip|cidr: 127.0.0.0/9", "{\"ip\":\"127.0.0.1\"}"));
    CHECK(strstr(refusal("  selection:\n    ip|cidr: 10.0.0.0/99"), "no network") != NULL);
}

/* EVIDENCE sigma-2/compare */
TEST("lt, lte, gt, gte compare numbers only")
{
    CHECK(matches("n|gt: 5", "{\"n\":6}"));
    CHECK(!matches("n|gt: 5", "{\"n\":5}"));
    CHECK(matches("n|gte: 5", "{\"n\":\"5\"}"));
    CHECK(matches("n|lt: 5.5", "{\"n\":5}"));
    CHECK(matches("n|lte: -1", "{\"n\":-1.5}"));
    CHECK(!matches("n|gt: 5", "{\"n\":\"six\"}"));
    CHECK(!matches("n|gt: 5", "{\"m\":6}"));
    CHECK(matches("n|gt: 10", "{\"n\":9007199254740993}"));
    CHECK(strstr(refusal("  selection:\n    n|gt: '10 MB'"), "needs a number") != NULL);
}

/* EVIDENCE sigma-2/windash */
TEST("windash stands for every dash at a flag, and for the slash")
{
    CHECK(matches("c|contains|windash: ' -enc'", "{\"c\":\"ps -enc x\"}"));
    CHECK(matches("c|contains|windash: ' -enc'", "{\"c\":\"ps /enc x\"}"));
    CHECK(matches("c|contains|windash: ' -enc'", "{\"c\":\"ps –enc x\"}"));
    CHECK(matches("c|contains|windash: ' -enc'", "{\"c\":\"ps —enc x\"}"));
    CHECK(matches("c|contains|windash: ' -enc'", "{\"c\":\"ps ―enc x\"}"));
    CHECK(matches("c|contains|windash: ' /accepteula'", "{\"c\":\"procdump -accepteula\"}"));
    CHECK(matches("c|windash|contains: '-a-b'", "{\"c\":\"x /a-b\"}")); /* the inner dash stays */
    CHECK(!matches("c|windash|contains: '-a-b'", "{\"c\":\"x /a/b\"}"));
}

/* EVIDENCE sigma-2/all sigma-2/windash sigma-2/base64offset */
TEST("all asks for every value of the rule, in any of the forms that windash or base64offset made of it")
{
    static const char *const orders[] = { "contains|windash|all", "windash|contains|all",
                                          "all|contains|windash" };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        char item[100];
        snprintf(item, sizeof item, "c|%s: [' -a', ' -b']", orders[i]);
        CHECK(matches(item, "{\"c\":\"x /a /b\"}"));
        CHECK(matches(item, "{\"c\":\"x -b /a\"}"));
        CHECK(!matches(item, "{\"c\":\"x /a -a\"}"));
    }
    CHECK(matches("c|contains|windash|all: ' -a'", "{\"c\":\"x /a\"}"));
    CHECK(matches("p|base64offset|contains|all: [foobar, whoami]",
                  "{\"p\":\"YWZvb2Jhcg== d2hvYW1p\"}")); /* at the second shift, and at the first */
    CHECK(!matches("p|base64offset|contains|all: [foobar, whoami]", "{\"p\":\"YWZvb2Jhcg==\"}"));
    CHECK(matches("c|contains|all: [a, a, b]", "{\"c\":\"ab\"}"));
}

/* EVIDENCE sigma-2/windash-wildcard */
TEST("windash keeps wildcards, and a flag stands beside them too")
{
    CHECK(matches("c|windash: '* -e* -p*'", "{\"c\":\"ps /enc x /pass\"}"));
    CHECK(matches("c|windash: '* -e* -p*'", "{\"c\":\"ps -enc x -pass\"}"));
    CHECK(!matches("c|windash: '* -e* -p*'", "{\"c\":\"ps -enc x /pass\"}")); /* one for all */
    CHECK(matches("c|contains|windash: '-a*b'", "{\"c\":\"x /aXXb y\"}"));
    CHECK(matches("c|windash: '*-a'", "{\"c\":\"x/a\"}"));
    CHECK(matches("c|windash: '?-a'", "{\"c\":\"x/a\"}"));
    CHECK(!matches("c|windash: '*-*'", "{\"c\":\"a/b\"}")); /* no word behind it: no flag */
    CHECK(matches("c|contains|windash: ' -a\\*'", "{\"c\":\"x /a*\"}"));
    CHECK(!matches("c|contains|windash: ' -a\\*'", "{\"c\":\"x /ab\"}"));
}

/* EVIDENCE sigma-2/base64 */
TEST("base64 encodes the whole value and keeps the padding")
{
    CHECK(matches("p|base64|contains: 'foobar'", "{\"p\":\"xZm9vYmFyx\"}"));
    CHECK(matches("p|base64: 'foob'", "{\"p\":\"Zm9vYg==\"}"));
    CHECK(!matches("p|base64: 'foob'", "{\"p\":\"Zm9vYg\"}"));
    CHECK(strstr(refusal("  selection:\n    p|base64: 'a*'"), "wildcards") != NULL);
    CHECK(strstr(refusal("  selection:\n    p|base64|contains: ''"), "empty") != NULL);
}

/* EVIDENCE sigma-2/base64offset */
TEST("base64offset finds the value at each of the three shifts")
{
    CHECK(matches("p|base64offset|contains: 'foobar'", "{\"p\":\"Zm9vYmFy\"}"));       /* foobar */
    CHECK(matches("p|base64offset|contains: 'foobar'", "{\"p\":\"YWZvb2Jhcg==\"}"));   /* afoobar */
    CHECK(matches("p|base64offset|contains: 'foobar'", "{\"p\":\"YWFmb29iYXI=\"}"));   /* aafoobar */
    CHECK(matches("p|base64offset|contains: 'foobar'", "{\"p\":\"YWFhZm9vYmFyYg==\"}")); /* aaafoobarb */
    CHECK(!matches("p|base64offset|contains: 'foobar'", "{\"p\":\"Zm9vYmF6\"}"));
    CHECK(!matches("p|base64offset|contains|cased: 'foobar'", "{\"p\":\"zM9vYmFy\"}"));
    CHECK(matches("p|base64offset|contains: 'fo'", "{\"p\":\"YWZvYQ==\"}"));           /* afoa */
    CHECK(strstr(refusal("  selection:\n    p|base64offset|contains: ''"), "empty") != NULL);
    CHECK(strstr(refusal("  selection:\n    p|base64offset|contains: 'f'"), "two bytes") != NULL);
}

/* EVIDENCE sigma-2/utf16 */
TEST("wide, utf16le, utf16be and utf16 re-encode before base64")
{
    CHECK(matches("p|wide|base64|contains: 'IEX'", "{\"p\":\"SQBFAFgA\"}"));
    CHECK(matches("p|utf16le|base64|contains: 'IEX'", "{\"p\":\"SQBFAFgA\"}"));
    CHECK(matches("p|utf16be|base64|contains: 'IEX'", "{\"p\":\"AEkARQBY\"}"));
    CHECK(matches("p|utf16|base64|contains: 'IEX'", "{\"p\":\"//5JAEUAWAA=\"}"));
    CHECK(matches("p|wide|base64offset|contains: 'IEX'", "{\"p\":\"YQBJAEUAWAA=\"}")); /* aIEX */
    CHECK(matches("p|wide|base64|contains: 'é'", "{\"p\":\"6QA=\"}"));
}

/* EVIDENCE sigma-2/fieldref sigma-2/fieldref-modes */
TEST("fieldref compares two fields of the event")
{
    CHECK(matches("a|fieldref: b", "{\"a\":\"X\",\"b\":\"x\"}"));
    CHECK(!matches("a|fieldref: b", "{\"a\":\"x\",\"b\":\"y\"}"));
    CHECK(!matches("a|fieldref: b", "{\"a\":\"x\"}"));
    CHECK(!matches("a|fieldref: b", "{\"c\":\"x\"}"));
    CHECK(matches("a|fieldref|startswith: b", "{\"a\":\"xyz\",\"b\":\"XY\"}"));
    CHECK(matches("a|fieldref|endswith: b", "{\"a\":\"xyz\",\"b\":\"yz\"}"));
    CHECK(matches("a|fieldref|contains: b", "{\"a\":\"xyz\",\"b\":\"y\"}"));
    CHECK(!matches("a|fieldref|startswith: b", "{\"a\":\"xyz\",\"b\":\"yz\"}"));
}

/* EVIDENCE sigma-2/time-parts */
TEST("parts of a date are taken as written, without converting the zone")
{
    CHECK(matches("t|hour: 23", "{\"t\":\"2026-11-24T23:05:06+07:00\"}"));
    CHECK(matches("t|minute: 5", "{\"t\":\"2026-11-24 23:05:06\"}"));
    CHECK(matches("t|day: 24", "{\"t\":\"2026-11-24\"}"));
    CHECK(matches("t|month: 11", "{\"t\":\"2026-11-24T23:05:06Z\"}"));
    CHECK(matches("t|year: 2026", "{\"t\":\"2026-11-24T23:05:06Z\"}"));
    CHECK(matches("t|week: 48", "{\"t\":\"2026-11-24T23:05:06Z\"}"));
    CHECK(matches("t|week: 53", "{\"t\":\"2027-01-01T00:00:00Z\"}"));
    CHECK(matches("t|week: 1", "{\"t\":\"2024-12-30\"}"));
    CHECK(!matches("t|hour: 23", "{\"t\":\"yesterday\"}"));
    CHECK(!matches("t|hour: 0", "{\"t\":\"2026-11-24\"}"));
}

/* A rule with lists for its placeholders: does the item match this event? */
static bool expanded(const char *item, const char *json)
{
    char lists[4096], yaml[1024];
    snprintf(lists, sizeof lists, "%s", write_file("lists.yaml", "admins: [lan, 'minh*']\none: x\n"
                                                                 "flag: 'enc'\nlike: ['l.n', 'h+']\n"));
    snprintf(yaml, sizeof yaml, "title: t\nlogsource: {product: test}\ndetection:\n  selection:\n"
             "    %s\n  condition: selection\n", item);
    struct ruleset *r = compile_text(yaml, NULL, lists);
    if (!r)
        fail_msg("%s: %s", item, refusal_text());
    ARENA_AUTO arena;
    struct event event = { .raw = slice_of(json), .logsource.product = SLICE("test") };
    struct error e = ERROR_NONE;
    const uint32_t *rules;
    arena_init(&arena, 0);
    CHECK(json_event_decode(event.raw, &arena, &event.fields, &event.field_count, &e));
    struct scanner *s = scanner_new(r);
    bool hit = scanner_scan(s, &event, &rules) == 1;
    scanner_free(&s);
    ruleset_free(&r);
    return hit;
}

/* EVIDENCE sigma-2/expand */
TEST("expand takes its values from the list the user gives, or refuses the rule")
{
    CHECK(strstr(refusal("  selection:\n    u|expand: '%admins%'"), "placeholder") != NULL);
    CHECK(expanded("u|expand: 'a-%admins%-%one%'", "{\"u\":\"a-Minh Tuan-x\"}"));
    CHECK(expanded("u|expand: 'a-%admins%-%one%'", "{\"u\":\"A-lan-x\"}"));
    CHECK(!expanded("u|expand: 'a-%admins%-%one%'", "{\"u\":\"a-hoa-x\"}"));
    CHECK(expanded("p|expand: '100\\%'", "{\"p\":\"100%\"}"));
    CHECK(expanded("q|contains|expand: '%one%'", "{\"q\":\"axb\"}"));
    CHECK(expanded("q|expand|contains: '%one%'", "{\"q\":\"axb\"}"));
    CHECK(!expanded("q|startswith|expand: '%one%'", "{\"q\":\"axb\"}"));
}

TEST("windash and expand together keep both; re takes the list's values as parts of expressions")
{
    CHECK(expanded("c|windash|contains|expand: ' -e %one%'", "{\"c\":\"ps /e x\"}"));
    CHECK(expanded("c|contains|windash|expand: ' -e %one%'", "{\"c\":\"ps \xe2\x80\x93" "e x\"}"));
    CHECK(!expanded("c|contains|windash|expand: ' -e %one%'", "{\"c\":\"ps /e y\"}"));
    CHECK(expanded("c|expand|windash|contains: ' -%flag%'", "{\"c\":\"ps /enc x\"}"));
    CHECK(!expanded("c|windash|expand|contains: ' -%flag%'", "{\"c\":\"ps /enc x\"}"));
    CHECK(expanded("u|re|expand: '^%like%$'", "{\"u\":\"lan\"}"));
    CHECK(expanded("u|re|expand: '^%like%$'", "{\"u\":\"hhh\"}"));
    CHECK(!expanded("u|re|expand: '^%like%$'", "{\"u\":\"LAN\"}"));
    CHECK(expanded("u|re|i|expand: '^%like%$'", "{\"u\":\"LAN\"}"));
    CHECK(expanded("u|re|expand|i: '^%like%$'", "{\"u\":\"LAN\"}"));
    CHECK(expanded("u|expand|re: '^%like%$'", "{\"u\":\"lan\"}"));
    CHECK(expanded("u|expand|cidr: '10.0.0.0/8'", "{\"u\":\"10.1.1.1\"}"));
}

/* EVIDENCE sigma-2/modifier-order */
TEST("modifiers apply from left to right")
{
    CHECK(matches("p|wide|base64|contains: 'IEX'", "{\"p\":\"..SQBFAFgA..\"}"));
    CHECK(strstr(refusal("  selection:\n    p|contains|base64: 'IEX'"), "wildcards") != NULL);
    CHECK(strstr(refusal("  selection:\n    p|nonsense: 'IEX'"), "no modifier") != NULL);
}

TEST("every row of the table compiles its example")
{
    for (const struct modifier *m = modifiers; m->name; m++) {
        char detection[512];
        if (strcmp(m->name, "expand") == 0)
            continue;
        snprintf(detection, sizeof detection, "  selection:\n    %s", m->example);
        if (refusal(detection)[0])
            fail_msg("%s: %s", m->name, refusal(detection));
    }
}
