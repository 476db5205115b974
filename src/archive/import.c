/* Two readings of the lines: the first holds each and notes where it stands; the second takes them
 * in the order of their ids, day file after day file. */
#include "archive/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/backup.h"
#include "archive/fetch.h"
#include "archive/import_line.h"
#include "archive/staging.h"
#include "base/file.h"
#include "base/json.h"
#include "event/batch.h"

#define CLASSES_MOST 1024u
#define FILES_MOST 1024u

struct place {                   /* of a line */
    int32_t day;
    uint16_t class, file;
    uint32_t len;
    uint64_t sequence, offset, line;
};

struct import {
    const char *directory;
    const char *const *paths;
    int files[FILES_MOST];
    uint32_t file_count;
    char classes[CLASSES_MOST][DAY_CLASS];
    uint32_t class_count;
    struct place *places;
    size_t count, capacity;
    uint64_t done, total;        /* bytes read, of both readings */
    const struct import_handlers *handlers;
    struct import_result *result;
};

static bool no_memory(struct error *e)
{
    return error_set(e, "memory is short for the import");
}

static void progress(struct import *import, uint64_t bytes)
{
    import->done += bytes;
    if (import->handlers->progress)
        import->handlers->progress(import->handlers->owner, import->done, import->total);
}

/* ---- the first reading ------------------------------------------------------------------------ */

static bool open_files(struct import *import, uint32_t count, struct error *e)
{
    if (count > FILES_MOST)
        return error_set(e, "at most %u files are taken at once", FILES_MOST);
    for (; import->file_count < count; import->file_count++) {
        struct stat info;
        const char *path = import->paths[import->file_count];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        import->files[import->file_count] = fd;
        if (fd < 0 || fstat(fd, &info) != 0) {
            error_errno(e, errno, "%s cannot be read", path);
            return error_kind(e, ERROR_INPUT);
        }
        if (!S_ISREG(info.st_mode)) {
            import->file_count++;
            error_set(e, "%s is no regular file: it is read twice", path);
            return error_kind(e, ERROR_INPUT);
        }
        import->total += 2 * (uint64_t)info.st_size;
    }
    return true;
}

static bool class_number(struct import *import, const char *class, uint16_t *number_out)
{
    uint32_t i = 0;
    while (i < import->class_count && strcmp(import->classes[i], class) != 0)
        i++;
    if (i == CLASSES_MOST)
        return false;
    if (i == import->class_count)
        memcpy(import->classes[import->class_count++], class, DAY_CLASS);
    *number_out = (uint16_t)i;
    return true;
}

static bool add_place(struct import *import, const struct event_id *id, struct place place,
                      struct error *e)
{
    if (import->count == import->capacity) {
        size_t capacity = import->capacity ? import->capacity * 2 : 1024;
        struct place *places = realloc(import->places, capacity * sizeof *places);
        if (!places)
            return no_memory(e);
        import->places = places;
        import->capacity = capacity;
    }
    place.day = id->day;
    place.sequence = id->sequence;
    if (!class_number(import, id->class, &place.class))
        return error_set(e, "there are more than %u retention classes", CLASSES_MOST);
    import->places[import->count++] = place;
    return true;
}

static bool wrong_line(struct error *e, const char *path, uint64_t line)
{
    error_place(e, "%s:%llu", path, (unsigned long long)line);
    return error_kind(e, ERROR_INPUT);
}

static bool hold_line(struct import *import, struct slice text, struct place place,
                      struct arena *arena, struct error *e)
{
    struct event event;
    struct event_id id;
    if (slice_trim(text).len == 0)
        return true;
    arena_clear(arena);
    if (text.len > IMPORT_LINE_MAX)
        return error_set(e, "this line is longer than any event");
    return import_line_read(text, arena, &event, &id, e) && add_place(import, &id, place, e);
}

static bool read_file(struct import *import, uint32_t file, struct error *e)
{
    ARENA_AUTO arena;
    const char *path = import->paths[file];
    struct place place = { .file = (uint16_t)file, .line = 1 };
    char *text = NULL;
    size_t capacity = 0;
    ssize_t len;
    bool well = true;
    arena_init(&arena, ARENA_NO_CEILING);
    FILE *in = fopen(path, "re");
    while (in && well && (len = getline(&text, &capacity, in)) >= 0) {
        place.len = (uint32_t)len;
        well = hold_line(import, slice_from(text, (size_t)len), place, &arena, e) ||
               wrong_line(e, path, place.line);
        place.offset += (uint64_t)len;
        place.line++;
        progress(import, (uint64_t)len);
    }
    if (!in || (well && ferror(in)))
        well = error_errno(e, errno, "%s cannot be read", path);
    if (in)
        fclose(in);
    free(text);
    return well;
}

