/* The sealer's rows in their order, and blocks built of them. */
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "archive/filter.h"
#include "archive/filter_words.h"
#include "archive/indicator.h"
#include "archive/sealer.h"

#define FILL_STRETCH (1024u * 1024) /* text copied in one step */

static uint64_t hash(struct slice s)
{
    return XXH3_64bits(s.data ? s.data : "", s.len);
}

static bool read_tail(struct archive *archive, struct tail *tail, struct day *day, struct error *e)
{
    struct fetched kept;
    if (writer_take_kept(archive, day, tail->block, &kept)) {
        spare_put(&archive->spare, &tail->data);
        tail->data = kept;
        return true;
    }
    return fetch_rows(&tail->data, day->db, day->file, tail->block, e) &&
           fetch_part(&tail->data, day->db, day->file, tail->block, PART_TEXT, e) &&
           fetch_part(&tail->data, day->db, day->file, tail->block, PART_FIELDS, e);
}

/* One block that cannot be read must not keep the others from being sealed for ever. It stays as it is, and
 * is found again should the disk give it after all. Told once: it is never tried again. */
static bool set_aside(struct sealer *s, struct tail *tail, struct day *day,
                      const struct error *reason, struct error *e)
{
    DAY_STATEMENT *mark = day_prepare(day->db, "UPDATE block SET kind = 2 WHERE id = ?", day->file,
                                      e);
    if (!mark)
        return false;
    sqlite3_bind_int64(mark, 1, tail->block);
    if (sqlite3_step(mark) != SQLITE_DONE)
        return day_failed(day->db, day->file, e);
    tail->damaged = true;
    if (!s->damaged++)
        snprintf(s->why, sizeof s->why, "%s, block %lld: %.200s", day->file, (long long)tail->block,
                 reason->sentence);
    if (s->packing)
        return true;
    day->tail_blocks--;
    day->tail_events -= tail->events;
    day->tail_text -= tail->text;
    return true;
}

/* Which fields rows are grouped by; beside the bits of indicator_names. */
enum { NAMES_CHANNEL = 16, NAMES_NUMBER = 32, NAMES_COMPUTER = 64 };

static unsigned what_it_says(struct slice name)
{
    unsigned group = slice_is(name, "Channel") || slice_is(name, "program") ? NAMES_CHANNEL
                     : slice_is(name, "EventID") || slice_is(name, "type")  ? NAMES_NUMBER
                     : slice_is(name, "Computer") || slice_is(name, "host") ? NAMES_COMPUTER : 0;
    return group | indicator_names(name);
}

/* What the names of its fields say, looked up once a name. */
static bool name_fields(struct sealer *s, struct tail *tail)
{
    const struct block_rows *rows = &tail->data.rows;
    struct arena *arena = &tail->data.arena;
    tail->names = arena_array(arena, rows->shape_count, sizeof *tail->names);
    for (uint32_t i = 0; tail->names && i < rows->shape_count; i++) {
        const struct block_shape *shape = &rows->shapes[i];
        tail->names[i] = arena_zero(arena, shape->count + 1);
        for (uint32_t k = 0; tail->names[i] && k < shape->count; k++) {
            uintptr_t known = (uintptr_t)map_get(&s->names, shape->names[k]);
            if (!known) {
                struct slice name = arena_copy(&s->arena, shape->names[k]);
                known = what_it_says(name) + 1;
                if (!name.data || !map_put(&s->names, name, (void *)known))
                    return false;
            }
            tail->names[i][k] = (unsigned char)(known - 1);
        }
    }
    return !arena->exhausted;
}

static void note_indicator(void *owner, enum indicator_kind kind, struct slice value)
{
    struct sealer *s = owner;
    uint64_t key = indicator_key(kind, value);
    struct indicator_count *seen = map_get(&s->seen, slice_from(&key, sizeof key));
    if (!seen) {
        seen = arena_zero(&s->arena, sizeof *seen);
        if (seen)
            seen->key = key;
        if (!seen || !map_put(&s->seen, slice_from(&seen->key, sizeof seen->key), seen)) {
            s->words.failed = true;
            return;
        }
    }
    seen->count++;
}

/* Its place in the order, and its indicators. Rows alike in channel or program, event id and host stand
 * together: their lines share most of their bytes. */
