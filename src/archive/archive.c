#include "archive/archive.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "archive/aside.h"
#include "archive/counts.h"
#include "archive/limit.h"
#include "archive/writer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define FAILURE_SAID_EVERY (10 * CLOCK_SECOND)

static const char *const inserts[INSERTS] = {
    [INSERT_BATCH] = "INSERT INTO batch VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_BLOCK] = "INSERT INTO block VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_PART] = "INSERT INTO part VALUES(?, ?)",
    [INSERT_ORIGIN] = "INSERT INTO origin VALUES(?, ?, ?, ?)",
    [INSERT_ALERT] = "INSERT INTO alert(batch, event, time, level, rule, title, title_vi, author,"
                     " license, tags, entity, why, earlier, source, system, agency, id)"
                     " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_HIT] = "INSERT INTO hit(time, event, rule, base_rule, grp, value)"
                   " VALUES(?, ?, ?, ?, ?, ?)",
    [INSERT_MARK] = "INSERT INTO mark(key, place, first, count) VALUES(?, ?, ?, ?)",
    /* of a stream only its last place is needed; of the rest as many as intake knows */
    [FORGET_MARKS] = "DELETE FROM mark WHERE (key = ?1 AND place < ?2) OR (place = 0 AND id <= ?3)",
    [INSERT_INDICATOR] = "INSERT INTO indicator VALUES(?, ?) ON CONFLICT DO UPDATE SET"
                         " count = count + excluded.count",
};

/* --- day files ------------------------------------------------------------------------------ */

static void day_free(struct day *day)
{
    for (int i = 0; i < INSERTS; i++)
        sqlite3_finalize(day->inserts[i]);
    day_close(&day->db);
    map_free(&day->origins);
    arena_free(&day->keys);
    free(day);
}

static bool step_done(struct day *day, sqlite3_stmt *statement, struct error *e)
{
    int code = sqlite3_step(statement);
    bool well = code == SQLITE_DONE || day_failed(day->db, day->file, e);
    sqlite3_reset(statement);
    return well;
}

static bool remember_origin(struct day *day, struct slice key, uint64_t number)
{
    struct slice copy = arena_copy(&day->keys, key);
    return copy.data && map_put(&day->origins, copy, (void *)(uintptr_t)number);
}

static void origin_key(struct buffer *key, struct slice source, struct slice system,
                       struct slice agency)
{
    buffer_clear(key);
    buffer_add_slice(key, source);
    buffer_add_slice(key, system);
    buffer_add_slice(key, agency);
}

static bool load_origins(struct day *day, struct buffer *key, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(day->db, "SELECT id, source, system, agency FROM origin",
                                      day->file, e);
    int code = SQLITE_DONE;
    while (read && (code = sqlite3_step(read)) == SQLITE_ROW) {
        origin_key(key, day_column(read, 1), day_column(read, 2), day_column(read, 3));
        if (!remember_origin(day, buffer_slice(key), (uint64_t)sqlite3_column_int64(read, 0)))
            return error_set(e, "memory is short for opening a day file");
    }
    return read && (code == SQLITE_DONE || day_failed(day->db, day->file, e));
}

