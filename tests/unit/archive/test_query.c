#include <stdio.h>

#include "archive/query.h"
#include "base/clock.h"
#include "test.h"

static struct error failure;

/* The query written out in full form, or the error's sentence. */
static const char *parsed(const char *text)
{
    static char out[4096];
    ARENA_AUTO arena;
    BUFFER_AUTO full;
    struct query *query;
    arena_init(&arena, 0);
    buffer_init(&full, 0);
    failure = ERROR_NONE;
    if (!query_parse(slice_of(text), 0, &arena, &query, &failure)) {
        snprintf(out, sizeof out, "%s: %s", failure.place, failure.sentence);
        return out;
    }
    query_print(query, &full);
    snprintf(out, sizeof out, "%.*s", SLICE_ARGS(buffer_slice(&full)));
    return out;
}

static const struct {
    const char *written, *full;
} good[] = {
    { "", "*" },
    { "a b or c", "((a and b) or c)" },
    { "a or b c", "(a or (b and c))" },
    { "not a b", "(not a and b)" },
    { "-a", "not a" },
    { "NOT a AND b OR c", "((not a and b) or c)" },
    { "(a or b) c", "((a or b) and c)" },
    { "x:(a or b \"c d\")", "(x:a or x:b or x:\"c d\")" },
    { "a:1..5 b:[1 to 5] c:>=3", "(a:1..5 and b:[1 to 5] and c:>=3)" },
    { "http://x", "http://x" },
    { "C:\\Windows", "C:\\Windows" },
    { "fe80::1 a:(::1 b)", "(fe80::1 and (a:::1 or a:b))" },
    { "share:\\\\srv\\c$", "share:\\\\srv\\c$" },
    { "u:(\"not\" nota)", "(u:\"not\" or u:nota)" },
    { "x:/a\\/b|c/", "x:/a\\/b|c/" },
    { "u:=\"a b\"", "u:=\"a b\"" },
    { "fields.source:a source:b", "(fields.source:a and source:b)" },
    { "| count", "* | count" },
    { "a | count by user over 1h | top 10", "a | count by user over 1h | top 10" },
    { "a|stats sum(x) as y,dc(z) by u", "a | stats sum(x) as y, distinct(z) as \"dc(z)\" by u" },
    { "a | sort -n, b asc | head 5 | fields a b", "a | sort by n desc, b asc | limit 5 | fields a, b" },
    { "a | timechart span=5m count by x", "a | timechart count as count by x over 5m" },
    { "a | top 3 by x", "a | top 3 by x" },
    { "a | uniq x, y", "a | uniq by x, y" },
    { "a | sort t | limit 9 | count over 1d", "a | sort by t asc | limit 9 | count over 1d" },
};

TEST("queries mean what they seem to, and the full form means the same again")
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *full = parsed(good[i].written);
        if (strcmp(full, good[i].full) != 0)
            fail_msg("%s: %s, expected %s", good[i].written, full, good[i].full);
    }
}

TEST("the full form parses to itself")
{
    char once[4096];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(once, sizeof once, "%s", parsed(good[i].written));
        const char *twice = parsed(once);
        if (strcmp(once, twice) != 0)
            fail_msg("%s: %s", once, twice);
    }
}

static const struct {
    const char *query, *error;
} bad[] = {
    { "\"abc", "query:1:1: the quotation mark is not closed" },
    { "a (b or c", "query:1:3: the parenthesis is not closed" },
    { "a)", "query:1:2: this parenthesis closes nothing" },
    { ")", "query:1:1: this parenthesis closes nothing" },
    { "a or", "query:1:5: a word or field:value is missing here" },
    { "not", "query:1:4: a word or field:value is missing here" },
    { "a and or b", "query:1:7: a word or field:value is missing here" },
    { "user: root", "query:1:6: a value is missing here" },
    { "user:(", "query:1:7: a list of values is not closed" },
    { "user:()", "query:1:7: the list of values is empty" },
    { "user:(a and b)", "query:1:9: a list of values takes only `or`" },
    { "user:(not u1)", "query:1:7: a list of values takes only `or`" },
    { "user:(u1 or NOT u2)", "query:1:13: a list of values takes only `or`" },
    { "đất:/(/ x", "query:1:1: \"x" },
    { "x:/(/", "query:1:5: the regular expression is wrong: missing closing parenthesis" },
    { "x:/abc", "query:1:3: the regular expression is not closed" },
    { "bytes:>many", "query:1:7: \">many" },
    { "time:>tomorrow", "query:1:6: \"tomorrow\" is not a time" },
    { "src_ip:10.0.0.0/33", "query:1:8: \"10.0.0.0/33\" is not a network" },
    { "x:[1 2]", "query:1:3: this is not a range" },
    { "x:[1 to 2", "query:1:3: the range is not closed" },
    { "a |", "query:1:4: a pipe is missing behind |" },
    { "a | frobnicate", "query:1:5: \"frobnicate\" is not a pipe" },
    { "a | count by", "query:1:13: a field is missing here" },
    { "a | count over", "query:1:15: a length of time is missing here" },
    { "a | count over 5 weeks", "query:1:16: a length of time is missing here" },
    { "a | top", "query:1:5: top needs a field" },
    { "a | top 0 x", "query:1:9: this number must be 1 or more" },
    { "a | stats", "query:1:10: a function is missing here" },
    { "a | stats sum", "query:1:11: sum needs a field" },
    { "a | stats sum(x", "query:1:16: the parenthesis is not closed" },
    { "a | limit x", "query:1:11: a number is missing here" },
    { "a | sort", "query:1:9: a field is missing here" },
    { "a | fields", "query:1:11: a field is missing here" },
    { "a | fields time, u | count over 1d", "query:1:33: a table has no spans of time" },
    { "a | top 3 u | sort u | timechart 1h count", "query:1:24: a table has no spans of time" },
    { "a | limit 5 6", "query:1:13: this does not belong here" },
    { "ườ user:", "query:1:9: a value is missing here" },
};

