/* The orders between keeper and pipeline, and the disk that both look at. */

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#include "serve/keeper.h"

#define ORDERS_MOST (4u * 1024 * 1024)
#define ORDERS_LAST (10 * CLOCK_MINUTE)
#define RESERVE_SHARE 40

void keeper_write_orders(const struct keeper_file *files, size_t count, int64_t now,
                         struct buffer *out)
{
    struct json_writer w;
    char file[DAY_FILE];
    json_writer_init(&w, out);
    json_open_object(&w);
    json_integer_member(&w, "issued", now);
    json_open_array_member(&w, "files");
    for (size_t i = 0; i < count; i++) {
        const struct retention_due *due = &files[i].due;
        if (files[i].stay != KEEPER_GOES)
            continue;
        day_name_print(&due->name, file);
        json_open_object(&w);
        json_text_member(&w, "file", slice_of(file));
        json_integer_member(&w, "last_batch", (int64_t)due->last_batch);
        json_integer_member(&w, "days", due->rule->days);
        json_text_member(&w, "rule", due->rule->cite);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
}

static bool read_one(const struct json *row, struct arena *arena, struct retention_due *out)
{
    struct retention_rule *rule = arena_zero(arena, sizeof *rule);
    const char *file = arena_text(arena, json_member_text(row, "file"));
    if (!rule || !file || !day_name_parse(file, &out->name))
        return false;
    memcpy(rule->class, out->name.class, sizeof rule->class);
    rule->days = (uint32_t)json_integer(json_member(row, "days"), 0);
    rule->cite = json_member_text(row, "rule");
    out->rule = rule;
    out->last_batch = (uint64_t)json_integer(json_member(row, "last_batch"), -1);
    return rule->days > 0;
}

bool keeper_read_orders(const char *path, int64_t now, struct arena *arena,
                        struct retention_due **due_out, size_t *count_out, struct error *e)
{
    struct slice text;
    struct json *json;
    *count_out = 0;
    if (!file_read(path, ORDERS_MOST, arena, &text, e) || !json_parse(text, arena, &json, e))
        return false;
    int64_t issued = json_integer(json_member(json, "issued"), 0);
    if (issued > now || now - issued > ORDERS_LAST) {
        error_set(e, "the orders to delete are old: they are not carried out");
        return error_kind(e, ERROR_CONFLICT);
    }
    const struct json *files = json_member(json, "files");
    uint32_t count = files && files->kind == JSON_ARRAY ? files->count : 0;
    *due_out = arena_array(arena, count + 1, sizeof **due_out);
    if (!*due_out)
        return error_set(e, "memory is short for the orders to delete");
    for (uint32_t i = 0; i < count; i++)
        *count_out += read_one(&files->children[i], arena, &(*due_out)[*count_out]);
    return true;
}

uint64_t keeper_reserve(uint64_t configured, uint64_t total)
{
    return configured < total / RESERVE_SHARE ? configured : total / RESERVE_SHARE;
}
