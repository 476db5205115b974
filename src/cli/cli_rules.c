/* haidang rules: check, list, explain, test, stats. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "cli/command.h"
#include "cli/detect_engine.h"
#include "cli/detect_rules.h"

/* The argument, where there is one, takes the place of --rules. */
static bool load(struct cli *cli, bool argument, struct serve_settings *settings,
                 struct ruleset **out, struct compiler_count *count, struct error *e)
{
    if (!serve_settings_load(cli->config, &cli->arena, settings, e))
        return false;
    if (argument && cli->argument_count && !cli_text(cli, "rules"))
        settings->rules = cli->arguments[0];
    return detect_rules(cli, settings, count != NULL, out, count, e);
}

struct unreached { /* rules of one log source that nothing in logsources/ selects */
    struct slice product, category, service;
    uint32_t count;
};

/* Rules of one log source stand together in a ruleset. */
static bool next_unreached(const struct ruleset *ruleset, uint32_t *at, struct unreached *out)
{
    out->count = 0;
    for (; *at < ruleset_count(ruleset); ++*at) {
        struct ruleset_rule r = ruleset_rule(ruleset, *at);
        if (!r.unreachable && !out->count)
            continue;
        if (!r.unreachable || (out->count && !(slice_equal(r.product, out->product) &&
                                               slice_equal(r.category, out->category) &&
                                               slice_equal(r.service, out->service))))
            break;
        *out = (struct unreached){ r.product, r.category, r.service, out->count + 1 };
    }
    return out->count > 0;
}

static void put_unreached(const struct cli *cli, const struct ruleset *ruleset, uint32_t total,
                          struct buffer *out)
{
    struct unreached one;
    if (!total)
        return;
    buffer_print(out, cli_say(cli, "%u rules have a log source that only a decoder or "
                                   "--logsource can name:\n"), total);
    for (uint32_t at = 0; next_unreached(ruleset, &at, &one);)
        buffer_print(out, "%6u  %.*s/%.*s/%.*s\n", one.count, SLICE_ARGS(one.product),
                     SLICE_ARGS(one.category), SLICE_ARGS(one.service));
    buffer_print(out, "%s", cli_say(cli, "haidang rules list --json names them: \"unreachable\":true\n"));
}

static void write_unreached(struct json_writer *w, const struct ruleset *ruleset)
{
    struct unreached one;
    json_open_array_member(w, "unreachable_logsources");
    for (uint32_t at = 0; next_unreached(ruleset, &at, &one);) {
        json_open_object(w);
        json_text_member(w, "product", one.product);
        json_text_member(w, "category", one.category);
        json_text_member(w, "service", one.service);
        json_integer_member(w, "rules", one.count);
        json_close_object(w);
    }
    json_close_array(w);
}

static int run_check(struct cli *cli)
{
    struct serve_settings settings;
    struct ruleset *ruleset = NULL;
    struct compiler_count count = { 0 };
    struct error e = ERROR_NONE;
    if (!load(cli, true, &settings, &ruleset, &count, &e))
        return cli_fail(cli, &e);
    struct ruleset_statistics s = ruleset_statistics(ruleset);
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (cli->json) {
        struct json_writer w;
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_integer_member(&w, "files", count.files);
        json_integer_member(&w, "rules", count.rules);
        json_integer_member(&w, "refused", count.refused);
        json_integer_member(&w, "warnings", count.warnings);
        json_integer_member(&w, "unreachable", s.unreachable);
        write_unreached(&w, ruleset);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    } else {
        buffer_print(&out, cli_say(cli, "%u files: %u rules compiled, %u refused, %u warnings\n"),
                     count.files, count.rules, count.refused, count.warnings);
        put_unreached(cli, ruleset, s.unreachable, &out);
    }
    ruleset_free(&ruleset);
    int code = cli_put(cli, buffer_slice(&out));
    return code != CLI_FINE ? code : count.refused ? CLI_NO : CLI_FINE;
}

