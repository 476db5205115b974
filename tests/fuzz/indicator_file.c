/* Lists, CSV, STIX and MISP files: nothing in a feed breaks its reader, and each value that it takes
 * is read again as itself. */
#include <stdlib.h>

#include "exchange/indicator_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *owner, const struct indicator_item *item)
{
    struct arena *arena = owner;
    struct indicator again;
    struct error e = ERROR_NONE;
    arena_clear(arena);
    if (!indicator_read(item->indicator.value, item->indicator.type, arena, &again, &e) ||
        again.type != item->indicator.type || !slice_equal(again.key, item->indicator.key))
        abort();
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, 0);
    struct indicator_file file = { "feed", slice_from(data, size), take, NULL, &arena };
    struct indicator_file_count count;
    struct error e = ERROR_NONE;
    indicator_file_read(&file, &count, &e);
    return 0;
}
