#include "archive/search.h"

#include <stdlib.h>

#include "archive/catalogue.h"
#include "archive/limit.h"
#include "archive/match.h"
#include "archive/overview.h"
#include "archive/stage.h"
#include "base/clock.h"

/* Events wait here until nothing newer can come; newest first. */
struct waiting {
    struct search_event **events;
    size_t count, capacity;
};

struct run {
    const struct query *query;
    const struct search_options *options;
    const struct search_handlers *handlers;
    struct search_foot *foot;
    struct arena *arena;
    struct catalogue catalogue;
    struct matcher *matcher;
    struct view view;
    struct fetched fetched;
    struct arena block_arena;
    struct catalogue_block *block;   /* being read */
    struct chain *chain;             /* the pipes; NULL: events go out */
    bool ordered;                    /* newest first matters: events go through `waiting` */
    bool needs_events;
    bool few_fields;                 /* these alone are taken out of the events */
    struct slice fields[QUERY_COLUMNS_MAX * 2];
    size_t field_count;
    uint64_t limit;                  /* of events (ordered) */
    uint64_t row_limit;              /* of what goes out: rows, or events when there are no pipes */
    struct waiting waiting;
    uint64_t given;                  /* events handed on */
    int64_t wanted_from;             /* older events are beyond the limit */
    bool dropped;                    /* something was beyond the limit: an event, a row */
    uint64_t rows_given;
    struct overview overview;
    struct buffer stored;
    int64_t started, told;
    bool cancelled, full;            /* a callback said no; nobody wants more */
    bool counts_all;                 /* histogram or facets: the limit does not end the reading */
};

/* --- out ------------------------------------------------------------------------------------ */

static bool sink(void *owner, const struct item *item)
{
    struct run *run = owner;
    if (run->rows_given >= run->row_limit) {
        run->dropped = true;
        return false;
    }
    run->rows_given++;
    run->foot->delivered++;
    bool go_on = true;
    if (item->event && run->handlers->event)
        go_on = run->handlers->event(run->handlers->owner, item->event);
    else if (!item->event && run->handlers->row)
        go_on = run->handlers->row(run->handlers->owner, item->table, item->cells);
    run->cancelled |= !go_on;
    return go_on;
}

static void hand_on(struct run *run, const struct search_event *event)
{
    run->given++;
    if (run->chain)
        run->full |= !chain_push(run->chain, event);
    else
        run->full |= !sink(run, &(struct item){ .event = event });
}

/* Newer first; of the same moment the later one first. */
static int order(const struct search_event *a, const struct search_event *b)
{
    if (a->event.time != b->event.time)
        return a->event.time > b->event.time ? -1 : 1;
    if (a->id.day != b->id.day)
        return a->id.day > b->id.day ? -1 : 1;
    int class = strcmp(a->id.class, b->id.class);
    if (class)
        return class;
    return a->id.sequence > b->id.sequence ? -1 : a->id.sequence < b->id.sequence;
}

static int order_pointers(const void *a, const void *b)
{
    return order(*(struct search_event *const *)a, *(struct search_event *const *)b);
}

/* Hands on what is newer than all that may come, and forgets what is beyond the limit. */
static void flush(struct run *run, int64_t newest_to_come)
{
    struct waiting *w = &run->waiting;
    size_t out = 0;
    if (w->count)
        qsort(w->events, w->count, sizeof *w->events, order_pointers);
    while (out < w->count && !run->full && w->events[out]->event.time > newest_to_come)
        hand_on(run, w->events[out++]);
    uint64_t wanted = run->limit > run->given ? run->limit - run->given : 0;
    size_t kept = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (i >= out && kept < wanted && !run->full)
            w->events[kept++] = w->events[i];
        else {
            run->dropped |= i >= out;
            free(w->events[i]);
        }
    }
    w->count = kept;
    run->wanted_from = INT64_MIN;
    if (wanted == 0 || run->full)
        run->wanted_from = INT64_MAX;
    else if (kept == wanted)
        run->wanted_from = w->events[kept - 1]->event.time;
}

static bool wait_for(struct run *run, const struct search_event *event, struct error *e)
{
    struct waiting *w = &run->waiting;
    if (w->count == w->capacity) {
        size_t capacity = w->capacity ? w->capacity * 2 : 256;
        struct search_event **events = realloc(w->events, capacity * sizeof *events);
        if (!events)
            return error_set(e, "memory is short for the events found");
        w->events = events;
        w->capacity = capacity;
    }
    w->events[w->count] = stage_keep_event(event);
    return w->events[w->count++] || error_set(e, "memory is short for the events found");
}