static void list_one(const struct cli *cli, const struct ruleset_rule *r, struct buffer *out)
{
    bool vietnamese = slice_starts(slice_of(cli->language), SLICE("vi")) && r->title_vi.len;
    struct slice tags = r->tags, tag;
    if (!cli->json) {
        char source[128];
        snprintf(source, sizeof source, "%.*s/%.*s/%.*s", SLICE_ARGS(r->product),
                 SLICE_ARGS(r->category), SLICE_ARGS(r->service));
        buffer_print(out, "%-36.*s  %-13s  %-40s  %.*s\n", SLICE_ARGS(r->id),
                     alert_level_name(r->level), r->correlation ? "correlation" : source,
                     SLICE_ARGS(vietnamese ? r->title_vi : r->title));
        return;
    }
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "id", r->id);
    json_text_member(&w, "title", r->title);
    json_text_member(&w, "title_vi", r->title_vi);
    json_text_member(&w, "level", slice_of(alert_level_name(r->level)));
    json_text_member(&w, "status", r->status);
    json_text_member(&w, "product", r->product);
    json_text_member(&w, "category", r->category);
    json_text_member(&w, "service", r->service);
    json_boolean_member(&w, "correlation", r->correlation);
    json_boolean_member(&w, "always", r->always);
    json_boolean_member(&w, "unreachable", r->unreachable);
    json_open_array_member(&w, "tags");
    while (tags.len && slice_split(&tags, ' ', &tag))
        json_put_text(&w, tag);
    json_close_array(&w);
    json_text_member(&w, "author", r->author);
    json_text_member(&w, "file", r->file);
    json_integer_member(&w, "line", r->line);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int run_list(struct cli *cli)
{
    struct serve_settings settings;
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;
    buffer_init(&out, 256u * 1024 * 1024);
    if (!load(cli, true, &settings, &ruleset, NULL, &e))
        return cli_fail(cli, &e);
    for (uint32_t i = 0; i < ruleset_count(ruleset); i++) {
        struct ruleset_rule rule = ruleset_rule(ruleset, i);
        list_one(cli, &rule, &out);
    }
    ruleset_free(&ruleset);
    return cli_put(cli, buffer_slice(&out));
}

static int run_explain(struct cli *cli)
{
    struct serve_settings settings;
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (!load(cli, false, &settings, &ruleset, NULL, &e))
        return cli_fail(cli, &e);
    uint32_t rule = ruleset_find(ruleset, slice_of(cli->arguments[0]));
    if (rule == UINT32_MAX) {
        error_kind(&e, ERROR_NOT_FOUND);
        error_set(&e, "there is no rule '%s'", cli->arguments[0]);
        error_hint(&e, "haidang rules list shows ids and titles");
        ruleset_free(&ruleset);
        return cli_fail(cli, &e);
    }
    ruleset_explain(ruleset, rule, &out);
    ruleset_free(&ruleset);
    return cli_put(cli, buffer_slice(&out));
}

static int run_stats(struct cli *cli)
{
    struct serve_settings settings;
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (!load(cli, true, &settings, &ruleset, NULL, &e))
        return cli_fail(cli, &e);
    struct ruleset_statistics s = ruleset_statistics(ruleset);
    const struct { const char *name; uint64_t value; } rows[] = {
        { "rules", s.rules }, { "correlations", s.correlations }, { "log sources", s.groups },
        { "fields", s.fields }, { "tests", s.atoms }, { "nodes", s.nodes },
        { "indexed literals", s.witnesses }, { "databases", s.databases },
        { "regular expressions", s.regexes }, { "of them by PCRE2", s.pcre },
        { "rules without index", s.always }, { "rules of unmapped log sources", s.unreachable },
        { "bytes", s.bytes }, { "bytes of databases", s.database_bytes }
    };
    struct json_writer w;
    json_writer_init(&w, &out);
    if (cli->json)
        json_open_object(&w);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (cli->json)
            json_integer_member(&w, rows[i].name, (int64_t)rows[i].value);
        else
            buffer_print(&out, "%12llu  %s\n", (unsigned long long)rows[i].value,
                         cli_say(cli, rows[i].name));
    }
    if (cli->json) {
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    }
    ruleset_free(&ruleset);
    return cli_put(cli, buffer_slice(&out));
}

