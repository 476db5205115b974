/* The addresses, hashes and host names of the events that are sealed. */
#include "archive/indicator_run.h"
#include "archive/sealer.h"

static bool insert_run(struct sealer *s, struct day *day, struct indicator_count *counts, size_t count,
                       struct error *e)
{
    sqlite3_stmt *insert = day->inserts[INSERT_INDICATORS];
    buffer_clear(&s->filter);
    indicator_run_write(counts, count, &s->filter);
    if (s->filter.failed)
        return sealer_no_memory(e);
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)count);
    day_bind_bytes(insert, 2, buffer_slice(&s->filter));
    return writer_step(day, insert, e);
}

bool sealer_store_indicators(struct sealer *s, struct day *day, struct error *e)
{
    struct indicator_count *all = arena_array(&s->arena, s->seen.count, sizeof *all);
    struct map_entry *entry;
    size_t count = 0;
    if (!all)
        return sealer_no_memory(e);
    for (size_t i = 0; (entry = map_next(&s->seen, &i));)
        all[count++] = *(const struct indicator_count *)entry->value;
    return count == 0 || insert_run(s, day, all, count, e);
}

/* What was gathered becomes a run. */
static bool flush(struct sealer *s, struct day *day, struct buffer *counts, struct error *e)
{
    size_t count = counts->len / sizeof(struct indicator_count);
    bool well = count == 0 || insert_run(s, day, (struct indicator_count *)(void *)counts->data, count, e);
    buffer_clear(counts);
    return well;
}

/* Runs up to `last`; one that cannot be read stays as it is. */
static bool merge_upto(struct sealer *s, struct day *day, int64_t last, struct buffer *counts,
                       struct error *e)
{
    DAY_STATEMENT *read = day_prepare(
        day->db, "SELECT id, data FROM indicators WHERE id <= ? ORDER BY id", day->file, e);
    DAY_STATEMENT *drop = day_prepare(day->db, "DELETE FROM indicators WHERE id = ?", day->file, e);
    int code = SQLITE_DONE;
    if (!read || !drop)
        return false;
    sqlite3_bind_int64(read, 1, last);
    while ((code = sqlite3_step(read)) == SQLITE_ROW) {
        struct indicator_run run;
        struct error ignored = ERROR_NONE;
        size_t before = counts->len;
        if (!indicator_run_open(day_column(read, 1), &run, &ignored))
            continue;
        while (indicator_run_next(&run))
            buffer_add(counts, slice_from(&run.now, sizeof run.now));
        if (counts->failed)
            return sealer_no_memory(e);
        if (run.damaged) {
            counts->len = before;
            continue;
        }
        sqlite3_bind_int64(drop, 1, sqlite3_column_int64(read, 0));
        if (!writer_step(day, drop, e) ||
            (counts->len >= INDICATORS_MERGED * sizeof run.now && !flush(s, day, counts, e)))
            return false;
    }
    return code == SQLITE_DONE ? flush(s, day, counts, e) : day_failed(day->db, day->file, e);
}

bool sealer_merge_indicators(struct sealer *s, struct day *day, struct error *e)
{
    DAY_STATEMENT *ask = day_prepare(day->db, "SELECT count(*), ifnull(max(id), 0) FROM indicators",
                                     day->file, e);
    BUFFER_AUTO counts;
    buffer_init(&counts, BLOCK_PART_MAX);
    if (!ask)
        return false;
    if (sqlite3_step(ask) != SQLITE_ROW)
        return day_failed(day->db, day->file, e);
    return sqlite3_column_int64(ask, 0) < 2 ||
           merge_upto(s, day, sqlite3_column_int64(ask, 1), &counts, e);
}
