/* haidang plan check, haidang plan lint */
#include "base/buffer.h"
#include "base/clock.h"
#include "cli/data.h"
#include "plan/plan_check.h"

#include <unistd.h>

static const char *const marks[STANDINGS] = { "●", "◔", "▲", "✗", "○", "?" };

/* ---- what both need --------------------------------------------------------------------------- */

/* --plan and --regimes, else what the configuration names. */
static bool load_plan(struct cli *cli, const struct serve_settings *settings, struct plan **plan_out,
                      struct error *e)
{
    const char *folder = cli_text(cli, "plan");
    const char *regimes = cli_text(cli, "regimes");

    if (!folder)
        folder = settings->plan;
    if (!regimes && !cli_text(cli, "plan"))
        regimes = settings->regimes;
    return plan_load(folder, regimes, plan_out, e);
}

static void put_colour(struct buffer *out, bool colour, const char *code)
{
    if (colour)
        buffer_print(out, "\033[%sm", code);
}

/* ---- plan check ------------------------------------------------------------------------------- */

static const char *standing_colour(enum standing standing)
{
    static const char *const colours[STANDINGS] = { "32", "33", "31", "31", "2", "36" };
    return colours[standing];
}

static void put_head(const struct cli *cli, const struct plan_result *r, struct buffer *out)
{
    const struct plan *plan = r->plan;
    char at[CLOCK_TEXT], start[CALENDAR_DAY];
    struct slice title = plan_words_in(&plan->title, cli->language);

    clock_print(r->at, at);
    buffer_print(out, "%.*s · %.*s\n", SLICE_ARGS(plan->key.number), SLICE_ARGS(title));
    buffer_print(out, cli_say(cli, "as known at %s, under the regime %.*s"), at,
                 SLICE_ARGS(plan->regime->id));
    if (plan->regime->successor) {
        const struct regime *next = plan->regime->successor;
        buffer_print(out, cli_say(cli, " (superseded by %.*s since %.*s)"), SLICE_ARGS(next->id),
                     SLICE_ARGS(next->holds_from));
    }
    buffer_add_byte(out, '\n');
    calendar_day_text(r->first_start, start);
    if (r->first_start == INT64_MAX)
        buffer_print(out, "%s\n", cli_say(cli, "this installation has never started: nothing is known"));
    else if (r->first_start > r->chosen.from)
        buffer_print(out, cli_say(cli, "days before the first start, %s, are unknown\n"), start);
    for (uint32_t i = 0; i < plan->role_count; i++)
        if (plan_say_vacant(r, &plan->roles[i], cli->language, out))
            buffer_add_byte(out, '\n');
}

static void put_rows(const struct cli *cli, const struct plan_result *r, const struct plan_standing *s,
                     struct buffer *out)
{
    for (uint32_t i = 0; i < s->obligation->target_count; i++) {
        const struct target_standing *t = &s->targets[i];
        struct slice title = plan_words_in(&t->target->measure->title, cli->language);
        buffer_print(out, "      %.*s: ", SLICE_ARGS(title));
        plan_say_target(r, t, cli->language, out);
        buffer_add_byte(out, '\n');
        for (uint32_t k = 0; k < t->row_count; k++) {
            const struct measure_row *row = &t->rows[k];
            const char *mark = row->weight == 0 ? "·" : row->ok < 0 ? "?" : row->ok ? "✓" : "✗";
            buffer_print(out, "        %s %-28.*s ", mark, SLICE_ARGS(row->subject));
            plan_say_reason(r->plan, row->reason, cli->language, out);
            buffer_print(out, "  [%s, %.*s]\n", cli_say(cli, basis_name(row->basis)),
                         SLICE_ARGS(row->evidence));
        }
    }
}

/* Standings of one obligation and period that read alike are one line. */
static bool alike(const struct plan_result *r, const struct plan_standing *a,
                  const struct plan_standing *b, const char *language)
{
    if (a->standing != b->standing)
        return false;
    BUFFER_AUTO one, other;
    buffer_init(&one, 8192);
    buffer_init(&other, 8192);
    plan_say_standing(r, a, language, &one);
    plan_say_standing(r, b, language, &other);
    return slice_equal(buffer_slice(&one), buffer_slice(&other));
}

