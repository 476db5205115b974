/* haidang indicators: import, list, remove, allow, disallow, stats. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "event/indicator_table.h"
#include "exchange/indicator_file.h"
#include "records/indicator.h"

#include "cli/data.h"
#include "cli/feed_file.h"

#define ROWS_AT_ONCE 20000u

/* ---- import -------------------------------------------------------------------------------------- */

struct import {
    struct cli *cli;
    struct serve_settings settings;
    const char *source;
    int64_t feed, round;
    int confidence, tlp;
    int64_t valid_until;
    struct buffer request;
    struct json_writer w;
    unsigned rows;
    uint64_t sent;
    bool dry;
    struct error *e;
};

static bool ask(struct import *m, const struct json **result, struct error *e)
{
    return cli_change(m->cli, &m->settings, buffer_slice(&m->request), result, e);
}

static void open_request(struct import *m, const char *what)
{
    buffer_clear(&m->request);
    json_writer_init(&m->w, &m->request);
    json_open_object(&m->w);
    json_text_member(&m->w, "do", slice_of(what));
    json_integer_member(&m->w, "feed", m->feed);
    json_integer_member(&m->w, "round", m->round);
}

static void open_rows(struct import *m)
{
    open_request(m, "indicators put");
    json_open_array_member(&m->w, "rows");
    m->rows = 0;
}

static bool send_rows(struct import *m)
{
    const struct json *result;
    struct arena_mark mark = arena_mark(&m->cli->arena);
    json_close_array(&m->w);
    json_close_object(&m->w);
    bool sent = m->rows == 0 || m->dry || ask(m, &result, m->e);
    arena_reset(&m->cli->arena, mark);
    m->sent += m->rows;
    open_rows(m);
    return sent;
}

static bool take(void *owner, const struct indicator_item *item)
{
    struct import *m = owner;
    json_open_array(&m->w);
    json_put_integer(&m->w, item->indicator.type);
    json_put_text(&m->w, item->indicator.value);
    json_put_integer(&m->w, item->confidence >= 0 ? item->confidence : m->confidence);
    json_put_integer(&m->w, item->tlp >= 0 ? item->tlp : m->tlp);
    json_put_integer(&m->w, item->valid_until ? item->valid_until : m->valid_until);
    json_put_text(&m->w, slice_cut(item->note, 0, 500));
    json_close_array(&m->w);
    return ++m->rows < ROWS_AT_ONCE || send_rows(m);
}

static bool import_files(struct import *m, struct indicator_file_count *total)
{
    struct cli *cli = m->cli;
    open_rows(m);
    for (unsigned i = 0; i < cli->argument_count; i++) {
        struct indicator_file_count count;
        if (!feed_file_read(cli, cli->arguments[i], take, m, &count, m->e))
            return false;
        total->format = count.format;
        total->taken += count.taken;
        total->skipped += count.skipped;
        total->refused += count.refused;
    }
    return send_rows(m);
}

static bool begin(struct import *m)
{
    const struct json *result;
    open_request(m, "indicators begin");
    json_text_member(&m->w, "source", slice_of(m->source));
    json_boolean_member(&m->w, "add", cli_flag(m->cli, "add"));
    json_close_object(&m->w);
    if (!ask(m, &result, m->e))
        return false;
    m->feed = json_integer(json_member(result, "feed"), 0);
    m->round = json_integer(json_member(result, "round"), 0);
    return true;
}

static bool end(struct import *m, const struct indicator_file_count *total)
{
    const struct json *result;
    const char *license = cli_text(m->cli, "license");
    open_request(m, "indicators end");
    json_text_member(&m->w, "source", slice_of(m->source));
    json_text_member(&m->w, "license", slice_of(license ? license : ""));
    json_text_member(&m->w, "format", slice_of(indicator_format_name(total->format)));
    json_text_member(&m->w, "file", slice_of(m->cli->arguments[0]));
    json_integer_member(&m->w, "skipped", (int64_t)total->skipped);
    json_integer_member(&m->w, "refused", (int64_t)total->refused);
    json_close_object(&m->w);
    return ask(m, &result, m->e);
}

