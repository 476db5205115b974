/* Marks of senders' requests, committed with what they hold (event/batch.h). A file keeps as many as intake
 * can know again. */
#include "archive/writer.h"

/* What the mark of that row makes needless. */
static bool forget_marks(struct day *day, const struct batch_mark *mark, sqlite3_int64 id,
                         struct error *e)
{
    unsigned char beyond[BATCH_MARK_KEPT + 1];
    sqlite3_stmt *forget = day->inserts[mark->checked ? FORGET_REQUEST : FORGET_PLACES];
    day_bind_bytes(forget, 1, slice_from(mark->key, sizeof mark->key));
    if (mark->checked) {
        memset(beyond, 0xff, sizeof beyond);
        memcpy(beyond, mark->key, sizeof mark->key);
        day_bind_bytes(forget, 2, slice_from(beyond, sizeof beyond));
        sqlite3_bind_int64(forget, 3, mark->first);
        sqlite3_bind_int64(forget, 4, id);
    } else {
        sqlite3_bind_int64(forget, 2, (sqlite3_int64)mark->place);
    }
    return writer_step(day, forget, e);
}

static bool forget_oldest(struct day *day, int place, unsigned most, struct error *e)
{
    sqlite3_bind_int64(day->inserts[FORGET_OLDEST], 1, place);
    sqlite3_bind_int64(day->inserts[FORGET_OLDEST], 2, most);
    return writer_step(day, day->inserts[FORGET_OLDEST], e);
}

bool writer_insert_mark(struct day *day, const struct batch_mark *mark, struct error *e)
{
    if (!mark->count)
        return true;
    unsigned char bytes[BATCH_MARK_KEPT];
    sqlite3_stmt *insert = day->inserts[INSERT_MARK];
    day_bind_bytes(insert, 1, batch_mark_bytes(mark, bytes));
    sqlite3_bind_int64(insert, 2, mark->checked ? MARK_CHECKED : (sqlite3_int64)mark->place);
    sqlite3_bind_int64(insert, 3, mark->first);
    sqlite3_bind_int64(insert, 4, mark->count);
    if (!writer_step(day, insert, e) ||
        !forget_marks(day, mark, sqlite3_last_insert_rowid(day->db), e))
        return false;
    return ++day->marks % ARCHIVE_MARKS_LOOK ||
           (forget_oldest(day, 0, ARCHIVE_MARKS, e) &&
            forget_oldest(day, MARK_CHECKED, ARCHIVE_PARTS, e));
}
