#include "archive/stage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/limit.h"
#include "base/clock.h"
#include "base/map.h"

#define COLUMNS (QUERY_COLUMNS_MAX * 2 + 1)

/* One group of an aggregation, or one row of a sort. */
struct group {
    int64_t bucket;
    struct search_cell keys[QUERY_COLUMNS_MAX];
    uint32_t key_count;
    uint64_t count;
    struct tally {
        uint64_t count;          /* values that are numbers, for sum, avg */
        long double sum, min, max;
        struct words distinct;   /* hashes of different values */
    } tallies[];
};

struct held {                    /* an item kept by sort */
    struct search_event *event;
    struct search_cell *cells;
    struct search_cell keys[QUERY_COLUMNS_MAX];
    uint64_t number;             /* arrival, so that equal ones stay in order */
};

struct op {
    struct chain *chain;
    const struct stage *stage;
    struct op *next;
    int64_t span;
    struct slice columns[COLUMNS];
    struct search_table table;
    struct arena arena;
    struct map groups;           /* key bytes → struct group */
    struct group **list;
    size_t count, capacity;
    struct held *held;
    uint64_t passed;
};

struct chain {
    struct op *ops;
    uint32_t op_count;
    struct chain_sink sink;
    struct buffer key, scratch[COLUMNS];
    uint64_t cut;
    bool failed;
};

static bool op_push(struct op *op, const struct item *item);

/* --- values --------------------------------------------------------------------------------- */

static struct search_cell item_cell(const struct item *item, struct slice field,
                                    struct buffer *scratch)
{
    if (item->event)
        return stage_event_cell(item->event, field, scratch);
    for (size_t i = 0; i < item->table->column_count; i++)
        if (slice_equal_nocase(item->table->columns[i], field))
            return item->cells[i];
    return (struct search_cell){ .none = true };
}

static bool cell_number(const struct search_cell *cell, long double *out)
{
    return !cell->none && slice_to_long_double(slice_trim(cell->text), out);
}

static struct search_cell number_cell(struct arena *arena, long double number)
{
    struct search_cell cell = { .number = (double)number, .is_number = true };
    bool whole = number == floorl(number) && fabsl(number) < 0x1p64L;
    cell.text = arena_print(arena, whole ? "%.0Lf" : "%.15Lg", number);
    return cell;
}

static struct search_cell copy_cell(struct arena *arena, const struct search_cell *cell)
{
    struct search_cell copy = *cell;
    copy.text = arena_copy(arena, cell->text);
    return copy;
}

/* None first, then numbers, then texts: one order for all, however they are mixed. */
static int compare_cells(const struct search_cell *a, const struct search_cell *b)
{
    long double x = 0, y = 0;
    if (a->none || b->none)
        return (int)b->none - (int)a->none;
    bool number = cell_number(a, &x), other = cell_number(b, &y);
    if (number != other)
        return number ? -1 : 1;
    return number ? (x > y) - (x < y) : slice_compare(a->text, b->text);
}

/* --- aggregation ---------------------------------------------------------------------------- */

static uint32_t tallies_of(const struct op *op)
{
    return op->stage->stat_count;
}

static void group_key(struct op *op, int64_t bucket, const struct search_cell *keys)
{
    struct buffer *key = &op->chain->key;
    buffer_clear(key);
    buffer_add_u64(key, (uint64_t)bucket);
    for (uint32_t i = 0; i < op->stage->by_count; i++) {
        buffer_add_u8(key, keys[i].none);
        buffer_add_slice(key, keys[i].text);
    }
}

static struct group *group_new(struct op *op, int64_t bucket, const struct search_cell *keys)
{
    if (op->count >= SEARCH_GROUPS_MAX)
        return NULL;
    if (op->count == op->capacity) {
        size_t capacity = op->capacity ? op->capacity * 2 : 256;
        struct group **list = realloc(op->list, capacity * sizeof *list);
        if (!list)
            return NULL;
        op->list = list;
        op->capacity = capacity;
    }
    struct group *group = arena_zero(&op->arena,
                                     sizeof *group + tallies_of(op) * sizeof group->tallies[0]);
    struct slice key = arena_copy(&op->arena, buffer_slice(&op->chain->key));
    if (!group || !key.data || !map_put(&op->groups, key, group))
        return NULL;
    group->bucket = bucket;
    group->key_count = op->stage->by_count;
    for (uint32_t i = 0; i < group->key_count; i++)
        group->keys[i] = copy_cell(&op->arena, &keys[i]);
    op->list[op->count++] = group;
    return group;
}

