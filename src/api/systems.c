#include "api/resource.h"
#include "api/shape.h"
#include "records/system.h"

bool api_system_list(struct api_call *call)
{
    char today[CALENDAR_DAY];
    struct records_page page = api_page(call);
    struct records_system_list list;
    struct json_writer *json = &call->json;
    struct records_system_filter filter = {
        .agency = api_text(call, "agency"),
        .level = (int)api_number(call, "level"),
        .health = api_text(call, "health"),
        .words = api_text(call, "words"),
    };

    calendar_day_text(call->now, today);
    filter.alive = slice_of(today);
    if (!api_agency_allowed(call, filter.agency) ||
        !records_system_list(call->records, &call->scope, &filter, &page, call->arena, &list,
                             &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < list.count; i++) {
        json_open_object(json);
        shape_system(call, &list.rows[i]);
        json_close_object(json);
    }
    shape_list_close(json, list.next, list.total);
    json_close_object(json);
    return true;
}

bool api_system_get(struct api_call *call)
{
    struct slice key = api_text(call, "system");
    struct records_system system;
    struct records_source_filter filter = { .system = key };
    struct records_page page = { .limit = RECORDS_LIMIT_MOST };
    struct records_source_list sources;
    struct json_writer *json = &call->json;

    if (!records_system_get(call->records, &call->scope, key, call->arena, &system,
                            &call->error) ||
        !records_source_list(call->records, &call->scope, &filter, &page, call->arena, &sources,
                             &call->error))
        return false;
    json_open_object(json);
    shape_system(call, &system);
    json_open_array_member(json, "source_list");
    for (uint32_t i = 0; i < sources.count; i++) {
        json_open_object(json);
        shape_source(call, &sources.rows[i]);
        json_close_object(json);
    }
    json_close_array(json);
    json_close_object(json);
    return true;
}
