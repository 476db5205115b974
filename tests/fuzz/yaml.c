#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    struct yaml *documents;
    uint32_t count;
    struct error e = ERROR_NONE;
    arena_init(&arena, 16u << 20);
    yaml_parse("fuzz.yml", slice_from(data, size), &arena, &documents, &count, &e);
    return 0;
}
