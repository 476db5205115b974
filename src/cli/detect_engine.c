#include "cli/detect_engine.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/detect_hold.h"
#include "cli/detect_scan.h"

#define BLOCKS_MOST 64u          /* read, and not yet put in order */
#define THREADS_MOST 64u
#define HITS_MOST 4000000u       /* of correlations, open at once: some 300 MB */
#define MEMBERS_MOST (4u * 1024 * 1024)
#define JOB_MEMORY ((size_t)1024 * 1024 * 1024)  /* of what was found in one block */

/* Where reading stands. A block is read by whoever will scan it, so that its bytes are in that
 * processor's cache; the lock is held meanwhile. */
struct reading {
    pthread_mutex_t lock;
    const char *const *paths;
    size_t path_count, path;       /* path: the file at hand */
    struct input *input;           /* NULL: it is not open (yet) */
    struct block_memory memory;
    uint64_t order;                /* blocks so far */
    bool no_memory;
};

/* Where the answers stand. What comes early waits in a ring; one thread at a time, whoever finds the next
 * block there, hands on what is in order. */
struct ordering {
    pthread_mutex_t lock;
    struct scan_job *waiting[BLOCKS_MOST];
    uint64_t next;
    bool busy;                     /* somebody hands on */
    uint64_t bytes, file_bytes;    /* of the files that ended; of the one at hand */
};

struct engine {
    const struct detect_options *options;
    struct reading reading;
    struct ordering ordering;
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
    struct scan_worker scan;
    pthread_t thread;
};

static struct scan_job *new_job(const struct engine *g, uint64_t order, const char *path)
{
    size_t memory = g->options->job_memory;
    struct scan_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->order = order;
    job->block.path = path;
    arena_init(&job->arena, memory ? memory : JOB_MEMORY);
    return job;
}

static void free_job(struct scan_job *job)
{
    arena_free(&job->arena);
    free(job->block.bytes);
    free(job->block.header_bytes);
    free(job);
}

/* The next block of the file at hand; the last one of a file, perhaps empty, says how it ended. */
static struct scan_job *read_job(struct engine *g, struct reading *r)
{
    struct error e = ERROR_NONE;
    const bool *stop = g->options->stop;
    if (r->path == r->path_count || r->no_memory || (stop && __atomic_load_n(stop, __ATOMIC_RELAXED)))
        return NULL;
    struct scan_job *job = new_job(g, r->order, r->paths[r->path]);
    if (!job) {
        r->no_memory = true;
        return NULL;
    }
    r->order++;
    bool open = r->input || input_open(r->paths[r->path], &r->memory, &r->input, &e);
    job->last = !open || !input_next(r->input, &job->block, &e);
    if (!job->last)
        return job;
    if (e.set)
        job->failed = e;
    if (open)
        input_close(&r->input);
    r->path++;
    return job;
}

