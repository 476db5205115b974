#include "relay/spool.h"

#include <pthread.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "event/relayed.h"

#define LEVEL 3
#define MARKS_KEPT 8192
#define PIECE_PLAIN_MOST (8u * 1024 * 1024)  /* the hub takes 16 MiB, inflated */
#define ROW_BYTES_MOST (64u * 1024 * 1024)
#define GIVE_BACK_PAGES 1024     /* at once, while nothing waits */

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

enum { NEXT, SET_NEXT, INSERT, TAKE, DROP, ASIDE, FIGURES, MARK, FORGET_MARKS, MARKS, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [NEXT] = "SELECT next, name FROM stream",
    [SET_NEXT] = "UPDATE stream SET next = ?",
    [INSERT] = "INSERT INTO row(place, count, stored_at, data) VALUES(?, ?, ?, ?)",
    [TAKE] = "SELECT id, place, count, data FROM row ORDER BY id LIMIT 256",
    [DROP] = "DELETE FROM row WHERE id <= ?",
    [ASIDE] = "INSERT INTO damaged SELECT id, place, count, stored_at, data, ?2 FROM row"
              " WHERE id <= ?1",
    [FIGURES] = "SELECT ifnull(sum(count), 0), ifnull(sum(length(data)), 0),"
                " ifnull(min(stored_at), 0) FROM row",
    [MARK] = "INSERT INTO mark(key, first, count) VALUES(?, ?, ?)",
    [FORGET_MARKS] = "DELETE FROM mark WHERE id <= ?",
    [MARKS] = "SELECT key, first, count FROM mark ORDER BY id",
};

