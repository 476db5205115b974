/* haidang archive export */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "archive/search.h"
#include "base/clock.h"

#include "cli/data.h"
#include "cli/package.h"

struct exporter {
    struct cli *cli;
    FILE *file;
    struct buffer line;
    bool csv;
    int failed;                  /* why the first write failed (errno); 0: none did */
    uint64_t written;
    struct event_id last;        /* event written last, and its time */
    int64_t last_time;
};

#define PAGE 1000000u            /* events of one search */

static bool put_line(struct exporter *x)
{
    buffer_add_byte(&x->line, '\n');
    if (x->line.failed)
        x->failed = ENOMEM;
    else if (!x->failed && fwrite(x->line.data, 1, x->line.len, x->file) != x->line.len)
        x->failed = errno;
    buffer_clear(&x->line);
    return !x->failed;
}

/* RFC 4180; a cell that a spreadsheet would take for a formula gets an apostrophe in front. */
static void put_cell(struct exporter *x, struct slice cell, bool last)
{
    bool formula = cell.len && strchr("=+-@\t\r", cell.data[0]);
    buffer_add_byte(&x->line, '"');
    if (formula)
        buffer_add_byte(&x->line, '\'');
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.data[i] == '"')
            buffer_add_byte(&x->line, '"');
        if (cell.data[i] != '\0')
            buffer_add_byte(&x->line, cell.data[i]);
    }
    buffer_add(&x->line, last ? SLICE("\"") : SLICE("\","));
}

static bool export_event(void *owner, const struct search_event *event)
{
    struct exporter *x = owner;
    x->last = event->id;
    x->last_time = event->event.time;
    if (!x->csv) {
        search_event_json(event, &x->line);
        return put_line(x);
    }
    char id[EVENT_ID_TEXT], time[CLOCK_TEXT], received[CLOCK_TEXT];
    event_id_print(&event->id, id);
    clock_print(event->event.time, time);
    clock_print(event->event.received, received);
    const struct slice cells[] = {
        slice_of(id), slice_of(time), slice_of(received), event->event.agency,
        event->event.system, event->event.source, event->event.decoder, event->event.raw,
    };
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        put_cell(x, cells[i], i + 1 == sizeof cells / sizeof *cells);
    return put_line(x);
}

static bool export_row(void *owner, const struct search_table *table,
                       const struct search_cell *cells)
{
    struct exporter *x = owner;
    if (!x->csv) {
        search_row_json(table, cells, &x->line);
        return put_line(x);
    }
    for (size_t i = 0; i < table->column_count; i++)
        put_cell(x, cells[i].text, i + 1 == table->column_count);
    return put_line(x);
}

static bool open_out(struct exporter *x, const char *path, struct error *e)
{
    x->file = path ? fopen(path, "wbxe") : stdout;
    if (x->file)
        return true;
    error_place(e, "%s", path);
    return error_errno(e, errno, "the file cannot be made");
}

/* The next page begins behind what was written last. */
static void turn_page(struct exporter *x, struct search_options *options)
{
    options->before = x->last;
    options->before_time = x->last_time;
}

/* Events page after page, so that any number of them goes out in bounded memory; *cut_out: a pipe's
 * table did not fit. */
static bool export_all(struct exporter *x, const struct query *query,
                       struct search_options *options, struct search_foot *foot, bool *cut_out,
                       struct error *e)
{
    struct search_handlers handlers = { .owner = x, .event = export_event, .row = export_row };
    ARENA_AUTO arena;
    uint64_t damaged = 0, unread = 0, undecided = 0;
    struct slice first = SLICE_NONE;
    *cut_out = false;
    arena_init(&arena, ARENA_NO_CEILING);
    for (bool more = true; more;) {
        arena_clear(&arena);
        if (!search_run(query, options, &handlers, &arena, foot, e))
            return false;
        x->written += foot->delivered;
        more = foot->end == SEARCH_LIMITED && query_is_plain(query) && !x->failed;
        *cut_out = !more && ((foot->end == SEARCH_LIMITED && foot->delivered == PAGE) || foot->cut);
        damaged = foot->blocks_damaged > damaged ? foot->blocks_damaged : damaged;
        unread = foot->files_unread > unread ? foot->files_unread : unread;
        undecided += foot->regex_limit;
        first = first.len ? first : arena_copy(&x->cli->arena, foot->damaged);
        turn_page(x, options);
    }
    foot->blocks_damaged = damaged;
    foot->files_unread = unread;
    foot->damaged = first;
    foot->regex_limit = undecided;
    return true;
}