/* ---- in the order of the ids ------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static bool same_day(const struct place *a, const struct place *b)
{
    return a->day == b->day && a->class == b->class;
}

static bool order(struct import *import, struct error *e)
{
    if (import->count)
        qsort(import->places, import->count, sizeof *import->places, by_id);
    for (size_t i = 1; i < import->count; i++) {
        const struct place *a = &import->places[i - 1], *b = &import->places[i];
        if (!same_day(a, b) || a->sequence != b->sequence)
            continue;
        error_set(e, "the id of this event stands in %s:%llu too", import->paths[a->file],
                  (unsigned long long)a->line);
        return wrong_line(e, import->paths[b->file], b->line);
    }
    return true;
}

/* ---- the second reading: one day file ------------------------------------------------------------ */

struct day_import {
    struct import *import;
    struct day_name name;
    char file[DAY_FILE];
    sqlite3 *db;                 /* the day file that stands there; NULL: none does */
    struct fetched fetched;
    struct archive *staged;      /* NULL: a dry run */
    struct batch *batch;
    uint64_t next;               /* sequence that the next event gets */
    uint64_t stored;
};

static bool store_batch(struct day_import *d, struct error *e)
{
    bool well = !d->batch || !d->staged || d->batch->event_count == 0 ||
                archive_commit(d->staged, d->batch, e);
    if (d->batch)
        batch_free(&d->batch);
    return well;
}

static bool read_line(const struct import *import, const struct place *place, struct arena *arena,
                      struct event *event_out, struct error *e)
{
    struct event_id id;
    char *text = arena_alloc(arena, (size_t)place->len + 1);
    if (!text)
        return no_memory(e);
    if (pread(import->files[place->file], text, place->len, (off_t)place->offset) !=
            (ssize_t)place->len ||
        !import_line_read(slice_from(text, place->len), arena, event_out, &id, e) ||
        id.day != place->day || id.sequence != place->sequence) {
        error_set(e, "the file was changed while it was read");
        return wrong_line(e, import->paths[place->file], place->line);
    }
    return true;
}

/* As an export writes it: bytes that are no UTF-8 do not come back as they were. */
static bool same_text(struct slice a, struct slice b)
{
    BUFFER_AUTO left, right;
    struct json_writer w;
    buffer_init(&left, 0);
    buffer_init(&right, 0);
    if (slice_equal(a, b))
        return true;
    json_writer_init(&w, &left);
    json_put_text(&w, a);
    json_writer_init(&w, &right);
    json_put_text(&w, b);
    return !left.failed && !right.failed && slice_equal(buffer_slice(&left), buffer_slice(&right));
}

static bool same_event(const struct event *a, const struct event *b)
{
    return a->time == b->time && a->received == b->received && same_text(a->raw, b->raw) &&
           slice_equal(a->source, b->source) && slice_equal(a->system, b->system) &&
           slice_equal(a->agency, b->agency);
}

static bool stands_there(struct day_import *d, uint64_t sequence, const struct event *event,
                         bool *there_out, struct error *e)
{
    struct error reason = ERROR_NONE;
    struct event old;
    uint32_t row;
    *there_out = false;
    if (!d->db)
        return true;
    bool found = fetch_sequence(&d->fetched, d->db, d->file, sequence, &row, &reason) &&
                 block_event(&d->fetched.rows, d->fetched.parts[PART_TEXT],
                             d->fetched.parts[PART_FIELDS], row, &d->fetched.arena, &old, &reason);
    if (found)
        *there_out = same_event(event, &old);
    else if (reason.kind != ERROR_NOT_FOUND && e)
        *e = reason;
    return found || reason.kind == ERROR_NOT_FOUND;
}

static bool take(struct day_import *d, const struct place *place, struct error *e)
{
    struct event event;
    bool there;
    if (d->batch && batch_full(d->batch) && !store_batch(d, e))
        return false;
    if (!d->batch && !(d->batch = batch_new(d->name.class, 0)))
        return no_memory(e);
    struct arena_mark mark = arena_mark(&d->batch->arena);
    if (!read_line(d->import, place, &d->batch->arena, &event, e) ||
        !stands_there(d, place->sequence, &event, &there, e))
        return false;
    progress(d->import, place->len);
    if (there) {
        d->import->result->already++;
        arena_reset(&d->batch->arena, mark);
        return true;
    }
    if (d->batch->event_count == 0)
        d->batch->received = event.received;
    struct event *to = batch_add(d->batch);
    if (!to)
        return no_memory(e);
    *to = event;
    d->batch->raw_bytes += event.raw.len;
    d->import->result->renumbered += d->next++ != place->sequence;
    d->import->result->bytes += event.raw.len;
    d->stored++;
    return true;
}

