/* The sealer: a window of tail blocks becomes a few large blocks, grouped, with word filters. When a
 * day is over the same is done once more with its sealed blocks: a larger window, a higher level.
 *
 * Three phases, each cut into steps of some milliseconds: load the tails of the window, build one
 * block after the other in memory, store all of them and drop the tails in one transaction. Commits
 * may fall between any two steps: they only add tails behind the window. */
#include <assert.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "archive/filter.h"
#include "archive/indicator.h"
#include "archive/limit.h"
#include "archive/words.h"
#include "archive/writer.h"
#include "base/clock.h"

enum phase { PHASE_LOAD, PHASE_BUILD, PHASE_STORE };

struct tail {
    int64_t block;
    uint64_t events, text;       /* by the directory */
    bool damaged;                /* stays where it is */
    struct fetched data;
    struct block_memo memo;
};

struct row {
    uint64_t group, host;        /* hashes: channel or program with event id; host */
    uint64_t sequence;
    uint32_t tail, row;
};

struct seen {                    /* an indicator of the window */
    enum indicator_kind kind;
    struct slice value;
    uint64_t count;
};

struct sealer {
    struct day_name name;
    bool packing;                /* sealed blocks to packed ones, not tails to sealed ones */
    enum phase phase;
    struct tail *tails;
    size_t tail_count, loaded;
    struct row *rows;
    size_t row_count, built;
    struct block_builder *builder;
    struct words words;
    struct buffer folded, filter;
    struct block_done *done;
    size_t done_count, done_capacity;
    struct arena arena;          /* parts and origins of the finished blocks; indicators */
    struct map seen;             /* kind and value → struct seen */
};

void spare_free(struct spare *spare)
{
    for (size_t i = 0; i < spare->count; i++)
        fetch_free(&spare->list[i]);
    free(spare->list);
    *spare = (struct spare){ NULL, 0, 0 };
}

static void spare_put(struct spare *spare, struct fetched *fetched)
{
    if (spare->count == spare->capacity) {
        size_t capacity = spare->capacity ? spare->capacity * 2 : 64;
        struct fetched *list = realloc(spare->list, capacity * sizeof *list);
        if (!list) {
            fetch_free(fetched);
            return;
        }
        spare->list = list;
        spare->capacity = capacity;
    }
    spare->list[spare->count++] = *fetched;
}

static void spare_take(struct spare *spare, struct fetched *fetched)
{
    if (spare->count)
        *fetched = spare->list[--spare->count];
    else
        fetch_init(fetched);
}

void sealer_free(struct archive *archive)
{
    struct sealer *s = archive->sealer;
    if (!s)
        return;
    for (size_t i = 0; i < s->tail_count; i++)
        spare_put(&archive->spare, &s->tails[i].data);
    free(s->tails);
    free(s->rows);
    free(s->done);
    block_builder_free(&s->builder);
    map_free(&s->seen);
    words_free(&s->words);
    buffer_free(&s->folded);
    buffer_free(&s->filter);
    arena_free(&s->arena);
    free(s);
    archive->sealer = NULL;
}

bool sealer_check(const struct sealer *s)
{
    return s->loaded <= s->tail_count && s->built <= s->row_count && day_class_valid(s->name.class);
}

static bool no_memory(struct error *e)
{
    return error_set(e, "memory is short for sealing blocks");
}

/* --- what to seal --------------------------------------------------------------------------- */

static bool is_over(const struct day_name *name, int64_t now)
{
    return name->day < clock_day(now - SEAL_AFTER_DAY_MINUTES * CLOCK_MINUTE, 0);
}

/* Over, sealed to its end, and not yet packed. */
static bool is_to_pack(const struct day *day, int64_t now)
{
    return is_over(&day->name, now) && day->tail_blocks == 0 && day->unpacked;
}

static bool is_due(const struct day *day, int64_t now)
{
    if (day->tail_blocks == 0)
        return false;
    return day->tail_text >= SEAL_TEXT || day->tail_events >= SEAL_EVENTS ||
           day->tail_blocks >= SEAL_TAILS || is_over(&day->name, now);
}

