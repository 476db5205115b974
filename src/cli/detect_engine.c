#include "cli/detect_engine.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/queue.h"
#include "cli/detect_audit.h"
#include "cli/detect_event.h"
#include "cli/detect_evtx.h"
#include "cli/detect_hold.h"
#include "event/json_event.h"

#define BLOCKS_WAITING 8u
#define BLOCKS_MOST 64u          /* read, and not yet put in order */
#define THREADS_MOST 64u
#define HITS_MOST 4000000u       /* of correlations, open at once: some 300 MB */
#define MEMBERS_MOST (4u * 1024 * 1024)
#define JOB_MEMORY ((size_t)1024 * 1024 * 1024)  /* of what was found in one block */

/* What a worker found in one block. */
struct found_alert { uint32_t rule; uint64_t place; struct slice host; struct alert alert; };
struct found_hit { struct hit hit; uint64_t place; };

struct job {
    uint64_t order;
    struct input_block block;
    struct error failed;           /* the input ended with it, behind this block */
    struct arena arena;
    struct found_alert *alerts;
    uint32_t alert_count, alert_capacity;
    struct found_hit *hits;
    uint32_t hit_count, hit_capacity;
    uint64_t events, matched, undecoded, broken, unknown;
    struct { char name[120]; uint64_t count; } unknowns[DETECT_UNKNOWN_NAMES];
    uint32_t unknown_count;
    struct error first_broken;
    struct error spent;            /* from this place on there was no room for what was found */
    bool last;                     /* of its file */
};

struct engine {
    const struct detect_options *options;
    const char *const *paths;
    size_t path_count;
    struct queue *todo, *done;
    struct detect_summary *summary;
    struct correlator *correlator;
    struct detect_hold hold;       /* hits of correlations until all is read */
    struct arena arena;            /* of one alert of a correlation */
    struct detect_place *members;  /* of hits, by their number: for the members of a correlation */
    uint32_t member_count, member_capacity;
    sem_t room;                    /* blocks that may still be read */
};

struct worker {
    struct engine *engine;
    struct scanner *scanner;
    struct json_reader *reader;
    struct detect_evtx *evtx;
    struct indicator_matcher *matcher; /* NULL: no indicators */
    struct arena arena;            /* of one event */
    struct w3c_header header;      /* of the file, at the present line */
    pthread_t thread;
};

static void *grown(struct arena *arena, void *old, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return old;
    uint32_t more = *capacity ? *capacity * 2 : 16;
    void *fresh = arena_array(arena, more, size);
    if (fresh && count)
        memcpy(fresh, old, count * size);
    if (fresh)
        *capacity = more;
    return fresh;
}

static void count_unknown(struct job *job, struct slice name)
{
    uint32_t i = 0;
    if (!name.len)
        return;
    job->unknown++;
    name = slice_cut(name, 0, sizeof job->unknowns[0].name - 1);
    while (i < job->unknown_count && !slice_is(name, job->unknowns[i].name))
        i++;
    if (i == DETECT_UNKNOWN_NAMES)
        return;
    if (i == job->unknown_count) {
        memcpy(job->unknowns[i].name, name.data, name.len);
        job->unknowns[i].name[name.len] = 0;
        job->unknown_count++;
    }
    job->unknowns[i].count++;
}

static void no_room(struct job *job, uint64_t place)
{
    if (job->spent.set)
        return;
    error_place(&job->spent, "%s:%llu", job->block.path, (unsigned long long)place);
    error_set(&job->spent, "too much was found near here: there is no room for more alerts of this "
                           "megabyte");
    error_hint(&job->spent, "leave out rules that match everything: --min-level, --exclude");
}

static void keep_alert(struct worker *w, struct job *job, const struct event *event, uint32_t rule,
                       uint64_t place)
{
    struct found_alert *alerts = grown(&job->arena, job->alerts, job->alert_count,
                                       &job->alert_capacity, sizeof *alerts);
    struct found_alert found = { .rule = rule, .place = place };
    if (alerts)
        job->alerts = alerts;
    if (!alerts || !scanner_alert(w->scanner, event, rule, &job->arena, &found.alert)) {
        no_room(job, place);
        return;
    }
    found.host = arena_copy(&job->arena, detect_event_host(event));
    alerts[job->alert_count++] = found;
}

