#include "archive/catalogue.h"

#include <stdlib.h>

#include "archive/limit.h"
#include "archive/salvage.h"
#include "base/clock.h"

#define OPEN_MOST 128u
#define DIRECTORY_MOST (256u * 1024 * 1024) /* of one file, tails included */

bool search_scope_sees(const struct search_scope *scope, struct slice agency)
{
    if (scope->all)
        return true;
    for (size_t i = 0; i < scope->agency_count; i++)
        if (agency.len && slice_equal(scope->agencies[i], agency))
            return true;
    return false;
}

void search_note_damage(struct search_foot *foot, struct arena *arena, const char *file,
                        int64_t block, const struct error *e)
{
    foot->blocks_damaged++;
    if (foot->damaged.len)
        return;
    if (block)
        foot->damaged = arena_print(arena, "%s: block %lld: %s", file, (long long)block,
                                    e->sentence);
    else
        foot->damaged = arena_print(arena, "%s: %s", file, e->sentence);
}

void search_hold_rows(struct search_foot *foot, struct arena *arena, const char *file, int64_t block,
                      const struct block_summary *summary, const struct block_rows *rows)
{
    const struct block_summary real = salvage_summary(rows);
    struct error e = ERROR_NONE;
    if (real.events == summary->events && real.time_min == summary->time_min &&
        real.time_max == summary->time_max && real.sequence_min == summary->sequence_min &&
        real.sequence_max == summary->sequence_max)
        return;
    error_set(&e, "the directory says something else of this block than what is in it");
    search_note_damage(foot, arena, file, block, &e);
}

/* --- handles -------------------------------------------------------------------------------- */

static void close_oldest(struct catalogue *c)
{
    struct catalogue_file *oldest = NULL;
    for (size_t i = 0; i < c->file_count; i++)
        if (c->files[i].db && (!oldest || c->files[i].used < oldest->used))
            oldest = &c->files[i];
    if (oldest) {
        day_close(&oldest->db);
        c->open--;
    }
}

sqlite3 *catalogue_db(struct catalogue *c, struct catalogue_file *file, struct error *e)
{
    file->used = ++c->uses;
    if (file->db)
        return file->db;
    if (c->open >= OPEN_MOST)
        close_oldest(c);
    const char *directory = c->options->directory;
    if (file->damage.len ? salvage_open(directory, &file->name, &file->db, e)
                         : day_open(directory, &file->name, &file->db, e))
        c->open++;
    return file->db;
}

static void close_file(struct catalogue *c, struct catalogue_file *file)
{
    if (file->db) {
        day_close(&file->db);
        c->open--;
    }
}

void catalogue_close(struct catalogue *c)
{
    for (size_t i = 0; i < c->file_count; i++) {
        close_file(c, &c->files[i]);
        arena_free(&c->files[i].arena);
    }
    free(c->heap);
    c->heap = NULL;
    c->file_count = 0;
}

/* --- files ---------------------------------------------------------------------------------- */

static void tell(const struct catalogue *c, const char *file, int64_t block, const char *why)
{
    if (c->tell)
        c->tell(c->owner, file, block, why);
}

static bool outside(const struct search_options *options, int64_t time_min, int64_t time_max)
{
    return (options->from && time_max < options->from) || (options->to && time_min >= options->to) ||
           (options->before.day && time_min > options->before_time);
}

/* The window on this file, where there are any; false: none looks at it. */
static bool window_of(const struct search_options *options, struct catalogue_file *file)
{
    for (size_t i = 0; i < options->window_count && !file->window; i++) {
        const struct event_id *after = &options->windows[i].after;
        if (after->day == file->name.day && strcmp(after->class, file->name.class) == 0)
            file->window = &options->windows[i];
    }
    return !options->windows || file->window;
}

static bool behind_window(const struct catalogue_file *file, const struct block_summary *summary)
{
    return file->window && (summary->sequence_max <= file->window->after.sequence ||
                            summary->sequence_min > file->window->upto);
}

static int newest_first(const void *a, const void *b)
{
    const struct catalogue_file *x = a, *y = b;
    int64_t left = x->summary.time_max, right = y->summary.time_max;
    return left > right ? -1 : left < right;
}

static void load_damaged(struct catalogue *c, struct catalogue_file *file, int64_t from);

