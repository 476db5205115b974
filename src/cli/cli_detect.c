/* haidang detect: rules over log files without a server. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/detect_engine.h"
#include "cli/detect_html.h"
#include "cli/detect_indicators.h"
#include "cli/detect_list.h"
#include "cli/detect_output.h"
#include "cli/detect_rules.h"
#include "serve/options.h"

#define PROGRESS_EVERY (200 * CLOCK_SECOND / 1000)
#define DAMAGE_TOLD 20u
#define KEPT_FOR_PAGE 20u      /* alerts a rule */
#define KEPT_FOR_TABLE 5u

struct detect {
    struct cli *cli;
    enum output_form form;
    struct output_look look;
    struct findings *findings;   /* by rule, or for the page; NULL: neither */
    struct compiler_count rules;
    bool by_rule;
    struct buffer out, damage;   /* damage: the first sentences, a line each */
    bool bar, damaged, stop;     /* stop: nobody reads what is found */
    unsigned damage_told;
    uint64_t levels[LEVEL_CRITICAL + 1];
    uint64_t bytes;
    int64_t bar_begun, bar_drawn;
    int code;
};

static void flush(struct detect *d)
{
    if (d->out.len && d->code == CLI_FINE)
        d->code = cli_put(d->cli, buffer_slice(&d->out));
    if (d->code != CLI_FINE)
        __atomic_store_n(&d->stop, true, __ATOMIC_RELAXED);
    buffer_clear(&d->out);
}

static void clear_bar(struct detect *d)
{
    if (d->bar && d->bar_drawn)
        fprintf(stderr, "\r\033[K");
}

static void on_alert(void *owner, const struct detect_found *found)
{
    struct detect *d = owner;
    d->levels[found->alert->level]++;
    if (d->findings)
        findings_add(d->findings, found);
    if (d->by_rule)
        return;
    output_put(d->form, found, &d->look, &d->out);
    if (d->bar)
        clear_bar(d);
    if (d->out.len > 64 * 1024 || d->bar)
        flush(d);
}

static void on_progress(void *owner, uint64_t bytes, uint64_t events)
{
    struct detect *d = owner;
    int64_t now = clock_steady();
    flush(d); /* who looks at a stream waits for what was found */
    if (!d->bar || now - d->bar_drawn < PROGRESS_EVERY)
        return;
    d->bar_drawn = now;
    double share = d->bytes ? (double)bytes / (double)d->bytes : 0;
    double seconds = (double)(now - d->bar_begun) / 1e9;
    uint64_t alerts = 0;
    char bar[31];
    for (int level = 0; level <= LEVEL_CRITICAL; level++)
        alerts += d->levels[level];
    for (unsigned i = 0; i < 30; i++)
        bar[i] = i < (unsigned)(share * 30) ? '#' : '.';
    bar[30] = 0;
    fprintf(stderr, "\r[%s] %3.0f%%  ", bar, share * 100);
    fprintf(stderr, cli_say(d->cli, "%llu events, %llu alerts"), (unsigned long long)events,
            (unsigned long long)alerts);
    if (share > 0.02 && share <= 1)
        fprintf(stderr, cli_say(d->cli, ", %.0f s left"), seconds / share - seconds);
    fprintf(stderr, "\033[K");
    fflush(stderr);
}

static void on_damage(void *owner, const struct error *e)
{
    struct detect *d = owner;
    BUFFER_AUTO text;
    buffer_init(&text, 0);
    d->damaged = true;
    if (d->damage_told++ >= DAMAGE_TOLD)
        return;
    clear_bar(d);
    error_print(e, d->cli->language, &text);
    fwrite(text.data, 1, text.len, stderr);
    buffer_add(&d->damage, buffer_slice(&text));
}

static void print_unknown(const struct cli *cli, const struct detect_summary *s)
{
    if (!s->unknown)
        return;
    fprintf(stderr, cli_say(cli, "%llu events are of a log source that nobody knows; no rule was "
                                 "tried on them:\n"), (unsigned long long)s->unknown);
    for (uint32_t i = 0; i < s->unknown_count && i < 10; i++) {
        char name[200];
        fprintf(stderr, "  %8llu  %s\n", (unsigned long long)s->unknowns[i].count,
                log_printable(slice_of(s->unknowns[i].name), name, sizeof name));
    }
    if (s->unknown_count > 10)
        fprintf(stderr, cli_say(cli, "  and %u more\n"), s->unknown_count - 10);
}

static void print_left_out(const struct cli *cli, const struct detect_list *list)
{
    if (!list->left_count)
        return;
    fprintf(stderr, cli_say(cli, "%zu files were left out, they look like no logs (name a file to have "
                                 "it read):\n"), list->left_count);
    for (size_t i = 0; i < list->left_count && i < 10; i++) {
        char name[500];
        fprintf(stderr, "  %s\n", log_printable(slice_of(list->left_out[i]), name, sizeof name));
    }
    if (list->left_count > 10)
        fprintf(stderr, cli_say(cli, "  and %zu more\n"), list->left_count - 10);
}

