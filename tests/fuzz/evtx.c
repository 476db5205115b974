/* One chunk of an event log. The input is what stands behind the chunk's head. */
#include <stdlib.h>
#include <string.h>

#include "event/evtx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(void *owner, struct event *event, uint64_t record)
{
    volatile unsigned *sum = owner;
    (void)record;
    for (uint32_t i = 0; i < event->field_count; i++)
        for (size_t k = 0; k < event->fields[i].value.len; k++)
            *sum += (unsigned char)event->fields[i].value.data[k];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = EVTX_HEAD + 512 + size;
    if (size > EVTX_CHUNK - 512)
        return 0;
    char *file = calloc(1, len);
    volatile unsigned sum = 0;
    struct evtx_sink sink = { look, (void *)(uintptr_t)&sum };
    struct error e = ERROR_NONE;
    uint32_t chunks;
    if (!file)
        return 0;
    memcpy(file, "ElfFile", 8);
    memcpy(file + EVTX_HEAD, "ElfChnk", 8);
    file[EVTX_HEAD + 0x78] = 1; /* dirty: checksums say nothing */
    uint32_t end = (uint32_t)(512 + size);
    memcpy(file + EVTX_HEAD + 0x30, &end, sizeof end);
    memcpy(file + EVTX_HEAD + 512, data, size);
    if (evtx_open(slice_from(file, len), &chunks, &e))
        evtx_read_chunk(slice_from(file, len), 0, &sink, &e);
    free(file);
    return 0;
}
