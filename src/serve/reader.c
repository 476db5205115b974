/* reader - search over the archive, read-only, a child process for each query.
 *
 * The parent only accepts and forks; a query that is too heavy dies alone, and hanging up kills it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#include "archive/search.h"

#include "serve/line.h"
#include "serve/query_wire.h"
#include "serve/roles.h"

#define QUERIES_MOST 8u         /* children at once; more are told to come again */
#define REQUEST_PATIENCE 5000   /* ms */

struct answer {
    int fd;
    struct buffer line;
    bool gone;          /* the other side has hung up */
    uint64_t limit, sent;
};

/* The line in the buffer; false when nobody listens any more. */
static bool send_line(struct answer *answer)
{
    bool sent = !answer->line.failed && line_write(answer->fd, buffer_slice(&answer->line), NULL);
    buffer_clear(&answer->line);
    answer->gone = !sent;
    return sent;
}

static bool on_event(void *owner, const struct search_event *event)
{
    struct answer *answer = owner;
    buffer_add_byte(&answer->line, 'E');
    search_event_json(event, &answer->line);
    return send_line(answer);
}

static bool on_row(void *owner, const struct search_table *table, const struct search_cell *cells)
{
    struct answer *answer = owner;
    buffer_add_byte(&answer->line, 'R');
    search_row_json(table, cells, &answer->line);
    return send_line(answer);
}

static bool on_buckets(void *owner, int64_t width, const struct search_bucket *buckets,
                       size_t count)
{
    struct answer *answer = owner;
    buffer_add_byte(&answer->line, 'B');
    search_buckets_json(width, buckets, count, &answer->line);
    return send_line(answer);
}

static bool on_facet(void *owner, const struct search_facet *facet)
{
    struct answer *answer = owner;
    buffer_add_byte(&answer->line, 'V');
    search_facet_json(facet, &answer->line);
    return send_line(answer);
}

/* Who hung up is noticed also while nothing is found. */
static bool on_progress(void *owner, const struct search_foot *so_far)
{
    struct answer *answer = owner;
    struct pollfd polled = { .fd = answer->fd, .events = POLLRDHUP };
    (void)so_far;
    return poll(&polled, 1, 0) <= 0 || !(polled.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static uint64_t positive(const struct json *json, const char *name)
{
    int64_t value = json_integer(json_member(json, name), 0);
    return value > 0 ? (uint64_t)value : 0;
}

static bool facets_of(const struct json *json, struct search_options *options, struct arena *arena)
{
    const struct json *list = json_member(json, "facets");
    if (!list || list->kind != JSON_ARRAY || !list->count)
        return true;
    struct slice *names = arena_array(arena, list->count, sizeof *names);
    for (uint32_t i = 0; names && i < list->count; i++)
        names[i] = json_text(&list->children[i], SLICE(""));
    options->facets = names;
    options->facet_count = names ? list->count : 0;
    return names != NULL;
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

static bool run_query(const char *directory, const struct json *json,
                      const struct search_scope *scope, struct arena *arena,
                      struct answer *answer, struct error *e)
{
    struct query *query;
    struct search_foot foot;
    struct search_options options = {
        .directory = directory,
        .scope = *scope,
        .from = json_integer(json_member(json, "from"), 0),
        .to = json_integer(json_member(json, "to"), 0),
        .agency = json_member_text(json, "agency"),
        .source = json_member_text(json, "source"),
        .limit = positive(json, "limit"),
        .before_time = json_integer(json_member(json, "before_time"), 0),
        .budget_bytes = UINT64_C(64) << 30,
        .budget_ms = (unsigned)positive(json, "budget_ms"),
        .buckets = (unsigned)positive(json, "buckets"),
    };
    struct search_handlers handlers = { .owner = answer, .event = on_event, .row = on_row,
                                        .buckets = on_buckets, .facet = on_facet,
                                        .progress = on_progress };
    struct slice before = json_member_text(json, "before");
    if (before.len && !event_id_parse(before, &options.before)) {
        error_set(e, "this page mark is not ours");
        error_place(e, "cursor");
        return error_kind(e, ERROR_INPUT);
    }
    if (options.limit == 0) { /* only buckets or values are wanted */
        options.limit = 1;
        handlers.event = NULL;
    }
    if (!facets_of(json, &options, arena))
        return error_set(e, "not enough memory for the search");
    if (!query_parse(json_member_text(json, "query"), clock_now(), arena, &query, e) ||
        !search_run(query, &options, &handlers, arena, &foot, e))
        return false;
    buffer_add_byte(&answer->line, 'F');
    search_foot_json(&foot, &answer->line);
    return send_line(answer);
}

static bool receive_request(int fd, struct buffer *out)
{
    for (;;) {
        struct pollfd polled = { .fd = fd, .events = POLLIN };
        if (poll(&polled, 1, REQUEST_PATIENCE) <= 0)
            return false;
        char *at = buffer_extend(out, 4096);
        ssize_t got = at ? recv(fd, at, 4096, 0) : -1;
        out->len -= at ? 4096 - (got > 0 ? (size_t)got : 0) : 0;
        if (got <= 0)
            return false;
        if (out->data[out->len - 1] == '\n')
            return true;
    }
}

static void answer_query(const char *directory, int fd)
{
    ARENA_AUTO arena;
    BUFFER_AUTO request;
    struct answer answer = { .fd = fd };
    struct error e = ERROR_NONE;
    struct json *json;
    arena_init(&arena, UINT64_C(512) << 20);
    buffer_init(&request, QUERY_REQUEST_MAX);
    buffer_init(&answer.line, QUERY_LINE_MAX);
    if (!receive_request(fd, &request))
        return;
    bool ok = json_parse(buffer_slice(&request), &arena, &json, &e);
    struct slice agency = ok ? json_member_text(json, "scope") : SLICE_NONE;
    struct search_scope scope = { .all = ok && json_boolean(json_member(json, "all"), false),
                                  .agencies = &agency, .agency_count = agency.len ? 1 : 0 };
    if (ok)
        ok = json_member(json, "id") ? run_one(directory, json, &scope, &arena, &answer, &e)
                                     : run_query(directory, json, &scope, &arena, &answer, &e);
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

static void start_query(const char *directory, int listener, unsigned *running)
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
        answer_query(directory, fd);
        _exit(0);
    }
    if (pid > 0)
        ++*running;
    close(fd);
}

int reader_run(struct heritage *heritage)
{
    const char *directory = heritage_text(heritage, "archive");
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
            start_query(directory, listener, &running);
    }
    return 0;
}
