/* store - what the files of this room share: the open database and its prepared statements.
 *
 * Private to records/. SQL stands beside the one file that uses it; a statement is prepared at its
 * first use and kept. Values are put and got in order, so the list of columns in the SQL and the
 * calls below it read the same.
 *
 *     STATEMENT s = { 0 };
 *     if (!statement_start(records, "SELECT name FROM agency WHERE key = ?", &s, e))
 *         return false;
 *     statement_put_text(&s, key);
 *     while (statement_next(&s, e))
 *         name = statement_get_text(&s, arena);
 *     return !s.failed;
 *
 * Never: the same SQL started again before its first use ended (asserted).
 */
#ifndef RECORDS_STORE_H
#define RECORDS_STORE_H

#include <sqlite3.h>

#include "base/buffer.h"
#include "base/map.h"
#include "records/records.h"

struct records {
    sqlite3 *db;
    struct map statements;   /* SQL text → sqlite3_stmt */
    struct arena arena;      /* the SQL texts */
    int depth;               /* of open transactions */
    int schema;
    enum records_mode mode;
};

struct statement {
    struct records *records;
    sqlite3_stmt *stmt;
    int put, got;            /* last parameter, last column */
    bool failed;
};

#define STATEMENT __attribute__((cleanup(statement_end))) struct statement

bool statement_start(struct records *records, const char *sql, struct statement *s,
                     struct error *e);
void statement_end(struct statement *s);
/* Begins anew with the next values, without leaving the block. */
void statement_again(struct statement *s);

void statement_put_text(struct statement *s, struct slice text);        /* NONE as '' */
void statement_put_text_or_null(struct statement *s, struct slice text);/* empty as NULL */
void statement_put_blob(struct statement *s, struct slice bytes);
void statement_put(struct statement *s, int64_t value);
void statement_put_or_null(struct statement *s, int64_t value);         /* 0 as NULL */
void statement_put_null(struct statement *s);
void statement_put_scope(struct statement *s, const struct records_scope *scope); /* two: all, agency */

/* The next row: true. At the end, or on failure (s->failed, *e): false. */
bool statement_next(struct statement *s, struct error *e);
/* The next row of a list that is kept whole: its place, all zero, in *list_out (a struct row **, NULL
 * before the first), for which the first row makes room in the arena: the last column is
 * count(*) OVER (). At the end, or on failure (s->failed; arena exhausted): NULL. */
void *statement_row(struct statement *s, struct arena *arena, void *list_out, uint32_t *count,
                    size_t size, struct error *e);
/* Runs to the end; false on failure. */
bool statement_run(struct statement *s, struct error *e);
/* start, put `count` texts, run */
bool statement_do(struct records *records, const char *sql, struct error *e, unsigned count, ...);

struct slice statement_get_text(struct statement *s, struct arena *arena); /* NULL as NONE */
int64_t statement_get(struct statement *s);                                /* NULL as 0 */
bool statement_get_bool(struct statement *s);
bool statement_is_null(const struct statement *s);   /* the column that comes next */
/* A column of values joined by \x1f, as JOINED makes it. */
bool statement_get_list(struct statement *s, struct arena *arena, struct slice **list_out,
                        uint32_t *count_out);
#define JOINED(column, from) \
    "(SELECT group_concat(v, char(31)) FROM (SELECT " column " AS v FROM " from " ORDER BY 1))"

/* SQLite's failure in our words. Returns false. */
bool records_sqlite_error(struct records *records, int code, struct error *e);
/* "there is no agency 'x'" and the like: the sentence with one %.*s. Returns false. */
bool records_not_found(struct error *e, const char *sentence, struct slice key);
bool records_not_found_id(struct error *e, const char *sentence, int64_t id);
/* True unless the arena was exhausted. */
bool records_arena_held(const struct arena *arena, struct error *e);

/* Schema: carries out the migrations that the file lacks, or finds out that it cannot be used. */
bool records_migrate(struct records *records, struct error *e);
/* The migrations one by one, for tests of older files. */
const char *records_migration(int number);

/* ---- lists ----------------------------------------------------------------------------------- */

struct listing_sort {
    const char *name;    /* as in openapi.yaml */
    const char *by;      /* an expression, never NULL */
    bool down;
};

/* Parameters ?1 ?2 ?3 are the page's; the filter's begin with ?4. */
struct listing {
    const char *columns, *from, *where;
    const char *id;                    /* unique, to break ties */
    const char *total;                 /* a second sum beside count(*); NULL: none */
    const struct listing_sort *sorts;
    unsigned sort_count;
    void (*bind)(struct statement *s, const void *filter);
    void (*read)(struct statement *s, struct arena *arena, void *row); /* for listing_read */
    size_t size;                       /* of a row */
};

struct listing_run {
    struct statement s;
    const struct listing_sort *sort;
    uint32_t limit, count;             /* count: rows given so far */
    uint64_t total, sum;
    struct slice next, last;           /* last: cursor of the page's last row */
    bool whole;                        /* listing_read went through */
};

#define LISTING __attribute__((cleanup(listing_end))) struct listing_run

bool listing_start(struct records *records, const struct listing *listing, const void *filter,
                   const struct records_page *page, struct listing_run *run, struct error *e);
/* Room for all its rows (as many as the page or the total has). */
void *listing_rows(const struct listing_run *run, struct arena *arena, size_t size);
bool listing_next(struct listing_run *run, struct arena *arena, struct error *e);
void listing_end(struct listing_run *run);
/* All of that: the page's rows in the arena; run->whole says whether it went well. */
void *listing_read(struct records *records, const struct listing *listing, const void *filter,
                   const struct records_page *page, struct arena *arena, struct listing_run *run,
                   struct error *e);

/* ---- small ones -------------------------------------------------------------------------------- */

#define DAY_TEXT 11
/* "2026-11-24" of that time in Asia/Ho_Chi_Minh. */
struct slice records_day_text(int64_t time, char text[DAY_TEXT]);
/* Makes e an ERROR_INPUT at that place. Returns false. */
bool records_input_error(struct error *e, const char *place);
/* The number of a health that is filtered by; -1 for none named. False: an unknown name. */
bool records_health_filter(struct slice name, int *health_out, struct error *e);
/* Whether it is a day that exists, written so; place names the field. Empty is fine. */
bool records_day_check(struct slice day, const char *place, struct error *e);
/* A slug: a-z 0-9 . _ -, first a letter or digit, at most 128. */
bool records_key_check(struct slice key, const char *place, struct error *e);
/* Every name of a comma-separated list is one of `known` (NULL-ended). */
bool records_names_check(struct slice list, const char *const *known, const char *place,
                         struct error *e);
/* {"name": value, …} from `pairs` pairs of const char * and struct slice, for the audit log;
 * empty values are left out. */
struct slice records_detail(struct buffer *buffer, unsigned pairs, ...);
/* audit row of an upsert: "agency.new", "agency.change" on "agency:key". */
bool records_audit_put(struct records *records, const struct actor *actor, struct slice agency,
                       const char *what, struct slice key, enum records_change change,
                       struct slice detail, struct error *e);
/* Folded for search: the parts, blank between. */
struct slice records_fold(struct arena *arena, unsigned parts, ...);
/* The rows changed by the last statement. */
bool records_changed(const struct records *records);

#endif