static void keep_hits(struct worker *w, struct job *job, const struct event *event, uint32_t rule,
                      uint64_t place)
{
    struct hit *hits;
    uint32_t count;
    if (!correlator_hits(w->scanner, event, rule, 0, &job->arena, &hits, &count)) {
        no_room(job, place);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct found_hit *all = grown(&job->arena, job->hits, job->hit_count, &job->hit_capacity,
                                      sizeof *all);
        if (!all) {
            no_room(job, place);
            return;
        }
        job->hits = all;
        all[job->hit_count++] = (struct found_hit){ hits[i], place };
    }
}

static bool outside(const struct detect_options *o, int64_t time)
{
    return (o->from && time < o->from) || (o->to && time >= o->to);
}

static void keep_indicators(struct worker *w, struct job *job, struct event *event, uint64_t place,
                            bool timed)
{
    const struct indicator_found *found;
    uint32_t count = indicator_matcher_scan(w->matcher, event, &found);
    if (count && !timed)
        event->time = detect_event_time(event);
    for (uint32_t i = 0; i < count; i++) {
        struct alert alert;
        bool made = indicator_alert(w->matcher, event, &found[i], &job->arena, &alert);
        if (made && alert.level < w->engine->options->indicator_least)
            continue;
        struct found_alert *alerts = made ? grown(&job->arena, job->alerts, job->alert_count,
                                                  &job->alert_capacity, sizeof *alerts) : NULL;
        if (!alerts) {
            no_room(job, place);
            return;
        }
        job->alerts = alerts;
        alerts[job->alert_count++] = (struct found_alert){
            UINT32_MAX, place, arena_copy(&job->arena, detect_event_host(event)), alert
        };
    }
}

/* A record whose log source nobody knows, or whose values have no names, may hold what a decoder finds: a
 * line that Filebeat carries, the journal's message, Fluent Bit's values. Then it is decoded and looked at
 * again. The event's time is known then. */
static bool open_record(struct worker *w, struct event *event)
{
    const struct decoders *decoders = w->engine->options->decoders;
    if (!decoders || !scanner_unknown(w->scanner).len || !decoder_opens(decoders, event))
        return false;
    struct event opened = { .raw = event->raw, .received = event->received };
    decoder_decode(decoders, &opened, &w->arena, NULL);
    if (opened.flags & EVENT_UNDECODED)
        return false;
    *event = opened;
    return true;
}

/* json: the time is looked for only when somebody asks. */
static void scan_event(struct worker *w, struct job *job, struct event *event, uint64_t place,
                       bool json)
{
    const struct detect_options *o = w->engine->options;
    const uint32_t *rules;
    bool timed = !json;
    job->events++;
    if (json && (o->from || o->to)) {
        event->time = detect_event_time(event);
        timed = true;
    }
    if ((o->from || o->to) && outside(o, event->time))
        return;
    uint32_t count = scanner_scan(w->scanner, event, &rules);
    if (json && open_record(w, event)) {
        timed = true;
        if ((o->from || o->to) && outside(o, event->time))
            return;
        count = scanner_scan(w->scanner, event, &rules);
    }
    count_unknown(job, scanner_unknown(w->scanner));
    job->matched += count > 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!timed) {
            event->time = detect_event_time(event);
            timed = true;
        }
        struct ruleset_rule rule = ruleset_rule(o->ruleset, rules[i]);
        if (!rule.silent && (!o->wanted || o->wanted[rules[i]]))
            keep_alert(w, job, event, rules[i], place);
        keep_hits(w, job, event, rules[i], place);
    }
    if (w->matcher)
        keep_indicators(w, job, event, place, timed);
}

static void scan_json(struct worker *w, struct job *job, struct slice line, uint64_t place)
{
    struct event event = { .raw = line, .received = w->engine->options->now };
    struct error e = ERROR_NONE;
    line = slice_trim(line);
    event.raw = line;
    if (!line.len)
        return;
    if (!json_event_lazy(w->reader, &event, &w->arena, &e)) {
        job->events++;
        job->broken++;
        if (!job->first_broken.set) {
            error_place(&e, "%s:%llu", job->block.path, (unsigned long long)place);
            job->first_broken = e;
        }
        return;
    }
    scan_event(w, job, &event, place, true);
}

static void decode_text(struct worker *w, struct job *job, struct slice line, struct event *event)
{
    const struct decoder_hint hint = { .zone = CLOCK_ZONE, .header = &w->header };
    *event = (struct event){ .raw = line, .received = w->engine->options->now };
    if (line.len && line.data[line.len - 1] == '\r')
        event->raw = slice_cut(line, 0, line.len - 1);
    if (!event->raw.len)
        return;
    if (w->engine->options->decoders)
        decoder_decode(w->engine->options->decoders, event, &w->arena, &hint);
    else
        event->flags |= EVENT_UNDECODED;
    job->undecoded += (event->flags & EVENT_UNDECODED) != 0;
}

