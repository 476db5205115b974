/* haidang rules backtest: a rule over the archive's last days, before it is enabled. */
#include <stdio.h>
#include <unistd.h>

#include "api/rule_book.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/data.h"
#include "serve/backtest.h"

#define RULE_MOST (4u << 20)
#define BAR 40u
#define TELL_EVERY (CLOCK_SECOND / 4)

struct printer {
    struct cli *cli;
    struct buffer out, examples;
    int64_t told;
    int code;              /* of the last write */
};

static bool put(struct printer *p)
{
    p->code = cli_put(p->cli, buffer_slice(&p->out));
    buffer_clear(&p->out);
    return p->code == CLI_FINE;
}

static bool on_rules(void *owner, const struct ruleset *rules, struct slice warnings)
{
    struct printer *p = owner;
    if (p->cli->json) {
        buffer_add(&p->out, SLICE("{\"head\":"));
        backtest_rules_json(rules, warnings, &p->out);
        buffer_add(&p->out, SLICE("}\n"));
        return put(p);
    }
    for (uint32_t i = 0; i < ruleset_count(rules); i++) {
        struct ruleset_rule r = ruleset_rule(rules, i);
        if (r.unreachable)
            fprintf(stderr,
                    cli_say(p->cli, "no known log source is that of '%.*s': only a decoder can name it\n"),
                    SLICE_ARGS(r.title));
    }
    return true;
}

/* Control characters of a log line must not reach the terminal. */
static void put_text(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len && i < 160; i++) {
        unsigned char c = (unsigned char)text.data[i];
        buffer_add_byte(out, c < 0x20 || c == 0x7f ? ' ' : (char)c);
    }
}

static bool on_example(void *owner, const struct trial_example *x)
{
    struct printer *p = owner;
    char id[EVENT_ID_TEXT], time[CLOCK_TEXT];
    if (p->cli->json) {
        buffer_add(&p->out, SLICE("{\"example\":"));
        backtest_example_json(x, &p->out);
        buffer_add(&p->out, SLICE("}\n"));
        return put(p);
    }
    event_id_print(&x->id, id);
    clock_print(x->alert->time, time);
    buffer_print(&p->examples, "  %s  %s  %.*s\n    ", time, id, SLICE_ARGS(x->alert->entity));
    put_text(&p->examples, x->event ? x->event->raw : x->alert->why);
    buffer_add_byte(&p->examples, '\n');
    return true;
}

static uint64_t passed_by(const struct search_foot *foot)
{
    return foot->skipped_source + foot->skipped_words;
}

static bool on_progress(void *owner, const struct trial *trial, const struct search_foot *so_far)
{
    struct printer *p = owner;
    int64_t now = clock_steady();
    if (p->cli->terminal && now - p->told >= TELL_EVERY) {
        p->told = now;
        fputc('\r', stderr);
        fprintf(stderr, cli_say(p->cli, "%llu of %llu blocks, %llu events, %llu alerts "),
                (unsigned long long)(so_far->blocks_read + passed_by(so_far)),
                (unsigned long long)so_far->blocks,
                (unsigned long long)so_far->rows_scanned,
                (unsigned long long)trial_total(trial).alerts);
    }
    return true;
}

static void put_day(struct printer *p, int32_t day, const struct trial_day *d, uint64_t most)
{
    unsigned length = most ? (unsigned)(d->alerts * BAR / most) : 0;
    buffer_print(&p->out, "%04d-%02d-%02d  %10llu  %10llu  %8llu  ", day / 10000, day / 100 % 100,
                 day % 100, (unsigned long long)d->events, (unsigned long long)d->matches,
                 (unsigned long long)d->alerts);
    for (unsigned i = 0; i < length || (i == 0 && d->alerts); i++)
        buffer_add(&p->out, SLICE("▇"));
    buffer_print(&p->out, "%s\n", d->left ? cli_say(p->cli, " not read to its end") : "");
}