static bool load_state(struct day *day, struct error *e)
{
    DAY_STATEMENT *last = day_prepare(
        day->db, "SELECT id, first + events, chain FROM batch ORDER BY id DESC LIMIT 1",
        day->file, e);
    DAY_STATEMENT *block = day_prepare(
        day->db, "SELECT ifnull(max(id), 0), max(ifnull((SELECT max(id) FROM alert), 0) + 1,"
                 " ifnull((SELECT min(id) FROM batch), 1)) FROM block", day->file, e);
    DAY_STATEMENT *tails = day_prepare(
        day->db, "SELECT count(*), ifnull(sum(events), 0), ifnull(sum(text_bytes), 0) FROM block"
                 " WHERE kind = 0", day->file, e);
    DAY_STATEMENT *sealed = day_prepare(day->db, "SELECT 1 FROM block WHERE kind = 1 LIMIT 1",
                                        day->file, e);
    if (!last || !block || !tails || !sealed)
        return false;
    day->unpacked = sqlite3_step(sealed) == SQLITE_ROW;
    day->next_sequence = day->next_batch = 1;
    chain_start(&day->name, day->chain);
    int code = sqlite3_step(last);
    if (code == SQLITE_ROW) {
        struct slice chain = day_column(last, 2);
        day->next_batch = (uint64_t)sqlite3_column_int64(last, 0) + 1;
        day->next_sequence = (uint64_t)sqlite3_column_int64(last, 1);
        if (chain.len != CHAIN_BYTES) {
            error_set(e, "the chain of the day file is damaged");
            return error_kind(e, ERROR_DAMAGED);
        }
        memcpy(day->chain, chain.data, CHAIN_BYTES);
    } else if (code != SQLITE_DONE)
        return day_failed(day->db, day->file, e);
    if (sqlite3_step(block) != SQLITE_ROW || sqlite3_step(tails) != SQLITE_ROW)
        return day_failed(day->db, day->file, e);
    day->next_block = (uint64_t)sqlite3_column_int64(block, 0) + 1;
    day->next_alert = (uint64_t)sqlite3_column_int64(block, 1);
    day->tail_blocks = (uint64_t)sqlite3_column_int64(tails, 0);
    day->tail_events = (uint64_t)sqlite3_column_int64(tails, 1);
    day->tail_text = (uint64_t)sqlite3_column_int64(tails, 2);
    return true;
}

static bool day_begin(struct archive *archive, struct day *day, struct error *e)
{
    bool was_there = day_is_there(archive->directory, &day->name);
    if (!day_create(archive->directory, &day->name, &day->db, e))
        return false;
    for (int i = 0; i < INSERTS; i++)
        if (!(day->inserts[i] = day_prepare(day->db, inserts[i], day->file, e)))
            return false;
    return load_state(day, e) && load_origins(day, &archive->key, e) &&
           writer_holds_all(archive, day, e) && writer_begin_beyond(archive, day, was_there, e);
}

static size_t place_for_day(struct archive *archive)
{
    size_t oldest = 0;
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++) {
        if (!archive->days[i])
            return i;
        if (archive->days[i]->used < archive->days[oldest]->used)
            oldest = i;
    }
    writer_forget(archive, archive->days[oldest]);
    return oldest;
}

struct day *writer_day(struct archive *archive, const struct day_name *name, bool make,
                       struct error *e)
{
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++) {
        struct day *day = archive->days[i];
        if (day && day->name.day == name->day && !strcmp(day->name.class, name->class)) {
            day->used = ++archive->uses;
            return day;
        }
    }
    if (!make)
        return NULL;
    if (!day_class_valid(name->class)) {
        error_set(e, "\"%.15s\" is not the name of a retention class", name->class);
        return NULL;
    }
    struct day *day = calloc(1, sizeof *day);
    if (!day) {
        error_set(e, "memory is short for opening a day file");
        return NULL;
    }
    day->name = *name;
    day_name_print(name, day->file);
    arena_init(&day->keys, ARENA_NO_CEILING);
    if (!day_begin(archive, day, e)) {
        day_free(day);
        return NULL;
    }
    day->used = ++archive->uses;
    archive->days[place_for_day(archive)] = day;
    return day;
}

void writer_forget(struct archive *archive, struct day *day)
{
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (archive->days[i] == day)
            archive->days[i] = NULL;
    writer_drop_kept(archive, day);
    day_free(day);
}

/* --- open, close ---------------------------------------------------------------------------- */

