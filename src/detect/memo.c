#include "detect/memo.h"

#include <stdlib.h>

#define MEMO_ENTRIES 16384u
#define MEMO_BYTES (4u * 1024 * 1024)

bool memo_init(struct memo *memo)
{
    memo->entries = calloc(MEMO_ENTRIES, sizeof *memo->entries);
    memo->bytes = malloc(MEMO_BYTES);
    memo->used = 0;
    return memo->entries && memo->bytes;
}

void memo_free(struct memo *memo)
{
    free(memo->entries);
    free(memo->bytes);
    *memo = (struct memo){ 0 };
}

const struct memo_entry *memo_find(const struct memo *memo, uint32_t tag, struct slice value,
                                   uint64_t *hash_out)
{
    uint64_t hash = slice_hash(value) + tag * UINT64_C(0x9e3779b97f4a7c15);
    const struct memo_entry *entry = &memo->entries[hash % MEMO_ENTRIES];
    *hash_out = hash;
    return entry->hash == hash && entry->bytes && entry->tag == tag && entry->len == value.len &&
                   slice_same_bytes(entry->bytes, value.data, value.len) ? entry : NULL;
}

void memo_put(struct memo *memo, uint64_t hash, uint32_t tag, struct slice value,
              const uint32_t *fired, uint32_t count)
{
    if (count > MEMO_FIRED_MOST || value.len > MEMO_VALUE_MOST)
        return;
    if (MEMO_BYTES - memo->used < value.len) {
        memset(memo->entries, 0, MEMO_ENTRIES * sizeof *memo->entries);
        memo->used = 0;
    }
    struct memo_entry *entry = &memo->entries[hash % MEMO_ENTRIES];
    char *bytes = memo->bytes + memo->used;
    memcpy(bytes, value.data, value.len);
    memo->used += value.len;
    *entry = (struct memo_entry){ hash, bytes, (uint32_t)value.len, tag, count, { 0 } };
    memcpy(entry->fired, fired, count * sizeof *fired);
}
