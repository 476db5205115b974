/* Rules of ours and of others through decoders and engine; the blob; what alerts carry. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "detect/detector.h"
#include "event/decoder.h"
#include "harness.h"

static const char *root(const char *name)
{
    static char path[8][4096];
    static unsigned turn;
    char *out = path[turn++ % 8];
    snprintf(out, 4096, "%s%s", access("rules", R_OK) == 0 ? "" : "../", name);
    return out;
}

static unsigned refused;

static void tell(void *owner, const struct error *e, bool warning)
{
    (void)owner;
    refused += !warning;
    print_message("# %s: %s\n", e->place, e->sentence);
}

static struct ruleset *compile_folder(const char *folder,
                                      void (*report)(void *, const struct error *, bool),
                                      void *owner, struct compiler_count *count)
{
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    const char *folders[] = { folder, NULL };
    struct compiler_options options = { .rules = folders, .logsources = root("logsources"),
                                        .report = report, .owner = owner };
    if (!compiler_run(&options, &ruleset, count, &e))
        fail_msg("%s", e.sentence);
    return ruleset;
}

/* Feeds the lines to a fresh detector; does it raise the rule? One that a correlation refers to
 * raises nothing alone: there it is enough that it matches. */
static bool raises(struct ruleset *ruleset, const struct decoders *decoders,
                   const struct yaml *lines, struct slice rule)
{
    struct detector *detector = detector_new(ruleset);
    struct decoder_hint hint = { .syslog = true };
    struct scanner *scanner = scanner_new(ruleset);
    uint32_t index = ruleset_find(ruleset, rule);
    bool found = false, silent = index != UINT32_MAX && ruleset_rule(ruleset, index).silent;
    uint32_t count = lines->kind == YAML_SEQUENCE ? lines->count : 1;
    const struct yaml *line = lines->kind == YAML_SEQUENCE ? lines->children : lines;
    for (uint32_t i = 0; i < count;) {
        struct batch *batch = batch_new("standard", 1795500000000000000);
        struct event *event;
        struct error e = ERROR_NONE;
        while (i < count && (event = batch_add(batch))) {
            event->raw = line[i++].text;
            event->received = 1795500000000000000;
            decoder_decode(decoders, event, &batch->arena,
                           event->raw.data[0] == '{' ? NULL : &hint);
        }
        for (uint32_t k = 0; silent && k < batch->event_count; k++) {
            const uint32_t *rules;
            uint32_t matched = scanner_scan(scanner, &batch->events[k], &rules);
            for (uint32_t m = 0; m < matched; m++)
                found = found || rules[m] == index;
        }
        CHECK(detector_batch(detector, batch, &e));
        for (uint32_t a = 0; a < batch->alert_count; a++)
            found = found || slice_equal(batch->alerts[a].rule, rule);
        batch_free(&batch);
    }
    scanner_free(&scanner);
    detector_free(&detector);
    return found;
}

static unsigned try_list(struct ruleset *ruleset, const struct decoders *decoders,
                         const struct yaml *list, bool expected, struct slice id, const char *file)
{
    unsigned wrong = 0;
    for (uint32_t i = 0; list && i < list->count; i++) {
        const struct yaml *entry = &list->children[i], *lines = yaml_member(entry, "lines");
        if (raises(ruleset, decoders, lines ? lines : entry, id) == expected)
            continue;
        wrong++;
        print_message("# %s:%u: %s\n", file, entry->line,
                      expected ? "must match and does not" : "must not match and does");
    }
    return wrong;
}

