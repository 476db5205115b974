#include "archive/tail.h"

#include <stdlib.h>

#include "archive/day.h"
#include "base/clock.h"

#define TAIL_FILES 32      /* classes times two days, and some */
#define TAIL_ARENA (UINT64_C(256) << 20)

struct tail {
    const struct query *query;
    struct search_options options;
    struct search_window windows[TAIL_FILES];
    size_t count;
    struct arena arena;    /* of one look */
};

/* ---- where the files end ------------------------------------------------------------------- */

static bool read_end(const char *directory, const struct day_name *name, uint64_t *sequence_out,
                     struct error *e)
{
    sqlite3 *db = NULL;
    char file[DAY_FILE];
    struct error reason = ERROR_NONE;
    bool well = false;
    day_name_print(name, file);
    *sequence_out = 0;
    if (day_open(directory, name, &db, &reason)) {
        DAY_STATEMENT *read = day_prepare(db, "SELECT ifnull(max(sequence_max), 0) FROM block",
                                          file, &reason);
        well = read && (sqlite3_step(read) == SQLITE_ROW || day_failed(db, file, &reason));
        if (well)
            *sequence_out = (uint64_t)sqlite3_column_int64(read, 0);
    }
    day_close(&db);
    if (well || reason.kind == ERROR_NOT_FOUND) /* expired meanwhile */
        return true;
    if (e)
        *e = reason;
    return false;
}

static int32_t day_before(int32_t day)
{
    int64_t time;
    return clock_from_day(day, 0, &time) ? clock_day(time - CLOCK_DAY, 0) : day;
}

static uint64_t known(const struct tail *tail, const struct day_name *name)
{
    for (size_t i = 0; i < tail->count; i++) {
        const struct event_id *after = &tail->windows[i].after;
        if (after->day == name->day && strcmp(after->class, name->class) == 0)
            return tail->windows[i].upto;
    }
    return 0;
}

/* The windows from where they ended to where the files end now; *news_out: one is not empty. */
static bool move_on(struct tail *tail, bool *news_out, struct error *e)
{
    struct search_window windows[TAIL_FILES];
    struct day_name *names;
    size_t listed, count = 0;
    *news_out = false;
    if (!day_list(tail->options.directory, &tail->arena, &names, &listed, e))
        return false;
    int32_t oldest = listed ? day_before(names[0].day) : 0;
    for (size_t i = 0; i < listed && names[i].day >= oldest && count < TAIL_FILES; i++) {
        struct search_window *window = &windows[count];
        *window = (struct search_window){ .after = { .day = names[i].day } };
        memcpy(window->after.class, names[i].class, sizeof window->after.class);
        window->after.sequence = known(tail, &names[i]);
        if (!read_end(tail->options.directory, &names[i], &window->upto, e))
            return false;
        *news_out |= window->upto > window->after.sequence;
        count++;
    }
    memcpy(tail->windows, windows, count * sizeof *windows);
    tail->count = count;
    return true;
}

/* ---- the whole ----------------------------------------------------------------------------- */

bool tail_new(const struct query *query, const struct search_options *options,
              struct tail **tail_out, struct error *e)
{
    bool news;
    *tail_out = NULL;
    if (query_gives_table(query)) {
        error_set(e, "what is still to come cannot be made into a table");
        error_hint(e, "leave out what follows the first '|'");
        return error_kind(e, ERROR_INPUT);
    }
    struct tail *tail = calloc(1, sizeof *tail);
    if (!tail)
        return error_set(e, "memory is short for searching");
    tail->query = query;
    tail->options = *options;
    arena_init(&tail->arena, TAIL_ARENA);
    if (!move_on(tail, &news, e)) {
        tail_free(&tail);
        return false;
    }
    *tail_out = tail;
    return true;
}

void tail_free(struct tail **tail)
{
    if (*tail) {
        arena_free(&(*tail)->arena);
        free(*tail);
    }
    *tail = NULL;
}

bool tail_look(struct tail *tail, const struct search_handlers *handlers,
               struct search_foot *foot_out, struct error *e)
{
    bool news;
    *foot_out = (struct search_foot){ .end = SEARCH_COMPLETE };
    arena_clear(&tail->arena);
    if (!move_on(tail, &news, e) || !news)
        return !e->set;
    tail->options.windows = tail->windows;
    tail->options.window_count = tail->count;
    tail->options.from = tail->options.to = tail->options.before_time = 0;
    tail->options.before = (struct event_id){ 0 };
    return search_run(tail->query, &tail->options, handlers, &tail->arena, foot_out, e);
}
