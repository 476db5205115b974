/* lack - texts that a sealed block's filter can prove to stand in none of the block's values.
 *
 * For those who compare values as rules do (Unicode simple case folding, whole values, beginnings, ends,
 * parts) and not as searches do. The filter knows whole words only (words.h), of the lines and of every
 * value by itself; so a text is taken apart into its words, and a word that may go on beyond the text's
 * open end proves nothing. Nor does a word with letters beyond ASCII: the filter folds them otherwise.
 * Good: to leave blocks unread that cannot hold what a rule demands.
 * Never: for what does not stand in the block's text: names of fields, labels, origins.
 */
#ifndef ARCHIVE_LACK_H
#define ARCHIVE_LACK_H

#include "base/error.h"
#include "base/slice.h"

struct lack;

struct lack *lack_new(void); /* NULL: memory is short */
void lack_free(struct lack **lack);
/* A text more, numbered from 0. left, right: the value may go on before it, behind it. Nothing of it is
 * kept. False: memory is short. */
bool lack_add(struct lack *lack, struct slice text, bool left, bool right);
/* absent_out, one for each text: true where the filter proves that no value of the block holds it there.
 * An empty or damaged filter proves nothing. */
void lack_look(const struct lack *lack, struct slice filter, bool *absent_out);

#endif
