#include "archive/search.h"

#include "archive/catalogue.h"
#include "archive/salvage.h"

static bool not_found(struct error *e)
{
    error_set(e, "there is no such event");
    return error_kind(e, ERROR_NOT_FOUND);
}

/* Its block's parts in f; from a damaged file too, when that block is whole. */
static bool find_event(const char *directory, const struct day_name *name, const char *file,
                       uint64_t sequence, sqlite3 **db, struct fetched *f, uint32_t *row_out,
                       struct error *e)
{
    if (day_open(directory, name, db, e) &&
        fetch_sequence(f, *db, file, sequence, row_out, e))
        return true;
    if (e->kind != ERROR_FAILED && e->kind != ERROR_DAMAGED && e->kind != ERROR_CONFLICT)
        return false;
    struct error whole = *e, reason = ERROR_NONE;
    day_close(db);
    error_clear(e);
    if (salvage_open(directory, name, db, &reason) &&
        salvage_sequence(f, *db, file, sequence, row_out, &reason))
        return true;
    *e = whole;
    return false;
}

bool search_get(const char *directory, const struct search_scope *scope,
                const struct event_id *id, struct arena *arena, struct search_event *event_out,
                struct error *e)
{
    struct day_name name = { .day = id->day };
    struct fetched f;
    sqlite3 *db = NULL;
    char file[DAY_FILE];
    uint32_t row;
    struct error reason = ERROR_NONE;
    struct event event;
    memcpy(name.class, id->class, sizeof name.class);
    if (!day_class_valid(name.class))
        return not_found(e);
    day_name_print(&name, file);
    fetch_init(&f);
    bool found = find_event(directory, &name, file, id->sequence, &db, &f, &row, &reason) &&
                 block_event(&f.rows, f.parts[PART_TEXT], f.parts[PART_FIELDS], row, &f.arena,
                             &event, &reason);
    bool seen = found && search_scope_sees(scope, event.agency);
    if (seen) {
        event_out->id = *id;
        seen = fetch_copy_event(&event, arena, &event_out->event) ||
               error_set(e, "memory is short for the event");
    } else if (!found && reason.kind != ERROR_NOT_FOUND && scope->all && e) {
        *e = reason;
    } else
        not_found(e);
    day_close(&db);
    fetch_free(&f);
    return seen;
}