/* --- rules test: a folder in the shape of SigmaHQ's regression_data --- */

struct recording {
    struct slice rule;     /* id that must match */
    uint32_t matches;
    bool damaged;
};

static void on_test_alert(void *owner, const struct detect_found *found)
{
    struct recording *r = owner;
    r->matches += slice_equal(found->alert->rule, r->rule);
}

static void on_test_damage(void *owner, const struct error *e)
{
    struct recording *r = owner;
    (void)e;
    r->damaged = true;
}

/* The rule's id: the recording's own name where it is one, else info.yml's. */
static struct slice wanted_rule(const char *path, struct arena *arena)
{
    struct slice name = slice_of(path), stem;
    size_t slash = name.len;
    while (slash && path[slash - 1] != '/')
        slash--;
    stem = slice_after(name, slash);
    stem = slice_cut(stem, 0, slice_find_byte(stem, '.'));
    if (stem.len == 36 && stem.data[8] == '-' && stem.data[23] == '-')
        return stem;
    struct slice info = arena_print(arena, "%.*sinfo.yml", (int)slash, path);
    struct yaml *document;
    if (!yaml_read(info.data, arena, &document, NULL))
        return stem;
    return yaml_member_text(yaml_element(yaml_member(document, "rule_metadata"), 0), "id", stem);
}

struct tested { size_t matched, damaged; };

static bool test_one(struct cli *cli, struct ruleset *ruleset, const struct decoders *decoders,
                     const char *path, struct tested *tested, struct buffer *out, struct error *e)
{
    struct recording r = { .rule = wanted_rule(path, &cli->arena) };
    struct detect_summary summary;
    uint32_t rule = ruleset_find(ruleset, r.rule);
    const char *verdict = rule == UINT32_MAX ? "no such rule" : "missed";
    if (rule != UINT32_MAX) {
        struct detect_options options = { .ruleset = ruleset, .decoders = decoders, .now = cli->now,
                                          .threads = 1, .alert = on_test_alert,
                                          .damage = on_test_damage, .owner = &r };
        if (!detect_run(&path, 1, &options, &summary, e))
            return false;
        if (r.matches)
            verdict = r.damaged ? "matched, but the file is damaged" : "matched";
    }
    if (cli->json) {
        struct json_writer w;
        json_writer_init(&w, out);
        json_open_object(&w);
        json_text_member(&w, "file", slice_of(path));
        json_text_member(&w, "rule", r.rule);
        json_integer_member(&w, "matches", r.matches);
        json_text_member(&w, "result", slice_of(verdict));
        json_close_object(&w);
        buffer_add_byte(out, '\n');
    } else if (!r.matches || r.damaged) {
        buffer_print(out, "%s: %.*s %s\n", path, SLICE_ARGS(r.rule), cli_say(cli, verdict));
    }
    tested->matched += r.matches > 0;
    tested->damaged += r.damaged;
    return true;
}

static int run_test(struct cli *cli)
{
    static const char *const suffixes[] = { ".json", ".jsonl", ".evtx", ".raw", ".log", NULL };
    struct serve_settings settings;
    struct ruleset *ruleset = NULL;
    struct decoders *decoders = NULL;
    struct error e = ERROR_NONE;
    struct slice *paths;
    size_t count;
    struct tested tested = { 0 };
    BUFFER_AUTO out;
    buffer_init(&out, 256u * 1024 * 1024);
    if (!load(cli, false, &settings, &ruleset, NULL, &e) ||
        !decoders_load(settings.decoders, &decoders, &e) ||
        !file_list(cli->arguments[0], suffixes, 100000, &cli->arena, &paths, &count, &e)) {
        ruleset_free(&ruleset);
        decoders_free(&decoders);
        return cli_fail(cli, &e);
    }
    for (size_t i = 0; i < count && !e.set; i++)
        test_one(cli, ruleset, decoders, paths[i].data, &tested, &out, &e);
    ruleset_free(&ruleset);
    decoders_free(&decoders);
    if (e.set)
        return cli_fail(cli, &e);
    if (!cli->json)
        buffer_print(&out, cli_say(cli, "%zu of %zu recordings matched their rule\n"),
                     tested.matched, count);
    if (!cli->json && tested.damaged)
        buffer_print(&out, cli_say(cli, "%zu recordings are damaged: what could be read was tried\n"),
                     tested.damaged);
    int code = cli_put(cli, buffer_slice(&out));
    return code != CLI_FINE ? code : tested.matched == count ? CLI_FINE : CLI_NO;
}

