#include "intake/inside.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/slice.h"
#include "intake/limit.h"
#include "intake/record.h"
#include "intake/repeats.h"

/* --- the table of protocols ------------------------------------------------------------------- */

static const struct protocol protocols[] = {
    /* name         acks   listener           start                stop */
    { "syslog-udp", false, INTAKE_SYSLOG_UDP, udp_start,           udp_stop },
    { "syslog-tcp", false, INTAKE_SYSLOG_TCP, syslog_stream_start, stream_stop },
    { "syslog-tls", false, INTAKE_SYSLOG_TLS, syslog_tls_start,    stream_stop },
    { "relp",       true,  INTAKE_RELP,       relp_start,          stream_stop },
    { "lumberjack", true,  INTAKE_LUMBERJACK, lumberjack_start,    stream_stop },
    { "http",       true,  INTAKE_HTTP,       http_listener_start, http_listener_stop },
    { "https",      true,  INTAKE_HTTPS,      https_listener_start, http_listener_stop },
    { "socket",     false, LISTENS_AT_SOCKETS, local_start,        local_stop },
    { "file",       true,  LISTENS_AT_FILES,  follow_start,        follow_stop },
};

_Static_assert(sizeof protocols / sizeof *protocols <= INTAKE_LISTENERS_MOST,
               "more protocols than listeners");

/* Whether the options ask for it; its descriptor, or -1. 0 is standard input, never a listener. */
static bool wanted(const struct protocol *protocol, const struct intake_options *options, int *fd)
{
    *fd = protocol->listener < 0 ? -1 : options->listen_fd[protocol->listener];
    switch (protocol->listener) {
    case LISTENS_AT_FILES: return options->file_count > 0;
    case LISTENS_AT_SOCKETS: return options->socket_count > 0;
    default: return *fd > 0;
    }
}

/* --- the roster in use ------------------------------------------------------------------------ */

struct roster_hold *roster_take(struct intake *intake)
{
    pthread_mutex_lock(&intake->lock);
    struct roster_hold *hold = intake->roster;
    if (hold)
        atomic_fetch_add(&hold->users, 1);
    pthread_mutex_unlock(&intake->lock);
    return hold;
}

void roster_wait(struct intake *intake)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += INTAKE_ROSTER_SECONDS;
    pthread_mutex_lock(&intake->lock);
    while (!intake->roster && !atomic_load(&intake->stopping) &&
           pthread_cond_clockwait(&intake->first_roster, &intake->lock, CLOCK_MONOTONIC, &until) == 0)
        ;
    bool late = !intake->roster && !atomic_load(&intake->stopping);
    pthread_mutex_unlock(&intake->lock);
    if (late)
        log_warning("there is no roster: every sender is unknown, events go to quarantine");
}

void roster_leave(struct roster_hold **hold)
{
    if (*hold && atomic_fetch_sub(&(*hold)->users, 1) == 1) {
        roster_free(&(*hold)->roster);
        free(*hold);
    }
    *hold = NULL;
}

void intake_roster(struct intake *intake, struct roster *roster)
{
    struct roster_hold *hold = malloc(sizeof *hold), *old;

    if (!hold) { /* the last one stays */
        roster_free(&roster);
        return;
    }
    hold->roster = roster;
    atomic_init(&hold->users, 1);
    pthread_mutex_lock(&intake->lock);
    old = intake->roster;
    intake->roster = hold;
    atomic_fetch_add(&intake->roster_generation, 1);
    pthread_cond_broadcast(&intake->first_roster);
    pthread_mutex_unlock(&intake->lock);
    roster_leave(&old);
}

/* --- start and stop --------------------------------------------------------------------------- */

static void stop_listeners(struct intake *intake)
{
    pthread_mutex_lock(&intake->lock);
    atomic_store(&intake->stopping, true);
    pthread_cond_broadcast(&intake->first_roster);
    pthread_mutex_unlock(&intake->lock);
    for (size_t i = 0; i < intake->listener_count; i++)
        if (intake->listeners[i].own)
            intake->listeners[i].protocol->stop(&intake->listeners[i]);
}

static void intake_free(struct intake *intake)
{
    roster_leave(&intake->roster);
    ledger_free(&intake->ledger);
    repeats_free(&intake->repeats);
    pthread_cond_destroy(&intake->first_roster);
    pthread_mutex_destroy(&intake->lock);
    free(intake);
}

/* Each sender is a descriptor; the usual soft limit of 1,024 is for programs that use select(2). */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= INTAKE_DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < INTAKE_DESCRIPTORS ? limit.rlim_max : INTAKE_DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_warning("at most %llu connections are possible", (unsigned long long)limit.rlim_cur);
}

bool intake_start(const struct intake_options *options, struct queue *out,
                  struct intake **intake_out, struct error *e)
{
    struct intake *intake = calloc(1, sizeof *intake);
    bool ok = intake ? true : error_set(e, "not enough memory for a listener");
    int fd;

