#include "archive/outbox.h"

#include <stdlib.h>

#include "archive/counts.h"
#include "archive/fetch.h"
#include "archive/hits.h"
#include "archive/limit.h"
#include "base/clock.h"
#include "base/log.h"

/* Statements live as long as the file is read; a file that was read to its end while another day
 * had begun is closed and asked again only now and then (late batches are rare). */
struct outbox_file {
    struct day_name name;
    uint64_t done;        /* last batch given */
    bool listed;          /* seen in the last listing */
    int64_t ask_again;    /* steady clock; 0: now */
};

struct outbox {
    char *directory;
    struct outbox_file *files;
    size_t count, capacity, at;
    sqlite3 *db;          /* of files[at] */
};

#define OLD_FILE_AGAIN CLOCK_MINUTE
#define TODAY_AGAIN (2 * CLOCK_SECOND)

bool outbox_open(const char *directory, struct outbox **outbox_out, struct error *e)
{
    struct outbox *outbox = calloc(1, sizeof *outbox);
    *outbox_out = NULL;
    if (outbox && (outbox->directory = strdup(directory))) {
        *outbox_out = outbox;
        return true;
    }
    free(outbox);
    return error_set(e, "memory is short for reading the archive");
}

void outbox_close(struct outbox **outbox)
{
    if (!*outbox)
        return;
    day_close(&(*outbox)->db);
    free((*outbox)->files);
    free((*outbox)->directory);
    free(*outbox);
    *outbox = NULL;
}

static struct outbox_file *file_of(struct outbox *outbox, const struct day_name *name)
{
    for (size_t i = 0; i < outbox->count; i++)
        if (outbox->files[i].name.day == name->day &&
            !strcmp(outbox->files[i].name.class, name->class))
            return &outbox->files[i];
    if (outbox->count == outbox->capacity) {
        size_t capacity = outbox->capacity ? outbox->capacity * 2 : 32;
        struct outbox_file *files = realloc(outbox->files, capacity * sizeof *files);
        if (!files)
            return NULL;
        outbox->files = files;
        outbox->capacity = capacity;
    }
    outbox->files[outbox->count] = (struct outbox_file){ .name = *name };
    return &outbox->files[outbox->count++];
}

static void leave_file(struct outbox *outbox)
{
    day_close(&outbox->db);
    outbox->at = 0;
}

bool outbox_seek(struct outbox *outbox, int32_t day, struct slice class, uint64_t batch,
                 struct error *e)
{
    struct day_name name = { .day = day };
    if (class.len >= DAY_CLASS)
        return error_set(e, "\"%.*s\" is not the name of a retention class", SLICE_ARGS(class));
    memcpy(name.class, class.data, class.len);
    leave_file(outbox);
    struct outbox_file *file = file_of(outbox, &name);
    if (!file)
        return error_set(e, "memory is short for reading the archive");
    file->done = batch;
    file->ask_again = 0;
    return true;
}

static int oldest_first(const void *a, const void *b)
{
    const struct outbox_file *x = a, *y = b;
    if (x->name.day != y->name.day)
        return x->name.day < y->name.day ? -1 : 1;
    return strcmp(x->name.class, y->name.class);
}

/* Files come (a new day) and go (expiry). */
static bool list_files(struct outbox *outbox, struct error *e)
{
    ARENA_AUTO arena;
    struct day_name *names;
    size_t count, kept = 0;
    arena_init(&arena, ARENA_NO_CEILING);
    if (!day_list(outbox->directory, &arena, &names, &count, e))
        return false;
    for (size_t i = 0; i < outbox->count; i++)
        outbox->files[i].listed = false;
    for (size_t i = 0; i < count; i++) {
        struct outbox_file *file = file_of(outbox, &names[i]);
        if (!file)
            return error_set(e, "memory is short for reading the archive");
        file->listed = true;
    }
    for (size_t i = 0; i < outbox->count; i++)
        if (outbox->files[i].listed)
            outbox->files[kept++] = outbox->files[i];
    outbox->count = kept;
    if (kept)
        qsort(outbox->files, kept, sizeof *outbox->files, oldest_first);
    return true;
}

static bool read_counts(sqlite3_stmt *read, struct arena *arena, struct outbox_batch *item,
                        struct error *e)
{
    struct counts counts;
    if (!counts_read(day_column(read, 5), arena, &counts, e))
        return false;
    item->counts = counts.sources;
    item->count_count = counts.source_count;
    item->tallies = counts.tallies;
    item->tally_count = counts.tally_count;
    return true;
}