/* A day that was over when this process was not running: looked for once, one file a call. */
static bool look_back(struct archive *archive, int64_t now, struct day **day_out, bool *more_out,
                      struct error *e)
{
    ARENA_AUTO arena;
    struct day_name *names;
    size_t count;
    arena_init(&arena, ARENA_NO_CEILING);
    *day_out = NULL;
    *more_out = false;
    if (archive->looked_back)
        return true;
    if (!day_list(archive->directory, &arena, &names, &count, e))
        return false;
    for (; archive->look_at < count; archive->look_at++) {
        const struct day_name *name = &names[archive->look_at];
        struct error reason = ERROR_NONE;
        sqlite3 *db = NULL;
        char file[DAY_FILE];
        if (!is_over(name, now) || writer_day(archive, name, false, e))
            continue;
        day_name_print(name, file);
        archive->look_at++;
        *more_out = true;
        if (!day_open(archive->directory, name, &db, &reason))
            return true; /* damaged: verify tells, sealing goes on with the others */
        DAY_STATEMENT *any = day_prepare(db, "SELECT 1 FROM block WHERE kind < 2 LIMIT 1", file,
                                         &reason);
        bool found = any && sqlite3_step(any) == SQLITE_ROW;
        day_close(&db);
        if (found)
            *day_out = writer_day(archive, name, true, &reason);
        return true;
    }
    archive->looked_back = true;
    return true;
}

static bool choose_day(struct archive *archive, int64_t now, struct day **day_out, bool *more_out,
                       struct error *e)
{
    *day_out = NULL;
    *more_out = false;
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (archive->days[i] && is_due(archive->days[i], now)) {
            *day_out = archive->days[i];
            return true;
        }
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (archive->days[i] && is_to_pack(archive->days[i], now)) {
            *day_out = archive->days[i];
            return true;
        }
    return look_back(archive, now, day_out, more_out, e);
}

static bool add_tail(struct archive *archive, int64_t block, uint64_t events, uint64_t text)
{
    struct sealer *s = archive->sealer;
    if ((s->tail_count & (s->tail_count - 1)) == 0) {
        size_t capacity = s->tail_count ? s->tail_count * 2 : 1;
        struct tail *tails = realloc(s->tails, capacity * sizeof *tails);
        if (!tails)
            return false;
        s->tails = tails;
    }
    struct tail *tail = &s->tails[s->tail_count++];
    *tail = (struct tail){ .block = block, .events = events, .text = text };
    spare_take(&archive->spare, &tail->data);
    return true;
}

static bool begin(struct archive *archive, struct day *day, bool packing, struct error *e)
{
    struct sealer *s = calloc(1, sizeof *s);
    if (!s)
        return no_memory(e);
    archive->sealer = s;
    s->name = day->name;
    s->packing = packing;
    arena_init(&s->arena, ARENA_NO_CEILING);
    buffer_init(&s->folded, BLOCK_PART_MAX);
    buffer_init(&s->filter, BLOCK_PART_MAX);
    s->builder = block_builder_new();
    DAY_STATEMENT *read = day_prepare(
        day->db, "SELECT id, events, text_bytes FROM block WHERE kind = ? ORDER BY id", day->file,
        e);
    if (read)
        sqlite3_bind_int(read, 1, packing ? BLOCK_SEALED : BLOCK_TAIL);
    if (!s->builder || !read)
        return s->builder ? false : no_memory(e);
    uint64_t events = 0, text = 0;
    int code = SQLITE_DONE;
    uint64_t events_most = packing ? PACK_EVENTS : SEAL_EVENTS;
    uint64_t text_most = packing ? PACK_TEXT : SEAL_TEXT;
    while (events < events_most && text < text_most && s->tail_count < SEAL_TAILS &&
           (code = sqlite3_step(read)) == SQLITE_ROW) {
        uint64_t tail_events = (uint64_t)sqlite3_column_int64(read, 1);
        uint64_t tail_text = (uint64_t)sqlite3_column_int64(read, 2);
        if (!add_tail(archive, sqlite3_column_int64(read, 0), tail_events, tail_text))
            return no_memory(e);
        events += tail_events;
        text += tail_text;
    }
    return code == SQLITE_ROW || code == SQLITE_DONE || day_failed(day->db, day->file, e);
}

/* --- load ----------------------------------------------------------------------------------- */

static uint64_t hash(struct slice s)
{
    return XXH3_64bits(s.data ? s.data : "", s.len);
}