static void put_standing(const struct cli *cli, const struct plan_result *r,
                         const struct plan_standing *s, uint32_t count, bool colour,
                         struct buffer *out)
{
    put_colour(out, colour, standing_colour(s->standing));
    buffer_print(out, "    %s %s", marks[s->standing],
                 plan_say_standing_name(s->standing, cli->language));
    put_colour(out, colour, "0");
    if (count == 1)
        buffer_print(out, " · %.*s · ", SLICE_ARGS(s->agency->key));
    else
        buffer_print(out, cli_say(cli, " · %u agencies · "), count);
    plan_say_standing(r, s, cli->language, out);
    if (s->late_days)
        buffer_print(out, cli_say(cli, " (%lld days)"), (long long)s->late_days);
    buffer_add_byte(out, '\n');
}

static void put_group(const struct cli *cli, const struct plan_result *r, uint32_t from, uint32_t to,
                      bool evidence, bool colour, bool *done, struct buffer *out)
{
    static const enum standing order[] = { STANDING_NOT_MET, STANDING_LATE, STANDING_DUE,
                                           STANDING_MET, STANDING_EXEMPT, STANDING_UNKNOWN };
    for (size_t o = 0; o < sizeof order / sizeof *order; o++)
        for (uint32_t i = from; i < to; i++) {
            const struct plan_standing *s = &r->standings[i];
            uint32_t count = 1;
            if (done[i] || s->standing != order[o])
                continue;
            for (uint32_t k = i + 1; k < to && !evidence; k++)
                if (!done[k] && alike(r, s, &r->standings[k], cli->language)) {
                    done[k] = true;
                    count++;
                }
            put_standing(cli, r, s, count, colour, out);
            if (evidence)
                put_rows(cli, r, s, out);
        }
}

static bool put_table(struct cli *cli, const struct plan_result *r, bool evidence, bool colour,
                      struct buffer *out)
{
    const struct plan_clause *clause = NULL;
    bool *done = arena_zero(&cli->arena, r->standing_count + 1);

    for (uint32_t i = 0, to; done && i < r->standing_count; i = to) {
        const struct plan_standing *s = &r->standings[i];
        for (to = i + 1; to < r->standing_count && r->standings[to].obligation == s->obligation &&
                         r->standings[to].period.from == s->period.from &&
                         r->standings[to].period.kind == s->period.kind;)
            to++;
        if (s->obligation->clause != clause) {
            clause = s->obligation->clause;
            put_colour(out, colour, "1");
            buffer_print(out, "\n%.*s  %.*s\n", SLICE_ARGS(clause->id),
                         SLICE_ARGS(plan_words_in(&clause->title, cli->language)));
            put_colour(out, colour, "0");
        }
        buffer_print(out, "  %.*s  %s  %.*s%s\n", SLICE_ARGS(s->obligation->id), s->period.id,
                     SLICE_ARGS(plan_words_in(&s->obligation->title, cli->language)),
                     s->trial ? cli_say(cli, " (on trial, does not count yet)") : "");
        put_group(cli, r, i, to, evidence, colour, done, out);
    }
    buffer_add_byte(out, '\n');
    for (int i = 0; i < STANDINGS; i++)
        buffer_print(out, "%s%s %u %s", i ? "  " : "", marks[i], r->counts[i],
                     plan_say_standing_name((enum standing)i, cli->language));
    buffer_add_byte(out, '\n');
    return done != NULL;
}