static void print_levels(const struct detect *d, const struct detect_summary *s)
{
    const struct cli *cli = d->cli;
    fprintf(stderr, cli_say(cli, "%llu events matched, %llu alerts:"),
            (unsigned long long)s->matched, (unsigned long long)s->alerts);
    for (int level = LEVEL_CRITICAL; level >= 0; level--)
        if (d->levels[level])
            fprintf(stderr, " %s %llu", alert_level_name((enum alert_level)level),
                    (unsigned long long)d->levels[level]);
    fprintf(stderr, "%s\n", s->alerts ? "" : " 0");
}

static void print_summary(struct detect *d, const struct detect_summary *s,
                          const struct ruleset *ruleset)
{
    const struct cli *cli = d->cli;
    clear_bar(d);
    fprintf(stderr, cli_say(cli, "%llu events in %llu files, %.2f s (%.0f a second); %u rules\n"),
            (unsigned long long)s->events, (unsigned long long)s->files, s->seconds,
            s->seconds > 0 ? (double)s->events / s->seconds : 0,
            ruleset_statistics(ruleset).rules);
    if (d->rules.refused)
        fprintf(stderr, cli_say(cli, "%u rules were refused (haidang rules check says why)\n"),
                d->rules.refused);
    print_levels(d, s);
    if (s->undecoded)
        fprintf(stderr, cli_say(cli, "%llu lines were read by no decoder\n"),
                (unsigned long long)s->undecoded);
    if (s->damaged)
        fprintf(stderr, cli_say(cli, "%llu places were damaged; what could be read was scanned\n"),
                (unsigned long long)s->damaged);
    print_unknown(cli, s);
    if (s->correlator.dropped)
        fprintf(stderr, cli_say(cli, "%llu hits of correlations came too late or found no room\n"),
                (unsigned long long)s->correlator.dropped);
    if (s->regex_limit)
        fprintf(stderr, cli_say(cli, "%llu regular expressions were given up at their limit\n"),
                (unsigned long long)s->regex_limit);
}

/* "product=windows,service=security" */
static bool read_logsource(const char *text, struct event_logsource *out)
{
    struct slice rest = slice_of(text), part;
    while (text && slice_split(&rest, ',', &part)) {
        size_t at = slice_find_byte(part, '=');
        struct slice key = slice_cut(part, 0, at), value = slice_after(part, at + 1);
        if (!value.len)
            return false;
        if (slice_is(key, "product"))
            out->product = value;
        else if (slice_is(key, "category"))
            out->category = value;
        else if (slice_is(key, "service"))
            out->service = value;
        else
            return false;
    }
    return true;
}

static bool has_tag(struct slice tags, struct slice wanted)
{
    struct slice tag;
    while (slice_split(&tags, ' ', &tag))
        if (slice_equal_nocase(tag, wanted) ||
            (tag.len > wanted.len && slice_equal_nocase(slice_cut(tag, 0, wanted.len), wanted) &&
             tag.data[wanted.len] == '.'))
            return true;
    return false;
}

static bool is_wanted(const struct cli *cli, const struct ruleset_rule *rule, enum alert_level least)
{
    const char *text;
    bool tagged = !cli_text(cli, "tag");
    if (rule->level < least)
        return false;
    for (unsigned i = 0; (text = cli_text_at(cli, "tag", i)); i++)
        tagged = tagged || has_tag(rule->tags, slice_of(text));
    for (unsigned i = 0; (text = cli_text_at(cli, "exclude", i)); i++) {
        struct slice name = slice_of(text);
        if (slice_equal(rule->id, name) || slice_equal_nocase(rule->title, name) ||
            (rule->name.len && slice_equal(rule->name, name)))
            return false;
    }
    return tagged;
}

static bool *wanted_rules(const struct cli *cli, const struct ruleset *ruleset)
{
    enum alert_level least = LEVEL_INFORMATIONAL;
    bool *wanted = calloc(ruleset_count(ruleset) + 1, sizeof *wanted);
    if (cli_text(cli, "min-level"))
        alert_level_parse(slice_of(cli_text(cli, "min-level")), &least);
    for (uint32_t i = 0; wanted && i < ruleset_count(ruleset); i++) {
        struct ruleset_rule rule = ruleset_rule(ruleset, i);
        wanted[i] = is_wanted(cli, &rule, least);
    }
    return wanted;
}

