/* haidang archive retain: what the law and the configuration let go, and why the rest stays. */
#include <stdio.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/data.h"
#include "serve/keeper.h"

#define WAIT_MOST (60 * CLOCK_SECOND)

struct retain {
    struct cli *cli;
    struct serve_settings settings;
    struct records *records;
    struct plan *plan;
    struct keeper keeper;
    struct keeper_file *files;
    size_t count;
};

static bool list(struct retain *r, struct error *e)
{
    return keeper_list(&r->keeper, r->cli->now, false, &r->cli->arena, &r->files, &r->count, e);
}

static bool prepare(struct retain *r, struct error *e)
{
    struct error unread = ERROR_NONE; /* the plan: without it the regime that holds today counts */
    const struct regime *regime = NULL;
    if (!cli_settings(r->cli, &r->settings, e) ||
        !cli_records(r->cli, &r->settings, &r->records, e))
        return false;
    if (plan_load(r->settings.plan, r->settings.regimes, &r->plan, &unread))
        regime = r->plan->regime;
    else if (!keeper_regime(r->settings.regimes, r->cli->now, &r->cli->arena, &regime, e))
        return false;
    r->keeper = (struct keeper){ r->records, regime, r->settings.archive, r->settings.keep_days,
                                 (uint64_t)r->settings.reserve };
    return list(r, e);
}

/* ---- shown ----------------------------------------------------------------------------------------- */

static const char *word_of(const struct cli *cli, enum keeper_stay stay)
{
    return stay == KEEPER_GOES ? cli_say(cli, "goes")
           : stay == KEEPER_HELD ? cli_say(cli, "held by an incident")
                                 : cli_say(cli, "not yet folded");
}

static void put(const struct cli *cli, const struct keeper_file *file, bool gone,
                struct buffer *out)
{
    static const char *const stays[] = { "goes", "not_folded", "held" };
    const struct retention_rule *rule = file->due.rule;
    char name[DAY_FILE];
    day_name_print(&file->due.name, name);
    if (!cli->json) {
        buffer_print(out, "%-28s %5u  %-22s %.*s\n", name, rule->days,
                     gone ? cli_say(cli, "deleted") : word_of(cli, file->stay),
                     SLICE_ARGS(rule->cite));
        return;
    }
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "file", slice_of(name));
    json_text_member(&w, "state", slice_of(gone ? "deleted" : stays[file->stay]));
    json_integer_member(&w, "kept_days", rule->days);
    json_text_member(&w, "rule", rule->cite);
    if (file->incident)
        json_integer_member(&w, "incident", file->incident);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int show(struct retain *r, bool gone)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    for (size_t i = 0; i < r->count; i++)
        put(r->cli, &r->files[i], gone && r->files[i].stay == KEEPER_GOES, &out);
    if (!r->cli->json && r->count == 0)
        fprintf(stderr, "%s\n", cli_say(r->cli, "no day file is over"));
    return cli_put(r->cli, buffer_slice(&out));
}

/* ---- done ------------------------------------------------------------------------------------------ */

/* No server runs: we are the archive's writer. */
static bool delete_here(struct retain *r, struct archive *archive, struct error *e)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->files[i].stay == KEEPER_GOES &&
            !archive_expire(archive, &r->files[i].due, r->cli->now, e))
            return false;
    return true;
}

static bool still_there(const struct retain *r)
{
    char name[DAY_FILE], path[4096];
    for (size_t i = 0; i < r->count; i++) {
        day_name_print(&r->files[i].due.name, name);
        int len = snprintf(path, sizeof path, "%s/%s", r->settings.archive, name);
        if (r->files[i].stay == KEEPER_GOES && len > 0 && len < (int)sizeof path &&
            access(path, F_OK) == 0)
            return true;
    }
    return false;
}

static bool ask_server(struct retain *r, struct error *e)
{
    const struct json *result;
    int64_t until = clock_steady() + WAIT_MOST;
    if (!cli_change(r->cli, &r->settings, SLICE("{\"do\":\"archive retain\"}"), &result, e))
        return false;
    while (still_there(r) && clock_steady() < until)
        usleep(100000);
    return !still_there(r) || error_set(e, "the server has not deleted all of it; see its log");
}

static int run_retain(struct cli *cli)
{
    struct error e = ERROR_NONE, busy = ERROR_NONE;
    struct retain r = { .cli = cli };
    struct archive *archive = NULL;
    bool dry = cli_flag(cli, "dry-run"), well = prepare(&r, &e);
    if (well && !dry && archive_open(r.settings.archive, &archive, &busy))
        well = delete_here(&r, archive, &e);
    else if (well && !dry)
        well = busy.kind == ERROR_BUSY ? ask_server(&r, &e) : (e = busy, false);
    if (archive)
        archive_close(&archive);
    int code = well ? show(&r, !dry) : cli_fail(cli, &e);
    plan_free(&r.plan);
    records_close(&r.records);
    return code;
}

static const struct cli_option options[] = {
    { .name = "dry-run", .kind = CLI_FLAG, .help = "only say what would go, and why the rest stays" },
    { .name = NULL },
};

static const struct cli_example examples[] = {
    { "haidang archive retain --dry-run", "what is over by the law's terms, and what holds it" },
    { NULL },
};

const struct command cli_archive_retain_command = {
    .name = "archive retain",
    .group = "Events",
    .summary = "delete day files whose legal time is over",
    .about = "The server does this each hour by itself. Terms stand in regimes/ (log_days_level_3 …), the\n"
             "wish to keep longer in archive.keep. What an incident on hold may need stays. Each deletion\n"
             "is written into deleted.jsonl of the archive: what, when, by which rule.",
    .takes_config = true,
    .takes_json = true,
    .options = options,
    .examples = examples,
    .run = run_retain,
};
