/* memo - what indexed literals a value was found to hold, remembered for when it comes again
 * (private to detect; one a scanner).
 *
 * Logs repeat themselves: the same images, providers and call traces. A value seen before costs a hash
 * and a comparison instead of folding and searching. Bytes are compared in full: two values with one
 * hash must not answer for each other.
 * Bounded: MEMO_ENTRIES entries, MEMO_BYTES of values; when full all is forgotten.
 */
#ifndef DETECT_MEMO_H
#define DETECT_MEMO_H

#include "base/slice.h"

#define MEMO_FIRED_MOST 9u
#define MEMO_VALUE_MOST 2048u

struct memo_entry {
    uint64_t hash;
    const char *bytes;          /* NULL: free */
    uint32_t len, tag;          /* tag: what was looked for, and the value's form */
    uint32_t count;
    uint32_t fired[MEMO_FIRED_MOST]; /* witnesses */
};

struct memo {
    struct memo_entry *entries;
    char *bytes;
    size_t used;
};

bool memo_init(struct memo *memo);
void memo_free(struct memo *memo);
/* The entry, or NULL; *hash_out is for memo_put. */
const struct memo_entry *memo_find(const struct memo *memo, uint32_t tag, struct slice value,
                                   uint64_t *hash_out);
void memo_put(struct memo *memo, uint64_t hash, uint32_t tag, struct slice value,
              const uint32_t *fired, uint32_t count);

#endif
