/* haidang report standing, haidang report template */
#include "base/clock.h"
#include "base/file.h"
#include "cli/data.h"
#include "report/report.h"

#define TEMPLATE_MOST (16u << 20)

static int write_out(struct cli *cli, struct slice bytes)
{
    struct error e = ERROR_NONE;
    const char *path = cli_text(cli, "out");

    if (strcmp(path, "-") == 0)
        return cli_put(cli, bytes);
    return file_replace(path, bytes, 0644, &e) ? CLI_FINE : cli_fail(cli, &e);
}

static int run_standing(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct serve_settings settings;
    struct plan *plan = NULL;
    struct plan_result *result;
    struct slice template = SLICE_NONE;
    const char *folder = cli_text(cli, "plan"), *own = cli_text(cli, "template");
    const char *at = cli_text(cli, "at");
    struct plan_check_options options = { .at = cli_number(cli, "at", cli->now) };
    RECORDS_AUTO records = NULL;
    BUFFER_AUTO out;

    buffer_init(&out, 0);
    if (at && strlen(at) == 10)     /* a date alone means the end of that day */
        options.at += CLOCK_DAY - 1;
    if (!cli_settings(cli, &settings, &e) ||
        (own && !file_read(own, TEMPLATE_MOST, &cli->arena, &template, &e)) ||
        !plan_load(folder ? folder : settings.plan, folder ? NULL : settings.regimes, &plan, &e))
        return cli_fail(cli, &e);
    struct period now = period_at(PERIOD_QUARTER, options.at, plan->regime->cutoff);
    options.period = slice_of(cli_text(cli, "period") ? cli_text(cli, "period") : now.id);
    bool fine = cli_records(cli, &settings, &records, &e) &&
                plan_check(plan, settings.records, &options, &cli->arena, &result, &e) &&
                report_standing(result, template, &out, &e);
    int code = fine ? write_out(cli, buffer_slice(&out)) : cli_fail(cli, &e);
    plan_free(&plan);
    return code;
}

static const struct cli_option standing_options[] = {
    { .name = "out", .letter = 'o', .kind = CLI_FILE, .value = "FILE.docx", .required = true,
      .help = "where to write it; - for standard output" },
    { .name = "period", .kind = CLI_TEXT, .value = "PERIOD",
      .help = "2026, 2026-H1, 2026-Q3 or 2026-11; else the running quarter" },
    { .name = "at", .kind = CLI_TIME, .value = "TIME",
      .help = "the day or moment asked, as known then; else now" },
    { .name = "template", .kind = CLI_FILE, .value = "FILE.docx",
      .help = "a template of your own, made from the one of `report template`" },
    { .name = "plan", .letter = 'p', .kind = CLI_FOLDER, .value = "DIR",
      .help = "folder of the plan; else the one in the configuration" },
    { .name = NULL },
};

static const struct cli_example standing_examples[] = {
    { "haidang report standing --out bao-cao.docx", "the running quarter" },
    { "haidang report standing --period 2026 --at 2026-12-10 --out bao-cao-2026.docx",
      "the year, as known on 10 December" },
    { NULL, NULL },
};

const struct command cli_report_standing_command = {
    .name = "report standing",
    .group = "Plan",
    .summary = "write the plan's standing as a Word document",
    .about = "The layout is that of Decree 30/2020/NĐ-CP, Appendix I. Every figure in it is one of "
             "`plan check`.",
    .takes_config = true,
    .options = standing_options,
    .examples = standing_examples,
    .run = run_standing,
};

static int run_template(struct cli *cli)
{
    return write_out(cli, report_template());
}

static const struct cli_option template_options[] = {
    { .name = "out", .letter = 'o', .kind = CLI_FILE, .value = "FILE.docx", .required = true,
      .help = "where to write it; - for standard output" },
    { .name = NULL },
};

static const struct cli_example template_examples[] = {
    { "haidang report template --out mau.docx", "then change it in Word and give it to --template" },
    { NULL, NULL },
};

const struct command cli_report_template_command = {
    .name = "report template",
    .group = "Plan",
    .summary = "write the template of the standing's report",
    .options = template_options,
    .examples = template_examples,
    .run = run_template,
};
