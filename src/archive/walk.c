#include "archive/walk.h"

#include <stdlib.h>

#include "archive/catalogue.h"
#include "archive/limit.h"
#include "base/clock.h"

#define BATCH_MEMORY (256u << 20)   /* events of one batch, and what is made of them */

#define PIECES_MEMORY (512u << 20)  /* the directory of one day file, with its tails as they are stored */

/* One block of the file at hand, by itself: the catalogue gives its own up one after the other. */
struct piece {
    int64_t block;
    int kind;
    struct block_summary summary;
    struct slice tail[PART_COUNT];  /* stored parts of a tail, which sealing may take away meanwhile */
};

struct walk {
    struct search_options options;  /* with the window of the file at hand */
    struct search_window window;
    const struct walk_handlers *handlers;
    struct search_foot *foot;
    struct arena *arena, memory;    /* memory: of the pieces */
    struct catalogue catalogue;     /* of the file at hand */
    struct piece *pieces;
    size_t count, capacity;
    struct fetched fetched;
    struct buffer stored;           /* a filter, as it is stored */
    struct batch batch;
    struct event events[BATCH_EVENTS];
    struct event_id ids[BATCH_EVENTS];
    int64_t started;
    bool cancelled;
};

/* ---- which blocks, in which order ------------------------------------------------------------- */

static int order(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    if (x->summary.sequence_min != y->summary.sequence_min)
        return x->summary.sequence_min < y->summary.sequence_min ? -1 : 1;
    return x->block < y->block ? -1 : x->block > y->block;
}

static bool add_piece(struct walk *w, const struct catalogue_block *block)
{
    if (w->count == w->capacity) {
        size_t capacity = w->capacity ? w->capacity * 2 : 1024;
        struct piece *more = realloc(w->pieces, capacity * sizeof *more);
        if (!more)
            return false;
        w->pieces = more;
        w->capacity = capacity;
    }
    struct piece *piece = &w->pieces[w->count++];
    *piece = (struct piece){ block->block, block->kind, block->summary, { SLICE_NONE } };
    for (enum block_part part = PART_ROWS; block->kind == BLOCK_TAIL && part <= PART_FIELDS; part++)
        piece->tail[part] = arena_copy(&w->memory, block->tail[part]);
    return !w->memory.exhausted;
}

static bool list_blocks(struct walk *w, struct error *e)
{
    w->count = 0;
    arena_clear(&w->memory);
    for (struct catalogue_block *block; (block = catalogue_take(&w->catalogue));)
        if (!add_piece(w, block))
            return error_set(e, "memory is short for reading the archive");
    if (w->count)
        qsort(w->pieces, w->count, sizeof *w->pieces, order);
    return true;
}

/* ---- one block -------------------------------------------------------------------------------- */

static bool read_part(struct walk *w, const struct piece *block, enum block_part part, struct error *e)
{
    struct fetched *f = &w->fetched;
    bool rows = part == PART_ROWS, well;
    if (block->kind == BLOCK_TAIL) {
        well = rows ? fetch_rows_of(f, block->tail[part], e) : fetch_part_of(f, block->tail[part], part, e);
    } else {
        const char *file = w->catalogue.files->file;
        sqlite3 *db = catalogue_db(&w->catalogue, w->catalogue.files, e);
        well = db && (rows ? fetch_rows(f, db, file, block->block, e)
                           : fetch_part(f, db, file, block->block, part, e));
    }
    if (well)
        w->foot->bytes_inflated += f->parts[part].len;
    return well;
}

/* Empty where there is none, or none that can be read: it then excludes nothing. */
static struct slice read_filter(struct walk *w, const struct piece *block)
{
    struct error ignored = ERROR_NONE;
    struct slice filter = SLICE_NONE;
    sqlite3 *db = block->kind == BLOCK_TAIL ? NULL
                                            : catalogue_db(&w->catalogue, w->catalogue.files, &ignored);
    if (!db || !fetch_stored(db, w->catalogue.files->file, block->block, PART_FILTER, &w->stored, &ignored) ||
        !block_open_part(buffer_slice(&w->stored), PART_FILTER, &w->fetched.inflated[PART_FILTER], &filter,
                         &ignored))
        return SLICE_NONE;
    return filter;
}