static void read_row(struct sealer *s, const struct tail *tail, uint32_t row, struct row *out)
{
    const struct fetched *data = &tail->data;
    const struct block_rows *rows = &data->rows;
    struct block_fields walk = block_fields_of(rows, data->parts[PART_TEXT], data->parts[PART_FIELDS], row);
    const unsigned char *names = tail->names[rows->shape[row]];
    struct slice channel = SLICE_NONE, number = SLICE_NONE, host = rows->origins[rows->origin[row]].source;
    struct block_value value;
    out->inner = 0;
    while (block_fields_next(&walk, &value)) {
        unsigned name = names[walk.next - 1];
        if (name & NAMES_CHANNEL)
            channel = value.bytes;
        else if (name & NAMES_NUMBER)
            number = value.bytes;
        else if (name & NAMES_COMPUTER)
            host = value.bytes;
        out->inner |= filter_words_inside(walk.text, value.bytes);
        if (!s->packing) /* packing: counted when they were sealed */
            indicator_value(value.bytes, value.escaped, name, note_indicator, s);
    }
    if (!s->packing && (rows->flags[row] & EVENT_UNDECODED))
        indicator_line(block_raw(rows, data->parts[PART_TEXT], row), note_indicator, s);
    /* the numbers of a kind stand side by side */
    uint64_t kind = hash(channel) ^ hash(rows->labels[rows->label[row]].decoder) * 5;
    out->group = (kind & ~UINT64_C(0xffffffff)) | (uint32_t)hash(number);
    out->host = (uint32_t)hash(host);
    out->sequence = rows->sequence[row];
    out->row = row;
}

/* Reads the next tail of the run and adds its rows, behind those that wait. */
static bool load_tail(struct archive *archive, struct run *run, struct day *day, struct error *e)
{
    struct sealer *s = archive->sealer;
    size_t number = run->next++;
    struct tail *tail = &s->tails[number];
    struct error reason = ERROR_NONE;
    if (!read_tail(archive, tail, day, &reason)) {
        if (reason.kind == ERROR_BUSY)
            return sealer_no_memory(e);
        return set_aside(s, tail, day, &reason, e);
    }
    if (!block_memo_init(&tail->memo, &tail->data.rows, &tail->data.arena) ||
        !name_fields(s, tail))
        return sealer_no_memory(e);
    uint32_t count = tail->data.rows.count;
    struct row *rows = realloc(run->rows, (run->count + count + 1) * sizeof *rows);
    if (!rows)
        return sealer_no_memory(e);
    run->rows = rows;
    for (uint32_t i = 0; i < count; i++) {
        rows[run->count + i].tail = (uint32_t)number & INT32_MAX;
        read_row(s, tail, i, &rows[run->count + i]);
    }
    run->count += count;
    s->loaded += count;
    return true;
}

static int by_group(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->host != y->host)
        return x->host < y->host ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

bool sealer_load(struct archive *archive, struct day *day, bool *done_out, struct error *e)
{
    struct sealer *s = archive->sealer;
    for (size_t i = 0; i < s->run_count; i++) {
        struct run *run = &s->runs[i];
        if (run->next < run->end && (!s->packing || run->count == 0))
            return load_tail(archive, run, day, e);
        if (!s->packing && run->count)
            qsort(run->rows, run->count, sizeof *run->rows, by_group);
    }
    *done_out = true;
    return true;
}

/* Steps over the first row of the run, into its next block where there is one. */
static bool advance(struct archive *archive, struct run *run, struct day *day, struct error *e)
{
    struct sealer *s = archive->sealer;
    if (++run->at < run->count || !s->packing)
        return true;
    struct tail *read = &s->tails[run->rows[run->at - 1].tail];
    spare_put(&archive->spare, &read->data);
    fetch_init(&read->data);
    run->count = run->at = 0;
    while (run->count == 0 && run->next < run->end)
        if (!load_tail(archive, run, day, e))
            return false;
    return true;
}

struct run *sealer_first(struct sealer *s)
{
    struct run *first = NULL;
    for (size_t i = 0; i < s->run_count; i++) {
        struct run *run = &s->runs[i];
        if (run->at < run->count &&
            (!first || by_group(&run->rows[run->at], &first->rows[first->at]) < 0))
            first = run;
    }
    return first;
}

/* --- build ---------------------------------------------------------------------------------- */

static bool keep_part(struct sealer *s, struct slice bytes, struct slice *kept)
{
    *kept = arena_copy(&s->arena, bytes);
    return kept->data != NULL;
}

static bool keep_origins(struct sealer *s, struct block_done *done)
{
    const struct block_origin *origins;
    done->origin_count = block_builder_origins(s->builder, &origins);
    struct block_origin *kept = arena_array(&s->arena, done->origin_count, sizeof *kept);
    for (uint32_t i = 0; kept && i < done->origin_count; i++) {
        kept[i].source = arena_copy(&s->arena, origins[i].source);
        kept[i].system = arena_copy(&s->arena, origins[i].system);
        kept[i].agency = arena_copy(&s->arena, origins[i].agency);
    }
    done->origins = kept;
    return !s->arena.exhausted;
}

