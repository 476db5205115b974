/* JSON records of any bytes: no crash, and every field's bytes may be read. */
#include "event/json_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    struct event_field *fields;
    uint32_t count;
    struct error e = ERROR_NONE;
    volatile unsigned sum = 0;
    arena_init(&arena, 64u * 1024 * 1024);
    if (json_event_decode(slice_from(data, size), &arena, &fields, &count, &e))
        for (uint32_t i = 0; i < count; i++) {
            for (size_t k = 0; k < fields[i].name.len; k++)
                sum += (unsigned char)fields[i].name.data[k];
            for (size_t k = 0; k < fields[i].value.len; k++)
                sum += (unsigned char)fields[i].value.data[k];
        }
    return 0;
}
