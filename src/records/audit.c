#include "records/audit.h"

#include <sodium.h>

#include "base/clock.h"
#include "records/store.h"

#define HASH 32

static void hash_row(const unsigned char previous[HASH], const struct records_audit_row *row,
                     unsigned char hash_out[HASH])
{
    BUFFER_AUTO text;
    buffer_init(&text, 0);
    buffer_add(&text, slice_from(previous, HASH));
    buffer_add_u64(&text, (uint64_t)row->id);
    buffer_add_u64(&text, (uint64_t)row->time);
    const struct slice parts[] = { row->user, row->role, row->agency, row->action, row->object,
                                   row->detail };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_add_slice(&text, parts[i]);
    crypto_hash_sha256(hash_out, (const unsigned char *)text.data, text.len);
}

static bool head_read(struct records *records, int64_t *id_out, unsigned char hash_out[HASH],
                      struct error *e)
{
    STATEMENT s = { 0 };
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    if (!statement_start(records, "SELECT id, hash FROM audit_head", &s, e))
        return false;
    if (!statement_next(&s, e))
        return error_set(e, "the audit log has no head");
    *id_out = statement_get(&s);
    struct slice hash = statement_get_text(&s, &arena);
    if (hash.len != HASH)
        return error_set(e, "the audit log has no head");
    memcpy(hash_out, hash.data, HASH);
    return true;
}

static bool head_write(struct records *records, int64_t id, const unsigned char hash[HASH],
                       struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "UPDATE audit_head SET id = ?, hash = ?", &s, e))
        return false;
    statement_put(&s, id);
    statement_put_blob(&s, slice_from(hash, HASH));
    return statement_run(&s, e);
}

bool records_audit(struct records *records, const struct actor *actor, struct slice agency,
                   const char *action, struct slice object, struct slice detail, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    const char *role = role_name(actor->role);
    struct records_audit_row row = {
        .time = clock_now(), .user = actor->user, .role = slice_of(role ? role : "?"),
        .agency = agency, .action = slice_of(action), .object = object, .detail = detail,
    };
    unsigned char hash[HASH];
    if (!records_begin(records, &t, e) || !head_read(records, &row.id, hash, e))
        return false;
    row.id++;
    hash_row(hash, &row, hash);
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", &s, e))
        return false;
    statement_put(&s, row.id);
    statement_put(&s, row.time);
    statement_put_text(&s, row.user);
    statement_put_text(&s, row.role);
    statement_put_text(&s, row.agency);
    statement_put_text(&s, row.action);
    statement_put_text(&s, row.object);
    statement_put_text(&s, row.detail);
    statement_put_blob(&s, slice_from(hash, HASH));
    return statement_run(&s, e) && head_write(records, row.id, hash, e) && records_commit(&t, e);
}

bool records_audit_id(struct records *records, const struct actor *actor, struct slice agency,
                      const char *kind, const char *what, int64_t id, struct slice detail,
                      struct error *e)
{
    char action[80], object[80];
    sqlite3_snprintf(sizeof action, action, "%s.%s", kind, what);
    sqlite3_snprintf(sizeof object, object, "%s:%lld", kind, (long long)id);
    return records_audit(records, actor, agency, action, slice_of(object), detail, e);
}

bool records_audit_put(struct records *records, const struct actor *actor, struct slice agency,
                       const char *what, struct slice key, enum records_change change,
                       struct slice detail, struct error *e)
{
    if (change == RECORDS_UNCHANGED)
        return true;
    BUFFER_AUTO names;
    buffer_init(&names, 0);
    buffer_print(&names, "%s.%s%c", what, change == RECORDS_NEW ? "new" : "change", 0);
    size_t object = names.len;
    buffer_print(&names, "%s:%.*s", what, SLICE_ARGS(key));
    return records_audit(records, actor, agency, names.data,
                         slice_after(buffer_slice(&names), object), detail, e);
}

#define COLUMNS "id, time, user, role, agency, action, object, detail"

static void row_read(struct statement *s, struct arena *arena, void *one)
{
    struct records_audit_row *row = one;
    row->id = statement_get(s);
    row->time = statement_get(s);
    row->user = statement_get_text(s, arena);
    row->role = statement_get_text(s, arena);
    row->agency = statement_get_text(s, arena);
    row->action = statement_get_text(s, arena);
    row->object = statement_get_text(s, arena);
    row->detail = statement_get_text(s, arena);
}

static bool not_whole(struct error *e)
{
    return error_kind(e, ERROR_CONFLICT);
}

bool records_audit_verify(struct records *records, uint64_t *rows_out, struct error *e)
{
    unsigned char hash[HASH] = { 0 }, head[HASH];
    int64_t last = 0, head_id;
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    STATEMENT s = { 0 };
    if (!head_read(records, &head_id, head, e) ||
        !statement_start(records, "SELECT " COLUMNS ", hash, (SELECT id FROM audit_head), "
                         "(SELECT hash FROM audit_head) FROM audit ORDER BY id", &s, e))
        return false;
    while (statement_next(&s, e)) {
        struct arena_mark mark = arena_mark(&arena);
        struct records_audit_row row;
        row_read(&s, &arena, &row);
        struct slice stored = statement_get_text(&s, &arena);
        /* the head as of these rows: somebody may write while we read */
        head_id = statement_get(&s);
        struct slice newest = statement_get_text(&s, &arena);
        memcpy(head, newest.data, newest.len < HASH ? newest.len : HASH);
        hash_row(hash, &row, hash);
        if (row.id != last + 1)
            error_set(e, "the audit log lacks row %lld", (long long)last + 1);
        else if (!slice_equal(stored, slice_from(hash, HASH)))
            error_set(e, "row %lld of the audit log was changed", (long long)row.id);
        else {
            last = row.id;
            arena_reset(&arena, mark);
            continue;
        }
        return not_whole(e);
    }
    if (s.failed)
        return false;
    if (head_id != last || memcmp(head, hash, HASH) != 0) {
        error_set(e, "the audit log ends at row %lld, but its head is row %lld", (long long)last,
                  (long long)head_id);
        return not_whole(e);
    }
    if (rows_out)
        *rows_out = (uint64_t)last;
    return true;
}

struct query {
    const struct records_scope *scope;
    const struct records_audit_filter *filter;
};

static void bind_filter(struct statement *s, const void *context)
{
    const struct query *q = context;
    statement_put_scope(s, q->scope);
    statement_put_text(s, q->filter->user);
    statement_put_text(s, q->filter->object);
    statement_put(s, q->filter->from);
    statement_put(s, q->filter->to);
}

static const struct listing_sort sorts[] = { { "-time", "id", true } };

static const struct listing listing = {
    .columns = COLUMNS, .from = "audit",
    .where = "(?4 OR agency = ?5) AND (?6 = '' OR user = ?6) AND (?7 = '' OR object = ?7) "
             "AND (?8 = 0 OR time >= ?8) AND (?9 = 0 OR time < ?9)",
    .id = "id", .sorts = sorts, .sort_count = 1, .bind = bind_filter,
    .read = row_read, .size = sizeof(struct records_audit_row),
};

bool records_audit_list(struct records *records, const struct records_scope *scope,
                        const struct records_audit_filter *filter,
                        const struct records_page *page, struct arena *arena,
                        struct records_audit_list *list_out, struct error *e)
{
    LISTING run = { 0 };
    *list_out = (struct records_audit_list){ 0 };
    struct query query = { scope, filter };
    struct records_audit_row *rows = listing_read(records, &listing, &query, page, arena, &run, e);
    *list_out = (struct records_audit_list){ rows, run.count, run.total, run.next };
    return run.whole;
}
