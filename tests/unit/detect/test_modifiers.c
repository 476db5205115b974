/* Each modifier's meaning: EVIDENCE for docs/conformance.md. */
#include <stdio.h>

#include "detect/modifier.h"
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
    CHECK(strstr(refusal("  selection:\n    x|contains|re: 'a'"), "cannot be combined") != NULL);
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
    CHECK(matches("c|contains|windash|all: [' -a', ' -b']", "{\"c\":\"x /a /b\"}") ==
          matches("c|windash|contains|all: [' -a', ' -b']", "{\"c\":\"x /a /b\"}"));
}

/* EVIDENCE sigma-2/base64 */
TEST("base64 encodes the whole value and keeps the padding")
{
    CHECK(matches("p|base64|contains: 'foobar'", "{\"p\":\"xZm9vYmFyx\"}"));
    CHECK(matches("p|base64: 'foob'", "{\"p\":\"Zm9vYg==\"}"));
    CHECK(!matches("p|base64: 'foob'", "{\"p\":\"Zm9vYg\"}"));
    CHECK(strstr(refusal("  selection:\n    p|base64: 'a*'"), "wildcards") != NULL);
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

/* EVIDENCE sigma-2/expand */
TEST("expand takes its values from the list the user gives, or refuses the rule")
{
    CHECK(strstr(refusal("  selection:\n    u|expand: '%admins%'"), "placeholder") != NULL);
    char lists[4096];
    snprintf(lists, sizeof lists, "%s", write_file("lists.yaml", "admins: [lan, 'minh*']\none: x\n"));
    struct ruleset *r = compile_text("title: t\nlogsource: {product: test}\ndetection:\n"
                                     "  selection:\n    u|expand: 'a-%admins%-%one%'\n"
                                     "    p|expand: '100\\%'\n    q|contains|expand: '%one%'\n"
                                     "  condition: selection\n", NULL, lists);
    CHECK(r != NULL);
    struct event_field fields[] = { { SLICE("u"), SLICE("a-Minh Tuan-x"), EVENT_TEXT },
                                    { SLICE("p"), SLICE("100%"), EVENT_TEXT },
                                    { SLICE("q"), SLICE("axb"), EVENT_TEXT } };
    struct event event = { .fields = fields, .field_count = 3, .logsource.product = SLICE("test") };
    struct scanner *s = scanner_new(r);
    const uint32_t *rules;
    CHECK_INT(scanner_scan(s, &event, &rules), 1);
    fields[0].value = SLICE("a-hoa-x");
    CHECK_INT(scanner_scan(s, &event, &rules), 0);
    scanner_free(&s);
    ruleset_free(&r);
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
