/* One chunk of an event log. The input is what stands behind the chunk's head. What an event calls
 * its texts has to hold each of its values, or keywords would be missed. */
#include <stdlib.h>
#include <string.h>

#include "event/evtx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(void *owner, struct event *event, uint64_t record)
{
    volatile unsigned *sum = owner;
    (void)record;
    for (uint32_t i = 0; event->texts.len && i < event->field_count; i++) {
        struct slice value = event->fields[i].value;
        if (value.len && slice_find(event->texts, value) == event->texts.len)
            abort();
    }
    for (uint32_t i = 0; i < event->field_count; i++) {
        for (size_t k = 0; k < event->fields[i].name.len; k++)
            *sum += (unsigned char)event->fields[i].name.data[k];
        for (size_t k = 0; k < event->fields[i].value.len; k++)
            *sum += (unsigned char)event->fields[i].value.data[k];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = 512 + size;
    if (len > EVTX_CHUNK)
        return 0;
    char *bytes = calloc(1, len);
    volatile unsigned sum = 0;
    struct evtx_sink sink = { look, (void *)(uintptr_t)&sum };
    struct evtx_reader *reader = evtx_reader_new();
    struct error e = ERROR_NONE;
    if (bytes && reader) {
        uint32_t end = (uint32_t)len;
        memcpy(bytes, "ElfChnk", 8);
        memcpy(bytes + 0x30, &end, sizeof end);
        if (size)
            memcpy(bytes + 512, data, size);
        struct evtx_chunk chunk = { .bytes = slice_from(bytes, len), .dirty = true };
        evtx_read_chunk(reader, &chunk, &sink, &e);
    }
    evtx_reader_free(&reader);
    free(bytes);
    return 0;
}
