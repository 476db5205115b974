#include "archive/lack.h"

#include <stdlib.h>

#include "archive/filter.h"

/* U+017F is an s to a rule, but a letter of its own to the filter; no other letter beyond ASCII is one of
 * ASCII to a rule and not to the filter. So each s of a word may stand in the block in two ways. */
#define LONG_S "\xc5\xbf"
#define LONG_S_MOST 5u     /* of one run: 32 ways of writing it */
#define RUN_MOST 256u      /* bytes; longer ones are taken for present */

/* Words, and dots between: it stands in the block only where all tokens of one spelling are there. */
struct run {
    uint32_t text;
    struct words *spellings;
    uint32_t count;
};

struct lack {
    struct run *runs;
    uint32_t count, capacity;
    uint32_t texts;
};

struct lack *lack_new(void)
{
    return calloc(1, sizeof(struct lack));
}

void lack_free(struct lack **lack)
{
    struct lack *l = *lack;
    *lack = NULL;
    for (uint32_t i = 0; l && i < l->count; i++) {
        for (uint32_t k = 0; k < l->runs[i].count; k++)
            words_free(&l->runs[i].spellings[k]);
        free(l->runs[i].spellings);
    }
    free(l ? l->runs : NULL);
    free(l);
}

static bool in_run(char c)
{
    return c == '.' || words_has(c);
}

/* The run with those of its s written long whose bits are set. */
static struct slice spell(struct slice run, uint32_t bits, char *room)
{
    size_t len = 0;
    for (size_t i = 0; i < run.len; i++) {
        char c = run.data[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        if (c == 's' && bits & 1) {
            memcpy(room + len, LONG_S, 2);
            len += 2;
        } else {
            room[len++] = c;
        }
        bits >>= c == 's';
    }
    return slice_from(room, len);
}

static bool make_room(struct lack *l)
{
    if (l->count < l->capacity)
        return true;
    uint32_t capacity = l->capacity ? l->capacity * 2 : 64;
    struct run *more = realloc(l->runs, capacity * sizeof *more);
    if (!more)
        return false;
    l->runs = more;
    l->capacity = capacity;
    return true;
}

/* False: it can prove something, but memory is short for it. */
static bool add_run(struct lack *l, struct slice text)
{
    char room[RUN_MOST * 2];
    uint32_t long_s = 0, ways;
    bool ascii = true, words = false;
    for (size_t i = 0; i < text.len; i++) {
        long_s += text.data[i] == 's' || text.data[i] == 'S';
        ascii &= !(text.data[i] & '\x80');
        words |= text.data[i] != '.';
    }
    if (!ascii || !words || text.len > RUN_MOST || long_s > LONG_S_MOST)
        return true;
    ways = 1u << long_s;
    if (!make_room(l))
        return false;
    struct run *run = &l->runs[l->count++];
    *run = (struct run){ .text = l->texts, .spellings = calloc(ways, sizeof *run->spellings) };
    bool well = run->spellings != NULL;
    for (; well && run->count < ways; run->count++) {
        words_add_needle(&run->spellings[run->count], spell(text, run->count, room));
        well = !run->spellings[run->count].failed;
    }
    return well;
}

bool lack_add(struct lack *l, struct slice text, bool left, bool right)
{
    bool well = true;
    while (left && text.len && words_has(text.data[0]))
        text = slice_after(text, 1);
    while (right && text.len && words_has(text.data[text.len - 1]))
        text = slice_cut(text, 0, text.len - 1);
    for (size_t i = 0, end; i < text.len && well; i = end + 1) {
        for (end = i; end < text.len && in_run(text.data[end]);)
            end++;
        well = add_run(l, slice_cut(text, i, end));
    }
    l->texts++;
    return well;
}

static bool may_have(const struct run *run, struct slice filter)
{
    for (uint32_t i = 0; i < run->count; i++)
        if (filter_has_all(filter, &run->spellings[i]))
            return true;
    return false;
}

void lack_look(const struct lack *l, struct slice filter, bool *absent_out)
{
    memset(absent_out, 0, l->texts * sizeof *absent_out);
    for (uint32_t i = 0; i < l->count && filter.len; i++) {
        const struct run *run = &l->runs[i];
        if (!absent_out[run->text])
            absent_out[run->text] = !may_have(run, filter);
    }
}
