#include "archive/hunt.h"

#include <stdlib.h>

#include "archive/fetch.h"
#include "archive/indicator_run.h"
#include "base/clock.h"
#include "base/map.h"

struct wanted {
    size_t index;
    enum indicator_kind kind;
    uint64_t count;           /* in the day being looked at */
    uint64_t key;
    struct slice text;
};

struct hunt {
    const char *directory;
    struct arena arena;
    struct map wanted;        /* bytes of the key → struct wanted */
    struct wanted **list;     /* as given */
    size_t list_count;
    bool (*each)(void *, const struct hunt_hit *);
    void *owner;
    struct hunt_foot *foot;
    bool ended;
};

static struct wanted *find(struct hunt *h, uint64_t key)
{
    return map_get(&h->wanted, slice_from(&key, sizeof key));
}

static bool add(struct hunt *h, struct slice given, size_t index)
{
    enum indicator_kind kind;
    char text[INDICATOR_TEXT];
    size_t len;
    if (!indicator_of(given, true, &kind, text, &len)) {
        h->foot->refused++;
        return true;
    }
    uint64_t key = indicator_key(kind, slice_from(text, len));
    if (find(h, key))
        return true;
    struct wanted *wanted = arena_zero(&h->arena, sizeof *wanted);
    struct slice copy = arena_copy(&h->arena, slice_from(text, len));
    if (!wanted || !copy.data)
        return false;
    *wanted = (struct wanted){ .index = index, .kind = kind, .text = copy, .key = key };
    if (!map_put(&h->wanted, slice_from(&wanted->key, sizeof wanted->key), wanted))
        return false;
    h->list[h->list_count++] = wanted;
    return true;
}

static void count_key(struct hunt *h, uint64_t key, uint64_t times)
{
    struct wanted *wanted = find(h, key);
    if (wanted)
        wanted->count += times;
}

static void count_one(void *owner, enum indicator_kind kind, struct slice value)
{
    count_key(owner, indicator_key(kind, value), 1);
}

/* What is not yet sealed is not yet in the table. */
static bool count_tails(struct hunt *h, sqlite3 *db, const char *file, struct error *e)
{
    DAY_STATEMENT *tails = day_prepare(db, "SELECT id FROM block WHERE kind = 0", file, e);
    struct fetched f;
    int code = SQLITE_DONE;
    if (!tails)
        return false;
    fetch_init(&f);
    while ((code = sqlite3_step(tails)) == SQLITE_ROW) {
        int64_t block = sqlite3_column_int64(tails, 0);
        struct error ignored = ERROR_NONE;
        if (!fetch_rows(&f, db, file, block, &ignored) ||
            !fetch_part(&f, db, file, block, PART_TEXT, &ignored) ||
            !fetch_part(&f, db, file, block, PART_FIELDS, &ignored))
            continue;
        for (uint32_t row = 0; row < f.rows.count; row++)
            indicator_each(&f.rows, f.parts[PART_TEXT], f.parts[PART_FIELDS], row, count_one, h);
    }
    fetch_free(&f);
    return code == SQLITE_DONE || day_failed(db, file, e);
}

static void count_run(struct hunt *h, struct indicator_run *run)
{
    for (; indicator_run_next(run); h->foot->rows++)
        count_key(h, run->now.key, run->now.count);
}

/* One run that cannot be read does not keep the others from being looked through: each has a read of its
 * own. */
static bool count_runs(struct hunt *h, sqlite3 *db, const char *file, struct error *e)
{
    DAY_STATEMENT *list = day_prepare(db, "SELECT id FROM indicators", file, e);
    DAY_STATEMENT *read = day_prepare(db, "SELECT data FROM indicators WHERE id = ?", file, e);
    int code = SQLITE_DONE;
    bool sound = list && read;
    while (list && read && (code = sqlite3_step(list)) == SQLITE_ROW) {
        struct indicator_run run = { .damaged = true };
        sqlite3_bind_int64(read, 1, sqlite3_column_int64(list, 0));
        if (sqlite3_step(read) != SQLITE_ROW)
            day_failed(db, file, e);
        else if (indicator_run_open(day_column(read, 0), &run, e))
            count_run(h, &run);
        sound &= !run.damaged;
        sqlite3_reset(read);
    }
    return sound && (code == SQLITE_DONE || day_failed(db, file, e));
}

/* Format 5. */
static bool count_rows(struct hunt *h, sqlite3 *db, const char *file, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(db, "SELECT hash, count FROM indicator", file, e);
    int code = SQLITE_DONE;
    for (; read && (code = sqlite3_step(read)) == SQLITE_ROW; h->foot->rows++)
        count_key(h, (uint64_t)sqlite3_column_int64(read, 0), (uint64_t)sqlite3_column_int64(read, 1));
    return read && (code == SQLITE_DONE || day_failed(db, file, e));
}

static bool count_sealed(struct hunt *h, sqlite3 *db, const char *file, struct error *e)
{
    bool runs, rows;
    if (!day_has_table(db, "indicators", file, &runs, e) || !day_has_table(db, "indicator", file, &rows, e))
        return false;
    bool well = !runs || count_runs(h, db, file, e);
    return (!rows || count_rows(h, db, file, e)) && well;
}

static bool look_in_day(struct hunt *h, const struct day_name *name, struct error *e)
{
    sqlite3 *db = NULL;
    char file[DAY_FILE];
    day_name_print(name, file);
    bool well = day_open(h->directory, name, &db, e) && day_run(db, "BEGIN", file, e) &&
                count_tails(h, db, file, e);
    well = db && count_sealed(h, db, file, e) && well;
    day_close(&db);
    for (size_t i = 0; i < h->list_count; i++) {
        struct wanted *wanted = h->list[i];
        struct hunt_hit hit = { .day = *name, .kind = wanted->kind, .value = wanted->text,
                                .index = wanted->index, .count = wanted->count };
        wanted->count = 0;
        if (hit.count && !h->ended)
            h->ended = !h->each(h->owner, &hit);
    }
    return well;
}

bool hunt_run(const char *directory, const struct slice *indicators, size_t count,
              int32_t first_day, int32_t last_day,
              bool (*each)(void *owner, const struct hunt_hit *hit), void *owner,
              struct hunt_foot *foot_out, struct error *e)
{
    struct hunt h = { .directory = directory, .each = each, .owner = owner, .foot = foot_out };
    struct day_name *names;
    size_t name_count;
    int64_t started = clock_steady();
    *foot_out = (struct hunt_foot){ .given = count };
    arena_init(&h.arena, ARENA_NO_CEILING);
    h.list = calloc(count + 1, sizeof *h.list);
    bool well = h.list != NULL;
    for (size_t i = 0; well && i < count; i++)
        well = add(&h, indicators[i], i);
    if (!well)
        error_set(e, "memory is short for the hunt");
    well = well && day_list(directory, &h.arena, &names, &name_count, e);
    for (size_t i = 0; well && !h.ended && i < name_count; i++) {
        struct error reason = ERROR_NONE;
        if ((first_day && names[i].day < first_day) || (last_day && names[i].day > last_day))
            continue;
        foot_out->days++;
        if (!look_in_day(&h, &names[i], &reason))
            foot_out->damaged += reason.kind != ERROR_NOT_FOUND;
    }
    foot_out->elapsed_ns = clock_steady() - started;
    map_free(&h.wanted);
    arena_free(&h.arena);
    free(h.list);
    return well;
}
