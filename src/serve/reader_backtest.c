#include "serve/reader_backtest.h"

#include "base/clock.h"

#include "serve/backtest.h"

#define TELL_EVERY (CLOCK_SECOND / 4)

struct job {
    struct answer *answer;
    int64_t now, told;
};

static bool on_rules(void *owner, const struct ruleset *rules, struct slice warnings)
{
    struct job *job = owner;
    buffer_add_byte(&job->answer->line, 'Q');
    backtest_rules_json(rules, warnings, &job->answer->line);
    return answer_send(job->answer);
}

static bool on_example(void *owner, const struct trial_example *example)
{
    struct job *job = owner;
    buffer_add_byte(&job->answer->line, 'M');
    backtest_example_json(example, &job->answer->line);
    return answer_send(job->answer);
}

static bool send_days(struct job *job, const struct trial *trial)
{
    buffer_add_byte(&job->answer->line, 'D');
    backtest_days_json(trial, job->now, &job->answer->line);
    return answer_send(job->answer);
}

static bool send_foot(struct job *job, char letter, const struct search_foot *foot)
{
    buffer_add_byte(&job->answer->line, letter);
    search_foot_json(foot, &job->answer->line);
    return answer_send(job->answer);
}

static bool on_progress(void *owner, const struct trial *trial, const struct search_foot *so_far)
{
    struct job *job = owner;
    int64_t now = clock_steady();
    if (now - job->told < TELL_EVERY)
        return true;
    job->told = now;
    return send_days(job, trial) && send_foot(job, 'P', so_far);
}

static uint64_t positive(const struct json *json, const char *name)
{
    int64_t value = json_integer(json_member(json, name), 0);
    return value > 0 ? (uint64_t)value : 0;
}

bool reader_backtest(const struct heritage *heritage, const struct json *request,
                     const struct search_scope *scope, struct arena *arena, struct answer *answer,
                     struct error *e)
{
    struct job job = { .answer = answer, .now = clock_now(), .told = clock_steady() };
    uint64_t days = positive(request, "days");
    struct backtest test = {
        .archive = heritage_text(heritage, "archive"),
        .logsources = heritage_text(heritage, "logsources"),
        .placeholders = heritage_text_if(heritage, "placeholders"),
        .roster = heritage_text(heritage, "roster"),
        .rule = json_member_text(request, "rule"),
        .beside = json_member_text(request, "beside"),
        .name = "rule",
        .scope = *scope,
        .days = days == 0 ? 1 : days < TRIAL_DAYS_MOST ? (uint32_t)days : TRIAL_DAYS_MOST,
        .now = job.now,
        .budget_ms = (unsigned)positive(request, "budget_ms"),
        .budget_bytes = positive(request, "budget_bytes"),
    };
    struct backtest_handlers handlers = { .owner = &job, .rules = on_rules, .example = on_example,
                                          .progress = on_progress };
    struct trial *trial = NULL;
    struct search_foot foot;
    bool well = backtest_run(&test, &handlers, arena, &trial, &foot, e) && send_days(&job, trial) &&
                send_foot(&job, 'F', &foot);
    trial_free(&trial);
    return well;
}
