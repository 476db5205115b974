#include "serve/signer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "archive/heads.h"
#include "base/clock.h"
#include "base/log.h"

#define FIRST_SECONDS 5          /* after the start, */
#define LOOK_SECONDS 600         /* then so often */
#define NICE 10

struct signer {
    struct heads_place place;
    struct heads_key key;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    atomic_bool stop;
    bool foreign_said;           /* that another key signs here */
    struct day_name *refused;    /* days found not whole: said once, not verified again */
    size_t refused_count;
};

/* ---- one look -------------------------------------------------------------------------------- */

static bool is_refused(const struct signer *s, const struct day_name *name)
{
    for (size_t i = 0; i < s->refused_count; i++)
        if (s->refused[i].day == name->day && strcmp(s->refused[i].class, name->class) == 0)
            return true;
    return false;
}

static void refuse(struct signer *s, const struct day_name *name)
{
    struct day_name *more = realloc(s->refused, (s->refused_count + 1) * sizeof *more);
    if (!more)
        return;
    s->refused = more;
    s->refused[s->refused_count++] = *name;
}

static void sign_day(struct signer *s, const struct day_name *name)
{
    ARENA_AUTO arena;
    struct verify_result day;
    struct error e = ERROR_NONE;
    arena_init(&arena, ARENA_NO_CEILING);
    bool well = verify_day_until(s->place.directory, name, &s->stop, &arena, &day, &e);
    if (well && !verify_is_well(&day)) {
        error_place(&e, "%.*s", SLICE_ARGS(day.first));
        well = error_set(&e, "a day that is not whole is not signed");
    }
    well = well && heads_sign(&s->place, &day, &s->key, clock_now(), &e);
    if (well || atomic_load(&s->stop) || e.kind == ERROR_NOT_FOUND) /* expired meanwhile */
        return;
    log_error(&e, "the head of a day is not signed");
    refuse(s, name);
}

static void look(struct signer *s)
{
    ARENA_AUTO arena;
    struct day_name *names;
    size_t count;
    struct error e = ERROR_NONE;
    arena_init(&arena, ARENA_NO_CEILING);
    if (!heads_due(&s->place, s->key.public, clock_now(), &arena, &names, &count, &e)) {
        if (e.kind != ERROR_CONFLICT || !s->foreign_said)
            log_error(&e, "no heads are signed");
        s->foreign_said |= e.kind == ERROR_CONFLICT;
        return;
    }
    for (size_t i = 0; i < count && !atomic_load(&s->stop); i++)
        if (!is_refused(s, &names[i]))
            sign_day(s, &names[i]);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void wait_for(struct signer *s, unsigned seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->stop) &&
           pthread_cond_timedwait(&s->stopped, &s->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&s->lock);
}

static void *run(void *argument)
{
    struct signer *s = argument;
    setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone */
    wait_for(s, FIRST_SECONDS);
    while (!atomic_load(&s->stop)) {
        look(s);
        wait_for(s, LOOK_SECONDS);
    }
    return NULL;
}

static void signer_free(struct signer *s)
{
    heads_key_forget(&s->key);
    pthread_cond_destroy(&s->stopped);
    pthread_mutex_destroy(&s->lock);
    free(s->refused);
    free(s);
}

bool signer_start(const char *archive, const char *heads, const char *key,
                  struct signer **signer_out, struct error *e)
{
    pthread_condattr_t attribute;
    struct signer *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(e, "not enough memory to start");
    s->place = (struct heads_place){ archive, heads };
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attribute);
    pthread_condattr_setclock(&attribute, CLOCK_MONOTONIC);
    pthread_cond_init(&s->stopped, &attribute);
    pthread_condattr_destroy(&attribute);
    bool well = heads_key_load(key, &s->key, e);
    if (well) {
        int failed = pthread_create(&s->thread, NULL, run, s);
        well = failed == 0 || error_errno(e, failed, "the signer of the heads cannot start");
    }
    if (!well) {
        signer_free(s);
        return false;
    }
    *signer_out = s;
    return true;
}

void signer_stop(struct signer **signer)
{
    struct signer *s = *signer;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    atomic_store(&s->stop, true);
    pthread_cond_signal(&s->stopped);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    signer_free(s);
    *signer = NULL;
}
