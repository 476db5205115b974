#include "base/slice.h"

#include <stdlib.h>
#include <xxhash.h>

size_t slice_find(struct slice s, struct slice needle)
{
    if (needle.len == 0)
        return 0;
    if (needle.len > s.len)
        return s.len;
    if (needle.len == 1)
        return slice_find_byte(s, needle.data[0]);
    const char *hit = memmem(s.data, s.len, needle.data, needle.len);
    return hit ? (size_t)(hit - s.data) : s.len;
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

bool slice_to_double(struct slice s, double *out)
{
    char text[64];
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    for (size_t i = 0; i < s.len; i++) /* strtod also takes hex, inf, nan and blanks: we don't */
        if (!strchr("0123456789+-.eE", s.data[i]) || s.data[i] == '\0')
            return false;
    memcpy(text, s.data, s.len);
    text[s.len] = '\0';
    char *end;
    double value = strtod(text, &end);
    if (*end != '\0')
        return false;
    *out = value;
    return true;
}

uint64_t slice_hash(struct slice s)
{
    return XXH3_64bits(s.data ? s.data : "", s.len);
}
