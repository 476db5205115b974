#include "archive/archive.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "archive/limit.h"
#include "archive/writer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define FAILURE_SAID_EVERY (10 * CLOCK_SECOND)

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
    free(archive->numbered.batches);
    file_close(&archive->lock);
    free(archive->directory);
    free(archive);
    *archive_at = NULL;
}

/* --- commit --------------------------------------------------------------------------------- */

static void give_ids(struct archive *archive, struct day *day, struct batch *batch,
                     uint64_t first)
{
    batch->first = (struct event_id){ .day = day->name.day, .sequence = first };
    memcpy(batch->first.class, day->name.class, sizeof batch->first.class);
    for (struct alert *alert = batch->alerts; alert < batch->alerts + batch->alert_count; alert++) {
        uint32_t kept = 0;
        for (uint32_t k = 0; k < alert->earlier_count; k++)
            if (writer_event_id(archive, batch, &batch->first, &alert->earlier[k]))
                alert->earlier[kept++] = alert->earlier[k];
        alert->earlier_count = kept;
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
    writer_unnumber(archive, batches[0]->base);
    if (day) {
        sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
        writer_forget(archive, day);
    }
    return false;
}

/* A broken file is opened anew, and when it is broken twice then it is set aside: a new one takes them. */
static bool commit_group(struct archive *archive, struct batch **batches, size_t count,
                         struct error *e)
{
    struct day_name name = name_of(batches[0]);
    struct error reason = ERROR_NONE;
    archive->given = 0;
    bool well = try_group(archive, &name, batches, count, &reason);
    for (unsigned tries = 1; !well && writer_is_broken(&reason) && tries < 4; tries++) {
        if (tries == 3 && !writer_set_aside(archive, &name, &reason))
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
