#include "base/clock.h"
#include "plan/measure.h"
#include "plan/measure_guard.h"
#include "records/records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char *basis_name(enum basis basis)
{
    static const char *const names[] = { "declared", "verified", "measured" };
    return names[basis];
}

struct measures {
    sqlite3 *db;
    const struct calendar *calendar;    /* of the measure that runs */
    int64_t first_start, deadline, time;
    bool timed_out;
    struct measure_guard guard;
    struct arena arena;                 /* of the guard's names */
};

/* ---- functions that a measure may call -------------------------------------------------------- */

static void call_date_text(sqlite3_context *context, int count, sqlite3_value **values)
{
    char text[CALENDAR_DAY];
    (void)count;
    if (sqlite3_value_type(values[0]) != SQLITE_INTEGER)
        return;
    calendar_day_text(sqlite3_value_int64(values[0]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static bool day_value(sqlite3_value *value, int64_t *time_out)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return text && calendar_day_start(slice_of(text), time_out);
}

static void call_day_start(sqlite3_context *context, int count, sqlite3_value **values)
{
    int64_t time;
    (void)count;
    if (day_value(values[0], &time))
        sqlite3_result_int64(context, time);
}

static void call_day_add(sqlite3_context *context, int count, sqlite3_value **values)
{
    char text[CALENDAR_DAY];
    int64_t time, days = sqlite3_value_int64(values[1]);
    (void)count;
    if (!day_value(values[0], &time) || days < -4000000 || days > 4000000 ||
        time > INT64_MAX / 2 || __builtin_add_overflow(time, days * (CLOCK_DAY / 1000) * 1000, &time))
        return;
    calendar_day_text(time, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void call_days_between(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    if (sqlite3_value_type(values[0]) == SQLITE_INTEGER &&
        sqlite3_value_type(values[1]) == SQLITE_INTEGER)
        sqlite3_result_int64(context, calendar_days_between(sqlite3_value_int64(values[0]),
                                                            sqlite3_value_int64(values[1])));
}

static void call_working_days(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct measures *m = sqlite3_user_data(context);
    (void)count;
    if (m->calendar && sqlite3_value_type(values[0]) == SQLITE_INTEGER &&
        sqlite3_value_type(values[1]) == SQLITE_INTEGER)
        sqlite3_result_int64(context,
                             calendar_working_days(m->calendar, sqlite3_value_int64(values[0]),
                                                   sqlite3_value_int64(values[1])));
}

static const struct {
    const char *name;
    int arguments;
    void (*call)(sqlite3_context *, int, sqlite3_value **);
} calls[] = {
    { "date_text", 1, call_date_text },       /* ns → '2026-11-24' */
    { "day_start", 1, call_day_start },       /* '2026-11-24' → ns */
    { "day_add", 2, call_day_add },           /* '2026-11-24', 1 → '2026-11-25' */
    { "days_between", 2, call_days_between }, /* ns, ns → whole local days */
    { "working_days", 2, call_working_days }, /* ns, ns → working days after the first */
};

/* ---- connection ------------------------------------------------------------------------------- */

static int stop_when_late(void *context)
{
    struct measures *m = context;
    m->timed_out = clock_steady() > m->deadline;
    return m->timed_out;
}

/* An empty file with the program's schema, copied into memory: measures can be prepared on it. */
static bool open_empty(sqlite3 **db_out, struct error *e)
{
    char folder[] = "/tmp/haidang-lint-XXXXXX", path[64];
    struct records *records = NULL;
    sqlite3 *file = NULL;

    if (!mkdtemp(folder))
        return error_errno(e, errno, "a folder for the empty database cannot be made");
    snprintf(path, sizeof path, "%s/empty.db", folder);
    bool fine = records_open(path, RECORDS_WRITE, &records, e);
    records_close(&records);
    if (fine) {
        fine = sqlite3_open(":memory:", db_out) == SQLITE_OK &&
               sqlite3_open_v2(path, &file, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;
        sqlite3_backup *copy = fine ? sqlite3_backup_init(*db_out, "main", file, "main") : NULL;
        fine = copy && sqlite3_backup_step(copy, -1) == SQLITE_DONE;
        sqlite3_backup_finish(copy);
        sqlite3_close(file);
        if (!fine)
            error_set(e, "the empty database cannot be made");
    }
    for (const char *const *tail = (const char *const[]){ "", "-wal", "-shm", NULL }; *tail; tail++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, *tail);
        remove(name);
    }
    remove(folder);
    return fine;
}

static bool open_records(const char *path, sqlite3 **db_out, struct error *e)
{
    struct records *records = NULL;

    /* the records room says best what is wrong with the file */
    if (!records_open(path, RECORDS_READ, &records, e))
        return false;
    records_close(&records);
    if (sqlite3_open_v2(path, db_out, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
        return true;
    return error_set(e, "%s cannot be opened: %s", path, sqlite3_errmsg(*db_out));
}

static bool read_start(void *context, const struct slice *columns, int count)
{
    struct measures *m = context;
    int64_t value;
    if (count == 1 && slice_to_i64(columns[0], &value))
        m->first_start = value;
    return true;
}

static void finalise(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}
#define STATEMENT_AUTO __attribute__((cleanup(finalise))) sqlite3_stmt

static struct slice column_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? slice_from(text, (size_t)sqlite3_column_bytes(statement, column)) : SLICE_NONE;
}

/* The names of all tables, before the authoriser forbids to look. */
static bool read_tables(struct measures *m, struct error *e)
{
    static const char sql[] = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    STATEMENT_AUTO *statement = NULL;
    int step = SQLITE_ERROR;
    const uint32_t most = 1000;

    m->guard.tables = arena_array(&m->arena, most, sizeof *m->guard.tables);
    if (m->guard.tables && sqlite3_prepare_v2(m->db, sql, -1, &statement, NULL) == SQLITE_OK)
        while ((step = sqlite3_step(statement)) == SQLITE_ROW && m->guard.table_count < most)
            m->guard.tables[m->guard.table_count++] =
                arena_copy(&m->arena, column_text(statement, 0));
    return step == SQLITE_DONE ||
           error_set(e, "the records cannot be read: %s", sqlite3_errmsg(m->db));
}

bool measures_open(const char *path, struct measures **measures_out, struct error *e)
{
    struct measures *m = calloc(1, sizeof *m);

    if (!m)
        return error_set(e, "not enough memory for %s", "the measures");
    arena_init(&m->arena, 4u << 20);
    m->first_start = INT64_MAX;
    m->time = MEASURE_TIME;
    if (!(path ? open_records(path, &m->db, e) : open_empty(&m->db, e))) {
        measures_close(&m);
        return false;
    }
    sqlite3_busy_timeout(m->db, 5000);
    sqlite3_limit(m->db, SQLITE_LIMIT_LENGTH, 64 << 20);
    sqlite3_limit(m->db, SQLITE_LIMIT_ATTACHED, 0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        sqlite3_create_function_v2(m->db, calls[i].name, calls[i].arguments,
                                   SQLITE_UTF8 | SQLITE_DETERMINISTIC, m, calls[i].call, NULL, NULL,
                                   NULL);
    /* one snapshot for all that follows */
    if (sqlite3_exec(m->db, "PRAGMA query_only = 1; PRAGMA trusted_schema = 1;"
                            " PRAGMA temp_store = MEMORY; BEGIN", NULL, NULL,
                     NULL) != SQLITE_OK) {
        error_set(e, "the records cannot be read: %s", sqlite3_errmsg(m->db));
        measures_close(&m);
        return false;
    }
    if (!read_tables(m, e)) {
        measures_close(&m);
        return false;
    }
    sqlite3_set_authorizer(m->db, measure_authorise, &m->guard);
    sqlite3_progress_handler(m->db, 10000, stop_when_late, m);
    if (!measures_query(m, "SELECT first_at FROM m_start", NULL, 0, read_start, m, e)) {
        measures_close(&m);
        return false;
    }
    *measures_out = m;
    return true;
}

void measures_close(struct measures **measures)
{
    if (*measures) {
        sqlite3_close((*measures)->db);
        arena_free(&(*measures)->arena);
        free(*measures);
        *measures = NULL;
    }
}

int64_t measures_first_start(const struct measures *measures)
{
    return measures->first_start;
}

void measures_set_time(struct measures *measures, int64_t nanoseconds)
{
    measures->time = nanoseconds;
}

bool measures_query(struct measures *m, const char *sql, const struct slice *values,
                    uint32_t value_count, bool (*row)(void *, const struct slice *columns, int count),
                    void *context, struct error *e)
{
    STATEMENT_AUTO *statement = NULL;
    struct slice columns[16];
    int step;

    m->deadline = clock_steady() + m->time;
    m->guard.sql = slice_of(sql);
    if (sqlite3_prepare_v2(m->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return error_set(e, "the records cannot be read: %s", sqlite3_errmsg(m->db));
    for (uint32_t i = 0; i < value_count; i++)
        sqlite3_bind_text(statement, (int)i + 1, values[i].data ? values[i].data : "",
                          (int)values[i].len, SQLITE_STATIC);
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        int count = sqlite3_column_count(statement);
        for (int i = 0; i < count && i < 16; i++)
            columns[i] = column_text(statement, i);
        if (!row(context, columns, count < 16 ? count : 16))
            return true;
    }
    return step == SQLITE_DONE ||
           error_set(e, "the records cannot be read: %s", sqlite3_errmsg(m->db));
}

/* ---- parameters ------------------------------------------------------------------------------- */

struct bound {
    bool known, text;
    int64_t number;
    struct slice value;
    char day[CALENDAR_DAY];
};

static void bind_day(struct bound *b, int64_t time)
{
    b->known = b->text = true;
    calendar_day_text(time, b->day);
    b->value = slice_of(b->day);
}

static bool bind_regime(struct bound *b, const struct regime *regime, struct slice name)
{
    const struct regime_value *value = regime_value(regime, name);

    if (value && value->kind == REGIME_NUMBER) {
        b->number = value->number;
        return true;
    }
    bool of = slice_ends(name, SLICE("_of"));
    if (!of && !slice_ends(name, SLICE("_num")))
        return false;
    value = regime_value(regime, slice_cut(name, 0, name.len - (of ? 3 : 4)));
    if (!value || value->kind != REGIME_SHARE)
        return false;
    b->number = of ? value->of : value->num;
    return true;
}

/* What :name stands for; known stays false when nothing binds it. */
static void find_parameter(const struct measures *m, const struct measure_input *in,
                           struct slice name, struct bound *b)
{
    const struct plan *plan = in->plan;

    if (slice_starts(name, SLICE("r_"))) {
        b->known = bind_regime(b, plan->regime, slice_after(name, 2));
    } else if (slice_starts(name, SLICE("n_"))) {
        for (uint32_t i = 0; i < plan->number_count; i++)
            if (slice_equal(plan->numbers[i].id, slice_after(name, 2))) {
                b->known = true;
                b->number = plan->numbers[i].value;
            }
    } else if (slice_starts(name, SLICE("with_"))) {
        for (uint32_t i = 0; i < in->topic_count; i++)
            if (slice_equal(in->topics[i].name, slice_after(name, 5))) {
                b->known = b->text = true;
                b->value = in->topics[i].value;
            }
    } else if (slice_starts(name, SLICE("role_"))) {
        const struct plan_role *role = plan_role(plan, slice_after(name, 5));
        b->known = b->text = role && role->agency.len;
        b->value = b->known ? role->agency : SLICE_NONE;
    } else if (slice_is(name, "period")) {
        b->known = b->text = true;
        b->value = slice_of(in->period.id);
    } else if (slice_is(name, "regime")) {
        b->known = b->text = true;
        b->value = plan->regime->id;
    } else if (slice_is(name, "from_day")) {
        bind_day(b, in->period.from);
    } else if (slice_is(name, "to_day")) {
        bind_day(b, in->period.to);
    } else if (slice_is(name, "asof_day")) {
        bind_day(b, in->asof);
    } else if (slice_is(name, "start_day")) {
        if (m->first_start < INT64_MAX)
            bind_day(b, m->first_start);
        else
            *b = (struct bound){ .known = true, .text = true, .value = SLICE("9999-12-31") };
    } else {
        const struct {
            const char *name;
            int64_t value;
        } numbers[] = {
            { "from", in->period.from },
            { "to", in->period.to },
            { "asof", in->asof },
            { "due", in->due },
            { "days", calendar_days_between(in->period.from, in->period.to) },
        };
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (slice_is(name, numbers[i].name)) {
                b->known = true;
                b->number = numbers[i].value;
            }
    }
}

static bool bind_all(struct measures *m, sqlite3_stmt *statement, const struct measure_input *in,
                     struct error *e)
{
    int count = sqlite3_bind_parameter_count(statement);

    for (int i = 1; i <= count; i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        struct bound b = { .known = false };
        if (name && name[0] == ':')
            find_parameter(m, in, slice_of(name + 1), &b);
        if (!b.known) {
            error_set(e, "nothing is bound to the parameter %s", name ? name : "?");
            return error_hint(e, "docs/measures.md lists the parameters");
        }
        if (b.text)
            sqlite3_bind_text(statement, i, b.value.data, (int)b.value.len, SQLITE_TRANSIENT);
        else
            sqlite3_bind_int64(statement, i, b.number);
    }
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------- */

static const char *const columns[] = { "agency", "subject", "ok", "w", "basis", "evidence", "reason" };
enum { AGENCY, SUBJECT, OK, WEIGHT, BASIS, EVIDENCE, REASON, COLUMNS };

static bool check_columns(sqlite3_stmt *statement, struct error *e)
{
    bool fine = sqlite3_column_count(statement) == COLUMNS;

    for (int i = 0; fine && i < COLUMNS; i++)
        fine = slice_is(slice_of(sqlite3_column_name(statement, i)), columns[i]);
    if (fine)
        return true;
    error_set(e, "a measure gives the columns agency, subject, ok, w, basis, evidence, reason");
    return error_hint(e, "in this order, each named with AS");
}

static bool read_basis(struct slice text, enum basis *out)
{
    for (int i = BASIS_DECLARED; i <= BASIS_MEASURED; i++)
        if (slice_is(text, basis_name((enum basis)i))) {
            *out = (enum basis)i;
            return true;
        }
    return false;
}

/* "pending:…", "ours:…", "theirs:…", "third:…" in front of a reason. */
static struct slice read_reason(struct slice reason, struct measure_row *row)
{
    static const char *const marks[] = { "", "ours:", "theirs:", "third:" };
    if (row->ok >= 0)
        return reason;
    for (int i = FAULT_OURS; i <= FAULT_THIRD; i++)
        if (slice_starts(reason, slice_of(marks[i]))) {
            row->fault = (enum fault)i;
            return slice_after(reason, strlen(marks[i]));
        }
    if (!slice_starts(reason, SLICE("pending:")))
        return reason;
    row->pending = true;
    return slice_after(reason, sizeof "pending:" - 1);
}

static bool read_row(sqlite3_stmt *statement, struct arena *arena, struct measure_row *row,
                     struct error *e)
{
    int kind = sqlite3_column_type(statement, OK);
    int64_t ok = sqlite3_column_int64(statement, OK);

    if (sqlite3_column_type(statement, AGENCY) == SQLITE_NULL ||
        sqlite3_column_type(statement, SUBJECT) == SQLITE_NULL)
        return error_set(e, "a row has no agency or no subject");
    if (kind != SQLITE_NULL && (kind != SQLITE_INTEGER || ok < 0 || ok > 1))
        return error_set(e, "'ok' is 1, 0 or NULL");
    row->ok = kind == SQLITE_NULL ? -1 : (int8_t)ok;
    if (sqlite3_column_type(statement, WEIGHT) != SQLITE_INTEGER ||
        (row->weight = sqlite3_column_int64(statement, WEIGHT)) < 0)
        return error_set(e, "'w' is a whole number, 0 or more");
    if (!read_basis(column_text(statement, BASIS), &row->basis))
        return error_set(e, "'basis' is measured, verified or declared");
    kind = sqlite3_column_type(statement, REASON);
    if (kind != SQLITE_TEXT && kind != SQLITE_NULL)
        return error_set(e, "'reason' is a text, not '%.*s'", SLICE_ARGS(column_text(statement, REASON)));
    row->agency = arena_copy(arena, column_text(statement, AGENCY));
    row->subject = arena_copy(arena, column_text(statement, SUBJECT));
    row->evidence = arena_copy(arena, column_text(statement, EVIDENCE));
    row->reason = read_reason(arena_copy(arena, column_text(statement, REASON)), row);
    return true;
}

static int compare_row(const void *a, const void *b)
{
    const struct measure_row *x = a, *y = b;
    int order = slice_compare(x->agency, y->agency);
    return order ? order : slice_compare(x->subject, y->subject);
}

static bool say_why(struct measures *m, const struct plan_measure *measure, struct error *e)
{
    const char *message = sqlite3_errmsg(m->db);
    int code = sqlite3_errcode(m->db);

    error_place(e, "%s", measure->file);
    if (m->timed_out) {
        error_set(e, "the measure takes too long");
        return error_hint(e, "look at its joins with EXPLAIN QUERY PLAN");
    }
    if (code == SQLITE_AUTH || strstr(message, "not authorized")) {
        error_set(e, "the measure does what measures may not: %s", message);
        return error_hint(e, "a measure is one SELECT over the m_* views; docs/measures.md lists "
                             "views and functions");
    }
    return error_set(e, "the measure does not run: %s", message);
}

bool measure_run(struct measures *m, const struct plan_measure *measure,
                 const struct measure_input *input, struct arena *arena,
                 struct measure_rows *rows_out, struct error *e)
{
    STATEMENT_AUTO *statement = NULL;
    struct measure_row *rows = NULL;
    uint32_t count = 0, room = 0;
    const char *rest = NULL;
    int step;

    m->deadline = clock_steady() + m->time;
    m->timed_out = false;
    m->calendar = &input->plan->regime->calendar;
    m->guard.sql = measure->sql;
    struct error why = ERROR_NONE;
    if (!measure_check_names(measure->sql, &why) || !measure_check_joins(measure->sql, &why)) {
        error_place(e, "%s", measure->file);
        error_set(e, "%s", why.sentence);
        return error_hint(e, "%s", why.hint);
    }
    if (sqlite3_prepare_v2(m->db, measure->sql.data, (int)measure->sql.len, &statement, &rest) !=
        SQLITE_OK)
        return say_why(m, measure, e);
    struct slice left = slice_trim(slice_after(measure->sql, (size_t)(rest - measure->sql.data)));
    if (!statement || left.len || !sqlite3_stmt_readonly(statement)) {
        error_place(e, "%s", measure->file);
        return error_set(e, "a measure is one SELECT, nothing before or behind it");
    }
    if (!check_columns(statement, e) || !bind_all(m, statement, input, e))
        return error_place(e, "%s", measure->file);
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        if (count == room) {
            uint32_t more = room ? room * 2 : 64;
            struct measure_row *grown = more <= 2 * MEASURE_ROWS_MOST
                                            ? arena_array(arena, more, sizeof *grown) : NULL;
            if (!grown || count >= MEASURE_ROWS_MOST) {
                error_place(e, "%s", measure->file);
                return error_set(e, "the measure gives more than %d rows", MEASURE_ROWS_MOST);
            }
            if (count)
                memcpy(grown, rows, count * sizeof *rows);
            rows = grown;
            room = more;
        }
        rows[count] = (struct measure_row){ .ok = -1 };
        if (!read_row(statement, arena, &rows[count++], e))
            return error_place(e, "%s", measure->file);
    }
    if (step != SQLITE_DONE)
        return say_why(m, measure, e);
    if (count)
        qsort(rows, count, sizeof *rows, compare_row);
    *rows_out = (struct measure_rows){ rows, count };
    return true;
}
