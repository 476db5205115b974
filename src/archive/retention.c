#include "archive/retention.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "archive/writer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#define LEDGER "deleted.jsonl"
#define LEDGER_MAX (256u * 1024 * 1024)

static const struct retention_rule *rule_of(const struct retention_rule *rules, size_t count,
                                            const char *class)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].class, class) == 0)
            return &rules[i];
    return NULL;
}

static bool is_over(const struct day_name *name, const struct retention_rule *rule, int64_t now)
{
    int64_t start, end;
    return rule && rule->days && clock_from_day(name->day, 0, &start) &&
           !__builtin_add_overflow(start, ((int64_t)rule->days + 1) * CLOCK_DAY, &end) && end <= now;
}

/* What the record says of a file. */
struct stock {
    uint64_t last_batch, events;
    unsigned char head[32];
};

static bool take_stock(sqlite3 *db, const char *file, struct stock *out, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(
        db, "SELECT id, first + events - (SELECT first FROM batch ORDER BY id LIMIT 1), chain"
            " FROM batch ORDER BY id DESC LIMIT 1", file, e);
    *out = (struct stock){ .last_batch = 0 };
    if (!read)
        return false;
    int code = sqlite3_step(read);
    if (code == SQLITE_ROW) {
        struct slice chain = day_column(read, 2);
        out->last_batch = (uint64_t)sqlite3_column_int64(read, 0);
        out->events = (uint64_t)sqlite3_column_int64(read, 1);
        if (chain.len == sizeof out->head)
            memcpy(out->head, chain.data, sizeof out->head);
    }
    return code == SQLITE_ROW || code == SQLITE_DONE || day_failed(db, file, e);
}

static bool stock_of(const char *directory, const struct day_name *name, struct stock *out,
                     struct error *e)
{
    char file[DAY_FILE];
    sqlite3 *db = NULL;
    day_name_print(name, file);
    bool well = day_open(directory, name, &db, e) && take_stock(db, file, out, e);
    day_close(&db);
    return well;
}

bool retention_list(const char *directory, const struct retention_rule *rules, size_t rule_count,
                    int64_t now, struct arena *arena, struct retention_due **due_out,
                    size_t *count_out, struct error *e)
{
    struct day_name *names;
    size_t count;
    *count_out = 0;
    if (!day_list(directory, arena, &names, &count, e))
        return false;
    struct retention_due *due = arena_array(arena, count, sizeof *due);
    if (!due)
        return error_set(e, "memory is short for the list of day files");
    for (size_t i = count; i > 0; i--) {
        const struct retention_rule *rule = rule_of(rules, rule_count, names[i - 1].class);
        struct stock stock;
        struct error reason = ERROR_NONE;
        if (!is_over(&names[i - 1], rule, now))
            continue;
        if (!stock_of(directory, &names[i - 1], &stock, &reason))
            continue; /* damaged or just going: not deleted blindly */
        due[(*count_out)++] = (struct retention_due){ names[i - 1], rule, stock.last_batch };
    }
    *due_out = due;
    return true;
}

/* --- deleting ------------------------------------------------------------------------------- */

static void head_text(const unsigned char *head, char *text)
{
    for (int i = 0; i < 32; i++)
        snprintf(text + i * 2, 3, "%02x", head[i]);
}