static int run_check(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct serve_settings settings;
    struct plan *plan = NULL;
    struct plan_result *result;
    RECORDS_AUTO records = NULL;
    BUFFER_AUTO out;
    const char *period = cli_text(cli, "period"), *agency = cli_text(cli, "agency");
    const char *obligation = cli_text(cli, "obligation");
    struct plan_check_options options = {
        .at = cli_number(cli, "at", cli->now), .period = slice_of(period),
        .agency = slice_of(agency), .obligation = slice_of(obligation),
    };

    /* a date alone means the end of that day */
    if (cli_text(cli, "at") && strlen(cli_text(cli, "at")) == 10)
        options.at += CLOCK_DAY - 1;
    buffer_init(&out, 256u << 20);
    if (!cli_settings(cli, &settings, &e) ||
        !load_plan(cli, &settings, &plan, &e))
        return cli_fail(cli, &e);
    bool fine = cli_records(cli, &settings, &records, &e) &&
                plan_check(plan, settings.records, &options, &cli->arena, &result, &e);
    if (fine && cli->json) {
        struct json_writer w;
        json_writer_init(&w, &out);
        plan_result_json(&w, result, cli->language, cli_flag(cli, "evidence"));
        buffer_add_byte(&out, '\n');
    } else if (fine) {
        put_head(cli, result, &out);
        put_table(cli, result, cli_flag(cli, "evidence"), isatty(STDOUT_FILENO), &out);
    }
    int code = fine ? cli_put(cli, buffer_slice(&out)) : cli_fail(cli, &e);
    if (code == CLI_FINE && result->counts[STANDING_LATE] + result->counts[STANDING_NOT_MET] > 0)
        code = CLI_NO;
    plan_free(&plan);
    return code;
}

static const struct cli_option check_options[] = {
    { .name = "plan", .letter = 'p', .kind = CLI_FOLDER, .value = "DIR",
      .help = "folder of the plan; else the one in the configuration" },
    { .name = "regimes", .kind = CLI_FOLDER, .value = "DIR", .help = "folder of legal constants" },
    { .name = "at", .kind = CLI_TIME, .value = "TIME",
      .help = "the day or moment asked, as known then; else now" },
    { .name = "period", .kind = CLI_TEXT, .value = "PERIOD",
      .help = "2026, 2026-H1, 2026-Q3 or 2026-11; else the running ones and those just ended" },
    { .name = "agency", .kind = CLI_TEXT, .value = "KEY", .help = "only this agency" },
    { .name = "obligation", .kind = CLI_TEXT, .value = "ID", .help = "only this obligation" },
    { .name = "evidence", .letter = 'e', .kind = CLI_FLAG, .help = "show the rows behind each figure" },
    { .name = NULL },
};

static const struct cli_example check_examples[] = {
    { "haidang plan check", "which agency meets which obligation today" },
    { "haidang plan check --at 2026-09-30 --agency so-tttt --evidence",
      "one agency as known on that day, with the rows behind each figure" },
    { "haidang plan check --period 2026-Q4 --json", "a quarter as data" },
    { NULL, NULL },
};

const struct command cli_plan_check_command = {
    .name = "plan check",
    .group = "Plan",
    .summary = "hold every obligation of the plan against its evidence",
    .about = "Evaluates the plan for a day, as known on that day, like a test run. Exit status 1 when "
             "something is late or not met.",
    .takes_config = true,
    .takes_json = true,
    .options = check_options,
    .examples = check_examples,
    .run = run_check,
};

/* ---- plan lint -------------------------------------------------------------------------------- */

static void put_coverage(const struct cli *cli, const struct plan *plan,
                         const struct plan_coverage *c, bool colour, struct buffer *out)
{
    static const char *const colours[] = { "0", "32", "2", "31" };  /* enum plan_piece_kind */
    static const char *const signs[] = { " ", "+", "·", "!" };

    for (uint32_t i = 0, k = 0; i < c->sentence_count; i++) {
        const struct plan_sentence *s = &c->sentences[i];
        buffer_print(out, "%s ", signs[s->kind]);
        size_t before = out->len;
        for (; k < c->piece_count && c->pieces[k].from < s->to; k++) {
            const struct plan_piece *p = &c->pieces[k];
            put_colour(out, colour, colours[p->kind]);
            if (p->kind == PLAN_MISSED && !colour)
                buffer_add(out, SLICE("[["));
            for (size_t at = p->from; at < p->to; at++) {
                char byte = plan->text.data[at];
                bool blank = byte == '\n' || byte == ' ';
                if (byte == '*' || byte == '#' ||
                    (blank && (out->len == before || out->data[out->len - 1] == ' ')))
                    continue;
                buffer_add_byte(out, blank ? ' ' : byte);
            }
            if (p->kind == PLAN_MISSED && !colour)
                buffer_add(out, SLICE("]]"));
            put_colour(out, colour, "0");
        }
        buffer_add_byte(out, '\n');
    }
    size_t all = c->covered + c->aside + c->missed;
    buffer_print(out, cli_say(cli, "%u sentences: %u covered, %u aside, %u missed; "
                                   "letters: %zu of %zu covered or aside\n"),
                 c->sentence_count, c->sentences_covered, c->sentences_aside, c->sentences_missed,
                 c->covered + c->aside, all);
}

