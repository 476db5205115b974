/* pipeline - the role that faces the logs: intake, detect and archive as threads joined by queues.
 *
 *   intake's threads ──queue──▶ detect thread ──queue──▶ archive thread ─▶ stored()
 *
 * The main thread waits for signals and nudges: a new roster, new rules, the end. Rooms do not know
 * each other; they meet in the batch.
 */
#include <pthread.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/queue.h"

#include "process/message.h"

#include "event/batch.h"
#include "event/decoder.h"
#include "event/roster.h"

#include "archive/archive.h"
#include "archive/outbox.h"
#include "archive/retention.h"
#include "detect/compiler.h"
#include "detect/detector.h"
#include "intake/intake.h"

#include "serve/keeper.h"
#include "serve/pem.h"
#include "serve/roles.h"

#define QUEUE_BATCHES 64u
#define QUEUE_BYTES (24u * 1024 * 1024)  /* of the batches in one queue, about */
#define STORE_TOGETHER 32u               /* batches in one commit, */
#define STORE_BYTES (16u * 1024 * 1024)  /* or so many bytes of them */
#define SEAL_MS 20u
#define SEAL_EVERY 20u                   /* commits under lasting load */
#define MARKS_KNOWN (31 * CLOCK_DAY)     /* a relay may have been cut off for so long */
#define STATUS_EVERY (2 * CLOCK_SECOND)
#define FILES_MOST 64u
#define SOCKETS_MOST 8u                  /* as the supervisor binds */

/* What detection is to look for: read by the main thread, taken over by the detect thread. */
struct indicators {
    struct indicator_fields *fields;
    struct indicator_table *table;
};

struct pipeline {
    struct heritage *heritage;
    struct decoders *decoders;
    struct detector *detector;           /* the detect thread's */
    _Atomic(struct ruleset *) rules;     /* to be taken by the detect thread; NULL: none waits */
    _Atomic(struct roster *) disabled;   /* a roster whose disabled rules it takes */
    _Atomic(struct indicators *) indicators; /* to be taken; NULL: none waits */
    uint64_t indicator_generation;
    const char *logsources;              /* folder; NULL: none */
    struct archive *archive;             /* the archive thread's */
    struct intake *intake;
    struct queue *received, *judged;
    pthread_t detect_thread, archive_thread;
    int nudges;
    int64_t started, before;             /* wall clock; before: when the former pipeline last lived */
    atomic_bool expire;                  /* orders to delete wait for the archive thread */
    uint64_t reserve;                    /* bytes of the disk that stay free */
    bool shut;                           /* the disk is almost full: nothing is taken in */
    atomic_uint_fast64_t batches, events, alerts, failed, rule_count, indicator_count;
};

/* ---- detect thread ---------------------------------------------------------------------------- */

static void free_indicators(struct indicators **indicators)
{
    if (!*indicators)
        return;
    indicator_table_close(&(*indicators)->table);
    indicator_fields_free(&(*indicators)->fields);
    free(*indicators);
    *indicators = NULL;
}

static void take_indicators(struct pipeline *p)
{
    struct indicators *fresh = atomic_exchange(&p->indicators, NULL);
    if (!fresh)
        return;
    if (detector_indicators(p->detector, fresh->fields, fresh->table))
        free(fresh);
    else
        free_indicators(&fresh);
}

static void take_rules(struct pipeline *p)
{
    struct ruleset *fresh = atomic_exchange(&p->rules, NULL);
    struct roster *roster = atomic_exchange(&p->disabled, NULL);
    if (fresh) {
        if (!detector_swap(p->detector, fresh))
            log_failure("not enough memory for the new rules: the old ones stay");
        else
            log_info("%u rules in force", ruleset_count(fresh));
        ruleset_free(&fresh);
    }
    if (roster)
        detector_exceptions(p->detector, exception_set_new(roster, NULL, p->logsources),
                            roster->limits, roster->limit_count);
    if (roster && !detector_disable(p->detector, roster->disabled_rules, roster->disabled_count))
        log_failure("not enough memory to disable rules");
    roster_free(&roster);
}

