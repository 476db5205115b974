/* What a relay sends: any bytes are read within their bounds, and what was read is written alike. */
#include <stdlib.h>

#include "event/relayed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_from(data, size);
    struct cursor c = cursor_over(bytes);
    struct relayed record = { .heard = 0 }, before = record, again = record;
    uint32_t count = 0, checked;
    BUFFER_AUTO out;

    buffer_init(&out, 1u << 24);
    relayed_begin(&out);
    while (relayed_next(&c, &record)) {
        relayed_put(&out, &record, count ? &before : NULL);
        before = record;
        count++;
    }
    if (relayed_check(bytes, &checked) && (c.failed || checked != count))
        abort();
    struct cursor back = cursor_over(buffer_slice(&out));
    uint32_t same = 0;
    while (relayed_next(&back, &again))
        same++;
    if (!out.failed && same && !w3c_header_equal(&again.header, &before.header))
        abort();
    /* a source whose length reads as the magic cannot come from bytes so short */
    if (!out.failed && (back.failed || same != count))
        abort();
    return 0;
}
