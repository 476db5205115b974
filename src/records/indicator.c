#include "records/indicator.h"

#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

#define GENERATION "indicators"

/* ---- shared -------------------------------------------------------------------------------------- */

bool records_indicator_generation(struct records *records, uint64_t *generation_out,
                                  struct error *e)
{
    ARENA_AUTO arena;
    struct slice value;
    struct error none = ERROR_NONE;
    arena_init(&arena, 0);
    *generation_out = 0;
    if (records_setting_get(records, GENERATION, &arena, &value, &none)) {
        slice_to_u64(value, generation_out);
        return true;
    }
    if (none.kind == ERROR_NOT_FOUND)
        return true;
    if (e)
        *e = none;
    return false;
}

static bool grow(struct records *records, struct error *e)
{
    ARENA_AUTO arena;
    uint64_t generation;
    arena_init(&arena, 0);
    return records_indicator_generation(records, &generation, e) &&
           records_setting_put(records, &ACTOR_SYSTEM, GENERATION,
                               arena_print(&arena, "%llu", (unsigned long long)generation + 1), e);
}

static bool audit(struct records *records, const struct actor *actor, const char *action,
                  struct slice object, const char *name, struct slice detail, struct error *e)
{
    BUFFER_AUTO text, json;
    buffer_init(&text, 0);
    buffer_init(&json, 0);
    buffer_print(&text, "indicator:%.*s", SLICE_ARGS(slice_cut(object, 0, 200)));
    if (detail.len)
        records_detail(&json, 1, name, detail);
    return records_audit(records, actor, SLICE_NONE, action, buffer_slice(&text),
                         buffer_slice(&json), e);
}

static bool wrong(struct error *e, const char *place)
{
    error_place(e, "%s", place);
    return error_kind(e, ERROR_INPUT);
}

/* ---- loading a feed ------------------------------------------------------------------------------ */

static bool feed_check(const struct records_indicator_feed *feed, struct error *e)
{
    if (feed->key.len >= 1 && feed->key.len <= 100 && feed->license.len <= 200)
        return true;
    error_set(e, "a feed has a name of at most 100 characters");
    return wrong(e, "source");
}

static bool round_begin(struct records *records, struct slice key,
                        struct records_indicator_load *load, int64_t *former, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "INSERT INTO indicator_feed (key, loading) VALUES (?1, 1) ON CONFLICT (key) DO UPDATE "
            "SET loading = max(round, coalesce(loading, 0)) + 1 RETURNING id, loading, round", &s,
            e))
        return false;
    statement_put_text(&s, key);
    if (!statement_next(&s, e))
        return false;
    load->feed = statement_get(&s);
    load->round = statement_get(&s);
    *former = statement_get(&s);
    return statement_run(&s, e);
}

static bool round_prepare(struct records *records, const struct records_indicator_load *load,
                          int64_t former, bool add, struct error *e)
{
    STATEMENT rest = { 0 };
    if (!statement_start(records, "DELETE FROM indicator WHERE feed = ? AND round <> ?", &rest, e))
        return false;
    statement_put(&rest, load->feed);
    statement_put(&rest, former);
    if (!statement_run(&rest, e))
        return false;
    if (!add)
        return true;
    STATEMENT copy = { 0 };
    if (!statement_start(records,
            "INSERT INTO indicator SELECT feed, ?2, type, value, confidence, tlp, valid_until, note "
            "FROM indicator WHERE feed = ?1 AND round = ?3", &copy, e))
        return false;
    statement_put(&copy, load->feed);
    statement_put(&copy, load->round);
    statement_put(&copy, former);
    return statement_run(&copy, e);
}

bool records_indicator_begin(struct records *records, const struct actor *actor,
                             const struct records_indicator_feed *feed, bool add,
                             struct records_indicator_load *load_out, struct error *e)
{
    (void)actor;
    RECORDS_TRANSACTION t = { 0 };
    int64_t former;
    return feed_check(feed, e) && records_begin(records, &t, e) &&
           round_begin(records, feed->key, load_out, &former, e) &&
           round_prepare(records, load_out, former, add, e) && records_commit(&t, e);
}

static bool load_check(struct records *records, const struct records_indicator_load *load,
                       struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT 1 FROM indicator_feed WHERE id = ? AND loading = ?", &s, e))
        return false;
    statement_put(&s, load->feed);
    statement_put(&s, load->round);
    if (statement_next(&s, e))
        return true;
    if (s.failed)
        return false;
    error_set(e, "somebody else began to load this feed: begin again");
    return error_kind(e, ERROR_CONFLICT);
}

