/* reader - search over the archive and back-tests of rules, read-only, a child process for each.
 *
 * The parent only accepts and forks; a query that is too heavy dies alone, and hanging up kills it.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#include "archive/search.h"
#include "archive/tail.h"

#include "serve/answer.h"
#include "serve/line.h"
#include "serve/query_wire.h"
#include "serve/reader_backtest.h"
#include "serve/roles.h"

#define QUERIES_MOST 24u        /* children at once; more are told to come again */
#define REQUEST_PATIENCE 5      /* seconds for the request to come, */
#define ANSWER_PATIENCE 60      /* for a line of the answer to go, or a live tail's next look */

static bool on_event(void *owner, const struct search_event *event)
{
    struct answer *answer = owner;
    buffer_add_byte(&answer->line, 'E');
    search_event_json(event, &answer->line);
    return answer_send(answer);
}

static bool on_row(void *owner, const struct search_table *table, const struct search_cell *cells)
{
    struct answer *answer = owner;
    if (!answer->columns) {
        answer->columns = true;
        buffer_add_byte(&answer->line, 'T');
        search_columns_json(table, &answer->line);
        if (!answer_send(answer))
            return false;
    }
    buffer_add_byte(&answer->line, 'R');
    search_cells_json(table, cells, &answer->line);
    return answer_send(answer);
}

static bool on_buckets(void *owner, int64_t width, const struct search_bucket *buckets,
                       size_t count)
{
    struct answer *answer = owner;
    buffer_add_byte(&answer->line, 'B');
    search_buckets_json(width, buckets, count, &answer->line);
    return answer_send(answer);
}

static bool on_explain(void *owner, const char *file, int64_t block, const char *why)
{
    struct answer *answer = owner;
    struct json_writer w;
    buffer_add_byte(&answer->line, 'W');
    json_writer_init(&w, &answer->line);
    json_open_object(&w);
    json_text_member(&w, "file", slice_of(file));
    json_integer_member(&w, "block", block);
    json_text_member(&w, "why", slice_of(why));
    json_close_object(&w);
    return answer_send(answer);
}

static bool send_foot(struct answer *answer, char letter, const struct search_foot *foot)
{
    buffer_add_byte(&answer->line, letter);
    search_foot_json(foot, &answer->line);
    return answer_send(answer);
}

static bool on_progress(void *owner, const struct search_foot *so_far)
{
    return send_foot(owner, 'P', so_far);
}

/* The query was understood: what follows is its answer. */
static bool send_head(struct answer *answer, const struct query *query)
{
    struct json_writer w;
    buffer_add_byte(&answer->line, 'Q');
    json_writer_init(&w, &answer->line);
    json_open_object(&w);
    json_boolean_member(&w, "table", query_gives_table(query));
    json_close_object(&w);
    return answer_send(answer);
}

static struct search_handlers handlers_of(struct answer *answer)
{
    return (struct search_handlers){ .owner = answer, .event = on_event, .row = on_row,
                                     .buckets = on_buckets, .explain = on_explain,
                                     .progress = on_progress };
}

static uint64_t positive(const struct json *json, const char *name)
{
    int64_t value = json_integer(json_member(json, name), 0);
    return value > 0 ? (uint64_t)value : 0;
}

static bool run_one(const char *directory, const struct json *json,
                    const struct search_scope *scope, struct arena *arena, struct answer *answer,
                    struct error *e)
{
    struct event_id id;
    struct search_event event;
    if (!event_id_parse(json_member_text(json, "id"), &id)) {
        error_set(e, "there is no such event");
        return error_kind(e, ERROR_NOT_FOUND);
    }
    return search_get(directory, scope, &id, arena, &event, e) && on_event(answer, &event);
}

static struct search_options options_of(const char *directory, const struct json *json,
                                        const struct search_scope *scope)
{
    return (struct search_options){
        .directory = directory,
        .scope = *scope,
        .from = json_integer(json_member(json, "from"), 0),
        .to = json_integer(json_member(json, "to"), 0),
        .agency = json_member_text(json, "agency"),
        .source = json_member_text(json, "source"),
        .limit = positive(json, "limit"),
        .before_time = json_integer(json_member(json, "before_time"), 0),
        .budget_bytes = positive(json, "budget_bytes"),
        .budget_rows = positive(json, "budget_rows"),
        .budget_ms = (unsigned)positive(json, "budget_ms"),
        .buckets = (unsigned)positive(json, "buckets"),
        .explain = json_boolean(json_member(json, "explain"), false),
    };
}

static bool run_query(const char *directory, const struct json *json,
                      const struct search_scope *scope, struct arena *arena,
                      struct answer *answer, struct error *e)
{
    struct query *query;
    struct search_foot foot;
    struct search_options options = options_of(directory, json, scope);
    struct search_handlers handlers = handlers_of(answer);
    struct slice before = json_member_text(json, "before");
    if (before.len && !event_id_parse(before, &options.before)) {
        error_set(e, "this page mark is not ours");
        error_place(e, "cursor");
        return error_kind(e, ERROR_INPUT);
    }
    if (options.limit == 0) { /* only buckets are wanted */
        options.limit = 1;
        handlers.event = NULL;
    }
    return query_parse(json_member_text(json, "query"), clock_now(), arena, &query, e) &&
           send_head(answer, query) &&
           search_run(query, &options, &handlers, arena, &foot, e) &&
           send_foot(answer, 'F', &foot);
}

