/* filter_words - the words of values that a block's filter has besides those of the rows' texts (private).
 *
 * Text is cut into words by words.h; but a value that a decoder cut out of the middle of a word is a word
 * of its own to a search by field. The sealer puts them in, verify looks that they are there.
 */
#ifndef ARCHIVE_FILTER_WORDS_H
#define ARCHIVE_FILTER_WORDS_H

#include "archive/block.h"
#include "archive/words.h"

/* Whether the value, a part of the line, begins or ends within a word. */
bool filter_words_inside(struct slice line, struct slice value);
/* Adds the words of all such values of the row. */
void filter_words_inner(struct words *words, const struct block_rows *rows, struct slice text,
                        struct slice fields, uint32_t row, struct buffer *scratch);

#endif
