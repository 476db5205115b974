/* Conditions: EVIDENCE for docs/conformance.md. */
#include <stdio.h>

#include "harness.h"

/* true selections begin with t, false ones with f */
static bool holds(const char *condition)
{
    char detection[2048];
    snprintf(detection, sizeof detection,
             "  t:\n    a: 1\n  t_one:\n    b: 2\n  f:\n    a: 9\n  f_one:\n    b: 9\n"
             "  _t_hidden:\n    a: 1\n  _f_hidden:\n    a: 9\n  condition: %s", condition);
    return detects(detection, "{\"a\":1,\"b\":2}");
}

static const char *wrong(const char *condition)
{
    char detection[2048];
    snprintf(detection, sizeof detection, "  t:\n    a: 1\n  f:\n    a: 9\n  condition: %s",
             condition);
    return refusal(detection);
}

/* EVIDENCE sigma-2/condition-grammar */
TEST("not binds closer than and, and closer than or")
{
    CHECK(holds("t or f and f"));
    CHECK(!holds("(t or f) and f"));
    CHECK(holds("not f and t"));
    CHECK(!holds("not (f or t)"));
    CHECK(holds("not not t"));
    CHECK(holds("f or not f"));
    CHECK(holds("t and t_one"));
}

/* EVIDENCE sigma-2/condition-quantifiers sigma-2/condition-underscore */
TEST("1, any and all of them or of a pattern; names with _ are left out")
{
    CHECK(holds("1 of t*"));
    CHECK(holds("any of t*"));
    CHECK(holds("all of t*"));
    CHECK(!holds("1 of f*"));
    CHECK(holds("1 of them"));
    CHECK(!holds("all of them"));
    CHECK(holds("all of *_one or t"));
    CHECK(holds("1 of t_*"));
    CHECK(holds("all of t and not 1 of f*"));
    CHECK(holds("1 of _t_hidden"));
    CHECK(holds("all of *t*"));   /* _t_hidden is not among them */
    CHECK(strstr(wrong("1 of x*"), "no selection") != NULL);
    CHECK(strstr(wrong("2 of t*"), "1 of") != NULL);
}

/* EVIDENCE sigma-2/condition-list */
TEST("a list of conditions is OR")
{
    CHECK(holds("[f, t]"));
    CHECK(!holds("[f, f_one]"));
}

TEST("what is wrong in a condition is said")
{
    CHECK(strstr(wrong("t and"), "it ends") != NULL);
    CHECK(strstr(wrong("t f"), "'and' or 'or' expected") != NULL);
    CHECK(strstr(wrong("(t"), "')' is missing") != NULL);
    CHECK(strstr(wrong("missing"), "there is no selection") != NULL);
    CHECK(strstr(wrong("t | count() > 5"), "correlation") != NULL);
    CHECK(strstr(wrong("and t"), "missing before") != NULL);
    CHECK(strstr(wrong("t*"), "1 of") != NULL);
    CHECK(strstr(refusal("  t:\n    a: 1\n  condition: ''"), "condition") != NULL);
    CHECK(strstr(refusal("  t: []\n  condition: t"), "empty") != NULL);
    CHECK(strstr(refusal("  t:\n    a: []\n  condition: t"), "empty") != NULL);
}

/* EVIDENCE sigma-2/index-sound */
TEST("rules with no positive literal are tried on every event of their log source")
{
    CHECK(detects("  f:\n    a: x\n  condition: not f", "{\"b\":1}"));
    CHECK(!detects("  f:\n    a: x\n  condition: not f", "{\"a\":\"X\"}"));
    CHECK(detects("  s:\n    a|exists: true\n  condition: s", "{\"a\":1}"));
    CHECK(detects("  s:\n    a: x\n  n:\n    b: y\n  condition: s or not n", "{\"c\":1}"));
}

TEST("a literal that only stands below 'not' makes nothing a candidate and loses nothing")
{
    const char *detection = "  a:\n    x|contains: foo\n  b:\n    x|contains: bar\n"
                            "  condition: a and not b";
    CHECK(detects(detection, "{\"x\":\"foo\"}"));
    CHECK(!detects(detection, "{\"x\":\"foo bar\"}"));
    CHECK(!detects(detection, "{\"x\":\"bar\"}"));
}

/* EVIDENCE sigma-2/condition-pattern */
TEST("* anywhere in a pattern of names, as often as wanted")
{
    const char *names = "  a_one_c:\n    a: 1\n  abc:\n    a: 1\n  a_two_d:\n    a: 9\n  condition: ";
    static const struct { const char *condition; bool holds; } rows[] = {
        { "all of a*c", true }, { "all of a*b*c", true }, { "1 of a*d", false }, { "1 of *two*", false },
        { "all of *", false }, { "1 of *c", true }, { "all of a_*", false }, { "all of a*_one*c", true },
        { "1 of a**c", true }, { "all of abc", true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char detection[1024];
        snprintf(detection, sizeof detection, "%s%s", names, rows[i].condition);
        if (detects(detection, "{\"a\":1}") != rows[i].holds)
            fail_msg("%s", rows[i].condition);
    }
    CHECK(strstr(wrong("1 of t*x*"), "no selection") != NULL);
}

/* EVIDENCE sigma-2/condition-missing */
TEST("a condition that is missing or names what is missing refuses the rule; nothing is ORed")
{
    CHECK(compile_text("title: t\nlogsource: {product: test}\ndetection:\n  s:\n    a: 1\n", NULL, NULL)
          == NULL);
    CHECK(strstr(refusal_text(), "condition is missing") != NULL);
    CHECK(strstr(refusal("  t:\n    a: 1\n  condition:"), "must be text") != NULL);
    CHECK(strstr(refusal("  t:\n    a: 1\n  condition: []"), "empty") != NULL);
    CHECK(strstr(wrong("t and gone"), "'gone'") != NULL);
    CHECK(strstr(wrong("T"), "'T'") != NULL); /* names compare with case */
}