bool records_indicator_put(struct records *records, const struct records_indicator_load *load,
                           const struct records_indicator *rows, uint32_t count, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) || !load_check(records, load, e))
        return false;
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT OR REPLACE INTO indicator VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                         &s, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            statement_again(&s);
        statement_put(&s, load->feed);
        statement_put(&s, load->round);
        statement_put(&s, rows[i].type);
        statement_put_text(&s, rows[i].value);
        statement_put(&s, rows[i].confidence);
        statement_put(&s, rows[i].tlp);
        statement_put_or_null(&s, rows[i].valid_until);
        statement_put_text(&s, slice_cut(rows[i].note, 0, 500));
        if (!statement_run(&s, e))
            return false;
    }
    statement_end(&s);
    return records_commit(&t, e);
}

static bool feed_write(struct records *records, const struct actor *actor,
                       const struct records_indicator_load *load,
                       const struct records_indicator_feed *feed, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "UPDATE indicator_feed SET round = ?2, loading = NULL, license = ?3, format = ?4, "
            "file = ?5, skipped = ?6, refused = ?7, imported_at = ?8, imported_by = ?9, "
            "count = (SELECT count(*) FROM indicator WHERE feed = ?1 AND round = ?2) WHERE id = ?1",
            &s, e))
        return false;
    statement_put(&s, load->feed);
    statement_put(&s, load->round);
    statement_put_text(&s, feed->license);
    statement_put_text(&s, feed->format);
    statement_put_text(&s, feed->file);
    statement_put(&s, (int64_t)feed->skipped);
    statement_put(&s, (int64_t)feed->refused);
    statement_put(&s, clock_now());
    statement_put_text(&s, actor->user);
    return statement_run(&s, e);
}

static bool drop_former(struct records *records, const struct records_indicator_load *load,
                        struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "DELETE FROM indicator WHERE feed = ? AND round < ?", &s, e))
        return false;
    statement_put(&s, load->feed);
    statement_put(&s, load->round);
    return statement_run(&s, e);
}

bool records_indicator_end(struct records *records, const struct actor *actor,
                           const struct records_indicator_load *load,
                           const struct records_indicator_feed *feed, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    return records_begin(records, &t, e) && load_check(records, load, e) &&
           feed_write(records, actor, load, feed, e) && drop_former(records, load, e) &&
           grow(records, e) &&
           audit(records, actor, "indicator.import", feed->key, "file", feed->file, e) &&
           records_commit(&t, e);
}

/* ---- feeds --------------------------------------------------------------------------------------- */

bool records_indicator_feeds(struct records *records, struct arena *arena,
                             struct records_indicator_feed **feeds_out, uint32_t *count_out,
                             struct error *e)
{
    *feeds_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records,
            "SELECT key, license, format, file, imported_by, count, skipped, refused, imported_at, "
            "count(*) OVER () FROM indicator_feed WHERE round > 0 ORDER BY key", &s, e))
        return false;
    struct records_indicator_feed *f;
    while ((f = statement_row(&s, arena, feeds_out, count_out, sizeof *f, e))) {
        struct slice *texts[] = { &f->key, &f->license, &f->format, &f->file, &f->imported_by };
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            *texts[i] = statement_get_text(&s, arena);
        f->count = (uint64_t)statement_get(&s);
        f->skipped = (uint64_t)statement_get(&s);
        f->refused = (uint64_t)statement_get(&s);
        f->imported_at = statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}

bool records_indicator_feed_remove(struct records *records, const struct actor *actor,
                                   struct slice key, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_do(records, "DELETE FROM indicator WHERE feed IN (SELECT id FROM indicator_feed "
                      "WHERE key = ?)", e, 1, key) ||
        !statement_do(records, "DELETE FROM indicator_feed WHERE key = ?", e, 1, key))
        return false;
    if (!records_changed(records))
        return records_not_found(e, "there is no feed '%.*s'", key);
    return grow(records, e) &&
           audit(records, actor, "indicator.remove", key, "feed", key, e) && records_commit(&t, e);
}

bool records_indicator_remove(struct records *records, const struct actor *actor,
                              struct slice value, uint64_t *removed_out, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_do(records, "DELETE FROM indicator WHERE value = ?", e, 1, value))
        return false;
    *removed_out = (uint64_t)sqlite3_changes64(records->db);
    if (!*removed_out)
        return records_not_found(e, "no feed holds the indicator '%.*s'", value);
    return statement_do(records, "UPDATE indicator_feed SET count = (SELECT count(*) FROM indicator i "
                        "WHERE i.feed = indicator_feed.id AND i.round = indicator_feed.round)", e,
                        0) &&
           grow(records, e) &&
           audit(records, actor, "indicator.remove", value, "value", value, e) &&
           records_commit(&t, e);
}

/* ---- reading ------------------------------------------------------------------------------------- */

#define COLUMNS "i.value, i.note, f.key, f.license, i.type, i.confidence, i.tlp, i.valid_until "
#define IN_FORCE "FROM indicator_feed f JOIN indicator i ON i.feed = f.id AND i.round = f.round "

