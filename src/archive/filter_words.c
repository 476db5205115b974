#include "archive/filter_words.h"

bool filter_words_inside(struct slice line, struct slice value)
{
    size_t at = (size_t)(value.data - line.data), end = at + value.len;
    bool quoted = at > 0 && end < line.len && line.data[at - 1] == '"' && line.data[end] == '"';
    return value.len && !quoted && !words_at_boundary(line, at, value.len);
}

void filter_words_inner(struct words *words, const struct block_rows *rows, struct slice text,
                        struct slice fields, uint32_t row, struct buffer *scratch)
{
    struct block_fields walk = block_fields_of(rows, text, fields, row);
    struct block_value value;
    while (block_fields_next(&walk, &value)) {
        if (!filter_words_inside(walk.text, value.bytes))
            continue;
        buffer_clear(scratch);
        words_fold(value.bytes, scratch);
        words_add(words, buffer_slice(scratch));
    }
}