static void scan_text(struct worker *w, struct job *job, struct slice line, uint64_t place)
{
    struct event event;
    if (line.len && line.data[0] == '#')
        w3c_header_line(&w->header, line, place == 1);
    decode_text(w, job, line, &event);
    if (event.raw.len)
        scan_event(w, job, &event, place, false);
}

/* The records of one audit event as one; lines[first] is the first of them. */
static void scan_audit(struct worker *w, struct job *job, const struct audit_line *lines,
                       uint32_t first)
{
    struct event records[AUDIT_RECORDS_MOST], joined;
    const struct event *list[AUDIT_RECORDS_MOST];
    uint32_t count = 0;
    for (uint32_t i = first; count < AUDIT_RECORDS_MOST && (i == first || i); i = lines[i].next) {
        decode_text(w, job, lines[i].text, &records[count]);
        list[count] = &records[count];
        count++;
    }
    if (audit_join(list, count, &w->arena, &joined))
        scan_event(w, job, &joined, lines[first].place, false);
}

static void scan_audit_block(struct worker *w, struct job *job)
{
    uint32_t count;
    struct slice block = { job->block.bytes, job->block.len };
    struct audit_line *lines = detect_audit_lines(block, job->block.first, &job->arena, &count);
    for (uint32_t i = 0; lines && i < count; i++) {
        arena_clear(&w->arena);
        if (lines[i].follows)
            continue;
        if (lines[i].next)
            scan_audit(w, job, lines, i);
        else
            scan_text(w, job, lines[i].text, lines[i].place);
    }
}

struct evtx_scan { struct worker *worker; struct job *job; };

static void on_evtx(void *owner, struct event *event, uint64_t record)
{
    struct evtx_scan *scan = owner;
    event->received = scan->worker->engine->options->now;
    if (!event->time) /* a record without: what the event itself says */
        event->time = detect_event_time(event);
    scan_event(scan->worker, scan->job, event, record, false);
}

static void on_evtx_damage(void *owner, const struct error *e)
{
    struct evtx_scan *scan = owner;
    scan->job->broken++;
    if (!scan->job->first_broken.set)
        scan->job->first_broken = *e;
}

static void scan_evtx(struct worker *w, struct job *job)
{
    struct evtx_scan scan = { w, job };
    struct evtx_sink sink = { on_evtx, &scan };
    detect_evtx_read(w->evtx, &job->block, &sink, on_evtx_damage);
}

static void scan_block(struct worker *w, struct job *job)
{
    if (job->block.kind == INPUT_EVTX) {
        scan_evtx(w, job);
        return;
    }
    struct slice rest = { job->block.bytes, job->block.len }, line;
    uint64_t place = job->block.first;
    w->header = job->block.header;
    if (job->block.kind == INPUT_TEXT && detect_audit_any(rest)) {
        scan_audit_block(w, job);
        return;
    }
    while (slice_split(&rest, '\n', &line)) {
        arena_clear(&w->arena);
        if (job->block.kind == INPUT_JSON)
            scan_json(w, job, line, place);
        else
            scan_text(w, job, line, place);
        place++;
    }
}

static void *work(void *argument)
{
    struct worker *w = argument;
    struct job *job;
    while ((job = queue_pop(w->engine->todo, -1))) {
        scan_block(w, job);
        free(job->block.bytes);
        free(job->block.header_bytes);
        job->block.bytes = job->block.header_bytes = NULL;
        if (!queue_push(w->engine->done, job))
            break;
    }
    return NULL;
}

static struct job *new_job(const struct engine *g, uint64_t order, const char *path)
{
    size_t memory = g->options->job_memory;
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->order = order;
    job->block.path = path;
    arena_init(&job->arena, memory ? memory : JOB_MEMORY);
    return job;
}

static void free_job(struct job *job)
{
    arena_free(&job->arena);
    free(job->block.bytes);
    free(job->block.header_bytes);
    free(job);
}

/* One file into jobs; the last of them, perhaps empty, says how it ended. */
static bool read_file(struct engine *g, const char *path, uint64_t *order)
{
    struct input *input = NULL;
    struct error e = ERROR_NONE;
    bool open = input_open(path, &input, &e), more = open;
    do {
        sem_wait(&g->room);
        struct job *job = new_job(g, *order, path);
        if (!job)
            break;
        more = more && input_next(input, &job->block, &e);
        job->last = !more;
        if (!more && e.set)
            job->failed = e;
        ++*order;
        if (!queue_push(g->todo, job)) {
            free_job(job);
            more = false;
        }
    } while (more);
    if (open)
        input_close(&input);
    return true;
}

