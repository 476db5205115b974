/* haidang search: the query language over the archive, also while the server runs. */
#include "archive/search.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/data.h"

#include <stdio.h>
#include <unistd.h>

struct printer {
    struct cli *cli;
    struct buffer out;
    bool json, colour;
    uint64_t events, rows;
    int code;              /* of the last write */
};

static bool put(struct printer *p)
{
    p->code = cli_put(p->cli, buffer_slice(&p->out));
    buffer_clear(&p->out);
    return p->code == CLI_FINE;
}

/* Control characters of a log line must not reach the terminal: they could repaint it. */
static void put_line(struct printer *p, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool c1 = c == 0xc2 && i + 1 < text.len && (unsigned char)text.data[i + 1] < 0xa0;
        if (c >= 0x20 && c != 0x7f && !c1)
            buffer_add_byte(&p->out, (char)c);
        else if (c == '\t')
            buffer_add_byte(&p->out, ' ');
        else {
            buffer_print(&p->out, "\\x%02x", c1 ? (unsigned char)text.data[++i] : c);
        }
    }
}

static void put_dim(struct printer *p, bool on)
{
    if (p->colour)
        buffer_add(&p->out, on ? SLICE("\033[2m") : SLICE("\033[0m"));
}

static bool on_event(void *owner, const struct search_event *event)
{
    struct printer *p = owner;
    char id[EVENT_ID_TEXT], time[CLOCK_TEXT];
    p->events++;
    if (p->json) {
        search_event_json(event, &p->out);
    } else {
        event_id_print(&event->id, id);
        clock_print(event->event.time, time);
        put_dim(p, true);
        buffer_print(&p->out, "%s  %s  ", time, id);
        put_line(p, event->event.source.len ? event->event.source : SLICE("?"));
        put_dim(p, false);
        buffer_add(&p->out, SLICE("  "));
        put_line(p, event->event.raw);
    }
    buffer_add_byte(&p->out, '\n');
    return put(p);
}

static bool on_row(void *owner, const struct search_table *table, const struct search_cell *cells)
{
    struct printer *p = owner;
    if (p->json) {
        search_row_json(table, cells, &p->out);
        buffer_add_byte(&p->out, '\n');
        return put(p);
    }
    for (size_t i = 0; p->rows == 0 && i < table->column_count; i++) {
        if (i)
            buffer_add_byte(&p->out, '\t');
        put_line(p, table->columns[i]);
    }
    if (p->rows++ == 0)
        buffer_add_byte(&p->out, '\n');
    for (size_t i = 0; i < table->column_count; i++) {
        if (i)
            buffer_add_byte(&p->out, '\t');
        put_line(p, cells[i].text);
    }
    buffer_add_byte(&p->out, '\n');
    return put(p);
}

static bool on_explain(void *owner, const char *file, int64_t block, const char *why)
{
    (void)owner;
    fprintf(stderr, "%s %lld %s\n", file, (long long)block, why);
    return true;
}

static void put_budget(const struct cli *cli, const struct search_foot *foot)
{
    char time[CLOCK_TEXT];
    fprintf(stderr, cli_say(cli, "not everything was read: the budget ended (%s), %llu blocks are left\n"),
            search_end_name(foot->end), (unsigned long long)foot->blocks_left);
    clock_print(foot->read_down_to, time);
    fprintf(stderr, cli_say(cli, "everything newer than %s was read\n"), time);
}

static void put_foot(struct printer *p, const struct search_foot *foot)
{
    const struct cli *cli = p->cli;
    double seconds = (double)foot->elapsed_ns / 1e9;
    fprintf(stderr, cli_say(cli, "%llu found; %llu of %llu blocks read, %.1f MB in %.3f s"),
            (unsigned long long)foot->matched, (unsigned long long)foot->blocks_read,
            (unsigned long long)foot->blocks, (double)foot->bytes_inflated / 1e6, seconds);
    fprintf(stderr, cli_say(cli, " (skipped by time %llu, source %llu, words %llu)\n"),
            (unsigned long long)foot->skipped_time, (unsigned long long)foot->skipped_source,
            (unsigned long long)foot->skipped_words);
    if (foot->end == SEARCH_LIMITED)
        fprintf(stderr, "%s\n", cli_say(cli, "there may be more: ask for them with --limit"));
    else if (foot->end != SEARCH_COMPLETE)
        put_budget(cli, foot);
    if (foot->regex_limit)
        fprintf(stderr, cli_say(cli, "on %llu values a regular expression gave up: whether they match is "
                                     "not known\n"),
                (unsigned long long)foot->regex_limit);
    if (foot->cut)
        fprintf(stderr, cli_say(cli, "%llu values did not fit into the table's memory\n"),
                (unsigned long long)foot->cut);
    if (foot->blocks_damaged)
        fprintf(stderr, cli_say(cli, "%llu blocks are damaged, what of them can be read was looked "
                             "through; the first: %.*s\n"),
                (unsigned long long)foot->blocks_damaged, SLICE_ARGS(foot->damaged));
}

