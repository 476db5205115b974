/* A rule tried over the archive's last days before it is enabled: answered line by line (openapi.yaml,
 * BacktestLine) while the reader works. To close the connection is to stop it. */
#include "api/private.h"
#include "api/resource.h"
#include "api/search.h"
#include "api/shape.h"

#define AT_ONCE_MOST 2              /* each takes a processor for a while */
#define SCRATCH_MOST (16u << 20)

struct job {
    struct api_call *call;
    struct api_search_request request;
    struct search_names names;
    struct arena scratch;           /* of one line */
};

static void job_free(struct job *job)
{
    search_names_free(&job->names);
    arena_free(&job->scratch);
}

#define JOB __attribute__((cleanup(job_free))) struct job

/* ---- lines ------------------------------------------------------------------------------------- */

static struct json_writer *line_begin(struct job *job, const char *what)
{
    json_open_object(&job->call->json);
    json_open_object_member(&job->call->json, what);
    return &job->call->json;
}

static bool line_end(struct job *job)
{
    json_close_object(&job->call->json);
    json_close_object(&job->call->json);
    return api_stream_line(job->call);
}

static struct slice in_language(const struct job *job, const struct json *one, const char *english,
                                const char *vietnamese)
{
    struct slice vi = json_member_text(one, vietnamese);
    return api_vietnamese(job->call) && vi.len ? vi : json_member_text(one, english);
}

static void rules_put(struct job *job, const struct json *rules)
{
    struct json_writer *json = &job->call->json;

    json_open_array_member(json, "rules");
    for (uint32_t i = 0; rules && i < rules->count; i++) {
        const struct json *one = &rules->children[i];
        json_open_object(json);
        json_text_member(json, "id", json_member_text(one, "id"));
        json_text_member(json, "title", in_language(job, one, "title", "title_vi"));
        json_text_member(json, "level", json_member_text(one, "level"));
        json_boolean_member(json, "correlation", json_boolean(json_member(one, "correlation"), false));
        json_boolean_member(json, "silent", json_boolean(json_member(one, "silent"), false));
        json_boolean_member(json, "unreachable", json_boolean(json_member(one, "unreachable"), false));
        json_close_object(json);
    }
    json_close_array(json);
}

static bool put_head(struct job *job, const struct json *head)
{
    const struct json *warnings = json_member(head, "warnings");

    if (!api_stream_open(job->call, "application/x-ndjson; charset=utf-8"))
        return false;
    struct json_writer *json = line_begin(job, "head");
    rules_put(job, json_member(head, "rules"));
    json_open_array_member(json, "warnings");
    for (uint32_t i = 0; warnings && i < warnings->count; i++)
        json_put_text(json, in_language(job, &warnings->children[i], "sentence", "sentence_vi"));
    json_close_array(json);
    json_integer_member(json, "budget_seconds", job->request.budget_ms / 1000);
    return line_end(job);
}

static bool put_example(struct job *job, const struct json *example)
{
    const struct json *event = json_member(example, "event"), *why = json_member(example, "why"),
                      *earlier = json_member(example, "earlier");
    struct json_writer *json = line_begin(job, "example");
    int64_t time = 0;

    clock_parse(json_member_text(example, "time"), &time);
    json_text_member(json, "id", json_member_text(example, "id"));
    json_text_member(json, "rule", json_member_text(example, "rule"));
    json_text_member(json, "title", in_language(job, example, "title", "title_vi"));
    json_text_member(json, "level", json_member_text(example, "level"));
    json_time_member(json, "time", time);
    shape_text_or_null(json, "entity", shape_entity(json_member_text(example, "entity")));
    shape_why(json, why);
    shape_correlation(json, why, NULL);
    json_open_array_member(json, "earlier");
    for (uint32_t i = 0; earlier && i < earlier->count; i++)
        json_put_text(json, json_text(&earlier->children[i], SLICE("")));
    json_close_array(json);
    json_name(json, "event");
    if (event && event->kind == JSON_OBJECT)
        search_event_put(job->call, &job->names, event);
    else
        json_put_null(json);
    return line_end(job);
}