static void put_days(struct printer *p, const struct trial *trial)
{
    uint32_t count;
    uint64_t most = 0;
    const struct trial_day *days = trial_days(trial, &count);
    struct trial_total total = trial_total(trial);
    for (uint32_t i = 0; i < count; i++)
        most = days[i].alerts > most ? days[i].alerts : most;
    buffer_add(&p->out, slice_of(cli_say(p->cli, "day             events     matches    alerts\n")));
    for (uint32_t i = 0; i < count; i++)
        put_day(p, clock_day(p->cli->now - (int64_t)(count - 1 - i) * CLOCK_DAY, CLOCK_ZONE), &days[i],
                most);
    buffer_print(&p->out, cli_say(p->cli, "%llu alerts of %llu matches; expected: %.1f alerts a day\n"),
                 (unsigned long long)total.alerts, (unsigned long long)total.matches,
                 backtest_expected(trial, p->cli->now));
    if (total.excepted)
        buffer_print(&p->out, cli_say(p->cli, "exceptions in force took away %llu more matches\n"),
                     (unsigned long long)total.excepted);
    if (p->examples.len) {
        buffer_add(&p->out, slice_of(cli_say(p->cli, "first examples:\n")));
        buffer_add(&p->out, buffer_slice(&p->examples));
    }
}

/* What was read, and what was not, on standard error. */
static void put_foot(const struct printer *p, const struct trial *trial,
                     const struct search_foot *foot)
{
    const struct cli *cli = p->cli;
    struct trial_total total = trial_total(trial);
    double seconds = (double)foot->elapsed_ns / 1e9;
    fprintf(stderr, "%s", cli->terminal ? "\r" : "");
    fprintf(stderr, cli_say(cli, "%llu events in %llu of %llu blocks, %.1f s (%.0f events a second)\n"),
            (unsigned long long)foot->rows_scanned, (unsigned long long)foot->blocks_read,
            (unsigned long long)foot->blocks, seconds,
            seconds > 0 ? (double)foot->rows_scanned / seconds : 0);
    if (passed_by(foot))
        fprintf(stderr, cli_say(cli, "passed by, since nothing in them can match: %llu blocks by log source "
                                     "and fields, %llu by their words\n"),
                (unsigned long long)foot->skipped_source, (unsigned long long)foot->skipped_words);
    if (foot->end != SEARCH_COMPLETE)
        fprintf(stderr, cli_say(cli, "not everything was read: the budget ended (%s)\n"),
                search_end_name(foot->end));
    if (foot->blocks_damaged)
        fprintf(stderr, cli_say(cli, "%llu blocks are damaged, what of them can be read was looked "
                             "through; the first: %.*s\n"),
                (unsigned long long)foot->blocks_damaged, SLICE_ARGS(foot->damaged));
    if (total.cut)
        fprintf(stderr, cli_say(cli, "%llu matches came behind more alerts than can be told apart\n"),
                (unsigned long long)total.cut);
    if (total.dropped)
        fprintf(stderr,
                cli_say(cli, "%llu matches could not be counted by correlations: too many, or too late\n"),
                (unsigned long long)total.dropped);
}

static int put_result(struct printer *p, const struct trial *trial, const struct search_foot *foot)
{
    if (p->cli->json) {
        buffer_add(&p->out, SLICE("{\"days\":"));
        backtest_days_json(trial, p->cli->now, &p->out);
        buffer_add(&p->out, SLICE("}\n{\"foot\":"));
        search_foot_json(foot, &p->out);
        buffer_add(&p->out, SLICE("}\n"));
    } else {
        put_days(p, trial);
    }
    if (!put(p))
        return p->code;
    if (!p->cli->json)
        put_foot(p, trial, foot);
    return trial_total(trial).alerts ? CLI_FINE : CLI_NO;
}

