#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "event/relayed.h"
#include "relay/spool.h"
#include "test.h"

#define MOST (64u * 1024 * 1024)

static struct spool *open_at(const char *folder, uint64_t most)
{
    struct spool *spool = NULL;
    struct error e = ERROR_NONE;
    CHECK(spool_open(folder, most, &spool, &e));
    return spool;
}

/* `count` records "LABEL-i", of source so-a.web. */
static struct batch *make_batch(const char *label, uint32_t count)
{
    struct batch *batch = batch_new("standard", clock_now());
    for (uint32_t i = 0; i < count; i++) {
        struct event *event = batch_add(batch);
        event->raw = arena_print(&batch->arena, "%s-%u", label, i);
        event->source = SLICE("so-a.web");
        event->received = 1000 + i;
        batch->raw_bytes += event->raw.len;
    }
    return batch;
}

static bool store(struct spool *spool, const char *label, uint32_t count, struct error *e)
{
    struct batch *batch = make_batch(label, count);
    bool stored = spool_store(spool, &batch, 1, e);
    batch_free(&batch);
    return stored;
}

/* The raw text of the n-th record (from 0) of a piece. */
static struct slice record_at(const struct spool_piece *piece, uint32_t n, struct arena *arena,
                              struct relayed *record)
{
    static char text[1 << 20];
    size_t used = 0;
    struct slice rest = piece->body;
    while (rest.len) {
        size_t size = ZSTD_findFrameCompressedSize(rest.data, rest.len);
        CHECK(!ZSTD_isError(size));
        size_t got = ZSTD_decompress(text + used, sizeof text - used, rest.data, size);
        CHECK(!ZSTD_isError(got));
        used += got;
        rest = slice_after(rest, size);
    }
    struct cursor c = cursor_over(slice_from(text, used));
    for (uint32_t i = 0; i <= n; i++)
        CHECK(relayed_next(&c, record));
    return arena_copy(arena, record->raw);
}

enum { ROWS = 60, ROW_RECORDS = 2, NOISE = 12000 };

/* A row of ROW_RECORDS records that do not compress, so that it goes on in pages of its own. */
static bool store_noise(struct spool *spool, struct error *e)
{
    struct batch *batch = make_batch("noise", ROW_RECORDS);
    char *noise = arena_alloc(&batch->arena, NOISE);
    for (unsigned i = 0; i < NOISE; i++)
        noise[i] = (char)test_random(256);
    batch->events[0].raw = slice_from(noise, NOISE);
    bool stored = spool_store(spool, &batch, 1, e);
    batch_free(&batch);
    return stored;
}

/* Takes and drops all. How many records came. */
static uint64_t drain(struct spool *spool)
{
    uint64_t came = 0, place = 0;
    struct spool_piece piece;
    struct error e = ERROR_NONE;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    do {
        CHECK(spool_take(spool, &arena, &piece, &e));
        CHECK(!piece.count || piece.place > place);
        place = piece.place;
        came += piece.count;
        CHECK(!piece.count || spool_drop(spool, &piece, &e));
    } while (piece.count);
    return came;
}

TEST("each record keeps the header of its file, by turns with others and with none")
{
    static const char *const fields[] = { "a b", "a b", "c d e", "", "a b", "a b" };
    static const char *const dates[] = { "", "2026-11-24", "2026-11-24", "", "", "" };
    ARENA_AUTO arena;
    struct spool_piece piece;
    struct error e = ERROR_NONE;
    struct spool *spool = open_at(test_folder(), MOST);
    struct batch *batch = make_batch("w3c", 6);
    arena_init(&arena, 0);
    for (uint32_t i = 0; i < 6; i++) {
        struct event_field *both = arena_array(&batch->arena, 2, sizeof *both);
        both[0] = (struct event_field){ SLICE("fields"), slice_of(fields[i]), EVENT_TEXT };
        both[1] = (struct event_field){ SLICE("date"), slice_of(dates[i]), EVENT_TEXT };
        batch->events[i].fields = both;
        batch->events[i].field_count = fields[i][0] ? 2 : 0;
    }
    CHECK(spool_store(spool, &batch, 1, &e));
    CHECK(store(spool, "bare", 1, &e)); /* a block of its own */
    CHECK(spool_store(spool, &batch, 1, &e));
    CHECK(spool_take(spool, &arena, &piece, &e));
    CHECK_INT(piece.count, 13);
    for (uint32_t i = 0; i < 13; i++) {
        struct relayed record = { .heard = 0 };
        record_at(&piece, i, &arena, &record);
        CHECK_SLICE(record.header.fields, i == 6 ? "" : fields[i % 7]);
        CHECK_SLICE(record.header.date, i == 6 ? "" : dates[i % 7]);
    }
    batch_free(&batch);
    spool_close(&spool);
}

