#include "archive/words.h"

#include <stdlib.h>
#include <utf8proc.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { OTHER, LETTER, DIGIT };

static const unsigned char kinds[256] = {
    ['0' ... '9'] = DIGIT, ['a' ... 'z'] = LETTER, ['A' ... 'Z'] = LETTER, [0x80 ... 0xff] = LETTER,
};

static void add_character(struct buffer *out, utf8proc_int32_t c)
{
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t len = utf8proc_encode_char(c, bytes);
    buffer_add(out, slice_from(bytes, (size_t)len));
}

static bool separates(utf8proc_int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM: case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ME: case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL: case UTF8PROC_CATEGORY_NO: case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
        return false;
    default:
        return true;
    }
}

static void fold_character(utf8proc_int32_t c, struct buffer *out)
{
    utf8proc_int32_t parts[8];
    int boundary = 0;
    if (c == 0x110 || c == 0x111) { /* Đ đ do not decompose */
        buffer_add_byte(out, 'd');
        return;
    }
    if (separates(c)) {
        buffer_add_byte(out, ' ');
        return;
    }
    utf8proc_ssize_t count = utf8proc_decompose_char(
        c, parts, 8, UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK, &boundary);
    for (utf8proc_ssize_t i = 0; i < count && i < 8; i++)
        add_character(out, utf8proc_tolower(parts[i]));
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Lowers A-Z in eight ASCII bytes at once: the high bit of each byte tells whether it is one. */
static uint64_t lower_eight(uint64_t eight)
{
    uint64_t from_a = eight + EACH(0x80 - 'A'), behind_z = eight + EACH(0x80 - 'Z' - 1);
    return eight | ((from_a & ~behind_z & EACH(0x80)) >> 2);
}

/* Appends the ASCII run at the beginning of text, lowered; returns its length. */
static size_t fold_ascii(struct slice text, struct buffer *out)
{
    size_t i = 0, before = out->len;
    char *to = buffer_extend(out, text.len);
    if (!to)
        return text.len;
    for (uint64_t eight; i + 8 <= text.len; i += 8) {
        memcpy(&eight, text.data + i, 8);
        if (eight & EACH(0x80))
            break;
        eight = lower_eight(eight);
        memcpy(to + i, &eight, 8);
    }
    for (; i < text.len && (unsigned char)text.data[i] < 0x80; i++) {
        unsigned char c = (unsigned char)text.data[i];
        to[i] = (char)(c + (((unsigned char)(c - 'A') < 26) << 5));
    }
    out->len = before + i;
    return i;
}

void words_fold(struct slice text, struct buffer *out)
{
    for (size_t i = 0; i < text.len;) {
        if ((unsigned char)text.data[i] < 0x80) {
            i += fold_ascii(slice_after(text, i), out);
            continue;
        }
        utf8proc_int32_t c;
        utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)text.data + i,
                                                (utf8proc_ssize_t)(text.len - i), &c);
        if (len <= 0)
            buffer_add_byte(out, text.data[i++]);
        else {
            fold_character(c, out);
            i += (size_t)len;
        }
    }
}

void words_free(struct words *words)
{
    free(words->slots);
    *words = WORDS_EMPTY;
}

void words_clear(struct words *words)
{
    if (words->slots)
        memset(words->slots, 0, words->capacity * sizeof *words->slots);
    words->count = words->waiting_count = 0;
    words->failed = false;
}

static bool grow(struct words *words)
{
    size_t capacity = words->capacity ? words->capacity * 2 : 64;
    uint64_t *slots = calloc(capacity, sizeof *slots);
    if (!slots) {
        words->failed = true;
        return false;
    }
    for (size_t i = 0; i < words->capacity; i++) {
        uint64_t hash = words->slots[i];
        if (!hash)
            continue;
        size_t at = hash & (capacity - 1);
        while (slots[at])
            at = (at + 1) & (capacity - 1);
        slots[at] = hash;
    }
    free(words->slots);
    words->slots = slots;
    words->capacity = capacity;
    return true;
}

void words_put(struct words *words, uint64_t hash)
{
    hash += hash == 0;
    if (words->count * 2 >= words->capacity && !grow(words))
        return;
    size_t at = hash & (words->capacity - 1);
    while (words->slots[at]) {
        if (words->slots[at] == hash)
            return;
        at = (at + 1) & (words->capacity - 1);
    }
    words->slots[at] = hash;
    words->count++;
}

void words_settle(struct words *words)
{
    for (unsigned i = 0; i < words->waiting_count; i++)
        words_put(words, words->waiting[i]);
    words->waiting_count = 0;
}

