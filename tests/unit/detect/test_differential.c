/* The engine against the plain evaluator. EVIDENCE sigma-2/index-sound */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/yaml.h"
#include "event/json_event.h"
#include "harness.h"
#include "plain.h"

static uint64_t seed = 88172645463325252u;

static unsigned roll(unsigned sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % sides);
}

/* --- generated rules × generated events --- */

static const char *const words[] = { "a", "ab", "abc", "bc", "Abc", "c", "cab", "aabc", "đ", "ĐA",
                                     "x-y", "10.0.0.1", "10.0.1.1", "7", "12", "-a", "/a", " -ab",
                                     "", "abcabcabcabc", "cabcabcabcabcabc" };
#define WORDS (sizeof words / sizeof *words)

static void add_value(struct buffer *out)
{
    static const char *const wild[] = { "%s", "*%s", "%s*", "*%s*", "%s?", "?%s", "%s*%s", "\\*%s" };
    char text[128];
    unsigned form = roll(12);
    const char *one = words[roll(WORDS)], *two = words[roll(WORDS)];
    if (form == 6)
        snprintf(text, sizeof text, "%s*%s", one, two);
    else if (form < 8) {
        const char *hole = strstr(wild[form], "%s");
        snprintf(text, sizeof text, "%.*s%s%s", (int)(hole - wild[form]), wild[form], one, hole + 2);
    } else
        snprintf(text, sizeof text, "%s", one);
    buffer_print(out, "'%s'", text);
}

/* Numbers in every form a rule and an event may write them. */
static const char *const numbers[] = { "7", "7.0", "0.7e1", "70E-1", "1.5", "1.50", "15e-1", "007", "0x7",
                                       "-7", "12", "1e3", "1000", "-0", "0" };
#define NUMBERS (sizeof numbers / sizeof *numbers)

static const char *const dates[] = { "2026-11-24T23:05:06+07:00", "2026-11-24 23:05", "2026-12-31",
                                     "2027-01-01T00:00:00Z", "2024-12-30T05:59:00Z", "2026-11-2", "soon" };
#define DATES (sizeof dates / sizeof *dates)

static const char *const lists_yaml = "one: ab\nmany: [abc, 'c*', 'a?c', Abc]\nnone: ['x-y']\n";

static void add_regex(struct buffer *out)
{
    static const char *const re[] = { "'ab?c'", "'^a'", "'c$'", "'a.*c'", "'[ab]{2}'", "'b|^7$'", "'(ab)+c'",
                                      "'\\d+'", "'A[b-c]+'", "'abc\\.?'", "'^b.c'", "'a.c'", "'A.C$'" };
    buffer_print(out, "%s\n", re[roll(sizeof re / sizeof *re)]);
}

static void add_number(struct buffer *out)
{
    buffer_print(out, "%s\n", numbers[roll(NUMBERS)]);
}

static void add_time(struct buffer *out)
{
    static const char *const values[] = { "[23, 5, 48]", "24", "[1, 12, 53]", "2026", "[0, 59]", "31" };
    buffer_print(out, "%s\n", values[roll(6)]);
}

static void add_names(struct buffer *out)
{
    static const char *const values[] = { "'%one%'", "'%many%'", "'a%one%'", "['%none%', '%many%c']",
                                          "'%one%%one%'", "'\\%one%'", "' -%one%'" };
    buffer_print(out, "%s\n", values[roll(7)]);
}

static void add_encoded(struct buffer *out)
{
    buffer_print(out, "'%s'\n", words[1 + roll(4)]);
}

static void add_network(struct buffer *out)
{
    static const char *const values[] = { "10.0.0.0/24", "10.0.0.0/8", "'2001:db8::/32'", "10.0.0.1/32",
                                          "0.0.0.0/0" };
    buffer_print(out, "%s\n", values[roll(5)]);
}

static void add_field(struct buffer *out)
{
    buffer_print(out, "f%u\n", roll(4));
}

static void add_truth(struct buffer *out)
{
    buffer_print(out, "%s\n", roll(2) ? "true" : "false");
}

static void add_null(struct buffer *out)
{
    buffer_add(out, SLICE("null\n"));
}

static void add_list(struct buffer *out)
{
    unsigned count = 1 + roll(3);
    for (unsigned i = 0; i < count; i++) {
        buffer_print(out, "%s", i ? ", " : "[");
        if (roll(6) == 0)
            buffer_print(out, "%s", numbers[roll(NUMBERS)]);
        else
            add_value(out);
    }
    buffer_add(out, SLICE("]\n"));
}