TEST("each mistake is told with its column")
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *error = parsed(bad[i].query);
        bool begins = strncmp(error, bad[i].error, strlen(bad[i].error)) == 0;
        if (!begins && !strstr(bad[i].error, "\"x") && !strstr(bad[i].error, "\">"))
            fail_msg("%s: %s, expected %s", bad[i].query, error, bad[i].error);
        CHECK(failure.set);
        CHECK_INT(failure.kind, ERROR_INPUT);
    }
}

TEST("a query too long, too deep or too wide is refused, not run")
{
    static char text[QUERY_BYTES_MAX + 10];
    memset(text, 'a', sizeof text - 1);
    CHECK(strstr(parsed(text), "longer than") != NULL);
    memset(text, '(', 1000);
    text[1000] = '\0';
    CHECK(strstr(parsed(text), "nested too deeply") != NULL);
    memset(text, '-', 1000);
    CHECK(strstr(parsed(text), "nested too deeply") != NULL);
    for (size_t i = 0; i < 6000; i += 2)
        memcpy(text + i, "a ", 2);
    text[6000] = '\0';
    CHECK(strstr(parsed(text), "too many parts") != NULL);
    text[0] = '\0';
    for (int i = 0; i < 20; i++)
        memcpy(text + i * 8, "|limit 1", 8);
    text[160] = '\0';
    CHECK(strstr(parsed(text), "can follow each other") != NULL);
}

TEST("times and lengths of time as people write them")
{
    int64_t now = INT64_C(1764000000) * CLOCK_SECOND, time;
    struct error e = ERROR_NONE;
    CHECK(query_time(SLICE("now"), now, &time, &e) && time == now);
    CHECK(query_time(SLICE("-90m"), now, &time, &e) && time == now - 90 * CLOCK_MINUTE);
    CHECK(query_time(SLICE("@1764000000"), now, &time, &e) && time == now);
    CHECK(query_time(SLICE("2025-11-24"), now, &time, &e));
    CHECK_INT(time, INT64_C(1763917200) * CLOCK_SECOND); /* midnight in Asia/Ho_Chi_Minh */
    CHECK(query_time(SLICE("2025-11-24T00:00Z"), now, &time, &e));
    CHECK_INT(time, INT64_C(1763942400) * CLOCK_SECOND);
    static const char *const wrong[] = { "", "-", "-1", "-0h", "1h", "@", "@x", "soon",
                                         "2025-13-01", "-99999999999999999999h" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!query_time(slice_of(wrong[i]), now, &time, &e));
}

TEST("memory that is refused at any moment is an error, not a fall")
{
    static const char *const queries[] = {
        "a \"b c\" x:(y or z*) n:>5 ip:10.0.0.0/8 t:/a.b/ f*o | stats sum(x) as y by z | sort -y",
        "*a*b* not (c or d) time:>-1h | top 10 user | fields a, b",
    };
    for (size_t i = 0; i < 2; i++)
        for (unsigned n = 1; n < 120; n++) {
            ARENA_AUTO arena;
            struct query *query = NULL;
            struct error e = ERROR_NONE;
            arena_init(&arena, 0);
            arena_fail_after(n);
            bool well = query_parse(slice_of(queries[i]), 0, &arena, &query, &e);
            arena_fail_after(0);
            CHECK(well ? query != NULL : e.set);
        }
}