static inline void add_token(struct words *words, const char *data, size_t len)
{
    uint64_t hash = XXH3_64bits(data, len);
    if (words->waiting_count == WORDS_WAITING)
        words_settle(words);
    if (words->capacity)
        __builtin_prefetch(&words->slots[hash & (words->capacity - 1)], 1);
    words->waiting[words->waiting_count++] = hash;
}

/* One label of a dotted run. `rest` is where it begins when its first letter is taken for part of
 * an escape (`\n10.0.0.1`); the same as start otherwise. */
struct label {
    size_t start, rest, end;
    bool digits, rest_digits;
};

struct dotted {
    struct label labels[4]; /* ring of the last ones */
    size_t count;           /* in this run so far */
};

static bool letter_at(const char *text, size_t at)
{
    return kinds[(unsigned char)text[at]] == LETTER;
}

static void add_pair(struct words *words, const char *text, const struct label *left,
                     const struct label *right)
{
    if (!letter_at(text, right->start))
        return;
    if (letter_at(text, left->start))
        add_token(words, text + left->start, right->end - left->start);
    if (left->rest != left->start && left->rest < left->end && letter_at(text, left->rest))
        add_token(words, text + left->rest, right->end - left->rest);
}

static void add_quad(struct words *words, const char *text, const struct dotted *run)
{
    const struct label *first = &run->labels[0], *last = &run->labels[3];
    if (!first->rest_digits || !run->labels[1].digits || !run->labels[2].digits || !last->digits)
        return;
    add_token(words, text + first->rest, last->end - first->rest);
}

/* As they stand at the two ends of a needle, the text around may go on with the run. */
static bool open_ended(struct slice text, const struct dotted *run)
{
    size_t start = run->labels[0].start, end = run->labels[3].end;
    return (start > 0 && text.data[start - 1] == '.') || (end < text.len && text.data[end] == '.');
}

static void add_text(struct words *words, struct slice folded, bool needle)
{
    const char *text = folded.data;
    struct dotted run = { .count = 0 };
    bool joined = false; /* a single dot stands between the last word and this one */
    for (size_t i = 0; i < folded.len;) {
        if (kinds[(unsigned char)text[i]] == OTHER) {
            i++;
            continue;
        }
        struct label label = { .start = i };
        size_t letters = 0;
        unsigned char kind;
        while (i < folded.len && (kind = kinds[(unsigned char)text[i]]) != OTHER) {
            letters += kind == LETTER;
            i++;
        }
        label.end = i;
        bool escaped = label.start > 0 && text[label.start - 1] == '\\' &&
                       i - label.start > 1 && strchr("ntrbf", text[label.start]);
        label.rest = label.start + escaped;
        label.digits = letters == 0;
        label.rest_digits = letters == (size_t)escaped;
        add_token(words, text + label.start, i - label.start);
        if (escaped)
            add_token(words, text + label.rest, i - label.rest);
        bool goes_on = i + 1 < folded.len && text[i] == '.' &&
                       kinds[(unsigned char)text[i + 1]] != OTHER;
        if (joined || goes_on) {
            if (!joined)
                run.count = 0;
            run.labels[run.count++ & 3] = label;
            if (run.count >= 2)
                add_pair(words, text, &run.labels[(run.count - 2) & 3], &label);
            if (!goes_on && run.count == 4 && !(needle && open_ended(folded, &run)))
                add_quad(words, text, &run);
        }
        joined = goes_on;
    }
}

void words_add(struct words *words, struct slice folded)
{
    add_text(words, folded, false);
    words_settle(words);
}

/* --- rows alike ------------------------------------------------------------------------------ */

/* Bytes at which every word and dotted run ends, by how well two alike lines meet again there. */
enum { NO_EDGE, WEAK_EDGE, BLANK_EDGE, ESCAPE_EDGE, STRONG_EDGE };

static const unsigned char edges[256] = {
    [1 ... 31] = WEAK_EDGE,      ['!'] = WEAK_EDGE,         ['#' ... '-'] = WEAK_EDGE,
    ['/'] = WEAK_EDGE,
    [':' ... '@'] = WEAK_EDGE,   ['['] = WEAK_EDGE,         [']' ... '`'] = WEAK_EDGE,
    ['{' ... 127] = WEAK_EDGE,   [' '] = BLANK_EDGE,        ['\\'] = ESCAPE_EDGE,
    ['"'] = STRONG_EDGE,         [0] = STRONG_EDGE,
};

static size_t next_edge(struct slice text, size_t at)
{
    while (at < text.len && !edges[(unsigned char)text.data[at]])
        at++;
    return at;
}

