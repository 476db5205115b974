/* haidang archive verify, sign, seal, export, hunt */
#include "archive/archive.h"
#include "archive/aside.h"
#include "archive/heads.h"
#include "archive/hunt.h"
#include "archive/search.h"
#include "archive/verify.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/data.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

const char *cli_archive_folder(struct cli *cli, struct error *e)
{
    struct serve_settings settings;
    const char *given = cli_text(cli, "archive");
    if (!given && !cli_settings(cli, &settings, e))
        return NULL;
    const char *folder = given ? given : settings.archive;
    if (access(folder, R_OK | X_OK) == 0)
        return folder;
    error_place(e, "%s", folder);
    error_set(e, "there is no archive here that can be read");
    error_kind(e, ERROR_INPUT);
    error_hint(e, "start the server once, or name another folder with --archive");
    return NULL;
}

#define OPTION_ARCHIVE                                                                            \
    {                                                                                             \
        .name = "archive", .kind = CLI_FOLDER, .value = "DIR",                                    \
        .help = "folder of day files instead of the configured one"                               \
    }

/* ---- verify ----------------------------------------------------------------------------------- */

static void head_text(const unsigned char *head, char *text)
{
    for (int i = 0; i < 32; i++)
        snprintf(text + i * 2, 3, "%02x", head[i]);
}

static void put_result(const struct cli *cli, const struct verify_result *r, const char *signature,
                       struct buffer *out)
{
    char file[DAY_FILE], head[65];
    day_name_print(&r->name, file);
    head_text(r->head, head);
    if (cli->json) {
        struct json_writer w;
        json_writer_init(&w, out);
        json_open_object(&w);
        json_text_member(&w, "file", slice_of(file));
        json_boolean_member(&w, "whole", verify_is_well(r));
        json_integer_member(&w, "batches", (int64_t)r->batches);
        json_integer_member(&w, "events", (int64_t)r->events);
        json_integer_member(&w, "blocks", (int64_t)r->blocks);
        json_integer_member(&w, "bytes", (int64_t)r->bytes);
        json_integer_member(&w, "blocks_damaged", (int64_t)r->damaged);
        json_integer_member(&w, "events_missing", (int64_t)r->missing);
        json_integer_member(&w, "events_repeated", (int64_t)r->repeated);
        json_integer_member(&w, "batches_broken", (int64_t)r->broken);
        if (r->goes_on)
            json_integer_member(&w, "goes_on", (int64_t)r->goes_on);
        json_text_member(&w, "head", slice_of(head));
        json_text_member(&w, "signature", slice_of(signature));
        if (r->first.len)
            json_text_member(&w, "first", r->first);
        json_close_object(&w);
        buffer_add_byte(out, '\n');
        return;
    }
    buffer_print(out, cli_say(cli, "%s: %llu events in %llu blocks, %llu batches, head %.16s…  "),
                 file, (unsigned long long)r->events, (unsigned long long)r->blocks,
                 (unsigned long long)r->batches, head);
    buffer_print(out, "%s, %s\n", cli_say(cli, verify_is_well(r) ? "whole" : "NOT WHOLE"),
                 cli_say(cli, signature));
    if (r->goes_on)
        buffer_print(out, cli_say(cli, "  goes on behind a file that was set aside, from number %llu\n"),
                     (unsigned long long)r->goes_on);
    if (!verify_is_well(r))
        buffer_print(out,
                     cli_say(cli, "  damaged blocks %llu, missing events %llu, repeated %llu, "
                                  "broken batches %llu\n  first: %.*s\n"),
                     (unsigned long long)r->damaged, (unsigned long long)r->missing,
                     (unsigned long long)r->repeated, (unsigned long long)r->broken,
                     SLICE_ARGS(r->first));
}

