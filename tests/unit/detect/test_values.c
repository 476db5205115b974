/* What a value means: EVIDENCE for docs/conformance.md. */
#include <stdio.h>

#include "harness.h"

/* EVIDENCE sigma-2/case-insensitive */
TEST("strings are compared without case")
{
    CHECK(matches("user: Admin", "{\"user\":\"aDMIN\"}"));
    CHECK(!matches("user: Admin", "{\"user\":\"administrator\"}"));
}

TEST("case folding goes beyond ASCII, without the Turkish letters")
{
    CHECK(matches("user: 'ĐỖ THỊ'", "{\"user\":\"đỗ thị\"}"));
    CHECK(matches("x|contains: 'СЕКРЕТ'", "{\"x\":\"мой секрет\"}"));
    CHECK(matches("x: 'k'", "{\"x\":\"\\u212a\"}")); /* the Kelvin sign folds to k */
    CHECK(matches("x: 'Σ'", "{\"x\":\"ς\"}"));
    CHECK(!matches("x: 'i'", "{\"x\":\"\\u0130\"}"));
    CHECK(!matches("x: 'ss'", "{\"x\":\"ß\"}")); /* simple folding: one character to one */
}

/* EVIDENCE sigma-2/wildcards */
TEST("* is any run and ? exactly one character")
{
    CHECK(matches("x: 'a*c'", "{\"x\":\"abbbc\"}"));
    CHECK(matches("x: 'a*c'", "{\"x\":\"ac\"}"));
    CHECK(matches("x: 'a?c'", "{\"x\":\"abc\"}"));
    CHECK(!matches("x: 'a?c'", "{\"x\":\"ac\"}"));
    CHECK(!matches("x: 'a?c'", "{\"x\":\"abbc\"}"));
    CHECK(matches("x: 'a?c'", "{\"x\":\"a\xc4\x91" "c\"}")); /* one character, two bytes */
    CHECK(matches("x: '*b?d*'", "{\"x\":\"abcdef\"}"));
    CHECK(matches("x: 'a*b*c'", "{\"x\":\"a1b2b3c\"}"));
    CHECK(!matches("x: 'a*b*c'", "{\"x\":\"a1c2b\"}"));
    CHECK(matches("x: 'a*c'", "{\"x\":\"a\\nb\\nc\"}"));
    CHECK(matches("x: '*'", "{\"x\":\"\"}"));
    CHECK(!matches("x: '*'", "{\"y\":\"\"}"));
    CHECK(!matches("x: '?'", "{\"x\":\"\"}"));
    CHECK(matches("x: '*a'", "{\"x\":\"ba\"}"));
    CHECK(matches("x: '?*a'", "{\"x\":\"ba\"}"));
    CHECK(!matches("x: '?*a'", "{\"x\":\"a\"}"));
    CHECK(matches("x: 'a*?'", "{\"x\":\"ab\"}"));
    CHECK(!matches("x: 'a*?'", "{\"x\":\"a\"}"));
}

TEST("wildcards stay active inside contains")
{
    CHECK(matches("x|contains: 'a*c?e'", "{\"x\":\"..a123cde..\"}"));
    CHECK(!matches("x|contains: 'a*c?e'", "{\"x\":\"..a123ce..\"}"));
    CHECK(matches("x|startswith: 'a?c'", "{\"x\":\"abcd\"}"));
    CHECK(matches("x|endswith: 'a?c'", "{\"x\":\"zabc\"}"));
}

/* EVIDENCE sigma-2/escapes */
TEST("backslashes escape wildcards and themselves, and are themselves otherwise")
{
    CHECK(matches("x: 'a\\*c'", "{\"x\":\"a*c\"}"));
    CHECK(!matches("x: 'a\\*c'", "{\"x\":\"abc\"}"));
    CHECK(matches("x: 'a\\?c'", "{\"x\":\"a?c\"}"));
    CHECK(matches("x: 'a\\\\*'", "{\"x\":\"a\\\\b\"}"));     /* \\* : one backslash, a wildcard */
    CHECK(!matches("x: 'a\\\\*'", "{\"x\":\"ab\"}"));
    CHECK(matches("x: 'a\\b'", "{\"x\":\"a\\\\b\"}"));       /* \b : a backslash and a b */
    CHECK(matches("x: 'a\\\\b'", "{\"x\":\"a\\\\b\"}"));     /* \\b : the same */
    CHECK(matches("x: '\\\\\\\\srv'", "{\"x\":\"\\\\\\\\srv\"}")); /* \\\\srv : two */
    CHECK(matches("x: 'a\\'", "{\"x\":\"a\\\\\"}"));         /* a trailing one */
    CHECK(matches("x: 'a\\\\\\*'", "{\"x\":\"a\\\\*\"}"));   /* \\\* : backslash, star */
}

