#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/day.h"
#include "archive/outbox.h"
#include "archive/recall.h"
#include "base/clock.h"
#include "fixture.h"
#include "test.h"

static struct archive *open_archive(const char *directory)
{
    struct archive *archive = NULL;
    struct error e = ERROR_NONE;
    if (!archive_open(directory, &archive, &e))
        fail_msg("%s", e.sentence);
    CHECK(archive_check(archive));
    return archive;
}

static struct batch *numbered(int from, int count)
{
    struct fixture_event events[1024];
    static char lines[1024][64];
    for (int i = 0; i < count; i++) {
        snprintf(lines[i], sizeof lines[i], "event number n%d end", from + i);
        events[i] = (struct fixture_event){ .raw = lines[i], .time = from + i };
    }
    return fixture_batch(events, (uint32_t)count);
}

TEST("a second writer on the same directory is refused with a hint")
{
    const char *directory = test_folder();
    struct archive *archive = open_archive(directory), *second;
    struct error e = ERROR_NONE;
    CHECK(!archive_open(directory, &second, &e));
    CHECK_ERROR(e, "another process writes the archive");
    CHECK_INT(e.kind, ERROR_BUSY);
    archive_close(&archive);
    archive = open_archive(directory);
    archive_close(&archive);
}

TEST("ids go on without a gap over batches, classes and restarts")
{
    const char *directory = test_folder();
    struct archive *archive = open_archive(directory);
    struct error e = ERROR_NONE;
    for (uint64_t i = 0; i < 4; i++) {
        struct batch *batch = numbered((int)i * 3, 3);
        CHECK(archive_commit(archive, batch, &e));
        CHECK_INT(batch->first.day, 20251124);
        CHECK_INT(batch->first.sequence, i * 3 + 1);
        batch_free(&batch);
        struct batch *other = numbered(1000, 1);
        snprintf(other->class, sizeof other->class, "long");
        CHECK(archive_commit(archive, other, &e));
        CHECK_INT(other->first.sequence, i + 1);
        CHECK_TEXT(other->first.class, "long");
        batch_free(&other);
        if (i == 1) {
            archive_close(&archive);
            archive = open_archive(directory);
        }
        if (i == 2)
            fixture_seal(archive);
    }
    CHECK_INT(fixture_count(directory, "class:standard"), 12);
    CHECK_INT(fixture_count(directory, "n7"), 1);
    archive_close(&archive);
}

struct finished {
    int stored, failed;
    uint64_t sequence;
};

static void finish(struct batch *batch, const struct error *error)
{
    struct finished *finished = batch->owner;
    finished->stored += error == NULL;
    finished->failed += error != NULL;
    finished->sequence = batch->first.sequence;
    batch_free(&batch);
}

TEST("a group of batches is committed together and each is told once")
{
    const char *directory = test_folder();
    struct archive *archive = open_archive(directory);
    struct batch *batches[5];
    struct finished finished = { 0, 0, 0 };
    for (int i = 0; i < 5; i++) {
        batches[i] = numbered(i, 1);
        batches[i]->stored = finish;
        batches[i]->owner = &finished;
    }
    snprintf(batches[3]->class, sizeof batches[3]->class, "Not Valid");
    archive_store_many(archive, batches, 5);
    CHECK_INT(finished.stored, 4);
    CHECK_INT(finished.failed, 1);
    CHECK_INT(finished.sequence, 4);
    CHECK_INT(fixture_count(directory, "event"), 4);
    archive_close(&archive);
}

