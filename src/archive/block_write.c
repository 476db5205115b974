#include "archive/block.h"

#include <stdlib.h>

#include "archive/limit.h"
#include "archive/place.h"
#include "archive/varint.h"
#include "base/map.h"

enum { SEQUENCE, TIME, RECEIVED, ORIGIN, LABEL, SHAPE, FLAGS, RAW, TEXT, RECORD, COLUMNS };

/* A shape that events had lately: compared before it is looked up, and where each of its values
 * stood behind the one before is where it is looked for first. */
struct recent {
    uint32_t number, count;
    struct slice *names;
    uint8_t *kinds;
    int64_t *gaps;
    uint32_t label;                  /* that an event of this shape had last */
};

#define RECENT 8u

struct block_builder {
    struct buffer columns[COLUMNS], text, fields, tables[3], scratch;
    struct map seen;                 /* key bytes of origin, label, shape → number + 1 */
    struct arena keys;
    uint32_t counts[3];              /* origins, labels, shapes */
    struct block_origin *origins;
    uint32_t origin_capacity, last_origin;
    struct block_label *labels;
    uint32_t label_capacity;
    struct block_summary summary;
    uint64_t row_at[2];              /* where the text of the last two rows begins */
    uint64_t last_sequence;
    int64_t last_time, last_received;
    struct recent recent[RECENT];
    uint32_t recent_count, recent_next;
    uint64_t generation;             /* of its numbers, for block_memo */
    bool failed;
};

static uint64_t next_generation(void)
{
    static _Thread_local uint64_t last;
    return ++last;
}

struct block_builder *block_builder_new(void)
{
    struct block_builder *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    for (int i = 0; i < COLUMNS; i++)
        buffer_init(&b->columns[i], BLOCK_PART_MAX);
    for (int i = 0; i < 3; i++)
        buffer_init(&b->tables[i], BLOCK_PART_MAX);
    buffer_init(&b->text, BLOCK_PART_MAX);
    buffer_init(&b->fields, BLOCK_PART_MAX);
    buffer_init(&b->scratch, BLOCK_PART_MAX);
    arena_init(&b->keys, ARENA_NO_CEILING);
    b->generation = next_generation();
    return b;
}

void block_builder_clear(struct block_builder *b)
{
    for (int i = 0; i < COLUMNS; i++)
        buffer_clear(&b->columns[i]);
    for (int i = 0; i < 3; i++)
        buffer_clear(&b->tables[i]);
    buffer_clear(&b->text);
    buffer_clear(&b->fields);
    buffer_clear(&b->scratch);
    map_free(&b->seen);
    arena_clear(&b->keys);
    memset(b->counts, 0, sizeof b->counts);
    b->summary = (struct block_summary){ .events = 0 };
    b->row_at[0] = b->row_at[1] = 0;
    b->last_sequence = 0;
    b->last_time = b->last_received = 0;
    b->recent_count = b->recent_next = b->last_origin = 0;
    b->generation = next_generation();
    b->failed = false;
}

void block_builder_free(struct block_builder **builder)
{
    struct block_builder *b = *builder;
    if (!b)
        return;
    for (int i = 0; i < COLUMNS; i++)
        buffer_free(&b->columns[i]);
    for (int i = 0; i < 3; i++)
        buffer_free(&b->tables[i]);
    buffer_free(&b->text);
    buffer_free(&b->fields);
    buffer_free(&b->scratch);
    map_free(&b->seen);
    arena_free(&b->keys);
    free(b->origins);
    free(b->labels);
    free(b);
    *builder = NULL;
}

/* The number of the table row whose bytes stand in scratch behind its first byte (the table's
 * number, so that one map serves all three); new rows are appended. */
static bool table_number(struct block_builder *b, int table, uint32_t *number_out, bool *new_out)
{
    if (b->scratch.failed)
        return false;
    struct slice key = buffer_slice(&b->scratch);
    uintptr_t seen = (uintptr_t)map_get(&b->seen, key);
    *new_out = seen == 0;
    if (seen) {
        *number_out = (uint32_t)(seen - 1);
        return true;
    }
    struct slice copy = arena_copy(&b->keys, key);
    *number_out = b->counts[table];
    if (!copy.data || !map_put(&b->seen, copy, (void *)(uintptr_t)(*number_out + 1)))
        return false;
    b->counts[table]++;
    buffer_add(&b->tables[table], slice_after(key, 1));
    return !b->tables[table].failed;
}

static void begin_key(struct block_builder *b, int table)
{
    buffer_clear(&b->scratch);
    buffer_add_u8(&b->scratch, (uint8_t)table);
}

/* The list with room for one more, moved perhaps; NULL when memory is short, and it stays. */
static void *room_behind(void *list, uint32_t count, uint32_t *capacity, size_t size)
{
    uint32_t more = *capacity ? *capacity * 2 : 16;
    if (count < *capacity)
        return list;
    void *grown = realloc(list, more * size);
    if (grown)
        *capacity = more;
    return grown;
}

