#include "api/value.h"

#include <assert.h>
#include <stdio.h>

#include "base/fold.h"
#include "base/log.h"

/* ---- reading one ----------------------------------------------------------------------------- */

static size_t characters(struct slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

static bool wrong(struct api_call *call, const struct api_field *field, const char *hint)
{
    error_set(&call->error, "'%s' is wrong", field->name);
    error_hint(&call->error, "%s", hint);
    error_kind(&call->error, ERROR_INPUT);
    return error_place(&call->error, "%s", field->name);
}

static bool is_key(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!alphanumeric && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return text.len > 0 && text.len <= 128;
}

static bool is_choice(const struct api_field *field, struct slice text)
{
    for (size_t i = 0; field->choices[i]; i++)
        if (slice_is(text, field->choices[i]))
            return true;
    return false;
}

static bool choice_wrong(struct api_call *call, const struct api_field *field)
{
    char list[200];
    size_t used = 0;

    list[0] = '\0';
    for (size_t i = 0; field->choices[i] && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                 field->choices[i]);
    error_set(&call->error, "'%s' is wrong", field->name);
    error_hint(&call->error, "one of: %s", list);
    error_kind(&call->error, ERROR_INPUT);
    return error_place(&call->error, "%s", field->name);
}

static bool is_period(struct slice text)
{
    struct period period;

    return period_parse(text, 0, &period);
}

static bool number_wrong(struct api_call *call, const struct api_field *field)
{
    error_set(&call->error, "'%s' is wrong", field->name);
    if (field->most)
        error_hint(&call->error, "a whole number from %lld to %lld", (long long)field->least,
                   (long long)field->most);
    else
        error_hint(&call->error, "a whole number from %lld on", (long long)field->least);
    error_kind(&call->error, ERROR_INPUT);
    return error_place(&call->error, "%s", field->name);
}

static bool length_wrong(struct api_call *call, const struct api_field *field)
{
    error_set(&call->error, "'%s' is wrong", field->name);
    error_hint(&call->error, "a text of %lld to %lld characters", (long long)field->least,
               (long long)field->most);
    error_kind(&call->error, ERROR_INPUT);
    return error_place(&call->error, "%s", field->name);
}

static bool read_integer(struct api_call *call, struct api_value *value, int64_t number)
{
    const struct api_field *field = value->field;

    if (number < field->least || (field->most && number > field->most))
        return number_wrong(call, field);
    value->number = number;
    return true;
}

/* Without the CR of line ends. */
static struct slice lf_only(struct arena *arena, struct slice text)
{
    char *copy;
    size_t len = 0;

    if (slice_find(text, SLICE("\r\n")) == text.len || !(copy = arena_alloc(arena, text.len)))
        return text;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '\r' || i + 1 == text.len || text.data[i + 1] != '\n')
            copy[len++] = text.data[i];
    return slice_from(copy, len);
}

static bool read_written(struct api_call *call, struct api_value *value, struct slice text)
{
    const struct api_field *field = value->field;
    bool lines = field->kind == API_LINES;

    text = slice_trim(fold_nfc(call->arena, lines ? lf_only(call->arena, text) : text));
    value->text = text;
    if (fold_find_unwritable(text) < text.len)
        return wrong(call, field, "a text without control characters");
    if (!lines && slice_find_byte(text, '\n') < text.len)
        return wrong(call, field, "a text of one line");
    if (characters(text) < (size_t)field->least || characters(text) > (size_t)field->most)
        return length_wrong(call, field);
    return true;
}

/* Of a parameter, and of a text in a body. */
static bool read_text(struct api_call *call, struct api_value *value, struct slice text)
{
    const struct api_field *field = value->field;
    struct slice rest, part;

    value->given = true;
    value->text = text;
    switch (field->kind) {
    case API_SECRET:
        return text.len >= (size_t)field->least && text.len <= (size_t)field->most
                   ? true : length_wrong(call, field);
    case API_TEXT:
    case API_LINES:
        return read_written(call, value, text);
    case API_KEY:
        return is_key(text) ? true : wrong(call, field, "small letters, digits, '.', '_' and '-'");
    case API_NAME:
        return is_key(text) && text.len >= 2 && text.len <= 64
                   ? true : wrong(call, field, "2 to 64 small letters, digits, '.', '_' and '-'");
    case API_INTEGER: {
        int64_t number;
        return slice_to_i64(text, &number) ? read_integer(call, value, number)
                                           : number_wrong(call, field);
    }
    case API_BOOLEAN:
        value->number = slice_is(text, "true");
        return value->number || slice_is(text, "false") ? true
                                                         : wrong(call, field, "true or false");
    case API_TIME:
        return text.len > 10 && clock_parse(text, &value->number)
                   ? true : wrong(call, field, "a time such as 2026-11-24T07:05:00+07:00");
    case API_DAY:
        return text.len == 10 && calendar_day_start(text, &value->number)
                   ? true : wrong(call, field, "a day such as 2026-11-24");
    case API_PERIOD:
        return is_period(text) ? true
                               : wrong(call, field, "a period: 2026, 2026-H1, 2026-Q3 or 2026-11");
    case API_CHOICE:
        return is_choice(field, text) ? true : choice_wrong(call, field);
    case API_CHOICES:
        for (rest = text; slice_split(&rest, ',', &part);)
            if (!is_choice(field, part))
                return choice_wrong(call, field);
        return true;
    case API_INTEGERS:
        break;
    }
    return wrong(call, field, "a list of whole numbers");
}

