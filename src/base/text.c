#include "base/text.h"

#include <string.h>

struct text_entry {
    const char *key, *vi;
};

/* sorted by key bytes; made from texts/vi.tsv by the build */
#include "base/text_vi.inc"

const char *text_in(const char *language, const char *key)
{
    if (!language || strncmp(language, "vi", 2) != 0)
        return key;
    size_t low = 0, high = text_vi_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(key, text_vi[middle].key);
        if (order == 0)
            return text_vi[middle].vi;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return key;
}

size_t text_count(void)
{
    return text_vi_count;
}

bool text_row(size_t i, const char **key_out, const char **vi_out)
{
    if (i >= text_vi_count)
        return false;
    *key_out = text_vi[i].key;
    *vi_out = text_vi[i].vi;
    return true;
}
