#include <stdio.h>

#include "archive/search.h"
#include "base/clock.h"
#include "base/json.h"

static void put_utc(struct json_writer *w, const char *name, int64_t time)
{
    char text[CLOCK_TEXT];
    clock_print_utc(time, text);
    json_text_member(w, name, slice_of(text));
}

/* A number of the record stays one only if JSON can say it. */
static bool is_json_number(struct slice s)
{
    size_t i = s.len && s.data[0] == '-', start = i;
    double number;
    while (i < s.len && s.data[i] >= '0' && s.data[i] <= '9')
        i++;
    if (i == start || (i - start > 1 && s.data[start] == '0'))
        return false;
    for (size_t k = i; k < s.len; k++)
        if (!((s.data[k] >= '0' && s.data[k] <= '9') || strchr(".eE+-", s.data[k])))
            return false;
    return s.len < 64 && s.data[s.len - 1] != '.' && slice_to_double(s, &number);
}

static void put_value(struct json_writer *w, const struct event_field *field)
{
    if (field->kind == EVENT_NUMBER && is_json_number(field->value))
        json_put_raw(w, field->value);
    else if (field->kind == EVENT_BOOLEAN &&
             (slice_is(field->value, "true") || slice_is(field->value, "false")))
        json_put_boolean(w, slice_is(field->value, "true"));
    else if (field->kind == EVENT_NULL)
        json_put_null(w);
    else
        json_put_text(w, field->value);
}

static bool is_whole(const struct event_field *field)
{
    return field->kind == EVENT_OBJECT || field->kind == EVENT_ARRAY;
}

/* Those fields that are whole objects and arrays, or the others; a name that comes again becomes a
 * list. */
static void put_fields(struct json_writer *w, const char *name, const struct event *event, bool whole)
{
    json_open_object_member(w, name);
    for (uint32_t i = 0; i < event->field_count; i++) {
        const struct event_field *field = &event->fields[i];
        bool before = false, again = false;
        for (uint32_t k = 0; k < event->field_count; k++)
            if (k != i && is_whole(&event->fields[k]) == whole &&
                slice_equal(event->fields[k].name, field->name)) {
                before |= k < i;
                again |= k > i;
            }
        if (before || is_whole(field) != whole)
            continue;
        json_name_slice(w, field->name);
        if (!again) {
            put_value(w, field);
            continue;
        }
        json_open_array(w);
        for (uint32_t k = i; k < event->field_count; k++)
            if (is_whole(&event->fields[k]) == whole && slice_equal(event->fields[k].name, field->name))
                put_value(w, &event->fields[k]);
        json_close_array(w);
    }
    json_close_object(w);
}

static bool has_whole(const struct event *event)
{
    for (uint32_t i = 0; i < event->field_count; i++)
        if (is_whole(&event->fields[i]))
            return true;
    return false;
}

static void put_flags(struct json_writer *w, uint32_t flags)
{
    static const struct { enum event_flag flag; const char *name; } names[] = {
        { EVENT_UNDECODED, "undecoded" }, { EVENT_TIME_GUESSED, "time_guessed" },
        { EVENT_CUT, "cut" },             { EVENT_QUARANTINED, "quarantined" },
    };
    json_open_array_member(w, "flags");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (flags & names[i].flag)
            json_put_text(w, slice_of(names[i].name));
    json_close_array(w);
}

void search_event_json(const struct search_event *event, struct buffer *out)
{
    const struct event *e = &event->event;
    struct json_writer w;
    char id[EVENT_ID_TEXT];
    event_id_print(&event->id, id);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "id", slice_of(id));
    put_utc(&w, "time", e->time);
    put_utc(&w, "received", e->received);
    json_text_member(&w, "source", e->source);
    json_text_member(&w, "system", e->system);
    json_text_member(&w, "agency", e->agency);
    json_text_member(&w, "decoder", e->decoder);
    json_open_object_member(&w, "logsource");
    json_text_member(&w, "product", e->logsource.product);
    json_text_member(&w, "category", e->logsource.category);
    json_text_member(&w, "service", e->logsource.service);
    json_close_object(&w);
    put_flags(&w, e->flags);
    json_text_member(&w, "raw", e->raw);
    put_fields(&w, "fields", e, false); /* of objects and arrays the members */
    if (has_whole(e))
        put_fields(&w, "whole", e, true);
    json_close_object(&w);
}

