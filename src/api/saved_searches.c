#include "records/saved_search.h"

#include "api/resource.h"
#include "api/shape.h"

static void search_put(struct api_call *call, const struct records_saved_search *search)
{
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_integer_member(json, "id", search->id);
    json_text_member(json, "name", search->name);
    json_text_member(json, "query", search->query);
    json_integer_member(json, "minutes", search->minutes);
    json_boolean_member(json, "shared", search->shared);
    json_text_member(json, "owner", search->owner);
    json_boolean_member(json, "mine", slice_equal(search->owner, call->actor.user));
    json_time_member(json, "changed", search->changed_at);
    json_close_object(json);
}

bool api_search_list(struct api_call *call)
{
    struct records_saved_search *rows;
    struct json_writer *json = &call->json;
    uint32_t count;

    if (!records_saved_search_list(call->records, &call->actor, call->arena, &rows, &count,
                                   &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < count; i++)
        search_put(call, &rows[i]);
    json_close_array(json);
    json_close_object(json);
    return true;
}

static bool save(struct api_call *call, struct records_saved_search *search)
{
    int64_t id;

    if (!records_saved_search_put(call->records, &call->actor, search, &id, &call->error) ||
        !records_saved_search_get(call->records, &call->actor, id, call->arena, search,
                                  &call->error))
        return false;
    search_put(call, search);
    return true;
}

bool api_search_save(struct api_call *call)
{
    struct records_saved_search search = {
        .name = api_text(call, "name"), .query = api_text(call, "query"),
        .minutes = api_number(call, "minutes"), .shared = api_number(call, "shared") != 0,
    };

    call->status = 201;
    return save(call, &search);
}

bool api_search_change(struct api_call *call)
{
    struct records_saved_search search;

    if (!records_saved_search_get(call->records, &call->actor, api_number(call, "search"),
                                  call->arena, &search, &call->error))
        return false;
    if (api_given(call, "name"))
        search.name = api_text(call, "name");
    if (api_given(call, "query"))
        search.query = api_text(call, "query");
    if (api_given(call, "minutes"))
        search.minutes = api_number(call, "minutes");
    if (api_given(call, "shared"))
        search.shared = api_number(call, "shared") != 0;
    return save(call, &search);
}

bool api_search_drop(struct api_call *call)
{
    call->status = 204;
    return records_saved_search_drop(call->records, &call->actor, api_number(call, "search"),
                                     &call->error);
}