/* The reason is that of the write: closing behind it gives another one, or none. */
static bool finish(struct exporter *x, struct error *e)
{
    if (fflush(x->file) != 0 && !x->failed)
        x->failed = errno;
    if (x->file != stdout && fclose(x->file) != 0 && !x->failed)
        x->failed = errno;
    buffer_free(&x->line);
    return !x->failed || error_errno(e, x->failed, "the file cannot be written whole");
}

static int run_export(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct query *query;
    struct search_foot foot;
    struct exporter x = { .cli = cli };
    if (cli_number(cli, "incident", 0))
        return cli_package_incident(cli);
    if (cli->argument_count == 0)
        return cli_wrong(cli, "a query is missing ('*' for everything), or --incident");
    const char *format = cli_text(cli, "format"), *out = cli_text(cli, "out");
    bool cut;
    struct search_options options = {
        .directory = cli_archive_folder(cli, &e), .scope.all = true, .limit = PAGE,
        .from = cli_number(cli, "from", 0), .to = cli_number(cli, "to", 0),
        .agency = slice_of(cli_text(cli, "agency")),
    };
    x.csv = format && strcmp(format, "csv") == 0;
    if (!options.directory ||
        !query_parse(slice_of(cli->arguments[0]), cli->now, &cli->arena, &query, &e) ||
        !open_out(&x, out, &e))
        return cli_fail(cli, &e);
    buffer_init(&x.line, 0);
    if (x.csv && !query_gives_table(query)) {
        buffer_add(&x.line, SLICE("id,time,received,agency,system,source,decoder,raw"));
        put_line(&x);
    }
    bool well = export_all(&x, query, &options, &foot, &cut, &e);
    if (!finish(&x, &e) || !well) {
        if (out)
            unlink(out); /* half an export is none */
        return cli_fail(cli, &e);
    }
    fprintf(stderr, cli_say(cli, "%llu events written\n"), (unsigned long long)x.written);
    if (cut)
        fprintf(stderr, "%s\n", cli_say(cli, "not everything was written: the table has more rows "
                                             "than one may have"));
    if (foot.blocks_damaged)
        fprintf(stderr, cli_say(cli, "%llu blocks are damaged, what of them can be read was looked "
                             "through; the first: %.*s\n"),
                (unsigned long long)foot.blocks_damaged, SLICE_ARGS(foot.damaged));
    if (foot.regex_limit)
        fprintf(stderr, cli_say(cli, "on %llu values a regular expression gave up: whether they match is "
                                     "not known\n"),
                (unsigned long long)foot.regex_limit);
    if (foot.files_unread)
        return CLI_FAILED;
    return foot.blocks_damaged || foot.regex_limit || cut ? CLI_NO : CLI_FINE;
}

static const char *const formats[] = { "json", "csv", NULL };

static const struct cli_option options_of_export[] = {
    { .name = "out", .letter = 'o', .kind = CLI_FILE, .value = "FILE",
      .help = "a new file (standard output without it)" },
    { .name = "format", .kind = CLI_CHOICE, .value = "FORMAT", .choices = formats,
      .help = "json: a line an event with all fields; csv: the envelope and the raw line" },
    { .name = "from", .kind = CLI_TIME, .value = "TIME", .help = "only events from this time on" },
    { .name = "to", .kind = CLI_TIME, .value = "TIME", .help = "only events before this time" },
    { .name = "agency", .kind = CLI_TEXT, .value = "KEY", .help = "only events of this agency" },
    { .name = "incident", .kind = CLI_NUMBER, .value = "N", .least = 1, .most = INT64_MAX,
      .help = "instead of a query: the events of this incident's alerts, as a signed package" },
    { .name = "package", .kind = CLI_FILE, .value = "FILE", .help = "the package (ZIP) to be made" },
    { .name = "reason", .kind = CLI_TEXT, .value = "TEXT",
      .help = "why it is made: stands in the package, the time line and the audit log" },
    OPTION_ARCHIVE,
    { .name = NULL },
};

static const struct cli_example examples_of_export[] = {
    { "haidang archive export 'src_ip:203.0.113.77' --from 2026-11-01 --out events.jsonl",
      "everything of one address since a day" },
    { "haidang archive export --incident 3 --package case.zip --reason 'for the police'",
      "evidence, signed; `archive check-package` tells whether it is whole" },
    { NULL },
};

const struct command cli_archive_export_command = {
    .name = "archive export",
    .group = "Events",
    .summary = "write events out as JSON lines or CSV",
    .arguments = "[QUERY]",
    .argument_least = 0,
    .argument_most = 1,
    .takes_config = true,
    .options = options_of_export,
    .examples = examples_of_export,
    .run = run_export,
};
