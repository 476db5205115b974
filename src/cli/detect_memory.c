#include "cli/detect_memory.h"

#include <stdlib.h>

void block_memory_put(struct block_memory *memory, char *bytes, size_t capacity)
{
    if (!bytes || capacity > BLOCK_SPARE_MOST || memory->count == BLOCK_SPARES) {
        free(bytes);
        return;
    }
    memory->spare[memory->count].bytes = bytes;
    memory->spare[memory->count++].capacity = capacity;
}

char *block_memory_take(struct block_memory *memory, size_t *capacity_io)
{
    for (unsigned i = 0; i < memory->count; i++) {
        if (memory->spare[i].capacity < *capacity_io)
            continue;
        char *bytes = memory->spare[i].bytes;
        *capacity_io = memory->spare[i].capacity;
        memory->spare[i] = memory->spare[--memory->count];
        return bytes;
    }
    return malloc(*capacity_io);
}

void block_memory_free(struct block_memory *memory)
{
    while (memory->count)
        free(memory->spare[--memory->count].bytes);
}
