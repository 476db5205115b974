#include "archive/verify.h"

#include <stdlib.h>

#include "archive/chain.h"
#include "archive/verify_beside.h"

/* Blocks are grouped, batches run in arrival order. So that a day of any size is verified in
 * bounded memory the sequences are taken window by window: the blocks that overlap a window are
 * inflated, its events put in order, its batches digested. Sealed windows are contiguous ranges, so
 * a window is grown until it ends where no block goes on. */

#define WINDOW_MOST (UINT64_C(1) << 28)

struct span {
    int64_t block;
    uint64_t min, max;
};

struct where {                /* an event of the window: which block, which row */
    uint32_t block, row;
    bool known;
};

struct verify {
    struct verify_result *result;
    struct arena *arena;
    sqlite3 *db;
    const char *file;
    struct beside beside;
    struct span *spans;       /* by min */
    size_t span_count;
    struct fetched *open;     /* of the window */
    bool *sound;
    size_t open_count, first_open;
    struct where *where;      /* by sequence - low */
    uint64_t first;           /* of the file: 1, unless it goes on behind another (aside.h) */
    uint64_t low, high;       /* the window's sequences [low, high] */
    bool whole;               /* every event of the window is there */
    const atomic_bool *stop;  /* NULL: goes on to its end */
};

static void note(struct verify *v, const char *what, uint64_t number, const char *reason)
{
    if (v->result->first.len == 0)
        v->result->first = arena_print(v->arena, "%s: %s %llu: %s", v->file, what,
                                       (unsigned long long)number, reason);
}

static void note_beside(void *owner, const char *what, uint64_t number, const char *reason)
{
    struct verify *v = owner;
    if (what)
        note(v, what, number, reason);
    else if (v->result->first.len == 0)
        v->result->first = arena_print(v->arena, "%s: %s", v->file, reason);
}

static int by_min(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return x->min < y->min ? -1 : x->min > y->min;
}

static bool read_spans(struct verify *v, struct error *e)
{
    DAY_STATEMENT *count = day_prepare(v->db, "SELECT count(*) FROM block", v->file, e);
    DAY_STATEMENT *read = day_prepare(
        v->db, "SELECT id, sequence_min, sequence_max FROM block", v->file, e);
    if (!count || !read)
        return false;
    if (sqlite3_step(count) != SQLITE_ROW)
        return day_failed(v->db, v->file, e);
    size_t most = (size_t)sqlite3_column_int64(count, 0);
    v->spans = calloc(most + 1, sizeof *v->spans);
    if (!v->spans)
        return error_set(e, "memory is short for verifying");
    int code = SQLITE_DONE;
    while (v->span_count < most && (code = sqlite3_step(read)) == SQLITE_ROW)
        v->spans[v->span_count++] = (struct span){
            .block = sqlite3_column_int64(read, 0),
            .min = (uint64_t)sqlite3_column_int64(read, 1),
            .max = (uint64_t)sqlite3_column_int64(read, 2),
        };
    qsort(v->spans, v->span_count, sizeof *v->spans, by_min);
    return code == SQLITE_DONE || code == SQLITE_ROW || day_failed(v->db, v->file, e);
}

/* --- one window ----------------------------------------------------------------------------- */

static void close_window(struct verify *v)
{
    for (size_t i = 0; i < v->open_count; i++)
        fetch_free(&v->open[i]);
    free(v->open);
    free(v->sound);
    free(v->where);
    v->open = NULL;
    v->sound = NULL;
    v->where = NULL;
    v->open_count = 0;
}

static void place_rows(struct verify *v, uint32_t block)
{
    const struct block_rows *rows = &v->open[block].rows;
    for (uint32_t i = 0; i < rows->count; i++) {
        uint64_t sequence = rows->sequence[i];
        if (sequence < v->low || sequence > v->high) {
            note(v, "event", sequence, "it stands in a block whose directory does not say so");
            v->result->repeated++;
            continue;
        }
        struct where *where = &v->where[sequence - v->low];
        if (where->known) {
            note(v, "event", sequence, "it stands there twice");
            v->result->repeated++;
        }
        *where = (struct where){ block, i, true };
    }
    v->result->events += rows->count;
}

