/* Framing: whatever the bytes and however they are dealt out, the records are the same, lie within the
 * bytes, and are no longer than the limit. The first byte chooses the step. */
#include <stdlib.h>

#include "base/buffer.h"
#include "intake/framing.h"
#include "intake/limit.h"

static void frame(struct slice text, size_t step, struct buffer *out)
{
    struct framing framing = { 0 };
    struct framing_record record;
    size_t eaten, start = 0, have = 0;

    for (;;) {
        bool ended = have >= text.len;
        struct slice bytes = slice_cut(text, start, ended ? text.len : have);
        bool found = framing_next(&framing, bytes, ended, &record, &eaten);
        if (eaten > bytes.len || (found && record.bytes.len > INTAKE_LINE_MOST))
            abort();
        if (found && record.bytes.len) {
            if (record.bytes.data < bytes.data ||
                record.bytes.data + record.bytes.len > bytes.data + bytes.len)
                abort();
            buffer_add(out, record.bytes);
            buffer_add_byte(out, record.cut ? '+' : '|');
        }
        start += eaten;
        if (found || eaten)
            continue;
        if (ended)
            return;
        have += step;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    BUFFER_AUTO whole;
    BUFFER_AUTO parts;

    buffer_init(&whole, 4 * size + 1024);
    buffer_init(&parts, 4 * size + 1024);
    if (size > 1) {
        struct slice text = slice_from(data + 1, size - 1);
        frame(text, text.len, &whole);
        frame(text, (size_t)data[0] + 1, &parts);
        if (!slice_equal(buffer_slice(&whole), buffer_slice(&parts)))
            abort();
    }
    return 0;
}