/* Modifiers, and what gives them values. */
static const struct { const char *modifiers; void (*value)(struct buffer *out); } forms[] = {
    { "", add_list }, { "", add_list }, { "", add_number }, { "", add_null }, { "|contains", add_list },
    { "|startswith", add_list }, { "|endswith", add_list }, { "|contains|all", add_list },
    { "|all", add_list }, { "|cased", add_list }, { "|contains|cased", add_list },
    { "|cased", add_number }, { "|neq", add_list }, { "|neq", add_number }, { "|contains|neq", add_list },
    { "|windash", add_list }, { "|contains|windash", add_list }, { "|windash|contains|all", add_list },
    { "|endswith|all", add_list }, { "|re", add_regex }, { "|re|i", add_regex }, { "|re|m", add_regex },
    { "|re|s", add_regex }, { "|re|i|m|s", add_regex }, { "|re|ignorecase|dotall", add_regex },
    { "|re|neq", add_regex }, { "|exists", add_truth }, { "|gt", add_number }, { "|lte", add_number },
    { "|lt", add_number }, { "|gte|neq", add_number }, { "|cidr", add_network },
    { "|cidr|neq", add_network }, { "|fieldref", add_field }, { "|fieldref|contains", add_field },
    { "|fieldref|startswith", add_field }, { "|fieldref|endswith|cased", add_field },
    { "|fieldref|neq", add_field }, { "|base64|contains", add_encoded }, { "|base64", add_encoded },
    { "|base64offset|contains", add_encoded }, { "|wide|base64offset|contains", add_encoded },
    { "|utf16be|base64|contains", add_encoded }, { "|utf16|base64", add_encoded },
    { "|utf16le|base64offset|contains|cased", add_encoded }, { "|minute", add_time }, { "|hour", add_time },
    { "|day", add_time }, { "|week", add_time }, { "|month", add_time }, { "|year", add_time },
    { "|expand", add_names }, { "|contains|expand", add_names }, { "|expand|contains|windash", add_names },
    { "|windash|expand", add_names }, { "|re|expand", add_names }, { "|expand|neq", add_names },
};

static bool compares_number(const char *modifiers)
{
    return strncmp(modifiers, "|g", 2) == 0 || strncmp(modifiers, "|lt", 3) == 0;
}

static void add_item_of(struct buffer *out, const char *indent, unsigned field)
{
    unsigned f = roll(sizeof forms / sizeof *forms);
    buffer_print(out, "%sf%u%s: ", indent, field, forms[f].modifiers);
    if (compares_number(forms[f].modifiers)) { /* of these, only what is a number */
        static const char *const plain[] = { "7", "7.0", "1.5", "-7", "1e3", "0" };
        buffer_print(out, "%s\n", plain[roll(6)]);
        return;
    }
    forms[f].value(out);
}

static void add_item(struct buffer *out, const char *indent)
{
    add_item_of(out, indent, roll(4));
}

/* A map of several items, each of another field. */
static void add_map(struct buffer *out, const char *first, const char *others)
{
    unsigned field = roll(4), count = 1 + roll(3);
    for (unsigned i = 0; i < count; i++)
        add_item_of(out, i ? others : first, (field + i) % 4);
}

static void make_rule(struct buffer *out, unsigned n)
{
    static const char *const conditions[] = {
        "s0", "not s0", "s0 and not s1", "s0 or s1", "1 of s*", "all of s*", "s0 and (s1 or not s2)",
        "not (s0 or s1) and s2", "not 1 of s*", "s0 or not s1 and s2", "any of s*1 or all of them",
        "[s0, not s1 and s2]", "1 of them and not all of s*", "not not s0", "all of *"
    };
    buffer_print(out, "---\ntitle: t%u\nid: r%u\nlogsource:\n  product: test\ndetection:\n", n, n);
    for (unsigned s = 0; s < 3; s++) {
        unsigned form = roll(8);
        buffer_print(out, "  s%u:\n", s);
        if (form == 0) {
            buffer_add(out, SLICE("    - "));
            add_value(out);
            buffer_add(out, SLICE("\n"));
        } else if (form == 1) {
            add_map(out, "    - ", "      ");
            add_map(out, "    - ", "      ");
        } else if (form == 2) {
            add_map(out, "    ", "    ");
        } else {
            add_item(out, "    ");
        }
    }
    if (roll(4) == 0)
        buffer_add(out, SLICE("  _hidden:\n    f0: a\n"));
    buffer_print(out, "  condition: %s\n", conditions[roll(sizeof conditions / sizeof *conditions)]);
}

/* The word as base64, as UTF-16 in base64: what the encoders look for. */
static const char *const packed[] = { "YWI=", "YWJj", "eWFiYw==", "YQBiAA==", "AGEAYgBj", "//5hAGIA",
                                      "eHhhAGIAYwA=", "YmM=", "yWI" };

