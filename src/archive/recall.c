#include "archive/recall.h"

#include <stdlib.h>

#include "archive/fetch.h"

struct recall {
    char *directory;
    struct day_name name;   /* of db; day 0: none */
    sqlite3 *db;            /* NULL also where that day has no file to be read */
    struct fetched block;
};

bool recall_open(const char *directory, struct recall **recall_out, struct error *e)
{
    struct recall *r = *recall_out = calloc(1, sizeof *r);
    if (r && (r->directory = strdup(directory))) {
        fetch_init(&r->block);
        return true;
    }
    free(r);
    *recall_out = NULL;
    return error_set(e, "memory is short for reading events");
}

void recall_close(struct recall **recall)
{
    if (!*recall)
        return;
    day_close(&(*recall)->db);
    fetch_free(&(*recall)->block);
    free((*recall)->directory);
    free(*recall);
    *recall = NULL;
}

void recall_rest(struct recall *r)
{
    day_close(&r->db);
    r->name = (struct day_name){ .day = 0 };
    fetch_free(&r->block);
    fetch_init(&r->block);
}

static bool turn_to(struct recall *r, const struct event_id *id)
{
    struct error reason = ERROR_NONE;
    if (r->name.day == id->day && strcmp(r->name.class, id->class) == 0)
        return r->db != NULL;
    day_close(&r->db);
    r->block.held = NULL;
    r->name = (struct day_name){ .day = id->day };
    memcpy(r->name.class, id->class, sizeof r->name.class);
    return day_class_valid(r->name.class) && day_open(r->directory, &r->name, &r->db, &reason);
}

static bool recall_one(struct recall *r, const struct event_id *id, struct arena *arena,
                       struct event *out, bool *found_out, struct error *e)
{
    char file[DAY_FILE];
    struct error reason = ERROR_NONE;
    struct event event;
    uint32_t row;
    *found_out = false;
    if (!turn_to(r, id))
        return true;
    day_name_print(&r->name, file);
    if (!fetch_sequence(&r->block, r->db, file, id->sequence, &row, &reason))
        return true;
    struct arena_mark mark = arena_mark(&r->block.arena);
    bool read = block_event(&r->block.rows, r->block.parts[PART_TEXT], r->block.parts[PART_FIELDS],
                            row, &r->block.arena, &event, &reason);
    *found_out = read && fetch_copy_event(&event, arena, out);
    arena_reset(&r->block.arena, mark);
    return !read || *found_out || error_set(e, "memory is short for reading events");
}

bool recall_events(struct recall *r, const struct event_id *ids, size_t count,
                   struct arena *arena, struct event *events_out, bool *found_out,
                   struct error *e)
{
    for (size_t i = 0; i < count; i++)
        if (!recall_one(r, &ids[i], arena, &events_out[i], &found_out[i], e))
            return false;
    return true;
}
