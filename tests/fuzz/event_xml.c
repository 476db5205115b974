/* An event in XML: total, bounded, values never outside what was given. */
#include <stdlib.h>

#include "event/event_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, 16u * 1024 * 1024);
    char *exact = malloc(size + 1);
    if (!exact)
        return 0;
    if (size)
        memcpy(exact, data, size);
    struct field_list list = { .arena = &arena };
    size_t total = 0;
    event_xml_parse(slice_from(exact, size), &list);
    for (uint32_t i = 0; i < list.count; i++)
        total += list.items[i].value.len;
    if (total > size) /* each byte of the text stands in one value at most */
        abort();
    free(exact);
    return 0;
}
