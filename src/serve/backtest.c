#include "serve/backtest.h"

#include <stdio.h>
#include <unistd.h>

#include "archive/walk.h"
#include "base/clock.h"
#include "detect/compiler.h"
#include "event/roster.h"

#include "serve/passing.h"

/* ---- the rule ---------------------------------------------------------------------------------- */

struct reading {
    const char *name;
    struct error *e;
    struct json_writer warnings;
    struct buffer text;
};

/* The compiler calls a text without a file "-". */
static void place_in(const char *name, const struct error *fault, struct error *e)
{
    bool ours = fault->place[0] == '-' && (fault->place[1] == ':' || !fault->place[1]);
    if (e->set)
        return;
    *e = *fault;
    if (ours)
        snprintf(e->place, sizeof e->place, "%.200s%.50s", name, fault->place + 1);
    error_kind(e, ERROR_INPUT);
}

static void on_fault(void *owner, const struct error *fault, bool warning)
{
    struct reading *r = owner;
    if (!warning) {
        place_in(r->name, fault, r->e);
        return;
    }
    json_open_object(&r->warnings);
    json_text_member(&r->warnings, "sentence", slice_of(fault->sentence));
    json_text_member(&r->warnings, "sentence_vi", slice_of(fault->sentence_vi));
    json_close_object(&r->warnings);
}

static bool compile(const struct backtest *test, struct reading *reading, struct ruleset **out,
                    struct error *e)
{
    bool placed = test->placeholders && test->placeholders[0];
    bool sources = test->logsources && access(test->logsources, R_OK) == 0;
    const struct slice texts[] = { test->rule, test->beside };
    struct compiler_options options = { .texts = texts, .text_count = test->beside.len ? 2 : 1,
                                        .logsources = sources ? test->logsources : NULL,
                                        .placeholders = placed ? test->placeholders : NULL,
                                        .report = on_fault, .owner = reading };
    struct error fault = ERROR_NONE;
    reading->e = &fault;
    bool well = compiler_run(&options, out, NULL, e);
    if (fault.set) {
        *e = fault;
        return false;
    }
    if (!well || ruleset_count(*out))
        return well;
    error_place(e, "%s", test->name);
    error_set(e, "there is no rule in this text");
    error_kind(e, ERROR_INPUT);
    return error_hint(e, "paste the whole Sigma rule: title, logsource, detection");
}

/* ---- the run ----------------------------------------------------------------------------------- */

struct run {
    const struct backtest *test;
    const struct backtest_handlers *handlers;
    struct trial *trial;
    struct passing *passing;       /* NULL: every block is read */
    bool ended;
    struct error error;
};

static bool on_events(void *owner, struct batch *batch, const struct event_id *ids)
{
    struct run *run = owner;
    return trial_events(run->trial, batch, ids, &run->error) && !run->ended;
}

static bool on_progress(void *owner, const struct search_foot *so_far)
{
    struct run *run = owner;
    return !run->handlers->progress ||
           run->handlers->progress(run->handlers->owner, run->trial, so_far);
}

static bool on_wanted(void *owner, const struct block_rows *rows, struct slice filter)
{
    struct run *run = owner;
    return passing_wanted(run->passing, rows, filter);
}

static void on_passed(void *owner, int64_t time)
{
    struct run *run = owner;
    trial_passed(run->trial, time);
}

static void on_left(void *owner, int64_t time_min, int64_t time_max)
{
    struct run *run = owner;
    trial_left(run->trial, time_min, time_max);
}

/* A correlation's event is read again by its id. */
static void on_example(void *owner, const struct trial_example *example)
{
    ARENA_AUTO arena;
    struct run *run = owner;
    struct trial_example whole = *example;
    struct search_event event;
    arena_init(&arena, 64u << 20);
    if (!whole.event && search_get(run->test->archive, &run->test->scope, &whole.id, &arena, &event,
                                   NULL))
        whole.event = &event.event;
    run->ended |= !run->handlers->example(run->handlers->owner, &whole);
}

static int64_t first_moment(const struct backtest *test)
{
    int64_t midnight = 0;
    clock_from_day(clock_day(test->now, CLOCK_ZONE), CLOCK_ZONE, &midnight);
    return midnight - (int64_t)(test->days - 1) * CLOCK_DAY;
}

static bool take_exceptions(struct run *run, const struct ruleset *rules, struct error *e)
{
    const struct backtest *test = run->test;
    struct roster *roster = NULL;
    if (!test->roster || access(test->roster, F_OK) != 0)
        return true;
    if (!roster_load(test->roster, &roster, e))
        return false;
    struct exception_set *set = exception_set_new(roster, rules, test->logsources);
    roster_free(&roster);
    if (!set)
        return error_set(e, "memory is short for the rule");
    trial_exceptions(run->trial, set, test->now);
    return true;
}

static bool make(struct run *run, struct ruleset *rules, struct error *e)
{
    const struct backtest *test = run->test;
    run->trial = trial_new(rules, first_moment(test), test->days,
                           run->handlers->example ? on_example : NULL, run);
    if (!test->every_block)
        run->passing = passing_new(rules);
    if (!run->trial || (!run->passing && !test->every_block))
        return error_set(e, "memory is short for the rule");
    return take_exceptions(run, rules, e);
}

static bool walk(struct run *run, struct arena *arena, struct search_foot *foot, struct error *e)
{
    const struct backtest *test = run->test;
    struct search_options options = { .directory = test->archive, .scope = test->scope,
                                      .from = first_moment(test), .to = test->now,
                                      .budget_ms = test->budget_ms,
                                      .budget_bytes = test->budget_bytes };
    struct walk_handlers handlers = { .owner = run, .events = on_events, .progress = on_progress,
                                      .left = on_left };
    if (run->passing) {
        handlers.wanted = on_wanted;
        handlers.passed = on_passed;
    }
    if (!walk_run(&options, &handlers, arena, foot, e))
        return false;
    if (run->error.set) {
        *e = run->error;
        return false;
    }
    return run->ended || trial_finish(run->trial, e);
}

