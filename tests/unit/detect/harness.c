#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "event/json_event.h"

static char last_refusal[600];
static unsigned number;

static void keep(void *owner, const struct error *e, bool warning)
{
    (void)owner, (void)warning;
    snprintf(last_refusal, sizeof last_refusal, "%s", e->sentence);
}

const char *write_file(const char *name, const char *text)
{
    static char path[4096];
    static const char *folder;
    struct error e = ERROR_NONE;
    if (!folder)
        folder = test_folder();
    snprintf(path, sizeof path, "%s/%u-%s", folder, number++, name);
    if (!file_replace(path, slice_of(text), 0600, &e))
        fail_msg("%s", e.sentence);
    return path;
}

struct ruleset *compile_text(const char *yaml, const char *logsources, const char *placeholders)
{
    struct ruleset *ruleset = NULL;
    struct compiler_count count;
    struct error e = ERROR_NONE;
    char path[4096];
    snprintf(path, sizeof path, "%s", write_file("rule.yml", yaml));
    const char *rules[] = { path, NULL };
    struct compiler_options options = { .rules = rules, .logsources = logsources,
                                        .placeholders = placeholders, .report = keep };
    last_refusal[0] = 0;
    if (!compiler_run(&options, &ruleset, &count, &e))
        fail_msg("%s", e.sentence);
    if (count.refused)
        ruleset_free(&ruleset);
    unlink(path);
    return ruleset;
}

static struct ruleset *compile_detection(const char *detection)
{
    char yaml[16384];
    bool condition = strstr(detection, "condition:") != NULL;
    snprintf(yaml, sizeof yaml, "title: t\nid: 11111111-1111-4111-8111-111111111111\n"
             "logsource:\n  product: test\ndetection:\n%s\n%s", detection,
             condition ? "" : "  condition: selection\n");
    return compile_text(yaml, NULL, NULL);
}

static bool same_by_index(struct ruleset *ruleset, struct event *event, const char *detection)
{
    struct scanner *scanner = scanner_new(ruleset);
    const uint32_t *rules;
    uint32_t first = scanner_scan(scanner, event, &rules);
    uint32_t again = scanner_scan(scanner, event, &rules); /* with what the memo keeps */
    scanner_slow(scanner, true);
    uint32_t slow = scanner_scan(scanner, event, &rules);
    scanner_free(&scanner);
    if (first != slow || again != slow)
        fail_msg("with index %u, again %u, without %u: %.*s\n%s", first, again, slow,
                 SLICE_ARGS(event->raw), detection);
    return slow == 1;
}

bool detects(const char *detection, const char *json)
{
    struct ruleset *ruleset = compile_detection(detection);
    if (!ruleset)
        fail_msg("refused: %s\n%s", last_refusal, detection);
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct event event = { .raw = slice_of(json), .logsource.product = SLICE("test") };
    struct error e = ERROR_NONE;
    if (json[0] == '{' &&
        !json_event_decode(event.raw, &arena, &event.fields, &event.field_count, &e))
        fail_msg("%s: %s", e.sentence, json);
    bool hit = same_by_index(ruleset, &event, detection);
    if (json[0] == '{' && detects_lazily(detection, json) != hit)
        fail_msg("read at once %d, lazily not: %s\n%s", hit, json, detection);
    ruleset_free(&ruleset);
    return hit;
}

bool detects_lazily(const char *detection, const char *json)
{
    struct ruleset *ruleset = compile_detection(detection);
    if (!ruleset)
        fail_msg("refused: %s\n%s", last_refusal, detection);
    ARENA_AUTO arena;
    struct event event = { .raw = slice_of(json), .logsource.product = SLICE("test") };
    struct error e = ERROR_NONE;
    struct json_reader *reader = json_reader_new();
    struct scanner *scanner = scanner_new(ruleset);
    uint32_t counts[3];
    arena_init(&arena, 0);
    for (int i = 0; i < 3; i++) { /* a match settles the fields, so each time anew */
        const uint32_t *rules;
        scanner_slow(scanner, i == 2);
        if (!json_event_lazy(reader, &event, &arena, &e))
            fail_msg("%s: %s", e.sentence, json);
        counts[i] = scanner_scan(scanner, &event, &rules);
    }
    if (counts[0] != counts[2] || counts[1] != counts[2])
        fail_msg("lazily: with index %u, again %u, without %u: %s\n%s", counts[0], counts[1],
                 counts[2], json, detection);
    scanner_free(&scanner);
    json_reader_free(&reader);
    ruleset_free(&ruleset);
    return counts[0] == 1;
}

uint32_t scan_both(struct scanner *scanner, const struct event *event, const uint32_t **rules_out)
{
    static struct json_reader *reader; /* its names are met again and again, as in a long run */
    static uint32_t first[4096];
    ARENA_AUTO arena;
    struct event lazy = *event;
    struct error e = ERROR_NONE;
    const uint32_t *rules;
    uint32_t count = scanner_scan(scanner, event, &rules);
    CHECK(count < 4096);
    memcpy(first, rules, count * sizeof *rules);
    if (!reader)
        reader = json_reader_new();
    arena_init(&arena, 0);
    if (!json_event_lazy(reader, &lazy, &arena, &e))
        fail_msg("%s", e.sentence);
    uint32_t again = scanner_scan(scanner, &lazy, &rules);
    if (again != count || memcmp(first, rules, count * sizeof *rules) != 0)
        fail_msg("read at once %u rules, lazily %u: %.*s", count, again, SLICE_ARGS(event->raw));
    *rules_out = first;
    return count;
}

bool matches(const char *item, const char *json)
{
    char detection[8192];
    snprintf(detection, sizeof detection, "  selection:\n    %s", item);
    return detects(detection, json);
}

const char *refusal(const char *detection)
{
    struct ruleset *ruleset = compile_detection(detection);
    if (!ruleset)
        return last_refusal;
    ruleset_free(&ruleset);
    return "";
}

const char *shared(const char *path)
{
    static char full[4096];
    const char *roots[] = { "../shared", "../../shared", getenv("HAIDANG_SHARED") };
    for (size_t i = 0; i < 3; i++) {
        if (!roots[i])
            continue;
        snprintf(full, sizeof full, "%s/%s", roots[i], path);
        if (access(full, R_OK) == 0)
            return full;
    }
    SKIP("../shared is not here");
    return NULL;
}

const char *refusal_text(void)
{
    return last_refusal;
}