static void *detect_main(void *argument)
{
    struct pipeline *p = argument;
    for (struct batch *batch; (batch = queue_pop(p->received, -1));) {
        struct error e = ERROR_NONE;
        take_rules(p);
        take_indicators(p);
        if (!detector_batch(p->detector, batch, &e))
            log_error(&e, "a batch was stored with rules not tried on all its events");
        if (!queue_push(p->judged, batch))
            batch_finish(batch, &e);
    }
    queue_close(p->judged);
    return NULL;
}

/* ---- archive thread ---------------------------------------------------------------------------- */

/* Seals while nobody waits; returns how long to wait for the next batch. */
static int64_t seal(struct pipeline *p)
{
    bool more = false;
    struct error e = ERROR_NONE;
    if (!archive_seal_step(p->archive, clock_now(), SEAL_MS, &more, &e))
        log_error(&e, "sealing");
    return more ? 0 : 3 * CLOCK_SECOND;
}

static void store(struct pipeline *p, struct batch *first)
{
    struct batch *batches[STORE_TOGETHER] = { first };
    size_t count = 1, weight = batch_weight(first);
    while (count < STORE_TOGETHER && weight < STORE_BYTES &&
           (batches[count] = queue_pop(p->judged, 0)))
        weight += batch_weight(batches[count++]);
    for (size_t i = 0; i < count; i++) {
        atomic_fetch_add(&p->events, batches[i]->event_count);
        atomic_fetch_add(&p->alerts, batches[i]->alert_count);
    }
    archive_store_many(p->archive, batches, count);
    atomic_fetch_add(&p->batches, count);
    message_nudge(p->nudges, NUDGE_STORED);
}

/* What the hub found to be over; each deletion is recorded before it happens. */
static void expire(struct pipeline *p)
{
    ARENA_AUTO arena;
    struct retention_due *due;
    size_t count;
    struct error e = ERROR_NONE;
    arena_init(&arena, 64u << 20);
    const char *path = file_join(&arena, heritage_text(p->heritage, "roster_folder"),
                                 KEEPER_ORDERS);
    if (!path || !keeper_read_orders(path, clock_now(), &arena, &due, &count, &e))
        log_error(&e, "nothing is deleted");
    for (size_t i = 0; !e.set && i < count; i++) {
        char file[DAY_FILE];
        struct error wrong = ERROR_NONE;
        day_name_print(&due[i].name, file);
        if (archive_expire(p->archive, &due[i], clock_now(), &wrong))
            log_info("%s is deleted: kept %u days by %.*s", file, due[i].rule->days,
                     SLICE_ARGS(due[i].rule->cite));
        else if (wrong.kind != ERROR_NOT_FOUND)
            log_error(&wrong, file);
    }
}

static void *archive_main(void *argument)
{
    struct pipeline *p = argument;
    unsigned commits = 0;
    int64_t patience = 0;
    for (;;) {
        struct batch *batch = queue_pop(p->judged, patience);
        if (batch) {
            store(p, batch);
            patience = 0;
            if (++commits % SEAL_EVERY == 0)
                seal(p);
        } else if (queue_closed(p->judged) && queue_length(p->judged) == 0) {
            return NULL;
        } else {
            patience = seal(p);
        }
        if (atomic_exchange(&p->expire, false))
            expire(p);
        archive_look(p->archive, clock_now());
        atomic_store(&p->failed, archive_statistics(p->archive).failed);
    }
}

/* ---- rules and roster --------------------------------------------------------------------------- */

static bool on_hit(void *owner, const struct outbox_hit *hit)
{
    detector_restore(owner, &hit->hit, &hit->id);
    return true;
}

static struct ruleset *load_rules(struct pipeline *p)
{
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    if (!ruleset_load(heritage_text(p->heritage, "blob"), &ruleset, &e))
        log_error(&e, "events are kept, but no rule is tried on them");
    atomic_store(&p->rule_count, ruleset ? ruleset_count(ruleset) : 0);
    return ruleset;
}

/* What cannot be read (a full disk at the first start, a damaged cache) must not keep events out. */
static bool load_or_none(struct pipeline *p, struct ruleset **ruleset_out, struct error *e)
{
    static const char *const none[] = { NULL };
    struct compiler_options nothing = { .rules = none };
    *ruleset_out = load_rules(p);
    return *ruleset_out || compiler_run(&nothing, ruleset_out, NULL, e);
}