static void put_cell(struct json_writer *w, const struct search_cell *cell)
{
    if (cell->none)
        json_put_null(w);
    else if (cell->is_number && is_json_number(cell->text))
        json_put_raw(w, cell->text);
    else if (cell->is_number)
        json_put_number(w, cell->number);
    else
        json_put_text(w, cell->text);
}

void search_row_json(const struct search_table *table, const struct search_cell *cells,
                     struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    for (size_t i = 0; i < table->column_count; i++) {
        json_name_slice(&w, table->columns[i]);
        put_cell(&w, &cells[i]);
    }
    json_close_object(&w);
}

void search_columns_json(const struct search_table *table, struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_open_array_member(&w, "columns");
    for (size_t i = 0; i < table->column_count; i++)
        json_put_text(&w, table->columns[i]);
    json_close_array(&w);
    json_close_object(&w);
}

void search_cells_json(const struct search_table *table, const struct search_cell *cells,
                       struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_array(&w);
    for (size_t i = 0; i < table->column_count; i++)
        put_cell(&w, &cells[i]);
    json_close_array(&w);
}

void search_buckets_json(int64_t width, const struct search_bucket *buckets, size_t count,
                         struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_integer_member(&w, "width_ns", width);
    json_open_array_member(&w, "buckets");
    for (size_t i = 0; i < count; i++) {
        char text[CLOCK_TEXT];
        clock_print_utc(buckets[i].from, text);
        json_open_array(&w);
        json_put_text(&w, slice_of(text));
        json_put_integer(&w, (int64_t)buckets[i].count);
        json_close_array(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
}

const char *search_end_name(enum search_end end)
{
    static const char *const names[] = {
        [SEARCH_COMPLETE] = "complete",  [SEARCH_LIMITED] = "limit",
        [SEARCH_BUDGET_BYTES] = "bytes", [SEARCH_BUDGET_ROWS] = "rows",
        [SEARCH_BUDGET_TIME] = "time",   [SEARCH_CANCELLED] = "cancelled",
    };
    return names[end];
}

void search_foot_json(const struct search_foot *foot, struct buffer *out)
{
    const struct { const char *name; uint64_t value; } numbers[] = {
        { "files", foot->files },
        { "files_skipped", foot->files_skipped },
        { "blocks", foot->blocks },
        { "blocks_read", foot->blocks_read },
        { "blocks_skipped_time", foot->skipped_time },
        { "blocks_skipped_source", foot->skipped_source },
        { "blocks_skipped_words", foot->skipped_words },
        { "blocks_skipped_limit", foot->skipped_limit },
        { "blocks_damaged", foot->blocks_damaged },
        { "blocks_left", foot->blocks_left },
        { "rows_scanned", foot->rows_scanned },
        { "matched", foot->matched },
        { "delivered", foot->delivered },
        { "regex_limit", foot->regex_limit },
        { "cut", foot->cut },
        { "bytes_inflated", foot->bytes_inflated },
    };
    struct json_writer w;
    double seconds = (double)foot->elapsed_ns / 1e9;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_text_member(&w, "end", slice_of(search_end_name(foot->end)));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_integer_member(&w, numbers[i].name, (int64_t)numbers[i].value);
    json_name(&w, "elapsed_ms");
    json_put_number(&w, (double)(foot->elapsed_ns / 1000) / 1000);
    json_name(&w, "mb_per_second");
    json_put_number(&w, seconds > 0 ? (double)(int64_t)((double)foot->bytes_inflated / 1e5 /
                                                        seconds) / 10 : 0);
    if (foot->read_down_to)
        put_utc(&w, "read_down_to", foot->read_down_to);
    if (foot->damaged.len)
        json_text_member(&w, "damaged", foot->damaged);
    json_close_object(&w);
}
