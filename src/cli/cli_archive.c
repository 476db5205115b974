/* haidang archive verify, sign, compact */
#include "archive/archive.h"
#include "archive/aside.h"
#include "archive/heads.h"
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

struct heads_place cli_heads_place(struct cli *cli, const char *folder)
{
    struct serve_settings settings;
    struct error ignored = ERROR_NONE;
    bool configured = !cli_text(cli, "archive") && cli_settings(cli, &settings, &ignored);
    return (struct heads_place){ folder, configured ? settings.heads : NULL };
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

static int verify_one(struct cli *cli, const struct heads_place *place, const struct day_name *name,
                      const unsigned char *public)
{
    ARENA_AUTO arena;
    BUFFER_AUTO out;
    struct verify_result result;
    enum heads_state state = HEADS_UNSIGNED;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    buffer_init(&out, 0);
    if (!verify_day(place->directory, name, &arena, &result, &e) ||
        (public && !heads_check(place, &result, public, &state, &e))) {
        cli_fail(cli, &e); /* the other files are looked at, too */
        return e.kind == ERROR_DAMAGED || e.kind == ERROR_CONFLICT ? CLI_NO : CLI_FAILED;
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

/* A day that was signed and whose file is gone, though no record says that it was deleted. */
static int tell_missing(struct cli *cli, const struct day_name *name)
{
    BUFFER_AUTO out;
    struct json_writer w;
    char file[DAY_FILE];
    buffer_init(&out, 0);
    day_name_print(name, file);
    if (cli->json) {
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_text_member(&w, "file", slice_of(file));
        json_boolean_member(&w, "whole", false);
        json_boolean_member(&w, "missing", true);
        json_close_object(&w);
        buffer_add_byte(&out, '\n');
    } else
        buffer_print(&out, cli_say(cli, "%s: signed, but neither there nor recorded as deleted\n"), file);
    int code = cli_put(cli, buffer_slice(&out));
    return code != CLI_FINE ? code : CLI_NO;
}

static int run_verify(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct day_name *names, *missing;
    size_t count, missing_count;
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
    const struct heads_place place = cli_heads_place(cli, folder);
    if (!heads_missing(&place, &cli->arena, &missing, &missing_count, &e))
        return cli_fail(cli, &e);
    int64_t only = cli_number(cli, "day", 0);
    for (size_t i = count; i > 0; i--) {
        if (only && names[i - 1].day != clock_day(only, CLOCK_ZONE))
            continue;
        int code = verify_one(cli, &place, &names[i - 1], public);
        worst = code > worst ? code : worst;
    }
    for (size_t i = aside_count; i > 0; i--) {
        if (only && aside[i - 1].name.day != clock_day(only, CLOCK_ZONE))
            continue;
        int code = tell_aside(cli, &aside[i - 1]);
        worst = code > worst ? code : worst;
    }
    for (size_t i = 0; i < missing_count; i++) {
        if (only && missing[i].day != clock_day(only, CLOCK_ZONE))
            continue;
        int code = tell_missing(cli, &missing[i]);
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
             "that a line changed, removed or added later is noticed. Names signed days whose file\n"
             "is gone and not recorded as deleted. Works beside a running server. The exit status\n"
             "is 1 when something is wrong, 3 when a file could not be opened.",
    .takes_config = true,
    .takes_json = true,
    .options = options_of_verify,
    .examples = examples_of_verify,
    .run = run_verify,
};

/* ---- sign ------------------------------------------------------------------------------------- */

static bool sign_one(struct cli *cli, const struct heads_place *place, const struct day_name *name,
                     const struct heads_key *key, struct error *e)
{
    ARENA_AUTO arena;
    struct verify_result result;
    arena_init(&arena, 0);
    if (!verify_day(place->directory, name, &arena, &result, e))
        return false;
    if (!verify_is_well(&result)) {
        error_place(e, "%.*s", SLICE_ARGS(result.first));
        return error_set(e, "a day that is not whole is not signed");
    }
    return heads_sign(place, &result, key, cli->now, e);
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
    const struct heads_place place = cli_heads_place(cli, folder);
    for (size_t i = count; i > 0; i--) {
        struct error reason = ERROR_NONE;
        if (names[i - 1].day >= clock_day(cli->now, 0))
            continue;
        if (sign_one(cli, &place, &names[i - 1], &key, &reason))
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
    { "haidang archive sign --archive /mnt/backup/archive --key /media/key/archive.key",
      "a back-up, with a key that no server has" },
    { NULL },
};

const struct command cli_archive_sign_command = {
    .name = "archive sign",
    .group = "Events",
    .summary = "sign the last link of each day that is over",
    .about = "Verifies each day that is over and appends its signed head to heads.jsonl, so that nobody\n"
             "rewrites a day unseen. The server does this by itself with archive.key of its secrets,\n"
             "which the process that writes the archive cannot read; this is for a key kept on another\n"
             "machine (--key, --archive with a back-up), and for an archive that no server writes.",
    .takes_config = true,
    .options = options_of_sign,
    .examples = examples_of_sign,
    .run = run_sign,
};

/* ---- compact ---------------------------------------------------------------------------------- */

static int run_compact(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct archive *archive;
    bool more = true;
    int code = CLI_FINE;
    const char *folder = cli_archive_folder(cli, &e);
    if (!folder || !archive_open(folder, &archive, &e))
        return cli_fail(cli, &e);
    while (more) {
        struct error wrong = ERROR_NONE;
        if (!archive_seal_step(archive, cli->now, 1000, &more, &wrong))
            code = cli_fail(cli, &wrong); /* the other days are compacted */
    }
    struct archive_statistics done = archive_statistics(archive);
    archive_close(&archive);
    fprintf(stderr, cli_say(cli, "%llu events sealed in %llu blocks\n"),
            (unsigned long long)done.sealed_events, (unsigned long long)done.sealed_blocks);
    return code;
}

static const struct cli_option options_of_compact[] = { OPTION_ARCHIVE, { .name = NULL } };

static const struct cli_example examples_of_compact[] = {
    { "haidang archive compact", "after the server was stopped for long" },
    { NULL },
};

const struct command cli_archive_compact_command = {
    .name = "archive compact",
    .group = "Events",
    .summary = "pack small blocks into large ones, and those of past days tightly",
    .about = "Seals what has gathered, and re-packs each day that is over: alike lines together, at a\n"
             "higher level, with word filters. Events keep their ids and the chain stays. It may be\n"
             "killed at any moment. The server does this by itself; this is for an archive that no\n"
             "server writes.",
    .takes_config = true,
    .options = options_of_compact,
    .examples = examples_of_compact,
    .run = run_compact,
};