static bool start_detector(struct pipeline *p, struct error *e)
{
    struct ruleset *ruleset = NULL;
    if (!load_or_none(p, &ruleset, e))
        return false;
    p->detector = detector_new(ruleset);
    ruleset_free(&ruleset);
    if (!p->detector)
        return error_set(e, "not enough memory for the rules");
    int64_t since = clock_now() - detector_horizon(p->detector);
    return outbox_hits(heritage_text(p->heritage, "archive"), since, on_hit, p->detector, e);
}

static void reload_rules(struct pipeline *p)
{
    struct ruleset *fresh = load_rules(p);
    if (!fresh)
        return;
    fresh = atomic_exchange(&p->rules, fresh);
    ruleset_free(&fresh); /* one that the detect thread had not yet taken */
}

/* A table that is not there yet, or that the detect thread has already, changes nothing. */
static void reload_indicators(struct pipeline *p)
{
    ARENA_AUTO arena;
    struct error e = ERROR_NONE;
    const char *path = heritage_text(p->heritage, "indicator_table");
    struct indicators *fresh = calloc(1, sizeof *fresh);
    arena_init(&arena, 0);
    if (!fresh || access(path, F_OK) != 0) {
        free(fresh);
        return;
    }
    if (!indicator_table_open(path, &fresh->table, &e) ||
        !indicator_fields_load(file_join(&arena, heritage_text(p->heritage, "indicators"),
                                         "fields.yaml"), &fresh->fields, &e)) {
        log_error(&e, "the indicators are not taken, those of before hold");
        free_indicators(&fresh);
        return;
    }
    if (indicator_table_generation(fresh->table) == p->indicator_generation) {
        free_indicators(&fresh);
        return;
    }
    p->indicator_generation = indicator_table_generation(fresh->table);
    atomic_store(&p->indicator_count, indicator_table_count(fresh->table));
    log_info("%u indicators in force", indicator_table_count(fresh->table));
    fresh = atomic_exchange(&p->indicators, fresh);
    free_indicators(&fresh);
}

static void reload_roster(struct pipeline *p)
{
    struct roster *roster = NULL, *again = NULL;
    struct error e = ERROR_NONE;
    const char *path = heritage_text(p->heritage, "roster");
    if (!roster_load(path, &roster, &e) || !roster_load(path, &again, &e)) {
        if (access(path, F_OK) == 0)
            log_error(&e, "the roster is not taken, the last one holds");
        roster_free(&roster);
        return;
    }
    log_info("roster %llu: %u sources", (unsigned long long)roster->generation,
             roster->source_count);
    intake_roster(p->intake, roster);
    again = atomic_exchange(&p->disabled, again);
    roster_free(&again);
}

/* ---- intake ------------------------------------------------------------------------------------ */

static bool on_mark(void *owner, const struct batch_mark *mark)
{
    intake_remember(owner, mark);
    return true;
}