/* EVIDENCE sigma-2/null sigma-2/absent sigma-2/empty */
TEST("null is absent or JSON null; '' is present and empty")
{
    CHECK(matches("x: null", "{\"y\":1}"));
    CHECK(matches("x: null", "{\"x\":null}"));
    CHECK(matches("x:", "{\"y\":1}"));
    CHECK(!matches("x: null", "{\"x\":\"\"}"));
    CHECK(!matches("x: null", "{\"x\":\"null\"}"));
    CHECK(matches("x: ''", "{\"x\":\"\"}"));
    CHECK(!matches("x: ''", "{\"x\":null}"));
    CHECK(!matches("x: ''", "{\"y\":\"\"}"));
    CHECK(!matches("x: ''", "{\"x\":\"a\"}"));
    CHECK(!matches("x: 'null'", "{\"x\":null}"));
}

TEST("null must not stand in a list")
{
    CHECK(strstr(refusal("  selection:\n    x: [a, null]"), "null") != NULL);
}

/* EVIDENCE sigma-2/absent-negated */
TEST("an absent field under 'not' is true")
{
    CHECK(detects("  selection:\n    a: 1\n  filter:\n    b|contains: x\n"
                  "  condition: selection and not filter", "{\"a\":1}"));
    CHECK(detects("  selection:\n    a: 1\n  filter:\n    b|re: x\n    c|cidr: 10.0.0.0/8\n"
                  "  condition: selection and not filter", "{\"a\":1}"));
    CHECK(detects("  filter:\n    b: x\n  condition: not filter", "{\"a\":1}"));
}

/* EVIDENCE sigma-2/number-forms */
TEST("a number is one number however rule and event write it, and text where it is no number")
{
    static const char *const one_and_a_half[] = { "1.5", "1.50", "15e-1", "0.15E1", "1.5e0" };
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < 5; k++) {
            char item[40], json[40];
            snprintf(item, sizeof item, "x: %s", one_and_a_half[i]);
            snprintf(json, sizeof json, "{\"x\":%s}", one_and_a_half[k]);
            CHECK(matches(item, json));
        }
    CHECK(matches("x: 1.0", "{\"x\":1}"));
    CHECK(matches("x: 1.0", "{\"x\":1.0}"));
    CHECK(matches("x: 1e3", "{\"x\":1000}"));
    CHECK(matches("x: -0", "{\"x\":0}"));
    CHECK(matches("x: [7, 1.50]", "{\"x\":1.5}"));
    CHECK(matches("x|cased: 1e3", "{\"x\":1000}"));
    CHECK(!matches("x|neq: 1.50", "{\"x\":1.5}"));
    CHECK(!matches("x|all: [1.0, 2.0]", "{\"x\":1}"));
    CHECK(matches("x|all: [1.0, 2.0]", "{\"x\":[1,2]}"));
    CHECK(matches("x: 1.50", "{\"x\":\"1.50\"}"));      /* text that a log writes so */
    CHECK(!matches("x: '1.50'", "{\"x\":1.5}"));        /* in quotes it is text in the rule too */
    CHECK(!matches("x: 007", "{\"x\":7}"));
    CHECK(matches("x: 007", "{\"x\":\"007\"}"));
    CHECK(!matches("x: 0x10", "{\"x\":16}"));
    CHECK(matches("x: 0x10", "{\"x\":\"0x10\"}"));
    CHECK(!matches("x|contains: 1.50", "{\"x\":1.5}")); /* of text within text */
    CHECK(matches("x|re: 1.0", "{\"x\":\"a1x0\"}"));
    CHECK(!detects("  selection:\n    - 1.0", "{\"x\":1}"));
    CHECK(matches("x: 12345678901234567890123", "{\"x\":12345678901234567890123}"));
}

/* EVIDENCE sigma-2/numbers-as-text sigma-2/booleans-as-text */
TEST("numbers and booleans are compared as text")
{
    CHECK(matches("EventID: 4625", "{\"EventID\":4625}"));
    CHECK(matches("EventID: 4625", "{\"EventID\":\"4625\"}"));
    CHECK(matches("EventID: '4625'", "{\"EventID\":4625}"));
    CHECK(matches("EventID: 1", "{\"EventID\":1.0}"));
    CHECK(!matches("EventID: 1", "{\"EventID\":\"0x1\"}"));
    CHECK(!matches("EventID: 1", "{\"EventID\":10}"));
    CHECK(matches("GrantedAccess: '0x1410'", "{\"GrantedAccess\":\"0x1410\"}"));
    CHECK(matches("x: 0.5", "{\"x\":0.5}"));
    CHECK(matches("x: -3", "{\"x\":-3}"));
    CHECK(matches("ok: true", "{\"ok\":true}"));
    CHECK(matches("ok: true", "{\"ok\":\"True\"}"));
    CHECK(!matches("ok: true", "{\"ok\":false}"));
    CHECK(matches("n|contains: 46", "{\"n\":4625}"));
}

