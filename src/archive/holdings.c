#include "archive/holdings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "archive/day.h"
#include "base/clock.h"

/* What was counted, and of which state of the file. */
struct counted {
    struct day_name name;
    int64_t changed;
    uint64_t size, events, raw_bytes;
};

struct holdings {
    pthread_mutex_t lock;
    struct counted *files;      /* in the order of day_list */
    size_t count;
};

struct holdings *holdings_new(void)
{
    struct holdings *holdings = calloc(1, sizeof *holdings);

    if (holdings)
        pthread_mutex_init(&holdings->lock, NULL);
    return holdings;
}

void holdings_free(struct holdings **holdings)
{
    if (!*holdings)
        return;
    free((*holdings)->files);
    pthread_mutex_destroy(&(*holdings)->lock);
    free(*holdings);
    *holdings = NULL;
}

static void look_at(const char *directory, const char *file, const char *end, struct counted *c)
{
    char path[4096];
    struct stat info;
    int len = snprintf(path, sizeof path, "%s/%s%s", directory, file, end);

    if (len < 0 || len >= (int)sizeof path || stat(path, &info) != 0)
        return;
    int64_t changed = info.st_mtim.tv_sec * CLOCK_SECOND + info.st_mtim.tv_nsec;
    c->size += (uint64_t)info.st_size;
    c->changed = changed > c->changed ? changed : c->changed;
}

/* A file that is being made or deleted just now holds nothing that could be counted. */
static void count(const char *directory, struct counted *c)
{
    struct day_summary summary;
    struct error ignored = ERROR_NONE;
    char file[DAY_FILE];
    sqlite3 *db = NULL;

    day_name_print(&c->name, file);
    if (day_open(directory, &c->name, &db, &ignored) &&
        day_summary_read(db, file, &summary, &ignored)) {
        c->events = summary.events;
        c->raw_bytes = summary.text_bytes;
    }
    day_close(&db);
}

static const struct counted *known(const struct holdings *holdings, const struct day_name *name)
{
    for (size_t i = 0; i < holdings->count; i++)
        if (holdings->files[i].name.day == name->day &&
            strcmp(holdings->files[i].name.class, name->class) == 0)
            return &holdings->files[i];
    return NULL;
}

static void count_new(const struct holdings *holdings, const char *directory, struct counted *c)
{
    const struct counted *before = known(holdings, &c->name);

    if (before && before->changed == c->changed && before->size == c->size) {
        c->events = before->events;
        c->raw_bytes = before->raw_bytes;
    } else {
        count(directory, c);
    }
}

static void add(const struct counted *c, int32_t *last_day, struct holdings_sums *sums)
{
    int64_t begins;

    sums->files++;
    sums->days += c->name.day != *last_day; /* newest first, classes of a day beside each other */
    *last_day = c->name.day;
    sums->events += c->events;
    sums->bytes += c->size;
    sums->raw_bytes += c->raw_bytes;
    if (!clock_from_day(c->name.day, 0, &begins))
        return;
    sums->newest = sums->newest ? sums->newest : begins;
    sums->oldest = begins;
}

bool holdings_look(struct holdings *holdings, const char *directory,
                   struct holdings_sums *sums_out, struct error *e)
{
    static const char *const ends[] = { "", "-wal" };
    ARENA_AUTO arena;
    struct day_name *names;
    size_t total;
    int32_t last_day = 0;

    *sums_out = (struct holdings_sums){ 0 };
    arena_init(&arena, ARENA_NO_CEILING);
    if (!day_list(directory, &arena, &names, &total, e))
        return false;
    struct counted *files = calloc(total + 1, sizeof *files);
    if (!files)
        return error_set(e, "memory is short for the list of day files");
    pthread_mutex_lock(&holdings->lock);
    for (size_t i = 0; i < total; i++) {
        char file[DAY_FILE];
        files[i].name = names[i];
        day_name_print(&names[i], file);
        for (size_t k = 0; k < 2; k++)
            look_at(directory, file, ends[k], &files[i]);
        count_new(holdings, directory, &files[i]);
        add(&files[i], &last_day, sums_out);
    }
    free(holdings->files);
    holdings->files = files;
    holdings->count = total;
    pthread_mutex_unlock(&holdings->lock);
    return true;
}