static bool question(struct cli *cli, struct backtest *test, struct error *e)
{
    struct serve_settings settings;
    const char *lists = cli_text(cli, "placeholders"), *sources = cli_text(cli, "logsources"),
               *archive = cli_text(cli, "archive");
    *test = (struct backtest){ .scope.all = true, .now = cli->now, .name = cli->arguments[0] };
    if (!file_read(cli->arguments[0], RULE_MOST, &cli->arena, &test->rule, e)) /* it may be root's */
        return error_kind(e, ERROR_INPUT);
    if (!(archive ? serve_settings_load(cli->config, &cli->arena, &settings, e)
                  : cli_settings(cli, &settings, e)))
        return false;
    const char *folders[] = { settings.rules };
    struct rule_book *book = rule_book_new(folders, 1);
    bool read = book ? rule_book_beside(book, test->name, test->rule, &cli->arena, &test->beside, e)
                     : error_set(e, "memory is short for the rule");
    rule_book_free(&book);
    if (!read)
        return false;
    test->archive = archive ? archive : settings.archive;
    test->logsources = sources ? sources : settings.logsources;
    test->roster = settings.roster;
    test->placeholders = lists ? lists : settings.placeholders;
    test->days = (uint32_t)cli_number(cli, "days", 7);
    test->budget_ms = (unsigned)cli_number(cli, "seconds", 0) * 1000;
    test->every_block = cli_flag(cli, "every-block");
    if (access(test->archive, R_OK | X_OK) == 0)
        return true;
    error_place(e, "%s", test->archive);
    error_set(e, "there is no archive here that can be read");
    error_kind(e, ERROR_INPUT);
    return error_hint(e, "start the server once, or name another folder with --archive");
}

static int run_backtest(struct cli *cli)
{
    struct printer p = { .cli = cli };
    struct backtest test;
    struct backtest_handlers handlers = { .owner = &p, .rules = on_rules, .example = on_example,
                                          .progress = on_progress };
    struct trial *trial = NULL;
    struct search_foot foot;
    struct error e = ERROR_NONE;
    if (!question(cli, &test, &e))
        return cli_fail(cli, &e);
    buffer_init(&p.out, 0);
    buffer_init(&p.examples, 1u << 20);
    bool well = backtest_run(&test, &handlers, &cli->arena, &trial, &foot, &e);
    int code = !well ? cli_fail(cli, &e) : p.code != CLI_FINE ? p.code
                                                               : put_result(&p, trial, &foot);
    trial_free(&trial);
    buffer_free(&p.out);
    buffer_free(&p.examples);
    return code;
}

static const struct cli_option options[] = {
    { .name = "days", .letter = 'n', .kind = CLI_NUMBER, .value = "N", .least = 1,
      .most = TRIAL_DAYS_MOST, .help = "so many days, today being the last (7)" },
    { .name = "seconds", .kind = CLI_NUMBER, .value = "N", .least = 1, .most = 86400,
      .help = "read no longer than this; what was not read is said (no limit)" },
    { .name = "every-block", .kind = CLI_FLAG,
      .help = "read those blocks too in which nothing can match: the same is found, later" },
    { .name = "archive", .kind = CLI_FOLDER, .value = "DIR",
      .help = "folder of day files instead of the configured one" },
    { .name = "placeholders", .kind = CLI_FILE, .value = "FILE",
      .help = "YAML file with the lists that rules name by %name% (default: the configured one)" },
    { .name = "logsources", .kind = CLI_FOLDER, .value = "DIR",
      .help = "what selects a log source, instead of the configured folder" },
    { .name = NULL },
};

static const struct cli_example examples[] = {
    { "haidang rules backtest new-rule.yml --days 30", "its alerts a day, and the first of them" },
    { "haidang rules backtest new-rule.yml --json | jq .example.event.raw", "the lines it matched" },
    { NULL },
};

const struct command cli_rules_backtest_command = {
    .name = "rules backtest",
    .group = "Detection",
    .summary = "try a new rule over the archive's last days",
    .about = "RULE is a file: one rule or several; what a correlation counts may stand in the\n"
             "configured rules. The day files are read beside the running server, newest day first;\n"
             "nothing is raised or written. A block of the archive in which no rule can match, by the\n"
             "fields of its events and the words that stand in it, is passed by: its events are counted,\n"
             "but not read. Matches of one rule, system and entity on one day are one alert, as in the\n"
             "console. What exceptions in force silence is not raised; limits and switching off are left\n"
             "aside. The exit status is 1 when it would have raised nothing.",
    .arguments = "RULE",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .takes_json = true,
    .options = options,
    .examples = examples,
    .run = run_backtest,
};
