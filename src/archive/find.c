#include "archive/find.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool stands_at(const char *text, struct slice needle)
{
    for (size_t i = 0; i < needle.len; i++)
        if (lower(text[i]) != (unsigned char)needle.data[i])
            return false;
    return true;
}

#ifdef __SSE2__
/* Where both the first and the last byte of the needle stand, sixteen places at once. A letter and
 * its capital differ in one bit, and nothing else becomes a small letter by setting it. */
size_t find_any_case(struct slice text, size_t from, struct slice needle)
{
    if (needle.len == 0 || from > text.len || needle.len > text.len - from)
        return needle.len == 0 && from < text.len ? from : text.len;
    char begin = needle.data[0], end = needle.data[needle.len - 1];
    const __m128i first = _mm_set1_epi8(begin), last = _mm_set1_epi8(end);
    const __m128i first_case = _mm_set1_epi8(is_letter(begin) ? 0x20 : 0);
    const __m128i last_case = _mm_set1_epi8(is_letter(end) ? 0x20 : 0);
    size_t stop = text.len - needle.len + 1; /* places are below it */
    size_t i = from;
    for (; i + 16 <= stop; i += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(text.data + i));
        __m128i b = _mm_loadu_si128(
            (const __m128i *)(const void *)(text.data + i + needle.len - 1));
        a = _mm_cmpeq_epi8(_mm_or_si128(a, first_case), first);
        b = _mm_cmpeq_epi8(_mm_or_si128(b, last_case), last);
        unsigned hits = (unsigned)_mm_movemask_epi8(_mm_and_si128(a, b));
        for (; hits; hits &= hits - 1) {
            size_t at = i + (unsigned)__builtin_ctz(hits);
            if (stands_at(text.data + at, needle))
                return at;
        }
    }
    for (; i < stop; i++)
        if (stands_at(text.data + i, needle))
            return i;
    return text.len;
}

bool find_is_ascii(struct slice text)
{
    __m128i all = _mm_setzero_si128();
    size_t i = 0;
    unsigned char rest = 0;
    for (; i + 16 <= text.len; i += 16)
        all = _mm_or_si128(all, _mm_loadu_si128((const __m128i *)(const void *)(text.data + i)));
    for (; i < text.len; i++)
        rest |= (unsigned char)text.data[i];
    return _mm_movemask_epi8(all) == 0 && rest < 0x80;
}
#else
size_t find_any_case(struct slice text, size_t from, struct slice needle)
{
    for (size_t i = from; i < text.len && needle.len <= text.len - i; i++)
        if (stands_at(text.data + i, needle))
            return i;
    return text.len;
}

bool find_is_ascii(struct slice text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++)
        all |= (unsigned char)text.data[i];
    return all < 0x80;
}
#endif