/* What stands there already is copied, and its end is where we go on. */
static bool begin_day(struct day_import *d, const struct staging *staging, struct error *e)
{
    struct error reason = ERROR_NONE;
    uint64_t bytes = 0;
    d->next = 1;
    if (!day_open(d->import->directory, &d->name, &d->db, &reason)) {
        if (reason.kind != ERROR_NOT_FOUND && e)
            *e = reason;
        return reason.kind == ERROR_NOT_FOUND;
    }
    DAY_STATEMENT *last = day_prepare(
        d->db, "SELECT ifnull(max(first + events), 1) FROM batch", d->file, e);
    if (!last || (sqlite3_step(last) != SQLITE_ROW && !day_failed(d->db, d->file, e)))
        return false;
    d->next = (uint64_t)sqlite3_column_int64(last, 0);
    return !staging || backup_day(d->import->directory, staging->folder, &d->name, &bytes, e);
}

static bool import_day(struct day_import *d, const struct place *places, size_t count,
                       const struct staging *staging, struct error *e)
{
    bool well = begin_day(d, staging, e);
    fetch_init(&d->fetched);
    for (size_t i = 0; well && i < count; i++)
        well = take(d, &places[i], e);
    well = well && store_batch(d, e);
    if (d->batch)
        batch_free(&d->batch);
    fetch_free(&d->fetched);
    day_close(&d->db);
    return well;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

/* names_out: of the day files that get something; NULL when memory is short. */
static bool import_all(struct import *import, const struct staging *staging,
                       struct archive *staged, struct day_name *names, struct error *e)
{
    for (size_t i = 0, end; i < import->count; i = end) {
        const struct place *first = &import->places[i];
        struct day_import d = { .import = import, .name.day = first->day, .staged = staged };
        for (end = i; end < import->count && same_day(&import->places[end], first);)
            end++;
        memcpy(d.name.class, import->classes[first->class], DAY_CLASS);
        day_name_print(&d.name, d.file);
        if (!import_day(&d, first, end - i, staging, e))
            return false;
        import->result->events += d.stored;
        if (d.stored)
            names[import->result->days++] = d.name;
    }
    return true;
}

static size_t days_of(const struct import *import)
{
    size_t days = 0;
    for (size_t i = 0; i < import->count; i++)
        days += i == 0 || !same_day(&import->places[i - 1], &import->places[i]);
    return days;
}

static bool store(struct import *import, struct day_name *names, struct error *e)
{
    struct staging staging;
    struct archive *staged = NULL;
    const struct import_handlers *h = import->handlers;
    bool well = staging_begin(import->directory, &staging, e) &&
                archive_open(staging.folder, &staged, e) &&
                import_all(import, &staging, staged, names, e);
    archive_close(&staged);
    well = well && (!h->ready || h->ready(h->owner, import->result, e));
    for (uint32_t i = 0; well && i < import->result->days; i++)
        well = staging_place(&staging, &names[i], e);
    staging_end(&staging);
    return well;
}

static bool run(struct import *import, uint32_t count, bool dry_run, struct error *e)
{
    if (!open_files(import, count, e))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!read_file(import, i, e))
            return false;
    if (!order(import, e))
        return false;
    struct day_name *names = calloc(days_of(import) + 1, sizeof *names);
    if (!names)
        return no_memory(e);
    bool well = dry_run ? import_all(import, NULL, NULL, names, e) : store(import, names, e);
    free(names);
    return well;
}

bool import_lines(const char *directory, const char *const *paths, uint32_t count, bool dry_run,
                  const struct import_handlers *handlers, struct import_result *result_out,
                  struct error *e)
{
    *result_out = (struct import_result){ .events = 0 };
    struct import *import = calloc(1, sizeof *import);
    if (!import)
        return no_memory(e);
    *import = (struct import){ .directory = directory, .paths = paths, .handlers = handlers,
                               .result = result_out };
    bool well = run(import, count, dry_run, e);
    for (uint32_t i = 0; i < import->file_count; i++)
        file_close(&import->files[i]);
    free(import->places);
    free(import);
    return well;
}
