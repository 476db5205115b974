/* haidang audit list, audit verify: who did what, and that nobody changed the log of it. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"

#include "records/audit.h"

#include "cli/data.h"

/* ---- list --------------------------------------------------------------------------------------- */

static void put_row(const struct cli *cli, const struct records_audit_row *row, struct buffer *out)
{
    struct json_writer w;
    char time[CLOCK_TEXT];
    if (!cli->json) {
        clock_print(row->time, time);
        buffer_print(out, "%s  %-16.*s %-10.*s %-22.*s %.*s  %.*s\n", time, SLICE_ARGS(row->user),
                     SLICE_ARGS(row->role), SLICE_ARGS(row->action), SLICE_ARGS(row->object),
                     SLICE_ARGS(row->detail));
        return;
    }
    json_writer_init(&w, out);
    json_open_object(&w);
    json_integer_member(&w, "id", row->id);
    json_time_member(&w, "time", row->time);
    json_text_member(&w, "user", row->user);
    json_text_member(&w, "role", row->role);
    json_text_member(&w, "agency", row->agency);
    json_text_member(&w, "action", row->action);
    json_text_member(&w, "object", row->object);
    json_text_member(&w, "detail", row->detail);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int run_list(struct cli *cli)
{
    RECORDS_AUTO records = NULL;
    struct serve_settings settings;
    struct error e = ERROR_NONE;
    struct records_audit_list list;
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    const char *user = cli_text(cli, "user"), *object = cli_text(cli, "object");
    struct records_audit_filter filter = {
        .user = slice_of(user ? user : ""), .object = slice_of(object ? object : ""),
        .from = cli_number(cli, "from", 0), .to = cli_number(cli, "to", 0),
    };
    struct records_page page = { .limit = (uint32_t)cli_number(cli, "limit", 100) };
    if (!cli_settings(cli, &settings, &e) || !cli_records(cli, &settings, &records, &e) ||
        !records_audit_list(records, &RECORDS_SCOPE_ALL, &filter, &page, &cli->arena, &list, &e))
        return cli_fail(cli, &e);
    for (uint32_t i = 0; i < list.count; i++)
        put_row(cli, &list.rows[i], &out);
    int code = cli_put(cli, buffer_slice(&out));
    return list.count ? code : CLI_NO;
}

static const struct cli_option list_options[] = {
    { "user", 0, CLI_TEXT, "NAME", "only what this user did" },
    { "object", 0, CLI_TEXT, "OBJECT", "only what was done to this, such as user:an or incident:12" },
    { "from", 0, CLI_TIME, "TIME", "from this moment on" },
    { "to", 0, CLI_TIME, "TIME", "up to this moment" },
    { .name = "limit", .kind = CLI_NUMBER, .value = "N", .help = "at most so many rows (100)",
      .least = 1, .most = RECORDS_LIMIT_MOST },
    { NULL },
};

static const struct cli_example list_examples[] = {
    { "haidang audit list --from -7d", "what was done in the last seven days, newest first" },
    { "haidang audit list --user admin --json", "one object a line" },
    { NULL },
};

const struct command cli_audit_list_command = {
    .name = "audit list",
    .group = "Users",
    .summary = "show who did what and when",
    .about = "Newest first. Exit status 1 when nothing fits.",
    .takes_config = true,
    .takes_json = true,
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
};

/* ---- verify ------------------------------------------------------------------------------------- */

static int put_whole(struct cli *cli, uint64_t rows)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    if (cli->json)
        buffer_print(&out, "{\"whole\":true,\"rows\":%" PRIu64 "}\n", rows);
    else
        buffer_print(&out, cli_say(cli, "%llu rows of the audit log, each carries the hash of the one "
                                        "before it: whole\n"), (unsigned long long)rows);
    return cli_put(cli, buffer_slice(&out));
}

static int run_verify(struct cli *cli)
{
    RECORDS_AUTO records = NULL;
    struct serve_settings settings;
    struct error e = ERROR_NONE;
    uint64_t rows = 0;
    if (!cli_settings(cli, &settings, &e) || !cli_records(cli, &settings, &records, &e))
        return cli_fail(cli, &e);
    if (records_audit_verify(records, &rows, &e))
        return put_whole(cli, rows);
    int code = cli_fail(cli, &e);
    return e.kind == ERROR_CONFLICT ? CLI_NO : code;
}

static const struct cli_example verify_examples[] = {
    { "haidang audit verify", "was a row changed, removed or slipped in?" },
    { NULL },
};

const struct command cli_audit_verify_command = {
    .name = "audit verify",
    .group = "Users",
    .summary = "prove that nothing was changed in the audit log",
    .about = "Each row carries the hash of the row before it. Exit status 1 when one does not fit: its "
             "number is named, and from it on nothing is certain.",
    .takes_config = true,
    .takes_json = true,
    .examples = verify_examples,
    .run = run_verify,
};
