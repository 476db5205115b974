#include "api/resource.h"

bool api_ping(struct api_call *call)
{
    json_open_object(&call->json);
    json_text_member(&call->json, "name", SLICE("haidang"));
    json_text_member(&call->json, "version", SLICE(HAIDANG_VERSION));
    json_close_object(&call->json);
    return true;
}