static void tally(struct op *op, struct group *group, const struct item *item)
{
    for (uint32_t i = 0; i < op->stage->stat_count; i++) {
        const struct stat *stat = &op->stage->stats[i];
        struct tally *t = &group->tallies[i];
        long double number;
        if (stat->field.len == 0)
            continue;
        struct search_cell cell = item_cell(item, stat->field, &op->chain->scratch[i]);
        if (cell.none)
            continue;
        if (stat->kind == STAT_COUNT)
            t->count++;
        else if (stat->kind == STAT_DISTINCT)
            words_put(&t->distinct, slice_hash(cell.text));
        else if (cell_number(&cell, &number)) {
            t->min = t->count && t->min < number ? t->min : number;
            t->max = t->count && t->max > number ? t->max : number;
            t->sum += number;
            t->count++;
        }
    }
}

static bool push_group(struct op *op, const struct item *item)
{
    const struct stage *stage = op->stage;
    struct search_cell keys[QUERY_COLUMNS_MAX];
    int64_t bucket = 0;
    if (op->span && item->event)
        bucket = stage_bucket(item->event->event.time, op->span);
    for (uint32_t i = 0; i < stage->by_count; i++)
        keys[i] = item_cell(item, stage->by[i], &op->chain->scratch[i]);
    group_key(op, bucket, keys);
    struct group *group = map_get(&op->groups, buffer_slice(&op->chain->key));
    if (!group && !(group = group_new(op, bucket, keys))) {
        op->chain->cut++;
        return true;
    }
    group->count++;
    tally(op, group, item);
    return true;
}

static struct search_cell stat_cell(struct op *op, const struct group *group, uint32_t i)
{
    const struct stat *stat = &op->stage->stats[i];
    const struct tally *t = &group->tallies[i];
    switch (stat->kind) {
    case STAT_COUNT:
        return number_cell(&op->arena, stat->field.len ? t->count : group->count);
    case STAT_DISTINCT: return number_cell(&op->arena, t->distinct.count);
    case STAT_SUM: return number_cell(&op->arena, t->sum);
    default: break;
    }
    if (t->count == 0)
        return (struct search_cell){ .none = true };
    if (stat->kind == STAT_AVG)
        return number_cell(&op->arena, t->sum / t->count);
    return number_cell(&op->arena, stat->kind == STAT_MIN ? t->min : t->max);
}

static bool emit_group(struct op *op, const struct group *group)
{
    struct search_cell cells[COLUMNS];
    struct arena_mark mark = arena_mark(&op->arena);
    size_t n = 0;
    char text[CLOCK_TEXT];
    if (op->span) {
        clock_print_utc(group->bucket, text);
        cells[n++] = (struct search_cell){ .text = slice_of(text) };
    }
    for (uint32_t i = 0; i < group->key_count; i++)
        cells[n++] = group->keys[i];
    for (uint32_t i = 0; i < op->stage->stat_count; i++)
        cells[n++] = stat_cell(op, group, i);
    bool go_on = op_push(op->next, &(struct item){ .table = &op->table, .cells = cells });
    arena_reset(&op->arena, mark);
    return go_on;
}

static int by_time_then_count(const void *a, const void *b)
{
    const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;
    if (x->bucket != y->bucket)
        return x->bucket < y->bucket ? -1 : 1;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    for (uint32_t i = 0; i < x->key_count; i++) {
        int order = compare_cells(&x->keys[i], &y->keys[i]);
        if (order)
            return order;
    }
    return 0;
}

/* A chart of one line has no holes: minutes in which nothing was are nought, not absent. */
static bool emit_gap(struct op *op, int64_t *last, const struct group *group)
{
    bool fills = op->stage->kind == STAGE_TIMECHART && op->stage->by_count == 0 && op->span;
    if (!fills)
        return true;
    for (int64_t at = *last + op->span; *last != INT64_MIN && at < group->bucket; at += op->span) {
        if ((group->bucket - at) / op->span > SEARCH_SORT_MAX)
            break;
        struct group *empty = arena_zero(&op->arena, sizeof *empty + tallies_of(op) *
                                                         sizeof empty->tallies[0]);
        if (!empty)
            return true;
        empty->bucket = at;
        if (!emit_group(op, empty))
            return false;
    }
    *last = group->bucket;
    return true;
}