static void add_alert(struct batch *batch)
{
    batch->alerts = arena_array(&batch->arena, 1, sizeof *batch->alerts);
    batch->alert_count = 1;
    struct event_id *earlier = arena_array(&batch->arena, 2, sizeof *earlier);
    earlier[0] = (struct event_id){ .day = 20251123, .class = "standard", .sequence = 9 };
    earlier[1] = (struct event_id){ .sequence = 0 };
    batch->alerts[0] = (struct alert){
        .rule = SLICE("8d1c"), .title = SLICE("Many failed logins"),
        .title_vi = SLICE("Nhiều lần đăng nhập hỏng"), .author = SLICE("A"),
        .license = SLICE("DRL 1.1"), .tags = SLICE("attack.t1110"), .level = LEVEL_HIGH,
        .time = FIXTURE_DAY + 5, .event = 1, .entity = SLICE("src_ip=10.0.0.5"),
        .why = SLICE("[]"), .earlier = earlier, .earlier_count = 2,
    };
    batch->hits = arena_array(&batch->arena, 1, sizeof *batch->hits);
    batch->hit_count = 1;
    batch->hits[0] = (struct hit){ .rule = SLICE("c1"), .group = SLICE("a\x1f" "b"),
                                   .value = SLICE("v"), .base_rule = SLICE("8d1c"),
                                   .time = FIXTURE_DAY + 7, .event = 1 };
}

/* A batch as detect hands it on: with a hit, and an alert that names `earlier` by running numbers. */
static struct batch *counted(uint64_t base, const char *class, const uint64_t *earlier, uint32_t count)
{
    struct batch *batch = numbered((int)base, 2);
    snprintf(batch->class, sizeof batch->class, "%s", class);
    add_alert(batch);
    batch->base = base;
    batch->alerts[0].earlier = arena_array(&batch->arena, count + 1, sizeof(struct event_id));
    batch->alerts[0].earlier_count = count;
    for (uint32_t i = 0; i < count; i++)
        batch->alerts[0].earlier[i].sequence = earlier[i];
    return batch;
}

TEST("an alert names events of earlier batches, of another class too, and not those that were not stored")
{
    const char *directory = test_folder();
    struct archive *archive = open_archive(directory);
    struct error e = ERROR_NONE;
    static const uint64_t named[] = { 3, 10, 11, 13, 14, 15, 16 };
    struct batch *first = counted(10, "standard", NULL, 0), *other = counted(12, "level-3", NULL, 0),
                 *lost = counted(14, "Not Valid", NULL, 0), *last = counted(16, "level-3", named, 7);
    CHECK(archive_commit(archive, first, &e) && archive_commit(archive, other, &e));
    CHECK(!archive_commit(archive, lost, &e));
    error_clear(&e);
    CHECK(archive_commit(archive, last, &e));
    const struct alert *alert = &last->alerts[0];
    static const struct event_id wanted[] = { { 20251124, "standard", 1 }, { 20251124, "standard", 2 },
                                              { 20251124, "level-3", 2 }, { 20251124, "level-3", 3 } };
    CHECK_INT(alert->earlier_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        CHECK_INT(alert->earlier[i].day, wanted[i].day);
        CHECK_TEXT(alert->earlier[i].class, wanted[i].class);
        CHECK_INT(alert->earlier[i].sequence, wanted[i].sequence);
    }
    struct outbox *outbox;
    struct outbox_batch *item;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    CHECK(outbox_open(directory, &outbox, &e));
    CHECK(outbox_seek(outbox, 20251124, SLICE("level-3"), 1, &e));
    CHECK(outbox_next(outbox, &arena, &item, &e) && item && item->alert_count == 1);
    CHECK_INT(item->alerts[0].alert.earlier_count, 4);
    CHECK_INT(item->alerts[0].alert.earlier[1].sequence, 2);
    CHECK_TEXT(item->alerts[0].alert.earlier[1].class, "standard");
    outbox_close(&outbox);
    batch_free(&first);
    batch_free(&other);
    batch_free(&lost);
    batch_free(&last);
    archive_close(&archive);
}

static bool count_hit(void *owner, const struct outbox_hit *hit)
{
    (*(int *)owner)++;
    CHECK_SLICE(hit->hit.group, "a\x1f" "b");
    CHECK_INT(hit->id.sequence, 4);
    return true;
}