/* The public key of --key or beside the secret one; NULL: none, signatures are not held. */
static const unsigned char *public_key(struct cli *cli, unsigned char *bytes, struct error *e)
{
    struct serve_settings settings;
    const char *path = cli_text(cli, "key");
    if (!path) {
        if (cli_text(cli, "archive") || !cli_settings(cli, &settings, e))
            return NULL;
        path = arena_print(&cli->arena, "%s/archive.key.pub", settings.secrets).data;
        if (!path || access(path, R_OK) != 0)
            return NULL;
    }
    return heads_public_load(path, bytes, e) ? bytes : NULL;
}

static int verify_one(struct cli *cli, const char *folder, const struct day_name *name,
                      const unsigned char *public)
{
    ARENA_AUTO arena;
    BUFFER_AUTO out;
    struct verify_result result;
    enum heads_state state = HEADS_UNSIGNED;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    buffer_init(&out, 0);
    if (!verify_day(folder, name, &arena, &result, &e) ||
        (public && !heads_check(folder, &result, public, &state, &e))) {
        cli_fail(cli, &e);
        return CLI_NO; /* the other files are looked at, too */
    }
    put_result(cli, &result, public ? heads_state_name(state) : "signatures not checked", &out);
    int code = cli_put(cli, buffer_slice(&out));
    bool well = verify_is_well(&result) && state != HEADS_CHANGED && state != HEADS_FORGED;
    return code != CLI_FINE ? code : well ? CLI_FINE : CLI_NO;
}

/* A file that was set aside: what is in it is not found, so the archive is not whole. */
static int tell_aside(struct cli *cli, const struct aside *aside)
{
    BUFFER_AUTO out;
    struct json_writer w;
    buffer_init(&out, 0);
    if (cli->json) {
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_text_member(&w, "file", slice_of(aside->file));
        json_boolean_member(&w, "whole", false);
        json_boolean_member(&w, "set_aside", true);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    } else
        buffer_print(&out, cli_say(cli, aside->why == ASIDE_DAMAGED
                                            ? "%s: damaged and set aside, its events are not found\n"
                                            : "%s: of another format and set aside, its events are "
                                              "not found\n"),
                     aside->file);
    int code = cli_put(cli, buffer_slice(&out));
    return code != CLI_FINE ? code : CLI_NO;
}

static int run_verify(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct day_name *names;
    size_t count;
    int worst = CLI_FINE;
    unsigned char bytes[HEADS_PUBLIC];
    struct aside *aside;
    size_t aside_count;
    const char *folder = cli_archive_folder(cli, &e);
    if (!folder || !day_list(folder, &cli->arena, &names, &count, &e) ||
        !aside_list(folder, &cli->arena, &aside, &aside_count, &e))
        return cli_fail(cli, &e);
    const unsigned char *public = public_key(cli, bytes, &e);
    if (e.set)
        return cli_fail(cli, &e);
    int64_t only = cli_number(cli, "day", 0);
    for (size_t i = count; i > 0; i--) {
        if (only && names[i - 1].day != clock_day(only, CLOCK_ZONE))
            continue;
        int code = verify_one(cli, folder, &names[i - 1], public);
        worst = code > worst ? code : worst;
    }
    for (size_t i = aside_count; i > 0; i--) {
        if (only && aside[i - 1].name.day != clock_day(only, CLOCK_ZONE))
            continue;
        int code = tell_aside(cli, &aside[i - 1]);
        worst = code > worst ? code : worst;
    }
    return worst;
}

static const struct cli_option options_of_verify[] = {
    { .name = "day", .kind = CLI_TIME, .value = "DATE", .help = "only the files of this receipt day (UTC)" },
    { .name = "key", .kind = CLI_FILE, .value = "FILE",
      .help = "public key of the signed heads (without it: archive.key.pub of the secrets)" },
    OPTION_ARCHIVE,
    { .name = NULL },
};

static const struct cli_example examples_of_verify[] = {
    { "haidang archive verify", "every day file, oldest first" },
    { "haidang archive verify --day 2026-11-24 --json", "one day, as data" },
    { NULL },
};

