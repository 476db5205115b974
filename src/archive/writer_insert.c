#include "archive/counts.h"
#include "archive/hits.h"
#include "archive/writer.h"

bool writer_step(struct day *day, sqlite3_stmt *statement, struct error *e)
{
    int code = sqlite3_step(statement);
    bool well = code == SQLITE_DONE || day_failed(day->db, day->file, e);
    sqlite3_reset(statement);
    return well;
}

/* --- origins -------------------------------------------------------------------------------- */

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

bool writer_load_origins(struct archive *archive, struct day *day, struct error *e)
{
    struct buffer *key = &archive->key;
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
    if (!writer_step(day, insert, e))
        return false;
    return remember_origin(day, buffer_slice(&archive->key), *number_out) ||
           error_set(e, "memory is short for a block of events");
}

/* --- rows ----------------------------------------------------------------------------------- */

static bool insert_part(struct day *day, uint64_t block, int part, struct slice bytes,
                        struct error *e)
{
    sqlite3_stmt *insert = day->inserts[INSERT_PART];
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)(block * PART_COUNT + (uint64_t)part));
    day_bind_bytes(insert, 2, bytes);
    return writer_step(day, insert, e);
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
           writer_step(day, insert, e);
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

static struct event_id next_id(const struct day *day)
{
    struct event_id id = { .day = day->name.day, .sequence = day->next_sequence };
    memcpy(id.class, day->name.class, sizeof id.class);
    return id;
}

static void print_earlier(const struct archive *archive, const struct day *day, const struct batch *batch,
                          const struct alert *alert, struct buffer *out)
{
    char text[EVENT_ID_TEXT];
    struct event_id first = next_id(day);
    buffer_clear(out);
    for (uint32_t i = 0; i < alert->earlier_count; i++) {
        struct event_id id = alert->earlier[i];
        if (!writer_event_id(archive, batch, &first, &id))
            continue;
        event_id_print(&id, text);
        buffer_print(out, out->len ? " %s" : "%s", text);
    }
}

static bool insert_alert(struct archive *archive, struct day *day, const struct batch *batch,
                         const struct alert *alert, struct error *e)
{
    if (alert->event >= batch->event_count)
        return error_set(e, "an alert names event %u of a batch of %u",
                         alert->event, batch->event_count);
    const struct event *event = &batch->events[alert->event];
    print_earlier(archive, day, batch, alert, &archive->key);
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
    return writer_step(day, insert, e);
}

static bool insert_hits(struct archive *archive, struct day *day, const struct batch *batch,
                        struct error *e)
{
    sqlite3_stmt *insert = day->inserts[INSERT_HITS];
    int64_t newest;
    if (!batch->hit_count)
        return true;
    buffer_clear(&archive->key);
    hits_write(batch, day->next_sequence, &archive->key, &newest);
    if (archive->key.failed)
        return error_set(e, "memory is short for the hits of a batch");
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)day->next_batch);
    sqlite3_bind_int64(insert, 2, newest);
    day_bind_bytes(insert, 3, buffer_slice(&archive->key));
    return writer_step(day, insert, e);
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
    return writer_step(day, insert, e);
}

bool writer_insert_batch(struct archive *archive, struct day *day, const struct batch *batch,
                         uint64_t *first_out, struct error *e)
{
    unsigned char digest[CHAIN_BYTES];
    *first_out = batch->event_count ? day->next_sequence : 0;
    if (!insert_events(archive, day, batch, digest, e))
        return false;
    struct event_id first = next_id(day);
    if (!writer_number(archive, batch, &first))
        return error_set(e, "memory is short for a block of events");
    for (uint32_t i = 0; i < batch->alert_count; i++)
        if (!insert_alert(archive, day, batch, &batch->alerts[i], e))
            return false;
    if (!insert_hits(archive, day, batch, e) ||
        !insert_batch_row(archive, day, batch, digest, e) ||
        !writer_insert_mark(day, &batch->mark, e))
        return false;
    struct block_summary summary = block_builder_summary(archive->builder);
    day->tail_blocks += batch->event_count > 0;
    day->tail_events += batch->event_count;
    day->tail_text += batch->event_count ? summary.text_bytes : 0;
    day->next_sequence += batch->event_count;
    day->next_batch++;
    return true;
}
