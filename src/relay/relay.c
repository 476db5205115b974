#include "relay/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/queue.h"

#include "process/jail.h"
#include "process/notify.h"
#include "process/skeleton.h"

#include "event/batch.h"
#include "event/roster.h"

#include "intake/intake.h"
#include "relay/forward.h"
#include "relay/spool.h"

#define QUEUE_BATCHES 64u
#define STORE_TOGETHER 32u
#define STORE_BYTES (4u * 1024 * 1024)
#define STATUS_EVERY (2 * CLOCK_SECOND)
#define FILES_MOST 64u
#define PATHS_MOST (FILES_MOST + 40u)
#define PEM_MOST (1024u * 1024)

struct relay {
    const struct relay_settings *settings;
    struct arena *arena;
    const char *roster_path;
    struct queue *received;
    struct spool *spool;
    struct intake *intake;
    struct forward *forward;
    pthread_t spool_thread;
    bool spooling;
    bool shut;                   /* the disk is almost full: nothing is taken in */
    int lock, signals;
    int64_t started;
};

/* ---- spool thread ---------------------------------------------------------------------------- */

static void *spool_main(void *owner)
{
    struct relay *r = owner;
    for (struct batch *batch; (batch = queue_pop(r->received, -1));) {
        struct batch *batches[STORE_TOGETHER] = { batch };
        size_t count = 1, bytes = batch->raw_bytes;
        struct error e = ERROR_NONE;
        while (count < STORE_TOGETHER && bytes < STORE_BYTES &&
               (batches[count] = queue_pop(r->received, 0)))
            bytes += batches[count++]->raw_bytes;
        bool stored = spool_store(r->spool, batches, count, &e);
        for (size_t i = 0; i < count; i++)
            batch_finish(batches[i], stored ? NULL : &e);
        if (stored)
            forward_wake(r->forward);
        else
            log_error(&e, "events are not taken");
    }
    return NULL;
}

/* ---- roster ---------------------------------------------------------------------------------- */

static void take_roster(struct relay *r, struct slice text, const char *name)
{
    struct roster *roster;
    struct error e = ERROR_NONE;
    if (!roster_parse(text, name, &roster, &e)) {
        log_error(&e, "the roster is not taken, the last one holds");
        return;
    }
    log_info("roster %llu: %u sources", (unsigned long long)roster->generation,
             roster->source_count);
    intake_roster(r->intake, roster);
}

/* In the link's thread. */
static void on_roster(void *owner, struct slice text)
{
    struct relay *r = owner;
    struct error e = ERROR_NONE;
    take_roster(r, text, "hub");
    if (!file_replace(r->roster_path, text, 0600, &e))
        log_error(&e, "the roster is not kept");
}

/* The last one; without any, every sender is still taken in, and the hub looks who it is. */
static void first_roster(struct relay *r)
{
    ARENA_AUTO arena;
    struct slice text;
    struct roster *empty;
    arena_init(&arena, ARENA_NO_CEILING);
    if (file_read(r->roster_path, ROSTER_BYTES_MOST, &arena, &text, NULL)) {
        take_roster(r, text, r->roster_path);
        return;
    }
    empty = roster_new();
    if (empty && roster_ready(empty, NULL))
        intake_roster(r->intake, empty);
    else
        roster_free(&empty);
}

/* ---- start ----------------------------------------------------------------------------------- */

static bool split_files(struct relay *r, struct intake_file *files, size_t *count_out,
                        struct error *e)
{
    struct slice rest = slice_of(r->settings->files), line;
    *count_out = 0;
    while (r->settings->files[0] && slice_split(&rest, '\n', &line)) {
        char *text = arena_text(r->arena, slice_trim(line));
        if (!text)
            return error_set(e, "not enough memory to start");
        if (!text[0])
            continue;
        if (*count_out == FILES_MOST)
            return error_set(e, "`files` has more than %u lines", FILES_MOST);
        if (!intake_file_parse(text, &files[(*count_out)++], e))
            return false;
    }
    return true;
}