static struct slice text_in_arena(sqlite3_stmt *read, int column, struct arena *arena)
{
    return arena_copy(arena, day_column(read, column));
}

static bool read_earlier(struct slice text, struct arena *arena, struct alert *alert,
                         struct error *e)
{
    size_t most = text.len / 12 + 1; /* an id has twelve characters and a blank at least */
    struct slice part;
    alert->earlier = arena_array(arena, most, sizeof *alert->earlier);
    if (!alert->earlier)
        return error_set(e, "memory is short for an alert");
    if (text.len == 0)
        return true;
    while (slice_split(&text, ' ', &part))
        if (alert->earlier_count >= most ||
            !event_id_parse(part, &alert->earlier[alert->earlier_count++]))
            return error_set(e, "the earlier events of an alert are damaged");
    return true;
}

static bool read_alert(sqlite3_stmt *read, const struct outbox_batch *item, struct arena *arena,
                       struct outbox_alert *out, struct error *e)
{
    struct alert *alert = &out->alert;
    struct slice *const texts[] = {
        &alert->rule, &alert->title, &alert->title_vi, &alert->author, &alert->license,
        &alert->tags, &alert->entity, &alert->why, &out->source, &out->system, &out->agency,
    };
    out->row = (uint64_t)sqlite3_column_int64(read, 0);
    out->id = (struct event_id){ .day = item->day };
    memcpy(out->id.class, item->class, sizeof out->id.class);
    out->id.sequence = (uint64_t)sqlite3_column_int64(read, 1);
    alert->time = sqlite3_column_int64(read, 2);
    int level = sqlite3_column_int(read, 3);
    alert->level = level < 0 || level > LEVEL_CRITICAL ? LEVEL_CRITICAL : (enum alert_level)level;
    for (int i = 0; i < 11; i++)
        *texts[i] = text_in_arena(read, 4 + i, arena);
    return read_earlier(day_column(read, 15), arena, alert, e);
}

static bool read_alerts(sqlite3 *db, const char *file, struct outbox_batch *item, uint32_t most,
                        struct arena *arena, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(
        db, "SELECT id, event, time, level, rule, title, title_vi, author, license, tags, entity,"
            " why, source, system, agency, earlier FROM alert WHERE batch = ? ORDER BY id",
        file, e);
    if (!read)
        return false;
    item->alerts = arena_array(arena, most, sizeof *item->alerts);
    if (!item->alerts)
        return error_set(e, "memory is short for reading alerts");
    sqlite3_bind_int64(read, 1, (sqlite3_int64)item->batch);
    int code;
    while ((code = sqlite3_step(read)) == SQLITE_ROW && item->alert_count < most)
        if (!read_alert(read, item, arena, &item->alerts[item->alert_count++], e))
            return false;
    return code == SQLITE_DONE || code == SQLITE_ROW || day_failed(db, file, e);
}

static bool read_batch(struct outbox *outbox, struct outbox_file *file, const char *name,
                       struct arena *arena, struct outbox_batch **item_out, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(
        outbox->db, "SELECT id, received, first, events, alerts, counts FROM batch WHERE id > ?"
                    " ORDER BY id LIMIT 1", name, e);
    if (!read)
        return false;
    sqlite3_bind_int64(read, 1, (sqlite3_int64)file->done);
    int code = sqlite3_step(read);
    if (code == SQLITE_DONE)
        return true;
    if (code != SQLITE_ROW)
        return day_failed(outbox->db, name, e);
    struct outbox_batch *item = arena_zero(arena, sizeof *item);
    if (!item)
        return error_set(e, "memory is short for reading alerts");
    item->day = file->name.day;
    memcpy(item->class, file->name.class, sizeof item->class);
    item->batch = (uint64_t)sqlite3_column_int64(read, 0);
    item->received = sqlite3_column_int64(read, 1);
    item->event_count = (uint32_t)sqlite3_column_int64(read, 3);
    item->first.day = item->day;
    memcpy(item->first.class, item->class, sizeof item->first.class);
    item->first.sequence = item->event_count ? (uint64_t)sqlite3_column_int64(read, 2) : 0;
    int64_t alerts = sqlite3_column_int64(read, 4);
    if (!read_counts(read, arena, item, e) ||
        (alerts > 0 && !read_alerts(outbox->db, name, item, (uint32_t)alerts, arena, e)))
        return false;
    if (arena->exhausted)
        return error_set(e, "memory is short for reading alerts");
    file->done = item->batch;
    *item_out = item;
    return true;
}