TEST("our own rules compile and each raises on its examples, and on nothing else of its test")
{
    static const char *const suffixes[] = { ".yaml", NULL };
    ARENA_AUTO arena;
    struct compiler_count count;
    struct decoders *decoders = NULL;
    struct slice *paths;
    size_t files;
    unsigned wrong = 0;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    refused = 0;
    struct ruleset *ruleset = compile_folder(root("rules"), tell, NULL, &count);
    CHECK_INT(refused, 0);
    CHECK(decoders_load(root("decoders"), &decoders, &e));
    CHECK(file_list(root("rules/tests"), suffixes, 1000, &arena, &paths, &files, &e));
    for (size_t i = 0; i < files; i++) {
        struct yaml *test, *rule;
        char path[4096];
        if (!yaml_read(paths[i].data, &arena, &test, &e))
            fail_msg("%s: %s", e.place, e.sentence);
        struct slice name = yaml_member_text(test, "rule", SLICE(""));
        snprintf(path, sizeof path, "%s/%.*s", root("rules"), SLICE_ARGS(name));
        if (!yaml_read(path, &arena, &rule, &e))
            fail_msg("%s: %s", e.place, e.sentence);
        struct slice id = yaml_member_text(rule, "id", SLICE(""));
        wrong += try_list(ruleset, decoders, yaml_member(test, "match"), true, id, paths[i].data);
        wrong += try_list(ruleset, decoders, yaml_member(test, "no_match"), false, id,
                          paths[i].data);
    }
    decoders_free(&decoders);
    ruleset_free(&ruleset);
    CHECK_INT(wrong, 0);
}

static const char *const small = "title: Ví dụ\nid: r1\ntitle_vi: Ví dụ\nauthor: Lan\nlicense: DRL-1.1\n"
    "level: high\ntags: [attack.t1059, attack.execution]\nlogsource: {product: test}\n"
    "detection:\n  sel:\n    Image|endswith: '\\cmd.exe'\n    c|re: 'a+b'\n  not_me:\n    u: me\n"
    "  condition: sel and not not_me\n";

TEST("an alert carries the rule's author, licence and tags, and says why it matched")
{
    struct ruleset *ruleset = compile_text(small, NULL, NULL);
    struct event_field fields[] = { { SLICE("Image"), SLICE("C:\\CMD.exe"), EVENT_TEXT },
                                    { SLICE("c"), SLICE("xaab"), EVENT_TEXT },
                                    { SLICE("src_ip"), SLICE("203.0.113.7"), EVENT_TEXT } };
    struct event event = { .raw = SLICE("{}"), .fields = fields, .field_count = 3, .time = 5,
                           .logsource.product = SLICE("test") };
    ARENA_AUTO arena;
    struct alert alert;
    const uint32_t *rules;
    arena_init(&arena, 0);
    struct scanner *s = scanner_new(ruleset);
    CHECK_INT(scanner_scan(s, &event, &rules), 1);
    CHECK(scanner_alert(s, &event, rules[0], &arena, &alert));
    scanner_free(&s);
    ruleset_free(&ruleset); /* the alert's bytes are its own */
    CHECK_SLICE(alert.author, "Lan");
    CHECK_SLICE(alert.license, "DRL-1.1");
    CHECK_SLICE(alert.title_vi, "Ví dụ");
    CHECK_SLICE(alert.tags, "attack.t1059 attack.execution");
    CHECK_SLICE(alert.entity, "src_ip=203.0.113.7");
    CHECK_INT(alert.level, LEVEL_HIGH);
    struct json *why;
    CHECK(json_parse(alert.why, &arena, &why, NULL));
    CHECK_INT(why->count, 3);
    const struct json *first = json_element(why, 0), *filter = json_element(why, 2);
    CHECK_SLICE(json_member_text(first, "selection"), "sel");
    CHECK_SLICE(json_member_text(first, "field"), "Image");
    CHECK_SLICE(json_member_text(first, "value"), "C:\\CMD.exe");
    CHECK(!json_member(first, "not"));
    CHECK(json_boolean(json_member(filter, "not"), false)); /* why the filter did not apply */
    CHECK_SLICE(json_member_text(filter, "selection"), "not_me");
    CHECK_SLICE(json_member_text(filter, "field"), "u");
    CHECK(!json_member(filter, "value")); /* the field is absent */
}

