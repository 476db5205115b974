/* JSON records of any bytes: no crash, every field's bytes may be read, and a record read lazily is what
 * it is when read at once. */
#include <stdlib.h>

#include "event/json_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    struct event_field *fields;
    uint32_t count;
    struct error e = ERROR_NONE;
    volatile unsigned sum = 0;
    static struct json_reader *reader; /* it remembers names from one record to the next */
    struct event lazy = { .raw = slice_from(data, size) };
    arena_init(&arena, 64u * 1024 * 1024);
    if (!reader && !(reader = json_reader_new()))
        return 0;
    bool taken = json_event_lazy(reader, &lazy, &arena, &e);
    error_clear(&e);
    if (json_event_decode(slice_from(data, size), &arena, &fields, &count, &e) != taken)
        abort();
    for (uint32_t i = 0; taken && i < count; i++) {
        struct event_field *f = &lazy.fields[i];
        if (lazy.field_count != count || !json_event_settle(f, &arena) || f->kind != fields[i].kind ||
            !slice_equal(f->name, fields[i].name) || !slice_equal(f->value, fields[i].value))
            abort();
    }
    if (taken)
        for (uint32_t i = 0; i < count; i++) {
            for (size_t k = 0; k < fields[i].name.len; k++)
                sum += (unsigned char)fields[i].name.data[k];
            for (size_t k = 0; k < fields[i].value.len; k++)
                sum += (unsigned char)fields[i].value.data[k];
        }
    return 0;
}
