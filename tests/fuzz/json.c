#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    struct json *root;
    struct error e = ERROR_NONE;
    arena_init(&arena, 16u << 20);
    json_parse(slice_from(data, size), &arena, &root, &e);
    return 0;
}