/* A look at each line that comes, until the other side hangs up or says nothing for long. */
static bool run_live(const char *directory, const struct json *json,
                     const struct search_scope *scope, struct arena *arena, struct buffer *rest,
                     struct answer *answer, struct error *e)
{
    struct query *query;
    struct tail *tail = NULL;
    struct search_foot foot;
    struct slice line;
    struct search_options options = options_of(directory, json, scope);
    struct search_handlers handlers = handlers_of(answer);
    struct error hung_up = ERROR_NONE;
    bool well = query_parse(json_member_text(json, "query"), clock_now(), arena, &query, e) &&
                tail_new(query, &options, &tail, e) && send_head(answer, query);
    handlers.progress = NULL;
    while (well && line_read(answer->fd, rest, &line, &hung_up)) {
        line_done(rest, line);
        well = tail_look(tail, &handlers, &foot, e) && send_foot(answer, 'F', &foot);
    }
    tail_free(&tail);
    return well;
}

static void *end_when_hung_up(void *fd)
{
    struct pollfd polled = { .fd = *(int *)fd, .events = POLLRDHUP };
    while (poll(&polled, 1, -1) < 0 && errno == EINTR)
        ;
    _exit(0);
}

/* To hang up is to kill: also while a block is being read that holds nothing to be said. */
static void watch_for_hang_up(int *fd)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, end_when_hung_up, fd) == 0)
        pthread_detach(thread);
}

static void answer_query(const struct heritage *heritage, int fd)
{
    ARENA_AUTO arena;
    BUFFER_AUTO in;
    const char *directory = heritage_text(heritage, "archive");
    struct answer answer = { .fd = fd };
    struct error e = ERROR_NONE;
    struct json *json;
    struct slice line;
    arena_init(&arena, UINT64_C(512) << 20);
    buffer_init(&in, QUERY_REQUEST_MAX);
    buffer_init(&answer.line, QUERY_LINE_MAX);
    if (!line_patience(fd, REQUEST_PATIENCE) || !line_read(fd, &in, &line, NULL))
        return;
    bool ok = json_parse(line, &arena, &json, &e); /* the tree holds copies */
    line_done(&in, line);
    line_patience(fd, ANSWER_PATIENCE);
    watch_for_hang_up(&fd);
    struct slice agency = ok ? json_member_text(json, "scope") : SLICE_NONE;
    struct search_scope scope = { .all = ok && json_boolean(json_member(json, "all"), false),
                                  .agencies = &agency, .agency_count = agency.len ? 1 : 0 };
    if (ok && json_member(json, "rule"))
        ok = reader_backtest(heritage, json, &scope, &arena, &answer, &e);
    else if (ok && json_member(json, "id"))
        ok = run_one(directory, json, &scope, &arena, &answer, &e);
    else if (ok && json_boolean(json_member(json, "live"), false))
        ok = run_live(directory, json, &scope, &arena, &in, &answer, &e);
    else if (ok)
        ok = run_query(directory, json, &scope, &arena, &answer, &e);
    if (!ok && e.set && !answer.gone) {
        buffer_clear(&answer.line);
        query_wire_error(&e, &answer.line);
        line_write(fd, buffer_slice(&answer.line), NULL);
    }
    buffer_free(&answer.line);
}

static void refuse(int fd)
{
    BUFFER_AUTO out;
    struct error e = ERROR_NONE;
    buffer_init(&out, 0);
    error_set(&e, "too many searches run at once");
    error_kind(&e, ERROR_BUSY);
    error_hint(&e, "try again in a few seconds");
    query_wire_error(&e, &out);
    line_write(fd, buffer_slice(&out), NULL);
    close(fd);
}

static void start_query(const struct heritage *heritage, int listener, unsigned *running)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (*running >= QUERIES_MOST) {
        refuse(fd);
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* without the reader nobody reads the answer */
        close(listener);
        answer_query(heritage, fd);
        _exit(0);
    }
    if (pid > 0)
        ++*running;
    close(fd);
}

int reader_run(struct heritage *heritage)
{
    int listener = heritage_descriptor(heritage, "queries");
    int signals = skeleton_signals();
    unsigned running = 0;
    bool stopping = signals < 0;
    while (!stopping) {
        struct pollfd polled[] = { { .fd = listener, .events = POLLIN },
                                   { .fd = signals, .events = POLLIN },
                                   { .fd = heritage->channel, .events = POLLRDHUP } };
        if (poll(polled, 3, -1) < 0 && errno != EINTR)
            return 3;
        for (int number; (number = skeleton_signal(signals));)
            stopping |= number == SIGTERM;
        for (int status; running && waitpid(-1, &status, WNOHANG) > 0;)
            running--;
        stopping |= (polled[2].revents & (POLLHUP | POLLRDHUP)) != 0;
        if (polled[0].revents & POLLIN)
            start_query(heritage, listener, &running);
    }
    return 0;
}
