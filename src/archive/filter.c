#include "archive/filter.h"

#include "archive/limit.h"

/* The bits follow a header of 8 bytes: u32 number of 64-bit words, u32 probes. */
#define HEADER 8

static uint64_t next_bit(uint64_t *state, uint64_t step, uint64_t bits)
{
    uint64_t mixed = *state;
    *state += step;
    return (uint64_t)(((unsigned __int128)mixed * bits) >> 64);
}

void filter_build(const struct words *words, struct buffer *out)
{
    size_t bits = words->count * FILTER_BITS_PER_WORD;
    size_t count = (bits + 63) / 64;
    if (count == 0)
        count = 1;
    if (count > FILTER_BYTES_MAX / 8)
        count = FILTER_BYTES_MAX / 8;
    buffer_add_u32(out, (uint32_t)count);
    buffer_add_u32(out, FILTER_PROBES);
    char *bytes = buffer_extend(out, count * 8);
    if (!bytes)
        return;
    memset(bytes, 0, count * 8);
    uint64_t hash;
    for (size_t i = 0; words_next(words, &i, &hash);) {
        uint64_t state = hash, step = (hash << 32 | hash >> 32) * UINT64_C(0x9e3779b97f4a7c15) | 1;
        for (int probe = 0; probe < FILTER_PROBES; probe++) {
            uint64_t bit = next_bit(&state, step, count * 64);
            bytes[bit >> 3] = (char)(bytes[bit >> 3] | 1 << (bit & 7));
        }
    }
}

static uint32_t read_u32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

bool filter_has(struct slice filter, uint64_t hash)
{
    if (filter.len < HEADER + 8)
        return true;
    uint64_t count = read_u32(filter.data);
    uint32_t probes = read_u32(filter.data + 4);
    if (count == 0 || count * 8 != filter.len - HEADER || probes == 0 || probes > 32)
        return true;
    const char *bytes = filter.data + HEADER;
    uint64_t state = hash, step = (hash << 32 | hash >> 32) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (uint32_t probe = 0; probe < probes; probe++) {
        uint64_t bit = next_bit(&state, step, count * 64);
        if (!(bytes[bit >> 3] >> (bit & 7) & 1))
            return false;
    }
    return true;
}

bool filter_has_all(struct slice filter, const struct words *words)
{
    uint64_t hash;
    for (size_t i = 0; words_next(words, &i, &hash);)
        if (!filter_has(filter, hash))
            return false;
    return true;
}