static void open_block(struct verify *v, uint32_t i, const struct span *span)
{
    struct fetched *f = &v->open[i];
    struct error reason = ERROR_NONE;
    v->result->blocks++;
    v->sound[i] = fetch_rows(f, v->db, v->file, span->block, &reason) &&
                  fetch_part(f, v->db, v->file, span->block, PART_TEXT, &reason) &&
                  fetch_part(f, v->db, v->file, span->block, PART_FIELDS, &reason);
    bool true_beside = v->sound[i] && beside_block(&v->beside, span->block, f, &reason);
    for (int part = 0; part < PART_COUNT; part++)
        v->result->bytes += f->parts[part].len;
    if (v->sound[i])
        place_rows(v, i);
    if (!true_beside) {
        v->result->damaged++;
        note(v, "block", (uint64_t)span->block, reason.sentence);
    }
    for (uint32_t row = 0; v->sound[i] && row < f->rows.count; row++) {
        struct arena_mark mark = arena_mark(&f->arena);
        struct event event;
        if (!block_event(&f->rows, f->parts[PART_TEXT], f->parts[PART_FIELDS], row, &f->arena,
                         &event, &reason)) {
            v->result->damaged++;
            note(v, "block", (uint64_t)span->block, reason.sentence);
            break;
        }
        arena_reset(&f->arena, mark);
    }
}

/* Opens the next window of blocks; false at the end or when memory is short (e). */
static bool next_window(struct verify *v, struct error *e)
{
    close_window(v);
    if (v->stop && atomic_load(v->stop)) {
        error_set(e, "the verification was stopped");
        return error_kind(e, ERROR_BUSY);
    }
    size_t first = v->first_open, last = first;
    if (first >= v->span_count)
        return false;
    v->low = v->spans[first].min;
    v->high = v->spans[first].max;
    while (last + 1 < v->span_count && v->spans[last + 1].min <= v->high)
        if (v->spans[++last].max > v->high)
            v->high = v->spans[last].max;
    v->first_open = last + 1;
    size_t count = last - first + 1;
    uint64_t events = v->high - v->low + 1;
    v->open = calloc(count, sizeof *v->open);
    v->sound = calloc(count, sizeof *v->sound);
    if (events == 0 || events > WINDOW_MOST) {
        error_place(e, "%s", v->file);
        error_set(e, "the directory says of block %lld what cannot be", (long long)v->spans[first].block);
        return error_kind(e, ERROR_DAMAGED);
    }
    v->where = calloc(events, sizeof *v->where);
    if (!v->open || !v->sound || !v->where)
        return error_set(e, "memory is short for verifying");
    for (size_t i = 0; i < count; i++)
        fetch_init(&v->open[v->open_count++]);
    for (size_t i = 0; i < count; i++)
        open_block(v, (uint32_t)i, &v->spans[first + i]);
    v->whole = true;
    for (uint64_t i = 0; i < events; i++)
        if (!v->where[i].known) {
            v->result->missing++;
            v->whole = false;
            note(v, "event", v->low + i, "it stands in no block");
        }
    return true;
}

/* --- the chain ------------------------------------------------------------------------------ */

static bool add_event(struct verify *v, uint64_t sequence, struct chain_digest *digest)
{
    struct where *where = &v->where[sequence - v->low];
    struct error ignored = ERROR_NONE;
    struct event event;
    if (!where->known)
        return false;
    struct fetched *f = &v->open[where->block];
    struct arena_mark mark = arena_mark(&f->arena);
    if (!block_event(&f->rows, f->parts[PART_TEXT], f->parts[PART_FIELDS], where->row, &f->arena,
                     &event, &ignored))
        return false;
    chain_digest_add(digest, &event);
    arena_reset(&f->arena, mark);
    return true;
}

