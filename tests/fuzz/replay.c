/* Runs a fuzz target over the files named in the arguments; a fault ends the program. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        ARENA_AUTO arena;
        struct slice bytes;
        struct error e = ERROR_NONE;
        arena_init(&arena, ARENA_NO_CEILING);
        if (!file_read(argv[i], 64u << 20, &arena, &bytes, &e)) {
            fprintf(stderr, "%s\n", e.sentence);
            return 3;
        }
        uint8_t *exact = malloc(bytes.len ? bytes.len : 1); /* so that ASan sees a read behind it */
        if (!exact)
            return 3;
        memcpy(exact, bytes.data, bytes.len);
        LLVMFuzzerTestOneInput(exact, bytes.len);
        free(exact);
    }
    printf("%d inputs\n", argc - 1);
    return 0;
}
