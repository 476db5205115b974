#include "event/losses.h"

#include <stdio.h>

void losses_write(const struct losses *l, struct json_writer *w)
{
    json_open_object(w);
    json_integer_member(w, "events", (int64_t)l->events);
    json_integer_member(w, "unknown", (int64_t)l->unknown);
    json_integer_member(w, "dropped", (int64_t)l->dropped);
    json_integer_member(w, "regex_limit", (int64_t)l->regex_limit);
    json_integer_member(w, "cut", (int64_t)l->cut);
    json_open_array_member(w, "sources");
    for (uint32_t i = 0; i < l->source_count; i++) {
        json_open_object(w);
        json_text_member(w, "name", slice_of(l->sources[i].name));
        json_integer_member(w, "events", (int64_t)l->sources[i].events);
        json_close_object(w);
    }
    json_close_array(w);
    json_close_object(w);
}

static uint64_t number(const struct json *json, const char *name)
{
    return (uint64_t)json_integer(json_member(json, name), 0);
}

bool losses_read(const struct json *json, struct losses *l)
{
    const struct json *sources = json_member(json, "sources"), *one;
    *l = (struct losses){
        .events = number(json, "events"), .unknown = number(json, "unknown"),
        .dropped = number(json, "dropped"), .regex_limit = number(json, "regex_limit"),
        .cut = number(json, "cut"),
    };
    while (l->source_count < LOSSES_NAMES && (one = json_element(sources, l->source_count))) {
        struct losses_source *source = &l->sources[l->source_count++];
        struct slice name = json_member_text(one, "name");
        snprintf(source->name, sizeof source->name, "%.*s", SLICE_ARGS(name));
        source->events = number(one, "events");
    }
    return json && json->kind == JSON_OBJECT;
}