/* Whether the scope lets see anything of the file: else it is not told of either. */
static bool sees_file(struct catalogue *c, struct catalogue_file *file)
{
    struct error ignored = ERROR_NONE;
    bool seen = c->options->scope.all;
    sqlite3 *db = seen ? NULL : catalogue_db(c, file, &ignored);
    DAY_STATEMENT *read = db ? day_prepare(db, "SELECT DISTINCT agency FROM origin", file->file,
                                           &ignored) : NULL;
    while (!seen && read && sqlite3_step(read) == SQLITE_ROW)
        seen = search_scope_sees(&c->options->scope, day_column(read, 0));
    return seen;
}

/* Whether the search must look into it; else it is closed again. */
static bool wanted(struct catalogue *c, struct catalogue_file *file)
{
    struct error reason = ERROR_NONE;
    bool read = window_of(c->options, file);
    if (read) {
        sqlite3 *db = catalogue_db(c, file, &reason);
        read = db && day_summary_read(db, file->file, &file->summary, &reason);
        if (!read && reason.kind != ERROR_NOT_FOUND) {
            file->damage = arena_print(c->arena, "%s", reason.sentence);
            close_file(c, file); /* it is opened otherwise from now on */
            return true;
        }
        read = read && file->summary.blocks &&
               !outside(c->options, file->summary.time_min, file->summary.time_max);
    }
    if (!read) {
        c->foot->files_skipped++;
        if (c->tell && file->summary.blocks && sees_file(c, file))
            tell(c, file->file, 0, "time");
        close_file(c, file);
    }
    return read;
}

bool catalogue_open(struct catalogue *c, struct error *e)
{
    struct day_name *names;
    size_t count;
    if (!day_list(c->options->directory, c->arena, &names, &count, e))
        return false;
    c->files = arena_array(c->arena, count, sizeof *c->files);
    if (!c->files)
        return error_set(e, "memory is short for searching");
    for (size_t i = 0; i < count; i++) {
        struct catalogue_file *file = &c->files[c->file_count];
        if ((strcmp(names[i].class, SEARCH_OWN_CLASS) == 0) != c->options->own)
            continue; /* it is not there for this search */
        c->foot->files++;
        *file = (struct catalogue_file){ .name = names[i] };
        day_name_print(&names[i], file->file);
        arena_init(&file->arena, DIRECTORY_MOST);
        c->file_count++; /* for catalogue_db to count and close it */
        if (!wanted(c, file))
            c->file_count--;
    }
    if (c->file_count)
        qsort(c->files, c->file_count, sizeof *c->files, newest_first);
    for (size_t i = 0; i < c->file_count; i++)
        if (c->files[i].damage.len)
            load_damaged(c, &c->files[i], 1);
    return true;
}

/* --- directory of one file ------------------------------------------------------------------ */

enum { NOT_THERE, HIDDEN, VISIBLE };