TEST("the outbox gives each batch once, with counts and alerts, and goes on from a cursor")
{
    const char *directory = test_folder();
    struct outbox *outbox;
    struct outbox_batch *item;
    ARENA_AUTO arena;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    CHECK(outbox_open(directory, &outbox, &e));
    CHECK(outbox_next(outbox, &arena, &item, &e) && !item);
    struct archive *archive = open_archive(directory);
    struct batch *first = numbered(0, 2), *second = numbered(2, 2);
    add_alert(second);
    CHECK(archive_commit(archive, first, &e));
    CHECK(archive_commit(archive, second, &e));
    CHECK_INT(second->alerts[0].earlier[1].sequence, 3);
    CHECK_INT(second->alerts[0].earlier[1].day, 20251124);
    CHECK(outbox_next(outbox, &arena, &item, &e) && item);
    CHECK_INT(item->batch, 1);
    CHECK_INT(item->count_count, 1);
    CHECK_INT(item->counts[0].received, 2);
    CHECK_SLICE(item->counts[0].source, "so-tttt.cong.web01");
    CHECK(outbox_next(outbox, &arena, &item, &e) && item);
    CHECK_INT(item->alert_count, 1);
    CHECK_SLICE(item->alerts[0].alert.title_vi, "Nhiều lần đăng nhập hỏng");
    CHECK_INT(item->alerts[0].alert.level, LEVEL_HIGH);
    CHECK_INT(item->alerts[0].alert.earlier_count, 2);
    CHECK_INT(item->alerts[0].alert.earlier[1].sequence, 3);
    CHECK_INT(item->alerts[0].id.sequence, 4);
    CHECK_SLICE(item->alerts[0].agency, "so-tttt");
    CHECK(outbox_next(outbox, &arena, &item, &e) && !item);
    CHECK(outbox_seek(outbox, 20251124, SLICE("standard"), 1, &e));
    CHECK(outbox_next(outbox, &arena, &item, &e) && item && item->batch == 2);
    outbox_close(&outbox);
    struct event_id ids[2] = { item->alerts[0].id, { 20251124, "standard", 99 } };
    struct event events[2];
    bool there[2];
    fixture_seal(archive);
    struct recall *recall;
    CHECK(recall_open(directory, &recall, &e));
    for (int again = 0; again < 2; again++) {
        CHECK(recall_events(recall, ids, 2, &arena, events, there, &e));
        CHECK(there[0] && !there[1]);
        CHECK_SLICE(events[0].raw, "event number n3 end");
        recall_rest(recall);
    }
    recall_close(&recall);
    int hits = 0;
    CHECK(outbox_hits(directory, FIXTURE_DAY + 7, count_hit, &hits, &e));
    CHECK(outbox_hits(directory, FIXTURE_DAY + 8, count_hit, &hits, &e));
    CHECK_INT(hits, 1);
    batch_free(&first);
    batch_free(&second);
    archive_close(&archive);
}

/* --- faults --------------------------------------------------------------------------------- */

TEST("a full disk refuses the batch whole, keeps what was acknowledged, and takes it again later")
{
    const char *directory = test_folder();
    if (mount("haidang", directory, "tmpfs", 0, "size=3m") != 0)
        SKIP("a small disk can be made by root only");
    struct archive *archive = open_archive(directory);
    struct error e = ERROR_NONE;
    char fill[256];
    int stored = 0;
    bool well = true;
    while (well && stored < 10000) {
        struct batch *batch = numbered(stored * 10, 10);
        well = archive_commit(archive, batch, &e);
        stored += well;
        CHECK(well || batch->first.sequence == 0);
        batch_free(&batch);
        CHECK(archive_check(archive));
    }
    CHECK(!well && stored > 3);
    CHECK_ERROR(e, "the disk is full");
    CHECK_INT(e.kind, ERROR_BUSY);
    CHECK_INT(fixture_count(directory, "event"), stored * 10);
    snprintf(fill, sizeof fill, "remount,size=16m");
    CHECK(mount("haidang", directory, NULL, MS_REMOUNT, "size=16m") == 0);
    struct batch *batch = numbered(stored * 10, 10);
    e = ERROR_NONE;
    CHECK(archive_commit(archive, batch, &e));
    CHECK_INT(batch->first.sequence, stored * 10 + 1);
    batch_free(&batch);
    fixture_seal(archive);
    CHECK_INT(fixture_count(directory, "event"), stored * 10 + 10);
    archive_close(&archive);
    umount2(directory, MNT_DETACH);
}