const struct command cli_archive_verify_command = {
    .name = "archive verify",
    .group = "Events",
    .summary = "check that the archive is whole",
    .about = "Reads every block and holds its checksums, looks that each event stands in exactly\n"
             "one block, and computes the chain over all batches in the order of their arrival, so\n"
             "that a line changed, removed or added later is noticed. Works beside a running\n"
             "server. The exit status is 1 when something is wrong.",
    .takes_config = true,
    .takes_json = true,
    .options = options_of_verify,
    .examples = examples_of_verify,
    .run = run_verify,
};

/* ---- sign ------------------------------------------------------------------------------------- */

static bool sign_one(struct cli *cli, const char *folder, const struct day_name *name,
                     const struct heads_key *key, struct error *e)
{
    ARENA_AUTO arena;
    struct verify_result result;
    arena_init(&arena, 0);
    if (!verify_day(folder, name, &arena, &result, e))
        return false;
    if (!verify_is_well(&result)) {
        error_place(e, "%.*s", SLICE_ARGS(result.first));
        return error_set(e, "a day that is not whole is not signed");
    }
    return heads_sign(folder, &result, key, cli->now, e);
}

static int run_sign(struct cli *cli)
{
    struct serve_settings settings;
    struct error e = ERROR_NONE;
    struct heads_key key;
    struct day_name *names;
    size_t count;
    unsigned done = 0;
    int code = CLI_FINE;
    const char *path = cli_text(cli, "key"), *folder = cli_archive_folder(cli, &e);
    if (folder && !path && cli_settings(cli, &settings, &e))
        path = arena_print(&cli->arena, "%s/archive.key", settings.secrets).data;
    if (!folder || !path || !day_list(folder, &cli->arena, &names, &count, &e) ||
        !heads_key_load(path, &key, &e))
        return cli_fail(cli, &e);
    for (size_t i = count; i > 0; i--) {
        struct error reason = ERROR_NONE;
        if (names[i - 1].day >= clock_day(cli->now, 0))
            continue;
        if (sign_one(cli, folder, &names[i - 1], &key, &reason))
            done++;
        else {
            cli_fail(cli, &reason);
            code = CLI_NO;
        }
    }
    heads_key_forget(&key);
    fprintf(stderr, cli_say(cli, "the heads of %u days are signed\n"), done);
    return code;
}

static const struct cli_option options_of_sign[] = {
    { .name = "key", .kind = CLI_FILE, .value = "FILE",
      .help = "secret key, made when missing (without it: archive.key of the secrets)" },
    OPTION_ARCHIVE,
    { .name = NULL },
};

static const struct cli_example examples_of_sign[] = {
    { "haidang archive sign", "every night, from a timer" },
    { NULL },
};

const struct command cli_archive_sign_command = {
    .name = "archive sign",
    .group = "Events",
    .summary = "sign the last link of each day that is over",
    .about = "Verifies each day that is over and appends its signed head to heads.jsonl. With the\n"
             "key kept where the archive's writer cannot read it, nobody rewrites a day unseen.",
    .takes_config = true,
    .options = options_of_sign,
    .examples = examples_of_sign,
    .run = run_sign,
};

/* ---- seal ------------------------------------------------------------------------------------- */

static int run_seal(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct archive *archive;
    bool more = true, well = true;
    const char *folder = cli_archive_folder(cli, &e);
    if (!folder || !archive_open(folder, &archive, &e))
        return cli_fail(cli, &e);
    while (more && well)
        well = archive_seal_step(archive, cli->now, 1000, &more, &e);
    struct archive_statistics done = archive_statistics(archive);
    archive_close(&archive);
    if (!well)
        return cli_fail(cli, &e);
    fprintf(stderr, cli_say(cli, "%llu events sealed in %llu blocks\n"),
            (unsigned long long)done.sealed_events, (unsigned long long)done.sealed_blocks);
    return CLI_FINE;
}

static const struct cli_option options_of_seal[] = { OPTION_ARCHIVE, { .name = NULL } };