static bool take_lock(struct archive *archive, struct error *e)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/.writer", archive->directory) >= (int)sizeof path)
        return error_set(e, "the path of the archive is too long");
    archive->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (archive->lock < 0)
        return error_errno(e, errno, "the archive %s cannot be written", archive->directory);
    if (flock(archive->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    error_set(e, "another process writes the archive %s", archive->directory);
    error_hint(e, "stop the other server first, or give this one a data directory of its own");
    return error_kind(e, ERROR_BUSY);
}

bool archive_open(const char *directory, struct archive **archive_out, struct error *e)
{
    *archive_out = NULL;
    if (sodium_init() < 0)
        return error_set(e, "the cryptographic library cannot start");
    if (!file_make_folder(directory, 0750, e))
        return false;
    struct archive *archive = calloc(1, sizeof *archive);
    if (!archive)
        return error_set(e, "memory is short for opening the archive");
    archive->lock = -1;
    archive->directory = strdup(directory);
    archive->builder = block_builder_new();
    for (int i = 0; i < PART_COUNT; i++)
        buffer_init(&archive->parts[i], BLOCK_PART_MAX);
    buffer_init(&archive->key, 0);
    buffer_init(&archive->counts, 0);
    if (!archive->directory || !archive->builder)
        error_set(e, "memory is short for opening the archive");
    else if (take_lock(archive, e)) {
        *archive_out = archive;
        return true;
    }
    archive_close(&archive);
    return false;
}

void archive_close(struct archive **archive_at)
{
    struct archive *archive = *archive_at;
    if (!archive)
        return;
    sealer_free(archive);
    spare_free(&archive->spare);
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        if (archive->days[i])
            writer_forget(archive, archive->days[i]);
    block_builder_free(&archive->builder);
    for (int i = 0; i < PART_COUNT; i++)
        buffer_free(&archive->parts[i]);
    buffer_free(&archive->key);
    buffer_free(&archive->counts);
    file_close(&archive->lock);
    free(archive->directory);
    free(archive);
    *archive_at = NULL;
}

/* --- one batch ------------------------------------------------------------------------------ */

static bool origin_number(struct archive *archive, struct day *day,
                          const struct block_origin *origin, uint64_t *number_out,
                          struct error *e)
{
    origin_key(&archive->key, origin->source, origin->system, origin->agency);
    uintptr_t known = (uintptr_t)map_get(&day->origins, buffer_slice(&archive->key));
    *number_out = known;
    if (known)
        return true;
    *number_out = day->origins.count + 1;
    sqlite3_stmt *insert = day->inserts[INSERT_ORIGIN];
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)*number_out);
    day_bind_text(insert, 2, origin->source);
    day_bind_text(insert, 3, origin->system);
    day_bind_text(insert, 4, origin->agency);
    if (!step_done(day, insert, e))
        return false;
    return remember_origin(day, buffer_slice(&archive->key), *number_out) ||
           error_set(e, "memory is short for a block of events");
}

static bool insert_part(struct day *day, uint64_t block, int part, struct slice bytes,
                        struct error *e)
{
    sqlite3_stmt *insert = day->inserts[INSERT_PART];
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)(block * PART_COUNT + (uint64_t)part));
    day_bind_bytes(insert, 2, bytes);
    return step_done(day, insert, e);
}

bool writer_insert_block(struct archive *archive, struct day *day, const struct block_done *block,
                         int kind, struct error *e)
{
    const struct block_summary summary = block->summary;
    BUFFER_AUTO numbers;
    buffer_init(&numbers, 0);
    for (uint32_t i = 0; i < block->origin_count; i++) {
        uint64_t number;
        if (!origin_number(archive, day, &block->origins[i], &number, e))
            return false;
        buffer_add_u32(&numbers, (uint32_t)number);
    }
    uint64_t stored = 0;
    for (int part = 0; part < PART_COUNT; part++) {
        stored += block->parts[part].len;
        if (block->parts[part].len &&
            !insert_part(day, day->next_block, part, block->parts[part], e))
            return false;
    }
    sqlite3_stmt *insert = day->inserts[INSERT_BLOCK];
    const uint64_t values[] = {
        day->next_block, (uint64_t)kind, summary.events, summary.sequence_min,
        summary.sequence_max, (uint64_t)summary.time_min, (uint64_t)summary.time_max,
        summary.text_bytes, stored,
    };
    for (int i = 0; i < 9; i++)
        sqlite3_bind_int64(insert, i + 1, (sqlite3_int64)values[i]);
    day_bind_bytes(insert, 10, buffer_slice(&numbers));
    day->next_block++;
    archive->statistics.stored_bytes += kind == BLOCK_TAIL ? stored : 0;
    return (!numbers.failed || error_set(e, "memory is short for a block of events")) &&
           step_done(day, insert, e);
}

