/* Packages of evidence: whatever somebody hands in, the answer is whole, not whole, or no package; and
 * without the right signature nothing is whole. */
#include <stdlib.h>

#include "cases/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char nobodys[HEADS_PUBLIC] = { 1 };
    ARENA_AUTO arena;
    struct evidence_check check;
    struct error e = ERROR_NONE;
    arena_init(&arena, 256u << 20);
    if (evidence_check(slice_from(data, size), nobodys, &arena, &check, &e) && check.whole)
        abort();
    return 0;
}