/* What was gathered by rule: the table, the page. */
static bool tell_findings(struct detect *d, const struct detect_summary *summary,
                          const struct ruleset *ruleset, struct error *e)
{
    struct cli *cli = d->cli;
    const char *path = cli_text(cli, "html");
    if (!d->findings)
        return true;
    findings_sort(d->findings);
    clear_bar(d);
    if (d->by_rule) {
        output_by_rule(d->findings, &d->look, &d->out);
        flush(d);
    }
    struct detect_html page = {
        .findings = d->findings, .ruleset = ruleset, .summary = summary,
        .rules = ruleset_statistics(ruleset).rules, .refused = d->rules.refused,
        .made = cli->now, .language = cli->language, .paths = cli->arguments,
        .path_count = cli->argument_count, .damage = buffer_slice(&d->damage)
    };
    return !path || detect_html_write(&page, path, e);
}

static int detect_with(struct cli *cli, struct detect *d, struct ruleset *ruleset,
                       const struct serve_settings *settings, struct event_logsource logsource)
{
    struct error e = ERROR_NONE;
    struct decoders *decoders = NULL;
    struct detect_summary summary;
    struct detect_indicators indicators = { NULL, NULL };
    struct detect_list list;
    const char *folder = cli_text(cli, "decoders");
    if (!decoders_load(folder ? folder : settings->decoders, &decoders, &e) ||
        !detect_indicators_load(cli, settings, &indicators, &e) ||
        !detect_list_make(cli->arguments, cli->argument_count, &cli->arena, &list, &e)) {
        decoders_free(&decoders);
        detect_indicators_free(&indicators);
        return cli_fail(cli, &e);
    }
    d->bytes = list.bytes;
    bool *wanted = wanted_rules(cli, ruleset);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct detect_options options = {
        .ruleset = ruleset, .decoders = decoders, .logsource = logsource, .now = cli->now,
        .from = cli_number(cli, "from", 0), .to = cli_number(cli, "to", 0),
        .threads = (unsigned)cli_number(cli, "threads", cores > 0 ? cores : 1), .wanted = wanted,
        .indicators = indicators.table, .indicator_fields = indicators.fields,
        .bytes = list.bytes, .alert = on_alert, .progress = on_progress, .damage = on_damage, .owner = d,
        .stop = &d->stop
    };
    if (cli_text(cli, "min-level"))
        alert_level_parse(slice_of(cli_text(cli, "min-level")), &options.indicator_least);
    if (!d->by_rule)
        output_head(d->form, &d->out);
    d->bar_begun = clock_steady();
    bool fine = detect_run(list.paths, list.count, &options, &summary, &e);
    flush(d);
    free(wanted);
    decoders_free(&decoders);
    detect_indicators_free(&indicators);
    if (!fine)
        return cli_fail(cli, &e);
    if (!tell_findings(d, &summary, ruleset, &e))
        return cli_fail(cli, &e);
    print_summary(d, &summary, ruleset);
    print_left_out(cli, &list);
    if (d->code != CLI_FINE)
        return d->code;
    return d->damaged ? CLI_FAILED : summary.alerts ? CLI_NO : CLI_FINE;
}

/* Which form: a table by rule for people who look at a terminal, a line an alert for a pipe. */
static int choose_form(struct cli *cli, struct detect *d)
{
    int forms = cli->json + cli_flag(cli, "csv") + cli_flag(cli, "timeline") +
                cli_flag(cli, "by-rule");
    struct winsize size = { 0 };
    if (forms > 1)
        return cli_wrong(cli, "--json, --csv, --timeline and --by-rule exclude each other");
    d->form = cli->json ? OUTPUT_JSON : cli_flag(cli, "csv") ? OUTPUT_CSV : OUTPUT_TABLE;
    d->by_rule = cli_flag(cli, "by-rule") || (!forms && isatty(1));
    d->look.language = cli->language;
    d->look.colour = isatty(1) && !getenv("NO_COLOR");
    if (isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0)
        d->look.width = size.ws_col;
    return CLI_FINE;
}

static int run_detect(struct cli *cli)
{
    struct detect d = { .cli = cli, .bar = cli->terminal };
    struct serve_settings settings;
    struct event_logsource logsource = { 0 };
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    int code = choose_form(cli, &d);
    if (code != CLI_FINE)
        return code;
    if (!read_logsource(cli_text(cli, "logsource"), &logsource))
        return cli_wrong(cli, "write --logsource product=windows,service=security");
    if (!serve_settings_load(cli->config, &cli->arena, &settings, &e) ||
        !detect_rules(cli, &settings, false, &ruleset, &d.rules, &e))
        return cli_fail(cli, &e);
    if (d.by_rule || cli_text(cli, "html"))
        d.findings = findings_new(cli_text(cli, "html") ? KEPT_FOR_PAGE : KEPT_FOR_TABLE);
    buffer_init(&d.out, 256u * 1024 * 1024);
    buffer_init(&d.damage, 256u * 1024);
    if ((d.by_rule || cli_text(cli, "html")) && !d.findings) {
        error_set(&e, "out of memory");
        code = cli_fail(cli, &e);
    } else {
        code = detect_with(cli, &d, ruleset, &settings, logsource);
    }
    findings_free(&d.findings);
    buffer_free(&d.out);
    buffer_free(&d.damage);
    ruleset_free(&ruleset);
    return code;
}

