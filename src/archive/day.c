#include "archive/day.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/limit.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"

static const char tables[] =
    "CREATE TABLE batch(id INTEGER PRIMARY KEY, received INTEGER NOT NULL, first INTEGER NOT NULL,"
    " events INTEGER NOT NULL, alerts INTEGER NOT NULL, digest BLOB NOT NULL, chain BLOB NOT NULL,"
    " counts BLOB NOT NULL);"
    "CREATE TABLE block(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, events INTEGER NOT NULL,"
    " sequence_min INTEGER NOT NULL, sequence_max INTEGER NOT NULL, time_min INTEGER NOT NULL,"
    " time_max INTEGER NOT NULL, text_bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL,"
    " origins BLOB NOT NULL);"
    "CREATE INDEX block_sequence ON block(sequence_max);"
    "CREATE INDEX block_tail ON block(id) WHERE kind = 0;"
    "CREATE TABLE part(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE origin(id INTEGER PRIMARY KEY, source TEXT NOT NULL, system TEXT NOT NULL,"
    " agency TEXT NOT NULL, UNIQUE(source, system, agency));"
    "CREATE TABLE alert(id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, event INTEGER NOT NULL,"
    " time INTEGER NOT NULL, level INTEGER NOT NULL, rule TEXT NOT NULL, title TEXT NOT NULL,"
    " title_vi TEXT NOT NULL, author TEXT NOT NULL, license TEXT NOT NULL, tags TEXT NOT NULL,"
    " entity TEXT NOT NULL, why TEXT NOT NULL, earlier TEXT NOT NULL, source TEXT NOT NULL,"
    " system TEXT NOT NULL, agency TEXT NOT NULL);"
    "CREATE INDEX alert_batch ON alert(batch);"
    "CREATE TABLE mark(id INTEGER PRIMARY KEY, key BLOB NOT NULL, place INTEGER NOT NULL,"
    " first INTEGER NOT NULL, count INTEGER NOT NULL);"
    "CREATE INDEX mark_key ON mark(key);";

/* Since format 6. */
static const char later[] =
    "CREATE TABLE IF NOT EXISTS hits(batch INTEGER PRIMARY KEY, newest INTEGER NOT NULL,"
    " data BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS hits_newest ON hits(newest);"
    "CREATE TABLE IF NOT EXISTS indicators(id INTEGER PRIMARY KEY, count INTEGER NOT NULL,"
    " data BLOB NOT NULL);";

/* What a search asks of a file before it looks into it: one row, kept by the tables themselves, so
 * that nobody who adds or drops blocks has to think of it. The times never shrink. */
static const char summary[] =
    "CREATE TABLE summary(id INTEGER PRIMARY KEY CHECK(id = 1), blocks INTEGER NOT NULL,"
    " events INTEGER NOT NULL, text_bytes INTEGER NOT NULL, time_min INTEGER, time_max INTEGER);"
    "INSERT INTO summary SELECT 1, count(*), ifnull(sum(events), 0), ifnull(sum(text_bytes), 0),"
    " min(time_min), max(time_max) FROM block;"
    "CREATE TRIGGER summary_more AFTER INSERT ON block BEGIN"
    " UPDATE summary SET blocks = blocks + 1, events = events + new.events,"
    " text_bytes = text_bytes + new.text_bytes,"
    " time_min = min(ifnull(time_min, new.time_min), new.time_min),"
    " time_max = max(ifnull(time_max, new.time_max), new.time_max); END;"
    "CREATE TRIGGER summary_less AFTER DELETE ON block BEGIN"
    " UPDATE summary SET blocks = blocks - 1, events = events - old.events,"
    " text_bytes = text_bytes - old.text_bytes; END;";

bool day_class_valid(const char *class)
{
    size_t len = strnlen(class, DAY_CLASS);
    if (len == 0 || len >= DAY_CLASS)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((class[i] >= 'a' && class[i] <= 'z') || (class[i] >= '0' && class[i] <= '9') ||
              class[i] == '-'))
            return false;
    return true;
}

bool day_name_parse(const char *file, struct day_name *name_out)
{
    struct slice rest = slice_of(file), part;
    uint64_t day;
    int64_t start;
    struct day_name name = { .day = 0 };
    if (!slice_split(&rest, '.', &part) || part.len != 8 || !slice_to_u64(part, &day) ||
        !clock_from_day((int32_t)day, 0, &start))
        return false;
    if (!slice_split(&rest, '.', &part) || part.len >= DAY_CLASS || !rest.data ||
        !slice_is(rest, "db"))
        return false;
    name.day = (int32_t)day;
    memcpy(name.class, part.data, part.len);
    *name_out = name;
    return day_class_valid(name.class);
}

