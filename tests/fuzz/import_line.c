/* Lines for `archive import`: whatever comes, and what is taken is written and read again as the same. */
#include <stdlib.h>

#include "archive/import_line.h"
#include "archive/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    BUFFER_AUTO first, second;
    struct search_event event = { .event = { .flags = 0 } };
    struct error e = ERROR_NONE;
    arena_init(&arena, 0);
    buffer_init(&first, 0);
    buffer_init(&second, 0);
    if (!import_line_read(slice_from(data, size), &arena, &event.event, &event.id, &e))
        return 0;
    search_event_json(&event, &first);
    if (!import_line_read(buffer_slice(&first), &arena, &event.event, &event.id, &e))
        abort();
    search_event_json(&event, &second);
    if (!slice_equal(buffer_slice(&first), buffer_slice(&second)))
        abort();
    return 0;
}