/* done: the block before, which was scanned. */
static struct scan_job *next_job(struct engine *g, struct input_block *done)
{
    sem_wait(&g->room);
    pthread_mutex_lock(&g->reading.lock);
    block_memory_put(&g->reading.memory, done->bytes, done->capacity);
    done->bytes = NULL;
    struct scan_job *job = read_job(g, &g->reading);
    pthread_mutex_unlock(&g->reading.lock);
    if (!job)
        sem_post(&g->room);
    return job;
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
static void take_hit(struct engine *g, struct scan_job *job, const struct found_hit *found)
{
    struct held now = { .hit = found->hit, .file = job->block.path, .place = found->place };
    if (job->block.stream)
        put_held(g, &now);
    else if (!detect_hold_add(&g->hold, &found->hit, job->block.path, found->place))
        detect_no_room(job, found->place);
}

static void add_unknowns(struct detect_summary *s, const struct scan_job *job)
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

static void finish_job(struct engine *g, struct scan_job *job)
{
    struct ordering *at = &g->ordering;
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
    if (job->block.consumed > at->file_bytes)
        at->file_bytes = job->block.consumed;
    if (job->last) {
        s->files++;
        at->bytes += at->file_bytes;
        at->file_bytes = 0;
    }
    if (o->progress)
        o->progress(o->owner, at->bytes + at->file_bytes, s->events);
}

static void put_in_order(struct engine *g, struct scan_job *job)
{
    struct ordering *o = &g->ordering;
    pthread_mutex_lock(&o->lock);
    o->waiting[job->order % BLOCKS_MOST] = job;
    while (!o->busy && (job = o->waiting[o->next % BLOCKS_MOST])) {
        o->waiting[o->next++ % BLOCKS_MOST] = NULL;
        o->busy = true;
        pthread_mutex_unlock(&o->lock);
        finish_job(g, job);
        free_job(job);
        sem_post(&g->room);
        pthread_mutex_lock(&o->lock);
        o->busy = false;
    }
    pthread_mutex_unlock(&o->lock);
}

static void *work(void *argument)
{
    struct worker *w = argument;
    struct input_block done = { .bytes = NULL };
    struct scan_job *job;
    while ((job = next_job(w->engine, &done))) {
        detect_scan_block(&w->scan, job);
        done = job->block;
        free(job->block.header_bytes);
        job->block.bytes = job->block.header_bytes = NULL;
        put_in_order(w->engine, job);
    }
    return NULL;
}

static bool start_worker(struct worker *w, struct engine *g)
{
    w->engine = g;
    return detect_scan_open(&w->scan, g->options) && pthread_create(&w->thread, NULL, work, w) == 0;
}

bool detect_run(const char *const *paths, size_t count, const struct detect_options *options,
                struct detect_summary *summary, struct error *e)
{
    int64_t start = clock_steady();
    unsigned threads = options->threads < 1 ? 1
                       : options->threads > THREADS_MOST ? THREADS_MOST : options->threads;
    struct worker *workers = calloc(threads + 1, sizeof *workers);
    struct engine g = { .options = options, .reading = { .paths = paths, .path_count = count },
                        .summary = summary,
                        .correlator = correlator_new(options->ruleset) };
    if (g.correlator)
        correlator_room(g.correlator, HITS_MOST);
    g.hold.put = put_held;
    g.hold.owner = &g;
    arena_init(&g.arena, JOB_MEMORY);
    unsigned started = 0;
    *summary = (struct detect_summary){ 0 };
    sem_init(&g.room, 0, BLOCKS_MOST);
    pthread_mutex_init(&g.reading.lock, NULL);
    pthread_mutex_init(&g.ordering.lock, NULL);
    bool fine = workers && g.correlator;
    pthread_mutex_lock(&g.reading.lock); /* nobody reads before all have started */
    while (fine && started < threads && start_worker(&workers[started], &g))
        started++;
    fine = fine && started == threads;
    if (!fine)
        g.reading.path = count;
    pthread_mutex_unlock(&g.reading.lock);
    for (unsigned i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    detect_hold_finish(&g.hold);
    if (g.correlator)
        summary->correlator = correlator_statistics(g.correlator);
    for (unsigned i = 0; workers && i < threads; i++)
        if (workers[i].engine)
            summary->regex_limit += detect_scan_close(&workers[i].scan);
    correlator_free(&g.correlator);
    free(workers);
    free(g.members);
    arena_free(&g.arena);
    sem_destroy(&g.room);
    input_close(&g.reading.input); /* where it was stopped before its end */
    block_memory_free(&g.reading.memory);
    pthread_mutex_destroy(&g.reading.lock);
    pthread_mutex_destroy(&g.ordering.lock);
    summary->seconds = (double)(clock_steady() - start) / 1e9;
    if (g.reading.no_memory)
        return error_set(e, "memory is short: not everything was read");
    return fine || error_set(e, "not enough memory or threads to begin");
}
