#include "api/resource.h"
#include "api/shape.h"

static void user_put(struct api_call *call, const struct records_user *user)
{
    struct json_writer *json = &call->json;

    json_open_object(json);
    json_text_member(json, "name", user->name);
    json_text_member(json, "display_name", user->full_name);
    json_text_member(json, "role", slice_of(role_name(user->role)));
    shape_agency(call, "agency", user->agency);
    json_text_member(json, "language", user->language);
    json_boolean_member(json, "disabled", user->disabled);
    json_time_member(json, "created", user->created_at);
    json_time_member(json, "last_login", user->last_login);
    json_close_object(json);
}

bool api_user_list(struct api_call *call)
{
    struct records_page page = api_page(call);
    struct records_user_list list;
    struct json_writer *json = &call->json;
    enum role role = 0;

    if (api_given(call, "role"))
        role_parse(api_text(call, "role"), &role);
    if (!records_user_list(call->records, api_text(call, "words"), role, &page, call->arena, &list,
                           &call->error))
        return false;
    shape_list_open(json);
    for (uint32_t i = 0; i < list.count; i++)
        user_put(call, &list.rows[i]);
    shape_list_close(json, list.next, list.total);
    json_close_object(json);
    return true;
}

bool api_user_add(struct api_call *call)
{
    char password[RECORDS_PASSWORD_TEXT];
    struct json_writer *json = &call->json;
    struct records_user user = {
        .name = api_text(call, "name"),
        .full_name = api_text(call, "display_name"),
        .agency = api_text(call, "agency"),
        .language = api_text(call, "language"),
    };

    role_parse(api_text(call, "role"), &user.role);
    if (user.role == ROLE_AGENCY && user.agency.len == 0)
        return api_fail(call, 400, "input_wrong", "agency", "'%s' is missing", "agency");
    if (user.role != ROLE_AGENCY && user.agency.len)
        return api_fail(call, 400, "input_wrong", "agency", "only the role agency has an agency");
    records_password_make(password);
    if (!records_user_add(call->records, &call->actor, &user, slice_of(password), &call->error) ||
        !records_user_get(call->records, user.name, call->arena, &user, &call->error))
        return false;
    call->status = 201;
    json_open_object(json);
    json_name(json, "user");
    user_put(call, &user);
    json_text_member(json, "password", slice_of(password));
    json_close_object(json);
    return true;
}

bool api_user_change(struct api_call *call)
{
    struct slice name = api_text(call, "user");
    struct records_user user;

    if (!records_user_disable(call->records, &call->actor, name, api_number(call, "disabled") != 0,
                              &call->error) ||
        !records_user_get(call->records, name, call->arena, &user, &call->error))
        return false;
    user_put(call, &user);
    return true;
}