/* Rows alike in these stand together: their lines share most of their bytes. */
static void group_row(const struct fetched *data, uint32_t row, struct row *out)
{
    const struct block_label *label = &data->rows.labels[data->rows.label[row]];
    const struct block_origin *origin = &data->rows.origins[data->rows.origin[row]];
    struct block_fields walk = block_fields_of(&data->rows, data->parts[PART_TEXT],
                                               data->parts[PART_FIELDS], row);
    struct slice channel = SLICE_NONE, number = SLICE_NONE, host = origin->source;
    struct block_value value;
    while (block_fields_next(&walk, &value)) {
        if (slice_is(value.name, "Channel") || slice_is(value.name, "program"))
            channel = value.bytes;
        else if (slice_is(value.name, "EventID") || slice_is(value.name, "type"))
            number = value.bytes;
        else if (slice_is(value.name, "Computer") || slice_is(value.name, "host"))
            host = value.bytes;
    }
    out->group = hash(channel) ^ hash(number) * 3 ^ hash(label->decoder) * 5;
    out->host = hash(host);
    out->sequence = data->rows.sequence[row];
    out->row = row;
}

static bool read_tail(struct tail *tail, struct day *day, struct error *e)
{
    return fetch_rows(&tail->data, day->db, day->file, tail->block, e) &&
           fetch_part(&tail->data, day->db, day->file, tail->block, PART_TEXT, e) &&
           fetch_part(&tail->data, day->db, day->file, tail->block, PART_FIELDS, e);
}

/* One damaged block must not keep the others from being sealed for ever. */
static bool set_aside(const struct sealer *s, struct tail *tail, struct day *day, struct error *e)
{
    DAY_STATEMENT *mark = day_prepare(day->db, "UPDATE block SET kind = 2 WHERE id = ?", day->file,
                                      e);
    if (!mark)
        return false;
    sqlite3_bind_int64(mark, 1, tail->block);
    if (sqlite3_step(mark) != SQLITE_DONE)
        return day_failed(day->db, day->file, e);
    tail->damaged = true;
    if (s->packing)
        return true;
    day->tail_blocks--;
    day->tail_events -= tail->events;
    day->tail_text -= tail->text;
    return true;
}

