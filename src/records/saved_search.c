#include "records/saved_search.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

/* ?1 ?2: the actor's name and agency; ?3: an id, or 0. */
#define SEEN                                                                                      \
    "SELECT owner, agency, name, query, id, minutes, shared, changed_at, count(*) OVER () "       \
    "FROM saved_search WHERE (owner = ?1 OR (shared AND agency = ?2)) AND (?3 = 0 OR id = ?3) "   \
    "ORDER BY name COLLATE NOCASE, id"

static bool seen_start(struct records *records, const struct actor *actor, int64_t id,
                       struct statement *s, struct error *e)
{
    if (!statement_start(records, SEEN, s, e))
        return false;
    statement_put_text(s, actor->user);
    statement_put_text(s, actor->agency);
    statement_put(s, id);
    return true;
}

static void row_read(struct statement *s, struct arena *arena, struct records_saved_search *row)
{
    struct slice *texts[] = { &row->owner, &row->agency, &row->name, &row->query };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = statement_get_text(s, arena);
    row->id = statement_get(s);
    row->minutes = statement_get(s);
    row->shared = statement_get_bool(s);
    row->changed_at = statement_get(s);
}

bool records_saved_search_list(struct records *records, const struct actor *actor,
                               struct arena *arena, struct records_saved_search **rows_out,
                               uint32_t *count_out, struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!seen_start(records, actor, 0, &s, e))
        return false;
    struct records_saved_search *row;
    while ((row = statement_row(&s, arena, rows_out, count_out, sizeof *row, e)))
        row_read(&s, arena, row);
    return !s.failed && records_arena_held(arena, e);
}

bool records_saved_search_get(struct records *records, const struct actor *actor, int64_t id,
                              struct arena *arena, struct records_saved_search *search_out,
                              struct error *e)
{
    *search_out = (struct records_saved_search){ 0 };
    STATEMENT s = { 0 };
    if (!seen_start(records, actor, id > 0 ? id : -1, &s, e))
        return false;
    if (!statement_next(&s, e))
        return !s.failed && records_not_found_id(e, "there is no saved search %lld", id);
    row_read(&s, arena, search_out);
    return records_arena_held(arena, e);
}

/* It is there, seen, and the actor's own. */
static bool own(struct records *records, const struct actor *actor, int64_t id, struct error *e)
{
    ARENA_AUTO arena;
    struct records_saved_search found;
    arena_init(&arena, 0);
    if (!records_saved_search_get(records, actor, id, &arena, &found, e))
        return false;
    if (slice_equal(found.owner, actor->user))
        return true;
    error_set(e, "only who saved a search may change it");
    return error_kind(e, ERROR_FORBIDDEN);
}

static bool room_left(struct records *records, const struct actor *actor,
                      const struct records_saved_search *search, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT count(*), coalesce(sum(name = ?2 AND id <> ?3), 0) "
                         "FROM saved_search WHERE owner = ?1", &s, e))
        return false;
    statement_put_text(&s, actor->user);
    statement_put_text(&s, search->name);
    statement_put(&s, search->id);
    if (!statement_next(&s, e))
        return false;
    bool full = statement_get(&s) >= RECORDS_SAVED_SEARCHES_MOST && !search->id;
    bool again = statement_get(&s) > 0;
    if (full)
        error_set(e, "more than %d saved searches: drop some", RECORDS_SAVED_SEARCHES_MOST);
    else if (again) {
        error_set(e, "a search of yours has this name already");
        error_place(e, "name");
    }
    return (!full && !again) || error_kind(e, ERROR_CONFLICT);
}

bool records_saved_search_put(struct records *records, const struct actor *actor,
                              const struct records_saved_search *search, int64_t *id_out,
                              struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) || (search->id && !own(records, actor, search->id, e)) ||
        !room_left(records, actor, search, e) ||
        !statement_start(records,
            search->id ? "UPDATE saved_search SET owner = ?1, agency = ?2, name = ?3, query = ?4, "
                         "minutes = ?5, shared = ?6, changed_at = ?7 WHERE id = ?8"
                       : "INSERT INTO saved_search (owner, agency, name, query, minutes, shared, "
                         "changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", &s, e))
        return false;
    const struct slice texts[] = { actor->user, actor->agency, search->name, search->query };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        statement_put_text(&s, texts[i]);
    statement_put(&s, search->minutes);
    statement_put(&s, search->shared);
    statement_put(&s, clock_now());
    if (search->id)
        statement_put(&s, search->id);
    if (!statement_run(&s, e))
        return false;
    *id_out = search->id ? search->id : sqlite3_last_insert_rowid(records->db);
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    records_detail(&detail, 3, "name", search->name, "query", search->query, "shared",
                   search->shared ? SLICE("yes") : SLICE_NONE);
    return records_audit_id(records, actor, actor->agency, "search", search->id ? "change" : "save",
                            *id_out, buffer_slice(&detail), e) &&
           records_commit(&t, e);
}

bool records_saved_search_drop(struct records *records, const struct actor *actor, int64_t id,
                               struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) || !own(records, actor, id, e) ||
        !statement_start(records, "DELETE FROM saved_search WHERE id = ?", &s, e))
        return false;
    statement_put(&s, id);
    return statement_run(&s, e) &&
           records_audit_id(records, actor, actor->agency, "search", "drop", id, SLICE_NONE, e) &&
           records_commit(&t, e);
}