static void make_event(struct buffer *out)
{
    buffer_clear(out);
    buffer_add(out, SLICE("{\"z\":0"));
    for (unsigned f = 0; f < 4; f++) {
        unsigned kind = roll(14);
        if (kind == 0)
            continue;
        buffer_print(out, ",\"f%u\":", f);
        if (kind == 1)
            buffer_add(out, SLICE("null"));
        else if (kind == 2)
            buffer_print(out, "%u", roll(15));
        else if (kind == 3)
            buffer_print(out, "[\"%s\",\"%s\"]", words[roll(WORDS)], words[roll(WORDS)]);
        else if (kind == 4)
            buffer_print(out, "{\"f1\":\"%s\"}", words[roll(WORDS)]);
        else if (kind == 5)
            buffer_print(out, "\"%s\"", dates[roll(DATES)]);
        else if (kind == 6) {
            static const char *const forms_of_json[] = { "7", "7.0", "0.7e1", "1.5", "1.50", "-7", "1e3",
                                                         "-0", "\"7.0\"", "\"1.50\"", "\"007\"", "\"0x7\"" };
            buffer_print(out, "%s", forms_of_json[roll(12)]);
        } else if (kind == 7)
            buffer_print(out, "\"%s\"", packed[roll(9)]);
        else if (kind == 8)
            buffer_print(out, "\"%s\\n%s\"", words[roll(WORDS)], words[roll(WORDS)]);
        else if (kind == 9)
            buffer_print(out, "\"%s\"", roll(2) ? "2001:db8::5" : "10.0.0.1");
        else
            buffer_print(out, "\"%s%s%s\"", words[roll(WORDS)], roll(3) ? "" : words[roll(WORDS)],
                         roll(4) ? "" : words[roll(WORDS)]);
    }
    buffer_add(out, SLICE("}"));
}

struct both { struct yaml *rules; uint32_t count; struct ruleset *ruleset; struct yaml *lists; };

/* Reads the documents once more for the plain evaluator. */
static void read_rules(struct slice yaml, struct arena *arena, struct both *both)
{
    struct yaml *lists;
    struct error e = ERROR_NONE;
    uint32_t count;
    if (!yaml_parse("generated", yaml, arena, &both->rules, &both->count, &e) ||
        !yaml_parse("lists", slice_of(lists_yaml), arena, &lists, &count, &e))
        fail_msg("%s", e.sentence);
    both->lists = lists;
}

TEST("generated rules and events: the engine agrees with the plain evaluator")
{
    ARENA_AUTO arena, scratch;
    BUFFER_AUTO yaml, json;
    struct both both;
    uint64_t agreed = 0, hits = 0;
    arena_init(&arena, 0);
    arena_init(&scratch, 0);
    buffer_init(&yaml, 0);
    buffer_init(&json, 0);
    for (unsigned i = 0; i < 500; i++)
        make_rule(&yaml, i);
    buffer_add_byte(&yaml, 0);
    read_rules(slice_of(yaml.data), &arena, &both);
    char lists[4096];
    snprintf(lists, sizeof lists, "%s", write_file("lists.yaml", lists_yaml));
    both.ruleset = compile_text(yaml.data, NULL, lists);
    if (!both.ruleset)
        fail_msg("refused: %s", refusal_text());
    struct scanner *scanner = scanner_new(both.ruleset);
    for (unsigned n = 0; n < 400; n++) {
        struct event event = { .logsource.product = SLICE("test") };
        struct error e = ERROR_NONE;
        const uint32_t *rules;
        make_event(&json);
        arena_clear(&scratch);
        event.raw = buffer_slice(&json);
        CHECK(json_event_decode(event.raw, &scratch, &event.fields, &event.field_count, &e));
        uint32_t count = scan_both(scanner, &event, &rules);
        bool found[500] = { false };
        for (uint32_t i = 0; i < count; i++) {
            struct slice id = ruleset_rule(both.ruleset, rules[i]).id;
            found[strtoul(id.data + 1, NULL, 10)] = true;
        }
        for (uint32_t i = 0; i < both.count; i++) {
            uint64_t k;
            struct slice id = yaml_member_text(&both.rules[i], "id", SLICE(""));
            CHECK(slice_to_u64(slice_after(id, 1), &k));
            bool plain = plain_match(&both.rules[i], both.lists, &event, NULL);
            if (plain != found[k])
                fail_msg("rule r%u: plain %d, engine %d on %.*s\n%.*s", (unsigned)k, plain, found[k],
                         SLICE_ARGS(event.raw),
                         SLICE_ARGS(slice_cut(slice_after(slice_of(yaml.data),
                                                          slice_find(slice_of(yaml.data), id)), 0, 600)));
            agreed++;
            hits += plain;
        }
    }
    CHECK(hits > agreed / 20 && hits < agreed * 19 / 20); /* the test is not empty */
    scanner_free(&scanner);
    ruleset_free(&both.ruleset);
}
