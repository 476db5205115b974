/* A template of what senders get. */
#include "enrol/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct template_value values[] = { { "source", { "a", 1 } }, { "none", { "", 0 } } };
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;
    bool lacking;

    buffer_init(&out, 1u << 20);
    template_fill(slice_from(data, size), "t", values, 2, &out, &lacking, &e);
    return 0;
}