/* --- one block ------------------------------------------------------------------------------ */

static bool read_part(void *owner, enum block_part part, struct error *e)
{
    struct run *run = owner;
    struct catalogue_block *block = run->block;
    bool well;
    if (block->kind == BLOCK_TAIL)
        well = fetch_part_of(&run->fetched, block->tail[part], part, e);
    else {
        sqlite3 *db = catalogue_db(&run->catalogue, block->file, e);
        well = db && fetch_part(&run->fetched, db, block->file->file, block->block, part, e);
    }
    if (well)
        run->foot->bytes_inflated += run->fetched.parts[part].len;
    return well;
}

static bool read_rows(struct run *run, struct error *e)
{
    struct catalogue_block *block = run->block;
    bool well;
    if (block->kind == BLOCK_TAIL)
        well = fetch_rows_of(&run->fetched, block->tail[PART_ROWS], e);
    else {
        sqlite3 *db = catalogue_db(&run->catalogue, block->file, e);
        well = db && fetch_rows(&run->fetched, db, block->file->file, block->block, e);
    }
    if (well)
        run->foot->bytes_inflated += run->fetched.parts[PART_ROWS].len;
    return well;
}

static struct slice read_filter(struct run *run)
{
    struct catalogue_block *block = run->block;
    struct error ignored = ERROR_NONE;
    struct slice bytes = SLICE_NONE;
    if (block->kind == BLOCK_TAIL || !matcher_uses_words(run->matcher))
        return bytes;
    sqlite3 *db = catalogue_db(&run->catalogue, block->file, &ignored);
    /* a filter that cannot be read excludes nothing */
    if (!db || !fetch_stored(db, block->file->file, block->block, PART_FILTER, &run->stored,
                             &ignored) ||
        !block_open_part(buffer_slice(&run->stored), PART_FILTER,
                         &run->fetched.inflated[PART_FILTER], &bytes, &ignored))
        return SLICE_NONE;
    return bytes;
}

static void tell_of(void *owner, const char *file, int64_t block, const char *why)
{
    struct run *run = owner;
    if (run->cancelled) /* nobody listens */
        return;
    run->cancelled |= !run->handlers->explain(run->handlers->owner, file, block, why);
}

static bool explain(struct run *run, const struct catalogue_block *block, const char *why)
{
    if (run->catalogue.tell)
        tell_of(run, block->file->file, block->block, why);
    return true;
}

/* It holds something of the agency and the source asked for. */
static bool asked_origin(const struct run *run)
{
    const struct search_options *o = run->options;
    for (uint32_t i = 0; i < run->block->origin_count; i++) {
        const struct block_origin *origin = &run->block->origins[i];
        if ((o->agency.len == 0 || slice_equal(o->agency, origin->agency)) &&
            (o->source.len == 0 || slice_equal(o->source, origin->source)))
            return true;
    }
    return false;
}

/* True when the block need not be opened. */
static bool skipped(struct run *run)
{
    struct catalogue_block *block = run->block;
    struct glance glance = { .name = &block->file->name, .summary = &block->summary,
                             .origins = block->origins, .origin_count = block->origin_count };
    enum glance_result result = asked_origin(run) ? match_glance(run->matcher, &glance)
                                                  : GLANCE_SOURCE;
    if (result == GLANCE_MAY && (glance.filter = read_filter(run)).len)
        result = match_glance(run->matcher, &glance);
    switch (result) {
    case GLANCE_MAY: return false;
    case GLANCE_TIME: run->foot->skipped_time++; return explain(run, block, "time");
    case GLANCE_SOURCE: run->foot->skipped_source++; return explain(run, block, "source");
    case GLANCE_WORDS: run->foot->skipped_words++; return explain(run, block, "words");
    }
    return false;
}

/* Behind the last event of the page before, in the order of results. */
static bool is_behind(const struct search_options *options, const struct search_event *event)
{
    struct search_event last = { .event = { .time = options->before_time },
                                 .id = options->before };
    return order(event, &last) > 0;
}

