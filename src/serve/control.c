#include "serve/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#include "serve/error_json.h"
#include "serve/line.h"
#include "serve/sockets.h"

#define CONTROL_PATIENCE 30u       /* seconds for a request to arrive; the CLI waits four times that */
#define CONTROL_ARENA (256u * 1024 * 1024)

struct control {
    int listen_fd, stop_fd;
    struct records *records;
    struct office *office;
    void (*changed)(void *owner);
    void *owner;
    pthread_t thread;
};

static void put_answer(struct buffer *out, struct slice result, const struct error *e)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_boolean_member(&w, "ok", !e);
    json_name(&w, e ? "error" : "result");
    if (e)
        error_json_put(&w, e);
    else
        json_put_raw(&w, result);
    json_close_object(&w);
}

/* One request and its answer; *effect_out when the records were changed. */
static bool answer(struct control *control, int fd, bool *effect_out, struct error *e)
{
    ARENA_AUTO arena;
    BUFFER_AUTO in, out, result;
    struct slice line;
    struct json *request;
    struct error wrong = ERROR_NONE;
    arena_init(&arena, CONTROL_ARENA);
    buffer_init(&in, CHANGE_BYTES_MAX);
    buffer_init(&out, 0);
    buffer_init(&result, 0);
    if (!line_patience(fd, CONTROL_PATIENCE) || !line_read(fd, &in, &line, e))
        return false;
    *effect_out = json_parse(line, &arena, &request, &wrong) &&
                  change_apply(control->records, control->office, request, &arena, &result, &wrong);
    put_answer(&out, buffer_slice(&result), *effect_out ? NULL : &wrong);
    return line_write(fd, buffer_slice(&out), e);
}

static void serve_one(struct control *control)
{
    struct error e = ERROR_NONE;
    bool effect = false;
    FILE_AUTO fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (!answer(control, fd, &effect, &e) && e.set)
        log_error(&e, "control");
    if (effect && control->changed)
        control->changed(control->owner);
}

static void *control_loop(void *argument)
{
    struct control *control = argument;
    struct pollfd polled[] = { { .fd = control->stop_fd, .events = POLLIN },
                               { .fd = control->listen_fd, .events = POLLIN } };
    for (;;) {
        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            break;
        if (polled[0].revents)
            break;
        if (polled[1].revents)
            serve_one(control);
    }
    return NULL;
}

static void control_free(struct control *control)
{
    records_close(&control->records);
    file_close(&control->listen_fd);
    file_close(&control->stop_fd);
    free(control);
}

bool control_start(int listen_fd, const char *records, struct office *office,
                   void (*changed)(void *owner), void *owner, struct control **control_out,
                   struct error *e)
{
    struct control *control = calloc(1, sizeof *control);
    if (!control) {
        close(listen_fd);
        return error_set(e, "not enough memory to start");
    }
    *control = (struct control){ .listen_fd = listen_fd, .office = office, .stop_fd = eventfd(0, EFD_CLOEXEC),
                                 .changed = changed, .owner = owner };
    int failed = control->stop_fd < 0 ? errno : 0;
    bool started = !failed && records_open(records, RECORDS_WRITE, &control->records, e) &&
                   (failed = pthread_create(&control->thread, NULL, control_loop, control)) == 0;
    if (!started) {
        if (failed)
            error_errno(e, failed, "cannot start the control socket");
        control_free(control);
        return false;
    }
    *control_out = control;
    return true;
}

void control_stop(struct control **control)
{
    if (!*control)
        return;
    uint64_t one = 1;
    ssize_t put = write((*control)->stop_fd, &one, sizeof one);
    (void)put; /* an eventfd at 0 takes it */
    pthread_join((*control)->thread, NULL);
    control_free(*control);
    *control = NULL;
}

bool control_call(const char *path, struct slice request, struct arena *arena,
                  const struct json **result_out, struct error *e)
{
    BUFFER_AUTO in;
    struct slice line, kept;
    struct json *reply;
    FILE_AUTO fd = -1;
    buffer_init(&in, 0);
    if (!socket_connect_unix(path, &fd, e))
        return false;
    if (!line_patience(fd, 4 * CONTROL_PATIENCE) || !line_write(fd, request, e) ||
        !line_read(fd, &in, &line, e))
        return error_set(e, "the server ended before it answered");
    kept = arena_copy(arena, line);
    if (!json_parse(kept, arena, &reply, e))
        return false;
    if (!json_boolean(json_member(reply, "ok"), false)) {
        error_json_get(json_member(reply, "error"), e);
        return false;
    }
    *result_out = json_member(reply, "result");
    return true;
}
