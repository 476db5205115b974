/* words - how text is cut into words for the filters, and folded for comparing.
 *
 * A word is a run of ASCII letters and digits and of non-ASCII letters, folded (case, Vietnamese
 * diacritics). What the filter of a block holds of a text:
 *   - each word;
 *   - of a word behind a backslash that begins with n t r b f also the rest, since `\nroot` in JSON
 *     is `root` on a new line, and in C:\new it is not: both readings are found;
 *   - each pair `label.label` of a dotted run whose labels begin with a letter (host and file
 *     names: their words alone are common);
 *   - each dotted quad of numbers (an address: four common numbers alone would prove nothing).
 * A phrase that stands in the text at word boundaries has all of its own tokens in the text's, so
 * a filter that lacks one proves absence. Whoever changes a rule here changes both sides at once
 * and raises ARCHIVE_FORMAT.
 */
#ifndef ARCHIVE_WORDS_H
#define ARCHIVE_WORDS_H

#include "base/buffer.h"
#include "base/slice.h"

/* Appends the text folded for search: ASCII lowered, marks removed, đ → d; non-ASCII punctuation,
 * symbols and spaces become a blank. Bytes that are not UTF-8 stay. */
void words_fold(struct slice text, struct buffer *out);

#define WORDS_WAITING 16u

/* A set of token hashes. A large set lies beyond the processor's caches: rows leave their hashes waiting
 * for a moment while the memory where they belong is fetched. */
struct words {
    uint64_t *slots; /* 0: free */
    size_t capacity, count;
    bool failed;     /* sticky: out of memory */
    uint64_t waiting[WORDS_WAITING];
    unsigned waiting_count;
};

#define WORDS_EMPTY ((struct words){ .slots = NULL })

void words_free(struct words *words);
void words_clear(struct words *words); /* keeps the memory */
/* Adds the tokens of a folded text. */
void words_add(struct words *words, struct slice folded);
/* Adds the tokens of a row's text, not folded and ending with NUL, of whose forerunner `before` (or
 * empty) all tokens are there already: only what differs is folded and cut. words_settle() before the
 * set is looked at. */
void words_add_row(struct words *words, struct slice text, struct slice before,
                   struct buffer *scratch);
void words_settle(struct words *words);
/* Adds the tokens that any text must have in which the folded needle stands at word boundaries. */
void words_add_needle(struct words *words, struct slice folded);
/* Adds a hash of the caller's own (the set serves for counting different values, too). */
void words_put(struct words *words, uint64_t hash);
/* for (size_t i = 0; words_next(words, &i, &hash); ) */
bool words_next(const struct words *words, size_t *at, uint64_t *hash_out);

/* A byte of a word. */
bool words_has(char c);

/* What was found at [at, at + len) of the folded text stands there as whole words; an address also
 * not as part of a longer dotted run (10.0.0.1 is not in 10.0.0.1.5). */
bool words_at_boundary(struct slice folded, size_t at, size_t len);

/* First place at or behind `from` where the folded needle stands in the folded text; text.len when
 * nowhere. whole: at word boundaries only. */
size_t words_find(struct slice folded, size_t from, struct slice needle, bool whole);

#endif