static struct search_event light_event(const struct run *run, uint32_t row)
{
    const struct block_rows *rows = &run->fetched.rows;
    const struct day_name *name = &run->block->file->name;
    const struct block_origin *origin = &rows->origins[rows->origin[row]];
    const struct block_label *label = &rows->labels[rows->label[row]];
    struct search_event event = {
        .event = { .time = rows->time[row], .received = rows->received[row],
                   .flags = rows->flags[row], .source = origin->source, .system = origin->system,
                   .agency = origin->agency, .decoder = label->decoder,
                   .logsource = label->logsource },
        .id = { .day = name->day, .sequence = rows->sequence[row] },
    };
    memcpy(event.id.class, name->class, sizeof event.id.class);
    return event;
}

/* Which rows may be seen at all: by scope, agency, time and page. */
static uint64_t *first_mask(struct run *run, struct error *e)
{
    const struct block_rows *rows = &run->fetched.rows;
    const struct search_options *o = run->options;
    uint64_t *mask = arena_array(&run->block_arena, mask_words(rows->count), sizeof *mask);
    bool *visible = arena_array(&run->block_arena, rows->origin_count, sizeof *visible);
    if (!mask || !visible) {
        error_set(e, "memory is short for searching a block");
        return NULL;
    }
    for (uint32_t i = 0; i < rows->origin_count; i++)
        visible[i] = search_scope_sees(&o->scope, rows->origins[i].agency) &&
                     (o->agency.len == 0 || slice_equal(o->agency, rows->origins[i].agency)) &&
                     (o->source.len == 0 || slice_equal(o->source, rows->origins[i].source));
    const struct search_window *window = run->block->file->window;
    for (uint32_t i = 0; i < rows->count; i++) {
        int64_t time = rows->time[i];
        bool in = visible[rows->origin[i]] && (!o->from || time >= o->from) &&
                  (!o->to || time < o->to);
        if (in && window)
            in = rows->sequence[i] > window->after.sequence && rows->sequence[i] <= window->upto;
        if (in && o->before.day) {
            struct search_event event = light_event(run, i);
            in = is_behind(o, &event);
        }
        if (in)
            mask[i / 64] |= UINT64_C(1) << (i % 64);
    }
    return mask;
}

static bool whole_event(struct run *run, uint32_t row, struct search_event *event,
                        struct error *e)
{
    struct fetched *f = &run->fetched;
    return (f->parts[PART_TEXT].data || read_part(run, PART_TEXT, e)) &&
           (f->parts[PART_FIELDS].data || read_part(run, PART_FIELDS, e)) &&
           block_event_some(&f->rows, f->parts[PART_TEXT], f->parts[PART_FIELDS], row,
                            run->few_fields ? run->fields : NULL, run->field_count,
                            &run->block_arena, &event->event, e);
}

static bool take_row(struct run *run, uint32_t row, bool wanted, struct error *e)
{
    struct search_event event = light_event(run, row);
    struct arena_mark mark = arena_mark(&run->block_arena);
    bool well = (!run->needs_events && !run->overview.facets) || whole_event(run, row, &event, e);
    if (well)
        overview_event(&run->overview, &event);
    if (well && wanted && run->ordered)
        well = wait_for(run, &event, e);
    else if (well && wanted)
        hand_on(run, &event);
    arena_reset(&run->block_arena, mark);
    return well;
}

struct candidate {
    int64_t time;
    uint64_t sequence;
    uint32_t row;
};

static int newest_candidate(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->time != y->time)
        return x->time > y->time ? -1 : 1;
    return x->sequence > y->sequence ? -1 : x->sequence < y->sequence;
}

/* Of the rows that match only as many of the newest are taken out of the block as the limit asks. */
static bool take_rows(struct run *run, const uint64_t *mask, struct error *e)
{
    const struct block_rows *rows = &run->fetched.rows;
    struct candidate *found = arena_array(&run->block_arena, rows->count, sizeof *found);
    size_t count = 0;
    if (!found)
        return error_set(e, "memory is short for searching a block");
    for (size_t i = 0; i < mask_words(rows->count); i++)
        for (uint64_t rest = mask[i]; rest; rest &= rest - 1) {
            uint32_t row = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(rest);
            found[count++] = (struct candidate){ rows->time[row], rows->sequence[row], row };
            overview_time(&run->overview, rows->time[row]);
        }
    run->foot->matched += count;
    uint64_t most = run->limit > run->given ? run->limit - run->given : 0;
    if (run->ordered && count)
        qsort(found, count, sizeof *found, newest_candidate);
    for (size_t i = 0; i < count && !run->cancelled; i++) {
        bool wanted = !run->full;
        if (run->ordered)
            wanted = wanted && i < most && found[i].time >= run->wanted_from;
        run->dropped |= !wanted;
        if (!wanted && !run->overview.facets)
            break;
        if (!take_row(run, found[i].row, wanted, e))
            return false;
    }
    return true;
}