static const char *const levels[] = { "informational", "low", "medium", "high", "critical", NULL };

static const struct cli_option options_of_detect[] = {
    { .name = "rules", .letter = 'r', .kind = CLI_FOLDER, .value = "DIR", .repeated = true,
      .help = "Sigma rules: folders or files (default: the configured ones)" },
    { .name = "indicators", .kind = CLI_FILE, .value = "FILE", .repeated = true,
      .help = "threat indicators too: list, CSV, STIX bundle, MISP event, compiled table" },
    { .name = "html", .kind = CLI_FILE, .value = "FILE",
      .help = "one page with time line, ATT&CK matrix, hosts and alerts by rule" },
    { .name = "by-rule", .kind = CLI_FLAG,
      .help = "a table by rule, worst first (so on a terminal without another form)" },
    { .name = "timeline", .kind = CLI_FLAG,
      .help = "an alert a line in the order of the records (so into a pipe)" },
    { .name = "csv", .kind = CLI_FLAG, .help = "alerts as CSV" },
    { .name = "min-level", .kind = CLI_CHOICE, .value = "LEVEL", .choices = levels,
      .help = "only alerts of this level or above" },
    { .name = "tag", .kind = CLI_TEXT, .value = "TAG", .repeated = true,
      .help = "only rules with this tag, such as attack.t1059" },
    { .name = "exclude", .kind = CLI_TEXT, .value = "RULE", .repeated = true,
      .help = "leave out this rule (id, name or title)" },
    { .name = "from", .kind = CLI_TIME, .value = "TIME", .help = "only events from this time on" },
    { .name = "to", .kind = CLI_TIME, .value = "TIME", .help = "only events before this time" },
    { .name = "logsource", .kind = CLI_TEXT, .value = "NAMES",
      .help = "log source of all events, besides what is found: product=…,category=…,service=…" },
    { .name = "placeholders", .kind = CLI_FILE, .value = "FILE",
      .help = "YAML file with the lists that rules name by %name% (default: the configured one)" },
    { .name = "logsources", .kind = CLI_FOLDER, .value = "DIR",
      .help = "what selects a log source, instead of the configured folder" },
    { .name = "decoders", .kind = CLI_FOLDER, .value = "DIR",
      .help = "decoders of text logs, instead of the configured folder" },
    { .name = "compiled", .kind = CLI_FILE, .value = "FILE",
      .help = "keep the compiled rules here and use them while the rules are unchanged" },
    { .name = "threads", .letter = 'j', .kind = CLI_NUMBER, .value = "N", .least = 1, .most = 64,
      .help = "threads that scan (as many as there are cores)" },
    { .name = NULL },
};

static const struct cli_example examples_of_detect[] = {
    { "haidang detect --rules rules/ /var/log/auth.log", "our rules over a text log" },
    { "haidang detect --rules sigma/rules --min-level high --json evidence/",
      "a folder of recordings, alerts as JSON lines" },
    { "haidang detect --rules sigma/rules --html report.html C/Windows/System32/winevt/Logs",
      "a page to look through and to send" },
    { "zcat app.jsonl.gz | haidang detect --rules rules/ -", "from a pipe" },
    { "journalctl -f -o short-iso | haidang detect --rules rules/ --timeline -",
      "what happens now, an alert as soon as its line came" },
    { NULL },
};

const struct command cli_detect_command = {
    .name = "detect",
    .group = "Detection",
    .summary = "run Sigma rules over log files",
    .about = "Reads JSON lines, a JSON array, pretty-printed JSON, Windows .evtx and text logs, also\n"
             ".gz and .zst of these, and one object around the events as clouds deliver\n"
             "({\"Records\":[…]}). Folders are walked; what is no log there is named and left out. On a\n"
             "terminal the alerts stand by rule, in a pipe one a line; --json, --csv and --html give\n"
             "them in other forms. Alerts of correlations come behind the others, over all files by\n"
             "time. A summary goes to standard error: what was read, what was damaged or left out,\n"
             "which events no log source claims.\n"
             "The exit status is 1 when something was found, 3 when a file was damaged (what could\n"
             "be read was scanned).",
    .arguments = "FILE|DIR|- ...",
    .argument_least = 1,
    .argument_most = 4096,
    .takes_config = true,
    .takes_json = true,
    .options = options_of_detect,
    .examples = examples_of_detect,
    .run = run_detect,
};