static int show_import(struct import *m, const struct indicator_file_count *total)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (m->cli->json) {
        struct json_writer w;
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_text_member(&w, "source", slice_of(m->source));
        json_text_member(&w, "format", slice_of(indicator_format_name(total->format)));
        json_integer_member(&w, "taken", (int64_t)total->taken);
        json_integer_member(&w, "skipped", (int64_t)total->skipped);
        json_integer_member(&w, "refused", (int64_t)total->refused);
        json_boolean_member(&w, "stored", !m->dry);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    } else {
        buffer_print(&out, cli_say(m->cli, "%s (%s): %llu indicators, %llu skipped, %llu refused\n"),
                     m->source, indicator_format_name(total->format),
                     (unsigned long long)total->taken, (unsigned long long)total->skipped,
                     (unsigned long long)total->refused);
        if (m->dry)
            buffer_print(&out, "%s\n", cli_say(m->cli, "Nothing was stored."));
    }
    int code = cli_put(m->cli, buffer_slice(&out));
    return code != CLI_FINE ? code : total->refused ? CLI_NO : CLI_FINE;
}

static const char *const tlps[] = { "clear", "green", "amber", "amber+strict", "red", NULL };

static int run_import(struct cli *cli)
{
    struct error e = ERROR_NONE;
    enum indicator_tlp tlp = TLP_CLEAR;
    int64_t days = cli_number(cli, "days", 0);
    struct indicator_file_count total = { 0 };
    struct import m = { .cli = cli, .source = cli_text(cli, "source"), .e = &e,
                        .confidence = (int)cli_number(cli, "confidence", 50),
                        .dry = cli_flag(cli, "dry-run"),
                        .valid_until = days ? clock_now() + days * CLOCK_DAY : 0 };
    if (cli_text(cli, "tlp"))
        indicator_tlp_parse(slice_of(cli_text(cli, "tlp")), &tlp);
    m.tlp = (int)tlp;
    buffer_init(&m.request, 0);
    bool fine = cli_settings(cli, &m.settings, &e) && (m.dry || begin(&m)) &&
                import_files(&m, &total) && (m.dry || end(&m, &total));
    buffer_free(&m.request);
    return fine ? show_import(&m, &total) : cli_fail(cli, &e);
}

/* ---- list and stats ------------------------------------------------------------------------------ */

static void put_one(const struct cli *cli, const struct records_indicator *row, struct buffer *out)
{
    struct json_writer w;
    if (!cli->json) {
        buffer_print(out, "%-8s %-44.*s %3d  %-12s %-20.*s %.*s\n", indicator_type_name(row->type),
                     SLICE_ARGS(row->value), row->confidence, indicator_tlp_name(row->tlp),
                     SLICE_ARGS(row->feed), SLICE_ARGS(row->note));
        return;
    }
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "type", slice_of(indicator_type_name(row->type)));
    json_text_member(&w, "value", row->value);
    json_integer_member(&w, "confidence", row->confidence);
    json_text_member(&w, "tlp", slice_of(indicator_tlp_name(row->tlp)));
    json_time_member(&w, "valid_until", row->valid_until);
    json_text_member(&w, "note", row->note);
    json_text_member(&w, "source", row->feed);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int run_list(struct cli *cli)
{
    struct serve_settings settings;
    RECORDS_AUTO records = NULL;
    struct error e = ERROR_NONE;
    enum indicator_type type;
    const char *source = cli_text(cli, "source"), *words = cli_text(cli, "words");
    struct records_indicator_filter filter = { .feed = slice_of(source ? source : ""), .type = -1,
                                               .words = slice_of(words ? words : "") };
    uint32_t count = 1;
    uint64_t left = (uint64_t)cli_number(cli, "limit", 100);
    char last[INDICATOR_VALUE_MOST + 1] = "";
    if (cli_text(cli, "type") && indicator_type_parse(slice_of(cli_text(cli, "type")), &type))
        filter.type = (int)type;
    if (!cli_settings(cli, &settings, &e) || !cli_records(cli, &settings, &records, &e))
        return cli_fail(cli, &e);
    int code = CLI_FINE;
    while (left && count && code == CLI_FINE) {
        BUFFER_AUTO out;
        ARENA_AUTO arena;
        struct records_indicator *rows;
        uint32_t most = left < 1000 ? (uint32_t)left : 1000;
        arena_init(&arena, 0);
        buffer_init(&out, 0);
        filter.after = slice_of(last);
        if (!records_indicator_list(records, &filter, most, &arena, &rows, &count, &e))
            return cli_fail(cli, &e);
        for (uint32_t i = 0; i < count; i++)
            put_one(cli, &rows[i], &out);
        if (count)
            snprintf(last, sizeof last, "%.*s", SLICE_ARGS(rows[count - 1].value));
        code = cli_put(cli, buffer_slice(&out));
        left -= count;
        count = count < most ? 0 : count;
    }
    return code;
}