/* From files[at], the first with a batch to give. */
static bool next_of_files(struct outbox *outbox, struct arena *arena,
                          struct outbox_batch **item_out, struct error *e)
{
    for (; outbox->at < outbox->count; outbox->at++) {
        struct outbox_file *file = &outbox->files[outbox->at];
        char name[DAY_FILE];
        day_name_print(&file->name, name);
        if (file->ask_again > clock_steady())
            continue;
        struct error reason = ERROR_NONE;
        if (!outbox->db && !day_open(outbox->directory, &file->name, &outbox->db, &reason)) {
            if (reason.kind == ERROR_NOT_FOUND)
                continue;
        } else if (read_batch(outbox, file, name, arena, item_out, &reason)) {
            if (*item_out)
                return true;
            if (clock_day(clock_now() - CLOCK_HOUR, 0) > file->name.day)
                file->ask_again = clock_steady() + OLD_FILE_AGAIN;
            day_close(&outbox->db);
            continue;
        }
        day_close(&outbox->db);
        /* the others go on meanwhile; today's may be set aside at once, and a new one stand there */
        file->ask_again = clock_steady() + (file->name.day == clock_day(clock_now(), 0)
                                                ? TODAY_AGAIN : OLD_FILE_AGAIN);
        outbox->at++;
        if (e)
            *e = reason;
        return false;
    }
    return true;
}

bool outbox_next(struct outbox *outbox, struct arena *arena, struct outbox_batch **item_out,
                 struct error *e)
{
    *item_out = NULL;
    bool fresh = outbox->at == 0 && !outbox->db;
    if (fresh && !list_files(outbox, e))
        return false;
    if (!next_of_files(outbox, arena, item_out, e))
        return false;
    if (!*item_out)
        leave_file(outbox);
    return true;
}

/* --- hits ----------------------------------------------------------------------------------- */

/* Each file of days from `first` on, oldest first. A pipeline starts with what can be read: a file
 * that cannot is said and left out, since nobody's events may wait for an old file. */
static bool each_file(const char *directory, int32_t first, const char *what,
                      bool (*read)(sqlite3 *db, const struct day_name *name, const char *file,
                                   void *owner, bool *go_on, struct error *e),
                      void *owner, struct error *e)
{
    ARENA_AUTO arena;
    struct day_name *names;
    size_t count;
    bool go_on = true;
    arena_init(&arena, ARENA_NO_CEILING);
    if (!day_list(directory, &arena, &names, &count, e))
        return false;
    for (size_t i = count; i > 0 && go_on; i--) {
        sqlite3 *db = NULL;
        char file[DAY_FILE];
        struct error reason = ERROR_NONE;
        if (names[i - 1].day < first)
            continue;
        day_name_print(&names[i - 1], file);
        if ((!day_open(directory, &names[i - 1], &db, &reason) ||
             !read(db, &names[i - 1], file, owner, &go_on, &reason)) &&
            reason.kind != ERROR_NOT_FOUND)
            log_error(&reason, what);
        day_close(&db);
    }
    return true;
}

struct hits_wanted {
    int64_t since;
    bool (*each)(void *owner, const struct outbox_hit *hit);
    void *owner;
};

static struct outbox_hit hit_in(const struct day_name *name)
{
    struct outbox_hit hit = { .id = { .day = name->day } };
    memcpy(hit.id.class, name->class, sizeof hit.id.class);
    return hit;
}

/* A batch whose hits cannot be read does not keep later ones, whose windows may be open, from it: each has a
 * read of its own. ("+": by the index on newest, not through the whole day.) */