TEST("why names the test that failed in each filter that did not apply, and what stood there")
{
    struct ruleset *ruleset = compile_text("title: t\nid: r2\nlogsource: {product: test}\ndetection:\n"
        "  sel:\n    Image|endswith: '\\cmd.exe'\n"
        "  filter_a:\n    Parent|endswith: '\\a.exe'\n    User: SYSTEM\n"
        "  filter_b:\n    User: [LAN, HOA]\n"
        "  condition: sel and not 1 of filter_*\n", NULL, NULL);
    struct event_field fields[] = { { SLICE("Image"), SLICE("C:\\cmd.exe"), EVENT_TEXT },
                                    { SLICE("Parent"), SLICE("C:\\a.exe"), EVENT_TEXT },
                                    { SLICE("User"), SLICE("minh"), EVENT_TEXT } };
    struct event event = { .raw = SLICE("{}"), .fields = fields, .field_count = 3,
                           .logsource.product = SLICE("test") };
    ARENA_AUTO arena;
    struct alert alert;
    struct json *why;
    const uint32_t *rules;
    arena_init(&arena, 0);
    struct scanner *s = scanner_new(ruleset);
    CHECK_INT(scanner_scan(s, &event, &rules), 1);
    CHECK(scanner_alert(s, &event, rules[0], &arena, &alert));
    CHECK(json_parse(alert.why, &arena, &why, NULL));
    CHECK_INT(why->count, 3);
    const struct json *a = json_element(why, 1), *b = json_element(why, 2);
    CHECK_SLICE(json_member_text(a, "selection"), "filter_a"); /* Parent held: not named */
    CHECK_SLICE(json_member_text(a, "field"), "User");
    CHECK_SLICE(json_member_text(a, "pattern"), "SYSTEM");
    CHECK_SLICE(json_member_text(a, "value"), "minh");
    CHECK_SLICE(json_member_text(b, "selection"), "filter_b"); /* one value stands for the list */
    CHECK_SLICE(json_member_text(b, "pattern"), "LAN");
    scanner_free(&s);
    ruleset_free(&ruleset);
}

TEST("whom an alert is about is found behind the paths of the usual shapes")
{
    struct ruleset *ruleset = compile_text(small, NULL, NULL);
    struct event_field fields[] = { { SLICE("Image"), SLICE("C:\\CMD.exe"), EVENT_TEXT },
                                    { SLICE("c"), SLICE("ab"), EVENT_TEXT },
                                    { SLICE("Event.EventData.IpAddress"), SLICE("203.0.113.9"),
                                      EVENT_TEXT } };
    struct event event = { .raw = SLICE("{}"), .fields = fields, .field_count = 3,
                           .logsource.product = SLICE("test") };
    ARENA_AUTO arena;
    struct alert alert;
    const uint32_t *rules;
    arena_init(&arena, 0);
    struct scanner *s = scanner_new(ruleset);
    CHECK_INT(scanner_scan(s, &event, &rules), 1);
    CHECK(scanner_alert(s, &event, rules[0], &arena, &alert));
    CHECK_SLICE(alert.entity, "IpAddress=203.0.113.9");
    scanner_free(&s);
    ruleset_free(&ruleset);
}