static const char *folder_of(struct relay *r, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return arena_text(r->arena, slice_from(path, slash == path ? 1 : (size_t)(slash - path)));
}

/* Folders, since certificates are renewed and logs rotated: the files in them are others then. */
static bool shut_in(struct relay *r, const struct intake_file *files, size_t count,
                    struct error *e)
{
    static const char *const names[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
                                         "/etc/host.conf", "/etc/gai.conf", "/etc/services",
                                         "/run/systemd/resolve", "/etc/gnutls",
                                         "/run/systemd/notify" };
    const struct relay_settings *s = r->settings;
    const char *read[PATHS_MOST] = { NULL };
    const char *const write[] = { s->data, NULL };
    const char *const pem[] = { s->authority, s->certificate, s->key };
    struct rlimit none = { 0, 0 };
    size_t n = 0;
    for (size_t i = 0; skeleton_always[i] && n + 1 < PATHS_MOST; i++)
        read[n++] = skeleton_always[i];
    for (size_t i = 0; i < sizeof names / sizeof *names && n + 1 < PATHS_MOST; i++)
        read[n++] = names[i];
    for (size_t i = 0; i < sizeof pem / sizeof *pem && n + 1 < PATHS_MOST; i++)
        read[n++] = folder_of(r, pem[i]);
    for (size_t i = 0; i < count && n + 1 < PATHS_MOST; i++)
        read[n++] = folder_of(r, files[i].path);
    struct jail jail = { .write = write, .read = read, .connect = true };
    setrlimit(RLIMIT_CORE, &none);
    return jail_enter(&jail, e);
}

