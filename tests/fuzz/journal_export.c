/* The journal's export format: whatever the bytes and however they are dealt out, the entries are the same,
 * each is one JSON object, and what waits for more is bounded. The first byte chooses the step. */
#include <stdlib.h>

#include "base/json.h"
#include "intake/journal_export.h"

static void read_all(struct slice text, size_t step, struct buffer *out)
{
    struct journal_export journal;
    size_t eaten, start = 0, have = 0;
    struct slice entry;
    bool cut;

    journal_export_init(&journal);
    for (;;) {
        bool ended = have >= text.len;
        struct slice bytes = slice_cut(text, start, ended ? text.len : have);
        enum journal_step found =
            journal_export_next(&journal, bytes, ended, &eaten, &entry, &cut);
        if (eaten > bytes.len)
            abort();
        start += eaten;
        if (found == JOURNAL_BROKEN) {
            buffer_add_byte(out, '!');
            break;
        }
        if (found == JOURNAL_ENTRY) {
            ARENA_AUTO arena;
            struct json *json;
            arena_init(&arena, 64u * 1024 * 1024);
            if (!json_parse(entry, &arena, &json, NULL) || json->kind != JSON_OBJECT)
                abort();
            buffer_add(out, entry);
            buffer_add_byte(out, cut ? '+' : '|');
            continue;
        }
        if (bytes.len - eaten > JOURNAL_WAITING_MOST)
            abort();
        if (ended)
            break;
        have += step;
    }
    journal_export_free(&journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    BUFFER_AUTO whole;
    BUFFER_AUTO parts;

    buffer_init(&whole, 64u * 1024 * 1024);
    buffer_init(&parts, 64u * 1024 * 1024);
    if (size > 1) {
        struct slice text = slice_from(data + 1, size - 1);
        read_all(text, text.len, &whole);
        read_all(text, (size_t)data[0] + 1, &parts);
        if (!slice_equal(buffer_slice(&whole), buffer_slice(&parts)))
            abort();
    }
    return 0;
}
