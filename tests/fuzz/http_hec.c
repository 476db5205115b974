/* Splunk's HEC: envelopes that follow each other, raw lines, and what is asked of acknowledgements. The
 * first byte chooses the path. Every answer is JSON. */
#include "http_faces.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = { "/services/collector/event", "/services/collector/raw",
                                         "/services/collector/ack", "/services/collector" };
    ARENA_AUTO arena;
    struct slice body;
    struct json *json;

    arena_init(&arena, 64u << 20);
    if (size == 0)
        return 0;
    unsigned status = faces_post(paths[data[0] & 3], slice_from(data + 1, size - 1), &body);
    if (status != 200)
        return 0;
    if (!json_parse(body, &arena, &json, NULL) || json->kind != JSON_OBJECT)
        abort();
    if ((data[0] & 3) == 2 && !json_member(json, "acks"))
        abort();
    return 0;
}