static void put_feed(const struct cli *cli, const struct records_indicator_feed *feed,
                     struct buffer *out)
{
    char time[CLOCK_TEXT] = "";
    if (feed->imported_at)
        clock_print(feed->imported_at, time);
    buffer_print(out, cli_say(cli, "%-24.*s %10llu indicators  %-5.*s %.16s  skipped %llu, refused "
                                   "%llu\n"),
                 SLICE_ARGS(feed->key), (unsigned long long)feed->count, SLICE_ARGS(feed->format),
                 time, (unsigned long long)feed->skipped, (unsigned long long)feed->refused);
}

static void put_feed_json(struct json_writer *w, const struct records_indicator_feed *feed)
{
    json_open_object(w);
    json_text_member(w, "source", feed->key);
    json_text_member(w, "license", feed->license);
    json_text_member(w, "format", feed->format);
    json_text_member(w, "file", feed->file);
    json_integer_member(w, "indicators", (int64_t)feed->count);
    json_integer_member(w, "skipped", (int64_t)feed->skipped);
    json_integer_member(w, "refused", (int64_t)feed->refused);
    json_time_member(w, "imported_at", feed->imported_at);
    json_close_object(w);
}

static int run_stats(struct cli *cli)
{
    struct serve_settings settings;
    RECORDS_AUTO records = NULL;
    struct error e = ERROR_NONE;
    struct records_indicator_feed *feeds;
    struct records_indicator_allowed *allowed;
    struct records_indicator_counts counts;
    struct indicator_table *table = NULL;
    struct error none = ERROR_NONE;
    uint32_t feed_count, allow_count;
    BUFFER_AUTO out;
    struct json_writer w;
    buffer_init(&out, 0);
    if (!cli_settings(cli, &settings, &e) || !cli_records(cli, &settings, &records, &e) ||
        !records_indicator_feeds(records, &cli->arena, &feeds, &feed_count, &e) ||
        !records_indicator_counts(records, &counts, &e) ||
        !records_indicator_allowed(records, &cli->arena, &allowed, &allow_count, &e))
        return cli_fail(cli, &e);
    uint64_t bytes = 0;
    if (indicator_table_open(settings.indicator_table, &table, &none))
        bytes = indicator_table_bytes(table);
    json_writer_init(&w, &out);
    if (cli->json) {
        json_open_object(&w);
        for (int i = 0; i < INDICATOR_TYPES; i++)
            json_integer_member(&w, indicator_type_name((enum indicator_type)i),
                                (int64_t)counts.types[i]);
        json_integer_member(&w, "expired", (int64_t)counts.expired);
        json_integer_member(&w, "allowed", allow_count);
        json_integer_member(&w, "published", table ? indicator_table_count(table) : 0);
        json_integer_member(&w, "published_bytes", (int64_t)bytes);
        json_open_array_member(&w, "feeds");
    }
    for (uint32_t i = 0; i < feed_count; i++)
        if (cli->json)
            put_feed_json(&w, &feeds[i]);
        else
            put_feed(cli, &feeds[i], &out);
    if (cli->json) {
        json_close_array(&w);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    } else {
        for (int i = 0; i < INDICATOR_TYPES; i++)
            buffer_print(&out, "%-24s %10llu\n", indicator_type_name((enum indicator_type)i),
                         (unsigned long long)counts.types[i]);
        buffer_print(&out, cli_say(cli, "%llu are past their validity, %u values allowed by people\n"),
                     (unsigned long long)counts.expired, allow_count);
        buffer_print(&out, cli_say(cli, "in force: %u, %.1f MB\n"),
                     table ? indicator_table_count(table) : 0, (double)bytes / 1e6);
    }
    indicator_table_close(&table);
    return cli_put(cli, buffer_slice(&out));
}

