#include "archive/hunt.h"

#include <stdlib.h>

#include "archive/fetch.h"
#include "base/clock.h"
#include "base/map.h"

struct wanted {
    size_t index;
    enum indicator_kind kind;
    uint64_t count;           /* in the day being looked at, from its tails */
    int64_t hash;
    struct slice text;
};

struct hunt {
    const char *directory;
    struct arena arena;
    struct map wanted;        /* bytes of the hash → struct wanted */
    struct wanted **list;
    size_t list_count;
    bool (*each)(void *, const struct hunt_hit *);
    void *owner;
    struct hunt_foot *foot;
    bool ended;
};

static struct wanted *find(struct hunt *h, int64_t hash)
{
    return map_get(&h->wanted, slice_from(&hash, sizeof hash));
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
    int64_t hash = indicator_key(kind, slice_from(text, len));
    if (find(h, hash))
        return true;
    struct wanted *wanted = arena_zero(&h->arena, sizeof *wanted);
    struct slice copy = arena_copy(&h->arena, slice_from(text, len));
    if (!wanted || !copy.data)
        return false;
    *wanted = (struct wanted){ .index = index, .kind = kind, .text = copy, .hash = hash };
    if (!map_put(&h->wanted, slice_from(&wanted->hash, sizeof wanted->hash), wanted))
        return false;
    h->list[h->list_count++] = wanted;
    return true;
}

static void give(struct hunt *h, const struct day_name *name, struct wanted *wanted,
                 uint64_t count)
{
    struct hunt_hit hit = { .day = *name, .kind = wanted->kind, .value = wanted->text,
                            .index = wanted->index, .count = count + wanted->count };
    wanted->count = 0;
    h->ended |= !h->each(h->owner, &hit);
}

static void count_one(void *owner, enum indicator_kind kind, struct slice value)
{
    struct wanted *wanted = find(owner, indicator_key(kind, value));
    if (wanted)
        wanted->count++;
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

static bool walk_table(struct hunt *h, sqlite3 *db, const struct day_name *name, const char *file,
                       struct error *e)
{
    DAY_STATEMENT *read = day_prepare(db, "SELECT hash, count FROM indicator", file, e);
    int code = SQLITE_DONE;
    while (read && !h->ended && (code = sqlite3_step(read)) == SQLITE_ROW) {
        struct wanted *wanted = find(h, sqlite3_column_int64(read, 0));
        h->foot->rows++;
        if (wanted)
            give(h, name, wanted, (uint64_t)sqlite3_column_int64(read, 1));
    }
    return read && (h->ended || code == SQLITE_DONE || day_failed(db, file, e));
}

static bool probe_table(struct hunt *h, sqlite3 *db, const struct day_name *name, const char *file,
                        struct error *e)
{
    DAY_STATEMENT *read = day_prepare(
        db, "SELECT count FROM indicator WHERE hash = ?", file, e);
    for (size_t i = 0; read && !h->ended && i < h->list_count; i++) {
        sqlite3_bind_int64(read, 1, h->list[i]->hash);
        int code = sqlite3_step(read);
        if (code == SQLITE_ROW)
            give(h, name, h->list[i], (uint64_t)sqlite3_column_int64(read, 0));
        else if (code != SQLITE_DONE)
            return day_failed(db, file, e);
        sqlite3_reset(read);
        h->foot->rows++;
    }
    return read != NULL;
}

static bool table_rows(sqlite3 *db, const char *file, int64_t *rows_out, struct error *e)
{
    *rows_out = 0;
    DAY_STATEMENT *count = day_prepare(db, "SELECT count(*) FROM indicator", file, e);
    if (!count || sqlite3_step(count) != SQLITE_ROW)
        return day_failed(db, file, e);
    *rows_out = sqlite3_column_int64(count, 0);
    return true;
}

static bool look_in_day(struct hunt *h, const struct day_name *name, struct error *e)
{
    sqlite3 *db = NULL;
    char file[DAY_FILE];
    int64_t rows;
    day_name_print(name, file);
    bool well = day_open(h->directory, name, &db, e) && day_run(db, "BEGIN", file, e) &&
                count_tails(h, db, file, e) && table_rows(db, file, &rows, e);
    /* the shorter list leads: a row read costs about a tenth of a look-up */
    if (well && rows)
        well = (uint64_t)rows / 10 < h->list_count ? walk_table(h, db, name, file, e)
                                                   : probe_table(h, db, name, file, e);
    for (size_t i = 0; i < h->list_count; i++) {
        if (well && !h->ended && h->list[i]->count)
            give(h, name, h->list[i], 0);
        h->list[i]->count = 0;
    }
    day_close(&db);
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