struct spool {
    pthread_mutex_t lock;        /* one connection, two threads */
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    char stream[SPOOL_STREAM_TEXT];
    uint64_t most, bytes, next;
    ZSTD_CCtx *zstd;
    struct buffer plain, packed;
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

static bool read_state(struct spool *spool, struct error *e)
{
    sqlite3_stmt *s = spool->statements[NEXT];
    struct spool_figures figures;
    if (sqlite3_step(s) != SQLITE_ROW)
        return failed(spool, e);
    spool->next = (uint64_t)sqlite3_column_int64(s, 0);
    snprintf(spool->stream, sizeof spool->stream, "%s", (const char *)sqlite3_column_text(s, 1));
    sqlite3_reset(s);
    if (!spool_figures(spool, &figures, e))
        return false;
    spool->bytes = figures.bytes;
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
    spool->most = most;
    buffer_init(&spool->plain, ROW_BYTES_MOST);
    buffer_init(&spool->packed, ROW_BYTES_MOST);
    spool->zstd = ZSTD_createCCtx();
    bool fine = spool->zstd ? true : error_set(e, "not enough memory to start");
    if (fine && sqlite3_open_v2(path, &spool->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        fine = failed(spool, e);
    if (fine) {
        ZSTD_CCtx_setParameter(spool->zstd, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(spool->zstd, ZSTD_c_checksumFlag, 1);
        sqlite3_busy_timeout(spool->db, 5000);
    }
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
    ZSTD_freeCCtx(s->zstd);
    buffer_free(&s->plain);
    buffer_free(&s->packed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *spool_stream(const struct spool *spool)
{
    return spool->stream;
}

/* ---- storing --------------------------------------------------------------------------------- */

static struct slice field(const struct event *event, const char *name)
{
    for (uint32_t i = 0; i < event->field_count; i++)
        if (slice_is(event->fields[i].name, name))
            return event->fields[i].value;
    return SLICE("");
}

/* last: the record put before in this block, at first none. */
static void put_batch(struct buffer *out, const struct batch *batch, struct relayed *last)
{
    for (uint32_t i = 0; i < batch->event_count; i++) {
        const struct event *event = &batch->events[i];
        struct relayed record = {
            .source = event->source, .sender = field(event, "sender"),
            .decoder = field(event, "decoder"), .raw = event->raw, .heard = event->received,
            .cut = event->flags & EVENT_CUT, .syslog = field(event, "syslog").len > 0,
            .header = { field(event, "fields"), field(event, "date"), false },
        };
        relayed_put(out, &record, last);
        *last = record;
    }
}

static bool pack(struct spool *spool, struct batch *const *batches, size_t count,
                 uint32_t *records_out, struct error *e)
{
    struct relayed last = { .heard = 0 };
    *records_out = 0;
    buffer_clear(&spool->plain);
    buffer_clear(&spool->packed);
    relayed_begin(&spool->plain);
    for (size_t i = 0; i < count; i++) {
        put_batch(&spool->plain, batches[i], &last);
        *records_out += batches[i]->event_count;
    }
    size_t most = ZSTD_compressBound(spool->plain.len);
    char *room = spool->plain.failed ? NULL : buffer_extend(&spool->packed, most);
    size_t size = room ? ZSTD_compress2(spool->zstd, room, most, spool->plain.data,
                                        spool->plain.len) : 0;
    if (!room || ZSTD_isError(size))
        return error_set(e, "not enough memory for the events");
    spool->packed.len = size;
    return true;
}

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
    sqlite3_bind_blob64(s, 4, spool->packed.data, spool->packed.len, SQLITE_STATIC);
    sqlite3_bind_int64(spool->statements[SET_NEXT], 1, (sqlite3_int64)(spool->next + records));
    bool fine = run(spool, "BEGIN IMMEDIATE", e) && step(spool, INSERT, e) &&
                step(spool, SET_NEXT, e);
    for (size_t i = 0; fine && i < count; i++)
        fine = insert_mark(spool, &batches[i]->mark, e);
    if (fine && run(spool, "COMMIT", e))
        return true;
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
    uint32_t records;
    bool stored = false;
    pthread_mutex_lock(&spool->lock);
    if (spool->bytes >= spool->most) {
        error_set(e, "the relay's buffer is full");
        error_hint(e, "the hub must be reached, or `buffer` must be larger");
        error_kind(e, ERROR_BUSY);
    } else if (pack(spool, batches, count, &records, e)) {
        stored = records == 0 || insert(spool, batches, count, records, e);
        if (stored && records) {
            spool->next += records;
            spool->bytes += spool->packed.len;
        }
    }
    pthread_mutex_unlock(&spool->lock);
    return stored;
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* Whether the disk gave back what was written: the frame's own checksum. */
static bool whole(struct slice frame, uint32_t count, struct buffer *room)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.len);
    uint32_t records;
    buffer_clear(room);
    char *to = size < ROW_BYTES_MOST ? buffer_extend(room, (size_t)size + 1) : NULL;
    size_t got = to ? ZSTD_decompress(to, (size_t)size, frame.data, frame.len) : 0;
    return to && !ZSTD_isError(got) && relayed_check(slice_from(to, got), &records) &&
           records == count;
}

static bool set_aside(struct spool *spool, int64_t last, const char *why, struct error *e)
{
    sqlite3_stmt *s = spool->statements[ASIDE];
    sqlite3_bind_int64(s, 1, last);
    sqlite3_bind_text(s, 2, why, -1, SQLITE_STATIC);
    sqlite3_bind_int64(spool->statements[DROP], 1, last);
    if (run(spool, "BEGIN IMMEDIATE", e) && step(spool, ASIDE, e) && step(spool, DROP, e) &&
        run(spool, "COMMIT", e))
        return true;
    sqlite3_exec(spool->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static void read_rows(struct spool *spool, struct arena *arena, struct spool_piece *out,
                      int64_t *damaged_out)
{
    sqlite3_stmt *s = spool->statements[TAKE];
    unsigned long long plain = 0;
    BUFFER_AUTO body;
    buffer_init(&body, 2 * ROW_BYTES_MOST);
    *damaged_out = 0;
    while (sqlite3_step(s) == SQLITE_ROW) {
        struct slice frame = slice_from(sqlite3_column_blob(s, 3),
                                        (size_t)sqlite3_column_bytes(s, 3));
        uint32_t count = (uint32_t)sqlite3_column_int64(s, 2);
        plain += ZSTD_getFrameContentSize(frame.data, frame.len);
        bool full = out->count && (body.len + frame.len > SPOOL_TAKE_BYTES ||
                                   plain > PIECE_PLAIN_MOST || out->count + count > RELAYED_RECORDS_MOST / 2);
        if (full)
            break;
        if (!whole(frame, count, &spool->plain)) {
            if (!out->count) /* else it is the first of the next call */
                *damaged_out = sqlite3_column_int64(s, 0);
            break;
        }
        if (!out->count)
            out->place = (uint64_t)sqlite3_column_int64(s, 1);
        buffer_add(&body, frame);
        out->count += count;
        out->last = sqlite3_column_int64(s, 0);
    }
    sqlite3_reset(s);
    out->body = arena_copy(arena, buffer_slice(&body));
}

bool spool_take(struct spool *spool, struct arena *arena, struct spool_piece *out,
                struct error *e)
{
    int64_t damaged = 1;
    bool fine = true;
    pthread_mutex_lock(&spool->lock);
    while (fine && damaged) {
        *out = (struct spool_piece){ .count = 0 };
        read_rows(spool, arena, out, &damaged);
        if (damaged) {
            log_failure("the disk has damaged records of the relay's buffer: they are set aside");
            fine = set_aside(spool, damaged, "damaged on disk", e);
        }
    }
    pthread_mutex_unlock(&spool->lock);
    if (fine && out->count && !out->body.data)
        return error_set(e, "not enough memory for the events");
    return fine;
}

static void give_back(struct spool *spool)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", GIVE_BACK_PAGES);
    if (spool->bytes == 0)
        sqlite3_exec(spool->db, sql, NULL, NULL, NULL);
}

bool spool_drop(struct spool *spool, const struct spool_piece *piece, struct error *e)
{
    pthread_mutex_lock(&spool->lock);
    sqlite3_bind_int64(spool->statements[DROP], 1, piece->last);
    bool dropped = step(spool, DROP, e);
    if (dropped)
        spool->bytes -= spool->bytes < piece->body.len ? spool->bytes : piece->body.len;
    give_back(spool);
    pthread_mutex_unlock(&spool->lock);
    return dropped;
}

bool spool_set_aside(struct spool *spool, const struct spool_piece *piece, const char *why,
                     struct error *e)
{
    pthread_mutex_lock(&spool->lock);
    bool done = set_aside(spool, piece->last, why, e);
    if (done)
        spool->bytes -= spool->bytes < piece->body.len ? spool->bytes : piece->body.len;
    pthread_mutex_unlock(&spool->lock);
    return done;
}

bool spool_figures(struct spool *spool, struct spool_figures *out, struct error *e)
{
    sqlite3_stmt *s = spool->statements[FIGURES];
    pthread_mutex_lock(&spool->lock);
    bool fine = sqlite3_step(s) == SQLITE_ROW || failed(spool, e);
    if (fine)
        *out = (struct spool_figures){ (uint64_t)sqlite3_column_int64(s, 0),
                                       (uint64_t)sqlite3_column_int64(s, 1), spool->next,
                                       sqlite3_column_int64(s, 2) };
    sqlite3_reset(s);
    pthread_mutex_unlock(&spool->lock);
    return fine;
}