static bool load_tail(struct sealer *s, struct day *day, struct error *e)
{
    struct tail *tail = &s->tails[s->loaded];
    struct error reason = ERROR_NONE;
    if (!read_tail(tail, day, &reason)) {
        if (reason.kind == ERROR_BUSY)
            return no_memory(e);
        s->loaded++;
        return set_aside(s, tail, day, e);
    }
    if (!block_memo_init(&tail->memo, &tail->data.rows, &tail->data.arena))
        return no_memory(e);
    uint32_t count = tail->data.rows.count;
    struct row *rows = realloc(s->rows, (s->row_count + count + 1) * sizeof *rows);
    if (!rows)
        return no_memory(e);
    s->rows = rows;
    for (uint32_t i = 0; i < count; i++) {
        rows[s->row_count + i].tail = (uint32_t)s->loaded;
        group_row(&tail->data, i, &rows[s->row_count + i]);
    }
    s->row_count += count;
    s->loaded++;
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

/* A value that a decoder cut out of the middle of a word is a word of its own to a search by field. */
static void add_inner_values(struct sealer *s, const struct row *row)
{
    const struct fetched *data = &s->tails[row->tail].data;
    struct block_fields walk = block_fields_of(&data->rows, data->parts[PART_TEXT],
                                               data->parts[PART_FIELDS], row->row);
    struct block_value value;
    while (block_fields_next(&walk, &value)) {
        size_t at = (size_t)(value.bytes.data - walk.text.data);
        if (value.bytes.len == 0 || words_at_boundary(walk.text, at, value.bytes.len))
            continue;
        buffer_clear(&s->folded);
        words_fold(value.bytes, &s->folded);
        words_add(&s->words, buffer_slice(&s->folded));
    }
}

static void note_indicator(void *owner, enum indicator_kind kind, struct slice value)
{
    struct sealer *s = owner;
    char key[INDICATOR_TEXT + 1];
    key[0] = (char)('a' + kind);
    memcpy(key + 1, value.data, value.len);
    struct slice whole = slice_from(key, value.len + 1);
    struct seen *seen = map_get(&s->seen, whole);
    if (!seen) {
        seen = arena_zero(&s->arena, sizeof *seen);
        struct slice kept = arena_copy(&s->arena, whole);
        if (!seen || !kept.data || !map_put(&s->seen, kept, seen)) {
            s->words.failed = true;
            return;
        }
        *seen = (struct seen){ kind, slice_after(kept, 1), 0 };
    }
    seen->count++;
}

/* Over the rows [first, built) that the builder holds. */
static bool keep_filter(struct sealer *s, struct archive *archive, size_t first,
                        struct block_done *done, struct error *e)
{
    words_clear(&s->words);
    buffer_clear(&s->folded);
    words_fold(block_builder_text(s->builder), &s->folded);
    words_add(&s->words, buffer_slice(&s->folded));
    for (size_t i = first; i < s->built; i++) {
        const struct fetched *data = &s->tails[s->rows[i].tail].data;
        add_inner_values(s, &s->rows[i]);
        if (s->packing)
            continue; /* counted when they were sealed */
        indicator_each(&data->rows, data->parts[PART_TEXT], data->parts[PART_FIELDS],
                       s->rows[i].row, note_indicator, s);
    }
    buffer_clear(&s->filter);
    filter_build(&s->words, &s->filter);
    if (s->words.failed || s->folded.failed || s->filter.failed)
        return no_memory(e);
    /* a filter does not shrink: level 1 only puts it into the frame with its checksums */
    struct buffer *out = &archive->parts[PART_FILTER];
    buffer_clear(out);
    return block_write_part(PART_FILTER, buffer_slice(&s->filter), 1, out, e) &&
           (keep_part(s, buffer_slice(out), &done->parts[PART_FILTER]) || no_memory(e));
}

static bool build_block(struct archive *archive, struct sealer *s, struct error *e)
{
    size_t first = s->built, most = s->packing ? BLOCK_TEXT_PACKED : BLOCK_TEXT_SEALED;
    block_builder_clear(s->builder);
    while (s->built < s->row_count &&
           block_builder_summary(s->builder).text_bytes < most) {
        const struct row *row = &s->rows[s->built];
        struct tail *tail = &s->tails[row->tail];
        if (!block_copy(s->builder, &tail->data.rows, tail->data.parts[PART_TEXT],
                        tail->data.parts[PART_FIELDS], row->row, &tail->memo))
            return no_memory(e);
        s->built++;
    }
    if (s->done_count == s->done_capacity) {
        size_t capacity = s->done_capacity ? s->done_capacity * 2 : 8;
        struct block_done *more = realloc(s->done, capacity * sizeof *more);
        if (!more)
            return no_memory(e);
        s->done = more;
        s->done_capacity = capacity;
    }
    struct block_done *done = &s->done[s->done_count++];
    *done = (struct block_done){ .summary = block_builder_summary(s->builder) };
    if (!keep_origins(s, done))
        return no_memory(e);
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++) {
        buffer_clear(&archive->parts[part]);
        if (!block_write(s->builder, part, s->packing ? BLOCK_LEVEL_PACKED : BLOCK_LEVEL_SEALED,
                         &archive->parts[part], e))
            return false;
        if (!keep_part(s, buffer_slice(&archive->parts[part]), &done->parts[part]))
            return no_memory(e);
    }
    return keep_filter(s, archive, first, done, e);
}

/* --- store ---------------------------------------------------------------------------------- */

static bool drop_tails(struct sealer *s, struct day *day, struct error *e)
{
    DAY_STATEMENT *part = day_prepare(day->db, "DELETE FROM part WHERE id >= ?1 AND id < ?2",
                                      day->file, e);
    DAY_STATEMENT *block = day_prepare(day->db, "DELETE FROM block WHERE id = ?", day->file, e);
    if (!part || !block)
        return false;
    for (size_t i = 0; i < s->tail_count; i++) {
        if (s->tails[i].damaged)
            continue;
        sqlite3_bind_int64(part, 1, s->tails[i].block * PART_COUNT);
        sqlite3_bind_int64(part, 2, (s->tails[i].block + 1) * PART_COUNT);
        sqlite3_bind_int64(block, 1, s->tails[i].block);
        if (sqlite3_step(part) != SQLITE_DONE || sqlite3_step(block) != SQLITE_DONE)
            return day_failed(day->db, day->file, e);
        sqlite3_reset(part);
        sqlite3_reset(block);
    }
    return true;
}