static void row_read(struct statement *s, struct arena *arena, struct records_indicator *row)
{
    struct slice *texts[] = { &row->value, &row->note, &row->feed, &row->license };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = statement_get_text(s, arena);
    row->type = (enum indicator_type)statement_get(s);
    row->confidence = (int)statement_get(s);
    row->tlp = (enum indicator_tlp)statement_get(s);
    row->valid_until = statement_get(s);
}

bool records_indicator_each(struct records *records,
                            bool (*each)(void *owner, const struct records_indicator *row),
                            void *owner, struct error *e)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT " COLUMNS IN_FORCE, &s, e))
        return false;
    while (statement_next(&s, e)) {
        struct records_indicator row;
        arena_clear(&arena);
        row_read(&s, &arena, &row);
        if (!each(owner, &row))
            return false;
    }
    return !s.failed;
}

bool records_indicator_list(struct records *records, const struct records_indicator_filter *filter,
                            uint32_t limit, struct arena *arena,
                            struct records_indicator **rows_out, uint32_t *count_out,
                            struct error *e)
{
    struct records_indicator *rows = arena_array(arena, limit, sizeof *rows);
    *rows_out = rows;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!rows || !statement_start(records, "SELECT " COLUMNS IN_FORCE
            "WHERE (?1 = '' OR f.key = ?1) AND (?2 < 0 OR i.type = ?2) "
            "AND (?3 = '' OR instr(i.value, ?3) > 0 OR instr(i.note, ?3) > 0) "
            "AND i.value > ?4 ORDER BY i.value, f.key LIMIT ?5", &s, e))
        return false;
    statement_put_text(&s, filter->feed);
    statement_put(&s, filter->type);
    statement_put_text(&s, filter->words);
    statement_put_text(&s, filter->after);
    statement_put(&s, limit);
    while (*count_out < limit && statement_next(&s, e))
        row_read(&s, arena, &rows[(*count_out)++]);
    return !s.failed && records_arena_held(arena, e);
}

bool records_indicator_counts(struct records *records, struct records_indicator_counts *counts_out,
                              struct error *e)
{
    *counts_out = (struct records_indicator_counts){ 0 };
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT i.type, count(*), sum(i.valid_until IS NOT NULL AND "
                         "i.valid_until < ?) " IN_FORCE "GROUP BY i.type", &s, e))
        return false;
    statement_put(&s, clock_now());
    while (statement_next(&s, e)) {
        int64_t type = statement_get(&s);
        uint64_t count = (uint64_t)statement_get(&s);
        counts_out->expired += (uint64_t)statement_get(&s);
        if (type >= 0 && type < INDICATOR_TYPES)
            counts_out->types[type] = count;
    }
    return !s.failed;
}

/* ---- the allow-list ------------------------------------------------------------------------------ */

bool records_indicator_allow(struct records *records, const struct actor *actor, struct slice value,
                             struct slice reason, struct error *e)
{
    if (reason.len < 3) {
        error_set(e, "say why nothing is to be alerted on");
        return wrong(e, "reason");
    }
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "INSERT OR REPLACE INTO indicator_allow VALUES (?, ?, ?, ?)", &s,
                         e))
        return false;
    statement_put_text(&s, value);
    statement_put_text(&s, reason);
    statement_put_text(&s, actor->user);
    statement_put(&s, clock_now());
    return statement_run(&s, e) && grow(records, e) &&
           audit(records, actor, "indicator.allow", value, "reason", reason, e) &&
           records_commit(&t, e);
}

bool records_indicator_disallow(struct records *records, const struct actor *actor,
                                struct slice value, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_do(records, "DELETE FROM indicator_allow WHERE value = ?", e, 1, value))
        return false;
    if (!records_changed(records))
        return records_not_found(e, "'%.*s' is not in the allow-list that people made", value);
    return grow(records, e) &&
           audit(records, actor, "indicator.disallow", value, "", SLICE_NONE, e) &&
           records_commit(&t, e);
}

bool records_indicator_allowed(struct records *records, struct arena *arena,
                               struct records_indicator_allowed **rows_out, uint32_t *count_out,
                               struct error *e)
{
    *rows_out = NULL;
    *count_out = 0;
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT value, reason, by_whom, since, count(*) OVER () "
                         "FROM indicator_allow ORDER BY value", &s, e))
        return false;
    struct records_indicator_allowed *row;
    while ((row = statement_row(&s, arena, rows_out, count_out, sizeof *row, e))) {
        row->value = statement_get_text(&s, arena);
        row->reason = statement_get_text(&s, arena);
        row->by_whom = statement_get_text(&s, arena);
        row->since = statement_get(&s);
    }
    return !s.failed && records_arena_held(arena, e);
}
