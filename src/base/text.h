/* text - the Vietnamese of our sentences. English stands in the code and is the key.
 *
 * Data: texts/vi.tsv, one line a text: English TAB Vietnamese, C escapes (\n \t \\) in both; it is
 * compiled into the program by the build. A format string keeps its conversions in the same order
 * (a test holds this).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <stdbool.h>

/* The text in `language` ("vi…"), or the key itself when there is none or the language is another. */
const char *text_in(const char *language, const char *key) __attribute__((format_arg(2)));

/* For the test: number of rows, and row i. */
size_t text_count(void);
bool text_row(size_t i, const char **key_out, const char **vi_out);

#endif
