#include "records/outbox.h"

#include "base/clock.h"
#include "records/store.h"

bool records_outbox_get(struct records *records, struct records_outbox *o, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT sequence FROM outbox_cursor "
                         "WHERE stream = ? AND day = ? AND class = ?", &s, e))
        return false;
    statement_put_text(&s, slice_of(o->stream));
    statement_put(&s, o->day);
    statement_put_text(&s, o->class);
    o->sequence = statement_next(&s, e) ? (uint64_t)statement_get(&s) : 0;
    return !s.failed;
}

bool records_outbox_put(struct records *records, const struct records_outbox *o, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "INSERT INTO outbox_cursor VALUES (?, ?, ?, ?, ?) "
                         "ON CONFLICT (stream, day, class) DO UPDATE SET "
                         "sequence = excluded.sequence, changed_at = excluded.changed_at "
                         "WHERE sequence <= excluded.sequence", &s, e))
        return false;
    statement_put_text(&s, slice_of(o->stream));
    statement_put(&s, o->day);
    statement_put_text(&s, o->class);
    statement_put(&s, (int64_t)o->sequence);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    if (records_changed(records))
        return true;
    error_set(e, "the cursor of %s %d.%.*s stands further already", o->stream, (int)o->day,
              SLICE_ARGS(o->class));
    return error_kind(e, ERROR_CONFLICT);
}