static bool read_hits(sqlite3 *db, const struct day_name *name, const char *file,
                      const struct hits_wanted *wanted, bool *go_on, struct error *e)
{
    DAY_STATEMENT *list = day_prepare(
        db, "SELECT batch FROM hits WHERE newest >= ? ORDER BY +batch", file, e);
    DAY_STATEMENT *read = day_prepare(db, "SELECT data FROM hits WHERE batch = ?", file, e);
    int code = SQLITE_DONE;
    bool sound = list && read;
    if (list)
        sqlite3_bind_int64(list, 1, wanted->since);
    while (list && read && *go_on && (code = sqlite3_step(list)) == SQLITE_ROW) {
        struct hits hits = { .damaged = true };
        struct outbox_hit hit = hit_in(name);
        sqlite3_bind_int64(read, 1, sqlite3_column_int64(list, 0));
        if (sqlite3_step(read) != SQLITE_ROW)
            day_failed(db, file, e);
        else
            hits_open(day_column(read, 0), &hits);
        while (*go_on && hits_next(&hits)) {
            hit.hit = hits.now;
            hit.id.sequence = hits.sequence;
            *go_on = hit.hit.time < wanted->since || wanted->each(wanted->owner, &hit);
        }
        if (hits.damaged && !e->set)
            error_set(e, "the hits of a batch are damaged");
        sound &= !hits.damaged;
        sqlite3_reset(read);
    }
    return sound && (code == SQLITE_DONE || code == SQLITE_ROW || day_failed(db, file, e));
}

/* Format 5. */
static bool read_hit_rows(sqlite3 *db, const struct day_name *name, const char *file,
                          const struct hits_wanted *wanted, bool *go_on, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(
        db, "SELECT time, event, rule, base_rule, grp, value FROM hit WHERE time >= ?"
            " ORDER BY id", file, e);
    int code = SQLITE_DONE;
    if (!read)
        return false;
    sqlite3_bind_int64(read, 1, wanted->since);
    while (*go_on && (code = sqlite3_step(read)) == SQLITE_ROW) {
        struct outbox_hit hit = hit_in(name);
        hit.hit.time = sqlite3_column_int64(read, 0);
        hit.id.sequence = (uint64_t)sqlite3_column_int64(read, 1);
        hit.hit.rule = day_column(read, 2);
        hit.hit.base_rule = day_column(read, 3);
        hit.hit.group = day_column(read, 4);
        hit.hit.value = day_column(read, 5);
        *go_on = wanted->each(wanted->owner, &hit);
    }
    return code == SQLITE_DONE || code == SQLITE_ROW || day_failed(db, file, e);
}

/* The rows of format 5 are older. */
static bool hits_of_file(sqlite3 *db, const struct day_name *name, const char *file, void *owner,
                         bool *go_on, struct error *e)
{
    bool rows, batches;
    if (!day_has_table(db, "hit", file, &rows, e) || !day_has_table(db, "hits", file, &batches, e))
        return false;
    bool well = !rows || read_hit_rows(db, name, file, owner, go_on, e);
    return (!batches || read_hits(db, name, file, owner, go_on, e)) && well;
}

bool outbox_hits(const char *directory, int64_t since,
                 bool (*each)(void *owner, const struct outbox_hit *hit), void *owner,
                 struct error *e)
{
    struct hits_wanted wanted = { since, each, owner };
    /* a sender's clock may be a day ahead of the receipt day, not more for an open window */
    return each_file(directory, clock_day(since - CLOCK_DAY, 0),
                     "open windows of correlation are not read back from a day file", hits_of_file,
                     &wanted, e);
}

/* --- marks of senders' requests --------------------------------------------------------------- */

struct marks {
    bool (*each)(void *owner, const struct batch_mark *mark);
    void *owner;
};

static bool marks_of(sqlite3 *db, const struct day_name *name, const char *file, void *owner,
                     bool *go_on, struct error *e)
{
    const struct marks *marks = owner;
    DAY_STATEMENT *read = day_prepare(db, "SELECT key, place, first, count FROM mark ORDER BY id",
                                      file, e);
    int code = SQLITE_DONE;
    (void)name;
    while (read && *go_on && (code = sqlite3_step(read)) == SQLITE_ROW) {
        struct batch_mark mark = { .first = (uint32_t)sqlite3_column_int64(read, 2),
                                   .count = (uint32_t)sqlite3_column_int64(read, 3) };
        if (!batch_mark_take(&mark, day_column(read, 0)))
            continue;
        mark.place = mark.checked ? 0 : (uint64_t)sqlite3_column_int64(read, 1);
        *go_on = marks->each(marks->owner, &mark);
    }
    return read && (code == SQLITE_DONE || code == SQLITE_ROW || day_failed(db, file, e));
}

bool outbox_marks(const char *directory, int64_t since,
                  bool (*each)(void *owner, const struct batch_mark *mark), void *owner,
                  struct error *e)
{
    struct marks marks = { each, owner };
    return each_file(directory, clock_day(since, 0),
                     "requests in a day file are not known when they are sent again", marks_of,
                     &marks, e);
}
