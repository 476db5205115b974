#include "serve/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "process/notify.h"

#include "intake/intake.h"
#include "serve/given.h"
#include "serve/handover.h"
#include "serve/roles.h"
#include "serve/sockets.h"

#define PAUSE_LEAST (CLOCK_SECOND / 5)
#define PAUSE_MOST (30 * CLOCK_SECOND)
#define LIVED_WELL (60 * CLOCK_SECOND)     /* who lived so long starts again without a pause */
#define STATUS_EVERY (10 * CLOCK_SECOND)    /* of memory; else when something happens */
#define ROOM_LEAST (4u * 1024 * 1024)      /* free bytes without which no database can be begun */
#define STOP_PATIENCE (20 * CLOCK_SECOND)  /* then a role that does not end is killed */
#define ASKED_ONCE CLOCK_SECOND            /* Ctrl-C reaches us, and the script that then asks us, too */

enum { ROLES_MAX = 8, LOCALS_MOST = 8 };

enum child_state { CHILD_STOPPED, CHILD_RUNNING, CHILD_WAITING, CHILD_ENDING };

struct child {
    const struct role_row *row;
    enum child_state state;
    pid_t pid;
    int channel;              /* our end of the heritage's channel; -1 */
    int64_t started, again;   /* steady clock; again: when CHILD_WAITING starts */
    int64_t pause;
    int64_t since;            /* wall clock, for the status file */
    unsigned restarts;
};

struct supervisor {
    const char *config;
    struct arena arena;       /* of the settings in force */
    struct serve_settings settings;
    int lock, signals;
    int listeners[INTAKE_LISTENERS_COUNT], locals[LOCALS_MOST], console, control, reader;
    size_t local_count;
    int nudges[2];            /* [0] the pipeline's end, [1] the hub's */
    struct child children[ROLES_MAX];
    unsigned child_count;
    bool stopping, first_rules;
    int64_t stop_since, status_due;
    struct given given;       /* with the settings in force */
};

static const struct {
    const char *name, *option;
    enum socket_kind kind;
} listener_rows[] = {
#define LISTENER_ROW(id, name, kind, standard, words) { name, "listen." name, kind },
    INTAKE_LISTENERS(LISTENER_ROW)
};

/* ---- handing over ---------------------------------------------------------------------------- */

static void put_descriptors(struct supervisor *s, const char *role, struct heritage_writer *w)
{
    if (strcmp(role, "pipeline") == 0) {
        for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
            heritage_put_descriptor(w, listener_rows[i].name, s->listeners[i]);
        for (size_t i = 0; i < s->local_count; i++) {
            char name[32];
            snprintf(name, sizeof name, "local%zu", i);
            heritage_put_descriptor(w, name, s->locals[i]);
        }
        heritage_put_descriptor(w, "nudges", s->nudges[0]);
    } else if (strcmp(role, "hub") == 0) {
        heritage_put_descriptor(w, "console", s->console);
        heritage_put_descriptor(w, "control", s->control);
        heritage_put_descriptor(w, "nudges", s->nudges[1]);
    } else if (strcmp(role, "reader") == 0) {
        heritage_put_descriptor(w, "queries", s->reader);
    } else if (strcmp(role, "canary") == 0) {
        for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++) {
            char bound[SOCKET_ADDRESS]; /* no name is asked for from behind its walls */
            socket_address(s->listeners[i], bound);
            heritage_put(w, listener_rows[i].name, bound);
        }
    }
}

/* ---- children --------------------------------------------------------------------------------- */

/* Its share of memory (what several processes hold counts for each in part), bytes; 0: not known. */
static uint64_t memory_of(pid_t pid)
{
    char path[64], line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss: %llu kB", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib * 1024;
}