static bool insert_events(struct archive *archive, struct day *day, const struct batch *batch,
                          unsigned char *digest, struct error *e)
{
    struct chain_digest running;
    chain_digest_begin(&running);
    block_builder_clear(archive->builder);
    for (uint32_t i = 0; i < batch->event_count; i++) {
        if (!block_add(archive->builder, &batch->events[i], day->next_sequence + i))
            return error_set(e, "memory is short for a block of events");
        chain_digest_add(&running, &batch->events[i]);
    }
    chain_digest_end(&running, digest);
    if (batch->event_count == 0)
        return true;
    struct block_done done = { .summary = block_builder_summary(archive->builder) };
    struct slice parts[PART_COUNT];
    done.origin_count = block_builder_origins(archive->builder, &done.origins);
    if (!block_builder_parts(archive->builder, parts))
        return error_set(e, "memory is short for a block of events");
    for (enum block_part part = PART_ROWS; part <= PART_FIELDS; part++) {
        buffer_clear(&archive->parts[part]);
        if (!block_write_part(part, parts[part], BLOCK_LEVEL_TAIL,
                              &archive->parts[part], e))
            return false;
        done.parts[part] = buffer_slice(&archive->parts[part]);
    }
    writer_keep(archive, day, parts);
    return writer_insert_block(archive, day, &done, BLOCK_TAIL, e);
}

static struct event_id earlier_id(const struct day *day, const struct event_id *given)
{
    struct event_id id = *given;
    if (id.day == 0) { /* an index in this batch (event/alert.h) */
        id.day = day->name.day;
        memcpy(id.class, day->name.class, sizeof id.class);
        id.sequence = day->next_sequence + given->sequence;
    }
    return id;
}

static void print_earlier(const struct day *day, const struct alert *alert, struct buffer *out)
{
    char text[EVENT_ID_TEXT];
    buffer_clear(out);
    for (uint32_t i = 0; i < alert->earlier_count; i++) {
        struct event_id id = earlier_id(day, &alert->earlier[i]);
        event_id_print(&id, text);
        buffer_print(out, i ? " %s" : "%s", text);
    }
}

static bool insert_alert(struct archive *archive, struct day *day, const struct batch *batch,
                         const struct alert *alert, struct error *e)
{
    if (alert->event >= batch->event_count)
        return error_set(e, "an alert names event %u of a batch of %u",
                         alert->event, batch->event_count);
    const struct event *event = &batch->events[alert->event];
    print_earlier(day, alert, &archive->key);
    if (archive->key.failed)
        return error_set(e, "memory is short for an alert");
    const struct slice texts[] = {
        alert->rule, alert->title, alert->title_vi, alert->author, alert->license, alert->tags,
        alert->entity, alert->why, buffer_slice(&archive->key), event->source, event->system,
        event->agency,
    };
    sqlite3_stmt *insert = day->inserts[INSERT_ALERT];
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)day->next_batch);
    sqlite3_bind_int64(insert, 2, (sqlite3_int64)(day->next_sequence + alert->event));
    sqlite3_bind_int64(insert, 3, alert->time);
    sqlite3_bind_int64(insert, 4, (int)alert->level);
    for (int i = 0; i < 12; i++)
        day_bind_text(insert, 5 + i, texts[i]);
    sqlite3_bind_int64(insert, 17, (sqlite3_int64)day->next_alert++);
    return step_done(day, insert, e);
}

static bool insert_hit(struct day *day, const struct hit *hit, struct error *e)
{
    const struct slice texts[] = { hit->rule, hit->base_rule, hit->group, hit->value };
    sqlite3_stmt *insert = day->inserts[INSERT_HIT];
    sqlite3_bind_int64(insert, 1, hit->time);
    sqlite3_bind_int64(insert, 2, (sqlite3_int64)(day->next_sequence + hit->event));
    for (int i = 0; i < 4; i++)
        day_bind_text(insert, 3 + i, texts[i]);
    return step_done(day, insert, e);
}