TEST("compiled rules are saved and loaded; damage and other builds are refused")
{
    struct ruleset *ruleset = compile_text(small, NULL, NULL), *again = NULL;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    struct slice bytes;
    char path[4096];
    arena_init(&arena, 0);
    snprintf(path, sizeof path, "%s", write_file("rules.blob", ""));
    CHECK(ruleset_save(ruleset, path, &e));
    ruleset_free(&ruleset);
    CHECK(ruleset_load(path, &again, &e));
    CHECK_INT(ruleset_count(again), 1);
    CHECK_SLICE(ruleset_rule(again, 0).title, "Ví dụ");
    ruleset_free(&again);
    CHECK(file_read(path, 1 << 24, &arena, &bytes, &e));
    for (size_t i = 0; i < bytes.len; i += 1 + bytes.len / 97) {
        char *copy = arena_text(&arena, bytes);
        struct error wrong = ERROR_NONE;
        copy[i] ^= 0x40;
        if (ruleset_open(slice_from(copy, bytes.len), &again, &wrong)) /* the head's padding */
            ruleset_free(&again);
        else
            CHECK(wrong.set);
        struct error cut = ERROR_NONE;
        CHECK(!ruleset_open(slice_cut(bytes, 0, i), &again, &cut));
    }
}

TEST("a rule's errors name file, line and reason; the others still compile")
{
    struct ruleset *ruleset = NULL;
    struct compiler_count count;
    struct error e = ERROR_NONE;
    char path[4096];
    snprintf(path, sizeof path, "%s", write_file("two.yml",
             "title: good\nlogsource: {product: test}\ndetection: {s: {a: 1}, condition: s}\n---\n"
             "title: bad\nlogsource: {product: test}\ndetection:\n  s:\n    a|gt: '10 MB'\n"
             "  condition: s\n"));
    const char *folders[] = { path, NULL };
    struct compiler_options options = { .rules = folders };
    CHECK(compiler_run(&options, &ruleset, &count, &e));
    CHECK_INT(count.refused, 1);
    CHECK_INT(count.rules, 1);
    ruleset_free(&ruleset);
}

static void keep_warning(void *owner, const struct error *e, bool warning)
{
    if (warning)
        *(struct error *)owner = *e;
}

TEST("a rule that has another one's id is warned of, since alerts are folded by it")
{
    struct ruleset *ruleset = NULL;
    struct compiler_count count;
    struct error e = ERROR_NONE, warned = ERROR_NONE;
    char path[4096];
    snprintf(path, sizeof path, "%s", write_file("same.yml",
             "title: a\nid: x-1\nlogsource: {product: test}\ndetection: {s: {a: 1}, condition: s}\n---\n"
             "title: b\nid: x-2\nlogsource: {product: test}\ndetection: {s: {a: 1}, condition: s}\n---\n"
             "title: c\nid: x-1\nlogsource: {product: test}\ndetection: {s: {a: 1}, condition: s}\n"));
    const char *folders[] = { path, NULL };
    struct compiler_options options = { .rules = folders, .report = keep_warning, .owner = &warned };
    CHECK(compiler_run(&options, &ruleset, &count, &e));
    CHECK_INT(count.rules, 3);
    CHECK_INT(count.warnings, 1);
    CHECK_ERROR(warned, "same.yml:1");
    CHECK(strstr(warned.place, "same.yml:11") != NULL);
    ruleset_free(&ruleset);
}

TEST("rules are found in a folder whose own path has 'tests' in it, and by endings in large letters")
{
    ARENA_AUTO arena;
    struct ruleset *ruleset = NULL;
    struct compiler_count count;
    struct error e = ERROR_NONE;
    struct slice rule = SLICE("title: a\nlogsource: {product: test}\ndetection: {s: {a: 1}, condition: s}\n");
    arena_init(&arena, ARENA_NO_CEILING);
    const char *folder = file_join(&arena, test_folder(), "tests/mine");
    CHECK(file_make_folder(file_join(&arena, folder, "tests"), 0700, &e));
    CHECK(file_replace(file_join(&arena, folder, "A.YML"), rule, 0600, &e));
    CHECK(file_replace(file_join(&arena, folder, "tests/b.yml"), rule, 0600, &e)); /* of rules: no rule */
    const char *folders[] = { folder, NULL };
    struct compiler_options options = { .rules = folders };
    CHECK(compiler_run(&options, &ruleset, &count, &e));
    CHECK_INT(count.rules, 1);
    ruleset_free(&ruleset);
}