/* EVIDENCE sigma-2/maps-and sigma-2/list-of-maps sigma-2/lists-or */
TEST("a map is AND, a list is OR, a list of maps is OR of ANDs")
{
    CHECK(detects("  selection:\n    a: 1\n    b: 2", "{\"a\":1,\"b\":2}"));
    CHECK(!detects("  selection:\n    a: 1\n    b: 2", "{\"a\":1,\"b\":3}"));
    CHECK(matches("a: [1, 2]", "{\"a\":2}"));
    CHECK(!matches("a: [1, 2]", "{\"a\":3}"));
    CHECK(detects("  selection:\n    - a: 1\n      b: 2\n    - c: 3", "{\"c\":3}"));
    CHECK(!detects("  selection:\n    - a: 1\n      b: 2\n    - c: 3", "{\"a\":1}"));
}

/* EVIDENCE sigma-2/keywords */
TEST("keywords are looked for in every value, not in names")
{
    CHECK(detects("  selection:\n    - mimikatz\n    - sekurlsa", "{\"a\":{\"b\":\"run MIMIKATZ now\"}}"));
    CHECK(!detects("  selection:\n    - mimikatz", "{\"mimikatz\":\"a\"}"));
    CHECK(detects("  selection:\n    - 4625", "{\"a\":\"no\",\"EventID\":4625}"));
    CHECK(detects("  selection: one", "{\"a\":[\"x\",\"no one\"]}"));
    CHECK(detects("  selection:\n    - 'a*c'", "{\"a\":\"..abc..\"}"));
    CHECK(!detects("  selection:\n    - 'a\\*c'", "{\"a\":\"..abc..\"}"));
    CHECK(detects("  selection:\n    - 'Failed password'", "sshd[1]: Failed password for root"));
    CHECK(detects("  selection:\n    '|all':\n      - one\n      - two", "{\"a\":\"one\",\"b\":\"two\"}"));
    CHECK(!detects("  selection:\n    '|all':\n      - one\n      - two", "{\"a\":\"one\"}"));
    CHECK(detects("  selection:\n    '|re': 'f[0o]o'", "{\"a\":\"f0o\"}"));
    CHECK(detects("  selection:\n    - word\n    - a: 1", "{\"a\":1}"));
    CHECK(!detects("  keywords:\n    - x\n  condition: not keywords", "{\"a\":\"xyz\"}"));
}

/* EVIDENCE sigma-2/multi-value sigma-2/objects-as-text sigma-2/field-names */
TEST("nested fields have dotted names, arrays several values, objects their JSON text")
{
    CHECK(matches("a.b.c: 1", "{\"a\":{\"b\":{\"c\":1}}}"));
    CHECK(matches("a.b: 1", "{\"a.b\":1}"));
    CHECK(matches("a: two", "{\"a\":[\"one\",\"two\"]}"));
    CHECK(matches("a.b: 2", "{\"a\":[{\"b\":1},{\"b\":2}]}"));
    CHECK(matches("requestParameters|contains: '\"Everyone\"'",
                  "{\"requestParameters\":{\"group\":\"Everyone\"}}"));
    CHECK(matches("targetResources|contains: 'Add member'",
                  "{\"targetResources\":[{\"type\":\"Add member\"}]}"));
    CHECK(!matches("A: 1", "{\"a\":1}")); /* names compare exactly */
}

/* EVIDENCE sigma-2/field-names-blanks */
TEST("blanks in the names of an event's fields are left out")
{
    CHECK(matches("ThreatName: x", "{\"Threat Name\":\"x\"}"));
}

TEST("a value longer than any buffer is searched whole")
{
    static char json[400000];
    size_t n = (size_t)snprintf(json, sizeof json, "{\"x\":\"");
    memset(json + n, 'A', 300000);
    n += 300000;
    snprintf(json + n, sizeof json - n, "needle\",\"y\":\"\xc4\x90\"}");
    CHECK(matches("x|endswith: 'aNEEDLE'", json));
    CHECK(matches("x|contains: 'aaaneedle'", json));
    CHECK(detects("  selection:\n    x|contains: 'aneedle'\n    y: 'đ'", json));
}
