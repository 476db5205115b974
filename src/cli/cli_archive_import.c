/* haidang archive import: lines of an export, or whole day files, into the archive. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/day.h"
#include "archive/import.h"
#include "base/clock.h"
#include "base/json.h"

#include "cli/data.h"

#define PROGRESS_EVERY (CLOCK_SECOND / 10)

struct importer {
    struct cli *cli;
    const char *folder;
    bool configured;             /* it is the server's archive: written into the audit log */
    struct serve_settings settings;
    int64_t drawn;
};

static void on_progress(void *owner, uint64_t done, uint64_t total)
{
    struct importer *i = owner;
    int64_t now = clock_steady();
    unsigned share = total ? (unsigned)(done * 100 / total) : 0;
    char bar[31];
    if (!i->cli->terminal || now - i->drawn < PROGRESS_EVERY)
        return;
    i->drawn = now;
    for (unsigned at = 0; at < 30; at++)
        bar[at] = at < share * 30 / 100 ? '#' : '.';
    bar[30] = '\0';
    fprintf(stderr, "\r[%s] %3u%%\033[K", bar, share);
    fflush(stderr);
}

static void clear_bar(struct importer *i)
{
    if (i->drawn)
        fprintf(stderr, "\r\033[K");
    i->drawn = 0;
}

/* Who brings what in is written down before it is there. */
static bool on_ready(void *owner, const struct import_result *result, struct error *e)
{
    struct importer *i = owner;
    const struct json *answer;
    struct json_writer w;
    BUFFER_AUTO request;
    buffer_init(&request, 0);
    if (!i->configured || result->days == 0)
        return true;
    json_writer_init(&w, &request);
    json_open_object(&w);
    json_text_member(&w, "do", SLICE("archive import"));
    json_text_member(&w, "from", slice_of(i->cli->arguments[0]));
    json_integer_member(&w, "files", i->cli->argument_count);
    json_integer_member(&w, "events", (int64_t)result->events);
    json_integer_member(&w, "days", result->days);
    json_close_object(&w);
    return cli_change(i->cli, &i->settings, buffer_slice(&request), &answer, e);
}

static void put_json(const struct import_result *r, bool stored, struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_integer_member(&w, "events", (int64_t)r->events);
    json_integer_member(&w, "bytes", (int64_t)r->bytes);
    json_integer_member(&w, "days", r->days);
    json_integer_member(&w, "already", (int64_t)r->already);
    json_integer_member(&w, "renumbered", (int64_t)r->renumbered);
    json_boolean_member(&w, "stored", stored);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int show(struct cli *cli, const struct import_result *r, bool stored)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (cli->json)
        put_json(r, stored, &out);
    else {
        buffer_print(&out, cli_say(cli, "%llu events (%.1f MB) in %u day files; %llu stand there "
                                        "already, %llu get a new id. "),
                     (unsigned long long)r->events, (double)r->bytes / 1e6, r->days,
                     (unsigned long long)r->already, (unsigned long long)r->renumbered);
        buffer_print(&out, "%s\n", cli_say(cli, stored ? "Stored." : "Nothing was stored."));
    }
    return cli_put(cli, buffer_slice(&out));
}

static bool is_day_or_folder(const char *path)
{
    struct stat info;
    struct day_name name;
    const char *slash = strrchr(path, '/');
    return (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) ||
           day_name_parse(slash ? slash + 1 : path, &name);
}

static bool do_import(struct importer *i, bool dry, struct import_result *result, struct error *e)
{
    struct cli *cli = i->cli;
    const struct import_handlers handlers = { i, on_progress, on_ready };
    if (!is_day_or_folder(cli->arguments[0]))
        return import_lines(i->folder, (const char *const *)cli->arguments, cli->argument_count,
                            dry, &handlers, result, e);
    if (cli->argument_count == 1)
        return import_days(i->folder, cli->arguments[0], dry, &handlers, result, e);
    error_set(e, "day files are imported one by one, or as a folder");
    return error_kind(e, ERROR_INPUT);
}

static int run_import(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct import_result result = { .events = 0 };
    struct importer i = { .cli = cli, .folder = cli_text(cli, "archive") };
    bool dry = cli_flag(cli, "dry-run");
    i.configured = !i.folder;
    if (i.configured && !cli_settings(cli, &i.settings, &e))
        return cli_fail(cli, &e);
    if (i.configured)
        i.folder = i.settings.archive;
    umask(0077);
    bool well = do_import(&i, dry, &result, &e);
    clear_bar(&i);
    return well ? show(cli, &result, !dry && result.days) : cli_fail(cli, &e);
}

static const struct cli_option options[] = {
    { "dry-run", 'n', CLI_FLAG, NULL, "read and hold everything, say what would be stored" },
    OPTION_ARCHIVE,
    { .name = NULL },
};

static const struct cli_example examples[] = {
    { "haidang archive import --dry-run events.jsonl", "what would come in, and whether all is right" },
    { "haidang archive import events.jsonl", "do it; the server is stopped" },
    { "haidang archive import /mnt/backup/archive", "the day files of a back-up that are missing here" },
    { NULL },
};

const struct command cli_archive_import_command = {
    .name = "archive import",
    .group = "Events",
    .summary = "bring events of an export, or day files, into the archive",
    .about = "FILE holds JSON lines as `haidang archive export` writes them; several may be given. Or it\n"
             "is a day file (20261124.standard.db) or a folder of them, which are verified first.\n"
             "All or nothing: one wrong line, named with its number, and nothing is stored. Events keep\n"
             "their times, source, system and agency and go into the file of their receipt day; an event\n"
             "that stands there under its id already is not stored again. No rule runs over them. The\n"
             "server must be stopped meanwhile; retention counts from the receipt day as for all.",
    .arguments = "FILE ...",
    .argument_least = 1,
    .argument_most = 1024,
    .takes_config = true,
    .takes_json = true,
    .options = options,
    .examples = examples,
    .run = run_import,
};
