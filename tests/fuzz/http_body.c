/* Bodies of HTTP intake: inflating with a small ceiling, and finding records. The first byte chooses the
 * encoding. Records lie within the text, in order. */
#include <stdlib.h>

#include "intake/body.h"

static void records(struct slice text, bool (*next)(struct slice *, struct slice *))
{
    struct slice rest = text, record;
    const char *at = text.data;

    while (next(&rest, &record)) {
        if (record.len == 0 || record.data < at || record.data + record.len > text.data + text.len)
            abort();
        at = record.data + record.len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const encodings[] = { "", "gzip", "deflate", "zstd" };
    BUFFER_AUTO out;
    struct slice text;
    bool too_large;

    buffer_init(&out, 1024 * 1024);
    if (size && body_inflate(slice_from(data + 1, size - 1), slice_of(encodings[data[0] & 3]), &out,
                             &text, &too_large, NULL)) {
        records(text, body_next_line);
        records(text, body_next_value);
    }
    return 0;
}