/* 20261124 → "2026-11-24" */
static struct slice day_text(struct job *job, int64_t day)
{
    return arena_print(&job->scratch, "%04lld-%02lld-%02lld", (long long)(day / 10000),
                       (long long)(day / 100 % 100), (long long)(day % 100));
}

static bool put_days(struct job *job, const struct json *so_far)
{
    static const char *const sums[] = { "events", "matches", "alerts", "excepted",
                                        "cut", "dropped", "regex_limit" };
    const struct json *days = json_member(so_far, "days"), *expected = json_member(so_far, "expected");
    struct json_writer *json = line_begin(job, "days");

    json_open_array_member(json, "days");
    for (uint32_t i = 0; days && i < days->count; i++) {
        const struct json *one = &days->children[i];
        json_open_object(json);
        json_text_member(json, "day", day_text(job, search_number(one, "day")));
        for (size_t k = 0; k < 3; k++)
            json_integer_member(json, sums[k], search_number(one, sums[k]));
        json_boolean_member(json, "whole", json_boolean(json_member(one, "whole"), false));
        json_close_object(json);
    }
    json_close_array(json);
    for (size_t k = 0; k < sizeof sums / sizeof *sums; k++)
        json_integer_member(json, sums[k], search_number(so_far, sums[k]));
    json_name(json, "expected");
    json_put_number(json, expected ? expected->number : 0);
    return line_end(job);
}

static bool put_read(struct job *job, const char *what, const struct json *foot)
{
    struct json_writer *json = line_begin(job, what);
    const struct json *elapsed = json_member(foot, "elapsed_ms");
    double seconds = elapsed ? elapsed->number / 1000 : 0;
    int64_t events = search_number(foot, "rows_scanned");

    search_foot_members(job->call, foot, NULL);
    json_integer_member(json, "events_per_second",
                        seconds > 0 ? (int64_t)((double)events / seconds) : 0);
    return line_end(job);
}

static bool put_waiting(struct job *job)
{
    json_open_object(&job->call->json);
    json_boolean_member(&job->call->json, "waiting", true);
    json_close_object(&job->call->json);
    return api_stream_line(job->call);
}

static bool take_line(void *user, enum api_search_line kind, struct slice line)
{
    struct job *job = user;
    struct error e = ERROR_NONE;
    struct json *json;

    if (kind == API_SEARCH_WAITING) /* finds out who has gone */
        return !job->call->streamed || put_waiting(job);
    arena_clear(&job->scratch);
    if (!json_parse(line, &job->scratch, &json, &e))
        return error_set(&job->call->error, "the reader gave a line that cannot be read");
    switch (kind) {
    case API_SEARCH_HEAD: return put_head(job, json);
    case API_SEARCH_MATCH: return put_example(job, json);
    case API_SEARCH_DAYS: return put_days(job, json);
    case API_SEARCH_PROGRESS: return put_read(job, "progress", json);
    case API_SEARCH_FOOT: return put_read(job, "foot", json);
    default: return true;
    }
}

/* ---- the request ------------------------------------------------------------------------------- */

bool api_rule_backtest(struct api_call *call)
{
    JOB job = { .call = call };
    atomic_uint *running = api_backtests_of(call);

    arena_init(&job.scratch, SCRATCH_MOST);
    job.request = (struct api_search_request){
        .rule = api_text(call, "rule"), .days = (unsigned)api_number(call, "days"),
        .all = call->scope.all, .scope = call->scope.agency,
        .budget_ms = (unsigned)api_number(call, "seconds") * 1000,
    };
    if (!rule_book_beside(api_rules_of(call), "rule", job.request.rule, call->arena,
                          &job.request.beside, &call->error))
        return false;
    if (atomic_fetch_add(running, 1) >= AT_ONCE_MOST) {
        atomic_fetch_sub(running, 1);
        error_kind(&call->error, ERROR_BUSY);
        return api_fail(call, 503, "busy", NULL, "two back-tests run already; wait for one to end");
    }
    bool well = search_ask(call, &job.request, take_line, &job) && !call->error.set;
    atomic_fetch_sub(running, 1);
    return well;
}
