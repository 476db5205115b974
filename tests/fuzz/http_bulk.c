/* Elasticsearch's _bulk: pairs of operation and document, whole and broken. Every answer is JSON, and no
 * item in it is ever refused, since shippers drop what is. */
#include "http_faces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    struct slice body;
    struct json *json;

    arena_init(&arena, 64u << 20);
    unsigned status = faces_post("/_bulk", slice_from(data, size), &body);
    if (status != 200)
        return 0;
    if (!json_parse(body, &arena, &json, NULL) || json_boolean(json_member(json, "errors"), true))
        abort();
    const struct json *items = json_member(json, "items");
    for (uint32_t i = 0; items && i < items->count; i++)
        if (json_integer(json_member(&items->children[i].children[0], "status"), 0) != 201)
            abort();
    return 0;
}