static bool origin_number(struct block_builder *b, struct slice source, struct slice system,
                          struct slice agency, uint32_t *number_out)
{
    bool new;
    const struct block_origin *last = b->origins + b->last_origin;
    if (b->counts[0] && slice_equal(last->source, source) && slice_equal(last->system, system) &&
        slice_equal(last->agency, agency)) {
        *number_out = b->last_origin;
        return true;
    }
    begin_key(b, 0);
    buffer_add_slice(&b->scratch, source);
    buffer_add_slice(&b->scratch, system);
    buffer_add_slice(&b->scratch, agency);
    if (!table_number(b, 0, number_out, &new))
        return false;
    b->last_origin = *number_out;
    if (!new)
        return true;
    struct block_origin *more = room_behind(b->origins, *number_out, &b->origin_capacity, sizeof *more);
    if (!more)
        return false;
    b->origins = more;
    struct block_origin *origin = &b->origins[*number_out];
    origin->source = arena_copy(&b->keys, source);
    origin->system = arena_copy(&b->keys, system);
    origin->agency = arena_copy(&b->keys, agency);
    return !b->keys.exhausted;
}

static bool same_label(const struct block_label *label, struct slice decoder,
                       const struct event_logsource *logsource)
{
    return slice_equal(label->decoder, decoder) &&
           slice_equal(label->logsource.product, logsource->product) &&
           slice_equal(label->logsource.category, logsource->category) &&
           slice_equal(label->logsource.service, logsource->service);
}

/* *number_io comes as a guess. */
static bool label_number(struct block_builder *b, struct slice decoder,
                         const struct event_logsource *logsource, uint32_t *number_io)
{
    bool new;
    if (*number_io < b->counts[1] && same_label(&b->labels[*number_io], decoder, logsource))
        return true;
    begin_key(b, 1);
    buffer_add_slice(&b->scratch, decoder);
    buffer_add_slice(&b->scratch, logsource->product);
    buffer_add_slice(&b->scratch, logsource->category);
    buffer_add_slice(&b->scratch, logsource->service);
    if (!table_number(b, 1, number_io, &new))
        return false;
    if (!new)
        return true;
    struct block_label *more = room_behind(b->labels, *number_io, &b->label_capacity, sizeof *more);
    if (!more)
        return false;
    b->labels = more;
    b->labels[*number_io] = (struct block_label){
        arena_copy(&b->keys, decoder),
        { arena_copy(&b->keys, logsource->product), arena_copy(&b->keys, logsource->category),
          arena_copy(&b->keys, logsource->service) } };
    return !b->keys.exhausted;
}

static void add_row(struct block_builder *b, uint64_t sequence, int64_t time, int64_t received,
                    const uint64_t *rest)
{
    struct block_summary *s = &b->summary;
    bool first = s->events == 0;
    varint_add(&b->columns[SEQUENCE], zigzag((int64_t)(sequence - b->last_sequence)));
    varint_add(&b->columns[TIME], zigzag((int64_t)((uint64_t)time - (uint64_t)b->last_time)));
    varint_add(&b->columns[RECEIVED],
               zigzag((int64_t)((uint64_t)received - (uint64_t)b->last_received)));
    for (int i = ORIGIN; i < COLUMNS; i++)
        varint_add(&b->columns[i], rest[i]);
    b->last_sequence = sequence;
    b->last_time = time;
    b->last_received = received;
    if (first || sequence < s->sequence_min)
        s->sequence_min = sequence;
    if (first || sequence > s->sequence_max)
        s->sequence_max = sequence;
    if (first || time < s->time_min)
        s->time_min = time;
    if (first || time > s->time_max)
        s->time_max = time;
    s->events++;
    b->row_at[0] = b->row_at[1];
    b->row_at[1] = s->text_bytes;
    s->text_bytes = b->text.len;
}

static bool all_well(struct block_builder *b)
{
    bool well = !b->failed && !b->text.failed && !b->fields.failed && !b->keys.exhausted;
    for (int i = 0; i < COLUMNS; i++)
        well &= !b->columns[i].failed;
    b->failed = !well;
    return well;
}

static void add_fields(struct block_builder *b, const struct event *event, int64_t *gaps)
{
    size_t last = 0;
    for (uint32_t i = 0; i < event->field_count; i++) {
        const struct event_field *field = &event->fields[i];
        struct place place = place_find(event->raw, last, field, gaps[i], &b->scratch);
        if (place.how == BESIDE) {
            varint_add(&b->fields, BESIDE);
            buffer_add_byte(&b->text, '\0');
            buffer_add(&b->text, field->value);
        } else {
            int64_t gap = (int64_t)place.at - (int64_t)last;
            gaps[i] = gap;
            varint_add(&b->fields, zigzag(gap) << 2 | (place.string ? JSON_STRING : place.how));
            bool nested = field->kind == EVENT_OBJECT || field->kind == EVENT_ARRAY;
            last = nested ? place.at : place.at + place.len;
            if (place.string)
                continue;
        }
        varint_add(&b->fields, place.len);
    }
}