static void write_status(struct supervisor *s)
{
    s->status_due = clock_steady() + STATUS_EVERY;
    BUFFER_AUTO out;
    struct json_writer w;
    struct error e = ERROR_NONE;
    static const char *const states[] = { "stopped", "running", "restarting", "stopping" };
    struct arena_mark mark = arena_mark(&s->arena);
    buffer_init(&out, 0);
    json_writer_init(&w, &out);
    json_open_array(&w);
    for (unsigned i = 0; i < s->child_count; i++) {
        const struct child *c = &s->children[i];
        json_open_object(&w);
        json_text_member(&w, "name", slice_of(c->row->name));
        json_text_member(&w, "state", slice_of(states[c->state]));
        json_integer_member(&w, "pid", c->pid);
        json_integer_member(&w, "since", c->since);
        json_integer_member(&w, "restarts", c->restarts);
        json_integer_member(&w, "memory", (int64_t)memory_of(c->pid));
        json_close_object(&w);
    }
    json_close_array(&w);
    const char *path = file_join(&s->arena, s->settings.run, "roles.json");
    if (!path || !file_replace(path, buffer_slice(&out), 0600, &e))
        log_error(&e, "roles.json");
    arena_reset(&s->arena, mark);
}

/* In the child, between fork and exec: only what is safe there. */
static void become_role(const char *name, int channel)
{
    char *const arguments[] = { (char *)"haidang", (char *)"--role", (char *)name, NULL };
    sigset_t none;
    sigemptyset(&none);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is the supervisor's to carry out, in order */
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (channel == HERITAGE_FD)
        fcntl(channel, F_SETFD, 0);
    else
        dup2(channel, HERITAGE_FD);
    execv("/proc/self/exe", arguments);
    _exit(127);
}

static bool hand_over(struct supervisor *s, struct child *child, int channel, struct error *e)
{
    struct heritage_writer w;
    heritage_writer_init(&w);
    handover_settings(&s->settings, &s->arena, &w);
    put_descriptors(s, child->row->name, &w);
    bool sent = heritage_send(channel, &w, e);
    heritage_writer_free(&w);
    return sent;
}

static bool start_child(struct supervisor *s, struct child *child, struct error *e)
{
    int ends[2];
    if (!message_pair(ends, e))
        return false;
    pid_t pid = fork();
    if (pid == 0)
        become_role(child->row->name, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return error_errno(e, errno, "cannot start the role %s", child->row->name);
    }
    child->pid = pid;
    child->channel = ends[0];
    child->state = CHILD_RUNNING;
    child->started = clock_steady();
    child->since = clock_now();
    return hand_over(s, child, ends[0], e);
}

static struct child *find_child(struct supervisor *s, const char *name)
{
    for (unsigned i = 0; i < s->child_count; i++)
        if (strcmp(s->children[i].row->name, name) == 0)
            return &s->children[i];
    return NULL;
}

static void say_how_it_ended(const struct child *child, int status)
{
    if (WIFSIGNALED(status))
        log_warning("%s (pid %d) was ended by signal %d", child->row->name, (int)child->pid,
                    WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_warning("%s (pid %d) ended with status %d", child->row->name, (int)child->pid,
                    WEXITSTATUS(status));
}

static void start_or_wait(struct supervisor *s, struct child *child)
{
    struct error e = ERROR_NONE;
    if (start_child(s, child, &e))
        return;
    log_error(&e, child->row->name);
    if (child->state != CHILD_RUNNING) {
        child->state = CHILD_WAITING;
        child->again = clock_steady() + PAUSE_MOST;
    }
}

/* New rules, or none: either way the pipeline may go on (with what it has). */
static void rules_are_compiled(struct supervisor *s)
{
    struct child *pipeline = find_child(s, "pipeline");
    if (s->first_rules && pipeline->state == CHILD_STOPPED && !s->stopping)
        start_or_wait(s, pipeline);
    else if (pipeline->channel >= 0)
        message_nudge(pipeline->channel, NUDGE_RULES);
    s->first_rules = false;
}

static void child_ended(struct supervisor *s, struct child *child, int status)
{
    int64_t now = clock_steady();
    bool lived_well = now - child->started > LIVED_WELL;
    say_how_it_ended(child, status);
    close(child->channel);
    child->channel = -1;
    child->pid = 0;
    bool asked = child->state == CHILD_ENDING;
    child->state = CHILD_STOPPED;
    child->since = clock_now();
    if (strcmp(child->row->name, "compiler") == 0)
        rules_are_compiled(s);
    if (!child->row->restart || s->stopping)
        return;
    if (strcmp(child->row->name, "canary") == 0 && !s->settings.canary_seconds)
        return; /* switched off meanwhile */
    child->pause = asked || lived_well ? 0 : child->pause ? child->pause * 2 : PAUSE_LEAST;
    if (child->pause > PAUSE_MOST)
        child->pause = PAUSE_MOST;
    child->again = now + child->pause;
    child->state = CHILD_WAITING;
    child->restarts += !asked;
}

static void reap(struct supervisor *s)
{
    int status;
    bool ended = false;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0; ended = true)
        for (unsigned i = 0; i < s->child_count; i++)
            if (s->children[i].pid == pid)
                child_ended(s, &s->children[i], status);
    if (ended)
        write_status(s);
}

