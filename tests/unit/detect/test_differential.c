/* The engine against the plain evaluator. EVIDENCE sigma-2/index-sound */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
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

static void add_item(struct buffer *out, const char *indent)
{
    static const char *const mods[] = { "", "", "|contains", "|startswith", "|endswith",
        "|contains|all", "|cased", "|contains|cased", "|neq", "|contains|neq", "|windash",
        "|contains|windash", "|re", "|re|i", "|exists", "|null", "|gt", "|lte", "|cidr", "|fieldref",
        "|fieldref|contains", "|base64|contains", "|base64offset|contains", "|endswith|all" };
    unsigned m = roll(sizeof mods / sizeof *mods);
    const char *mod = mods[m];
    buffer_print(out, "%sf%u%s: ", indent, roll(4), strcmp(mod, "|null") ? mod : "");
    if (!strcmp(mod, "|re") || !strcmp(mod, "|re|i")) {
        static const char *const re[] = { "'ab?c'", "'^a'", "'c$'", "'a.*c'", "'[ab]{2}'", "'b|^7$'",
                                          "'(ab)+c'", "'\\d+'", "'A[b-c]+'", "'abc\\.?'" };
        buffer_print(out, "%s\n", re[roll(10)]);
    } else if (!strcmp(mod, "|exists"))
        buffer_print(out, "%s\n", roll(2) ? "true" : "false");
    else if (!strcmp(mod, "|null"))
        buffer_add(out, SLICE("null\n"));
    else if (!strcmp(mod, "|gt") || !strcmp(mod, "|lte"))
        buffer_print(out, "%u\n", roll(15));
    else if (!strcmp(mod, "|cidr"))
        buffer_print(out, "%s\n", roll(2) ? "10.0.0.0/24" : "10.0.0.0/8");
    else if (!strncmp(mod, "|fieldref", 9))
        buffer_print(out, "f%u\n", roll(4));
    else if (!strncmp(mod, "|base64", 7))
        buffer_print(out, "'%s'\n", words[1 + roll(4)]);
    else {
        unsigned count = 1 + roll(3);
        buffer_add(out, SLICE("["));
        for (unsigned i = 0; i < count; i++) {
            if (i)
                buffer_add(out, SLICE(", "));
            add_value(out);
        }
        buffer_add(out, SLICE("]\n"));
    }
}

static void make_rule(struct buffer *out, unsigned n)
{
    static const char *const conditions[] = {
        "s0", "not s0", "s0 and not s1", "s0 or s1", "1 of s*", "all of s*", "s0 and (s1 or not s2)",
        "not (s0 or s1) and s2", "not 1 of s*", "s0 or not s1 and s2"
    };
    buffer_print(out, "---\ntitle: t%u\nid: r%u\nlogsource:\n  product: test\ndetection:\n", n, n);
    for (unsigned s = 0; s < 3; s++) {
        unsigned form = roll(6);
        buffer_print(out, "  s%u:\n", s);
        if (form == 0) {
            buffer_add(out, SLICE("    - "));
            add_value(out);
            buffer_add(out, SLICE("\n"));
            continue;
        }
        if (form == 1) {
            add_item(out, "    - ");
            add_item(out, "    - ");
            continue;
        }
        size_t mark = out->len;
        add_item(out, "    ");
        char first[8] = "";
        memcpy(first, out->data + mark, 6);
        (void)first;
    }
    buffer_print(out, "  condition: %s\n", conditions[roll(10)]);
}

static void make_event(struct buffer *out)
{
    buffer_clear(out);
    buffer_add(out, SLICE("{\"z\":0"));
    for (unsigned f = 0; f < 4; f++) {
        unsigned kind = roll(9);
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
        else
            buffer_print(out, "\"%s%s%s\"", words[roll(WORDS)], roll(3) ? "" : words[roll(WORDS)],
                         roll(4) ? "" : words[roll(WORDS)]);
    }
    buffer_add(out, SLICE("}"));
}

struct both { struct rule *rules; uint32_t count; struct ruleset *ruleset; };

/* Reads the documents once more for the plain evaluator. */
static void read_rules(struct slice yaml, struct arena *arena, struct both *both)
{
    static const struct placeholders none;
    struct yaml *documents;
    struct error e = ERROR_NONE;
    uint32_t count;
    if (!yaml_parse("generated", yaml, arena, &documents, &count, &e))
        fail_msg("%s", e.sentence);
    both->rules = arena_array(arena, count, sizeof *both->rules);
    both->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct error wrong = ERROR_NONE;
        if (!rule_read(&documents[i], &none, arena, &both->rules[both->count], &wrong))
            fail_msg("%s: %s", wrong.place, wrong.sentence);
        both->count++;
    }
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
    both.ruleset = compile_text(yaml.data, NULL, NULL);
    CHECK(both.ruleset != NULL);
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
            CHECK(slice_to_u64(slice_after(both.rules[i].id, 1), &k));
            bool plain = plain_match(&both.rules[i], &event, NULL);
            if (plain != found[k])
                fail_msg("rule r%u: plain %d, engine %d on %.*s\n%.*s", (unsigned)k, plain, found[k],
                         SLICE_ARGS(event.raw),
                         SLICE_ARGS(slice_after(slice_of(yaml.data),
                                                slice_find(slice_of(yaml.data),
                                                           both.rules[i].id))));
            agreed++;
            hits += plain;
        }
    }
    CHECK(hits > agreed / 20 && hits < agreed * 19 / 20); /* the test is not empty */
    scanner_free(&scanner);
    ruleset_free(&both.ruleset);
}

/* --- all published rules × recorded events --- */

