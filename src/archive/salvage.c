#include "archive/salvage.h"

#include <stdio.h>

/* A leaf of the table that is lost fails for every block on it, and how many those are nobody knows:
 * after so many in a row there is nothing more. */
#define GAP_MOST 131072

bool salvage_open(const char *directory, const struct day_name *name, sqlite3 **db_out,
                  struct error *e)
{
    char file[DAY_FILE], path[4096];
    day_name_print(name, file);
    *db_out = NULL;
    if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int)sizeof path)
        return error_set(e, "the path of the archive is too long");
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    /* With writable_schema a file with fewer pages than its head says opens (btree.c, lockBtree), and
     * only what is read from a missing page fails. Read-only it stays. */
    if (sqlite3_open_v2(path, db_out, flags, NULL) != SQLITE_OK)
        day_failed(*db_out, file, e);
    else if (sqlite3_busy_timeout(*db_out, 5000) == SQLITE_OK &&
             day_run(*db_out, "PRAGMA writable_schema = ON", file, e)) {
        /* A table whose line of the schema is damaged fails the first statement; the next ones know of all
         * the others. What the head says of the format is not asked: each part has its own. */
        sqlite3_exec(*db_out, "SELECT 1 FROM part LIMIT 0", NULL, NULL, NULL);
        if (day_run(*db_out, "SELECT 1 FROM part LIMIT 0", file, e))
            return true;
    }
    day_close(db_out);
    return false;
}

enum step { STEP_BLOCK, STEP_LOST, STEP_END };

/* Looks at the first part at or behind block's rows. */
static enum step look(struct salvage *s, sqlite3_stmt *read, struct fetched *f, int64_t *block_out)
{
    struct error ignored = ERROR_NONE;
    sqlite3_bind_int64(read, 1, s->next * PART_COUNT);
    int code = sqlite3_step(read);
    int64_t id = code == SQLITE_ROW ? sqlite3_column_int64(read, 0) : s->next * PART_COUNT;
    sqlite3_reset(read);
    *block_out = id / PART_COUNT;
    if (code == SQLITE_DONE)
        return STEP_END;
    bool whole = code == SQLITE_ROW && id % PART_COUNT == PART_ROWS &&
                 fetch_rows(f, s->db, s->file, *block_out, &ignored);
    return whole ? STEP_BLOCK : STEP_LOST;
}

static void lose(struct salvage *s, int64_t block)
{
    if (!s->lost_from)
        s->lost_from = block;
    s->lost_to = block;
}

bool salvage_next(struct salvage *s, struct fetched *f, int64_t *block_out)
{
    struct error ignored = ERROR_NONE;
    DAY_STATEMENT *read = day_prepare(s->db, "SELECT id FROM part WHERE id >= ?1"
                                             " ORDER BY id LIMIT 1", s->file, &ignored);
    s->lost_from = s->lost_to = 0;
    for (int failed = 0; read && failed < GAP_MOST; failed++) {
        enum step step = look(s, read, f, block_out);
        if (step == STEP_END)
            return false;
        s->next = *block_out + 1;
        if (step == STEP_BLOCK)
            return true;
        lose(s, *block_out);
    }
    if (!read)
        lose(s, s->next);
    s->lost_to = INT64_MAX;
    return false;
}

struct block_summary salvage_summary(const struct block_rows *rows)
{
    struct block_summary all = { .events = rows->count, .sequence_min = UINT64_MAX,
                                 .time_min = INT64_MAX, .time_max = INT64_MIN,
                                 .text_bytes = rows->text_at[rows->count] };
    for (uint32_t i = 0; i < rows->count; i++) {
        if (rows->sequence[i] < all.sequence_min)
            all.sequence_min = rows->sequence[i];
        if (rows->sequence[i] > all.sequence_max)
            all.sequence_max = rows->sequence[i];
        if (rows->time[i] < all.time_min)
            all.time_min = rows->time[i];
        if (rows->time[i] > all.time_max)
            all.time_max = rows->time[i];
    }
    return all;
}

bool salvage_sequence(struct fetched *f, sqlite3 *db, const char *file, uint64_t sequence,
                      uint32_t *row_out, struct error *e)
{
    struct salvage s = { .db = db, .file = file, .next = 1 };
    int64_t block;
    while (salvage_next(&s, f, &block))
        for (uint32_t i = 0; i < f->rows.count; i++)
            if (f->rows.sequence[i] == sequence) {
                *row_out = i;
                return fetch_part(f, db, file, block, PART_TEXT, e) &&
                       fetch_part(f, db, file, block, PART_FIELDS, e);
            }
    error_set(e, "there is no event %llu in this day file", (unsigned long long)sequence);
    return error_kind(e, ERROR_NOT_FOUND);
}