static void start_waiting(struct supervisor *s)
{
    int64_t now = clock_steady();
    bool started = false;
    for (unsigned i = 0; i < s->child_count; i++) {
        struct child *child = &s->children[i];
        if (child->state == CHILD_WAITING && child->again <= now && !s->stopping) {
            start_or_wait(s, child);
            started = true;
        }
    }
    if (started || now >= s->status_due)
        write_status(s);
}

static void end_child(struct child *child)
{
    if (child->state == CHILD_RUNNING) {
        child->state = CHILD_ENDING;
        kill(child->pid, SIGTERM);
    } else if (child->state == CHILD_WAITING) {
        child->state = CHILD_STOPPED;
    }
}

/* ---- stop and reload --------------------------------------------------------------------------- */

/* What takes events ends first, so that the hub sees all of them; the next role only when the one
 * before it is gone. True when nobody is left. */
static bool stop_next(struct supervisor *s)
{
    static const char *const order[] = { "canary", "compiler", "pipeline", "reader", "hub" };
    bool impatient = clock_steady() - s->stop_since > STOP_PATIENCE;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct child *child = find_child(s, order[i]);
        if (child->state == CHILD_STOPPED)
            continue;
        if (impatient && child->pid)
            kill(child->pid, SIGKILL);
        end_child(child);
        if (child->state != CHILD_STOPPED)
            return false;
    }
    return true;
}

static void stop(struct supervisor *s)
{
    if (s->stopping) { /* asked twice: now */
        if (clock_steady() - s->stop_since > ASKED_ONCE)
            s->stop_since = INT64_MIN / 2;
        return;
    }
    notify("STOPPING=1");
    log_info("stopping");
    s->stopping = true;
    s->stop_since = clock_steady();
}

static void compile_rules(struct supervisor *s)
{
    struct child *compiler = find_child(s, "compiler");
    if (compiler->state == CHILD_STOPPED)
        start_or_wait(s, compiler);
}

/* The addresses stay bound: another address needs a restart, and it is said. */
static bool same_sockets(const struct serve_settings *a, const struct serve_settings *b)
{
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        if (strcmp(a->listen[i], b->listen[i]) != 0)
            return false;
    return strcmp(a->data, b->data) == 0 && strcmp(a->console, b->console) == 0 &&
           strcmp(a->sockets, b->sockets) == 0;
}

/* With the new configuration; one that waits after a death waits no longer. */
static void start_anew(struct child *child)
{
    child->pause = 0;
    if (child->state == CHILD_WAITING)
        child->again = 0;
    else
        end_child(child);
}

/* With another interval, or none. */
static void renew_canary(struct supervisor *s)
{
    struct child *canary = find_child(s, "canary");
    if (canary->state == CHILD_RUNNING)
        end_child(canary);
    else if (canary->state == CHILD_STOPPED && s->settings.canary_seconds)
        start_or_wait(s, canary);
}

