/* Strings of Sigma: wildcards and their escapes. */
#include "detect/rule.h"

static bool is_special(char c)
{
    return c == '*' || c == '?' || c == '\\';
}

/* IMPLEMENTS sigma-2/wildcards sigma-2/escapes: `\*` and `\?` are characters, `\\` is one backslash,
 * a backslash before anything else is itself. */
bool pattern_read(struct slice text, bool wildcards, struct arena *arena, struct pattern *out)
{
    struct piece *pieces = arena_array(arena, text.len + 1, sizeof *pieces);
    char *bytes = arena_alloc(arena, text.len + 1);
    uint32_t count = 0;
    size_t used = 0, start = 0;
    if (!pieces || !bytes)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool wild = wildcards && (c == '*' || c == '?');
        if (!wild) {
            if (wildcards && c == '\\' && i + 1 < text.len && is_special(text.data[i + 1]))
                c = text.data[++i];
            bytes[used++] = c;
            continue;
        }
        if (used > start)
            pieces[count++] = (struct piece){ PIECE_TEXT, { bytes + start, used - start } };
        start = used;
        if (c == '*' && count && pieces[count - 1].kind == PIECE_ANY)
            continue;
        pieces[count++] = (struct piece){ .kind = c == '*' ? PIECE_ANY : PIECE_ONE };
    }
    if (used > start)
        pieces[count++] = (struct piece){ PIECE_TEXT, { bytes + start, used - start } };
    *out = (struct pattern){ pieces, count };
    return true;
}

bool pattern_plain(const struct pattern *pattern, struct slice *out)
{
    if (pattern->count == 0)
        *out = SLICE("");
    else if (pattern->count == 1 && pattern->pieces[0].kind == PIECE_TEXT)
        *out = pattern->pieces[0].text;
    else
        return false;
    return true;
}

bool pattern_widen(struct pattern *pattern, bool before, bool behind, struct arena *arena)
{
    struct piece *pieces = arena_array(arena, pattern->count + 2, sizeof *pieces);
    uint32_t count = 0;
    if (!pieces)
        return false;
    if (before && !(pattern->count && pattern->pieces[0].kind == PIECE_ANY))
        pieces[count++].kind = PIECE_ANY;
    for (uint32_t i = 0; i < pattern->count; i++)
        pieces[count++] = pattern->pieces[i];
    if (behind && !(count && pieces[count - 1].kind == PIECE_ANY))
        pieces[count++].kind = PIECE_ANY;
    for (uint32_t i = 0; i < count; i++)
        if (pieces[i].kind != PIECE_TEXT)
            pieces[i].text = SLICE_NONE;
    *pattern = (struct pattern){ pieces, count };
    return true;
}

struct slice pattern_text(const struct pattern *pattern, struct arena *arena)
{
    BUFFER_AUTO out;
    buffer_init(&out, 0);
    for (uint32_t i = 0; i < pattern->count; i++) {
        const struct piece *piece = &pattern->pieces[i];
        if (piece->kind != PIECE_TEXT)
            buffer_add_byte(&out, piece->kind == PIECE_ANY ? '*' : '?');
        for (size_t k = 0; k < piece->text.len; k++) {
            char c = piece->text.data[k];
            if (c == '*' || c == '?' ||
                (c == '\\' && (k + 1 == piece->text.len ? i + 1 < pattern->count
                                                        : is_special(piece->text.data[k + 1]))))
                buffer_add_byte(&out, '\\');
            buffer_add_byte(&out, c);
        }
    }
    return arena_copy(arena, buffer_slice(&out));
}