void day_name_print(const struct day_name *name, char *text)
{
    snprintf(text, DAY_FILE, "%08d.%.15s.db", name->day, name->class);
}

static int newest_first(const void *a, const void *b)
{
    const struct day_name *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? 1 : -1;
    return strcmp(x->class, y->class);
}

bool day_list(const char *directory, struct arena *arena, struct day_name **names_out,
              size_t *count_out, struct error *e)
{
    size_t count = 0, capacity = 0;
    struct day_name *names = NULL;
    *names_out = NULL;
    *count_out = 0;
    DIR *dir = opendir(directory);
    if (!dir && errno == ENOENT)
        return true;
    if (!dir)
        return error_errno(e, errno, "the archive %s cannot be read", directory);
    for (struct dirent *entry; (entry = readdir(dir)) && count < ARCHIVE_FILES_MAX;) {
        struct day_name name;
        if (!day_name_parse(entry->d_name, &name))
            continue;
        if (count == capacity) {
            size_t more = capacity ? capacity * 2 : 64;
            struct day_name *grown = realloc(names, more * sizeof *names);
            if (!grown)
                break;
            names = grown;
            capacity = more;
        }
        names[count++] = name;
    }
    closedir(dir);
    if (count)
        qsort(names, count, sizeof *names, newest_first);
    *names_out = arena_array(arena, count, sizeof *names);
    if (*names_out && count)
        memcpy(*names_out, names, count * sizeof *names);
    free(names);
    *count_out = *names_out ? count : 0;
    return *names_out || error_set(e, "memory is short for the list of day files");
}

/* Broken pages; or a disk that does not give them: SQLite itself calls that corruption when it meets it
 * in the midst of a statement, and an input error when it opens the file. */
static bool is_damage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB ||
           code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ ||
           code == SQLITE_IOERR_CORRUPTFS;
}

bool day_failed(sqlite3 *db, const char *file, struct error *e)
{
    int code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
    error_place(e, "%s", file);
    if ((code & 0xff) == SQLITE_FULL) {
        error_set(e, "the disk is full");
        error_kind(e, ERROR_BUSY);
        return error_hint(e, "free space or enlarge the disk of the archive; nothing that was "
                             "acknowledged is lost");
    }
    if (is_damage(code)) {
        error_set(e, "the day file is damaged: %s", sqlite3_errmsg(db));
        return error_kind(e, ERROR_DAMAGED);
    }
    if ((code & 0xff) == SQLITE_BUSY) {
        error_set(e, "the day file is locked by another process");
        return error_kind(e, ERROR_BUSY);
    }
    return error_set(e, "the day file cannot be used: %s", db ? sqlite3_errmsg(db) : "no memory");
}

bool day_run(sqlite3 *db, const char *sql, const char *file, struct error *e)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK || day_failed(db, file, e);
}

sqlite3_stmt *day_prepare(sqlite3 *db, const char *sql, const char *file, struct error *e)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        day_failed(db, file, e);
    return statement;
}

void day_bind_text(sqlite3_stmt *statement, int column, struct slice text)
{
    sqlite3_bind_text64(statement, column, text.data ? text.data : "", text.len, SQLITE_STATIC,
                        SQLITE_UTF8);
}

void day_bind_bytes(sqlite3_stmt *statement, int column, struct slice bytes)
{
    sqlite3_bind_blob64(statement, column, bytes.data ? bytes.data : "", bytes.len, SQLITE_STATIC);
}

struct slice day_column(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    int len = sqlite3_column_bytes(statement, column);
    return slice_from(data, data && len > 0 ? (size_t)len : 0);
}

static bool read_integer(sqlite3 *db, const char *sql, const char *file, int64_t *out,
                         struct error *e)
{
    DAY_STATEMENT *statement = day_prepare(db, sql, file, e);
    if (!statement)
        return false;
    int code = sqlite3_step(statement);
    *out = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    return code == SQLITE_ROW || code == SQLITE_DONE || day_failed(db, file, e);
}