static void *read_all(void *argument)
{
    struct engine *g = argument;
    uint64_t order = 0;
    for (size_t i = 0; i < g->path_count; i++)
        read_file(g, g->paths[i], &order);
    queue_close(g->todo);
    return NULL;
}

struct correlated { struct engine *engine; const char *path; uint64_t place; };

/* A hit's number stands where the pipeline has the event's index in its batch. */
static uint32_t number_hit(struct engine *g, const char *path, uint64_t place)
{
    if (g->member_count == g->member_capacity) {
        uint32_t more = g->member_capacity ? g->member_capacity * 2 : 1024;
        struct detect_place *grown = more <= MEMBERS_MOST
                                         ? realloc(g->members, more * sizeof *grown) : NULL;
        if (!grown)
            return UINT32_MAX;
        g->members = grown;
        g->member_capacity = more;
    }
    g->members[g->member_count] = (struct detect_place){ path, place };
    return g->member_count++;
}

static void correlated_alert(void *owner, uint32_t rule, const struct alert *alert)
{
    struct correlated *c = owner;
    struct engine *g = c->engine;
    const struct detect_options *o = g->options;
    struct detect_place earlier[DETECT_EARLIER_MOST];
    struct detect_found found = { .rule = rule, .alert = alert, .file = c->path, .place = c->place,
                                  .earlier = earlier };
    if (o->wanted && !o->wanted[rule])
        return;
    for (uint32_t i = 0; i < alert->earlier_count && i < DETECT_EARLIER_MOST; i++)
        if (alert->earlier[i].day == 0 && alert->earlier[i].sequence < g->member_count)
            earlier[found.earlier_count++] = g->members[alert->earlier[i].sequence];
    g->summary->alerts++;
    o->alert(o->owner, &found);
}

/* What is held comes out here, in the order of time. */
static void put_held(void *owner, const struct held *held)
{
    struct correlated c = { owner, held->file, held->place };
    struct hit hit = held->hit;
    hit.event = number_hit(c.engine, held->file, held->place);
    arena_clear(&c.engine->arena);
    correlator_put(c.engine->correlator, &hit, &c.engine->arena, correlated_alert, &c);
}

/* A stream's hits are counted as they come: it may never end. */
static void take_hit(struct engine *g, struct job *job, const struct found_hit *found)
{
    struct held now = { .hit = found->hit, .file = job->block.path, .place = found->place };
    if (strcmp(job->block.path, "-") == 0)
        put_held(g, &now);
    else if (!detect_hold_add(&g->hold, &found->hit, job->block.path, found->place))
        no_room(job, found->place);
}

static void add_unknowns(struct detect_summary *s, const struct job *job)
{
    s->unknown += job->unknown;
    for (uint32_t i = 0; i < job->unknown_count; i++) {
        uint32_t k = 0;
        while (k < s->unknown_count && strcmp(s->unknowns[k].name, job->unknowns[i].name) != 0)
            k++;
        if (k == DETECT_UNKNOWN_NAMES)
            continue;
        if (k == s->unknown_count) {
            memcpy(s->unknowns[k].name, job->unknowns[i].name, sizeof s->unknowns[k].name);
            s->unknown_count++;
        }
        s->unknowns[k].count += job->unknowns[i].count;
    }
}

static void finish_job(struct engine *g, struct job *job, uint64_t *bytes, uint64_t *file_bytes)
{
    const struct detect_options *o = g->options;
    struct detect_summary *s = g->summary;
    uint32_t hit = 0;
    for (uint32_t i = 0; i < job->alert_count || hit < job->hit_count;) {
        bool first = i < job->alert_count &&
                     (hit >= job->hit_count || job->alerts[i].place <= job->hits[hit].place);
        if (first) {
            const struct found_alert *a = &job->alerts[i];
            struct detect_found found = { .rule = a->rule, .alert = &a->alert, .host = a->host,
                                          .file = job->block.path, .place = a->place };
            s->alerts++;
            o->alert(o->owner, &found);
            i++;
        } else {
            take_hit(g, job, &job->hits[hit++]);
        }
    }
    s->events += job->events;
    s->matched += job->matched;
    s->undecoded += job->undecoded;
    s->damaged += job->broken + job->failed.set + job->spent.set;
    add_unknowns(s, job);
    if (job->first_broken.set)
        o->damage(o->owner, &job->first_broken);
    if (job->spent.set)
        o->damage(o->owner, &job->spent);
    if (job->failed.set)
        o->damage(o->owner, &job->failed);
    if (job->block.consumed > *file_bytes)
        *file_bytes = job->block.consumed;
    if (job->last) {
        s->files++;
        *bytes += *file_bytes;
        *file_bytes = 0;
    }
    if (o->progress)
        o->progress(o->owner, *bytes + *file_bytes, s->events);
}

