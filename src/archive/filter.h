/* filter - a Bloom filter over the words of a sealed block (FILTER_BITS_PER_WORD, FILTER_PROBES).
 *
 * About one absent word in a hundred is taken for present; a present one never for absent. Tail
 * blocks have none: they are few, young, and scanned.
 */
#ifndef ARCHIVE_FILTER_H
#define ARCHIVE_FILTER_H

#include "archive/words.h"
#include "base/buffer.h"

/* Appends the filter of these words. */
void filter_build(const struct words *words, struct buffer *out);
/* False only when the word was not among them. A damaged filter has everything. */
bool filter_has(struct slice filter, uint64_t hash);
/* All of these may be in it. */
bool filter_has_all(struct slice filter, const struct words *words);

#endif