static bool start_intake(struct pipeline *p, struct error *e)
{
    struct heritage *h = p->heritage;
    struct intake_file files[FILES_MOST];
    size_t count = 0;
    for (char *line = (char *)heritage_text_if(h, "files"), *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (count == FILES_MOST)
            return error_set(e, "`files` has more than %u lines", FILES_MOST);
        if (!intake_file_parse(line, &files[count++], e))
            return false;
    }
    struct intake_socket sockets[SOCKETS_MOST];
    size_t socket_count = 0;
    for (char *line = (char *)heritage_text_if(h, "sockets"), *next; *line; line = next) {
        char name[32];
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (socket_count == SOCKETS_MOST || !intake_socket_parse(line, &sockets[socket_count], e))
            return false; /* the supervisor has read them, too, and said what is wrong */
        snprintf(name, sizeof name, "local%zu", socket_count);
        sockets[socket_count++].fd = heritage_descriptor(h, name);
    }
    struct pem_tls tls;
    if (!pem_listeners(h, &tls, e))
        return false;
    struct intake_options options = {
        .decoders = p->decoders,
#define TAKE_LISTENER(id, name, kind, standard, words) \
        .listen_fd[INTAKE_##id] = heritage_descriptor(h, name),
        INTAKE_LISTENERS(TAKE_LISTENER)
        .tls_certificate = tls.certificate,
        .tls_key = tls.key,
        .tls_clients = tls.clients,
        .tls_client_required = tls.client_required,
        .http_clear = tls.builtin,
        .files = files,
        .file_count = count,
        .sockets = sockets,
        .socket_count = socket_count,
        .state_folder = heritage_text(h, "run"),
    };
    return intake_start(&options, p->received, &p->intake, e) &&
           outbox_marks(heritage_text(h, "archive"), clock_now() - MARKS_KNOWN, on_mark, p->intake, e);
}

/* ---- status: run/pipeline.json ------------------------------------------------------------------ */

static void write_status(struct pipeline *p)
{
    ARENA_AUTO arena;
    BUFFER_AUTO out;
    struct json_writer w;
    struct error e = ERROR_NONE;
    struct intake_statistics rows[INTAKE_LISTENERS_MOST];
    size_t count = intake_statistics(p->intake, rows);
    struct losses losses = detector_losses(p->detector);
    arena_init(&arena, ARENA_NO_CEILING);
    buffer_init(&out, 0);
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_integer_member(&w, "alive", clock_now());
    json_integer_member(&w, "started", p->started);
    json_integer_member(&w, "before", p->before);
    json_integer_member(&w, "rules", (int64_t)atomic_load(&p->rule_count));
    json_integer_member(&w, "indicators", (int64_t)atomic_load(&p->indicator_count));
    json_integer_member(&w, "batches", (int64_t)atomic_load(&p->batches));
    json_integer_member(&w, "events", (int64_t)atomic_load(&p->events));
    json_integer_member(&w, "alerts", (int64_t)atomic_load(&p->alerts));
    json_integer_member(&w, "failed", (int64_t)atomic_load(&p->failed));
    json_boolean_member(&w, "shut", p->shut);
    json_name(&w, "detection");
    losses_write(&losses, &w);
    json_open_array_member(&w, "listeners");
    for (size_t i = 0; i < count; i++) {
        json_open_object(&w);
        json_text_member(&w, "protocol", slice_of(rows[i].protocol));
        json_integer_member(&w, "received", (int64_t)rows[i].received);
        json_integer_member(&w, "stored", (int64_t)rows[i].stored);
        json_integer_member(&w, "repeated", (int64_t)rows[i].repeated);
        json_integer_member(&w, "quarantined", (int64_t)rows[i].quarantined);
        json_integer_member(&w, "refused", (int64_t)rows[i].refused);
        json_integer_member(&w, "waiting", (int64_t)rows[i].waiting);
        json_integer_member(&w, "dropped", (int64_t)rows[i].dropped);
        json_integer_member(&w, "connections", (int64_t)rows[i].connections);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
    if (!file_replace(file_join(&arena, heritage_text(p->heritage, "run"), "pipeline.json"),
                      buffer_slice(&out), 0600, &e))
        log_error(&e, "status");
}

/* When the pipeline before us last said that it lived; 0: never. */
static int64_t last_alive(const char *run)
{
    ARENA_AUTO arena;
    struct slice text;
    struct json *json;
    arena_init(&arena, 1024 * 1024);
    if (!file_read(file_join(&arena, run, "pipeline.json"), 65536, &arena, &text, NULL) ||
        !json_parse(text, &arena, &json, NULL))
        return 0;
    return json_integer(json_member(json, "alive"), 0);
}

/* ---- a full disk -------------------------------------------------------------------------------- */

/* Below the reserve nothing is taken in, so that what must be written (records, the ends of
 * transactions) still has room; it goes on when half as much again is free. */
static void watch_disk(struct pipeline *p)
{
    uint64_t left, total;
    if (!p->reserve || !file_room(heritage_text(p->heritage, "archive"), &left, &total))
        return;
    uint64_t least = keeper_reserve(p->reserve, total);
    bool shut = left < (p->shut ? least + least / 2 : least);
    if (shut == p->shut)
        return;
    p->shut = shut;
    intake_shut(p->intake, shut);
    if (shut)
        log_failure("the disk is almost full (%llu MiB free): nothing is taken in until there is "
                    "room", (unsigned long long)(left >> 20));
    else
        log_info("there is room on the disk again: events are taken in");
}

/* ---- the role ------------------------------------------------------------------------------------ */

static bool start(struct pipeline *p, struct error *e)
{
    const char *archive = heritage_text(p->heritage, "archive");
    p->received = queue_new(QUEUE_BATCHES);
    p->judged = queue_new(QUEUE_BATCHES);
    const char *logsources = heritage_text(p->heritage, "logsources");
    p->logsources = access(logsources, R_OK) == 0 ? logsources : NULL;
    if (!p->received || !p->judged)
        return error_set(e, "not enough memory to start");
    queue_limit(p->received, QUEUE_BYTES, batch_weight);
    queue_limit(p->judged, QUEUE_BYTES, batch_weight);
    if (!decoders_load(heritage_text(p->heritage, "decoders"), &p->decoders, e) ||
        !archive_open(archive, &p->archive, e) || !start_detector(p, e) || !start_intake(p, e))
        return false;
    reload_roster(p);
    reload_indicators(p);
    if (pthread_create(&p->detect_thread, NULL, detect_main, p) != 0 ||
        pthread_create(&p->archive_thread, NULL, archive_main, p) != 0)
        return error_set(e, "cannot start the threads of the pipeline");
    return true;
}

/* In the order of the flow, so that what was received is stored. */
static void stop(struct pipeline *p)
{
    intake_stop(&p->intake);
    queue_close(p->received);
    pthread_join(p->detect_thread, NULL);
    pthread_join(p->archive_thread, NULL);
    archive_close(&p->archive);
    detector_free(&p->detector);
    queue_free(&p->received);
    queue_free(&p->judged);
    decoders_free(&p->decoders);
    struct ruleset *rules = atomic_exchange(&p->rules, NULL);
    struct roster *roster = atomic_exchange(&p->disabled, NULL);
    struct indicators *indicators = atomic_exchange(&p->indicators, NULL);
    ruleset_free(&rules);
    roster_free(&roster);
    free_indicators(&indicators);
}

static bool wait_once(struct pipeline *p, int signals)
{
    struct pollfd polled[] = { { .fd = signals, .events = POLLIN },
                               { .fd = p->nudges, .events = POLLIN },
                               { .fd = p->heritage->channel, .events = POLLIN } };
    bool closed, supervisor_gone;
    poll(polled, 3, 1000);
    uint32_t letters = message_nudges(p->nudges, &closed) |
                       message_nudges(p->heritage->channel, &supervisor_gone);
    if (letters >> (NUDGE_ROSTER - 'a') & 1)
        reload_roster(p);
    if (letters >> (NUDGE_INDICATORS - 'a') & 1)
        reload_indicators(p);
    if (letters >> (NUDGE_RULES - 'a') & 1)
        reload_rules(p);
    if (letters >> (NUDGE_EXPIRE - 'a') & 1)
        atomic_store(&p->expire, true);
    bool ending = supervisor_gone;
    if (letters >> (NUDGE_TLS - 'a') & 1) {
        log_info("the server's certificate is a new one: starting anew with it");
        ending = true;
    }
    for (int number; (number = skeleton_signal(signals));)
        ending |= number == SIGTERM;
    return !ending;
}

int pipeline_run(struct heritage *heritage)
{
    struct pipeline p = { .heritage = heritage, .nudges = heritage_descriptor(heritage, "nudges"),
                          .started = clock_now(),
                          .reserve = strtoull(heritage_text(heritage, "reserve"), NULL, 10),
                          .before = last_alive(heritage_text(heritage, "run")) };
    struct error e = ERROR_NONE;
    int signals = skeleton_signals();
    int64_t status_due = 0;
    if (signals < 0 || !start(&p, &e)) {
        log_error(&e, "the pipeline cannot start");
        return 3;
    }
    log_info("listening");
    while (wait_once(&p, signals)) {
        intake_tick(p.intake);
        watch_disk(&p);
        if (clock_steady() >= status_due) {
            write_status(&p);
            status_due = clock_steady() + STATUS_EVERY;
        }
    }
    write_status(&p);
    stop(&p);
    return 0;
}
