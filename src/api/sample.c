#include "api/sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/shape.h"

#define FIELDS_MOST 200     /* shown */
#define VALUES_MOST 2000    /* different values counted of one field */
#define VALUE_SHOWN 500     /* bytes of a value */

struct value {
    struct slice text;
    uint64_t count;
};

struct field {
    struct slice name;
    uint64_t events;
    struct map values;      /* text → struct value * */
    bool envelope;          /* agency, system, source: always first */
    unsigned order;
};

void sample_free(struct sample *sample)
{
    struct map_entry *entry;

    for (size_t i = 0; (entry = map_next(&sample->fields, &i));)
        map_free(&((struct field *)entry->value)->values);
    map_free(&sample->fields);
}

/* ---- counting -------------------------------------------------------------------------------- */

static struct field *field_of(struct sample *sample, struct slice name)
{
    struct field *field = map_get(&sample->fields, name);

    if (field)
        return field;
    field = arena_zero(sample->call->arena, sizeof *field);
    if (!field)
        return NULL;
    field->name = arena_copy(sample->call->arena, name);
    field->order = (unsigned)sample->fields.count;
    return field->name.data && map_put(&sample->fields, field->name, field) ? field : NULL;
}

static void count_value(struct sample *sample, struct field *field, struct slice text)
{
    text = slice_cut(text, 0, VALUE_SHOWN);
    while (text.len && ((unsigned char)text.data[text.len - 1] & 0xc0) == 0x80 &&
           text.len == VALUE_SHOWN)
        text.len--;    /* no half character; its first byte becomes U+FFFD at worst */
    struct value *value = map_get(&field->values, text);
    if (!value && field->values.count < VALUES_MOST) {
        value = arena_zero(sample->call->arena, sizeof *value);
        if (!value)
            return;
        value->text = arena_copy(sample->call->arena, text);
        if (!value->text.data || !map_put(&field->values, value->text, value))
            return;
    }
    if (value)
        value->count++;
}

static void count_json(struct sample *sample, struct field *field, const struct json *json)
{
    char text[32];

    switch (json->kind) {
    case JSON_TEXT:
        count_value(sample, field, json->text);
        break;
    case JSON_INTEGER:
        snprintf(text, sizeof text, "%lld", (long long)json->integer);
        count_value(sample, field, slice_of(text));
        break;
    case JSON_NUMBER:
        snprintf(text, sizeof text, "%.15g", json->number);
        count_value(sample, field, slice_of(text));
        break;
    case JSON_BOOLEAN:
        count_value(sample, field, json->boolean ? SLICE("true") : SLICE("false"));
        break;
    case JSON_ARRAY:
        for (uint32_t i = 0; i < json->count; i++)
            if (json->children[i].kind != JSON_ARRAY)
                count_json(sample, field, &json->children[i]);
        break;
    case JSON_NULL:
    case JSON_OBJECT:
        break;
    }
}

static void count_member(struct sample *sample, struct slice name, const struct json *json,
                         bool envelope)
{
    struct field *field = field_of(sample, name);

    if (!field)
        return;
    field->events++;
    field->envelope |= envelope;
    count_json(sample, field, json);
}

void sample_take(struct sample *sample, const struct json *event)
{
    static const char *const envelope[] = { "agency", "system", "source" };
    const struct json *fields = json_member(event, "fields");

    sample->events++;
    for (size_t i = 0; i < sizeof envelope / sizeof *envelope; i++) {
        const struct json *member = json_member(event, envelope[i]);
        if (member && member->text.len)
            count_member(sample, slice_of(envelope[i]), member, true);
    }
    for (uint32_t i = 0; fields && fields->kind == JSON_OBJECT && i < fields->count; i++)
        count_member(sample, fields->children[i].name, &fields->children[i], false);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int compare_fields(const void *a_ref, const void *b_ref)
{
    const struct field *a = *(const struct field *const *)a_ref;
    const struct field *b = *(const struct field *const *)b_ref;

    if (a->envelope != b->envelope)
        return a->envelope ? -1 : 1;
    if (!a->envelope && a->events != b->events)
        return a->events > b->events ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

static int compare_values(const void *a_ref, const void *b_ref)
{
    const struct value *a = *(const struct value *const *)a_ref;
    const struct value *b = *(const struct value *const *)b_ref;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return slice_compare(a->text, b->text);
}

static void **sorted(struct arena *arena, const struct map *map,
                     int (*compare)(const void *, const void *), size_t *count_out)
{
    void **list = arena_array(arena, map->count + 1, sizeof *list);
    struct map_entry *entry;

    *count_out = 0;
    for (size_t i = 0; list && (entry = map_next(map, &i));)
        list[(*count_out)++] = entry->value;
    if (*count_out)
        qsort(list, *count_out, sizeof *list, compare);
    return list;
}

static void field_put(struct sample *sample, struct search_names *names, const struct field *field,
                      size_t most)
{
    struct json_writer *json = &sample->call->json;
    size_t count;
    void **values = sorted(sample->call->arena, &field->values, compare_values, &count);

    json_open_object(json);
    json_text_member(json, "field", field->name);
    json_integer_member(json, "events", (int64_t)field->events);
    json_integer_member(json, "distinct", (int64_t)field->values.count);
    json_open_array_member(json, "values");
    for (size_t i = 0; i < count && i < most; i++) {
        const struct value *value = values[i];
        struct slice label = SLICE_NONE;
        if (field->envelope)
            label = search_name(sample->call, names, field->name, value->text);
        json_open_object(json);
        json_text_member(json, "value", value->text);
        shape_text_or_null(json, "label", slice_equal(label, value->text) ? SLICE_NONE : label);
        json_integer_member(json, "count", (int64_t)value->count);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}

void sample_put(struct sample *sample, struct search_names *names, size_t values)
{
    struct json_writer *json = &sample->call->json;
    size_t count;
    void **fields = sorted(sample->call->arena, &sample->fields, compare_fields, &count);

    json_integer_member(json, "sampled", (int64_t)sample->events);
    json_open_array_member(json, "items");
    for (size_t i = 0; i < count && i < FIELDS_MOST; i++)
        field_put(sample, names, fields[i], values);
    json_close_array(json);
}
