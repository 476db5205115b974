#include "api/shape.h"

/* An array of one field's values is shown as one text; the raw record beside it has the shape. */
static void array_put(struct api_call *call, const struct json *array)
{
    BUFFER_AUTO out;

    buffer_init(&out, 1u << 20);
    for (uint32_t i = 0; i < array->count; i++) {
        const struct json *one = &array->children[i];
        if (i)
            buffer_add(&out, SLICE(", "));
        if (one->kind == JSON_TEXT)
            buffer_add(&out, one->text);
        else if (one->kind == JSON_INTEGER)
            buffer_print(&out, "%lld", (long long)one->integer);
        else if (one->kind == JSON_NUMBER)
            buffer_print(&out, "%.17g", one->number);
        else if (one->kind == JSON_BOOLEAN)
            buffer_add(&out, one->boolean ? SLICE("true") : SLICE("false"));
    }
    json_put_text(&call->json, buffer_slice(&out));
}

static void value_put(struct api_call *call, const struct json *value)
{
    struct json_writer *json = &call->json;

    switch (value->kind) {
    case JSON_BOOLEAN:
        json_put_boolean(json, value->boolean);
        break;
    case JSON_INTEGER:
        json_put_integer(json, value->integer);
        break;
    case JSON_NUMBER:
        json_put_number(json, value->number);
        break;
    case JSON_TEXT:
        json_put_text(json, value->text);
        break;
    case JSON_ARRAY:
        array_put(call, value);
        break;
    case JSON_NULL:
    case JSON_OBJECT:
        json_put_null(json);
        break;
    }
}

void shape_event_put(struct api_call *call, const struct shape_event *event)
{
    struct json_writer *json = &call->json;
    const struct json *fields = event->fields;

    json_open_object(json);
    json_text_member(json, "id", event->id);
    json_time_member(json, "time", event->time);
    json_time_member(json, "received", event->received);
    shape_agency(call, "agency", event->agency);
    shape_ref_member(json, "system", event->system, event->system_name, SLICE_NONE);
    shape_ref_member(json, "source", event->source, event->source_name, SLICE_NONE);
    shape_text_or_null(json, "decoder", event->decoder);
    shape_text_or_null(json, "product", event->product);
    shape_text_or_null(json, "category", event->category);
    shape_text_or_null(json, "service", event->service);
    json_text_member(json, "raw", event->raw);
    json_open_object_member(json, "fields");
    for (uint32_t i = 0; fields && fields->kind == JSON_OBJECT && i < fields->count; i++) {
        json_name_slice(json, fields->children[i].name);
        value_put(call, &fields->children[i]);
    }
    json_close_object(json);
    json_close_object(json);
}