/* Several arguments are one query with blanks between. */
static struct slice whole_query(struct cli *cli)
{
    BUFFER_AUTO text;
    buffer_init(&text, QUERY_BYTES_MAX * 2);
    for (unsigned i = 0; i < cli->argument_count; i++) {
        if (i)
            buffer_add_byte(&text, ' ');
        buffer_add(&text, slice_of(cli->arguments[i]));
    }
    return arena_copy(&cli->arena, buffer_slice(&text));
}

static bool folder(struct cli *cli, const char **out, struct error *e)
{
    struct serve_settings settings;
    *out = cli_text(cli, "archive");
    if (*out)
        return true;
    if (!cli_settings(cli, &settings, e))
        return false;
    *out = settings.archive;
    return true;
}

static int run_search(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct query *query;
    struct search_foot foot;
    struct search_options options = { .scope.all = true };
    struct printer p = { .cli = cli, .json = cli->json, .colour = isatty(1) == 1 };
    struct search_handlers handlers = { .owner = &p, .event = on_event, .row = on_row,
                                        .explain = on_explain };
    if (!folder(cli, &options.directory, &e))
        return cli_fail(cli, &e);
    if (access(options.directory, R_OK | X_OK) != 0) {
        error_place(&e, "%s", options.directory);
        error_set(&e, "there is no archive here that can be read");
        error_kind(&e, ERROR_INPUT);
        error_hint(&e, "start the server once, or name another folder with --archive");
        return cli_fail(cli, &e);
    }
    options.from = cli_number(cli, "from", 0);
    options.to = cli_number(cli, "to", 0);
    options.agency = slice_of(cli_text(cli, "agency"));
    options.source = slice_of(cli_text(cli, "source"));
    options.limit = (uint64_t)cli_number(cli, "limit", SEARCH_LIMIT);
    options.budget_bytes = (uint64_t)cli_number(cli, "budget-bytes", 0);
    options.budget_rows = (uint64_t)cli_number(cli, "budget-rows", 0);
    options.budget_ms = (unsigned)cli_number(cli, "budget-seconds", 0) * 1000u;
    options.explain = cli_flag(cli, "explain");
    if (!query_parse(whole_query(cli), cli->now, &cli->arena, &query, &e))
        return cli_fail(cli, &e);
    buffer_init(&p.out, 0);
    bool well = search_run(query, &options, &handlers, &cli->arena, &foot, &e);
    buffer_free(&p.out);
    if (!well)
        return cli_fail(cli, &e);
    if (p.code != CLI_FINE)
        return p.code;
    put_foot(&p, &foot);
    return foot.files_unread ? CLI_FAILED : foot.delivered ? CLI_FINE : CLI_NO;
}

static const struct cli_option options_of_search[] = {
    { .name = "from", .kind = CLI_TIME, .value = "TIME", .help = "only events from this time on" },
    { .name = "to", .kind = CLI_TIME, .value = "TIME", .help = "only events before this time" },
    { .name = "agency", .kind = CLI_TEXT, .value = "KEY", .help = "only events of this agency" },
    { .name = "source", .kind = CLI_TEXT, .value = "KEY", .help = "only events of this source" },
    { .name = "limit", .letter = 'n', .kind = CLI_NUMBER, .value = "N", .least = 1, .most = 1000000,
      .help = "at most so many events or rows (100)" },
    { .name = "budget-bytes", .kind = CLI_NUMBER, .value = "N", .least = 1, .most = INT64_MAX,
      .help = "stop when so many bytes were unpacked, and say what was left" },
    { .name = "budget-rows", .kind = CLI_NUMBER, .value = "N", .least = 1, .most = INT64_MAX,
      .help = "stop when so many events were looked at, and say what was left" },
    { .name = "budget-seconds", .kind = CLI_NUMBER, .value = "N", .least = 1, .most = 86400,
      .help = "stop after so many seconds, and say what was left" },
    { .name = "explain", .kind = CLI_FLAG,
      .help = "say for each block whether it was read, or why not (block 0: a whole day file)" },
    { .name = "archive", .kind = CLI_FOLDER, .value = "DIR",
      .help = "folder of day files instead of the configured one" },
    { .name = NULL },
};

static const struct cli_example examples_of_search[] = {
    { "haidang search 'failed password' --from -1h", "both words, in the last hour" },
    { "haidang search 'src_ip:10.0.0.0/8 sc-status:>=500' --json", "events as JSON lines" },
    { "haidang search 'action:failed | count by user | top 10'", "a table" },
    { "haidang search powershell --from -90d --budget-seconds 60", "what a minute's reading finds" },
    { NULL },
};

const struct command cli_search_command = {
    .name = "search",
    .group = "Events",
    .summary = "find events in the archive",
    .about = "Words, \"phrases\", field:value, field:10.0.0.0/8, field:>5, wildcards, field:/re/,\n"
             "and, or, not, parentheses; then pipes: count, top, stats, timechart, fields, sort,\n"
             "limit, uniq. Case and Vietnamese diacritics are folded. Newest events come first.\n"
             "The exit status is 1 when nothing was found, 3 when a day file could not be opened.",
    .arguments = "QUERY",
    .argument_least = 1,
    .argument_most = 64,
    .takes_config = true,
    .takes_json = true,
    .options = options_of_search,
    .examples = examples_of_search,
    .run = run_search,
};
