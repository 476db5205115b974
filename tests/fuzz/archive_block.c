/* The inflated parts of a block, behind the checksums: rows | text | fields, each with its length
 * in front. Nothing read may leave the bytes given. Also the counts and hits of a batch, a run of indicators,
 * those in a text or a value, and a filter. */
#include <stdlib.h>

#include "archive/block.h"
#include "archive/counts.h"
#include "archive/filter.h"
#include "archive/hits.h"
#include "archive/indicator.h"
#include "archive/indicator_run.h"
#include "base/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct slice part, struct slice whole)
{
    if (part.len && (part.data < whole.data || part.data + part.len > whole.data + whole.len))
        abort();
}

static void hold(void *owner, enum indicator_kind kind, struct slice value)
{
    (void)owner;
    if (kind >= INDICATOR_KINDS || value.len == 0 || value.len >= INDICATOR_TEXT)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct block_rows rows;
    struct counts counts;
    struct error e = ERROR_NONE;
    struct slice all = slice_from(data, size);
    struct cursor c = cursor_over(all);
    struct slice bytes = cursor_slice(&c), text = cursor_slice(&c), fields = cursor_slice(&c);

    arena_init(&arena, 256u << 20);
    if (block_read_rows(bytes, &arena, &rows, &e) && block_fits(&rows, text, fields, &e) &&
        text.len == rows.text_at[rows.count] && fields.len == rows.fields_at[rows.count]) {
        for (uint32_t i = 0; i < rows.count; i++) {
            struct event event;
            struct arena_mark mark = arena_mark(&arena);
            if (block_event(&rows, text, fields, i, &arena, &event, &e)) {
                inside(event.raw, text);
                inside(event.source, bytes);
                for (uint32_t k = 0; k < event.field_count; k++)
                    if (event.fields[k].value.len > text.len)
                        abort();
            }
            arena_reset(&arena, mark);
        }
    }
    counts_read(all, &arena, &counts, &e);
    struct hits hits = { .at = data, .end = data + size };
    while (hits_next(&hits)) {
        inside(hits.now.rule, all);
        inside(hits.now.base_rule, all);
        inside(hits.now.group, all);
        inside(hits.now.value, all);
    }
    struct indicator_run run = { .at = data, .end = data + size };
    while (indicator_run_next(&run))
        if (run.at > run.end)
            abort();
    indicator_line(all, hold, NULL);
    for (unsigned names = 0; names < 16; names++) {
        indicator_value(all, false, names, hold, NULL);
        indicator_value(all, true, names, hold, NULL);
    }
    for (uint64_t hash = 1; hash < 100; hash++)
        filter_has(all, hash * UINT64_C(0x9e3779b97f4a7c15));
    arena_free(&arena);
    return 0;
}