/* True when the events of the block, whose rows are read, matter to nobody. */
static bool passes_by(struct walk *w, const struct piece *block)
{
    const struct walk_handlers *h = w->handlers;
    struct slice filter;
    if (!h->wanted)
        return false;
    if (!h->wanted(h->owner, &w->fetched.rows, SLICE_NONE)) {
        w->foot->skipped_source++;
        return true;
    }
    filter = read_filter(w, block);
    if (!filter.len || h->wanted(h->owner, &w->fetched.rows, filter))
        return false;
    w->foot->skipped_words++;
    return true;
}

static void begin_batch(struct walk *w, const struct day_name *name)
{
    arena_clear(&w->batch.arena);
    w->batch = (struct batch){ .arena = w->batch.arena, .events = w->events,
                               .event_capacity = BATCH_EVENTS };
    memcpy(w->batch.class, name->class, sizeof w->batch.class);
}

static void hand_on(struct walk *w)
{
    if (w->batch.event_count && w->handlers->events)
        w->cancelled |= !w->handlers->events(w->handlers->owner, &w->batch, w->ids);
}

static bool wanted(const struct walk *w, uint32_t row)
{
    const struct block_rows *rows = &w->fetched.rows;
    const struct search_options *o = &w->options;
    return (!o->from || rows->time[row] >= o->from) && (!o->to || rows->time[row] < o->to) &&
           search_scope_sees(&o->scope, rows->origins[rows->origin[row]].agency);
}

static bool add_row(struct walk *w, const struct day_name *name, uint32_t row, struct error *e)
{
    const struct fetched *f = &w->fetched;
    uint32_t at = w->batch.event_count;
    if (!block_event(&f->rows, f->parts[PART_TEXT], f->parts[PART_FIELDS], row, &w->batch.arena,
                     &w->events[at], e))
        return false;
    if (at == 0)
        w->batch.received = w->events[at].received;
    w->ids[at] = (struct event_id){ .day = name->day, .sequence = f->rows.sequence[row] };
    memcpy(w->ids[at].class, name->class, sizeof w->ids[at].class);
    w->batch.raw_bytes += w->events[at].raw.len;
    w->batch.event_count++;
    return true;
}

static void pass_by(struct walk *w)
{
    for (uint32_t row = 0; w->handlers->passed && row < w->fetched.rows.count; row++)
        if (wanted(w, row))
            w->handlers->passed(w->handlers->owner, w->fetched.rows.time[row]);
}

static bool read_events(struct walk *w, const struct day_name *name, struct error *e)
{
    begin_batch(w, name);
    for (uint32_t row = 0; row < w->fetched.rows.count && !w->cancelled; row++) {
        w->foot->rows_scanned++;
        if (!wanted(w, row))
            continue;
        w->foot->matched++;
        if (w->batch.event_count == BATCH_EVENTS || w->batch.raw_bytes >= BATCH_BYTES) {
            hand_on(w);
            begin_batch(w, name);
        }
        if (!add_row(w, name, row, e))
            return false;
    }
    hand_on(w);
    return true;
}

static bool read_block(struct walk *w, const struct piece *block, struct error *e)
{
    bool well = read_part(w, block, PART_ROWS, e);
    if (well)
        search_hold_rows(w->foot, w->arena, w->catalogue.files->file, block->block, &block->summary,
                         &w->fetched.rows);
    if (well && passes_by(w, block)) {
        pass_by(w);
        return true;
    }
    w->foot->blocks_read++;
    return well && read_part(w, block, PART_TEXT, e) && read_part(w, block, PART_FIELDS, e) &&
           read_events(w, &w->catalogue.files->name, e);
}

/* ---- all of them ------------------------------------------------------------------------------ */

