/* plan_text - the plan's text made comparable: NFC, without Markdown's * and #, white space folded
 * to one blank; each byte knows where it came from. A source may break a page inside a sentence. */
#include "base/fold.h"
#include "plan/plan.h"

struct plan_text {
    char *data;
    uint32_t *from, *to;    /* of each byte: the bytes of the original it stands for */
    size_t len;
};

static size_t sequence_length(unsigned char c)
{
    return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* U+0300..U+036F: marks that follow their letter. */
static bool is_mark(struct slice text, size_t at)
{
    unsigned char c = (unsigned char)text.data[at];
    unsigned char d = at + 1 < text.len ? (unsigned char)text.data[at + 1] : 0;
    return (c == 0xcc && d >= 0x80) || (c == 0xcd && d >= 0x80 && d <= 0xaf);
}

static size_t blank_length(struct slice text, size_t at)
{
    unsigned char c = (unsigned char)text.data[at];
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\v')
        return 1;
    return c == 0xc2 && at + 1 < text.len && (unsigned char)text.data[at + 1] == 0xa0 ? 2 : 0;
}

static void put(struct plan_text *t, struct slice bytes, size_t from, size_t to)
{
    for (size_t i = 0; i < bytes.len; i++) {
        t->data[t->len] = bytes.data[i];
        t->from[t->len] = (uint32_t)from;
        t->to[t->len++] = (uint32_t)to;
    }
}

struct plan_text *plan_text_fold(struct slice text, struct arena *arena)
{
    struct plan_text *t = arena_zero(arena, sizeof *t);
    size_t room = text.len + 8;

    if (!t || text.len > UINT32_MAX / 4)
        return NULL;
    t->data = arena_alloc(arena, room);
    t->from = arena_array(arena, room, sizeof *t->from);
    t->to = arena_array(arena, room, sizeof *t->to);
    if (!t->data || !t->from || !t->to)
        return NULL;
    for (size_t at = 0, next; at < text.len; at = next) {
        size_t blank = blank_length(text, at);
        if (blank) {
            next = at + blank;
            if (t->len && t->data[t->len - 1] != ' ')
                put(t, SLICE(" "), at, next);
            continue;
        }
        next = at + sequence_length((unsigned char)text.data[at]);
        if (text.data[at] == '*' || text.data[at] == '#')
            continue;
        if (next > text.len)
            next = text.len;
        bool marked = false;
        while (next < text.len && is_mark(text, next)) {
            next += 2;
            marked = true;
        }
        struct slice cluster = slice_cut(text, at, next);
        struct slice whole = marked ? fold_nfc(arena, cluster) : cluster;
        put(t, whole.len && whole.len <= cluster.len ? whole : cluster, at, next);
    }
    return t;
}

static size_t find_from(const struct plan_text *t, struct slice needle, size_t from)
{
    if (from >= t->len || !needle.len)
        return t->len;
    size_t at = slice_find(slice_from(t->data + from, t->len - from), needle);
    return from + at;
}

static struct slice fold_needle(struct slice text, struct arena *arena)
{
    struct plan_text *folded = plan_text_fold(text, arena);
    return folded ? slice_trim(slice_from(folded->data, folded->len)) : SLICE_NONE;
}

bool plan_text_find(const struct plan_text *text, struct slice quote, struct slice heading,
                    struct arena *arena, size_t *from_out, size_t *to_out, bool *again_out)
{
    struct slice needle = fold_needle(quote, arena);
    size_t start = 0, at;

    if (heading.len) {
        start = find_from(text, fold_needle(heading, arena), 0);
        if (start >= text->len)
            return false;
    }
    at = find_from(text, needle, start);
    if (at >= text->len)
        return false;
    *from_out = text->from[at];
    *to_out = text->to[at + needle.len - 1];
    if (again_out)
        *again_out = find_from(text, needle, at + needle.len) < text->len;
    return true;
}