/* *version_out 0: an empty file. */
static bool check_format(sqlite3 *db, const char *file, int64_t *version_out, struct error *e)
{
    int64_t application, version;
    /* The version first: the writer sets both in one transaction, so that who reads between a file's
     * making and that commit sees an empty file, never half a head. */
    if (!read_integer(db, "PRAGMA user_version", file, &version, e) ||
        !read_integer(db, "PRAGMA application_id", file, &application, e))
        return false;
    *version_out = version;
    if (version == 0 && (application == 0 || application == ARCHIVE_APPLICATION))
        return true;
    error_place(e, "%s", file);
    if (application != ARCHIVE_APPLICATION) {
        error_set(e, "this file is not a day file of the archive");
        return error_kind(e, ERROR_DAMAGED);
    }
    if (version < ARCHIVE_FORMAT_LEAST || version > ARCHIVE_FORMAT) {
        error_set(e, "this day file was written by another version (format %d)", (int)version);
        return error_kind(e, ERROR_CONFLICT);
    }
    error_clear(e);
    return true;
}

bool day_has_table(sqlite3 *db, const char *table, const char *file, bool *there_out, struct error *e)
{
    DAY_STATEMENT *ask = day_prepare(
        db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", file, e);
    if (!ask)
        return false;
    day_bind_text(ask, 1, slice_of(table));
    int code = sqlite3_step(ask);
    *there_out = code == SQLITE_ROW;
    return *there_out || code == SQLITE_DONE || day_failed(db, file, e);
}

/* All of it, or what a file of an earlier format lacks. */
static bool make_tables(sqlite3 *db, const char *file, int64_t version, struct error *e)
{
    char head[128];
    bool summed = false;
    snprintf(head, sizeof head, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             ARCHIVE_APPLICATION, ARCHIVE_FORMAT);
    return day_run(db, "BEGIN IMMEDIATE", file, e) &&
           (version || day_run(db, tables, file, e)) &&
           day_has_table(db, "summary", file, &summed, e) &&
           (summed || day_run(db, summary, file, e)) && day_run(db, later, file, e) &&
           day_run(db, head, file, e) && day_run(db, "COMMIT", file, e);
}

bool day_sync_folder(const char *directory, struct error *e)
{
    FILE_AUTO fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return error_errno(e, errno, "the archive %s cannot be synced", directory);
    return true;
}

static bool open_file(const char *directory, const char *file, int flags, sqlite3 **db_out,
                      struct error *e)
{
    char path[4096];
    *db_out = NULL;
    if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int)sizeof path)
        return error_set(e, "the path of the archive is too long");
    int code = sqlite3_open_v2(path, db_out, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                               NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(*db_out, 5000);
        return true;
    }
    if ((flags & SQLITE_OPEN_READONLY) && access(path, F_OK) != 0) {
        error_place(e, "%s", file);
        error_set(e, "there is no such day file");
        error_kind(e, ERROR_NOT_FOUND);
    } else
        day_failed(*db_out, file, e);
    day_close(db_out);
    return false;
}

static bool prepare_for_writing(sqlite3 *db, const char *directory, const char *file,
                                struct error *e)
{
    char pragmas[256];
    int64_t version;
    int keep_wal = 1;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_wal);
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA page_size = %d; PRAGMA auto_vacuum = INCREMENTAL;"
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
             "PRAGMA journal_size_limit = 67108864;",
             ARCHIVE_PAGE);
    if (!day_run(db, pragmas, file, e) || !check_format(db, file, &version, e))
        return false;
    if (version == ARCHIVE_FORMAT)
        return true;
    return make_tables(db, file, version, e) && (version || day_sync_folder(directory, e));
}

bool day_is_there(const char *directory, const struct day_name *name)
{
    char path[4096], file[DAY_FILE];
    day_name_print(name, file);
    int len = snprintf(path, sizeof path, "%s/%s", directory, file);
    return len > 0 && len < (int)sizeof path && access(path, F_OK) == 0;
}

bool day_create(const char *directory, const struct day_name *name, sqlite3 **db_out,
                struct error *e)
{
    char file[DAY_FILE];
    day_name_print(name, file);
    if (!open_file(directory, file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, db_out, e))
        return false;
    if (prepare_for_writing(*db_out, directory, file, e))
        return true;
    day_close(db_out);
    return false;
}

/* Statements on a day file that nobody here has open. patient: waits for who reads it. */
static bool run_on(const char *directory, const struct day_name *name, bool patient, const char *sql,
                   struct error *e)
{
    char file[DAY_FILE];
    sqlite3 *db = NULL;
    int64_t version;
    day_name_print(name, file);
    bool well = open_file(directory, file, SQLITE_OPEN_READWRITE, &db, e) &&
                (patient || sqlite3_busy_timeout(db, 0) == SQLITE_OK) &&
                check_format(db, file, &version, e) && day_run(db, sql, file, e);
    day_close(&db);
    return well;
}

bool day_settle(const char *directory, const struct day_name *name, struct error *e)
{
    return run_on(directory, name, true, "PRAGMA wal_checkpoint(TRUNCATE)", e);
}

