/* A report's template from outside. */
#include "report/docx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "name", "count" };
    static const struct slice records[] = { { "a", 1 }, { "b\nc", 3 }, { "<d>", 3 }, { "", 0 } };
    static const struct docx_field fields[] = { { "issuer", { "x", 1 } }, { "period", { "\x01", 1 } } };
    static const struct docx_list lists[] = { { "rows", names, 2, records, 2 } };
    static const struct docx_values values = { fields, 2, lists, 1 };
    struct error e = ERROR_NONE;
    BUFFER_AUTO out;

    buffer_init(&out, 8u << 20);
    docx_fill(slice_from(data, size), &values, &out, &e);
    return 0;
}
