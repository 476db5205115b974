#include "serve/query_wire.h"

#include <stdio.h>

void query_wire_request(const struct api_search_request *request, struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    if (request->id)
        json_text_member(&w, "id", slice_of(request->id));
    json_text_member(&w, "query", request->query);
    json_integer_member(&w, "from", request->from);
    json_integer_member(&w, "to", request->to);
    json_boolean_member(&w, "all", request->all);
    json_text_member(&w, "scope", request->scope);
    json_text_member(&w, "agency", request->agency);
    json_text_member(&w, "source", request->source);
    json_integer_member(&w, "limit", (int64_t)request->limit);
    json_integer_member(&w, "buckets", request->buckets);
    json_text_member(&w, "before", request->before);
    json_integer_member(&w, "before_time", request->before_time);
    json_integer_member(&w, "budget_ms", request->budget_ms);
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

void query_wire_error(const struct error *e, struct buffer *out)
{
    struct json_writer w;
    buffer_add_byte(out, 'X');
    json_writer_init(&w, out);
    json_open_object(&w);
    json_integer_member(&w, "kind", e->kind);
    json_text_member(&w, "place", slice_of(e->place));
    json_text_member(&w, "sentence", slice_of(e->sentence));
    json_text_member(&w, "sentence_vi", slice_of(e->sentence_vi));
    json_text_member(&w, "hint", slice_of(e->hint));
    json_text_member(&w, "hint_vi", slice_of(e->hint_vi));
    json_close_object(&w);
    buffer_add_byte(out, '\n');
}

static void take(const struct json *json, const char *name, char *out, size_t size)
{
    snprintf(out, size, "%.*s", SLICE_ARGS(json_member_text(json, name)));
}

void query_wire_read_error(struct slice text, struct error *e)
{
    ARENA_AUTO arena;
    struct json *json;
    arena_init(&arena, 1024 * 1024);
    if (!e || e->set)
        return;
    if (!json_parse(text, &arena, &json, NULL)) {
        error_set(e, "the search ended with an answer that cannot be read");
        return;
    }
    e->set = true;
    e->kind = (enum error_kind)json_integer(json_member(json, "kind"), ERROR_FAILED);
    take(json, "place", e->place, sizeof e->place);
    take(json, "sentence", e->sentence, sizeof e->sentence);
    take(json, "sentence_vi", e->sentence_vi, sizeof e->sentence_vi);
    take(json, "hint", e->hint, sizeof e->hint);
    take(json, "hint_vi", e->hint_vi, sizeof e->hint_vi);
}