TEST("records come out in order, numbered on, and go only when they are dropped")
{
    ARENA_AUTO arena;
    struct spool_piece piece;
    struct relayed record;
    struct error e = ERROR_NONE;
    const char *folder = test_folder();
    struct spool *spool = open_at(folder, MOST);
    char stream[SPOOL_STREAM_TEXT];
    arena_init(&arena, 0);
    memcpy(stream, spool_stream(spool), sizeof stream);
    CHECK(spool_take(spool, &arena, &piece, &e));
    CHECK_INT(piece.count, 0);
    CHECK(store(spool, "a", 3, &e) && store(spool, "b", 2, &e));
    CHECK(spool_take(spool, &arena, &piece, &e));
    CHECK_INT(piece.place, 1);
    CHECK_INT(piece.count, 5);
    CHECK_SLICE(record_at(&piece, 2, &arena, &record), "a-2");
    CHECK_SLICE(record.source, "so-a.web");
    CHECK_INT(record.heard, 1002);
    CHECK_SLICE(record_at(&piece, 4, &arena, &record), "b-1");
    spool_close(&spool);
    spool = open_at(folder, MOST); /* as after a kill: nothing was acknowledged */
    CHECK_TEXT(spool_stream(spool), stream);
    CHECK(store(spool, "c", 1, &e));
    CHECK(spool_take(spool, &arena, &piece, &e));
    CHECK_INT(piece.place, 1);
    CHECK_INT(piece.count, 6);
    CHECK(spool_drop(spool, &piece, &e));
    CHECK(store(spool, "d", 1, &e));
    CHECK(spool_take(spool, &arena, &piece, &e));
    CHECK_INT(piece.place, 7);
    CHECK_INT(piece.count, 1);
    spool_close(&spool);
    struct spool *other = open_at(test_folder(), MOST);
    CHECK(strcmp(spool_stream(other), stream) != 0);
    spool_close(&other);
}

TEST("beyond its bound nothing is taken, and again when there is room")
{
    ARENA_AUTO arena;
    struct spool_piece piece;
    struct error e = ERROR_NONE;
    struct spool *spool = open_at(test_folder(), 2000);
    uint32_t stored = 0;
    char label[32];
    arena_init(&arena, 0);
    while (stored < 1000 && (snprintf(label, sizeof label, "x%u", stored), store(spool, label, 20, &e)))
        stored++;
    CHECK(stored > 3 && stored < 1000);
    CHECK_ERROR(e, "buffer is full");
    CHECK_INT(e.kind, ERROR_BUSY);
    error_clear(&e);
    CHECK(spool_take(spool, &arena, &piece, &e) && spool_drop(spool, &piece, &e));
    CHECK(store(spool, "y", 1, &e));
    spool_close(&spool);
}