/* Of the row that was copied last. */
static void add_words(struct sealer *s, const struct fetched *data, const struct row *row)
{
    struct slice text, before;
    block_builder_last(s->builder, &text, &before);
    words_add_row(&s->words, text, before, &s->folded);
    if (row->inner)
        filter_words_inner(&s->words, &data->rows, data->parts[PART_TEXT], data->parts[PART_FIELDS],
                           row->row, &s->folded);
}

static bool keep_filter(struct sealer *s, struct block_done *done, struct error *e)
{
    buffer_clear(&s->filter);
    words_settle(&s->words);
    filter_build(&s->words, &s->filter);
    if (s->words.failed || s->folded.failed || s->filter.failed)
        return sealer_no_memory(e);
    /* a filter does not shrink: level 1 only puts it into the frame with its checksums */
    buffer_clear(&s->pressed);
    return block_write_part(PART_FILTER, buffer_slice(&s->filter), 1, &s->pressed, e) &&
           (keep_part(s, buffer_slice(&s->pressed), &done->parts[PART_FILTER]) || sealer_no_memory(e));
}

/* A sealed block's parts at once: some 20 ms. */
static bool keep_parts(struct sealer *s, struct block_done *done, struct error *e)
{
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++) {
        buffer_clear(&s->pressed);
        if (!block_write_part(part, s->parts[part], s->level, &s->pressed, e))
            return false;
        if (!keep_part(s, buffer_slice(&s->pressed), &done->parts[part]))
            return sealer_no_memory(e);
    }
    s->stage = BUILD_FILTER;
    return true;
}

static bool begin_part(struct sealer *s, enum block_part part, struct error *e)
{
    s->part = part;
    buffer_clear(&s->pressed);
    return press_begin(&s->press, part, s->parts[part], BLOCK_LEVEL_PACKED, &s->pressed, e);
}

static bool press(struct sealer *s, struct block_done *done, struct error *e)
{
    bool complete = false;
    if (!press_step(&s->press, &complete, e))
        return false;
    if (!complete)
        return true;
    if (!keep_part(s, buffer_slice(&s->pressed), &done->parts[s->part]))
        return sealer_no_memory(e);
    if (s->part < PART_FIELDS)
        return begin_part(s, s->part + 1, e);
    s->stage = BUILD_FILTER;
    return true;
}

static struct block_done *next_done(struct sealer *s)
{
    if (s->done_count == s->done_capacity) {
        size_t capacity = s->done_capacity ? s->done_capacity * 2 : 8;
        struct block_done *more = realloc(s->done, capacity * sizeof *more);
        if (!more)
            return NULL;
        s->done = more;
        s->done_capacity = capacity;
    }
    struct block_done *done = &s->done[s->done_count++];
    *done = (struct block_done){ .summary = block_builder_summary(s->builder) };
    return done;
}

/* The builder is full, or there are no more rows. */
static bool end_fill(struct sealer *s, struct error *e)
{
    struct block_done *done = next_done(s);
    s->stage = BUILD_PRESS;
    if (!done || !keep_origins(s, done) || !block_builder_parts(s->builder, s->parts))
        return sealer_no_memory(e);
    return !s->packing || begin_part(s, PART_ROWS, e);
}

static bool fill(struct archive *archive, struct day *day, struct error *e)
{
    struct sealer *s = archive->sealer;
    uint64_t most = s->packing ? BLOCK_TEXT_PACKED : BLOCK_TEXT_SEALED;
    uint64_t stop = block_builder_summary(s->builder).text_bytes + FILL_STRETCH;
    struct run *run = NULL;
    for (uint64_t text = 0; text < most && text < stop && (run = sealer_first(s));
         text = block_builder_summary(s->builder).text_bytes) {
        const struct row row = run->rows[run->at];
        struct tail *tail = &s->tails[row.tail];
        if (!block_copy(s->builder, &tail->data.rows, tail->data.parts[PART_TEXT],
                        tail->data.parts[PART_FIELDS], row.row, &tail->memo))
            return sealer_no_memory(e);
        add_words(s, &tail->data, &row);
        s->built++;
        if (!advance(archive, run, day, e))
            return false;
    }
    bool full = block_builder_summary(s->builder).text_bytes >= most;
    return full || !sealer_first(s) ? end_fill(s, e) : true;
}

bool sealer_build(struct archive *archive, struct day *day, struct error *e)
{
    struct sealer *s = archive->sealer;
    struct block_done *done = s->stage == BUILD_FILL ? NULL : &s->done[s->done_count - 1];
    switch (s->stage) {
    case BUILD_FILL:
        return fill(archive, day, e);
    case BUILD_PRESS:
        return s->packing ? press(s, done, e) : keep_parts(s, done, e);
    case BUILD_FILTER:
        if (!keep_filter(s, done, e))
            return false;
        block_builder_clear(s->builder);
        words_clear(&s->words);
        s->stage = BUILD_FILL;
    }
    return true;
}