static size_t same_bytes(const char *a, const char *b, size_t most)
{
    size_t i = 0;
    for (uint64_t x, y; i + 8 <= most; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y)
            break;
    }
    while (i < most && a[i] == b[i])
        i++;
    return i;
}

/* Where both go on alike behind a difference: the next edge when it is the same in both, else the
 * next of the stronger of the two. False: nowhere. */
static bool meet_again(struct slice text, size_t *at, struct slice before, size_t *there)
{
    *at = next_edge(text, *at);
    *there = next_edge(before, *there);
    if (*at == text.len || *there == before.len)
        return false;
    char a = text.data[*at], b = before.data[*there];
    if (a == b)
        return true;
    if (edges[(unsigned char)a] >= edges[(unsigned char)b])
        *there += slice_find_byte(slice_after(before, *there), a);
    else
        *at += slice_find_byte(slice_after(text, *at), b);
    return *at < text.len && *there < before.len;
}

void words_add_row(struct words *words, struct slice text, struct slice before,
                   struct buffer *scratch)
{
    size_t at = 0, there = 0, added = 0; /* added: an edge up to which every token is there */
    for (;;) {
        size_t most = text.len - at < before.len - there ? text.len - at : before.len - there;
        size_t same = most ? same_bytes(text.data + at, before.data + there, most) : 0;
        at += same;
        there += same;
        if (at == text.len)
            return;
        size_t start = at; /* the run that the difference falls into may have begun before it */
        while (start > added && (start == at || !edges[(unsigned char)text.data[start]]))
            start--;
        bool met = meet_again(text, &at, before, &there);
        buffer_clear(scratch);
        words_fold(slice_cut(text, start, met ? at : text.len), scratch);
        add_text(words, buffer_slice(scratch), false);
        words->failed |= scratch->failed;
        if (!met)
            return;
        added = at;
    }
}

void words_add_needle(struct words *words, struct slice folded)
{
    add_text(words, folded, true);
    words_settle(words);
}

bool words_next(const struct words *words, size_t *at, uint64_t *hash_out)
{
    while (*at < words->capacity) {
        uint64_t hash = words->slots[(*at)++];
        if (hash) {
            *hash_out = hash;
            return true;
        }
    }
    return false;
}

bool words_has(char c)
{
    return kinds[(unsigned char)c] != OTHER;
}

static bool word_at(struct slice text, size_t at)
{
    return at < text.len && words_has(text.data[at]);
}

static bool digit_at(struct slice text, size_t at)
{
    return at < text.len && kinds[(unsigned char)text.data[at]] == DIGIT;
}

/* `\n` and the like; whether the backslash is itself escaped is left open (words.h). */
static bool is_escape(struct slice text, size_t letter)
{
    return letter > 0 && text.data[letter - 1] == '\\' &&
           memchr("ntrbfNTRBF", text.data[letter], 10);
}

/* "10." at the beginning, ".10" at the end: a number that belongs to a dotted run. */
static bool begins_dotted_number(struct slice s)
{
    size_t i = 0;
    while (digit_at(s, i))
        i++;
    return i > 0 && i + 1 < s.len && s.data[i] == '.' && digit_at(s, i + 1);
}

static bool ends_dotted_number(struct slice s)
{
    size_t i = s.len;
    while (i > 0 && digit_at(s, i - 1))
        i--;
    return i < s.len && i > 1 && s.data[i - 1] == '.' && digit_at(s, i - 2);
}

bool words_at_boundary(struct slice folded, size_t at, size_t len)
{
    size_t end = at + len;
    struct slice found = slice_cut(folded, at, end);
    if (len == 0)
        return true;
    if (at > 0 && word_at(folded, at)) {
        if (word_at(folded, at - 1) && !is_escape(folded, at - 1))
            return false;
        if (at > 1 && folded.data[at - 1] == '.' && word_at(folded, at - 2) &&
            begins_dotted_number(found))
            return false;
    }
    if (word_at(folded, end - 1)) {
        if (word_at(folded, end))
            return false;
        if (end < folded.len && folded.data[end] == '.' && word_at(folded, end + 1) &&
            ends_dotted_number(found))
            return false;
    }
    return true;
}

size_t words_find(struct slice folded, size_t from, struct slice needle, bool whole)
{
    while (from <= folded.len) {
        const char *hit = needle.len == 0 ? folded.data + from
                                          : memmem(folded.data + from, folded.len - from,
                                                   needle.data, needle.len);
        if (!hit)
            return folded.len;
        size_t at = (size_t)(hit - folded.data);
        if (!whole || words_at_boundary(folded, at, needle.len))
            return at;
        from = at + 1;
    }
    return folded.len;
}