static bool take_lock(struct relay *r, struct error *e)
{
    const char *path = file_join(r->arena, r->settings->data, "lock");
    r->lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (r->lock < 0)
        return error_errno(e, errno, "cannot write in %s", r->settings->data);
    if (flock(r->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    error_set(e, "another relay runs on %s", r->settings->data);
    return error_hint(e, "stop it first, or set another `data`");
}

static bool read_pem(struct relay *r, const char *path, const char **text_out, struct error *e)
{
    struct slice text;
    *text_out = NULL;
    if (!path[0])
        return true;
    if (!file_read(path, PEM_MOST, r->arena, &text, e))
        return false;
    *text_out = text.data;
    return true;
}

static void remember(void *owner, const struct batch_mark *mark)
{
    intake_remember(owner, mark);
}

static bool start(struct relay *r, const int *listen_fd, struct error *e)
{
    const struct relay_settings *s = r->settings;
    struct intake_file files[FILES_MOST];
    struct intake_options options = INTAKE_OPTIONS_NONE;
    umask(0077);
    if (!file_make_folder(s->data, 0700, e) || !jail_become_owner(s->data, e) || !take_lock(r, e) ||
        !read_pem(r, s->tls_certificate, &options.tls_certificate, e) ||
        !read_pem(r, s->tls_key, &options.tls_key, e) ||
        !split_files(r, files, &options.file_count, e))
        return false;
    r->signals = skeleton_signals();
    r->roster_path = file_join(r->arena, s->data, "roster.json");
    r->received = queue_new(QUEUE_BATCHES);
    if (r->signals < 0 || !r->roster_path || !r->received)
        return error_set(e, "not enough memory to start");
    if (!shut_in(r, files, options.file_count, e) ||
        !spool_open(s->data, (uint64_t)s->buffer, &r->spool, e))
        return false;
    for (size_t i = 0; i < INTAKE_LISTENERS_COUNT; i++)
        options.listen_fd[i] = listen_fd[i];
    options.files = files;
    options.state_folder = s->data;
    if (!intake_start(&options, r->received, &r->intake, e))
        return false;
    spool_marks(r->spool, remember, r->intake);
    struct forward_options link = { .hub = s->hub, .authority = s->authority,
                                    .certificate = s->certificate, .key = s->key,
                                    .spool = r->spool, .roster = on_roster, .owner = r };
    first_roster(r);
    if (!forward_start(&link, &r->forward, e))
        return false;
    r->spooling = pthread_create(&r->spool_thread, NULL, spool_main, r) == 0;
    return r->spooling || error_set(e, "cannot start the threads of the relay");
}

/* What was received is on disk before we end; what waits there goes after the next start. */
static void stop(struct relay *r)
{
    if (r->spooling) {
        intake_stop(&r->intake);
        queue_close(r->received);
        pthread_join(r->spool_thread, NULL);
    }
    forward_stop(&r->forward);
    spool_close(&r->spool);
    queue_free(&r->received);
    file_close(&r->lock);
}

/* ---- status.json ----------------------------------------------------------------------------- */

static void write_status(struct relay *r)
{
    ARENA_AUTO arena;
    BUFFER_AUTO out;
    struct json_writer w;
    struct error e = ERROR_NONE;
    struct spool_figures waiting = { 0 };
    struct forward_figures link;
    arena_init(&arena, 1u << 16);
    buffer_init(&out, 0);
    forward_figures(r->forward, &link);
    spool_figures(r->spool, &waiting);
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_text_member(&w, "relay", slice_of(r->settings->name));
    json_time_member(&w, "alive", clock_now());
    json_time_member(&w, "started", r->started);
    json_boolean_member(&w, "hub_answers", link.up);
    json_text_member(&w, "why_not", slice_of(link.why));
    json_time_member(&w, "last_acknowledged", link.last);
    json_integer_member(&w, "sent", (int64_t)link.sent);
    json_integer_member(&w, "set_aside", (int64_t)waiting.set_aside);
    json_integer_member(&w, "waiting", (int64_t)waiting.waiting);
    json_integer_member(&w, "waiting_bytes", (int64_t)waiting.bytes);
    json_time_member(&w, "waiting_since", waiting.oldest);
    json_integer_member(&w, "buffer", r->settings->buffer);
    json_close_object(&w);
    const char *path = file_join(&arena, r->settings->data, "status.json");
    if (!path || !file_replace(path, buffer_slice(&out), 0600, &e))
        log_error(&e, "status");
}

/* ---- a full disk ----------------------------------------------------------------------------- */

static void watch_disk(struct relay *r)
{
    bool shut = spool_is_tight(r->spool);
    if (shut == r->shut)
        return;
    r->shut = shut;
    intake_shut(r->intake, shut);
    if (shut)
        log_failure("the disk is almost full: nothing is taken in until there is room");
    else
        log_info("there is room on the disk again: events are taken in");
}

/* ---- the process ----------------------------------------------------------------------------- */

static bool wait_once(struct relay *r)
{
    struct pollfd polled = { .fd = r->signals, .events = POLLIN };
    bool ending = false;
    poll(&polled, 1, 1000);
    for (int number; (number = skeleton_signal(r->signals));)
        ending |= number == SIGTERM || number == SIGINT;
    intake_tick(r->intake);
    watch_disk(r);
    return !ending;
}

int relay_run(const struct relay_settings *settings, const int listen_fd[INTAKE_LISTENERS_COUNT],
              struct arena *arena, struct error *e)
{
    struct relay r = { .settings = settings, .arena = arena, .lock = -1, .signals = -1,
                       .started = clock_now() };
    int64_t status_due = 0;
    log_init("relay", LOG_INFO_);
    if (!start(&r, listen_fd, e)) {
        stop(&r);
        return 3;
    }
    log_info("collecting for %s, buffer in %s", settings->hub, settings->data);
    notify("READY=1");
    write_status(&r);
    while (wait_once(&r))
        if (clock_steady() >= status_due) {
            write_status(&r);
            status_due = clock_steady() + STATUS_EVERY;
        }
    notify("STOPPING=1");
    write_status(&r);
    stop(&r);
    log_info("stopped");
    return 0;
}