static bool read_block(struct run *run, struct error *e)
{
    arena_clear(&run->block_arena);
    view_begin(&run->view);
    if (!read_rows(run, e))
        return false;
    run->view.name = &run->block->file->name;
    const struct block_rows *rows = &run->fetched.rows;
    search_hold_rows(run->foot, run->arena, run->block->file->file, run->block->block,
                     &run->block->summary, rows);
    run->foot->rows_scanned += rows->count;
    uint64_t *mask = first_mask(run, e);
    if (!mask || !match_rows(run->matcher, &run->view, mask, e))
        return false;
    return take_rows(run, mask, e);
}

/* --- all blocks ----------------------------------------------------------------------------- */

static bool is_late(void *owner)
{
    const struct run *run = owner;
    unsigned ms = run->options->budget_ms;
    return ms && clock_steady() - run->started >= (int64_t)ms * 1000000;
}

static bool over_budget(struct run *run, enum search_end *end)
{
    const struct search_options *o = run->options;
    if (run->cancelled)
        *end = SEARCH_CANCELLED;
    else if (o->budget_bytes && run->foot->bytes_inflated >= o->budget_bytes)
        *end = SEARCH_BUDGET_BYTES;
    else if (o->budget_rows && run->foot->rows_scanned >= o->budget_rows)
        *end = SEARCH_BUDGET_ROWS;
    else if (is_late(run))
        *end = SEARCH_BUDGET_TIME;
    else
        return false;
    return true;
}

static void tell(struct run *run)
{
    int64_t now = clock_steady();
    run->foot->elapsed_ns = now - run->started;
    if (!run->handlers->progress || now - run->told < 100000000)
        return;
    run->told = now;
    run->foot->read_down_to = run->block->summary.time_max;
    run->cancelled |= !run->handlers->progress(run->handlers->owner, run->foot) ||
                      !overview_give_buckets(&run->overview, run->handlers);
    run->foot->read_down_to = 0;
}

static bool limit_reached(struct run *run, int64_t newest)
{
    if (run->counts_all)
        return false;
    return run->full || (run->ordered && newest < run->wanted_from);
}

static void open_block(struct run *run)
{
    struct error reason = ERROR_NONE;
    bool well = read_block(run, &reason);
    run->foot->regex_limit = matcher_undecided(run->matcher);
    if (matcher_late(run->matcher)) {
        explain(run, run->block, "budget");
        return;
    }
    run->foot->blocks_read++;
    explain(run, run->block, well ? "read" : "damaged");
    if (!well)
        search_note_damage(run->foot, run->arena, run->block->file->file, run->block->block,
                           &reason);
}

static void read_blocks(struct run *run)
{
    enum search_end end = SEARCH_COMPLETE;
    for (;;) {
        int64_t newest = catalogue_newest(&run->catalogue);
        if (run->ordered)
            flush(run, newest);
        if (newest == INT64_MIN)
            break;
        if (run->cancelled || limit_reached(run, newest)) {
            end = run->cancelled ? SEARCH_CANCELLED : SEARCH_LIMITED;
            run->foot->skipped_limit = catalogue_rest(&run->catalogue, search_end_name(end));
        } else if (over_budget(run, &end))
            run->foot->blocks_left = catalogue_rest(&run->catalogue, "budget");
        if (end != SEARCH_COMPLETE) {
            run->foot->read_down_to = newest;
            break;
        }
        run->block = catalogue_take(&run->catalogue);
        if (!skipped(run))
            open_block(run);
        if (matcher_late(run->matcher)) { /* this one is not read to its end */
            end = SEARCH_BUDGET_TIME;
            run->foot->blocks_left = 1 + catalogue_rest(&run->catalogue, "budget");
            run->foot->read_down_to = newest;
            break;
        }
        tell(run);
    }
    if (run->ordered)
        flush(run, INT64_MIN);
    run->foot->end = end;
}

/* --- the whole ------------------------------------------------------------------------------ */

