/* The syslog header: whatever comes, the parts lie within the text. */
#include <stdlib.h>

#include "base/clock.h"
#include "event/syslog.h"

static void within(struct slice part, struct slice text)
{
    if (part.len && (part.data < text.data || part.data + part.len > text.data + text.len))
        if (part.len > 1 || part.data[0] != '\0')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_from(data, size);
    struct syslog_header h;
    struct slice id = SLICE(""), name, value;

    syslog_parse(text, INT64_C(1795480262) * CLOCK_SECOND, CLOCK_ZONE, &h);
    within(h.host, text);
    within(h.program, text);
    within(h.pid, text);
    within(h.message, text);
    for (struct slice rest = h.data; syslog_parameter(&rest, &id, &name, &value);) {
        within(name, text);
        within(value, text);
    }
    return 0;
}