static void reload(struct supervisor *s)
{
    struct arena arena;
    struct serve_settings fresh;
    struct error e = ERROR_NONE;
    notify("RELOADING=1");
    arena_init(&arena, ARENA_NO_CEILING);
    if (!serve_settings_load(s->config, &arena, &fresh, &e) || !serve_settings_check(&fresh, &e)) {
        log_error(&e, "the new configuration is not taken");
        arena_free(&arena);
        notify("READY=1");
        return;
    }
    if (!same_sockets(&s->settings, &fresh)) {
        log_warning("another address or data directory needs a new start: nothing is changed");
        arena_free(&arena);
        notify("READY=1");
        return;
    }
    struct given before = s->given;
    s->given = given_with(&fresh);
    bool pipeline_differs = memcmp(before.pipeline, s->given.pipeline, GIVEN_DIGEST) != 0;
    bool reader_differs = memcmp(before.reader, s->given.reader, GIVEN_DIGEST) != 0;
    bool canary_differs = s->settings.canary_seconds != fresh.canary_seconds;
    arena_free(&s->arena);
    s->arena = arena;
    s->settings = fresh;
    log_info("configuration read anew");
    compile_rules(s);
    start_anew(find_child(s, "hub")); /* plan, regimes, import: it starts again at once */
    if (pipeline_differs || find_child(s, "pipeline")->state == CHILD_WAITING)
        start_anew(find_child(s, "pipeline"));
    if (reader_differs || find_child(s, "reader")->state == CHILD_WAITING)
        start_anew(find_child(s, "reader"));
    if (canary_differs || pipeline_differs)
        renew_canary(s);
    notify("READY=1");
}

/* ---- start ------------------------------------------------------------------------------------- */

static bool take_lock(struct supervisor *s, struct error *e)
{
    const char *path = file_join(&s->arena, s->settings.run, "lock");
    s->lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (s->lock < 0)
        return error_errno(e, errno, "cannot write in %s", s->settings.run);
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        error_set(e, "another `haidang serve` runs on %s", s->settings.data);
        return error_hint(e, "stop it first, or set another `data`");
    }
    return true;
}

/* In the order of the lines of `sockets`. */
static bool bind_locals(struct supervisor *s, struct error *e)
{
    char *text = arena_text(&s->arena, slice_of(s->settings.sockets));

    for (char *line = text, *next; line && *line; line = next) {
        struct intake_socket socket;
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (s->local_count == LOCALS_MOST)
            return error_set(e, "`sockets` has more than %u lines", LOCALS_MOST);
        if (!intake_socket_parse(line, &socket, e) ||
            !socket_bind_local(socket.path, socket.datagram, &s->locals[s->local_count], e))
            return false;
        s->local_count++;
    }
    return true;
}

/* While we still have the rights that we were started with: ports below 1024. */
static bool bind_network(struct supervisor *s, struct error *e)
{
    const struct serve_settings *t = &s->settings;
    if (!socket_bind(SOCKET_TCP, t->console, "listen.console", &s->console, e))
        return false;
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        if (!socket_bind(listener_rows[i].kind, t->listen[i], listener_rows[i].option,
                         &s->listeners[i], e))
            return false;
    return bind_locals(s, e);
}

static bool bind_local(struct supervisor *s, struct error *e)
{
    return socket_bind_unix(s->settings.control, &s->control, e) &&
           socket_bind_unix(s->settings.reader, &s->reader, e) && message_pair(s->nudges, e);
}

/* Nothing can be kept, nor written down that nothing can be kept. A disk that fills up later is another
 * matter: the pipeline then refuses, and the hub tells (duties.h). */
static bool check_room(const char *data, struct error *e)
{
    uint64_t left, total;
    if (!file_room(data, &left, &total))
        return error_errno(e, errno, "cannot look at %s", data);
    if (left >= ROOM_LEAST)
        return true;
    return error_errno(e, ENOSPC, "there is no room for the data in %s", data);
}