    *intake_out = NULL;
    allow_descriptors();
    if (intake) {
        intake->options = *options;
        intake->out = out;
        intake->ledger = ledger_new();
        intake->repeats = repeats_new();
        ok = (intake->ledger && intake->repeats && sodium_init() >= 0) ||
             error_set(e, "not enough memory for a listener");
        pthread_mutex_init(&intake->lock, NULL);
        pthread_cond_init(&intake->first_roster, NULL);
    }
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (!wanted(&protocols[i], options, &fd))
            continue;
        if (!ok) { /* descriptors are ours in any case */
            if (fd >= 0)
                close(fd);
            continue;
        }
        struct listener *listener = &intake->listeners[intake->listener_count++];
        listener->protocol = &protocols[i];
        listener->intake = intake;
        ok = protocols[i].start(listener, fd, e);
        if (!ok)
            error_place(e, "%s", protocols[i].name);
    }
    if (ok) {
        *intake_out = intake;
        return true;
    }
    if (intake) {
        stop_listeners(intake);
        intake_free(intake);
    }
    return false;
}

void intake_remember(struct intake *intake, const struct batch_mark *mark)
{
    repeats_stored(intake->repeats, mark);
}

void intake_stop(struct intake **intake)
{
    if (!*intake)
        return;
    stop_listeners(*intake);
    ledger_hand_on((*intake)->ledger, (*intake)->out, true);
    while (ledger_outside((*intake)->ledger))
        usleep(2000);
    intake_free(*intake);
    *intake = NULL;
}

/* --- figures ---------------------------------------------------------------------------------- */

static void grow(atomic_uint_fast64_t *figure, uint64_t by)
{
    if (by)
        atomic_fetch_add_explicit(figure, by, memory_order_relaxed);
}

void figures_record(struct figures *figures, size_t bytes, int64_t received, bool cut)
{
    grow(&figures->received, 1);
    grow(&figures->waiting, 1);
    grow(&figures->bytes, bytes);
    grow(&figures->cut, cut);
    atomic_store_explicit(&figures->last, received, memory_order_relaxed);
}

static void note(struct listener *listener, const struct roster_source *source,
                 struct slice protocol, uint64_t repeated, uint64_t refused)
{
    struct record record = { .source = source };

    ledger_add(listener->intake->ledger, record_class(&record), source ? source->key : SLICE(""),
               protocol, repeated, refused);
}

void listener_refuse(struct listener *listener, const struct roster_source *source, uint64_t count)
{
    grow(&listener->figures.received, count);
    grow(&listener->figures.refused, count);
    note(listener, source, slice_of(listener->protocol->name), 0, count);
}

void listener_repeat(struct listener *listener, const struct roster_source *source,
                     struct slice protocol, uint64_t count)
{
    grow(&listener->figures.received, count);
    grow(&listener->figures.repeated, count);
    note(listener, source, protocol, count, 0);
}

void listener_settle(struct listener *listener, const struct batch *batch,
                     const struct error *error)
{
    struct figures *figures = &listener->figures;

    for (uint32_t i = 0; i < batch->count_count; i++) {
        const struct batch_count *c = &batch->counts[i];
        atomic_fetch_sub_explicit(&figures->waiting, c->received, memory_order_relaxed);
        if (!error) {
            grow(&figures->stored, c->stored);
            grow(&figures->quarantined, c->quarantined);
        } else {
            grow(&figures->refused, c->received);
            ledger_add(listener->intake->ledger, batch->class, c->source, c->protocol, 0,
                       c->received);
        }
    }
}

void intake_tick(struct intake *intake)
{
    ledger_hand_on(intake->ledger, intake->out, false);
}

void intake_shut(struct intake *intake, bool shut)
{
    atomic_store(&intake->shut, shut);
}

size_t intake_statistics(struct intake *intake, struct intake_statistics *rows)
{
    for (size_t i = 0; i < intake->listener_count; i++) {
        struct figures *f = &intake->listeners[i].figures;
        rows[i] = (struct intake_statistics){
            .protocol = intake->listeners[i].protocol->name,
            .received = atomic_load(&f->received),
            .bytes = atomic_load(&f->bytes),
            .stored = atomic_load(&f->stored),
            .repeated = atomic_load(&f->repeated),
            .waiting = atomic_load(&f->waiting),
            .quarantined = atomic_load(&f->quarantined),
            .refused = atomic_load(&f->refused),
            .cut = atomic_load(&f->cut),
            .dropped = atomic_load(&f->dropped),
            .connections = atomic_load(&f->connections),
            .last = atomic_load(&f->last),
        };
    }
    return intake->listener_count;
}

bool intake_file_parse(char *text, struct intake_file *out, struct error *e)
{
    char *blank = strchr(text, ' ');

    if (!blank || blank == text || blank[1] != '/') {
        error_set(e, "'%s' is no followed file", text);
        return error_hint(e, "write the key of a source, a blank, and the path from the root");
    }
    *blank = '\0';
    *out = (struct intake_file){ .source = text, .path = blank + 1 };
    return true;
}

bool intake_socket_parse(char *text, struct intake_socket *out, struct error *e)
{
    char *kind = strchr(text, ' '), *path = kind ? strchr(kind + 1, ' ') : NULL;
    struct slice word = path ? slice_from(kind + 1, (size_t)(path - kind - 1)) : SLICE("");

    if (!path || kind == text || path[1] != '/' ||
        !(slice_is(word, "stream") || slice_is(word, "datagram"))) {
        error_set(e, "'%s' is no socket", text);
        return error_hint(e, "write the key of a source, `stream` or `datagram`, and the path from "
                             "the root");
    }
    *kind = '\0';
    *out = (struct intake_socket){ .source = text, .path = path + 1, .fd = -1,
                                   .datagram = slice_is(word, "datagram") };
    return true;
}