static bool range_of(struct run *run, int64_t *from, int64_t *to)
{
    const struct catalogue *c = &run->catalogue;
    *from = INT64_MAX;
    *to = INT64_MIN;
    for (size_t i = 0; i < c->file_count; i++) {
        if (c->files[i].summary.time_min < *from)
            *from = c->files[i].summary.time_min;
        if (c->files[i].summary.time_max > *to)
            *to = c->files[i].summary.time_max;
    }
    if (run->options->from)
        *from = run->options->from;
    if (run->options->to)
        *to = run->options->to - 1;
    return *from <= *to;
}

static bool begin_pipes(struct run *run, struct error *e)
{
    const struct query *query = run->query;
    int64_t from = 0, to = 0, range = 0;
    uint64_t limit = run->options->limit ? run->options->limit : SEARCH_LIMIT;
    run->row_limit = limit < SEARCH_LIMIT_MAX ? limit : SEARCH_LIMIT_MAX;
    run->limit = chain_newest(query, run->row_limit);
    run->ordered = run->limit != CHAIN_ALL;
    uint32_t first = chain_first(query);
    run->wanted_from = INT64_MIN;
    run->needs_events = chain_needs_events(query, first);
    run->few_fields = !run->overview.facets && chain_fields(query, first, run->fields, &run->field_count);
    if (first == query->stage_count)
        return true;
    if (range_of(run, &from, &to) && __builtin_sub_overflow(to, from, &range))
        range = INT64_MAX;
    run->chain = chain_new(query, first, range,
                           &(struct chain_sink){ .owner = run, .take = sink });
    return run->chain || error_set(e, "memory is short for searching");
}

static bool begin_buckets(struct run *run, struct error *e)
{
    int64_t from, to;
    return !run->options->buckets || !range_of(run, &from, &to) ||
           overview_begin_buckets(&run->overview, from, to, run->options->buckets, e);
}

static bool begin(struct run *run, struct error *e)
{
    const struct search_options *o = run->options;
    run->matcher = matcher_new(run->query);
    if (!run->matcher)
        return error_set(e, "memory is short for searching");
    if (run->handlers->facet && !overview_begin_facets(&run->overview, o->facets, o->facet_count, e))
        return false;
    run->catalogue = (struct catalogue){ .options = o, .arena = run->arena, .foot = run->foot,
                                         .owner = run };
    if (o->explain && run->handlers->explain)
        run->catalogue.tell = tell_of;
    if (!catalogue_open(&run->catalogue, e) || !begin_pipes(run, e) ||
        !begin_buckets(run, e))
        return false;
    run->counts_all = run->overview.span || run->overview.facets;
    run->view.fetched = &run->fetched;
    run->view.need = read_part;
    run->view.late = is_late;
    run->view.owner = run;
    run->view.arena = &run->block_arena;
    return true;
}

static void finish(struct run *run)
{
    if (run->chain) {
        if (!run->cancelled)
            chain_finish(run->chain);
        run->foot->cut += chain_cut(run->chain);
    }
    if (run->foot->end == SEARCH_COMPLETE && run->dropped)
        run->foot->end = SEARCH_LIMITED;
    run->cancelled |= !overview_give_buckets(&run->overview, run->handlers);
    run->cancelled |= !overview_give_facets(&run->overview, run->handlers);
    run->foot->elapsed_ns = clock_steady() - run->started;
}

static void end(struct run *run)
{
    for (size_t i = 0; i < run->waiting.count; i++)
        free(run->waiting.events[i]);
    free(run->waiting.events);
    overview_free(&run->overview);
    chain_free(&run->chain);
    matcher_free(&run->matcher);
    catalogue_close(&run->catalogue);
    match_view_free(&run->view);
    fetch_free(&run->fetched);
    arena_free(&run->block_arena);
    buffer_free(&run->stored);
}

bool search_run(const struct query *query, const struct search_options *options,
                const struct search_handlers *handlers, struct arena *arena,
                struct search_foot *foot_out, struct error *e)
{
    struct run run = { .query = query, .options = options, .handlers = handlers,
                       .foot = foot_out, .arena = arena, .started = clock_steady() };
    *foot_out = (struct search_foot){ .end = SEARCH_COMPLETE };
    match_view_init(&run.view);
    fetch_init(&run.fetched);
    arena_init(&run.block_arena, ARENA_NO_CEILING);
    overview_init(&run.overview, arena, foot_out);
    buffer_init(&run.stored, BLOCK_PART_MAX);
    bool well = begin(&run, e);
    if (well) {
        read_blocks(&run);
        finish(&run);
    }
    end(&run);
    return well;
}
