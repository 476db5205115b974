#include "base/clock.h"
#include "records/audit.h"
#include "records/store.h"

bool records_setting_get(struct records *records, const char *key, struct arena *arena,
                         struct slice *value_out, struct error *e)
{
    STATEMENT s = { 0 };
    if (!statement_start(records, "SELECT value FROM setting WHERE key = ?", &s, e))
        return false;
    statement_put_text(&s, slice_of(key));
    if (statement_next(&s, e)) {
        *value_out = statement_get_text(&s, arena);
        return records_arena_held(arena, e);
    }
    if (s.failed)
        return false;
    return records_not_found(e, "there is no setting '%.*s'", slice_of(key));
}

bool records_setting_put(struct records *records, const struct actor *actor, const char *key,
                         struct slice value, struct error *e)
{
    RECORDS_TRANSACTION t = { 0 };
    STATEMENT s = { 0 };
    if (!records_begin(records, &t, e) ||
        !statement_start(records, "INSERT INTO setting VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE "
                         "SET value = excluded.value, changed_at = excluded.changed_at "
                         "WHERE value <> excluded.value", &s, e))
        return false;
    statement_put_text(&s, slice_of(key));
    statement_put_text(&s, value);
    statement_put(&s, clock_now());
    if (!statement_run(&s, e))
        return false;
    BUFFER_AUTO detail;
    buffer_init(&detail, 0);
    if (records_changed(records) &&
        !records_audit(records, actor, SLICE_NONE, "setting.change", slice_of(key),
                       records_detail(&detail, 1, "value", value), e))
        return false;
    return records_commit(&t, e);
}
