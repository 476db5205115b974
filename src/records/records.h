/* records - the database of what the province knows: agencies, systems, sources, people, alerts,
 * incidents, evidence, users. SQLite in WAL mode, one file; one header and one .c an aggregate.
 *
 * Good: open one `struct records` a thread (SQLite lets many read and one write; a writer waits up
 *       to five seconds for another). Results live in the caller's arena.
 * Bad: a read that lasts for minutes (the WAL grows).
 * Never: one `struct records` in two threads at once; SQL outside this room (measures of the plan
 *        read the m_* views through a connection of their own); a list or get without a scope.
 *
 * Every changing function runs in a transaction of its own, or inside the caller's, and writes the
 * audit log. A function that fails has changed nothing and says why in *e.
 * Errors: ERROR_NOT_FOUND (not there, or outside the scope: the same sentence), ERROR_CONFLICT,
 * ERROR_INPUT, ERROR_BUSY (another writer holds the file too long), ERROR_FAILED.
 */
#ifndef RECORDS_RECORDS_H
#define RECORDS_RECORDS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

struct records;

enum records_mode {
    RECORDS_READ,   /* the file must exist and have this program's schema */
    RECORDS_WRITE   /* makes the file, carries out the migrations that it lacks */
};

/* False with a sentence: no right, damaged, not a records file, made by a newer program, locked. */
bool records_open(const char *path, enum records_mode mode, struct records **records_out,
                  struct error *e);
void records_close(struct records **records); /* NULL is fine */

/* Number of the last migration that this program knows / that the open file has. */
int records_schema_known(void);
int records_schema(const struct records *records);

/* Whether the file is whole, by SQLite's own check and its foreign keys; false with the first
 * fault. */
bool records_check(struct records *records, struct error *e);

/* ---- transactions: may be nested (the inner one is a savepoint) ----------------------------- */

struct records_transaction {
    struct records *records;
    int depth;
};

/* RECORDS_TRANSACTION t = { 0 }; if (!records_begin(r, &t, e)) …; return records_commit(&t, e);
 * what was not committed at the end of the block is rolled back. */
bool records_begin(struct records *records, struct records_transaction *t, struct error *e);
bool records_commit(struct records_transaction *t, struct error *e);
void records_rollback(struct records_transaction *t);

#define RECORDS_TRANSACTION __attribute__((cleanup(records_rollback))) struct records_transaction
#define RECORDS_AUTO __attribute__((cleanup(records_close))) struct records *

/* ---- who asks -------------------------------------------------------------------------------- */

enum role {   /* bits, so that a table can name several */
    ROLE_LEAD = 1, ROLE_AGENCY = 2, ROLE_RESPONDER = 4, ROLE_FINANCE = 8, ROLE_POLICE = 16,
    ROLE_ASSESSOR = 32, ROLE_LEADER = 64, ROLE_ADMIN = 128,
    ROLE_SYSTEM = 256   /* the program itself: nobody logs in with it */
};

/* "lead" … "admin", "system"; NULL when it is no single role. */
const char *role_name(enum role role);
/* False for unknown names, and for "system". */
bool role_parse(struct slice name, enum role *role_out);

struct actor {
    struct slice user;    /* login name; empty: the system */
    enum role role;
    struct slice agency;  /* key; for ROLE_AGENCY only */
};

#define ACTOR_SYSTEM ((struct actor){ .user = { "", 0 }, .role = ROLE_SYSTEM })

/* What rows a caller sees; it stands in each query's WHERE. All zero: none. */
struct records_scope {
    bool all;
    struct slice agency;  /* only rows of this agency; empty and not all: no row at all */
};

#define RECORDS_SCOPE_ALL ((struct records_scope){ .all = true })

/* ROLE_AGENCY: own agency; every other known role: all; anything else: nothing. */
struct records_scope records_scope_of(const struct actor *actor);
/* Whether a thing of that agency is inside. */
bool records_scope_holds(const struct records_scope *scope, struct slice agency);

/* ---- lists ------------------------------------------------------------------------------------ */

#define RECORDS_LIMIT_MOST 1000

struct records_page {
    uint32_t limit;       /* 0: 100; at most RECORDS_LIMIT_MOST */
    struct slice cursor;  /* `next` of the page before; empty: the first page */
    struct slice sort;    /* a name as openapi.yaml lists them; empty: the first of them */
};

/* Each list ends with `next` (empty on the last page) and `total` (rows of all pages). A cursor
 * that is not ours or of another sort, and an unknown sort, are ERROR_INPUT with place "cursor" or
 * "sort". */

/* What an upsert did. */
enum records_change { RECORDS_UNCHANGED, RECORDS_NEW, RECORDS_CHANGED };

/* "informational" … "critical" for levels and severities 0 … 4. */
const char *records_level_name(int level);
bool records_level_parse(struct slice name, int *level_out);

/* ---- settings --------------------------------------------------------------------------------- */

/* "first_start" (ISO time; set when the file is made), "province", … Not there: ERROR_NOT_FOUND. */
bool records_setting_get(struct records *records, const char *key, struct arena *arena,
                         struct slice *value_out, struct error *e);
bool records_setting_put(struct records *records, const struct actor *actor, const char *key,
                         struct slice value, struct error *e);

#endif