static const struct cli_example examples_of_seal[] = {
    { "haidang archive seal", "after the server was stopped for long" },
    { NULL },
};

const struct command cli_archive_seal_command = {
    .name = "archive seal",
    .group = "Events",
    .summary = "pack the small blocks of past days into large ones",
    .about = "The server does this by itself; this is for an archive that no server writes.",
    .takes_config = true,
    .options = options_of_seal,
    .examples = examples_of_seal,
    .run = run_seal,
};

/* ---- export ----------------------------------------------------------------------------------- */

struct exporter {
    struct cli *cli;
    FILE *file;
    struct buffer line;
    bool csv, failed;
};

static bool put_line(struct exporter *x)
{
    buffer_add_byte(&x->line, '\n');
    x->failed = x->line.failed || fwrite(x->line.data, 1, x->line.len, x->file) != x->line.len;
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

static int run_export(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct query *query;
    struct search_foot foot;
    struct exporter x = { .cli = cli };
    const char *format = cli_text(cli, "format");
    struct search_options options = {
        .directory = cli_archive_folder(cli, &e), .scope.all = true, .limit = 1000000,
        .from = cli_number(cli, "from", 0), .to = cli_number(cli, "to", 0),
        .agency = slice_of(cli_text(cli, "agency")),
    };
    struct search_handlers handlers = { .owner = &x, .event = export_event, .row = export_row };
    x.csv = format && strcmp(format, "csv") == 0;
    if (!options.directory ||
        !query_parse(slice_of(cli->arguments[0]), cli->now, &cli->arena, &query, &e) ||
        !open_out(&x, cli_text(cli, "out"), &e))
        return cli_fail(cli, &e);
    buffer_init(&x.line, 0);
    if (x.csv && !query_gives_table(query)) {
        buffer_add(&x.line, SLICE("id,time,received,agency,system,source,decoder,raw"));
        put_line(&x);
    }
    bool well = search_run(query, &options, &handlers, &cli->arena, &foot, &e);
    int at_close = x.file == stdout ? fflush(stdout) : fclose(x.file);
    buffer_free(&x.line);
    if (well && (x.failed || at_close != 0))
        well = error_errno(&e, errno, "the file cannot be written whole");
    if (!well)
        return cli_fail(cli, &e);
    fprintf(stderr, cli_say(cli, "%llu events written"), (unsigned long long)foot.delivered);
    if (foot.end == SEARCH_LIMITED)
        fprintf(stderr, cli_say(cli, "; there are more: export a shorter time"));
    fprintf(stderr, "\n");
    if (foot.blocks_damaged)
        fprintf(stderr, cli_say(cli, "%llu damaged blocks were skipped, the first: %.*s\n"),
                (unsigned long long)foot.blocks_damaged, SLICE_ARGS(foot.damaged));
    return foot.blocks_damaged ? CLI_NO : CLI_FINE;
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
    OPTION_ARCHIVE,
    { .name = NULL },
};

static const struct cli_example examples_of_export[] = {
    { "haidang archive export 'src_ip:203.0.113.77' --from 2026-11-01 --out events.jsonl",
      "everything of one address since a day" },
    { NULL },
};

const struct command cli_archive_export_command = {
    .name = "archive export",
    .group = "Events",
    .summary = "write events out as JSON lines or CSV",
    .arguments = "QUERY",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .options = options_of_export,
    .examples = examples_of_export,
    .run = run_export,
};

/* ---- hunt ------------------------------------------------------------------------------------- */

struct hunter {
    struct cli *cli;
    uint64_t found;
    int code;
};

static bool put_hit(void *owner, const struct hunt_hit *hit)
{
    struct hunter *hunter = owner;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    hunter->found++;
    if (hunter->cli->json) {
        struct json_writer w;
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_integer_member(&w, "day", hit->day.day);
        json_text_member(&w, "class", slice_of(hit->day.class));
        json_text_member(&w, "kind", slice_of(indicator_kind_name(hit->kind)));
        json_text_member(&w, "value", hit->value);
        json_integer_member(&w, "count", (int64_t)hit->count);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    } else
        buffer_print(&out, "%d\t%s\t%.*s\t%llu\n", (int)hit->day.day,
                     indicator_kind_name(hit->kind), SLICE_ARGS(hit->value),
                     (unsigned long long)hit->count);
    hunter->code = cli_put(hunter->cli, buffer_slice(&out));
    return hunter->code == CLI_FINE;
}

#define HUNT_FILE_MAX (256u * 1024 * 1024)

/* The lines of the file that are neither empty nor comments. */
static bool read_indicators(struct cli *cli, struct slice **list_out, size_t *count_out,
                            struct error *e)
{
    struct slice all, line, rest;
    size_t lines = 1;
    if (!file_read(cli->arguments[0], HUNT_FILE_MAX, &cli->arena, &all, e))
        return false;
    for (size_t i = 0; i < all.len; i++)
        lines += all.data[i] == '\n';
    *list_out = arena_array(&cli->arena, lines, sizeof **list_out);
    *count_out = 0;
    if (!*list_out)
        return error_set(e, "memory is short for the hunt");
    for (rest = all; slice_split(&rest, '\n', &line);) {
        line = slice_trim(line);
        if (line.len && line.data[0] != '#')
            (*list_out)[(*count_out)++] = line;
    }
    return true;
}

static int32_t day_option(struct cli *cli, const char *name)
{
    int64_t time = cli_number(cli, name, 0);
    return time ? clock_day(time, CLOCK_ZONE) : 0;
}

static int run_hunt(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct hunter hunter = { .cli = cli };
    struct hunt_foot foot;
    struct slice *list;
    size_t count;
    const char *folder = cli_archive_folder(cli, &e);
    if (!folder || !read_indicators(cli, &list, &count, &e) ||
        !hunt_run(folder, list, count, day_option(cli, "from"), day_option(cli, "to"), put_hit,
                  &hunter, &foot, &e))
        return cli_fail(cli, &e);
    if (hunter.code != CLI_FINE)
        return hunter.code;
    fprintf(stderr,
            cli_say(cli, "%llu indicators (%llu are none) in %llu days: %llu found, %.3f s\n"),
            (unsigned long long)foot.given, (unsigned long long)foot.refused,
            (unsigned long long)foot.days, (unsigned long long)hunter.found,
            (double)foot.elapsed_ns / 1e9);
    if (foot.damaged)
        fprintf(stderr, cli_say(cli, "%llu day files could not be read\n"),
                (unsigned long long)foot.damaged);
    return hunter.found ? CLI_FINE : CLI_NO;
}

static const struct cli_option options_of_hunt[] = {
    { .name = "from", .kind = CLI_TIME, .value = "DATE", .help = "only receipt days from this one on" },
    { .name = "to", .kind = CLI_TIME, .value = "DATE", .help = "only receipt days up to this one" },
    OPTION_ARCHIVE,
    { .name = NULL },
};

static const struct cli_example examples_of_hunt[] = {
    { "haidang archive hunt indicators.txt --from -30d", "one indicator a line; # begins a comment" },
    { NULL },
};

const struct command cli_archive_hunt_command = {
    .name = "archive hunt",
    .group = "Events",
    .summary = "find many indicators in the whole archive",
    .about = "FILE holds addresses, hashes (MD5, SHA-1, SHA-256) and host names. Each day keeps an\n"
             "exact table of those it saw, so a hundred thousand of them are looked for in seconds.\n"
             "Prints day, kind, value and number of events. The exit status is 1 when none is found.",
    .arguments = "FILE",
    .argument_least = 1,
    .argument_most = 1,
    .takes_config = true,
    .takes_json = true,
    .options = options_of_hunt,
    .examples = examples_of_hunt,
    .run = run_hunt,
};