static bool insert_batch_row(struct archive *archive, struct day *day, const struct batch *batch,
                             const unsigned char *digest, struct error *e)
{
    buffer_clear(&archive->counts);
    counts_write(batch, &archive->counts);
    if (archive->counts.failed)
        return error_set(e, "memory is short for the counts of a batch");
    chain_next(day->chain, day->next_batch, day->next_sequence, batch->event_count, digest,
               buffer_slice(&archive->counts));
    sqlite3_stmt *insert = day->inserts[INSERT_BATCH];
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)day->next_batch);
    sqlite3_bind_int64(insert, 2, batch->received);
    sqlite3_bind_int64(insert, 3, (sqlite3_int64)day->next_sequence);
    sqlite3_bind_int64(insert, 4, batch->event_count);
    sqlite3_bind_int64(insert, 5, batch->alert_count);
    day_bind_bytes(insert, 6, slice_from(digest, CHAIN_BYTES));
    day_bind_bytes(insert, 7, slice_from(day->chain, CHAIN_BYTES));
    day_bind_bytes(insert, 8, buffer_slice(&archive->counts));
    return step_done(day, insert, e);
}

static bool insert_mark(struct day *day, const struct batch_mark *mark, struct error *e)
{
    if (!mark->count)
        return true;
    sqlite3_stmt *insert = day->inserts[INSERT_MARK], *forget = day->inserts[FORGET_MARKS];
    day_bind_bytes(insert, 1, slice_from(mark->key, sizeof mark->key));
    sqlite3_bind_int64(insert, 2, (sqlite3_int64)mark->place);
    sqlite3_bind_int64(insert, 3, mark->first);
    sqlite3_bind_int64(insert, 4, mark->count);
    if (!step_done(day, insert, e))
        return false;
    day_bind_bytes(forget, 1, slice_from(mark->key, sizeof mark->key));
    sqlite3_bind_int64(forget, 2, (sqlite3_int64)mark->place);
    sqlite3_bind_int64(forget, 3, sqlite3_last_insert_rowid(day->db) - ARCHIVE_MARKS);
    return step_done(day, forget, e);
}

bool writer_insert_batch(struct archive *archive, struct day *day, const struct batch *batch,
                         uint64_t *first_out, struct error *e)
{
    unsigned char digest[CHAIN_BYTES];
    *first_out = batch->event_count ? day->next_sequence : 0;
    if (!insert_events(archive, day, batch, digest, e))
        return false;
    for (uint32_t i = 0; i < batch->alert_count; i++)
        if (!insert_alert(archive, day, batch, &batch->alerts[i], e))
            return false;
    for (uint32_t i = 0; i < batch->hit_count; i++)
        if (!insert_hit(day, &batch->hits[i], e))
            return false;
    if (!insert_batch_row(archive, day, batch, digest, e) || !insert_mark(day, &batch->mark, e))
        return false;
    struct block_summary summary = block_builder_summary(archive->builder);
    day->tail_blocks += batch->event_count > 0;
    day->tail_events += batch->event_count;
    day->tail_text += batch->event_count ? summary.text_bytes : 0;
    day->next_sequence += batch->event_count;
    day->next_batch++;
    return true;
}

static void give_ids(struct archive *archive, struct day *day, struct batch *batch,
                     uint64_t first)
{
    batch->first = (struct event_id){ .day = day->name.day, .sequence = first };
    memcpy(batch->first.class, day->name.class, sizeof batch->first.class);
    for (uint32_t i = 0; i < batch->alert_count; i++)
        for (uint32_t k = 0; k < batch->alerts[i].earlier_count; k++) {
            struct event_id *id = &batch->alerts[i].earlier[k];
            if (id->day == 0) {
                uint64_t index = id->sequence;
                *id = batch->first;
                id->sequence = first + index;
            }
        }
    archive->statistics.batches++;
    archive->statistics.events += batch->event_count;
    archive->statistics.raw_bytes += batch->raw_bytes;
    archive->stored_at = clock_steady();
}

static struct day_name name_of(const struct batch *batch)
{
    struct day_name name = { .day = clock_day(batch->received, 0) };
    memcpy(name.class, batch->class, DAY_CLASS - 1);
    return name;
}

#define GROUP_MOST 64u