static void lint_json(struct cli *cli, const struct plan *plan, const struct plan_fault *faults,
                      uint32_t count, const struct plan_coverage *coverage, struct buffer *out)
{
    struct json_writer w;

    json_writer_init(&w, out);
    json_open_object(&w);
    json_open_array_member(&w, "faults");
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(&w);
        json_boolean_member(&w, "warning", faults[i].warning);
        json_text_member(&w, "place", slice_of(faults[i].error.place));
        json_text_member(&w, "sentence", slice_of(error_sentence(&faults[i].error, cli->language)));
        json_text_member(&w, "hint", slice_of(error_hint_in(&faults[i].error, cli->language)));
        json_close_object(&w);
    }
    json_close_array(&w);
    if (coverage) {
        json_name(&w, "coverage");
        plan_coverage_json(&w, plan, coverage, cli->language);
    }
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static int run_lint(struct cli *cli)
{
    struct error e = ERROR_NONE;
    struct serve_settings settings;
    struct plan *plan = NULL;
    struct plan_fault *faults;
    struct plan_coverage coverage = { 0 };
    uint32_t count, bad = 0;
    bool wanted = cli_flag(cli, "coverage");
    BUFFER_AUTO out;

    buffer_init(&out, 0);
    if (!cli_settings(cli, &settings, &e) ||
        !load_plan(cli, &settings, &plan, &e))
        return cli_fail(cli, &e);
    bool fine = plan_lint(plan, NULL, &cli->arena, &faults, &count, &e) &&
                (!wanted || plan_cover(plan, &cli->arena, &coverage, &e));
    for (uint32_t i = 0; fine && i < count; i++) {
        bad += !faults[i].warning;
        if (!cli->json && faults[i].warning)
            buffer_add(&out, slice_of(cli_say(cli, "warning: ")));
        if (!cli->json)
            error_print(&faults[i].error, cli->language, &out);
    }
    if (fine && cli->json) {
        lint_json(cli, plan, faults, count, wanted ? &coverage : NULL, &out);
    } else if (fine) {
        if (wanted)
            put_coverage(cli, plan, &coverage, isatty(STDOUT_FILENO), &out);
        buffer_print(&out, cli_say(cli, "%u obligations, %u measures: %u faults, %u warnings\n"),
                     plan->obligation_count, plan->measure_count, bad, count - bad);
    }
    int code = fine ? cli_put(cli, buffer_slice(&out)) : cli_fail(cli, &e);
    if (code == CLI_FINE && (bad || coverage.sentences_missed))
        code = CLI_NO;
    plan_free(&plan);
    return code;
}

static const struct cli_option lint_options[] = {
    { .name = "plan", .letter = 'p', .kind = CLI_FOLDER, .value = "DIR",
      .help = "folder of the plan; else the one in the configuration" },
    { .name = "regimes", .kind = CLI_FOLDER, .value = "DIR", .help = "folder of legal constants" },
    { .name = "coverage", .kind = CLI_FLAG,
      .help = "show the plan's text: what is covered, aside, missed" },
    { .name = NULL },
};

static const struct cli_example lint_examples[] = {
    { "haidang plan lint", "look for faults in the plan, its measures and quotes" },
    { "haidang plan lint --coverage --plan plans/802-kh-ubnd-2019",
      "which of the plan's sentences an obligation quotes, and which nobody looks after" },
    { NULL, NULL },
};

const struct command cli_plan_lint_command = {
    .name = "plan lint",
    .group = "Plan",
    .summary = "look for faults in a plan, its measures and quotes",
    .about = "Reads the plan, finds each quote in the plan's text, and prepares each measure against an "
             "empty database. Exit status 1 when there is a fault or, with --coverage, a sentence that "
             "nobody looks after.",
    .takes_config = true,
    .takes_json = true,
    .options = lint_options,
    .examples = lint_examples,
    .run = run_lint,
};