static void write_line(const struct retention_due *due, const char *file, const struct stock *stock,
                       int64_t now, struct buffer *out)
{
    struct json_writer w;
    char head[65];
    head_text(stock->head, head);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_time_member(&w, "time", now);
    json_text_member(&w, "file", slice_of(file));
    json_text_member(&w, "class", slice_of(due->name.class));
    json_integer_member(&w, "kept_days", due->rule->days);
    json_text_member(&w, "rule", due->rule->cite);
    json_integer_member(&w, "batches", (int64_t)stock->last_batch);
    json_integer_member(&w, "events", (int64_t)stock->events);
    json_text_member(&w, "head", slice_of(head));
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

/* A line with this head stands there already: the deletion behind it was cut off. */
static bool is_recorded(const char *path, const unsigned char *head)
{
    ARENA_AUTO arena;
    struct slice all;
    struct error ignored = ERROR_NONE;
    char text[65];
    arena_init(&arena, ARENA_NO_CEILING);
    head_text(head, text);
    return file_read(path, LEDGER_MAX, &arena, &all, &ignored) &&
           slice_find(all, slice_of(text)) < all.len;
}

static bool append(const char *path, struct slice line, struct error *e)
{
    FILE_AUTO fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return error_errno(e, errno, "the record of deletions %s cannot be opened", path);
    ssize_t put = write(fd, line.data, line.len);
    if (put != (ssize_t)line.len) {
        int number = put < 0 ? errno : ENOSPC;
        off_t end = lseek(fd, 0, SEEK_END);
        if (put > 0 && end >= put && ftruncate(fd, end - put) != 0)
            return error_errno(e, errno, "the record of deletions %s cannot be written", path);
        return error_errno(e, number, "the record of deletions %s cannot be written", path);
    }
    return fsync(fd) == 0 ||
           error_errno(e, errno, "the record of deletions %s cannot be written", path);
}

static bool record(struct archive *archive, const struct retention_due *due, const char *file,
                   const struct stock *stock, int64_t now, struct error *e)
{
    ARENA_AUTO arena;
    BUFFER_AUTO line;
    arena_init(&arena, 0);
    buffer_init(&line, 0);
    char *path = file_join(&arena, archive->directory, LEDGER);
    write_line(due, file, stock, now, &line);
    if (!path || line.failed)
        return error_set(e, "memory is short for the record of deletions");
    return is_recorded(path, stock->head) || append(path, buffer_slice(&line), e);
}

/* The database last, so that a kill between leaves a file that is still complete. */
static bool remove_files(struct archive *archive, const char *file, struct error *e)
{
    static const char *const ends[] = { "-shm", "-wal", "" };
    char path[4096];
    for (size_t i = 0; i < 3; i++) {
        int len = snprintf(path, sizeof path, "%s/%s%s", archive->directory, file, ends[i]);
        if (len < 0 || len >= (int)sizeof path)
            return error_set(e, "the path of the archive is too long");
        if (unlink(path) != 0 && errno != ENOENT)
            return error_errno(e, errno, "the day file %s cannot be deleted", file);
    }
    return true;
}

bool archive_expire(struct archive *archive, const struct retention_due *due, int64_t now,
                    struct error *e)
{
    char file[DAY_FILE];
    struct stock stock;
    day_name_print(&due->name, file);
    sealer_free(archive); /* what it has begun may be of this file */
    struct day *open = writer_day(archive, &due->name, false, e);
    if (open)
        writer_forget(archive, open);
    if (!stock_of(archive->directory, &due->name, &stock, e))
        return false;
    if (stock.last_batch != due->last_batch) {
        error_place(e, "%s", file);
        error_set(e, "events came to the day file since it was found to be over");
        return error_kind(e, ERROR_CONFLICT);
    }
    /* all of the WAL into the database first: it is deleted before it */
    return day_settle(archive->directory, &due->name, e) &&
           record(archive, due, file, &stock, now, e) && remove_files(archive, file, e);
}

bool retention_deleted(const char *directory, struct arena *arena, struct map *deleted,
                       struct error *e)
{
    struct slice rest, line;
    char *path = file_join(arena, directory, LEDGER);
    if (!path)
        return error_set(e, "memory is short for the record of deletions");
    if (access(path, F_OK) != 0)
        return true;
    if (!file_read(path, LEDGER_MAX, arena, &rest, e))
        return false;
    while (slice_split(&rest, '\n', &line)) {
        struct json *json;
        struct error ignored = ERROR_NONE; /* a line that was cut off records nothing */
        if (!line.len || !json_parse(line, arena, &json, &ignored))
            continue;
        uintptr_t last = (uintptr_t)json_integer(json_member(json, "batches"), 0);
        if (!map_put(deleted, json_member_text(json, "file"), (void *)(last + 1)))
            return error_set(e, "memory is short for the record of deletions");
    }
    return true;
}