/* All or none, one transaction. */
static bool try_group(struct archive *archive, const struct day_name *name, struct batch **batches,
                      size_t count, struct error *e)
{
    uint64_t first[GROUP_MOST];
    struct day *day = writer_day(archive, name, true, e);
    archive->given = day ? writer_first_free(day) : archive->given;
    bool well = day && day_run(day->db, "BEGIN IMMEDIATE", day->file, e);
    for (size_t i = 0; well && i < count; i++)
        well = writer_insert_batch(archive, day, batches[i], &first[i], e);
    well = well && day_run(day->db, "COMMIT", day->file, e);
    if (well) {
        for (size_t i = 0; i < count; i++)
            give_ids(archive, day, batches[i], first[i]);
        return true;
    }
    if (day) {
        sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
        writer_forget(archive, day);
    }
    return false;
}

/* A broken file is opened anew, and when it is broken still it is set aside: a new one takes them. */
static bool commit_group(struct archive *archive, struct batch **batches, size_t count,
                         struct error *e)
{
    struct day_name name = name_of(batches[0]);
    struct error reason = ERROR_NONE;
    archive->given = 0;
    bool well = try_group(archive, &name, batches, count, &reason);
    for (unsigned tries = 1; !well && writer_is_broken(&reason) && tries < 3; tries++) {
        if (tries == 2 && !writer_set_aside(archive, &name, &reason))
            break;
        error_clear(&reason);
        well = try_group(archive, &name, batches, count, &reason);
    }
    archive->given = 0;
    if (!well && e)
        *e = reason;
    return well;
}

bool archive_commit(struct archive *archive, struct batch *batch, struct error *e)
{
    bool well = commit_group(archive, &batch, 1, e);
    archive->statistics.failed += !well;
    return well;
}

static bool same_file(const struct batch *a, const struct batch *b)
{
    return clock_day(a->received, 0) == clock_day(b->received, 0) && !strcmp(a->class, b->class);
}

/* Senders over UDP and plain TCP hear of it nowhere else; one line in a while, however many fail. */
static void say_failed(struct archive *archive, const struct batch *batch, const struct error *e)
{
    char what[64];
    int64_t now = clock_steady();
    archive->statistics.failed++;
    archive->unsaid += batch->event_count;
    if (archive->said_at && now - archive->said_at < FAILURE_SAID_EVERY)
        return;
    snprintf(what, sizeof what, "%llu events were not stored", (unsigned long long)archive->unsaid);
    log_error(e, what);
    archive->said_at = now;
    archive->unsaid = 0;
}

void archive_store_many(struct archive *archive, struct batch **batches, size_t count)
{
    for (size_t i = 0; i < count;) {
        size_t group = 1;
        while (i + group < count && group < GROUP_MOST &&
               same_file(batches[i], batches[i + group]))
            group++;
        struct error e = ERROR_NONE;
        bool well = commit_group(archive, batches + i, group, &e);
        for (size_t k = 0; k < group; k++) {
            struct error alone = e;
            bool stored = well;
            if (!well && group > 1) { /* what one alone can have, it gets */
                alone = ERROR_NONE;
                stored = commit_group(archive, batches + i + k, 1, &alone);
            }
            if (!stored)
                say_failed(archive, batches[i + k], &alone);
            batch_finish(batches[i + k], stored ? NULL : &alone);
        }
        i += group;
    }
    assert(archive_check(archive));
}

struct archive_statistics archive_statistics(const struct archive *archive)
{
    struct archive_statistics statistics = archive->statistics;
    statistics.tail_blocks = 0;
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++)
        statistics.tail_blocks += archive->days[i] ? archive->days[i]->tail_blocks : 0;
    return statistics;
}

bool archive_check(const struct archive *archive)
{
    if (!archive || archive->lock < 0 || !archive->builder || !archive->directory)
        return false;
    for (size_t i = 0; i < ARCHIVE_OPEN_FILES; i++) {
        const struct day *day = archive->days[i];
        if (!day)
            continue;
        /* between two calls no transaction is open, and numbers count from one */
        if (!day->db || !sqlite3_get_autocommit(day->db) || day->next_sequence == 0 ||
            day->next_batch == 0 || day->next_block == 0 || !day_class_valid(day->name.class))
            return false;
        if (day->tail_events < day->tail_blocks)
            return false;
        for (size_t k = 0; k < i; k++)
            if (archive->days[k] && archive->days[k]->name.day == day->name.day &&
                !strcmp(archive->days[k]->name.class, day->name.class))
                return false;
    }
    return !archive->sealer || sealer_check(archive->sealer);
}