/* The data folder may be there already, made for another user: everything in it is then theirs. */
static bool prepare(struct supervisor *s, struct error *e)
{
    const char *data;
    umask(0077);
    if (!serve_settings_load(s->config, &s->arena, &s->settings, e) ||
        !serve_settings_check(&s->settings, e))
        return false;
    data = s->settings.data;
    if (!file_make_folder(data, 0700, e))
        return error_hint(e, "set `data` to a folder that you may write");
    if (!check_room(data, e))
        return false;
    if (!bind_network(s, e) || !jail_become_owner(data, e) ||
        !serve_settings_folders(&s->settings, e) || !take_lock(s, e) || !bind_local(s, e))
        return false;
    s->signals = skeleton_signals();
    return s->signals >= 0 || error_errno(e, errno, "cannot take signals");
}

static void start_all(struct supervisor *s)
{
    for (const struct role_row *row = serve_roles; row->name && s->child_count < ROLES_MAX; row++)
        s->children[s->child_count++] = (struct child){ .row = row, .channel = -1 };
    s->first_rules = true;
    s->given = given_with(&s->settings);
    start_or_wait(s, find_child(s, "hub"));
    start_or_wait(s, find_child(s, "reader"));
    if (s->settings.canary_seconds)
        start_or_wait(s, find_child(s, "canary"));
    start_or_wait(s, find_child(s, "compiler")); /* the pipeline starts when it has ended */
    write_status(s);
}

/* What the roles say over their channels: only that rules are to be compiled anew. */
static void hear_children(struct supervisor *s)
{
    for (unsigned i = 0; i < s->child_count; i++) {
        bool closed;
        if (s->children[i].channel < 0)
            continue;
        uint32_t nudges = message_nudges(s->children[i].channel, &closed);
        if (nudges >> (NUDGE_RULES - 'a') & 1)
            compile_rules(s);
    }
}

static void wait_for_something(struct supervisor *s)
{
    struct pollfd polled[ROLES_MAX + 1] = { { .fd = s->signals, .events = POLLIN } };
    for (unsigned i = 0; i < s->child_count; i++)
        polled[i + 1] = (struct pollfd){ .fd = s->children[i].channel, .events = POLLIN };
    poll(polled, s->child_count + 1, s->stopping ? 50 : 200);
    hear_children(s);
    for (int number; (number = skeleton_signal(s->signals));) {
        if (number == SIGHUP && !s->stopping)
            reload(s);
        else if (number == SIGTERM || number == SIGINT)
            stop(s);
    }
}

static void clean_up(struct supervisor *s)
{
    const int descriptors[] = { s->console, s->control, s->reader, s->nudges[0], s->nudges[1],
                                s->signals };
    if (s->control >= 0)
        unlink(s->settings.control);
    if (s->reader >= 0)
        unlink(s->settings.reader);
    for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        if (s->listeners[i] >= 0)
            close(s->listeners[i]);
    for (size_t i = 0; i < s->local_count; i++)
        close(s->locals[i]);
    if (s->lock >= 0)
        close(s->lock);
    arena_free(&s->arena);
}

int supervisor_run(const char *config, struct error *e)
{
    struct supervisor s = { .config = config, .lock = -1, .signals = -1, .console = -1,
                            .control = -1, .reader = -1, .nudges = { -1, -1 } };
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        s.listeners[i] = -1;
    arena_init(&s.arena, ARENA_NO_CEILING);
    log_init("supervisor", LOG_INFO_);
    if (!prepare(&s, e)) {
        clean_up(&s);
        return 3;
    }
    log_info("console at %s, data in %s", s.settings.console, s.settings.data);
    start_all(&s);
    notify("READY=1");
    while (!s.stopping || !stop_next(&s)) {
        wait_for_something(&s);
        reap(&s);
        start_waiting(&s);
    }
    log_info("stopped");
    clean_up(&s);
    return 0;
}