static bool store_indicators(struct sealer *s, struct day *day, struct error *e)
{
    sqlite3_stmt *insert = day->inserts[INSERT_INDICATOR];
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&s->seen, &i));) {
        const struct seen *seen = entry->value;
        sqlite3_bind_int(insert, 1, (int)seen->kind);
        day_bind_text(insert, 2, seen->value);
        sqlite3_bind_int64(insert, 3, (sqlite3_int64)seen->count);
        int code = sqlite3_step(insert);
        sqlite3_reset(insert);
        if (code != SQLITE_DONE)
            return day_failed(day->db, day->file, e);
    }
    return true;
}

/* Behind the last window the file gives its free pages back. */
static bool end_packing(struct day *day, struct error *e)
{
    DAY_STATEMENT *left = day_prepare(day->db, "SELECT 1 FROM block WHERE kind = 1 LIMIT 1",
                                      day->file, e);
    if (!left)
        return false;
    day->unpacked = sqlite3_step(left) == SQLITE_ROW;
    if (day->unpacked)
        return true;
    /* a reader in the way only puts it off to the next time the file is packed */
    sqlite3_exec(day->db, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL,
                 NULL);
    return true;
}

static bool store(struct archive *archive, struct sealer *s, struct day *day, struct error *e)
{
    uint64_t events = 0;
    bool well = day_run(day->db, "BEGIN IMMEDIATE", day->file, e);
    for (size_t i = 0; well && i < s->done_count; i++) {
        events += s->done[i].summary.events;
        well = writer_insert_block(archive, day, &s->done[i],
                                   s->packing ? BLOCK_PACKED : BLOCK_SEALED, e);
    }
    assert(!well || events == s->row_count);
    well = well && store_indicators(s, day, e) && drop_tails(s, day, e) && day_run(day->db, "COMMIT", day->file, e);
    if (!well) {
        sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
        writer_forget(archive, day);
        return false;
    }
    archive->statistics.sealed_blocks += s->done_count;
    archive->statistics.sealed_events += s->row_count;
    if (s->packing)
        return end_packing(day, e);
    for (size_t i = 0; i < s->tail_count; i++)
        if (!s->tails[i].damaged) {
            day->tail_blocks--;
            day->tail_events -= s->tails[i].events;
            day->tail_text -= s->tails[i].text;
        }
    day->unpacked = true;
    return true;
}

static bool step(struct archive *archive, struct sealer *s, bool *done_out, struct error *e)
{
    struct day *day = writer_day(archive, &s->name, true, e);
    if (!day)
        return false;
    switch (s->phase) {
    case PHASE_LOAD:
        if (s->loaded < s->tail_count)
            return load_tail(s, day, e);
        if (s->row_count)
            qsort(s->rows, s->row_count, sizeof *s->rows, by_group);
        s->phase = PHASE_BUILD;
        return true;
    case PHASE_BUILD:
        if (s->built < s->row_count)
            return build_block(archive, s, e);
        s->phase = PHASE_STORE;
        return true;
    case PHASE_STORE:
        *done_out = true;
        return store(archive, s, day, e);
    }
    return true;
}

bool archive_seal_step(struct archive *archive, int64_t now, unsigned budget_ms, bool *more_out,
                       struct error *e)
{
    int64_t end = clock_steady() + (int64_t)budget_ms * 1000000;
    bool well = true;
    *more_out = false;
    if (!archive->sealer) {
        struct day *day;
        bool look_on;
        if (!choose_day(archive, now, &day, &look_on, e))
            return false;
        *more_out = look_on;
        if (!day) {
            spare_free(&archive->spare);
            return true;
        }
        well = begin(archive, day, day->tail_blocks == 0, e);
    }
    bool done = false;
    while (well && !done) {
        well = step(archive, archive->sealer, &done, e);
        if (!done && clock_steady() >= end)
            break;
    }
    if (!well || done)
        sealer_free(archive);
    *more_out = well;
    assert(archive_check(archive));
    return well;
}
