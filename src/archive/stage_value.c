#include "archive/stage.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

int64_t stage_span(int64_t range, unsigned buckets)
{
    static const int64_t spans[] = {
        CLOCK_SECOND,      5 * CLOCK_SECOND,  10 * CLOCK_SECOND, 30 * CLOCK_SECOND,
        CLOCK_MINUTE,      5 * CLOCK_MINUTE,  10 * CLOCK_MINUTE, 30 * CLOCK_MINUTE,
        CLOCK_HOUR,        3 * CLOCK_HOUR,    6 * CLOCK_HOUR,    12 * CLOCK_HOUR,
        CLOCK_DAY,         7 * CLOCK_DAY,     28 * CLOCK_DAY,    364 * CLOCK_DAY,
    };
    size_t i = 0, last = sizeof spans / sizeof *spans - 1;
    while (i < last && range / spans[i] > (int64_t)(buckets ? buckets : 1))
        i++;
    return spans[i];
}

int64_t stage_bucket(int64_t time, int64_t span)
{
    int64_t local, rest;
    if (__builtin_add_overflow(time, CLOCK_ZONE, &local))
        return time;
    rest = local % span;
    if (rest < 0)
        rest += span;
    return time - rest;
}

static struct search_cell text_cell(struct slice text)
{
    return (struct search_cell){ .text = text, .none = text.len == 0 };
}

static struct search_cell time_cell(int64_t time, struct buffer *scratch)
{
    char text[CLOCK_TEXT];
    clock_print_utc(time, text);
    buffer_clear(scratch);
    buffer_add(scratch, slice_of(text));
    return (struct search_cell){ .text = buffer_slice(scratch) };
}

static struct search_cell id_cell(const struct event_id *id, struct buffer *scratch)
{
    char text[EVENT_ID_TEXT];
    event_id_print(id, text);
    buffer_clear(scratch);
    buffer_add(scratch, slice_of(text));
    return (struct search_cell){ .text = buffer_slice(scratch) };
}

static struct search_cell field_cell(const struct event *event, struct slice field)
{
    struct search_cell cell = { .none = true };
    const struct event_field *found = NULL;
    for (uint32_t i = 0; i < event->field_count && !found; i++)
        if (slice_equal(event->fields[i].name, field))
            found = &event->fields[i];
    for (uint32_t i = 0; i < event->field_count && !found; i++)
        if (slice_equal_nocase(event->fields[i].name, field))
            found = &event->fields[i];
    if (!found || found->kind == EVENT_NULL)
        return cell;
    cell.text = found->value;
    cell.none = false;
    cell.is_number = found->kind == EVENT_NUMBER && slice_to_double(found->value, &cell.number);
    return cell;
}

struct search_cell stage_event_cell(const struct search_event *event, struct slice field,
                                    struct buffer *scratch)
{
    const struct event *e = &event->event;
    struct slice name;
    switch (tree_place(field, &name)) {
    case PLACE_SOURCE: return text_cell(e->source);
    case PLACE_SYSTEM: return text_cell(e->system);
    case PLACE_AGENCY: return text_cell(e->agency);
    case PLACE_DECODER: return text_cell(e->decoder);
    case PLACE_PRODUCT: return text_cell(e->logsource.product);
    case PLACE_CATEGORY: return text_cell(e->logsource.category);
    case PLACE_SERVICE: return text_cell(e->logsource.service);
    case PLACE_CLASS: return text_cell(slice_of(event->id.class));
    case PLACE_RAW: return text_cell(e->raw);
    case PLACE_TIME: return time_cell(e->time, scratch);
    case PLACE_RECEIVED: return time_cell(e->received, scratch);
    case PLACE_ID: return id_cell(&event->id, scratch);
    default: return field_cell(e, name);
    }
}

static size_t size_of(const struct event *e)
{
    size_t size = e->raw.len + e->source.len + e->system.len + e->agency.len + e->decoder.len +
                  e->logsource.product.len + e->logsource.category.len + e->logsource.service.len;
    for (uint32_t i = 0; i < e->field_count; i++)
        size += e->fields[i].name.len + e->fields[i].value.len;
    return size;
}

static void move(struct slice *s, char **at)
{
    if (s->len)
        memcpy(*at, s->data, s->len);
    s->data = *at;
    *at += s->len;
}

struct search_event *stage_keep_event(const struct search_event *event)
{
    const struct event *e = &event->event;
    size_t fields = e->field_count * sizeof *e->fields;
    struct search_event *kept = malloc(sizeof *kept + fields + size_of(e) + 1);
    if (!kept)
        return NULL;
    *kept = *event;
    kept->event.fields = (struct event_field *)(kept + 1);
    char *at = (char *)(kept + 1) + fields;
    if (fields)
        memcpy(kept->event.fields, e->fields, fields);
    struct slice *const slices[] = {
        &kept->event.raw, &kept->event.source, &kept->event.system, &kept->event.agency,
        &kept->event.decoder, &kept->event.logsource.product, &kept->event.logsource.category,
        &kept->event.logsource.service,
    };
    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++)
        move(slices[i], &at);
    for (uint32_t i = 0; i < e->field_count; i++) {
        move(&kept->event.fields[i].name, &at);
        move(&kept->event.fields[i].value, &at);
    }
    return kept;
}
