#include "serve/query_wire.h"

#include "serve/error_json.h"


void query_wire_request(const struct api_search_request *request, struct buffer *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    if (request->id)
        json_text_member(&w, "id", slice_of(request->id));
    if (request->rule.len) {
        json_text_member(&w, "rule", request->rule);
        json_text_member(&w, "beside", request->beside);
        json_integer_member(&w, "days", request->days);
    }
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
    json_integer_member(&w, "budget_bytes", (int64_t)request->budget_bytes);
    json_integer_member(&w, "budget_rows", (int64_t)request->budget_rows);
    json_boolean_member(&w, "explain", request->explain);
    json_boolean_member(&w, "live", request->live);
    json_close_object(&w);
}

void query_wire_error(const struct error *e, struct buffer *out)
{
    struct json_writer w;
    buffer_add_byte(out, 'X');
    json_writer_init(&w, out);
    error_json_put(&w, e);
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
    error_json_get(json, e);
}
