/* Why a rule matched, as openapi.yaml says it: of an alert, and of a back-test's examples. */
#include "api/shape.h"
#include "base/yaml.h"

/* Of a threat indicator: whose it is, how sure, who may know. */
static void indicator_put(struct json_writer *json, const struct json *one)
{
    struct slice source = json_member_text(one, "source"), note = json_member_text(one, "note");

    if (!json_member(one, "confidence"))
        return;
    json_text_member(json, "source", source);
    json_integer_member(json, "confidence", json_integer(json_member(one, "confidence"), 0));
    json_text_member(json, "tlp", json_member_text(one, "tlp"));
    shape_text_or_null(json, "note", note);
    shape_text_or_null(json, "valid_until", json_member_text(one, "valid_until"));
}

void shape_why(struct json_writer *json, const struct json *why)
{
    json_open_array_member(json, "why");
    for (uint32_t i = 0; why && why->kind == JSON_ARRAY && i < why->count; i++) {
        const struct json *one = json_element(why, i);
        if (json_boolean(json_member(one, "not"), false))
            continue; /* a filter that did not apply: no part of what matched */
        json_open_object(json);
        json_text_member(json, "selection", json_member_text(one, "selection"));
        shape_text_or_null(json, "field", json_member_text(one, "field"));
        json_text_member(json, "value", json_member_text(one, "value"));
        shape_text_or_null(json, "pattern", json_member_text(one, "pattern"));
        json_integer_member(json, "event", json_integer(json_member(one, "event"), 0));
        indicator_put(json, one);
        json_close_object(json);
    }
    json_close_array(json);
}

/* What the correlation's condition asks for: the first of gte, gt, … of the rule's text. */
static int64_t threshold_of(const struct json *why, const struct yaml *rule)
{
    const struct yaml *condition = yaml_member(yaml_member(rule, "correlation"), "condition");
    static const char *const operators[] = { "gte", "gt", "eq", "lte", "lt" };
    int64_t number;

    if (json_member(why, "threshold"))
        return json_integer(json_member(why, "threshold"), 0);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (yaml_member(condition, operators[i]) &&
            yaml_to_integer(yaml_member(condition, operators[i]), &number))
            return number;
    return json_integer(json_member(why, "count"), 0);
}

void shape_correlation(struct json_writer *json, const struct json *why, const struct yaml *rule)
{
    const struct json *group = json_member(why, "group");

    json_name(json, "correlation");
    if (!why || why->kind != JSON_OBJECT) {
        json_put_null(json);
        return;
    }
    json_open_object(json);
    json_text_member(json, "type", json_member_text(why, "type"));
    json_integer_member(json, "count", json_integer(json_member(why, "count"), 0));
    json_integer_member(json, "threshold", threshold_of(why, rule));
    json_integer_member(json, "timespan_seconds",
                        json_integer(json_member(why, "timespan_s"), 0));
    json_open_array_member(json, "group_by");
    for (uint32_t i = 0; group && group->kind == JSON_OBJECT && i < group->count; i++) {
        json_open_object(json);
        json_text_member(json, "field", group->children[i].name);
        json_text_member(json, "value", json_text(&group->children[i], SLICE("")));
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
}