static bool load_origins(struct catalogue *c, struct catalogue_file *file, struct error *e)
{
    DAY_STATEMENT *count = day_prepare(file->db, "SELECT ifnull(max(id), 0) FROM origin",
                                       file->file, e);
    DAY_STATEMENT *read = day_prepare(file->db, "SELECT id, source, system, agency FROM origin",
                                      file->file, e);
    if (!count || !read)
        return false;
    if (sqlite3_step(count) != SQLITE_ROW)
        return day_failed(file->db, file->file, e);
    int64_t most = sqlite3_column_int64(count, 0);
    if (most < 0 || most > 10000000) {
        error_set(e, "the origins of the day file are damaged");
        return error_kind(e, ERROR_DAMAGED);
    }
    file->origin_count = (uint32_t)most;
    file->origins = arena_array(&file->arena, (size_t)most, sizeof *file->origins);
    file->sight = arena_array(&file->arena, (size_t)most, sizeof *file->sight);
    if (!file->origins || !file->sight)
        return error_set(e, "memory is short for searching");
    int code;
    while ((code = sqlite3_step(read)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(read, 0);
        if (id < 1 || id > most)
            continue;
        struct block_origin *origin = &file->origins[id - 1];
        origin->source = arena_copy(&file->arena, day_column(read, 1));
        origin->system = arena_copy(&file->arena, day_column(read, 2));
        origin->agency = arena_copy(&file->arena, day_column(read, 3));
        file->sight[id - 1] = search_scope_sees(&c->options->scope, origin->agency) ? VISIBLE : HIDDEN;
    }
    return code == SQLITE_DONE || day_failed(file->db, file->file, e);
}

static bool read_origins(struct catalogue_block *block, struct slice numbers, struct error *e)
{
    struct catalogue_file *file = block->file;
    size_t count = numbers.len / 4;
    bool known = count > 0 && numbers.len % 4 == 0;
    block->origins = arena_array(&file->arena, count, sizeof *block->origins);
    block->all_visible = true;
    if (!block->origins)
        return error_set(e, "memory is short for searching");
    for (size_t i = 0; known && i < count; i++) {
        uint32_t number = fetch_number(numbers, i);
        known = number >= 1 && number <= file->origin_count && file->sight[number - 1] != NOT_THERE;
        if (known && file->sight[number - 1] == VISIBLE)
            block->origins[block->origin_count++] = file->origins[number - 1];
        else
            block->all_visible = false;
    }
    if (known)
        return true;
    error_set(e, "the origins of the day file are damaged"); /* else nobody's: dropped without a word */
    return error_kind(e, ERROR_DAMAGED);
}

static bool heap_add(struct catalogue *c, struct catalogue_block *block)
{
    if (c->count == c->capacity) {
        size_t capacity = c->capacity ? c->capacity * 2 : 1024;
        struct catalogue_block **heap = realloc(c->heap, capacity * sizeof *heap);
        if (!heap)
            return false;
        c->heap = heap;
        c->capacity = capacity;
    }
    size_t i = c->count++;
    while (i > 0 && c->heap[(i - 1) / 2]->summary.time_max < block->summary.time_max) {
        c->heap[i] = c->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    c->heap[i] = block;
    return true;
}

static struct catalogue_block *heap_take(struct catalogue *c)
{
    struct catalogue_block *top = c->heap[0], *last = c->heap[--c->count];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < c->count) {
        if (child + 1 < c->count &&
            c->heap[child + 1]->summary.time_max > c->heap[child]->summary.time_max)
            child++;
        if (c->heap[child]->summary.time_max <= last->summary.time_max)
            break;
        c->heap[i] = c->heap[child];
        i = child;
    }
    c->heap[i] = last;
    return top;
}

static bool keep_tail(struct catalogue_block *block, struct error *e)
{
    BUFFER_AUTO stored;
    buffer_init(&stored, BLOCK_PART_MAX);
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++) {
        if (!fetch_stored(block->file->db, block->file->file, block->block, part, &stored, e))
            return false;
        block->tail[part] = arena_copy(&block->file->arena, buffer_slice(&stored));
        if (!block->tail[part].data)
            return error_set(e, "memory is short for searching");
    }
    return true;
}

static const char directory_query[] =
    "SELECT id, kind, events, sequence_min, sequence_max, time_min, time_max, text_bytes, origins"
    " FROM block";

static struct catalogue_block *read_block(struct catalogue_file *file, sqlite3_stmt *read,
                                          struct error *e)
{
    struct catalogue_block *block = arena_zero(&file->arena, sizeof *block);
    if (!block) {
        error_set(e, "memory is short for searching");
        return NULL;
    }
    block->file = file;
    block->block = sqlite3_column_int64(read, 0);
    block->kind = sqlite3_column_int(read, 1);
    block->summary = (struct block_summary){
        .events = (uint32_t)sqlite3_column_int64(read, 2),
        .sequence_min = (uint64_t)sqlite3_column_int64(read, 3),
        .sequence_max = (uint64_t)sqlite3_column_int64(read, 4),
        .time_min = sqlite3_column_int64(read, 5),
        .time_max = sqlite3_column_int64(read, 6),
        .text_bytes = (uint64_t)sqlite3_column_int64(read, 7),
    };
    return read_origins(block, day_column(read, 8), e) ? block : NULL;
}

/* Whether the asker may see something of it, and where it must be looked at; counted either way. */
static bool block_wanted(struct catalogue *c, const struct catalogue_block *block)
{
    if (block->origin_count == 0) { /* not the asker's: not even counted */
        c->foot->skipped_scope++;
        return false;
    }
    c->foot->blocks++;
    if (!behind_window(block->file, &block->summary) &&
        !outside(c->options, block->summary.time_min, block->summary.time_max))
        return true;
    c->foot->skipped_time++;
    tell(c, block->file->file, block->block, "time");
    return false;
}

/* Onto the heap, or forgotten: the mark is where it begins in the arena. False: memory is short. */
static bool take_block(struct catalogue *c, struct catalogue_block *block, struct arena_mark mark)
{
    struct catalogue_file *file = block->file;
    struct error reason = ERROR_NONE;
    if (!block_wanted(c, block)) {
        arena_reset(&file->arena, mark);
        return true;
    }
    if (block->kind == BLOCK_TAIL && !keep_tail(block, &reason)) {
        search_note_damage(c->foot, c->arena, file->file, block->block, &reason);
        return true;
    }
    file->waiting++;
    return heap_add(c, block);
}

