/* haidang archive export --incident, haidang archive check-package */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cases/evidence.h"

#include "cli/data.h"
#include "cli/package.h"

#define PACKAGE_MOST (1024u * 1024 * 1024)

/* ---- made ------------------------------------------------------------------------------------- */

/* At the command line nobody has logged in: the account of the machine is what is known. */
static struct slice who(struct cli *cli)
{
    const char *names[] = { getenv("SUDO_USER"), getenv("LOGNAME"), getenv("USER") };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && names[i][0])
            return arena_print(&cli->arena, "command line: %s", names[i]);
    return SLICE("command line");
}

static bool write_down(struct cli *cli, const struct serve_settings *settings,
                       const struct evidence_order *order, const struct evidence_package *package,
                       struct error *e)
{
    const struct json *answer;
    struct json_writer w;
    BUFFER_AUTO request;
    buffer_init(&request, 0);
    json_writer_init(&w, &request);
    json_open_object(&w);
    json_text_member(&w, "do", SLICE("incident package"));
    json_integer_member(&w, "incident", order->incident);
    json_text_member(&w, "sha256", slice_of(package->sha256));
    json_integer_member(&w, "events", (int64_t)package->events);
    json_text_member(&w, "reason", order->reason);
    json_close_object(&w);
    return cli_change(cli, settings, buffer_slice(&request), &answer, e);
}

static bool make(struct cli *cli, const struct serve_settings *settings,
                 struct evidence_order *order, struct evidence_package *package, struct error *e)
{
    RECORDS_AUTO records = NULL;
    struct heads_key key;
    const char *path = arena_print(&cli->arena, "%s/archive.key", settings->secrets).data;
    if (!path || !cli_records(cli, settings, &records, e) || !heads_key_load(path, &key, e))
        return false;
    order->key = &key;
    bool well = evidence_make(records, &RECORDS_SCOPE_ALL, order, &cli->arena, package, e);
    heads_key_forget(&key);
    return well;
}

int cli_package_incident(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct serve_settings settings;
    struct evidence_package package;
    const char *to = cli_text(cli, "package"), *reason = cli_text(cli, "reason");
    if (!to || !reason || cli->argument_count)
        return cli_wrong(cli, "--incident goes with --package FILE and --reason TEXT, without a query");
    if (!cli_settings(cli, &settings, &e))
        return cli_fail(cli, &e);
    struct evidence_order order = {
        .incident = cli_number(cli, "incident", 0), .by = who(cli), .reason = slice_of(reason),
        .place = { settings.archive, settings.heads }, .version = cli_version(), .now = cli->now,
    };
    if (!make(cli, &settings, &order, &package, &e) ||
        !write_down(cli, &settings, &order, &package, &e) ||
        !file_replace(to, package.zip, 0600, &e))
        return cli_fail(cli, &e);
    fprintf(stderr, cli_say(cli, "%llu events packed, SHA-256 %s\n"),
            (unsigned long long)package.events, package.sha256);
    return CLI_FINE;
}

/* ---- checked ----------------------------------------------------------------------------------- */

static void put_json(const struct evidence_check *c, struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_boolean_member(&w, "whole", c->whole);
    json_text_member(&w, "first", c->first);
    json_text_member(&w, "incident", c->code);
    json_text_member(&w, "by", c->by);
    json_text_member(&w, "reason", c->reason);
    json_time_member(&w, "time", c->time);
    json_integer_member(&w, "events", (int64_t)c->events);
    json_integer_member(&w, "copies", (int64_t)c->copies);
    json_integer_member(&w, "linked", (int64_t)c->linked);
    json_integer_member(&w, "days", (int64_t)c->days);
    json_integer_member(&w, "days_held", (int64_t)c->held_days);
    json_integer_member(&w, "days_signed", (int64_t)c->signed_days);
    json_text_member(&w, "key", slice_of(c->key));
    json_boolean_member(&w, "key_known", c->key_known);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static void put_text(const struct cli *cli, const struct evidence_check *c, struct buffer *out)
{
    char time[CLOCK_TEXT];
    clock_print(c->time, time);
    if (c->whole)
        buffer_print(out, "%s\n", cli_say(cli, "WHOLE: nothing was changed since it was signed"));
    else
        buffer_print(out, cli_say(cli, "NOT WHOLE: %.*s\n"), SLICE_ARGS(c->first));
    buffer_print(out, cli_say(cli, "incident %.*s, made %.19s by %.*s: %.*s\n"), SLICE_ARGS(c->code),
                 time, SLICE_ARGS(c->by), SLICE_ARGS(c->reason));
    buffer_print(out, cli_say(cli, "%llu events, %llu of them copies that outlived the archive; %llu "
                                   "stand in a chain that leads to the day's last link\n"),
                 (unsigned long long)c->events, (unsigned long long)c->copies,
                 (unsigned long long)c->linked);
    buffer_print(out, cli_say(cli, "%llu day files: %llu computed anew when it was made, %llu with a "
                                   "signed head\n"),
                 (unsigned long long)c->days, (unsigned long long)c->held_days,
                 (unsigned long long)c->signed_days);
    buffer_print(out, cli_say(cli, c->key_known ? "signed with the key given: %s\n"
                                                : "signed with %s: hold this key against the one you "
                                                  "know, or give it with --key\n"), c->key);
}

static int run_check(struct cli *cli)
{
    BUFFER_AUTO out;
    struct error e = ERROR_NONE;
    struct slice zip;
    struct evidence_check check;
    unsigned char public[HEADS_PUBLIC];
    const char *key = cli_text(cli, "key");
    buffer_init(&out, 0);
    if (!file_read(cli->arguments[0], PACKAGE_MOST, &cli->arena, &zip, &e)) {
        error_kind(&e, ERROR_INPUT);
        return cli_fail(cli, &e);
    }
    if ((key && !heads_public_load(key, public, &e)) ||
        !evidence_check(zip, key ? public : NULL, &cli->arena, &check, &e))
        return cli_fail(cli, &e);
    if (cli->json)
        put_json(&check, &out);
    else
        put_text(cli, &check, &out);
    int code = cli_put(cli, buffer_slice(&out));
    return code != CLI_FINE ? code : check.whole ? CLI_FINE : CLI_NO;
}

static const struct cli_option options[] = {
    { .name = "key", .kind = CLI_FILE, .value = "FILE",
      .help = "public key that must have signed it (archive.key.pub of the server's secrets)" },
    { .name = NULL },
};

static const struct cli_example examples[] = {
    { "haidang archive check-package haidang-SC-2026-0001.zip --key archive.key.pub",
      "is it as the server signed it" },
    { NULL },
};

const struct command cli_archive_check_package_command = {
    .name = "archive check-package",
    .group = "Events",
    .summary = "check a signed package of an incident's events",
    .about = "Needs no server and no archive. Holds the signature, each file's SHA-256, the events against\n"
             "the manifest, the chain's links up to the day's last one and its signed head. The exit\n"
             "status is 1 when something was changed, 2 when the file is no such package.",
    .arguments = "FILE",
    .argument_least = 1,
    .argument_most = 1,
    .takes_json = true,
    .options = options,
    .examples = examples,
    .run = run_check,
};