bool backtest_run(const struct backtest *test, const struct backtest_handlers *handlers,
                  struct arena *arena, struct trial **trial_out, struct search_foot *foot_out,
                  struct error *e)
{
    struct run run = { .test = test, .handlers = handlers };
    struct reading reading = { .name = test->name };
    struct ruleset *rules = NULL;
    *trial_out = NULL;
    *foot_out = (struct search_foot){ .end = SEARCH_CANCELLED };
    buffer_init(&reading.text, 1u << 20);
    json_writer_init(&reading.warnings, &reading.text);
    json_open_array(&reading.warnings);
    bool well = compile(test, &reading, &rules, e);
    json_close_array(&reading.warnings);
    well = well && make(&run, rules, e);
    if (well && (!handlers->rules ||
                 handlers->rules(handlers->owner, rules, buffer_slice(&reading.text))))
        well = walk(&run, arena, foot_out, e);
    passing_free(&run.passing);
    ruleset_free(&rules);
    buffer_free(&reading.text);
    if (well)
        *trial_out = run.trial;
    else
        trial_free(&run.trial);
    return well;
}

/* ---- what it says ------------------------------------------------------------------------------ */

double backtest_expected(const struct trial *trial, int64_t now)
{
    uint32_t count, first = 0;
    const struct trial_day *days = trial_days(trial, &count);
    int64_t midnight = 0;
    while (first < count && !days[first].events)
        first++;
    clock_from_day(clock_day(now, CLOCK_ZONE), CLOCK_ZONE, &midnight);
    double length = (double)(count - first) - 1 + (double)(now - midnight) / (double)CLOCK_DAY;
    return (double)trial_total(trial).alerts / (length > 1 ? length : 1);
}

void backtest_rules_json(const struct ruleset *rules, struct slice warnings, struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_open_array_member(&w, "rules");
    for (uint32_t i = 0; i < ruleset_count(rules); i++) {
        struct ruleset_rule r = ruleset_rule(rules, i);
        json_open_object(&w);
        json_text_member(&w, "id", r.id.len ? r.id : r.title);
        json_text_member(&w, "title", r.title);
        json_text_member(&w, "title_vi", r.title_vi);
        json_text_member(&w, "level", slice_of(alert_level_name(r.level)));
        json_boolean_member(&w, "correlation", r.correlation);
        json_boolean_member(&w, "silent", r.silent);
        json_boolean_member(&w, "unreachable", r.unreachable);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_name(&w, "warnings");
    json_put_raw(&w, warnings);
    json_close_object(&w);
}

void backtest_days_json(const struct trial *trial, int64_t now, struct buffer *out)
{
    struct trial_total total = trial_total(trial);
    uint32_t count;
    const struct trial_day *days = trial_days(trial, &count);
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_open_array_member(&w, "days");
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(&w);
        json_integer_member(&w, "day", clock_day(now - (int64_t)(count - 1 - i) * CLOCK_DAY,
                                                 CLOCK_ZONE));
        json_integer_member(&w, "events", (int64_t)days[i].events);
        json_integer_member(&w, "matches", (int64_t)days[i].matches);
        json_integer_member(&w, "alerts", (int64_t)days[i].alerts);
        json_boolean_member(&w, "whole", !days[i].left);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_integer_member(&w, "events", (int64_t)total.events);
    json_integer_member(&w, "matches", (int64_t)total.matches);
    json_integer_member(&w, "alerts", (int64_t)total.alerts);
    json_integer_member(&w, "excepted", (int64_t)total.excepted);
    json_integer_member(&w, "cut", (int64_t)total.cut);
    json_integer_member(&w, "dropped", (int64_t)total.dropped);
    json_integer_member(&w, "regex_limit", (int64_t)total.regex_limit);
    json_name(&w, "expected");
    json_put_number(&w, (double)(int64_t)(backtest_expected(trial, now) * 10 + 0.5) / 10);
    json_close_object(&w);
}

static void put_id(struct json_writer *w, const struct event_id *id)
{
    char text[EVENT_ID_TEXT];
    event_id_print(id, text);
    json_put_text(w, slice_of(text));
}

void backtest_example_json(const struct trial_example *x, struct buffer *out)
{
    const struct alert *a = x->alert;
    struct search_event event = { .id = x->id };
    BUFFER_AUTO text;
    struct json_writer w;
    buffer_init(&text, 8u << 20);
    if (x->event) {
        event.event = *x->event;
        search_event_json(&event, &text);
    }
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "rule", a->rule);
    json_text_member(&w, "title", a->title);
    json_text_member(&w, "title_vi", a->title_vi);
    json_text_member(&w, "level", slice_of(alert_level_name(a->level)));
    json_time_member(&w, "time", a->time);
    json_text_member(&w, "entity", a->entity);
    json_name(&w, "id");
    put_id(&w, &x->id);
    json_open_array_member(&w, "earlier");
    for (uint32_t i = 0; i < x->earlier_count; i++)
        put_id(&w, &x->earlier[i]);
    json_close_array(&w);
    json_name(&w, "why");
    json_put_raw(&w, a->why.len ? a->why : SLICE("[]"));
    json_name(&w, "event");
    json_put_raw(&w, text.failed ? SLICE_NONE : buffer_slice(&text)); /* none: null */
    json_close_object(&w);
}