bool day_finish(const char *directory, const struct day_name *name, struct error *e)
{
    return run_on(directory, name, false, "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE", e);
}

/* Text that a URI holds as it is. */
static bool add_escaped(struct buffer *uri, const char *text)
{
    for (; *text; text++)
        if (strchr("%?#", *text))
            buffer_print(uri, "%%%02x", (unsigned char)*text);
        else
            buffer_add_byte(uri, *text);
    return !uri->failed;
}

/* A file in WAL mode on a medium that takes no index beside it. Where no log stands there the file is all,
 * and nobody writes it: its writer would have both. */
static bool open_alone(const char *directory, const char *file, sqlite3 **db, struct error *e)
{
    BUFFER_AUTO uri;
    char path[4096];
    struct stat log;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    buffer_init(&uri, 0);
    if ((sqlite3_extended_errcode(*db) & 0xff) != SQLITE_CANTOPEN ||
        snprintf(path, sizeof path, "%s/%s-wal", directory, file) >= (int)sizeof path ||
        (stat(path, &log) == 0 && log.st_size > 0))
        return false;
    day_close(db);
    buffer_add(&uri, SLICE("file:"));
    path[strlen(path) - strlen("-wal")] = '\0';
    if (!add_escaped(&uri, path))
        return error_set(e, "the path of the archive is too long");
    buffer_add(&uri, SLICE("?immutable=1"));
    buffer_add_byte(&uri, '\0');
    error_clear(e);
    return !uri.failed &&
           (sqlite3_open_v2(uri.data, db, flags, NULL) == SQLITE_OK || day_failed(*db, file, e));
}

bool day_open(const char *directory, const struct day_name *name, sqlite3 **db_out,
              struct error *e)
{
    char file[DAY_FILE];
    int64_t version;
    day_name_print(name, file);
    if (!open_file(directory, file, SQLITE_OPEN_READONLY, db_out, e))
        return false;
    if (check_format(*db_out, file, &version, e) ||
        (open_alone(directory, file, db_out, e) && check_format(*db_out, file, &version, e))) {
        if (version)
            return true;
        error_place(e, "%s", file);
        error_set(e, "there is no such day file"); /* its writer is just making it */
        error_kind(e, ERROR_NOT_FOUND);
    }
    day_close(db_out);
    return false;
}

bool day_summary_read(sqlite3 *db, const char *file, struct day_summary *out, struct error *e)
{
    static const char *const queries[] = {
        "SELECT blocks, events, text_bytes, ifnull(time_min, 0), ifnull(time_max, 0) FROM summary",
        "SELECT count(*), ifnull(sum(events), 0), ifnull(sum(text_bytes), 0),"
        " ifnull(min(time_min), 0), ifnull(max(time_max), 0) FROM block",
    };
    struct error none = ERROR_NONE;
    DAY_STATEMENT *kept = day_prepare(db, queries[0], file, &none);
    DAY_STATEMENT *computed = kept ? NULL : day_prepare(db, queries[1], file, e);
    sqlite3_stmt *read = kept ? kept : computed;
    if (!read)
        return false;
    if (sqlite3_step(read) != SQLITE_ROW)
        return day_failed(db, file, e);
    out->blocks = (uint64_t)sqlite3_column_int64(read, 0);
    out->events = (uint64_t)sqlite3_column_int64(read, 1);
    out->text_bytes = (uint64_t)sqlite3_column_int64(read, 2);
    out->time_min = sqlite3_column_int64(read, 3);
    out->time_max = sqlite3_column_int64(read, 4);
    return true;
}

bool day_summary_holds(sqlite3 *db, const char *file, bool *holds_out, struct error *e)
{
    bool kept;
    *holds_out = true;
    if (!day_has_table(db, "summary", file, &kept, e))
        return false;
    if (!kept)
        return true;
    DAY_STATEMENT *read = day_prepare(
        db, "SELECT 1 FROM summary, (SELECT count(*) AS n, ifnull(sum(events), 0) AS e,"
            " ifnull(sum(text_bytes), 0) AS t, min(time_min) AS first, max(time_max) AS last FROM block)"
            " WHERE blocks = n AND events = e AND text_bytes = t"
            " AND (n = 0 OR (time_min <= first AND time_max >= last))", file, e);
    if (!read)
        return false;
    int code = sqlite3_step(read);
    *holds_out = code == SQLITE_ROW;
    return *holds_out || code == SQLITE_DONE || day_failed(db, file, e);
}

void day_close(sqlite3 **db)
{
    if (*db)
        sqlite3_close_v2(*db);
    *db = NULL;
}