static bool read_list(struct api_call *call, struct api_value *value, const struct json *json)
{
    const struct api_field *field = value->field;

    if (json->kind != JSON_ARRAY || json->count > (uint64_t)field->most)
        return wrong(call, field, "a list of whole numbers");
    value->numbers = arena_array(call->arena, json->count + 1, sizeof *value->numbers);
    if (!value->numbers)
        return error_set(&call->error, "out of memory");
    for (uint32_t i = 0; i < json->count; i++) {
        const struct json *element = json_element(json, i);
        if (element->kind != JSON_INTEGER || element->integer < field->least)
            return wrong(call, field, "a list of whole numbers");
        value->numbers[value->count++] = element->integer;
    }
    value->given = true;
    return true;
}

static bool read_member(struct api_call *call, struct api_value *value, const struct json *json)
{
    const struct api_field *field = value->field;

    switch (field->kind) {
    case API_INTEGER:
        value->given = true;
        return json->kind == JSON_INTEGER ? read_integer(call, value, json->integer)
                                          : number_wrong(call, field);
    case API_BOOLEAN:
        value->given = true;
        value->number = json->boolean;
        return json->kind == JSON_BOOLEAN ? true : wrong(call, field, "true or false");
    case API_INTEGERS:
        return read_list(call, value, json);
    default:
        return json->kind == JSON_TEXT ? read_text(call, value, json->text)
                                       : wrong(call, field, "a text in quotation marks");
    }
}

/* ---- reading all ----------------------------------------------------------------------------- */

static bool missing(struct api_call *call, const struct api_field *field)
{
    error_set(&call->error, "'%s' is missing", field->name);
    error_kind(&call->error, ERROR_INPUT);
    return error_place(&call->error, "%s", field->name);
}

static bool fall_back(struct api_call *call, struct api_value *value)
{
    if (value->field->fallback) {
        if (!read_text(call, value, slice_of(value->field->fallback)))
            return false;
        value->given = false;
    }
    return true;
}

static const struct api_field *known(const struct api_field *fields, struct slice name)
{
    for (; fields && fields->name; fields++)
        if (slice_is(name, fields->name))
            return fields;
    return NULL;
}

enum surprise { UNKNOWN_PARAMETER, TWICE, UNKNOWN_MEMBER };

static bool surprised(struct api_call *call, struct slice name, enum surprise surprise)
{
    char text[64];

    log_printable(name, text, sizeof text);
    if (surprise == UNKNOWN_PARAMETER)
        error_set(&call->error, "there is no parameter '%s' here", text);
    else if (surprise == TWICE)
        error_set(&call->error, "the parameter '%s' stands there twice", text);
    else
        error_set(&call->error, "there is no member '%s' here", text);
    error_kind(&call->error, ERROR_INPUT);
    return error_place(&call->error, "%s", text);
}

static bool read_parameters(struct api_call *call, struct slice path)
{
    const struct api_route *route = call->route;
    const struct http_request *request = call->request;

    for (uint32_t i = 0; i < request->query_count; i++) {
        const struct http_pair *pair = &request->query[i];
        const struct api_field *field = known(route->fields, pair->name);
        if (!field || api_route_segment(route, path, field->name).data)
            return surprised(call, pair->name, UNKNOWN_PARAMETER);
        for (uint32_t j = 0; j < i; j++)
            if (slice_equal(request->query[j].name, pair->name))
                return surprised(call, pair->name, TWICE);
    }
    for (const struct api_field *field = route->fields; field->name; field++) {
        struct slice text = api_route_segment(route, path, field->name);
        struct api_value *value = &call->values[call->value_count++];
        assert(call->value_count <= API_VALUES_MOST);
        *value = (struct api_value){ .field = field };
        if (text.data) {
            /* A thing whose name cannot be is not there. */
            if (!read_text(call, value, text)) {
                error_clear(&call->error);
                return api_fail(call, 404, "not_found", NULL, "there is no such thing");
            }
            continue;
        }
        text = http_query(request, field->name);
        if (text.data ? !read_text(call, value, text) : !fall_back(call, value))
            return false;
    }
    return true;
}

static bool read_body(struct api_call *call)
{
    struct json *json;
    struct error e = ERROR_NONE;

    if (!slice_is(http_media_type(call->request), "application/json"))
        return api_fail(call, 400, "body_wrong", "body", "the body must be application/json");
    if (!json_parse(call->request->body, call->arena, &json, &e) || json->kind != JSON_OBJECT)
        return api_fail(call, 400, "body_wrong", "body", "the body must be one JSON object");
    for (uint32_t i = 0; i < json->count; i++)
        if (!known(call->route->body, json->children[i].name))
            return surprised(call, json->children[i].name, UNKNOWN_MEMBER);
    for (const struct api_field *field = call->route->body; field->name; field++) {
        const struct json *member = json_member(json, field->name);
        struct api_value *value = &call->values[call->value_count++];
        assert(call->value_count <= API_VALUES_MOST);
        *value = (struct api_value){ .field = field };
        if (!member && field->required)
            return missing(call, field);
        if (member ? !read_member(call, value, member) : !fall_back(call, value))
            return false;
    }
    return true;
}

bool api_values_read(struct api_call *call, struct slice path)
{
    call->value_count = 0;
    return read_parameters(call, path) && (!call->route->body || read_body(call));
}

/* ---- asking for one -------------------------------------------------------------------------- */

const struct api_value *api_value(const struct api_call *call, const char *name)
{
    for (uint32_t i = 0; i < call->value_count; i++)
        if (slice_is(slice_of(name), call->values[i].field->name))
            return &call->values[i];
    assert(!"the route declares no such field");
    return NULL;
}

struct slice api_text(const struct api_call *call, const char *name)
{
    return api_value(call, name)->text;
}

int64_t api_number(const struct api_call *call, const char *name)
{
    return api_value(call, name)->number;
}

bool api_given(const struct api_call *call, const char *name)
{
    return api_value(call, name)->given;
}
