#include "api/resource.h"
#include "api/shape.h"

bool api_source_list(struct api_call *call)
{
    struct records_page page = api_page(call);
    struct records_source_list list;
    struct json_writer *json = &call->json;
    struct records_source_filter filter = {
        .agency = api_text(call, "agency"),
        .system = api_text(call, "system"),
        .health = api_text(call, "health"),
        .words = api_text(call, "words"),
    };

    if (!api_agency_allowed(call, filter.agency) ||
        !records_source_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                             &call->error))
        return false;
    json_open_object(json);
    json_name(json, "items");
    json_open_array(json);
    for (uint32_t i = 0; i < list.count; i++) {
        json_open_object(json);
        shape_source(call, &list.rows[i]);
        json_close_object(json);
    }
    json_close_array(json);
    shape_next(json, list.next);
    json_integer_member(json, "total", (int64_t)list.total);
    shape_health(json, "counts", &list.counts);
    shape_connect(call, "connect", NULL);
    json_close_object(json);
    return true;
}

bool api_source_get(struct api_call *call)
{
    struct records_source source;
    struct json_writer *json = &call->json;

    if (!records_source_get(call->records, &call->scope, api_text(call, "source"), call->arena,
                            &source, &call->error))
        return false;
    json_open_object(json);
    shape_source(call, &source);
    json_name(json, "addresses");
    json_open_array(json);
    if (source.network.len)
        json_put_text(json, source.network);
    json_close_array(json);
    json_boolean_member(json, "token", source.token_sha256.len > 0);
    shape_connect(call, "connect", &source);
    json_name(json, "lines");
    shape_events_link(json, SLICE(""), call->now - CLOCK_DAY, call->now, source.agency, source.key);
    json_close_object(json);
    return true;
}
