#include "detect/filter.h"

#include <stdlib.h>

#define BUCKETS 8u
#define WINDOW 3u
#define WINDOWS 16384u

struct part {
    struct slice text;
    uint32_t at;                 /* of the window in text */
    unsigned char window[WINDOW];
    bool any_last;               /* the window's last byte may be anything */
    bool escape;                 /* of JSON: an odd number of backslashes has to stand there */
    uint32_t bucket;
};

struct filter {
    struct part *parts;          /* by bucket */
    uint32_t count;
    uint32_t first[BUCKETS + 1];
    unsigned char low[WINDOW][32], high[WINDOW][32]; /* by nibble: the buckets that have it; twice */
    uint64_t windows[WINDOWS / 64];                  /* by hash: some part has such a window */
};

/* About how often a byte stands in logs: the window should be rare. */
static unsigned commonness(unsigned char c)
{
    static const char letters[] = "zqxjkvbywgpfmucdlhrsnioate"; /* the rarest first */
    const char *at = c >= 'a' && c <= 'z' ? strchr(letters, c) : NULL;
    if (at)
        return (unsigned)(at - letters) + 4;
    return c >= '0' && c <= '9' ? 16 : c == ' ' || c == '.' || c == '-' ? 14 : 5;
}

static void choose_window(struct part *p)
{
    unsigned least = UINT32_MAX;
    for (uint32_t at = 0; at + WINDOW <= p->text.len; at++) {
        unsigned sum = 0;
        for (uint32_t k = 0; k < WINDOW; k++)
            sum += commonness((unsigned char)p->text.data[at + k]);
        if (sum < least) {
            least = sum;
            p->at = at;
        }
    }
    for (uint32_t k = 0; k < WINDOW && p->at + k < p->text.len; k++)
        p->window[k] = (unsigned char)p->text.data[p->at + k];
    p->any_last = p->text.len < WINDOW;
}

static int by_window(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    return memcmp(x->window, y->window, WINDOW);
}

