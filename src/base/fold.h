/* fold - letters brought to one form for comparing (utf8proc behind it).
 *
 * Case: Unicode simple folding, as Sigma compares. Search: case, and Vietnamese (all Latin)
 * diacritics removed, đ → d, so that "Khanh Hoa" finds "Khánh Hòa". NFC for text on its way in.
 * Bytes that are not UTF-8 stay as they are, each for itself.
 */
#ifndef BASE_FOLD_H
#define BASE_FOLD_H

#include "base/arena.h"
#include "base/buffer.h"

/* Appends the folded text. ASCII runs take a fast path. */
void fold_case(struct slice text, struct buffer *out);
void fold_search(struct slice text, struct buffer *out);
/* In the arena; SLICE_NONE when exhausted. */
struct slice fold_case_in(struct arena *arena, struct slice text);
struct slice fold_search_in(struct arena *arena, struct slice text);
/* Canonical composition; text that is not UTF-8 comes back as it is. */
struct slice fold_nfc(struct arena *arena, struct slice text);
/* Whole text is well-formed UTF-8. */
bool fold_is_utf8(struct slice text);
/* Where the first character stands that no text of ours holds, since XML 1.0, and with it a document, cannot:
 * control characters but tab and LF, U+FFFE, U+FFFF. text.len: nowhere. For well-formed UTF-8. */
size_t fold_find_unwritable(struct slice text);
/* Bytes of the character at `at` (within the text), as its first byte says; 1 when the text ends before. */
static inline size_t fold_character(struct slice text, size_t at)
{
    unsigned char c = (unsigned char)text.data[at];
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    return at + n <= text.len ? n : 1;
}

#endif