static bool over(const struct walk *w, enum search_end *end)
{
    const struct search_options *o = &w->options;
    if (w->cancelled)
        *end = SEARCH_CANCELLED;
    else if (o->budget_bytes && w->foot->bytes_inflated >= o->budget_bytes)
        *end = SEARCH_BUDGET_BYTES;
    else if (o->budget_ms && clock_steady() - w->started >= (int64_t)o->budget_ms * 1000000)
        *end = SEARCH_BUDGET_TIME;
    else
        return false;
    return true;
}

static void leave(struct walk *w, const struct piece *block)
{
    if (w->handlers->left)
        w->handlers->left(w->handlers->owner, block->summary.time_min, block->summary.time_max);
}

/* Nothing is read any more once the budget is spent: what is left is told block by block. */
static void read_blocks(struct walk *w)
{
    size_t i = 0;
    for (; i < w->count && !over(w, &w->foot->end); i++) {
        struct error reason = ERROR_NONE;
        if (!read_block(w, &w->pieces[i], &reason)) {
            search_note_damage(w->foot, w->arena, w->catalogue.files->file, w->pieces[i].block,
                               &reason);
            leave(w, &w->pieces[i]);
        }
        w->foot->elapsed_ns = clock_steady() - w->started;
        if (w->handlers->progress)
            w->cancelled |= !w->handlers->progress(w->handlers->owner, w->foot);
    }
    w->foot->blocks_left += w->count - i;
    for (; i < w->count; i++)
        leave(w, &w->pieces[i]);
}

/* What the catalogue of one file says; the others are not its business, and so not skipped. */
static void add_foot(struct search_foot *to, const struct search_foot *file)
{
    to->files += file->files;
    to->files_skipped += file->files == 0;
    to->blocks += file->blocks;
    to->skipped_time += file->skipped_time;
    to->skipped_scope += file->skipped_scope;
    to->blocks_damaged += file->blocks_damaged;
    to->files_unread += file->files_unread;
    if (!to->damaged.len)
        to->damaged = file->damaged;
}

static bool read_file(struct walk *w, const struct day_name *name, struct error *e)
{
    struct search_foot foot = { .end = SEARCH_COMPLETE };
    w->window = (struct search_window){ .after = { .day = name->day }, .upto = UINT64_MAX };
    memcpy(w->window.after.class, name->class, sizeof w->window.after.class);
    w->options.windows = &w->window;
    w->options.window_count = 1;
    w->catalogue = (struct catalogue){ .options = &w->options, .arena = w->arena, .foot = &foot };
    bool well = catalogue_open(&w->catalogue, e) && list_blocks(w, e);
    add_foot(w->foot, &foot);
    if (well)
        read_blocks(w);
    catalogue_close(&w->catalogue);
    return well;
}

static bool read_files(struct walk *w, struct error *e)
{
    struct day_name *names;
    size_t count;
    if (!day_list(w->options.directory, w->arena, &names, &count, e))
        return false;
    for (size_t i = 0; i < count && !w->cancelled; i++)
        if (!read_file(w, &names[i], e))
            return false;
    return true;
}

bool walk_run(const struct search_options *options, const struct walk_handlers *handlers,
              struct arena *arena, struct search_foot *foot_out, struct error *e)
{
    struct walk *w = calloc(1, sizeof *w);
    *foot_out = (struct search_foot){ .end = SEARCH_COMPLETE };
    if (!w)
        return error_set(e, "memory is short for reading the archive");
    *w = (struct walk){ .options = *options, .handlers = handlers, .foot = foot_out, .arena = arena,
                        .started = clock_steady() };
    fetch_init(&w->fetched);
    buffer_init(&w->stored, BLOCK_PART_MAX);
    arena_init(&w->memory, PIECES_MEMORY);
    arena_init(&w->batch.arena, BATCH_MEMORY);
    bool well = read_files(w, e);
    foot_out->elapsed_ns = clock_steady() - w->started;
    fetch_free(&w->fetched);
    buffer_free(&w->stored);
    arena_free(&w->batch.arena);
    arena_free(&w->memory);
    free(w->pieces);
    free(w);
    return well;
}
