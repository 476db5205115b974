#include "base/slice.h"

#include <endian.h>
#include <stdlib.h>
#include <xxhash.h>

#define FIND_NEEDLE_MOST 64u /* beyond it memmem, whose time does not grow with both lengths */

typedef unsigned char wide __attribute__((vector_size(16)));

struct ends { wide first, last; }; /* of the needle, sixteen times each */

/* 0xff where the needle's first and last byte stand. */
static inline wide ends_at(const char *at, const struct ends *ends, size_t len)
{
    wide first, last;
    memcpy(&first, at, sizeof first);
    memcpy(&last, at + len - 1, sizeof last);
    return (wide)(first == ends->first) & (wide)(last == ends->last);
}

static inline bool any_of(wide hits)
{
    uint64_t parts[2];
    memcpy(parts, &hits, sizeof parts);
    return parts[0] | parts[1];
}

/* The first of the places that hits names where the whole needle stands; 16 when none does. */
static size_t whole_at(const char *at, wide hits, struct slice needle)
{
    uint64_t parts[2];
    memcpy(parts, &hits, sizeof parts);
    for (unsigned half = 0; half < 2; half++)
        for (uint64_t left = le64toh(parts[half]); left;) {
            unsigned bit = (unsigned)__builtin_ctzll(left) & ~7u, place = half * 8 + bit / 8;
            if (memcmp(at + place, needle.data, needle.len) == 0)
                return place;
            left &= ~(UINT64_C(0xff) << bit);
        }
    return sizeof hits;
}

static inline size_t find_block(const char *at, const struct ends *ends, struct slice needle)
{
    wide hits = ends_at(at, ends, needle.len);
    return any_of(hits) ? whole_at(at, hits, needle) : sizeof hits;
}

/* Its first and last byte are looked for at many places at a time; the last block may overlap. */
static size_t find_wide(struct slice s, struct slice needle)
{
    size_t places = s.len - needle.len + 1, i = 0, hit = sizeof(wide);
    const wide zero = { 0 };
    const struct ends ends = { zero + (unsigned char)needle.data[0],
                               zero + (unsigned char)needle.data[needle.len - 1] };
    for (; i + 2 * sizeof(wide) <= places; i += 2 * sizeof(wide)) {
        wide a = ends_at(s.data + i, &ends, needle.len);
        wide b = ends_at(s.data + i + sizeof a, &ends, needle.len);
        if (!any_of(a | b))
            continue;
        if ((hit = whole_at(s.data + i, a, needle)) < sizeof a)
            return i + hit;
        if ((hit = whole_at(s.data + i + sizeof a, b, needle)) < sizeof b)
            return i + sizeof a + hit;
    }
    if (i + sizeof(wide) <= places) {
        if ((hit = find_block(s.data + i, &ends, needle)) < sizeof(wide))
            return i + hit;
        i += sizeof(wide);
    }
    if (i < places)
        hit = find_block(s.data + places - sizeof(wide), &ends, needle);
    return i < places && hit < sizeof(wide) ? places - sizeof(wide) + hit : s.len;
}

static size_t find_short(struct slice s, struct slice needle)
{
    for (size_t i = 0; i + needle.len <= s.len; i++)
        if (s.data[i] == needle.data[0] && memcmp(s.data + i, needle.data, needle.len) == 0)
            return i;
    return s.len;
}

size_t slice_find(struct slice s, struct slice needle)
{
    if (needle.len == 0)
        return 0;
    if (needle.len > s.len)
        return s.len;
    if (needle.len == 1)
        return slice_find_byte(s, needle.data[0]);
    if (needle.len > FIND_NEEDLE_MOST) {
        const char *hit = memmem(s.data, s.len, needle.data, needle.len);
        return hit ? (size_t)(hit - s.data) : s.len;
    }
    return s.len - needle.len + 1 < sizeof(wide) ? find_short(s, needle) : find_wide(s, needle);
}

int slice_compare(struct slice a, struct slice b)
{
    size_t both = a.len < b.len ? a.len : b.len;
    int order = both ? memcmp(a.data, b.data, both) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

static unsigned char lower_ascii(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower_ascii((unsigned char)a.data[i]) != lower_ascii((unsigned char)b.data[i]))
            return false;
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice s)
{
    size_t from = 0, to = s.len;
    while (from < to && is_space(s.data[from]))
        from++;
    while (to > from && is_space(s.data[to - 1]))
        to--;
    return slice_cut(s, from, to);
}

bool slice_split(struct slice *rest, char sep, struct slice *part_out)
{
    if (rest->data == NULL)
        return false;
    size_t at = slice_find_byte(*rest, sep);
    *part_out = slice_cut(*rest, 0, at);
    *rest = at == rest->len ? SLICE_NONE : slice_after(*rest, at + 1);
    return true;
}

bool slice_names(struct slice words, struct slice word)
{
    struct slice one;
    while (slice_split(&words, ' ', &one))
        if (slice_equal(one, word))
            return true;
    return false;
}

bool slice_to_u64(struct slice s, uint64_t *out)
{
    if (s.len == 0 || s.len > 20)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.data[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool slice_to_i64(struct slice s, int64_t *out)
{
    bool negative = s.len > 0 && s.data[0] == '-';
    uint64_t magnitude;
    if (!slice_to_u64(negative ? slice_after(s, 1) : s, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

#define NUMBER_TEXT 64

static bool number_text(struct slice s, char text[NUMBER_TEXT])
{
    if (s.len == 0 || s.len >= NUMBER_TEXT)
        return false;
    for (size_t i = 0; i < s.len; i++) /* strtod also takes hex, inf, nan and blanks: we don't */
        if (!strchr("0123456789+-.eE", s.data[i]) || s.data[i] == '\0')
            return false;
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    return true;
}

bool slice_to_double(struct slice s, double *out)
{
    char text[NUMBER_TEXT], *end;
    if (!number_text(s, text))
        return false;
    double value = strtod(text, &end);
    if (*end != '\0')
        return false;
    *out = value;
    return true;
}

bool slice_to_long_double(struct slice s, long double *out)
{
    char text[NUMBER_TEXT], *end;
    if (!number_text(s, text))
        return false;
    long double value = strtold(text, &end);
    if (*end != '\0')
        return false;
    *out = value;
    return true;
}

uint64_t slice_hash(struct slice s)
{
    return XXH3_64bits(s.data ? s.data : "", s.len);
}
