/* The sealer: a window of tail blocks becomes a few large blocks, grouped, with word filters. When a
 * day is over its sealed windows, each of them sorted, are merged into larger blocks at a higher level.
 *
 * Three phases, each cut into steps of some milliseconds: load the tails of the window (or the first
 * block of each window to merge), build one block after the other in memory, a stretch at a time, store
 * all of them and drop the old ones in one transaction. Commits may fall between any two steps: they
 * only add tails behind the window. */
#include <assert.h>
#include <stdlib.h>

#include "archive/sealer.h"
#include "base/clock.h"
#include "base/log.h"

#define REST_BUSY (30 * CLOCK_SECOND)  /* memory or the disk is short, or another process has the file */
#define REST_FAILED CLOCK_HOUR         /* pages cannot be read, or written */

bool sealer_no_memory(struct error *e)
{
    error_set(e, "memory is short for sealing blocks");
    return error_kind(e, ERROR_BUSY);
}

void sealer_free(struct archive *archive)
{
    struct sealer *s = archive->sealer;
    if (!s)
        return;
    if (s->damaged)
        log_failure("%zu blocks cannot be read and are left as they are, first of them %s", s->damaged,
                    s->why);
    for (size_t i = 0; i < s->tail_count; i++)
        spare_put(&archive->spare, &s->tails[i].data);
    free(s->tails);
    for (size_t i = 0; i < PACK_RUNS; i++)
        free(s->runs[i].rows);
    free(s->done);
    block_builder_free(&s->builder);
    press_free(&s->press);
    buffer_free(&s->pressed);
    map_free(&s->seen);
    map_free(&s->names);
    words_free(&s->words);
    buffer_free(&s->folded);
    buffer_free(&s->filter);
    arena_free(&s->arena);
    free(s);
    archive->sealer = NULL;
}

bool sealer_check(const struct sealer *s)
{
    return s->built <= s->loaded && s->run_count <= PACK_RUNS && day_class_valid(s->name.class);
}

/* --- what to seal --------------------------------------------------------------------------- */

bool writer_is_over(const struct day_name *name, int64_t now)
{
    return name->day < clock_day(now - SEAL_AFTER_DAY_MINUTES * CLOCK_MINUTE, 0);
}

static bool is_same(const struct day_name *a, const struct day_name *b)
{
    return a->day == b->day && strcmp(a->class, b->class) == 0;
}

static bool rests(const struct archive *archive, const struct day_name *name, int64_t now)
{
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (is_same(&archive->resting[i].name, name))
            return now < archive->resting[i].until;
    return false;
}

/* The oldest goes where there is no room: it is tried again, and told again. Whether it is new. */
static bool put_to_rest(struct archive *archive, const struct day_name *name, int64_t until)
{
    size_t at = 0;
    while (at + 1 < ARCHIVE_OPEN_FILES && !is_same(&archive->resting[at].name, name))
        at++;
    bool known = is_same(&archive->resting[at].name, name);
    memmove(&archive->resting[1], &archive->resting[0], at * sizeof archive->resting[0]);
    archive->resting[0] = (struct resting){ *name, until };
    return !known;
}

static const struct resting none = { { 0, "" }, 0 };

static void end_rest(struct archive *archive, const struct day_name *name)
{
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (is_same(&archive->resting[i].name, name))
            archive->resting[i] = none;
}

/* Over, sealed to its end, and not yet packed. */
static bool is_to_pack(const struct day *day, int64_t now)
{
    return writer_is_over(&day->name, now) && day->tail_blocks == 0 && day->unpacked;
}

static bool is_due(const struct day *day, int64_t now)
{
    if (day->tail_blocks == 0)
        return false;
    return day->tail_text >= SEAL_TEXT || day->tail_events >= SEAL_EVENTS ||
           day->tail_blocks >= SEAL_TAILS || writer_is_over(&day->name, now);
}

/* The last that is done with a day. Who reads it just then only puts it off. */
static void finish_day(struct archive *archive, const struct day_name *name, int64_t now)
{
    struct error reason = ERROR_NONE;
    if (!day_finish(archive->directory, name, &reason) && reason.kind == ERROR_BUSY)
        put_to_rest(archive, name, now + REST_BUSY);
}

/* Opens those again that were closed when they failed and have rested. */
static void wake(struct archive *archive, int64_t now)
{
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++) {
        struct resting *one = &archive->resting[i];
        const struct day_name name = one->name;
        struct error ignored = ERROR_NONE; /* it was told when it came here */
        if (!name.day || now < one->until)
            continue;
        bool there = day_is_there(archive->directory, &name);
        struct day *day = there ? writer_day(archive, &name, true, &ignored) : NULL;
        if (there && !day) {
            one->until = now + REST_FAILED;
            continue;
        }
        if (day && (is_due(day, now) || is_to_pack(day, now)))
            continue;
        *one = none; /* gone, or nothing is to be done but to finish it */
        if (day && writer_is_over(&name, now)) {
            writer_forget(archive, day);
            finish_day(archive, &name, now);
        }
    }
}