TEST("on a disk that is full nothing is taken, but what is there can go, and then it is taken again")
{
    ARENA_AUTO arena;
    struct spool_piece piece;
    struct spool_figures figures;
    struct error e = ERROR_NONE;
    const char *folder = test_folder();
    uint32_t stored = 0;
    if (mount("haidang", folder, "tmpfs", 0, "size=24m") != 0)
        SKIP("a small disk can be made by root only");
    arena_init(&arena, 0);
    struct spool *spool = open_at(folder, MOST);
    while (stored < 10000 && store_noise(spool, &e))
        stored++;
    CHECK(stored > 300 && stored < 10000);
    CHECK_ERROR(e, "the disk of the relay's buffer is almost full");
    CHECK_INT(e.kind, ERROR_BUSY);
    CHECK(spool_is_tight(spool));
    CHECK(spool_take(spool, &arena, &piece, &e) && piece.count && spool_drop(spool, &piece, &e));
    CHECK_INT(drain(spool) + piece.count, stored * ROW_RECORDS);
    for (int second = 0; second < 20 && spool_is_tight(spool); second++)
        ;
    e = ERROR_NONE;
    CHECK(store_noise(spool, &e));
    spool_figures(spool, &figures);
    CHECK_INT(figures.waiting, ROW_RECORDS);
    spool_close(&spool);
    umount2(folder, MNT_DETACH);
}

