#include "exchange/indicator_allow.h"

#include "base/file.h"

#define FILE_MOST (16u << 20)

bool indicator_allow_add(struct indicator_builder *builder, struct slice text, struct slice source,
                         struct error *e)
{
    ARENA_AUTO arena;
    struct indicator_row row = { .source = source, .allow = true };
    struct indicator indicator;
    text = slice_trim(text);
    if (text.len > 1 && text.data[0] == '.') {
        text = slice_after(text, 1);
        row.confidence = INDICATOR_TRUSTED;
    }
    arena_init(&arena, 1u << 20);
    if (!indicator_read(text, INDICATOR_TYPE_ANY, &arena, &indicator, e))
        return false;
    row.type = indicator.type;
    row.key = indicator.key;
    return indicator_builder_add(builder, &row, e);
}

bool indicator_allow_value(struct slice text, struct arena *arena, struct slice *out,
                           struct error *e)
{
    struct indicator indicator;
    text = slice_trim(text);
    bool dot = text.len > 1 && text.data[0] == '.';
    if (!indicator_read(slice_after(text, dot), INDICATOR_TYPE_ANY, arena, &indicator, e)) {
        error_place(e, "value");
        return false;
    }
    *out = dot ? arena_print(arena, ".%.*s", SLICE_ARGS(indicator.value)) : indicator.value;
    return out->data != NULL;
}

static bool read_file(const char *path, struct indicator_builder *builder, struct error *e)
{
    ARENA_AUTO arena;
    struct slice rest, line;
    unsigned number = 0;
    arena_init(&arena, FILE_MOST * 2);
    if (!file_read(path, FILE_MOST, &arena, &rest, e))
        return false;
    while (slice_split(&rest, '\n', &line)) {
        number++;
        line = slice_trim(slice_cut(line, 0, slice_find_byte(line, '#')));
        if (line.len && !indicator_allow_add(builder, line, SLICE("allow"), e)) {
            error_place(e, "%s:%u", path, number);
            return false;
        }
    }
    return true;
}

bool indicator_allow_read(const char *folder, struct indicator_builder *builder, struct error *e)
{
    static const char *const suffixes[] = { ".txt", NULL };
    ARENA_AUTO arena;
    struct slice *paths;
    size_t count;
    arena_init(&arena, 16u << 20);
    if (!file_list(folder, suffixes, 1000, &arena, &paths, &count, e))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_file(paths[i].data, builder, e))
            return false;
    return true;
}