/* ---- remove, allow ------------------------------------------------------------------------------- */

static int change(struct cli *cli, const char *what)
{
    struct serve_settings settings;
    const struct json *result;
    struct error e = ERROR_NONE;
    BUFFER_AUTO request;
    struct json_writer w;
    const char *source = strcmp(what, "indicators remove") == 0 ? cli_text(cli, "source") : NULL;
    const char *why = strcmp(what, "indicators allow") == 0 ? cli_text(cli, "why") : NULL;
    buffer_init(&request, 0);
    if (!source && !cli->argument_count)
        return cli_wrong(cli, "name a value, or a feed by --source");
    json_writer_init(&w, &request);
    json_open_object(&w);
    json_text_member(&w, "do", slice_of(what));
    if (source)
        json_text_member(&w, "source", slice_of(source));
    else
        json_text_member(&w, "value", slice_of(cli->arguments[0]));
    if (why)
        json_text_member(&w, "reason", slice_of(why));
    json_close_object(&w);
    if (!cli_settings(cli, &settings, &e) ||
        !cli_change(cli, &settings, buffer_slice(&request), &result, &e))
        return cli_fail(cli, &e);
    return CLI_FINE;
}

static int run_remove(struct cli *cli)
{
    return change(cli, "indicators remove");
}

static int run_allow(struct cli *cli)
{
    return change(cli, "indicators allow");
}