static bool finish_groups(struct op *op)
{
    uint64_t most = op->stage->kind == STAGE_TOP ? op->stage->number : UINT64_MAX;
    int64_t last = INT64_MIN;
    if (op->count == 0 && op->stage->by_count == 0 && !op->span && op->stage->stat_count) {
        group_key(op, 0, NULL);
        group_new(op, 0, NULL); /* a count of nothing is 0, not nothing */
    }
    if (op->count)
        qsort(op->list, op->count, sizeof *op->list, by_time_then_count);
    for (size_t i = 0; i < op->count && i < most; i++)
        if (!emit_gap(op, &last, op->list[i]) || !emit_group(op, op->list[i]))
            return false;
    return true;
}

/* --- the other operators -------------------------------------------------------------------- */

static bool push_fields(struct op *op, const struct item *item)
{
    struct search_cell cells[QUERY_COLUMNS_MAX];
    for (uint32_t i = 0; i < op->stage->by_count; i++)
        cells[i] = item_cell(item, op->stage->by[i], &op->chain->scratch[i]);
    return op_push(op->next, &(struct item){ .table = &op->table, .cells = cells });
}

static bool push_uniq(struct op *op, const struct item *item)
{
    struct search_cell keys[QUERY_COLUMNS_MAX];
    for (uint32_t i = 0; i < op->stage->by_count; i++)
        keys[i] = item_cell(item, op->stage->by[i], &op->chain->scratch[i]);
    group_key(op, 0, keys);
    if (map_get(&op->groups, buffer_slice(&op->chain->key)))
        return true;
    struct group *group = group_new(op, 0, keys);
    if (!group) {
        op->chain->cut++;
        return true;
    }
    return op_push(op->next, &(struct item){ .table = &op->table, .cells = group->keys });
}

static bool push_limit(struct op *op, const struct item *item)
{
    if (op->passed >= op->stage->number)
        return false;
    return op_push(op->next, item) && ++op->passed < op->stage->number;
}

static bool hold_row(struct op *op, struct held *held, const struct item *item)
{
    size_t n = item->table->column_count;
    held->cells = arena_array(&op->arena, n, sizeof *held->cells);
    for (size_t i = 0; held->cells && i < n; i++)
        held->cells[i] = copy_cell(&op->arena, &item->cells[i]);
    op->table = *item->table;
    return !op->arena.exhausted;
}

static bool push_sort(struct op *op, const struct item *item)
{
    if (op->count == op->capacity) {
        size_t capacity = op->capacity ? op->capacity * 2 : 256;
        struct held *more = op->count < SEARCH_SORT_MAX
                                ? realloc(op->held, capacity * sizeof *more) : NULL;
        if (!more) {
            op->chain->cut++;
            return true;
        }
        op->held = more;
        op->capacity = capacity;
    }
    struct held *held = &op->held[op->count];
    *held = (struct held){ .number = op->count };
    if (item->event ? !(held->event = stage_keep_event(item->event)) : !hold_row(op, held, item)) {
        op->chain->cut++;
        return true;
    }
    for (uint32_t i = 0; i < op->stage->key_count; i++) {
        struct search_cell cell = item_cell(item, op->stage->keys[i].field,
                                            &op->chain->scratch[i]);
        held->keys[i] = copy_cell(&op->arena, &cell);
    }
    op->count++;
    return true;
}

static int by_keys(const void *a, const void *b, void *stage_)
{
    const struct held *x = a, *y = b;
    const struct stage *stage = stage_;
    for (uint32_t i = 0; i < stage->key_count; i++) {
        int order = compare_cells(&x->keys[i], &y->keys[i]);
        if (order)
            return stage->keys[i].descending ? -order : order;
    }
    return x->number < y->number ? -1 : 1;
}

static bool finish_sort(struct op *op)
{
    bool go_on = true;
    if (op->count)
        qsort_r(op->held, op->count, sizeof *op->held, by_keys, (void *)op->stage);
    for (size_t i = 0; i < op->count && go_on; i++)
        go_on = op_push(op->next, &(struct item){ .event = op->held[i].event, .table = &op->table,
                                                  .cells = op->held[i].cells });
    return go_on;
}

/* `top 10` behind a table: its rows by the last column, largest first. */
static const struct stage *bare_top(struct op *op, const struct search_table *table)
{
    struct stage *stage = arena_zero(&op->arena, sizeof *stage);
    if (!stage)
        return op->stage;
    *stage = *op->stage;
    stage->key_count = 1;
    stage->keys[0].field = arena_copy(&op->arena, table->columns[table->column_count - 1]);
    stage->keys[0].descending = true;
    return stage;
}

