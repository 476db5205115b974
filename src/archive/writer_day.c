#include <stdlib.h>

#include "archive/writer.h"

static const char *const inserts[INSERTS] = {
    [INSERT_BATCH] = "INSERT INTO batch VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_BLOCK] = "INSERT INTO block VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_PART] = "INSERT INTO part VALUES(?, ?)",
    [INSERT_ORIGIN] = "INSERT INTO origin VALUES(?, ?, ?, ?)",
    [INSERT_ALERT] = "INSERT INTO alert(batch, event, time, level, rule, title, title_vi, author,"
                     " license, tags, entity, why, earlier, source, system, agency, id)"
                     " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [INSERT_HITS] = "INSERT INTO hits VALUES(?, ?, ?)",
    [INSERT_MARK] = "INSERT INTO mark(key, place, first, count) VALUES(?, ?, ?, ?)",
    /* of a stream only its last place is needed, or its last request; of the rest as many as intake knows */
    [FORGET_PLACES] = "DELETE FROM mark WHERE key = ? AND place < ?",
    [FORGET_REQUEST] = "DELETE FROM mark WHERE key > ? AND key < ? AND first + count > ? AND id < ?",
    [FORGET_OLDEST] = "DELETE FROM mark WHERE place = ?1 AND id <= (SELECT id FROM mark WHERE place = ?1"
                      " ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    [INSERT_INDICATORS] = "INSERT INTO indicators(count, data) VALUES(?, ?)",
};

static void day_free(struct day *day)
{
    for (int i = 0; i < INSERTS; i++)
        sqlite3_finalize(day->inserts[i]);
    day_close(&day->db);
    map_free(&day->origins);
    arena_free(&day->keys);
    free(day);
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
    return load_state(day, e) && writer_load_origins(archive, day, e) &&
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