static bool has_shape(const struct recent *recent, const struct event *event)
{
    if (recent->count != event->field_count)
        return false;
    for (uint32_t i = 0; i < recent->count; i++)
        if (recent->kinds[i] != (uint8_t)event->fields[i].kind ||
            !slice_equal(recent->names[i], event->fields[i].name))
            return false;
    return true;
}

static bool shape_number(struct block_builder *b, uint32_t count, const struct event_field *fields,
                         const struct block_shape *shape, uint32_t *number_out)
{
    bool new;
    begin_key(b, 2);
    buffer_add_u32(&b->scratch, count);
    for (uint32_t i = 0; i < count; i++) {
        buffer_add_slice(&b->scratch, fields ? fields[i].name : shape->names[i]);
        buffer_add_u8(&b->scratch, fields ? (uint8_t)fields[i].kind : shape->kinds[i]);
    }
    return table_number(b, 2, number_out, &new);
}

/* The shape of the event among the recent ones, made one of them when needed; NULL: no memory. */
static struct recent *shape_of(struct block_builder *b, const struct event *event)
{
    for (uint32_t i = 0; i < b->recent_count; i++)
        if (has_shape(&b->recent[i], event))
            return &b->recent[i];
    struct recent *recent = &b->recent[b->recent_next++ % RECENT];
    uint32_t count = event->field_count;
    if (!shape_number(b, count, event->fields, NULL, &recent->number))
        return NULL;
    recent->count = count;
    recent->names = arena_array(&b->keys, count, sizeof *recent->names);
    recent->kinds = arena_zero(&b->keys, count);
    recent->gaps = arena_array(&b->keys, count, sizeof *recent->gaps);
    if (!recent->names || !recent->kinds || !recent->gaps)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        recent->names[i] = arena_copy(&b->keys, event->fields[i].name);
        recent->kinds[i] = (uint8_t)event->fields[i].kind;
        recent->gaps[i] = INT64_MIN;
    }
    if (b->recent_count < RECENT)
        b->recent_count++;
    return b->keys.exhausted ? NULL : recent;
}

static bool give_up(struct block_builder *b)
{
    b->failed = true;
    return false;
}

bool block_add(struct block_builder *b, const struct event *event, uint64_t sequence)
{
    uint64_t rest[COLUMNS];
    uint32_t origin;
    if (b->failed || b->summary.events >= BLOCK_ROWS_MAX || event->raw.len > BLOCK_PART_MAX / 2)
        return false;
    struct recent *shape = shape_of(b, event);
    if (!shape || !origin_number(b, event->source, event->system, event->agency, &origin) ||
        !label_number(b, event->decoder, &event->logsource, &shape->label))
        return give_up(b);
    size_t text_before = b->text.len, fields_before = b->fields.len;
    buffer_add(&b->text, event->raw);
    add_fields(b, event, shape->gaps);
    buffer_add_byte(&b->text, '\0');
    rest[ORIGIN] = origin;
    rest[LABEL] = shape->label;
    rest[SHAPE] = shape->number;
    rest[FLAGS] = event->flags;
    rest[RAW] = event->raw.len;
    rest[TEXT] = b->text.len - text_before - event->raw.len - 1;
    rest[RECORD] = b->fields.len - fields_before;
    add_row(b, sequence, event->time, event->received, rest);
    return all_well(b);
}

bool block_memo_init(struct block_memo *memo, const struct block_rows *rows, struct arena *arena)
{
    const uint32_t counts[3] = { rows->origin_count, rows->label_count, rows->shape_count };
    memo->builder = 0;
    for (int i = 0; i < 3; i++)
        if (!(memo->numbers[i] = arena_array(arena, counts[i], sizeof *memo->numbers[i])))
            return false;
    return true;
}

static void memo_begin(struct block_memo *memo, const struct block_rows *rows, uint64_t generation)
{
    const uint32_t counts[3] = { rows->origin_count, rows->label_count, rows->shape_count };
    memo->builder = generation;
    for (int i = 0; i < 3; i++)
        memset(memo->numbers[i], 0, counts[i] * sizeof *memo->numbers[i]);
}

