/* A compiled blob of any bytes is refused (or is whole): its checksum guards what is inside. */
#include "detect/ruleset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ruleset *ruleset = NULL;
    struct error e = ERROR_NONE;
    if (ruleset_open(slice_from(data, size), &ruleset, &e))
        ruleset_free(&ruleset);
    return 0;
}