static bool push_bare_top(struct op *op, const struct item *item)
{
    if (op->stage->key_count == 0 && item->table && item->table->column_count)
        op->stage = bare_top(op, item->table);
    return push_sort(op, item);
}

static bool finish_bare_top(struct op *op)
{
    if (op->count)
        qsort_r(op->held, op->count, sizeof *op->held, by_keys, (void *)op->stage);
    for (size_t i = 0; i < op->count && i < op->stage->number; i++)
        if (!op_push(op->next, &(struct item){ .event = op->held[i].event, .table = &op->table,
                                               .cells = op->held[i].cells }))
            return false;
    return true;
}

/* --- the chain ------------------------------------------------------------------------------ */

static bool op_push(struct op *op, const struct item *item)
{
    if (!op->stage)
        return op->chain->sink.take(op->chain->sink.owner, item);
    switch (op->stage->kind) {
    case STAGE_COUNT: case STAGE_STATS: case STAGE_TIMECHART: return push_group(op, item);
    case STAGE_TOP: return op->stage->bare ? push_bare_top(op, item) : push_group(op, item);
    case STAGE_FIELDS: return push_fields(op, item);
    case STAGE_UNIQ: return push_uniq(op, item);
    case STAGE_SORT: return push_sort(op, item);
    case STAGE_LIMIT: return push_limit(op, item);
    }
    return true;
}

static void name_columns(struct op *op)
{
    const struct stage *stage = op->stage;
    size_t n = 0;
    if (op->span)
        op->columns[n++] = SLICE("time");
    for (uint32_t i = 0; i < stage->by_count; i++)
        op->columns[n++] = stage->by[i];
    for (uint32_t i = 0; i < stage->stat_count; i++)
        op->columns[n++] = stage->stats[i].name;
    op->table = (struct search_table){ op->columns, n };
}

struct chain *chain_new(const struct query *query, uint32_t first, int64_t range,
                        const struct chain_sink *sink)
{
    struct chain *chain = calloc(1, sizeof *chain);
    uint32_t count = query->stage_count - first;
    if (!chain || !(chain->ops = calloc(count + 1, sizeof *chain->ops))) {
        free(chain);
        return NULL;
    }
    chain->op_count = count;
    chain->sink = *sink;
    buffer_init(&chain->key, 0);
    for (int i = 0; i < COLUMNS; i++)
        buffer_init(&chain->scratch[i], 0);
    for (uint32_t i = 0; i <= count; i++) {
        struct op *op = &chain->ops[i];
        op->chain = chain;
        arena_init(&op->arena, ARENA_NO_CEILING);
        if (i == count)
            break;
        op->stage = &query->stages[first + i];
        op->next = &chain->ops[i + 1];
        op->span = op->stage->span;
        if (op->stage->kind == STAGE_TIMECHART && !op->span)
            op->span = stage_span(range, 60);
        name_columns(op);
    }
    return chain;
}

void chain_free(struct chain **chain_at)
{
    struct chain *chain = *chain_at;
    if (!chain)
        return;
    for (uint32_t i = 0; i <= chain->op_count; i++) {
        struct op *op = &chain->ops[i];
        for (size_t k = 0; op->list && k < op->count; k++)
            for (uint32_t t = 0; t < tallies_of(op); t++)
                words_free(&op->list[k]->tallies[t].distinct);
        for (size_t k = 0; op->held && k < op->count; k++)
            free(op->held[k].event);
        free(op->list);
        free(op->held);
        map_free(&op->groups);
        arena_free(&op->arena);
    }
    buffer_free(&chain->key);
    for (int i = 0; i < COLUMNS; i++)
        buffer_free(&chain->scratch[i]);
    free(chain->ops);
    free(chain);
    *chain_at = NULL;
}

bool chain_push(struct chain *chain, const struct search_event *event)
{
    return op_push(&chain->ops[0], &(struct item){ .event = event });
}

bool chain_finish(struct chain *chain)
{
    for (uint32_t i = 0; i < chain->op_count; i++) {
        struct op *op = &chain->ops[i];
        switch (op->stage->kind) {
        case STAGE_COUNT: case STAGE_STATS: case STAGE_TIMECHART:
            finish_groups(op);
            break;
        case STAGE_TOP:
            if (op->stage->bare)
                finish_bare_top(op);
            else
                finish_groups(op);
            break;
        case STAGE_SORT:
            finish_sort(op);
            break;
        default:
            break;
        }
    }
    return true;
}

uint64_t chain_cut(const struct chain *chain)
{
    return chain->cut;
}