/* Answers in order: what comes early waits in a list. */
static void collect(struct engine *g)
{
    struct job *waiting[BLOCKS_MOST] = { NULL };
    uint64_t next = 0, bytes = 0, file_bytes = 0;
    struct job *job;
    while ((job = queue_pop(g->done, -1))) {
        waiting[job->order % BLOCKS_MOST] = job;
        while ((job = waiting[next % BLOCKS_MOST]) && job->order == next) {
            waiting[next % BLOCKS_MOST] = NULL;
            finish_job(g, job, &bytes, &file_bytes);
            free_job(job);
            sem_post(&g->room);
            next++;
        }
    }
}

static void *close_when_done(void *argument)
{
    struct worker *workers = argument;
    for (struct worker *w = workers; w->engine; w++)
        pthread_join(w->thread, NULL);
    queue_close(workers->engine->done);
    return NULL;
}

static bool start_worker(struct worker *w, struct engine *g)
{
    w->engine = g;
    w->scanner = scanner_new(g->options->ruleset);
    w->reader = json_reader_new();
    w->evtx = detect_evtx_new();
    arena_init(&w->arena, 256u * 1024 * 1024);
    if (g->options->indicators)
        w->matcher = indicator_matcher_new(g->options->indicator_fields, g->options->indicators);
    if (!w->scanner || !w->reader || !w->evtx || (g->options->indicators && !w->matcher))
        return false;
    scanner_logsource(w->scanner, g->options->logsource);
    return pthread_create(&w->thread, NULL, work, w) == 0;
}

static void stop_worker(struct worker *w, struct detect_summary *s)
{
    if (w->scanner)
        s->regex_limit += scanner_statistics(w->scanner).regex_limit;
    scanner_free(&w->scanner);
    json_reader_free(&w->reader);
    detect_evtx_free(&w->evtx);
    indicator_matcher_free(&w->matcher);
    arena_free(&w->arena);
}

bool detect_run(const char *const *paths, size_t count, const struct detect_options *options,
                struct detect_summary *summary, struct error *e)
{
    int64_t start = clock_steady();
    unsigned threads = options->threads < 1 ? 1
                       : options->threads > THREADS_MOST ? THREADS_MOST : options->threads;
    struct worker *workers = calloc(threads + 1, sizeof *workers);
    struct engine g = { .options = options, .paths = paths, .path_count = count,
                        .todo = queue_new(BLOCKS_WAITING), .done = queue_new(BLOCKS_WAITING),
                        .summary = summary,
                        .correlator = correlator_new(options->ruleset) };
    if (g.correlator)
        correlator_room(g.correlator, HITS_MOST);
    g.hold.put = put_held;
    g.hold.owner = &g;
    arena_init(&g.arena, JOB_MEMORY);
    pthread_t reader, closer;
    unsigned started = 0;
    bool reading = false, closing = false;
    *summary = (struct detect_summary){ 0 };
    sem_init(&g.room, 0, BLOCKS_MOST);
    bool fine = workers && g.todo && g.done && g.correlator;
    while (fine && started < threads && start_worker(&workers[started], &g))
        started++;
    fine = fine && started == threads;
    if (fine)
        reading = pthread_create(&reader, NULL, read_all, &g) == 0;
    else if (g.todo)
        queue_close(g.todo);
    if (reading)
        closing = pthread_create(&closer, NULL, close_when_done, workers) == 0;
    if (closing)
        collect(&g);
    detect_hold_finish(&g.hold);
    if (reading)
        pthread_join(reader, NULL);
    if (closing)
        pthread_join(closer, NULL);
    else
        for (unsigned i = 0; i < started; i++)
            pthread_join(workers[i].thread, NULL);
    if (g.correlator)
        summary->correlator = correlator_statistics(g.correlator);
    for (unsigned i = 0; workers && i < threads; i++)
        if (workers[i].engine)
            stop_worker(&workers[i], summary);
    correlator_free(&g.correlator);
    queue_free(&g.todo);
    queue_free(&g.done);
    free(workers);
    free(g.members);
    arena_free(&g.arena);
    sem_destroy(&g.room);
    summary->seconds = (double)(clock_steady() - start) / 1e9;
    return closing || error_set(e, "not enough memory or threads to begin");
}
