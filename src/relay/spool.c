#include "relay/spool.h"

#include <pthread.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "event/relayed.h"

#include "relay/spool_frame.h"

#define MARKS_KEPT 8192
#define PIECE_PLAIN_MOST (8u * 1024 * 1024)  /* the hub takes 16 MiB, inflated */
#define ROW_BYTES_MOST (64u * 1024 * 1024)
#define ROWS_TAKEN 256
#define GIVE_BACK_PAGES 512      /* at once, while nothing waits or the disk is almost full */
#define RESERVE (64u * 1024 * 1024) /* stays free, for to delete SQLite writes first */
#define RESERVE_SHARE 4          /* … but at most a quarter of the disk */

static const char tables[] =
    "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;"
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS stream(one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL,"
    " next INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS row(id INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL,"
    " count INTEGER NOT NULL, stored_at INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS damaged(id INTEGER PRIMARY KEY, place INTEGER NOT NULL,"
    " count INTEGER NOT NULL, stored_at INTEGER NOT NULL, data BLOB NOT NULL, why TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS mark(id INTEGER PRIMARY KEY, key BLOB NOT NULL,"
    " first INTEGER NOT NULL, count INTEGER NOT NULL);"
    "COMMIT;";

enum { NEXT, SET_NEXT, INSERT, AFTER, DATA, DROP, ASIDE, LOST, HANDLED, LAST, SIZES, OLDEST, MARK,
       FORGET_MARKS, MARKS, STATEMENTS };

/* What is not asked for is not read: so data that is damaged does not hide the other columns. */
static const char *const texts[STATEMENTS] = {
    [NEXT] = "SELECT next, name FROM stream",
    [SET_NEXT] = "UPDATE stream SET next = ?",
    [INSERT] = "INSERT INTO row(place, count, stored_at, data) VALUES(?, ?, ?, ?)",
    [AFTER] = "SELECT id, place, count, length(data) FROM row WHERE id >= ? ORDER BY id LIMIT 1",
    [DATA] = "SELECT data FROM row WHERE id = ?",
    [DROP] = "DELETE FROM row WHERE id BETWEEN ? AND ?",
    [ASIDE] = "INSERT INTO damaged SELECT id, place, count, stored_at, data, ?3 FROM row"
              " WHERE id BETWEEN ?1 AND ?2",
    [LOST] = "INSERT INTO damaged VALUES(?, ?, ?, ?, x'', ?)",
    [HANDLED] = "SELECT ifnull(max(id), 0), ifnull(sum(count), 0) FROM damaged",
    [LAST] = "SELECT seq FROM sqlite_sequence WHERE name = 'row'",
    [SIZES] = "SELECT count, length(data) FROM row WHERE id >= ?",
    [OLDEST] = "SELECT stored_at FROM row WHERE id >= ? ORDER BY id LIMIT 1",
    [MARK] = "INSERT INTO mark(key, first, count) VALUES(?, ?, ?)",
    [FORGET_MARKS] = "DELETE FROM mark WHERE id <= ?",
    [MARKS] = "SELECT key, first, count FROM mark ORDER BY id",
};

struct spool {
    pthread_mutex_t lock;        /* one connection, two threads */
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    char stream[SPOOL_STREAM_TEXT];
    char *folder;
    bool tight;                  /* the disk is almost full: nothing is stored */
    uint64_t most, bytes, waiting, aside, next;
    int64_t handled;             /* rows up to this id are dropped or set aside … */
    uint64_t place;              /* … and this is the next record; 0: not known yet */
    int64_t last;                /* row */
    struct spool_frame frame;
};

static bool failed(struct spool *spool, struct error *e)
{
    int code = spool->db ? sqlite3_errcode(spool->db) : SQLITE_NOMEM;
    error_set(e, "the relay's buffer: %s",
              spool->db ? sqlite3_errmsg(spool->db) : sqlite3_errstr(code));
    return error_kind(e, (code & 0xff) == SQLITE_FULL ? ERROR_BUSY : ERROR_FAILED);
}

static bool run(struct spool *spool, const char *sql, struct error *e)
{
    return sqlite3_exec(spool->db, sql, NULL, NULL, NULL) == SQLITE_OK || failed(spool, e);
}

static bool step(struct spool *spool, int which, struct error *e)
{
    sqlite3_stmt *s = spool->statements[which];
    int code = sqlite3_step(s);
    sqlite3_reset(s);
    return code == SQLITE_DONE || code == SQLITE_ROW || failed(spool, e);
}

/* ---- open and close -------------------------------------------------------------------------- */

static bool make_stream(struct spool *spool, struct error *e)
{
    unsigned char random[(SPOOL_STREAM_TEXT - 1) / 2];
    char name[SPOOL_STREAM_TEXT], sql[160];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(name, sizeof name, random, sizeof random);
    snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO stream VALUES(1, '%s', 1)", name);
    return run(spool, sql, e);
}

/* What waits. Where the disk has damaged the table the rest of it is not counted. */
static void read_sizes(struct spool *spool)
{
    sqlite3_stmt *s = spool->statements[SIZES];
    sqlite3_bind_int64(s, 1, spool->handled + 1);
    while (sqlite3_step(s) == SQLITE_ROW) {
        spool->waiting += (uint64_t)sqlite3_column_int64(s, 0);
        spool->bytes += (uint64_t)sqlite3_column_int64(s, 1);
    }
    sqlite3_reset(s);
}

static bool read_state(struct spool *spool, struct error *e)
{
    sqlite3_stmt *s = spool->statements[NEXT];
    if (sqlite3_step(s) != SQLITE_ROW)
        return failed(spool, e);
    spool->next = (uint64_t)sqlite3_column_int64(s, 0);
    snprintf(spool->stream, sizeof spool->stream, "%s", (const char *)sqlite3_column_text(s, 1));
    sqlite3_reset(s);
    s = spool->statements[HANDLED];
    if (sqlite3_step(s) != SQLITE_ROW)
        return failed(spool, e);
    spool->handled = sqlite3_column_int64(s, 0);
    spool->aside = (uint64_t)sqlite3_column_int64(s, 1);
    sqlite3_reset(s);
    s = spool->statements[LAST];
    if (sqlite3_step(s) == SQLITE_ROW) /* else there has been no row yet */
        spool->last = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    read_sizes(spool);
    return true;
}

bool spool_open(const char *folder, uint64_t most, struct spool **spool_out, struct error *e)
{
    ARENA_AUTO arena;
    struct spool *spool = calloc(1, sizeof *spool);
    *spool_out = NULL;
    arena_init(&arena, 1u << 16);
    const char *path = file_join(&arena, folder, "spool.db");
    if (!spool || !path || sodium_init() < 0) {
        free(spool);
        return error_set(e, "not enough memory to start");
    }
    pthread_mutex_init(&spool->lock, NULL);
    spool->folder = strdup(folder);
    spool->most = most;
    bool fine = spool_frame_init(&spool->frame, e) &&
                (spool->folder || error_set(e, "not enough memory to start"));
    if (fine && sqlite3_open_v2(path, &spool->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        fine = failed(spool, e);
    if (fine)
        sqlite3_busy_timeout(spool->db, 5000);
    fine = fine && run(spool, tables, e) && make_stream(spool, e);
    for (int i = 0; fine && i < STATEMENTS; i++)
        fine = sqlite3_prepare_v2(spool->db, texts[i], -1, &spool->statements[i], NULL) ==
                   SQLITE_OK || failed(spool, e);
    if (fine && read_state(spool, e)) {
        *spool_out = spool;
        return true;
    }
    error_place(e, "%s", path);
    spool_close(&spool);
    return false;
}

void spool_close(struct spool **spool)
{
    struct spool *s = *spool;
    *spool = NULL;
    if (!s)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    spool_frame_free(&s->frame);
    free(s->folder);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *spool_stream(const struct spool *spool)
{
    return spool->stream;
}

/* ---- room ------------------------------------------------------------------------------------ */

static void look_at_disk(struct spool *spool)
{
    uint64_t left, total;
    if (!file_room(spool->folder, &left, &total))
        return;
    uint64_t least = total / RESERVE_SHARE < RESERVE ? total / RESERVE_SHARE : RESERVE;
    spool->tight = left < (spool->tight ? least + least / 2 : least);
}

/* Deleted pages are the file's until they are given back. In the log beside it they count only from a
 * checkpoint on. */
static void give_back(struct spool *spool)
{
    char sql[96];
    look_at_disk(spool);
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d);%s", GIVE_BACK_PAGES,
             spool->tight ? "PRAGMA wal_checkpoint(TRUNCATE)" : "");
    if (spool->bytes == 0 || spool->tight)
        sqlite3_exec(spool->db, sql, NULL, NULL, NULL);
}

bool spool_is_tight(struct spool *spool)
{
    pthread_mutex_lock(&spool->lock);
    look_at_disk(spool);
    if (spool->tight)
        give_back(spool);
    bool tight = spool->tight;
    pthread_mutex_unlock(&spool->lock);
    return tight;
}

/* ---- storing --------------------------------------------------------------------------------- */

/* A local sender's own marks: so that what it sends again after a kill is known. */
static bool insert_mark(struct spool *spool, const struct batch_mark *mark, struct error *e)
{
    sqlite3_stmt *s = spool->statements[MARK];
    unsigned char bytes[BATCH_MARK_KEPT];
    if (!mark->count)
        return true;
    struct slice kept = batch_mark_bytes(mark, bytes);
    sqlite3_bind_blob(s, 1, kept.data, (int)kept.len, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, mark->first);
    sqlite3_bind_int64(s, 3, mark->count);
    if (!step(spool, MARK, e))
        return false;
    sqlite3_bind_int64(spool->statements[FORGET_MARKS], 1,
                       sqlite3_last_insert_rowid(spool->db) - MARKS_KEPT);
    return step(spool, FORGET_MARKS, e);
}

static bool insert(struct spool *spool, struct batch *const *batches, size_t count,
                   uint32_t records, struct error *e)
{
    sqlite3_stmt *s = spool->statements[INSERT];
    sqlite3_bind_int64(s, 1, (sqlite3_int64)spool->next);
    sqlite3_bind_int64(s, 2, records);
    sqlite3_bind_int64(s, 3, clock_now());
    sqlite3_bind_blob64(s, 4, spool->frame.packed.data, spool->frame.packed.len, SQLITE_STATIC);
    sqlite3_bind_int64(spool->statements[SET_NEXT], 1, (sqlite3_int64)(spool->next + records));
    bool fine = run(spool, "BEGIN IMMEDIATE", e) && step(spool, INSERT, e);
    int64_t id = sqlite3_last_insert_rowid(spool->db);
    fine = fine && step(spool, SET_NEXT, e);
    for (size_t i = 0; fine && i < count; i++)
        fine = insert_mark(spool, &batches[i]->mark, e);
    if (fine && run(spool, "COMMIT", e)) {
        spool->last = id;
        spool->next += records;
        spool->waiting += records;
        spool->bytes += spool->frame.packed.len;
        return true;
    }
    sqlite3_exec(spool->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

void spool_marks(struct spool *spool, void (*each)(void *owner, const struct batch_mark *mark),
                 void *owner)
{
    sqlite3_stmt *s = spool->statements[MARKS];
    pthread_mutex_lock(&spool->lock);
    while (sqlite3_step(s) == SQLITE_ROW) {
        struct batch_mark mark = { .first = (uint32_t)sqlite3_column_int64(s, 1),
                                   .count = (uint32_t)sqlite3_column_int64(s, 2) };
        const void *kept = sqlite3_column_blob(s, 0);
        if (batch_mark_take(&mark, slice_from(kept, (size_t)sqlite3_column_bytes(s, 0))))
            each(owner, &mark);
    }
    sqlite3_reset(s);
    pthread_mutex_unlock(&spool->lock);
}

bool spool_store(struct spool *spool, struct batch *const *batches, size_t count,
                 struct error *e)
{
    uint32_t records = 0;
    bool stored = false;
    for (size_t i = 0; i < count; i++)
        records += batches[i]->event_count;
    if (!records)
        return true; /* counts alone, which the hub makes itself */
    pthread_mutex_lock(&spool->lock);
    look_at_disk(spool);
    if (spool->tight) {
        error_set(e, "the disk of the relay's buffer is almost full");
        error_hint(e, "free space on it, or set `data` to another one");
        error_kind(e, ERROR_BUSY);
    } else if (spool->bytes >= spool->most) {
        error_set(e, "the relay's buffer is full");
        error_hint(e, "the hub must be reached, or `buffer` must be larger");
        error_kind(e, ERROR_BUSY);
    } else {
        stored = spool_frame_pack(&spool->frame, batches, count, e) &&
                 insert(spool, batches, count, records, e);
    }
    pthread_mutex_unlock(&spool->lock);
    return stored;
}

/* ---- taking ---------------------------------------------------------------------------------- */

struct row {
    int64_t id;
    uint64_t place;
    uint32_t count;
    uint64_t bytes;              /* of its data */
};

enum found { FOUND_ROW, FOUND_END, FOUND_DAMAGE, FOUND_FAULT };

/* What the disk gave back is not what was written, or cannot be read. */
static bool is_damage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || code == SQLITE_IOERR_READ || code == SQLITE_IOERR_CORRUPTFS;
}

static enum found find_after(struct spool *spool, int64_t id, struct row *out, struct error *e)
{
    sqlite3_stmt *s = spool->statements[AFTER];
    enum found found = FOUND_END;
    if (id >= spool->last)
        return FOUND_END; /* the last page may be the damaged one */
    sqlite3_bind_int64(s, 1, id + 1); /* >=, for > would look into the page of `id`, too */
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        *out = (struct row){ sqlite3_column_int64(s, 0), (uint64_t)sqlite3_column_int64(s, 1),
                             (uint32_t)sqlite3_column_int64(s, 2), (uint64_t)sqlite3_column_int64(s, 3) };
        found = FOUND_ROW;
    } else if (code != SQLITE_DONE) {
        found = is_damage(sqlite3_extended_errcode(spool->db)) ? FOUND_DAMAGE : FOUND_FAULT;
        if (found == FOUND_FAULT)
            failed(spool, e);
    }
    sqlite3_reset(s);
    return found;
}

/* The row's frame, which lives until the statement is reset. */
static enum found read_frame(struct spool *spool, const struct row *row, struct slice *frame_out,
                             struct error *e)
{
    sqlite3_stmt *s = spool->statements[DATA];
    sqlite3_bind_int64(s, 1, row->id);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        *frame_out = slice_from(sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
        bool fine = spool_frame_whole(&spool->frame, *frame_out, row->count);
        return fine ? FOUND_ROW : FOUND_DAMAGE;
    }
    if (code == SQLITE_DONE || is_damage(sqlite3_extended_errcode(spool->db)))
        return FOUND_DAMAGE;
    failed(spool, e);
    return FOUND_FAULT;
}

static void handled(struct spool *spool, int64_t last, uint64_t place, uint64_t count, uint64_t bytes)
{
    spool->handled = last;
    spool->place = place ? place + count : 0;
    spool->waiting -= spool->waiting < count ? spool->waiting : count;
    spool->bytes -= spool->bytes < bytes ? spool->bytes : bytes;
}

/* A row stays where it is: to delete it would follow its pages, which may be others' now. */
static bool leave_behind(struct spool *spool, const struct row *row, const char *why, struct error *e)
{
    sqlite3_stmt *s = spool->statements[LOST];
    sqlite3_bind_int64(s, 1, row->id);
    sqlite3_bind_int64(s, 2, (sqlite3_int64)row->place);
    sqlite3_bind_int64(s, 3, row->count);
    sqlite3_bind_int64(s, 4, clock_now());
    sqlite3_bind_text(s, 5, why, -1, SQLITE_STATIC);
    if (!step(spool, LOST, e))
        return false;
    spool->aside += row->count;
    return true;
}

/* The rows of a page that is damaged itself, up to one that can be found again: its place tells how many
 * records they were, if that of the first is known. */
static bool find_beyond(struct spool *spool, struct row *lost, struct error *e)
{
    struct row next = { .place = spool->next };
    enum found found = FOUND_DAMAGE;
    uint64_t place = spool->place;
    int64_t id = spool->handled;
    while (found == FOUND_DAMAGE)
        found = find_after(spool, ++id, &next, e);
    bool known = place && next.place > place;
    *lost = (struct row){ .id = id, .place = place,
                          .count = (uint32_t)(known ? (int64_t)(next.place - place) : id - spool->handled) };
    return found != FOUND_FAULT;
}

static bool lose(struct spool *spool, const struct row *found, struct error *e)
{
    struct row lost = { .id = 0 };
    if (found)
        lost = *found;
    else if (!find_beyond(spool, &lost, e))
        return false;
    if (!leave_behind(spool, &lost, "damaged on disk", e))
        return false;
    handled(spool, lost.id, lost.place, lost.count, lost.bytes);
    log_failure("the disk has damaged %u records of the relay's buffer: they are set aside", lost.count);
    return true;
}

/* Rows until the piece is full, or up to one that is damaged: that is the first of the next call then. */
static bool read_rows(struct spool *spool, struct spool_piece *out, struct buffer *body, struct error *e)
{
    uint64_t plain = 0;
    struct row row;
    out->last = spool->handled;
    for (unsigned i = 0; i < ROWS_TAKEN; i++) {
        struct slice frame = SLICE_NONE;
        enum found found = find_after(spool, out->last, &row, e), data = FOUND_DAMAGE;
        if (found == FOUND_ROW) {
            data = read_frame(spool, &row, &frame, e);
            plain += spool->frame.plain.len;
        }
        bool full = found == FOUND_END ||
                    (out->count && (data == FOUND_DAMAGE || body->len + frame.len > SPOOL_TAKE_BYTES ||
                                    plain > PIECE_PLAIN_MOST ||
                                    out->count + row.count > RELAYED_RECORDS_MOST / 2));
        if (!full && data == FOUND_ROW) {
            out->place = out->count ? out->place : row.place;
            out->first = out->count ? out->first : row.id;
            out->count += row.count;
            out->last = row.id;
            buffer_add(body, frame);
        }
        sqlite3_reset(spool->statements[DATA]);
        if (full || found == FOUND_FAULT || data == FOUND_FAULT)
            return full;
        if (data == FOUND_DAMAGE) {
            if (!lose(spool, found == FOUND_ROW ? &row : NULL, e))
                return false;
            out->last = spool->handled;
        }
    }
    return true;
}

bool spool_take(struct spool *spool, struct arena *arena, struct spool_piece *out,
                struct error *e)
{
    BUFFER_AUTO body;
    buffer_init(&body, 2 * ROW_BYTES_MOST);
    *out = (struct spool_piece){ .count = 0 };
    pthread_mutex_lock(&spool->lock);
    bool fine = read_rows(spool, out, &body, e);
    pthread_mutex_unlock(&spool->lock);
    out->body = arena_copy(arena, buffer_slice(&body));
    if (fine && out->count && !out->body.data)
        return error_set(e, "not enough memory for the events");
    return fine;
}

static bool drop(struct spool *spool, const struct spool_piece *piece, struct error *e)
{
    sqlite3_bind_int64(spool->statements[DROP], 1, piece->first);
    sqlite3_bind_int64(spool->statements[DROP], 2, piece->last);
    return step(spool, DROP, e);
}

/* What cannot be deleted, for a page beside it is damaged, is passed over from now on. */
bool spool_drop(struct spool *spool, const struct spool_piece *piece, struct error *e)
{
    struct row sent = { .id = piece->last, .place = piece->place };
    pthread_mutex_lock(&spool->lock);
    bool dropped = drop(spool, piece, e);
    if (!dropped && is_damage(sqlite3_extended_errcode(spool->db))) {
        error_clear(e);
        dropped = leave_behind(spool, &sent, "sent, and cannot be deleted", e);
    }
    if (dropped)
        handled(spool, piece->last, piece->place, piece->count, piece->body.len);
    give_back(spool);
    pthread_mutex_unlock(&spool->lock);
    return dropped;
}

bool spool_set_aside(struct spool *spool, const struct spool_piece *piece, const char *why,
                     struct error *e)
{
    sqlite3_stmt *s = spool->statements[ASIDE];
    struct row refused = { .id = piece->last, .place = piece->place, .count = piece->count };
    pthread_mutex_lock(&spool->lock);
    sqlite3_bind_int64(s, 1, piece->first);
    sqlite3_bind_int64(s, 2, piece->last);
    sqlite3_bind_text(s, 3, why, -1, SQLITE_STATIC);
    bool done = run(spool, "BEGIN IMMEDIATE", e) && step(spool, ASIDE, e) && drop(spool, piece, e) &&
                run(spool, "COMMIT", e);
    bool damage = !done && is_damage(sqlite3_extended_errcode(spool->db));
    if (done)
        spool->aside += piece->count;
    else
        sqlite3_exec(spool->db, "ROLLBACK", NULL, NULL, NULL);
    if (damage) {
        error_clear(e);
        done = leave_behind(spool, &refused, why, e);
    }
    if (done)
        handled(spool, piece->last, piece->place, piece->count, piece->body.len);
    pthread_mutex_unlock(&spool->lock);
    return done;
}

void spool_figures(struct spool *spool, struct spool_figures *out)
{
    sqlite3_stmt *s = spool->statements[OLDEST];
    pthread_mutex_lock(&spool->lock);
    *out = (struct spool_figures){ .waiting = spool->waiting, .bytes = spool->bytes, .next = spool->next,
                                   .set_aside = spool->aside };
    sqlite3_bind_int64(s, 1, spool->handled + 1);
    if (spool->waiting && sqlite3_step(s) == SQLITE_ROW)
        out->oldest = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    pthread_mutex_unlock(&spool->lock);
}