static const struct cli_option options_of_rules[] = {
    { .name = "rules", .letter = 'r', .kind = CLI_FOLDER, .value = "DIR", .repeated = true,
      .help = "Sigma rules: folders or files (default: the configured ones)" },
    { .name = "placeholders", .kind = CLI_FILE, .value = "FILE",
      .help = "YAML file with the lists that rules name by %name% (default: the configured one)" },
    { .name = "logsources", .kind = CLI_FOLDER, .value = "DIR",
      .help = "what selects a log source, instead of the configured folder" },
    { .name = "compiled", .kind = CLI_FILE, .value = "FILE",
      .help = "keep the compiled rules here and use them while the rules are unchanged" },
    { .name = NULL },
};

static const struct cli_example examples_of_check[] = {
    { "haidang rules check rules/", "every wrong rule with file, line and reason" },
    { NULL },
};
static const struct cli_example examples_of_explain[] = {
    { "haidang rules explain 'Password guessing over SSH' --rules rules/", "by title or id" },
    { NULL },
};
static const struct cli_example examples_of_test[] = {
    { "haidang rules test recordings/ --rules rules/", "each recording must raise its rule" },
    { NULL },
};

const struct command cli_rules_check_command = {
    .name = "rules check", .group = "Detection", .summary = "compile rules and say what is wrong",
    .about = "The exit status is 1 when a rule was refused.", .arguments = "[DIR]",
    .argument_most = 1, .takes_config = true, .takes_json = true, .options = options_of_rules,
    .examples = examples_of_check, .run = run_check,
};
static const struct cli_example examples_of_list[] = {
    { "haidang rules list --json rules/", "one object a rule" },
    { NULL },
};
static const struct cli_example examples_of_stats[] = {
    { "haidang rules stats rules/", "rules, index keys, size of the compiled form" },
    { NULL },
};
const struct command cli_rules_list_command = {
    .name = "rules list", .group = "Detection", .summary = "list the rules", .arguments = "[DIR]",
    .argument_most = 1, .takes_config = true, .takes_json = true, .options = options_of_rules,
    .examples = examples_of_list, .run = run_list,
};
const struct command cli_rules_explain_command = {
    .name = "rules explain", .group = "Detection",
    .summary = "show a rule's compiled form and its index key", .arguments = "RULE",
    .argument_least = 1, .argument_most = 1, .takes_config = true, .options = options_of_rules,
    .examples = examples_of_explain, .run = run_explain,
};
const struct command cli_rules_test_command = {
    .name = "rules test", .group = "Detection",
    .summary = "run recorded events that must raise their rule",
    .about = "DIR holds recordings named by the rule's id (or with an info.yml that names it), as\n"
             ".json, .evtx or .raw. The exit status is 1 when one of them raised nothing. A recording\n"
             "that is damaged and raised its rule counts as matched, and is named.",
    .arguments = "DIR", .argument_least = 1, .argument_most = 1, .takes_config = true,
    .takes_json = true, .options = options_of_rules, .examples = examples_of_test, .run = run_test,
};
const struct command cli_rules_stats_command = {
    .name = "rules stats", .group = "Detection", .summary = "count what the rules compile to",
    .arguments = "[DIR]", .argument_most = 1, .takes_config = true, .takes_json = true,
    .options = options_of_rules, .examples = examples_of_stats, .run = run_stats,
};
