/* slice - a stretch of bytes that somebody else owns: pointer and length.
 *
 * Good: everywhere inside the house; cutting is free, nothing is copied.
 * Bad: bytes that must outlive their arena (copy them with arena_copy).
 * Never: a C string (there is no NUL at the end; print with "%.*s" and SLICE_ARGS).
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *data;
    size_t len;
};

#define SLICE(literal) ((struct slice){ "" literal "", sizeof(literal) - 1 })
#define SLICE_NONE ((struct slice){ NULL, 0 })
/* For printf's "%.*s"; longer than INT_MAX is cut. */
#define SLICE_ARGS(s) (int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len), (s).data ? (s).data : ""

static inline struct slice slice_of(const char *text)
{
    return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline struct slice slice_from(const void *data, size_t len)
{
    return (struct slice){ (const char *)data, len };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* memcmp() == 0 without a call: for short texts that are nearly always equal. */
static inline bool slice_same_bytes(const char *a, const char *b, size_t len)
{
    uint64_t x, y;
    if (len < 8 || len > 64)
        return len == 0 || memcmp(a, b, len) == 0;
    for (size_t i = 0; i + 8 < len; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y)
            return false;
    }
    memcpy(&x, a + len - 8, 8);
    memcpy(&y, b + len - 8, 8);
    return x == y;
}

static inline bool slice_is(struct slice a, const char *text)
{
    return slice_equal(a, slice_of(text));
}

/* A hexadecimal digit, small or capital. */
static inline bool slice_is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The bytes [from, to); both are brought inside the slice first. */
static inline struct slice slice_cut(struct slice s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    if (from > to)
        from = to;
    return (struct slice){ s.data ? s.data + from : NULL, to - from };
}

static inline struct slice slice_after(struct slice s, size_t from)
{
    return slice_cut(s, from, s.len);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_equal(slice_cut(s, 0, prefix.len), prefix);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_equal(slice_after(s, s.len - suffix.len), suffix);
}

/* Index of the first byte c, or s.len. */
static inline size_t slice_find_byte(struct slice s, char c)
{
    const char *hit = s.len ? (const char *)memchr(s.data, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.data) : s.len;
}

/* Index of the first occurrence of needle, or s.len when absent (an empty needle is at 0). */
size_t slice_find(struct slice s, struct slice needle);

/* Orders bytewise, shorter first on a tie: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

/* Equal when ASCII letters are folded. Unicode folding is base/fold.h. */
bool slice_equal_nocase(struct slice a, struct slice b);
static inline bool slice_ends_nocase(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_equal_nocase(slice_after(s, s.len - suffix.len), suffix);
}

/* Without ASCII white space at both ends. */
struct slice slice_trim(struct slice s);

/* Cuts the part before the first sep off *rest into *part_out and steps over sep.
 * False when *rest is exhausted (data == NULL); a trailing sep yields a last empty part. */
bool slice_split(struct slice *rest, char sep, struct slice *part_out);
/* Is it one of the words, which stand with a blank between them? */
bool slice_names(struct slice words, struct slice word);

/* Whole decimal number, no sign for u64, optional '-' for i64, no white space, no overflow;
 * false and *out untouched otherwise. */
bool slice_to_u64(struct slice s, uint64_t *out);
bool slice_to_i64(struct slice s, int64_t *out);
/* Decimal number with optional fraction and exponent, whole slice; false otherwise. */
bool slice_to_double(struct slice s, double *out);
/* The same with more digits: whole numbers of 64 bits are exact. */
bool slice_to_long_double(struct slice s, long double *out);

/* 64-bit hash (XXH3) of the bytes; not for secrets, not stable across releases of the library. */
uint64_t slice_hash(struct slice s);

#endif
