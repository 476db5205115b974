/* The addresses, hashes and host names of the events that are sealed. */
#include "archive/indicator_run.h"
#include "archive/sealer.h"

#define RUNS_MERGED 1024u

static bool insert_run(struct sealer *s, struct day *day, struct indicator_count *counts, size_t count,
                       struct error *e)
{
    sqlite3_stmt *insert = day->inserts[INSERT_INDICATORS];
    buffer_clear(&s->filter);
    count = indicator_run_write(counts, count, &s->filter);
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

/* The run's indicators behind the others. False where it cannot be read: it stays as it is. */
static bool gather(sqlite3_stmt *read, struct buffer *counts)
{
    struct indicator_run run = { .damaged = true };
    struct error ignored = ERROR_NONE;
    size_t before = counts->len;
    if (sqlite3_step(read) == SQLITE_ROW && indicator_run_open(day_column(read, 0), &run, &ignored))
        while (indicator_run_next(&run))
            buffer_add(counts, slice_from(&run.now, sizeof run.now));
    if (run.damaged)
        counts->len = before;
    sqlite3_reset(read);
    return !run.damaged;
}

static bool merge(struct sealer *s, struct day *day, const int64_t *runs, size_t run_count, struct error *e)
{
    DAY_STATEMENT *read = day_prepare(day->db, "SELECT data FROM indicators WHERE id = ?", day->file, e);
    DAY_STATEMENT *drop = day_prepare(day->db, "DELETE FROM indicators WHERE id = ?", day->file, e);
    BUFFER_AUTO counts;
    buffer_init(&counts, BLOCK_PART_MAX);
    if (!read || !drop)
        return false;
    for (size_t i = 0; i < run_count; i++) {
        sqlite3_bind_int64(read, 1, runs[i]);
        sqlite3_bind_int64(drop, 1, runs[i]);
        if (gather(read, &counts) && !writer_step(day, drop, e))
            return false;
        if (sqlite3_get_autocommit(day->db)) /* a failed read has ended the transaction */
            return day_failed(day->db, day->file, e);
    }
    if (counts.failed)
        return sealer_no_memory(e);
    return counts.len == 0 || insert_run(s, day, (struct indicator_count *)(void *)counts.data,
                                         counts.len / sizeof(struct indicator_count), e);
}

bool sealer_merge_indicators(struct sealer *s, struct day *day, struct error *e)
{
    DAY_STATEMENT *list = day_prepare(
        day->db, "SELECT id, count FROM indicators WHERE count < ? ORDER BY id", day->file, e);
    int64_t runs[RUNS_MERGED];
    size_t run_count = 0;
    int code = SQLITE_ROW;
    if (!list)
        return false;
    sqlite3_bind_int64(list, 1, INDICATORS_MERGED / 2);
    for (uint64_t count = 0; run_count < RUNS_MERGED && count < INDICATORS_MERGED; run_count++) {
        if ((code = sqlite3_step(list)) != SQLITE_ROW)
            break;
        runs[run_count] = sqlite3_column_int64(list, 0);
        count += (uint64_t)sqlite3_column_int64(list, 1);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return day_failed(day->db, day->file, e);
    sqlite3_reset(list);
    return run_count < 2 || merge(s, day, runs, run_count, e);
}