static void write_until_killed(const char *directory, int acknowledged)
{
    struct archive *archive = open_archive(directory);
    struct error e = ERROR_NONE;
    bool more;
    for (int i = 0;; i++) {
        struct batch *batch = numbered(i * 50, 50);
        if (!archive_commit(archive, batch, &e))
            _exit(1);
        uint64_t last = batch->first.sequence + 49;
        batch_free(&batch);
        if (write(acknowledged, &last, sizeof last) != sizeof last)
            _exit(2);
        if (i % 7 == 0) /* in the midst of sealing, too */
            archive_seal_step(archive, FIXTURE_DAY + 3 * CLOCK_DAY, i % 3, &more, &e);
    }
}

TEST("after kill -9 at any moment everything acknowledged is there, once, and writing goes on")
{
    const char *directory = test_folder();
    uint64_t last = 0;
    for (int round = 0; round < 6; round++) {
        int ends[2];
        CHECK(pipe(ends) == 0);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            close(ends[0]);
            write_until_killed(directory, ends[1]);
        }
        close(ends[1]);
        for (int i = 0; i < 20 + round * 13; i++)
            CHECK(read(ends[0], &last, sizeof last) == sizeof last);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(ends[0], &last, sizeof last) == sizeof last)
            ;
        close(ends[0]);
        int count = fixture_count(directory, "event");
        CHECK((uint64_t)count >= last);
        CHECK_INT(count % 50, 0);
        CHECK_INT(fixture_foot.blocks_damaged, 0);
    }
    struct archive *archive = open_archive(directory);
    int before = fixture_count(directory, "event");
    struct batch *batch = numbered(0, 1);
    struct error e = ERROR_NONE;
    CHECK(archive_commit(archive, batch, &e));
    CHECK_INT(batch->first.sequence, before + 1);
    batch_free(&batch);
    fixture_seal(archive);
    CHECK_INT(fixture_count(directory, "event"), before + 1);
    archive_close(&archive);
}

TEST("a search beside the writer and its sealer misses nothing and finds nothing twice")
{
    const char *directory = test_folder();
    int ends[2];
    uint64_t last = 0;
    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        close(ends[0]);
        fcntl(ends[1], F_SETFL, 0);
        write_until_killed(directory, ends[1]);
    }
    close(ends[1]);
    int before = 0;
    /* Two seconds; on a slow machine until there was something to miss, on a fast one only while it
     * is well below what a search of the fixture delivers (100,000). */
    for (int64_t began = clock_steady(); before < 50000 &&
         clock_steady() < began + (before > 100 ? 2 * CLOCK_SECOND : CLOCK_MINUTE);) {
        while (read(ends[0], &last, sizeof last) == sizeof last)
            ;
        int count = fixture_count(directory, "number");
        CHECK(count >= before && (uint64_t)count >= last);
        CHECK_INT(count % 50, 0);
        CHECK_SLICE(fixture_foot.damaged, "");
        if (count) /* each id once */
            CHECK_INT(fixture_count(directory, "id:20251124.standard.1"), 1);
        before = count;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ends[0]);
    CHECK(before > 100);
}

static void damage(const char *directory, const char *sql)
{
    struct day_name name = { 20251124, "standard" };
    sqlite3 *db;
    struct error e = ERROR_NONE;
    CHECK(day_create(directory, &name, &db, &e));
    if (!day_run(db, sql, "test", &e))
        fail_msg("%s", e.sentence);
    day_close(&db);
}

TEST("a damaged block is skipped and reported, the rest is found")
{
    const char *directory = test_folder();
    struct archive *archive = open_archive(directory);
    struct error e = ERROR_NONE;
    for (int i = 0; i < 3; i++) {
        struct batch *batch = numbered(i * 10, 10);
        CHECK(archive_commit(archive, batch, &e));
        batch_free(&batch);
    }
    archive_close(&archive);
    damage(directory, "UPDATE part SET data = substr(data, 1, length(data) - 1) || x'00'"
                      " WHERE id / 4 = 2 AND id % 4 = 1");
    CHECK_INT(fixture_count(directory, "event"), 20);
    CHECK_INT(fixture_foot.blocks_damaged, 1);
    CHECK(slice_find(fixture_foot.damaged, SLICE("20251124.standard.db: block 2")) == 0);
    damage(directory, "DELETE FROM part WHERE id / 4 = 3");
    CHECK_INT(fixture_count(directory, "event"), 10);
    CHECK_INT(fixture_foot.blocks_damaged, 2);
    archive = open_archive(directory); /* and the sound ones are still sealed */
    fixture_seal(archive);
    CHECK_INT(fixture_count(directory, "event"), 10);
    CHECK_INT(fixture_foot.blocks_damaged, 2);
    archive_close(&archive);
}