static const char *const renames_4688[] = { "Image", "NewProcessName", "ParentImage",
    "ParentProcessName", "User", "SubjectUserName", "LogonId", "SubjectLogonId", "IntegrityLevel",
    "MandatoryLabel", NULL };
static const char *const renames_4657[] = { "TargetObject", "ObjectName", "Details", "NewValue",
    "Image", "ProcessName", NULL };
static const char *const renames_5156[] = { "Image", "Application", "SourceIp", "SourceAddress",
    "DestinationIp", "DestAddress", "DestinationPort", "DestPort", NULL };
static const char *const renames_virus[] = { "Signature", "ThreatName", "Filename", "Path", NULL };

static const char *const *renames_for(const struct rule *rule, const struct event *event)
{
    struct slice id = event_value(event, SLICE("EventID"));
    if (!id.data)
        id = event_value(event, SLICE("Event.System.EventID"));
    if (slice_is(rule->category, "process_creation") && slice_is(id, "4688"))
        return renames_4688;
    if (slice_is(id, "4657") && rule->category.len)
        return renames_4657;
    if (slice_is(id, "5156") && rule->category.len)
        return renames_5156;
    return slice_is(rule->category, "antivirus") ? renames_virus : NULL;
}

struct published { struct rule *rules; uint32_t count; uint32_t *of; struct ruleset *ruleset; };

static void quiet(void *owner, const struct error *e, bool warning)
{
    (void)owner, (void)e, (void)warning;
}

static void read_published(const char *folder, struct arena *arena, struct published *p)
{
    static const char *const suffixes[] = { ".yml", NULL };
    static const struct placeholders none;
    struct slice *paths;
    size_t count;
    struct error e = ERROR_NONE;
    struct compiler_count compiled;
    const char *folders[] = { folder, NULL };
    struct compiler_options options = { .rules = folders, .logsources = "logsources",
                                        .report = quiet };
    if (access("logsources", R_OK) != 0)
        options.logsources = "../logsources";
    if (!compiler_run(&options, &p->ruleset, &compiled, &e) ||
        !file_list(folder, suffixes, 100000, arena, &paths, &count, &e))
        fail_msg("%s", e.sentence);
    p->rules = arena_array(arena, count, sizeof *p->rules);
    p->of = arena_array(arena, count, sizeof *p->of);
    for (size_t i = 0; i < count; i++) {
        struct yaml *document;
        struct error wrong = ERROR_NONE;
        if (slice_ends(paths[i], SLICE("/info.yml")) ||
            slice_find(paths[i], SLICE("/tests/")) < paths[i].len)
            continue;
        if (!yaml_read(paths[i].data, arena, &document, &wrong) ||
            !rule_read(document, &none, arena, &p->rules[p->count], &wrong))
            continue;
        p->of[p->count] = ruleset_find(p->ruleset, p->rules[p->count].id);
        CHECK(p->of[p->count] != UINT32_MAX);
        p->count++;
    }
}

static void hold_against(struct published *p, struct scanner *scanner, struct slice json,
                         uint64_t *tried, uint64_t *hits)
{
    ARENA_AUTO arena;
    struct event event = { .raw = json };
    struct error e = ERROR_NONE;
    const uint32_t *rules;
    arena_init(&arena, 0);
    if (!json_event_decode(json, &arena, &event.fields, &event.field_count, &e))
        fail_msg("%s", e.sentence);
    uint32_t count = scan_both(scanner, &event, &rules);
    for (uint32_t i = 0; i < p->count; i++) {
        bool engine = false;
        for (uint32_t k = 0; k < count; k++)
            engine = engine || rules[k] == p->of[i];
        if (!scanner_tries(scanner, p->of[i])) {
            CHECK(!engine);
            continue;
        }
        bool plain = plain_match(&p->rules[i], &event, renames_for(&p->rules[i], &event));
        if (plain != engine)
            fail_msg("%s: plain %d, engine %d on %.*s", p->rules[i].file, plain, engine,
                     SLICE_ARGS(slice_cut(json, 0, 1500)));
        ++*tried;
        *hits += plain;
    }
}

TEST("all published rules on recorded events: the engine agrees with the plain evaluator")
{
    ARENA_AUTO arena;
    static const char *const suffixes[] = { ".json", NULL };
    struct published p = { 0 };
    struct slice *paths;
    size_t count;
    uint64_t tried = 0, hits = 0;
    char folder[4096];
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    snprintf(folder, sizeof folder, "%s", shared("data/sigma"));
    read_published(folder, &arena, &p);
    CHECK(p.count > 3700);
    struct scanner *scanner = scanner_new(p.ruleset);
    CHECK(file_list(folder, suffixes, 10000, &arena, &paths, &count, &e));
    for (size_t i = 0; i < count; i += 2) {
        struct slice text;
        CHECK(file_read(paths[i].data, 1 << 24, &arena, &text, &e));
        struct slice one = text;
        size_t second = slice_find(slice_after(text, 1), SLICE("\n{"));
        if (second + 1 < text.len)
            one = slice_cut(text, 0, second + 1);
        hold_against(&p, scanner, one, &tried, &hits);
    }
    struct slice cloud, line;
    CHECK(file_read(shared("data/events/cloudtrail-attack.jsonl"), 1 << 24, &arena, &cloud, &e));
    for (unsigned n = 0; slice_split(&cloud, '\n', &line); n++)
        if (n % 6 == 0 && line.len)
            hold_against(&p, scanner, line, &tried, &hits);
    print_message("# %llu rule × event pairs, %llu matches\n", (unsigned long long)tried,
                  (unsigned long long)hits);
    CHECK(hits >= 80);
    scanner_free(&scanner);
    ruleset_free(&p.ruleset);
}