/* Digests one batch over its events, window by window; *known_out: all of them are there. */
static bool digest_batch(struct verify *v, uint64_t first, uint64_t events,
                         unsigned char *digest_out, bool *known_out, struct error *e)
{
    struct chain_digest digest;
    *known_out = true;
    chain_digest_begin(&digest);
    for (uint64_t sequence = first; sequence < first + events; sequence++) {
        while (!v->where || sequence > v->high) {
            uint64_t before = v->where ? v->high + 1 : v->first;
            if (!next_window(v, e)) {
                if (e && e->set)
                    return false;
                v->result->missing += first + events - sequence;
                note(v, "event", sequence, "it stands in no block");
                *known_out = false;
                return true;
            }
            if (v->low > before && sequence >= before && sequence < v->low) {
                v->result->missing += v->low - before;
                note(v, "event", before, "it stands in no block");
            }
        }
        if (sequence < v->low || !add_event(v, sequence, &digest)) {
            *known_out = false;
            continue;
        }
    }
    chain_digest_end(&digest, digest_out);
    return true;
}

static bool walk_batches(struct verify *v, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(
        v->db, "SELECT id, first, events, digest, chain, counts FROM batch ORDER BY id", v->file,
        e);
    unsigned char digest[CHAIN_BYTES], *chain = v->result->head;
    uint64_t expected_id = 1, expected_first = 1;
    v->first = 1;
    int code = SQLITE_DONE;
    chain_start(&v->result->name, chain);
    while (read && (code = sqlite3_step(read)) == SQLITE_ROW) {
        uint64_t id = (uint64_t)sqlite3_column_int64(read, 0);
        uint64_t first = (uint64_t)sqlite3_column_int64(read, 1);
        uint64_t events = (uint64_t)sqlite3_column_int64(read, 2);
        struct slice stored = day_column(read, 3), link = day_column(read, 4);
        if (!v->result->batches && id > 1 && id == first && !events) /* its link must fit, too */
            v->result->goes_on = v->first = expected_id = expected_first = id;
        bool known, well = id == expected_id && first == expected_first;
        const char *reason = "a batch before it is missing";
        if (!digest_batch(v, first, events, digest, &known, e))
            return false;
        if (well && known && !slice_equal(stored, slice_from(digest, CHAIN_BYTES))) {
            well = false;
            reason = "its events are not those that arrived";
        }
        if (stored.len == CHAIN_BYTES)
            chain_next(chain, id, first, events, (const unsigned char *)stored.data,
                       day_column(read, 5));
        if (well && !slice_equal(link, slice_from(chain, CHAIN_BYTES))) {
            well = false;
            reason = "its link of the chain is wrong";
        }
        if (!well) {
            v->result->broken++;
            note(v, "batch", id, reason);
            if (link.len == CHAIN_BYTES) /* one break is told once, not for all behind it */
                memcpy(chain, link.data, CHAIN_BYTES);
        }
        v->result->batches++;
        expected_id = id + 1;
        expected_first = first + events;
    }
    if (!read || code != SQLITE_DONE)
        return read ? day_failed(v->db, v->file, e) : false;
    uint64_t end = v->where ? v->high : 0;
    for (size_t i = v->first_open; i < v->span_count; i++)
        end = v->spans[i].max;
    if (end >= expected_first) {
        v->result->broken++;
        note(v, "event", expected_first, "it belongs to no batch");
    }
    return true;
}

bool verify_day(const char *directory, const struct day_name *name, struct arena *arena,
                struct verify_result *result_out, struct error *e)
{
    return verify_day_until(directory, name, NULL, arena, result_out, e);
}

bool verify_day_until(const char *directory, const struct day_name *name, const atomic_bool *stop,
                      struct arena *arena, struct verify_result *result_out, struct error *e)
{
    char file[DAY_FILE];
    struct verify v = { .result = result_out, .arena = arena, .file = file, .stop = stop };
    day_name_print(name, file);
    *result_out = (struct verify_result){ .name = *name };
    if (sodium_init() < 0)
        return error_set(e, "the cryptographic library cannot start");
    /* one read transaction: what a running writer adds meanwhile is not looked at */
    bool well = day_open(directory, name, &v.db, e) && day_run(v.db, "BEGIN", file, e) &&
                beside_open(&v.beside, v.db, file, note_beside, &v, e) && read_spans(&v, e) &&
                walk_batches(&v, e) && beside_tables(&v.beside, e);
    close_window(&v);
    beside_close(&v.beside);
    free(v.spans);
    day_close(&v.db);
    return well;
}