TEST("a day file cut short hides neither the other days nor its own whole blocks")
{
    const char *directory = test_folder();
    struct archive *archive = open_archive(directory);
    struct error e = ERROR_NONE;
    char path[512];
    for (int day = 0; day < 2; day++) {
        struct batch *batch = numbered(day * 10, 10);
        batch->received += day * CLOCK_DAY;
        CHECK(archive_commit(archive, batch, &e));
        batch_free(&batch);
    }
    fixture_seal(archive);
    archive_close(&archive);
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    damage(directory, "PRAGMA wal_checkpoint(TRUNCATE)");
    CHECK(truncate(path, 16384 * 3 + 100) == 0);
    CHECK_INT(fixture_count(directory, "event"), 20);
    CHECK(fixture_foot.blocks_damaged >= 1);
}

static int64_t number_of(const char *directory, const char *sql)
{
    struct day_name name = { 20251124, "standard" };
    sqlite3 *db;
    struct error e = ERROR_NONE;
    CHECK(day_open(directory, &name, &db, &e));
    sqlite3_stmt *read = day_prepare(db, sql, "test", &e);
    CHECK(read && sqlite3_step(read) == SQLITE_ROW);
    int64_t number = sqlite3_column_int64(read, 0);
    sqlite3_finalize(read);
    day_close(&db);
    return number;
}