static bool copied_number(struct block_builder *b, const struct block_rows *rows, int table,
                          uint32_t from, struct block_memo *memo, uint64_t *number_out)
{
    uint32_t *known = &memo->numbers[table][from], number = 0;
    bool well = true;
    if (!*known) {
        const struct block_origin *o = &rows->origins[table == 0 ? from : 0];
        const struct block_label *l = &rows->labels[table == 1 ? from : 0];
        const struct block_shape *s = &rows->shapes[table == 2 ? from : 0];
        well = table == 0 ? origin_number(b, o->source, o->system, o->agency, &number)
             : table == 1 ? label_number(b, l->decoder, &l->logsource, &number)
                          : shape_number(b, s->count, NULL, s, &number);
        *known = number + 1;
    }
    *number_out = *known - 1;
    return well;
}

bool block_copy(struct block_builder *b, const struct block_rows *rows, struct slice text,
                struct slice fields, uint32_t row, struct block_memo *memo)
{
    uint64_t rest[COLUMNS];
    if (b->failed || b->summary.events >= BLOCK_ROWS_MAX)
        return false;
    if (memo->builder != b->generation)
        memo_begin(memo, rows, b->generation);
    if (!copied_number(b, rows, 0, rows->origin[row], memo, &rest[ORIGIN]) ||
        !copied_number(b, rows, 1, rows->label[row], memo, &rest[LABEL]) ||
        !copied_number(b, rows, 2, rows->shape[row], memo, &rest[SHAPE]))
        return give_up(b);
    buffer_add(&b->text, slice_cut(text, rows->text_at[row], rows->text_at[row + 1]));
    buffer_add(&b->fields, slice_cut(fields, rows->fields_at[row], rows->fields_at[row + 1]));
    rest[FLAGS] = rows->flags[row];
    rest[RAW] = rows->raw_len[row];
    rest[TEXT] = rows->text_at[row + 1] - rows->text_at[row] - rows->raw_len[row] - 1;
    rest[RECORD] = rows->fields_at[row + 1] - rows->fields_at[row];
    add_row(b, rows->sequence[row], rows->time[row], rows->received[row], rest);
    return all_well(b);
}

struct block_summary block_builder_summary(const struct block_builder *b)
{
    return b->summary;
}

uint32_t block_builder_origins(const struct block_builder *b,
                               const struct block_origin **origins_out)
{
    *origins_out = b->origins;
    return b->counts[0];
}

void block_builder_last(const struct block_builder *b, struct slice *row_out,
                        struct slice *before_out)
{
    *row_out = slice_after(buffer_slice(&b->text), b->row_at[1]);
    *before_out = slice_cut(buffer_slice(&b->text), b->row_at[0], b->row_at[1]);
}

/* Times mostly are whole milliseconds: the column is written in the largest unit that fits all. */
static void add_times(struct slice column, struct buffer *out)
{
    static const int64_t units[] = { 1000000000, 1000000, 1000, 1 };
    const unsigned char *start = (const unsigned char *)column.data, *end = start + column.len;
    const unsigned char *at = start;
    uint64_t value;
    size_t unit = 0;
    while (varint_read(&at, end, &value))
        while (unzigzag(value) % units[unit] != 0)
            unit++;
    size_t head = out->len;
    buffer_add_u32(out, 0);
    varint_add(out, (uint64_t)units[unit]);
    for (at = start; varint_read(&at, end, &value);)
        varint_add(out, zigzag(unzigzag(value) / units[unit]));
    uint32_t len = (uint32_t)(out->len - head - 4);
    for (int i = 0; i < 4 && !out->failed; i++)
        out->data[head + (size_t)i] = (char)(len >> (8 * i));
}

static void gather_rows(struct block_builder *b, struct buffer *out)
{
    buffer_clear(out);
    buffer_add_u32(out, b->summary.events);
    for (int i = 0; i < 3; i++) {
        buffer_add_u32(out, b->counts[i]);
        buffer_add(out, buffer_slice(&b->tables[i]));
    }
    for (int i = 0; i < COLUMNS; i++)
        if (i == TIME || i == RECEIVED)
            add_times(buffer_slice(&b->columns[i]), out);
        else
            buffer_add_slice(out, buffer_slice(&b->columns[i]));
}

bool block_builder_parts(struct block_builder *b, struct slice *parts_out)
{
    gather_rows(b, &b->scratch);
    parts_out[PART_ROWS] = buffer_slice(&b->scratch);
    parts_out[PART_TEXT] = buffer_slice(&b->text);
    parts_out[PART_FIELDS] = buffer_slice(&b->fields);
    return !b->failed && !b->scratch.failed;
}

static void swap(struct buffer *a, struct buffer *b)
{
    struct buffer was = *a;
    *a = *b;
    *b = was;
}

void block_builder_give(struct block_builder *b, struct buffer *parts_io)
{
    swap(&b->scratch, &parts_io[PART_ROWS]);
    swap(&b->text, &parts_io[PART_TEXT]);
    swap(&b->fields, &parts_io[PART_FIELDS]);
}