TEST("what the disk damaged is set aside, and the rest goes on with its numbers")
{
    ARENA_AUTO arena;
    struct spool_piece piece;
    struct spool_figures figures;
    struct relayed record;
    struct error e = ERROR_NONE;
    sqlite3 *db;
    const char *folder = test_folder();
    struct spool *spool = open_at(folder, MOST);
    arena_init(&arena, 0);
    log_init("test", LOG_ERROR_);
    CHECK(store(spool, "a", 2, &e) && store(spool, "b", 2, &e) && store(spool, "c", 2, &e));
    spool_close(&spool);
    CHECK(sqlite3_open(file_join(&arena, folder, "spool.db"), &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "UPDATE row SET data = substr(data, 1, length(data) - 6) || x'000102030405'"
                           " WHERE place = 3", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    spool = open_at(folder, MOST);
    CHECK(spool_take(spool, &arena, &piece, &e));
    CHECK_INT(piece.place, 1);
    CHECK_INT(piece.count, 2);
    CHECK(spool_drop(spool, &piece, &e));
    CHECK(spool_take(spool, &arena, &piece, &e));
    CHECK_INT(piece.place, 5);
    CHECK_SLICE(record_at(&piece, 0, &arena, &record), "c-0");
    spool_figures(spool, &figures);
    CHECK_INT(figures.set_aside, 2);
    CHECK_INT(figures.waiting, 2);
    spool_close(&spool);
    CHECK(sqlite3_open(file_join(&arena, folder, "spool.db"), &db) == SQLITE_OK);
    sqlite3_stmt *s;
    CHECK(sqlite3_prepare_v2(db, "SELECT count, why FROM damaged", -1, &s, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(s) == SQLITE_ROW);
    CHECK_INT(sqlite3_column_int(s, 0), 2);
    sqlite3_finalize(s);
    sqlite3_close(db);
}

/* Overwrites the page that holds the n-th byte of a row's data. */
static void damage(const char *folder, unsigned row, size_t n, int with)
{
    static char page[4096];
    ARENA_AUTO arena;
    struct slice file;
    sqlite3 *db;
    sqlite3_stmt *s;
    arena_init(&arena, 0);
    const char *path = file_join(&arena, folder, "spool.db");
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(db, "SELECT data FROM row WHERE id = ?", -1, &s, NULL) == SQLITE_OK);
    sqlite3_bind_int(s, 1, (int)row);
    CHECK(sqlite3_step(s) == SQLITE_ROW);
    CHECK(file_read(path, MOST, &arena, &file, NULL));
    size_t at = slice_find(file, slice_from((const char *)sqlite3_column_blob(s, 0) + n, 40));
    CHECK(at < file.len);
    sqlite3_finalize(s);
    sqlite3_close(db);
    memset(page, with, sizeof page);
    FILE *out = fopen(path, "r+");
    fseek(out, (long)(at / sizeof page * sizeof page), SEEK_SET);
    CHECK_INT(fwrite(page, 1, sizeof page, out), sizeof page);
    fclose(out);
}

TEST("a page that the disk has damaged, of a row's data or of many rows, does not hold up the others")
{
    static const struct {
        size_t byte;
        int with;
        uint64_t least, most;    /* records set aside */
    } cases[] = {
        { 8000, 0, ROW_RECORDS, ROW_RECORDS },
        { 8000, 0x5a, ROW_RECORDS, ROW_RECORDS },
        { 100, 0, ROW_RECORDS, 10 * ROW_RECORDS },
        { 100, 0xff, ROW_RECORDS, 10 * ROW_RECORDS },
    };
    log_init("test", LOG_ERROR_);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned row = 1; row <= ROWS; row += ROWS / 2 - 1) { /* 1, 30, 59 */
            const char *folder = test_folder();
            struct spool_figures figures;
            struct error e = ERROR_NONE;
            struct spool *spool = open_at(folder, MOST);
            for (unsigned n = 0; n < ROWS; n++)
                CHECK(store_noise(spool, &e));
            spool_close(&spool);
            damage(folder, row, cases[i].byte, cases[i].with);
            spool = open_at(folder, MOST);
            uint64_t came = drain(spool);
            spool_figures(spool, &figures);
            CHECK_INT(figures.waiting, 0);
            if (row > 1 || cases[i].byte > 100) /* else nobody knows how many were in the lost rows */
                CHECK_INT(came + figures.set_aside, ROWS * ROW_RECORDS);
            CHECK(figures.set_aside >= cases[i].least / 2 && figures.set_aside <= cases[i].most);
            spool_close(&spool);
            spool = open_at(folder, MOST);
            CHECK_INT(drain(spool), 0);
            if (cases[i].byte > 100) { /* else the table's last page may be the damaged one */
                CHECK(store(spool, "new", 3, &e));
                CHECK_INT(drain(spool), 3);
            }
            spool_close(&spool);
        }
}

TEST("what was sent or refused is done with, though the disk has damaged it meanwhile")
{
    for (int refused = 0; refused < 2; refused++) {
        const char *folder = test_folder();
        struct spool *spool = open_at(folder, MOST);
        struct spool_figures figures;
        struct spool_piece piece;
        struct error e = ERROR_NONE;
        ARENA_AUTO arena;
        arena_init(&arena, 0);
        CHECK(store_noise(spool, &e) && store_noise(spool, &e) && store_noise(spool, &e));
        CHECK(spool_take(spool, &arena, &piece, &e));
        spool_close(&spool);
        damage(folder, 2, 8000, 0);
        spool = open_at(folder, MOST);
        CHECK(store_noise(spool, &e));
        CHECK(refused ? spool_set_aside(spool, &piece, "refused", &e) : spool_drop(spool, &piece, &e));
        spool_figures(spool, &figures);
        CHECK_INT(figures.waiting, ROW_RECORDS);
        CHECK_INT(figures.set_aside, refused ? 3 * ROW_RECORDS : 0);
        CHECK_INT(drain(spool), ROW_RECORDS);
        spool_close(&spool);
    }
}

static void count_mark(void *owner, const struct batch_mark *mark)
{
    *(uint32_t *)owner += mark->count + (mark->checked ? mark->check[1] : 0u);
}

TEST("a local sender's mark is kept with its records")
{
    struct error e = ERROR_NONE;
    uint32_t records = 0;
    const char *folder = test_folder();
    struct spool *spool = open_at(folder, MOST);
    struct batch *batch = make_batch("m", 3);
    batch->mark = (struct batch_mark){ .key = "0123456789abcde", .first = 0, .count = 3 };
    CHECK(spool_store(spool, &batch, 1, &e));
    batch->mark.checked = true;
    batch->mark.check[1] = 100;
    CHECK(spool_store(spool, &batch, 1, &e));
    batch_free(&batch);
    spool_close(&spool);
    spool = open_at(folder, MOST);
    spool_marks(spool, count_mark, &records);
    CHECK_INT(records, 3 + 103);
    spool_close(&spool);
}