static unsigned char lowered(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

/* The nibbles say which three bytes may be a window; this, whether they are one, case aside. */
static uint32_t window_hash(const unsigned char *bytes)
{
    uint32_t three = lowered(bytes[0]) | (uint32_t)lowered(bytes[1]) << 8 | (uint32_t)lowered(bytes[2]) << 16;
    return three * UINT32_C(2654435761) >> 18;
}

static void know_window(struct filter *f, const struct part *p)
{
    unsigned char window[WINDOW];
    memcpy(window, p->window, WINDOW);
    for (unsigned last = 0; last < (p->any_last ? 256u : 1u); last++) {
        window[WINDOW - 1] = p->any_last ? (unsigned char)last : window[WINDOW - 1];
        uint32_t hash = window_hash(window);
        f->windows[hash / 64] |= UINT64_C(1) << hash % 64;
    }
}

static void allow(struct filter *f, uint32_t place, unsigned char c, uint32_t bucket)
{
    for (uint32_t lane = 0; lane < 32; lane += 16) {
        f->low[place][lane + (c & 15)] |= (unsigned char)(1u << bucket);
        f->high[place][lane + (c >> 4)] |= (unsigned char)(1u << bucket);
    }
}

static void fill_tables(struct filter *f)
{
    uint32_t different = 0, seen = 0;
    for (uint32_t i = 0; i < f->count; i++)
        different += i == 0 || by_window(&f->parts[i - 1], &f->parts[i]) != 0;
    for (uint32_t i = 0; i < f->count; i++) {
        struct part *p = &f->parts[i];
        seen += i > 0 && by_window(&f->parts[i - 1], p) != 0;
        p->bucket = (uint32_t)((uint64_t)seen * BUCKETS / different);
        f->first[p->bucket + 1] = i + 1;
        know_window(f, p);
        for (uint32_t k = 0; k < WINDOW; k++) {
            unsigned char c = p->window[k];
            allow(f, k, c, p->bucket);
            if (c >= 'a' && c <= 'z')
                allow(f, k, (unsigned char)(c - 32), p->bucket);
        }
        for (unsigned c = 0; p->any_last && c < 256; c += 17) /* every nibble */
            allow(f, WINDOW - 1, (unsigned char)c, p->bucket);
    }
    for (uint32_t i = 1; i <= BUCKETS; i++)
        if (f->first[i] < f->first[i - 1])
            f->first[i] = f->first[i - 1];
}

static bool can_run(void);

struct filter *filter_new(const struct slice *parts, uint32_t count, enum filter_form form)
{
    static const char *const otherwise[] = { "\xe2\x84\xaa", "\xc5\xbf", "\\u" };
    uint32_t more = form == FILTER_JSON ? 3 : 2;
    struct filter *f = can_run() ? calloc(1, sizeof *f) : NULL;
    if (!f || !(f->parts = calloc(count + more, sizeof *f->parts))) {
        free(f);
        return NULL;
    }
    f->count = count + more;
    for (uint32_t i = 0; i < f->count; i++) {
        f->parts[i].text = i < count ? parts[i] : slice_of(otherwise[i - count]);
        f->parts[i].escape = i == count + 2;
        choose_window(&f->parts[i]);
    }
    qsort(f->parts, f->count, sizeof *f->parts, by_window);
    fill_tables(f);
    return f;
}

void filter_free(struct filter **filter)
{
    if (*filter)
        free((*filter)->parts);
    free(*filter);
    *filter = NULL;
}

#if defined(__x86_64__)
#include <immintrin.h>

static bool can_run(void)
{
    return __builtin_cpu_supports("avx2");
}

static bool is_escape(struct slice raw, size_t backslash)
{
    size_t before = backslash;
    while (before && raw.data[before - 1] == '\\')
        before--;
    return (backslash - before) % 2 == 0;
}

static bool stands_at(const struct part *p, struct slice raw, size_t window)
{
    if (window < p->at || raw.len - (window - p->at) < p->text.len)
        return false;
    const char *at = raw.data + window - p->at;
    for (size_t i = 0; i < p->text.len; i++)
        if ((char)lowered((unsigned char)at[i]) != p->text.data[i])
            return false;
    return !p->escape || is_escape(raw, window);
}

static bool any_stands(const struct filter *f, unsigned buckets, struct slice raw, size_t window)
{
    for (; buckets; buckets &= buckets - 1) {
        uint32_t b = (uint32_t)__builtin_ctz(buckets);
        for (uint32_t i = f->first[b]; i < f->first[b + 1]; i++)
            if (stands_at(&f->parts[i], raw, window))
                return true;
    }
    return false;
}

__attribute__((target("avx2"))) static inline __m256i buckets_at(const struct filter *f,
                                                                 uint32_t place, const char *bytes)
{
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)f->low[place]);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)f->high[place]);
    return _mm256_and_si256(
        _mm256_shuffle_epi8(low, _mm256_and_si256(v, nibble)),
        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble)));
}

static inline bool is_window(const struct filter *f, const char *bytes)
{
    uint32_t hash = window_hash((const unsigned char *)bytes);
    return f->windows[hash / 64] >> hash % 64 & 1;
}

/* 32 places, of which bytes[0, 34) are read; they begin at raw's byte `from`. */
__attribute__((target("avx2"))) static inline bool block_passes(const struct filter *f,
                                                                const char *bytes,
                                                                struct slice raw, size_t from)
{
    __m256i hit = _mm256_and_si256(buckets_at(f, 0, bytes), buckets_at(f, 1, bytes + 1));
    hit = _mm256_and_si256(hit, buckets_at(f, 2, bytes + 2));
    unsigned places = ~(unsigned)_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(hit, _mm256_setzero_si256()));
    if (__builtin_expect(!places, 1))
        return false;
    unsigned char buckets[32];
    _mm256_storeu_si256((__m256i *)(void *)buckets, hit);
    for (; places; places &= places - 1) {
        unsigned at = (unsigned)__builtin_ctz(places);
        if (from + at < raw.len && is_window(f, bytes + at) && any_stands(f, buckets[at], raw, from + at))
            return true;
    }
    return false;
}

__attribute__((target("avx2"))) bool filter_passes(const struct filter *f, struct slice raw)
{
    size_t i = 0;
    for (; i + 34 <= raw.len; i += 32)
        if (block_passes(f, raw.data + i, raw, i))
            return true;
    char tail[34 + 32] = { 0 };
    memcpy(tail, raw.data + i, raw.len - i);
    return block_passes(f, tail, raw, i) || block_passes(f, tail + 32, raw, i + 32);
}

#else

static bool can_run(void)
{
    return false;
}

bool filter_passes(const struct filter *f, struct slice raw)
{
    return f && raw.data;
}

#endif