static bool load_blocks(struct catalogue *c, struct catalogue_file *file, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(file->db, directory_query, file->file, e);
    bool holds;
    int code;
    if (!read || !day_summary_holds(file->db, file->file, &holds, e) || !load_origins(c, file, e))
        return false;
    if (!holds) {
        error_set(e, "the summary of the day file is not that of its blocks");
        return error_kind(e, ERROR_DAMAGED);
    }
    while ((code = sqlite3_step(read)) == SQLITE_ROW) {
        struct arena_mark mark = arena_mark(&file->arena);
        struct catalogue_block *block = read_block(file, read, e);
        if (!block)
            return false;
        file->last_block = block->block;
        if (!take_block(c, block, mark))
            return error_set(e, "memory is short for searching");
    }
    return code == SQLITE_DONE || day_failed(file->db, file->file, e);
}

/* --- a damaged file -------------------------------------------------------------------------- */

/* What the rows of a block say of it; its parts are read when they are wanted, whatever kind it is. */
static struct catalogue_block *salvaged_block(struct catalogue *c, struct catalogue_file *file,
                                              int64_t number, const struct block_rows *rows)
{
    struct catalogue_block *block = arena_zero(&file->arena, sizeof *block);
    if (!block)
        return NULL;
    *block = (struct catalogue_block){ .file = file, .block = number, .kind = BLOCK_SEALED,
                                       .summary = salvage_summary(rows), .all_visible = true };
    block->origins = arena_array(&file->arena, rows->origin_count, sizeof *block->origins);
    for (uint32_t i = 0; block->origins && i < rows->origin_count; i++) {
        const struct block_origin *origin = &rows->origins[i];
        if (!search_scope_sees(&c->options->scope, origin->agency)) {
            block->all_visible = false;
            continue;
        }
        block->origins[block->origin_count++] = (struct block_origin){
            arena_copy(&file->arena, origin->source), arena_copy(&file->arena, origin->system),
            arena_copy(&file->arena, origin->agency) };
    }
    return block->origins ? block : NULL;
}

/* Tells once what was lost before this place, and once at least that the file is damaged. */
static void note_loss(struct catalogue *c, struct catalogue_file *file, const struct salvage *s)
{
    struct error e = ERROR_NONE;
    if (s->lost_to == INT64_MAX)
        error_set(&e, "%.*s; this block and all behind it are lost", SLICE_ARGS(file->damage));
    else if (s->lost_to > s->lost_from)
        error_set(&e, "%.*s; lost up to block %lld", SLICE_ARGS(file->damage),
                  (long long)s->lost_to);
    else
        error_set(&e, "%.*s; this block is lost", SLICE_ARGS(file->damage));
    search_note_damage(c->foot, c->arena, file->file, s->lost_from, &e);
}

static void note_whole(struct catalogue *c, struct catalogue_file *file)
{
    struct error e = ERROR_NONE;
    error_set(&e, "%.*s", SLICE_ARGS(file->damage));
    search_note_damage(c->foot, c->arena, file->file, 0, &e);
}

/* Blocks of a file that cannot be read as a whole, from that number on. */
static void load_damaged(struct catalogue *c, struct catalogue_file *file, int64_t from)
{
    struct salvage s = { .file = file->file, .next = from };
    uint64_t told = c->foot->blocks_damaged;
    struct error reason = ERROR_NONE;
    struct fetched f;
    int64_t number;
    bool more;
    file->loaded = true;
    if (from == 1) {
        file->summary.time_min = INT64_MAX;
        file->summary.time_max = INT64_MIN;
    }
    fetch_init(&f);
    s.db = catalogue_db(c, file, &reason);
    do {
        more = s.db && salvage_next(&s, &f, &number);
        if (s.lost_from)
            note_loss(c, file, &s);
        struct catalogue_block *block = more ? salvaged_block(c, file, number, &f.rows) : NULL;
        if (!block || !block_wanted(c, block))
            continue;
        if (block->summary.time_min < file->summary.time_min)
            file->summary.time_min = block->summary.time_min;
        if (block->summary.time_max > file->summary.time_max)
            file->summary.time_max = block->summary.time_max;
        file->waiting++;
        more = heap_add(c, block);
    } while (more);
    c->foot->files_unread += !s.db && reason.kind != ERROR_DAMAGED;
    if (c->foot->blocks_damaged == told)
        note_whole(c, file);
    fetch_free(&f);
}

