#include "sink.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

static char *text_of(struct slice s)
{
    char *text = malloc(s.len + 1);

    if (s.len)
        memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    return text;
}

static void keep(struct sink *sink, struct batch *batch)
{
    for (uint32_t i = 0; i < batch->event_count; i++) {
        const struct event *event = &batch->events[i];
        if (sink->count == sink->capacity) {
            sink->capacity = sink->capacity ? sink->capacity * 2 : 1024;
            sink->events = realloc(sink->events, sink->capacity * sizeof *sink->events);
        }
        sink->events[sink->count++] = (struct sink_event){
            .raw = text_of(event->raw), .raw_len = event->raw.len, .flags = event->flags,
            .source = text_of(event->source), .decoder = text_of(event->decoder),
            .sender = text_of(event_value(event, SLICE("sender"))),
            .protocol = text_of(batch->count_count ? batch->counts[0].protocol : SLICE("")),
            .class = text_of(slice_of(batch->class)),
        };
        if (sink->told)
            sink->told(sink, &sink->events[sink->count - 1], event);
    }
    for (uint32_t i = 0; i < batch->count_count; i++) {
        sink->received += batch->counts[i].received;
        sink->stored += batch->counts[i].stored;
        sink->repeated += batch->counts[i].repeated;
        sink->quarantined += batch->counts[i].quarantined;
        sink->refused += batch->counts[i].refused;
        sink->undecoded += batch->counts[i].undecoded;
    }
}

/* One alert on every event that holds the word ALERT. */
static void alarm_on(struct batch *batch)
{
    batch->alerts = arena_array(&batch->arena, batch->event_count + 1u, sizeof *batch->alerts);
    for (uint32_t i = 0; i < batch->event_count; i++)
        if (slice_find(batch->events[i].raw, SLICE("ALERT")) < batch->events[i].raw.len)
            batch->alerts[batch->alert_count++] = (struct alert){
                .rule = SLICE("11111111-1111-4111-8111-111111111111"), .title = SLICE("A test"),
                .level = LEVEL_HIGH, .event = i, .time = batch->events[i].time };
}

static void *sink_run(void *user)
{
    struct sink *sink = user;
    uint64_t sequence = 1;

    for (;;) {
        pthread_mutex_lock(&sink->lock);
        bool stuck = sink->stuck;
        pthread_mutex_unlock(&sink->lock);
        if (stuck) {
            usleep(5000);
            continue;
        }
        struct batch *batch = queue_pop(sink->queue, 20000000);
        if (!batch && queue_closed(sink->queue))
            return NULL;
        if (!batch)
            continue;
        if (sink->slow)
            usleep((unsigned)(sink->slow / 1000));
        struct error e = ERROR_NONE;
        pthread_mutex_lock(&sink->lock);
        if (sink->failing) {
            error_set(&e, "the disk is full");
        } else {
            batch->first = (struct event_id){ .day = 20261124, .sequence = sequence };
            memcpy(batch->first.class, batch->class, sizeof batch->class);
            sequence += batch->event_count;
            alarm_on(batch);
            keep(sink, batch);
        }
        pthread_cond_broadcast(&sink->more);
        pthread_mutex_unlock(&sink->lock);
        batch_finish(batch, e.set ? &e : NULL);
    }
}

static int udp_socket(uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, len) != 0)
        abort();
    getsockname(fd, (struct sockaddr *)&address, &len);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct roster *roster(void)
{
    /* sha256("secret") */
    static struct roster_source rows[] = {
        { .key = SLICE("so-tttt.net"), .network = SLICE("127.0.0.0/8") },
        { .key = SLICE("so-tttt.web01"),
          .network = SLICE("127.0.0.0/8"),
          .hostname = SLICE("web01") },
        { .key = SLICE("so-tttt.api"),
          .token_sha256 =
              SLICE("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b") },
        { .key = SLICE("so-tttt.file") },
    };
    struct roster *roster = roster_new();
    struct error e = ERROR_NONE;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rows[i].system = SLICE("so-tttt.cong");
        rows[i].agency = SLICE("so-tttt");
        rows[i].class = SLICE("standard");
    }
    roster->sources = rows;
    roster->source_count = sizeof rows / sizeof *rows;
    if (!roster_ready(roster, &e))
        abort();
    return roster;
}

struct sink *sink_start(const struct sink_options *o)
{
    struct sink *sink = calloc(1, sizeof *sink);
    struct intake_options options = INTAKE_OPTIONS_NONE;
    struct error e = ERROR_NONE;

    if (!decoders_load(DECODERS, &sink->decoders, &e)) {
        fprintf(stderr, "# %s: %s\n", e.place, e.sentence);
        abort();
    }
    pthread_mutex_init(&sink->lock, NULL);
    pthread_cond_init(&sink->more, NULL);
    sink->told = o->told;
    sink->queue = queue_new(o->queue_most ? o->queue_most : 16);
    options.decoders = sink->decoders;
    if (o->udp)
        options.listen_fd[INTAKE_SYSLOG_UDP] = udp_socket(&sink->udp_port);
    if (o->tcp)
        options.listen_fd[INTAKE_SYSLOG_TCP] = client_listener(&sink->tcp_port);
    if (o->relp)
        options.listen_fd[INTAKE_RELP] = client_listener(&sink->relp_port);
    if (o->lumberjack)
        options.listen_fd[INTAKE_LUMBERJACK] = client_listener(&sink->lumberjack_port);
    if (o->http)
        options.listen_fd[INTAKE_HTTP] = client_listener(&sink->http_port);
    if (o->tls) {
        options.listen_fd[INTAKE_SYSLOG_TLS] = client_listener(&sink->tls_port);
        options.tls_certificate = o->certificate;
        options.tls_key = o->key;
    }
    options.files = o->files;
    options.file_count = o->file_count;
    options.state_folder = o->state_folder;
    options.file_patience = o->file_patience;
    pthread_create(&sink->thread, NULL, sink_run, sink);
    if (!intake_start(&options, sink->queue, &sink->intake, &e)) {
        fprintf(stderr, "# %s: %s\n", e.place, e.sentence);
        abort();
    }
    intake_roster(sink->intake, roster());
    return sink;
}

void sink_stop(struct sink **sink_in)
{
    struct sink *sink = *sink_in;

    sink_set(sink, sink->failing, false);
    intake_stop(&sink->intake);
    queue_close(sink->queue);
    pthread_join(sink->thread, NULL);
    queue_free(&sink->queue);
    for (size_t i = 0; i < sink->count; i++) {
        free(sink->events[i].raw);
        free(sink->events[i].source);
        free(sink->events[i].decoder);
        free(sink->events[i].sender);
        free(sink->events[i].protocol);
        free(sink->events[i].class);
    }
    free(sink->events);
    decoders_free(&sink->decoders);
    free(sink);
    *sink_in = NULL;
}

bool sink_wait(struct sink *sink, size_t count)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    pthread_mutex_lock(&sink->lock);
    while (sink->count < count && pthread_cond_timedwait(&sink->more, &sink->lock, &until) == 0)
        ;
    bool there = sink->count >= count;
    pthread_mutex_unlock(&sink->lock);
    return there;
}

const struct sink_event *sink_event(struct sink *sink, size_t i)
{
    return &sink->events[i];
}

void sink_set(struct sink *sink, bool failing, bool stuck)
{
    pthread_mutex_lock(&sink->lock);
    sink->failing = failing;
    sink->stuck = stuck;
    pthread_mutex_unlock(&sink->lock);
}