/* Batches of 200 events whose parts fill pages of their own, one after the other. */
static void fill(const char *directory, int from, int to)
{
    struct archive *archive = open_archive(directory);
    struct error e = ERROR_NONE;
    for (int i = from; i < to; i++) {
        struct batch *batch = numbered(i * 200, 200);
        CHECK(archive_commit(archive, batch, &e));
        batch_free(&batch);
    }
    archive_close(&archive);
    damage(directory, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static bool finds_event(const char *directory, uint64_t sequence)
{
    ARENA_AUTO arena;
    struct event_id id = { .day = 20251124, .class = "standard", .sequence = sequence };
    struct search_scope lead = { .all = true };
    struct search_event event;
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    return search_get(directory, &lead, &id, &arena, &event, &e);
}

TEST("a day file whose tail is torn off loses only the blocks there")
{
    const char *directory = test_folder();
    char path[512];
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    fill(directory, 0, 60);
    int64_t pages = number_of(directory, "PRAGMA page_count");
    fill(directory, 60, 64);
    CHECK(number_of(directory, "PRAGMA page_count") > pages);
    CHECK(truncate(path, pages * 4096) == 0);
    int found = fixture_count(directory, "event"); /* of the last four, whatever stands before the tear */
    CHECK(found >= 60 * 200 && found < 64 * 200 && found % 200 == 0);
    CHECK(fixture_foot.blocks_damaged >= 1);
    CHECK(slice_find(fixture_foot.damaged, SLICE("20251124.standard.db: block ")) == 0);
    CHECK(slice_find(fixture_foot.damaged, SLICE("lost")) < fixture_foot.damaged.len);
    CHECK(finds_event(directory, 1) && finds_event(directory, 60 * 200));
    CHECK(!finds_event(directory, 64 * 200));
}

static void store_mark(struct archive *archive, const char *key, uint32_t first, uint64_t place, bool checked)
{
    struct error e = ERROR_NONE;
    struct batch *batch = numbered(1, 1);
    batch->mark = (struct batch_mark){ .first = first, .count = 10, .place = place, .checked = checked };
    memcpy(batch->mark.key, key, 2);
    batch->mark.check[0] = (unsigned char)first;
    CHECK(archive_commit(archive, batch, &e));
    batch_free(&batch);
}

static bool print_mark(void *owner, const struct batch_mark *mark)
{
    buffer_print(owner, "%.2s%s%u ", (const char *)mark->key, mark->checked ? "#" : mark->place ? ">" : ":",
                 mark->checked ? mark->check[0] : mark->first);
    return true;
}

TEST("of marks are kept the newest, of a stream the last place or the last request")
{
    const char *directory = test_folder();
    struct archive *archive = open_archive(directory);
    struct error e = ERROR_NONE;
    BUFFER_AUTO text;
    buffer_init(&text, 65536);
    store_mark(archive, "ab", 0, 0, false);
    for (uint32_t i = 0; i < 3; i++)
        store_mark(archive, "J1", i * 10, 0, true);
    store_mark(archive, "J2", 0, 0, true);
    store_mark(archive, "RR", 7, 1, false);
    store_mark(archive, "J1", 20, 0, true); /* again from there on, as another */
    store_mark(archive, "RR", 8, 2, false);
    archive_close(&archive);
    CHECK(outbox_marks(directory, FIXTURE_DAY, print_mark, &text, &e));
    CHECK_SLICE(buffer_slice(&text), "ab:0 J1#0 J1#10 J2#0 J1#20 RR>8 ");
    buffer_clear(&text);
    archive = open_archive(directory);
    store_mark(archive, "J1", 0, 0, true);
    archive_close(&archive);
    CHECK(outbox_marks(directory, FIXTURE_DAY, print_mark, &text, &e));
    CHECK_SLICE(buffer_slice(&text), "ab:0 J2#0 RR>8 J1#0 ");
}

/* Overwrites the page that a table's tree begins on. */
static void lose_table(const char *directory, const char *table)
{
    char path[512], sql[128];
    static const char nothing[4096];
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    snprintf(sql, sizeof sql, "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table);
    int64_t page = number_of(directory, sql);
    FILE *file = fopen(path, "r+b");
    CHECK(file && fseek(file, (page - 1) * 4096, SEEK_SET) == 0);
    CHECK_INT(fwrite(nothing, 1, sizeof nothing, file), sizeof nothing);
    fclose(file);
}

TEST("a day file whose directory is lost is read from its blocks")
{
    static const char *const tables[] = { "block", "origin" };
    for (size_t i = 0; i < 2; i++) {
        const char *directory = test_folder();
        fill(directory, 0, 8);
        lose_table(directory, tables[i]);
        CHECK_INT(fixture_count(directory, "event"), 8 * 200);
        CHECK(fixture_foot.blocks_damaged >= 1);
        struct search_options none = { .limit = 100 }; /* sees no agency: nothing, damaged or not */
        CHECK_TEXT(fixture_lines(directory, "event", &none), "");
    }
}

/* One bit of the byte there. */
static void flip(const char *directory, const char *before, long behind)
{
    char path[512];
    static char page[4096];
    snprintf(path, sizeof path, "%s/20251124.standard.db", directory);
    FILE *file = fopen(path, "r+b");
    CHECK(file && fread(page, 1, sizeof page, file) == sizeof page);
    const char *at = memmem(page, sizeof page, before, strlen(before));
    CHECK(at && fseek(file, at - page + behind, SEEK_SET) == 0);
    fputc(at[behind] ^ 1, file);
    fclose(file);
}

TEST("damage to the head of a day file or to its schema costs no event")
{
    static const struct {
        const char *before;
        long behind;
    } places[] = {
        { "SQLite format 3", 63 },   /* user_version */
        { "SQLite format 3", 71 },   /* application_id */
        { "CREATE TABLE batch", 0 }, { "CREATE TABLE origin", 7 }, { "CREATE TABLE block", 14 },
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *directory = test_folder();
        fill(directory, 0, 2);
        flip(directory, places[i].before, places[i].behind);
        if (fixture_count(directory, "event") != 2 * 200 || !fixture_foot.blocks_damaged)
            fail_msg("%s: %.*s", places[i].before, SLICE_ARGS(fixture_foot.damaged));
        CHECK(finds_event(directory, 1));
    }
}