/* When nothing of its directory is needed any more. */
static void give_up(struct catalogue *c, struct catalogue_file *file)
{
    if (file->waiting)
        return;
    close_file(c, file);
    arena_free(&file->arena);
    file->origins = NULL;
    file->sight = NULL;
    file->origin_count = 0;
}

static void load_file(struct catalogue *c, struct catalogue_file *file)
{
    struct error e = ERROR_NONE;
    if (file->loaded)
        return;
    file->loaded = true;
    if (!catalogue_db(c, file, &e) || !day_run(file->db, "BEGIN", file->file, &e)) {
        if (e.kind == ERROR_NOT_FOUND) /* expired meanwhile */
            return;
        c->foot->files_unread += e.kind != ERROR_DAMAGED;
        search_note_damage(c->foot, c->arena, file->file, 0, &e);
        return;
    }
    bool loaded = load_blocks(c, file, &e);
    if (!loaded && e.kind != ERROR_DAMAGED)
        search_note_damage(c->foot, c->arena, file->file, 0, &e);
    else if (!loaded) {
        file->damage = arena_print(c->arena, "%s", e.sentence);
        load_damaged(c, file, file->last_block + 1);
    }
    /* A day that is over may be packed at any time: its transaction is held, so that the blocks
     * listed stay; its WAL does not grow by it. Today's file must not be held, and there only tails
     * go, which are in memory by now. */
    if (file->name.day >= clock_day(clock_now(), 0))
        sqlite3_exec(file->db, "COMMIT", NULL, NULL, NULL);
    give_up(c, file);
}

static void load_reached(struct catalogue *c)
{
    while (c->next_file < c->file_count &&
           (c->count == 0 ||
            c->files[c->next_file].summary.time_max >= c->heap[0]->summary.time_max))
        load_file(c, &c->files[c->next_file++]);
}

struct catalogue_block *catalogue_take(struct catalogue *c)
{
    if (c->given) {
        c->given->file->waiting--;
        give_up(c, c->given->file);
    }
    c->given = NULL;
    load_reached(c);
    if (c->count)
        c->given = heap_take(c);
    return c->given;
}

int64_t catalogue_newest(struct catalogue *c)
{
    load_reached(c);
    return c->count ? c->heap[0]->summary.time_max : INT64_MIN;
}

/* --- what was not read ----------------------------------------------------------------------- */

/* Everything in the file is the asker's, and within the times asked for. */
static bool wholly_asked(const struct catalogue *c, const struct catalogue_file *file)
{
    const struct search_options *o = c->options;
    return o->scope.all && !file->window && !o->before.day &&
           (!o->from || file->summary.time_min >= o->from) &&
           (!o->to || file->summary.time_max < o->to);
}

static uint64_t count_blocks(struct catalogue *c, struct catalogue_file *file, struct error *e)
{
    uint64_t count = 0;
    DAY_STATEMENT *read = catalogue_db(c, file, e) ? day_prepare(file->db, directory_query,
                                                                 file->file, e) : NULL;
    if (!read || !load_origins(c, file, e))
        return 0;
    while (sqlite3_step(read) == SQLITE_ROW) {
        struct arena_mark mark = arena_mark(&file->arena);
        struct catalogue_block *block = read_block(file, read, e);
        count += block && block_wanted(c, block);
        arena_reset(&file->arena, mark);
    }
    return count;
}

static uint64_t file_rest(struct catalogue *c, struct catalogue_file *file)
{
    struct error e = ERROR_NONE;
    uint64_t count = file->summary.blocks;
    if (wholly_asked(c, file))
        c->foot->blocks += count;
    else
        count = count_blocks(c, file, &e);
    if (e.set && e.kind != ERROR_NOT_FOUND)
        search_note_damage(c->foot, c->arena, file->file, 0, &e);
    give_up(c, file);
    return count;
}

uint64_t catalogue_rest(struct catalogue *c, const char *why)
{
    uint64_t rest = c->count;
    for (size_t i = 0; i < c->count; i++)
        tell(c, c->heap[i]->file->file, c->heap[i]->block, why);
    for (; c->next_file < c->file_count; c->next_file++) {
        struct catalogue_file *file = &c->files[c->next_file];
        uint64_t count = file->loaded ? 0 : file_rest(c, file); /* damaged: counted above */
        rest += count;
        if (count)
            tell(c, file->file, 0, why);
    }
    return rest;
}
