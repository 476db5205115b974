#include "archive/tree.h"

#include <arpa/inet.h>

static const struct {
    const char *name;
    enum place place;
} places[] = {
    { "source", PLACE_SOURCE },     { "system", PLACE_SYSTEM },   { "agency", PLACE_AGENCY },
    { "decoder", PLACE_DECODER },   { "product", PLACE_PRODUCT }, { "category", PLACE_CATEGORY },
    { "service", PLACE_SERVICE },   { "class", PLACE_CLASS },     { "id", PLACE_ID },
    { "time", PLACE_TIME },         { "received", PLACE_RECEIVED }, { "raw", PLACE_RAW },
};

enum place tree_place(struct slice name, struct slice *field_out)
{
    *field_out = name;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (slice_equal_nocase(name, slice_of(places[i].name)))
            return places[i].place;
    if (name.len > 7 && slice_equal_nocase(slice_cut(name, 0, 7), SLICE("fields.")))
        *field_out = slice_after(name, 7);
    return PLACE_FIELD;
}

const char *tree_place_name(enum place place)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].place == place)
            return places[i].name;
    return NULL;
}

unsigned tree_address(struct slice text, unsigned char *bytes)
{
    char name[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof name)
        return 0;
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    if (inet_pton(AF_INET, name, bytes) == 1)
        return 4;
    return inet_pton(AF_INET6, name, bytes) == 1 ? 16 : 0;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    if (memcmp(a, b, bits / 8) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0;
}

bool tree_network_has(const struct network *network, const unsigned char *address, unsigned len)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    if (len == 16 && network->len == 4 && memcmp(address, mapped, 12) == 0)
        return same_bits(address + 12, network->bytes, network->bits);
    return len == network->len && same_bits(address, network->bytes, network->bits);
}

/* Behind the character at `at`; bytes that are no UTF-8 are each one. */
static size_t next_character(struct slice text, size_t at)
{
    bool lead = (unsigned char)text.data[at++] >= 0xc0;
    while (lead && at < text.len && ((unsigned char)text.data[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* The greedy walk with one place to come back to: linear for one star, quadratic at worst. */
bool tree_wild(struct slice pattern, struct slice text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, back = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            back = t;
        } else if (p < pattern.len && pattern.data[p] == '?') {
            p++;
            t = next_character(text, t);
        } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = back = next_character(text, back);
        } else
            return false;
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

struct slice tree_wild_literal(struct slice pattern)
{
    struct slice longest = SLICE_NONE;
    size_t start = 0;
    for (size_t i = 0; i <= pattern.len; i++) {
        if (i < pattern.len && pattern.data[i] != '*' && pattern.data[i] != '?')
            continue;
        if (i - start > longest.len)
            longest = slice_cut(pattern, start, i);
        start = i + 1;
    }
    return longest;
}

void tree_escape(struct slice text, struct buffer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        char letter = c == '\\' || c == '"' ? c : c == '\n' ? 'n' : c == '\r' ? 'r'
                    : c == '\t' ? 't' : '\0';
        if (letter)
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, letter ? letter : c);
    }
}