static int run_disallow(struct cli *cli)
{
    return change(cli, "indicators disallow");
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static const char *const types[] = { "address", "network", "domain", "url", "email", "md5", "sha1",
                                     "sha256", NULL };

static const struct cli_option import_options[] = {
    { .name = "source", .letter = 's', .kind = CLI_TEXT, .value = "NAME", .required = true,
      .help = "whose feed it is; alerts name it" },
    { .name = "add", .kind = CLI_FLAG, .help = "keep what the feed has; else this takes its place" },
    { .name = "confidence", .kind = CLI_NUMBER, .value = "N", .least = 0, .most = 100,
      .help = "of values for which the file says none, 0 to 100 (default: 50)" },
    { .name = "tlp", .kind = CLI_CHOICE, .value = "TLP", .choices = tlps,
      .help = "of values for which the file says none (default: clear)" },
    { .name = "days", .kind = CLI_NUMBER, .value = "N", .least = 1, .most = 3650,
      .help = "valid for so long where the file says nothing" },
    { .name = "license", .kind = CLI_TEXT, .value = "TEXT", .help = "the feed's licence" },
    { .name = "dry-run", .kind = CLI_FLAG, .help = "read and say what is wrong; store nothing" },
    { NULL },
};
static const struct cli_example import_examples[] = {
    { "haidang indicators import urlhaus.csv --source urlhaus --confidence 80 --days 30",
      "a feed takes the place of its former state" },
    { "haidang indicators import bundle.json --source ncsc --tlp amber", "a STIX 2.1 bundle" },
    { NULL },
};
const struct command cli_indicators_import_command = {
    .name = "indicators import", .group = "Detection",
    .summary = "read a feed of threat indicators",
    .about = "Lists, CSV, STIX 2.1 bundles and MISP events. What cannot be read is told and left\n"
             "out; the exit status is then 1. The rest counts at once, without a restart.",
    .arguments = "FILE…", .argument_least = 1, .argument_most = 256, .takes_config = true,
    .takes_json = true, .options = import_options, .examples = import_examples, .run = run_import,
};

static const struct cli_option list_options[] = {
    { .name = "source", .letter = 's', .kind = CLI_TEXT, .value = "NAME", .help = "only this feed's" },
    { .name = "type", .kind = CLI_CHOICE, .value = "TYPE", .choices = types,
      .help = "only of this type" },
    { .name = "words", .kind = CLI_TEXT, .value = "TEXT", .help = "in the value or its note" },
    { .name = "limit", .kind = CLI_NUMBER, .value = "N", .least = 1, .most = 100000000,
      .help = "at most so many (default: 100)" },
    { NULL },
};
static const struct cli_example list_examples[] = {
    { "haidang indicators list --words evil --json", "one object a line" },
    { NULL },
};
const struct command cli_indicators_list_command = {
    .name = "indicators list", .group = "Detection", .summary = "list the threat indicators",
    .takes_config = true, .takes_json = true, .options = list_options, .examples = list_examples,
    .run = run_list,
};

static const struct cli_option remove_options[] = {
    { .name = "source", .letter = 's', .kind = CLI_TEXT, .value = "NAME",
      .help = "this feed with all it holds" },
    { NULL },
};
static const struct cli_example remove_examples[] = {
    { "haidang indicators remove 203.0.113.7", "out of every feed" },
    { "haidang indicators remove --source urlhaus", "a whole feed" },
    { NULL },
};
const struct command cli_indicators_remove_command = {
    .name = "indicators remove", .group = "Detection",
    .summary = "take a threat indicator or a feed away", .arguments = "[VALUE]", .argument_most = 1,
    .takes_config = true, .options = remove_options, .examples = remove_examples, .run = run_remove,
};

static const struct cli_option allow_options[] = {
    { .name = "why", .kind = CLI_TEXT, .value = "TEXT", .required = true,
      .help = "kept with it, and in the audit log" },
    { NULL },
};
static const struct cli_example allow_examples[] = {
    { "haidang indicators allow 203.0.113.0/24 --why 'our own servers'", "never alert on these" },
    { "haidang indicators allow .khanhhoa.gov.vn --why 'the province'", "with every sub-domain" },
    { NULL },
};
const struct command cli_indicators_allow_command = {
    .name = "indicators allow", .group = "Detection",
    .summary = "never alert on a value, whatever a feed says", .arguments = "VALUE",
    .argument_least = 1, .argument_most = 1, .takes_config = true, .options = allow_options,
    .examples = allow_examples, .run = run_allow,
};

static const struct cli_example disallow_examples[] = {
    { "haidang indicators disallow 203.0.113.0/24", "the feeds decide again" },
    { NULL },
};
const struct command cli_indicators_disallow_command = {
    .name = "indicators disallow", .group = "Detection",
    .summary = "take a value out of the allow-list", .arguments = "VALUE", .argument_least = 1,
    .argument_most = 1, .takes_config = true, .examples = disallow_examples, .run = run_disallow,
};

static const struct cli_example stats_examples[] = {
    { "haidang indicators stats", "feeds, kinds, what is in force" },
    { NULL },
};
const struct command cli_indicators_stats_command = {
    .name = "indicators stats", .group = "Detection",
    .summary = "count the threat indicators and show their feeds", .takes_config = true,
    .takes_json = true, .examples = stats_examples, .run = run_stats,
};
