/* detect_memory - memory of blocks that are done with, for the next ones: fresh memory costs more than to
 * read into it. One thread at a time. */
#ifndef CLI_DETECT_MEMORY_H
#define CLI_DETECT_MEMORY_H

#include <stddef.h>

#define BLOCK_SPARES 8u
#define BLOCK_SPARE_MOST (4u * 1024 * 1024)  /* what one huge record took is not kept */

struct block_memory {
    struct { char *bytes; size_t capacity; } spare[BLOCK_SPARES];
    unsigned count;
};

/* Takes memory that malloc gave; bytes may be NULL. */
void block_memory_put(struct block_memory *memory, char *bytes, size_t capacity);
/* At least *capacity_io bytes, and how many it is; the caller's (block_memory_put or free). NULL: none. */
char *block_memory_take(struct block_memory *memory, size_t *capacity_io);
void block_memory_free(struct block_memory *memory);

#endif