/* What a day that is over lacks: to be sealed or packed, or to be taken out of WAL mode. */
static bool look_into(const char *directory, const struct day_name *name, bool *seal_out, bool *finish_out,
                      struct error *e)
{
    sqlite3 *db = NULL;
    char file[DAY_FILE];
    day_name_print(name, file);
    *seal_out = *finish_out = false;
    if (day_open(directory, name, &db, e)) {
        DAY_STATEMENT *any = day_prepare(db, "SELECT 1 FROM block WHERE kind < 2 LIMIT 1", file, e);
        DAY_STATEMENT *mode = day_prepare(db, "PRAGMA journal_mode", file, e);
        *seal_out = any && sqlite3_step(any) == SQLITE_ROW;
        *finish_out = mode && sqlite3_step(mode) == SQLITE_ROW && slice_is(day_column(mode, 0), "wal");
    }
    day_close(&db);
    return !e->set;
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
        bool seal, finish;
        if (!writer_is_over(name, now) || writer_day(archive, name, false, e))
            continue;
        archive->look_at++;
        *more_out = true;
        if (!look_into(archive->directory, name, &seal, &finish, &reason) && reason.kind == ERROR_DAMAGED)
            log_error(&reason, "a day that is over is not sealed");
        if (seal)
            *day_out = writer_day(archive, name, true, &reason);
        else if (finish)
            finish_day(archive, name, now);
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
    wake(archive, now);
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (archive->days[i] && is_due(archive->days[i], now) &&
            !rests(archive, &archive->days[i]->name, now)) {
            *day_out = archive->days[i];
            return true;
        }
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (archive->days[i] && is_to_pack(archive->days[i], now) &&
            !rests(archive, &archive->days[i]->name, now)) {
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

/* Tails make one run. Sealed blocks of one window share its stretch of sequences, those of another
 * lie beside it: false when they would begin one run too many. */
static bool add_to_run(struct sealer *s, const uint64_t *stretch, uint64_t *run_stretch)
{
    bool same = s->run_count && stretch[0] <= run_stretch[1] && stretch[1] >= run_stretch[0];
    if (!same && s->run_count && (s->run_count == PACK_RUNS || !s->packing)) {
        if (s->packing)
            return false;
        same = true;
    }
    if (!same) {
        s->runs[s->run_count++].next = s->tail_count;
        run_stretch[0] = stretch[0];
        run_stretch[1] = stretch[1];
    }
    s->runs[s->run_count - 1].end = s->tail_count + 1;
    run_stretch[0] = stretch[0] < run_stretch[0] ? stretch[0] : run_stretch[0];
    run_stretch[1] = stretch[1] > run_stretch[1] ? stretch[1] : run_stretch[1];
    return true;
}

static bool choose_tails(struct archive *archive, struct day *day, struct error *e)
{
    struct sealer *s = archive->sealer;
    DAY_STATEMENT *read = day_prepare(
        day->db, "SELECT id, events, text_bytes, sequence_min, sequence_max, stored_bytes FROM block"
                 " WHERE kind = ? ORDER BY id", day->file, e);
    if (!read)
        return false;
    sqlite3_bind_int(read, 1, s->packing ? BLOCK_SEALED : BLOCK_TAIL);
    uint64_t events = 0, text = 0, stored = 0, run_stretch[2] = { 0, 0 };
    int code = SQLITE_DONE;
    while ((s->packing || (events < SEAL_EVENTS && text < SEAL_TEXT && s->tail_count < SEAL_TAILS)) &&
           (code = sqlite3_step(read)) == SQLITE_ROW) {
        uint64_t values[6];
        for (int i = 0; i < 6; i++)
            values[i] = (uint64_t)sqlite3_column_int64(read, i);
        if (!add_to_run(s, &values[3], run_stretch))
            break;
        if (!add_tail(archive, (int64_t)values[0], values[1], values[2]))
            return sealer_no_memory(e);
        events += values[1];
        text += values[2];
        stored += values[5];
    }
    s->level = text < SEAL_DENSE * stored ? BLOCK_LEVEL_SEALED_PLAIN : BLOCK_LEVEL_SEALED;
    return code == SQLITE_ROW || code == SQLITE_DONE || day_failed(day->db, day->file, e);
}

static bool begin(struct archive *archive, struct day *day, bool packing, struct error *e)
{
    struct sealer *s = calloc(1, sizeof *s);
    if (!s)
        return sealer_no_memory(e);
    archive->sealer = s;
    s->name = day->name;
    s->packing = packing;
    arena_init(&s->arena, ARENA_NO_CEILING);
    buffer_init(&s->folded, BLOCK_PART_MAX);
    buffer_init(&s->filter, BLOCK_PART_MAX);
    buffer_init(&s->pressed, 2 * (size_t)BLOCK_PART_MAX);
    s->builder = block_builder_new();
    return s->builder ? choose_tails(archive, day, e) : sealer_no_memory(e);
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

static bool is_packed(struct day *day, bool *packed_out, struct error *e)
{
    DAY_STATEMENT *left = day_prepare(day->db, "SELECT 1 FROM block WHERE kind = 1 LIMIT 1",
                                      day->file, e);
    if (!left)
        return false;
    *packed_out = sqlite3_step(left) != SQLITE_ROW;
    return true;
}

/* Behind it the file gives its free pages back. */
static void end_packing(struct archive *archive, struct day *day)
{
    day->unpacked = false;
    /* a reader in the way only puts it off to the next time the file is packed */
    sqlite3_exec(day->db, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL,
                 NULL);
    writer_forget(archive, day); /* nothing more comes into it */
}

static void forget_tails(const struct sealer *s, struct day *day)
{
    for (size_t i = 0; i < s->tail_count; i++)
        if (!s->tails[i].damaged) {
            day->tail_blocks--;
            day->tail_events -= s->tails[i].events;
            day->tail_text -= s->tails[i].text;
        }
    day->unpacked = true;
}

static bool store(struct archive *archive, struct sealer *s, struct day *day, struct error *e)
{
    uint64_t events = 0;
    bool packed = false, well = day_run(day->db, "BEGIN IMMEDIATE", day->file, e);
    for (size_t i = 0; well && i < s->done_count; i++) {
        events += s->done[i].summary.events;
        well = writer_insert_block(archive, day, &s->done[i],
                                   s->packing ? BLOCK_PACKED : BLOCK_SEALED, e);
    }
    assert(!well || events == s->loaded);
    well = well && sealer_store_indicators(s, day, e) && drop_tails(s, day, e) &&
           (!s->packing || (sealer_merge_indicators(s, day, e) && is_packed(day, &packed, e))) &&
           day_run(day->db, "COMMIT", day->file, e);
    if (!well) {
        sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
        writer_forget(archive, day);
        return false;
    }
    archive->statistics.sealed_blocks += s->done_count;
    archive->statistics.sealed_events += s->loaded;
    if (!s->packing)
        forget_tails(s, day);
    else if (packed)
        end_packing(archive, day);
    return true;
}

static bool step(struct archive *archive, struct sealer *s, bool *done_out, struct error *e)
{
    struct day *day = writer_day(archive, &s->name, true, e);
    bool loaded = false;
    if (!day)
        return false;
    switch (s->phase) {
    case PHASE_LOAD:
        if (!sealer_load(archive, day, &loaded, e))
            return false;
        if (loaded)
            s->phase = PHASE_BUILD;
        return true;
    case PHASE_BUILD:
        if (s->stage != BUILD_FILL || sealer_first(s))
            return sealer_build(archive, day, e);
        s->phase = PHASE_STORE;
        return true;
    case PHASE_STORE:
        *done_out = true;
        return store(archive, s, day, e);
    }
    return true;
}

/* Nothing to seal: memory that waits for the next window goes, unless events still come. */
static void rest(struct archive *archive)
{
    if (clock_steady() - archive->stored_at < KEEP_SECONDS * CLOCK_SECOND)
        return;
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (archive->days[i])
            writer_drop_kept(archive, archive->days[i]);
    spare_free(&archive->spare);
}

/* One file that cannot be sealed must neither keep the others waiting nor be told of at each step: told once
 * until it was sealed after all. */
static bool fail_step(struct archive *archive, const struct day_name *name, int64_t now, struct error *e)
{
    int64_t until = now + (e->kind == ERROR_BUSY ? REST_BUSY : REST_FAILED);
    char file[DAY_FILE];
    day_name_print(name, file);
    error_place(e, "%s", file);
    if (put_to_rest(archive, name, until))
        return false;
    error_clear(e);
    return true;
}

bool archive_seal_step(struct archive *archive, int64_t now, unsigned budget_ms, bool *more_out,
                       struct error *e)
{
    int64_t end = clock_steady() + (int64_t)budget_ms * 1000000;
    bool well = true;
    struct day_name name;
    *more_out = false;
    if (!archive->sealer) {
        struct day *day;
        bool look_on;
        if (!choose_day(archive, now, &day, &look_on, e))
            return false;
        *more_out = look_on;
        if (!day) {
            rest(archive);
            return true;
        }
        name = day->name;
        well = begin(archive, day, day->tail_blocks == 0, e);
    } else {
        name = archive->sealer->name;
    }
    bool done = false;
    while (well && !done) {
        well = step(archive, archive->sealer, &done, e);
        if (!done && clock_steady() >= end)
            break;
    }
    if (!well || done)
        sealer_free(archive);
    if (well && done) {
        end_rest(archive, &name);
        if (!writer_day(archive, &name, false, e)) /* packed to its end */
            finish_day(archive, &name, now);
    }
    *more_out = true;
    assert(archive_check(archive));
    return well || fail_step(archive, &name, now, e);
}
