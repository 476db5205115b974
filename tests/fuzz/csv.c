/* Sheets from outside: whatever the bytes, an answer or an error with a place. */
#include "exchange/csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, 64u << 20);
    struct error e = ERROR_NONE;
    struct csv *csv;
    if (csv_parse(slice_from(data, size), "fuzz.csv", &arena, &csv, &e)) {
        for (uint32_t i = 0; i < csv->row_count; i++)
            for (uint32_t k = 0; k < csv->column_count; k++)
                if (csv_cell(&csv->rows[i], (int)k).len > 4 * size + 16)
                    abort();
    } else if (!e.set) {
        abort();
    }
    arena_free(&arena);
    return 0;
}
