/* filter - can a record, as it is written, hold one of a plan's keywords? (private to detect)
 *
 * Keywords are searched in every value of an event; nearly no event holds one. One pass over the raw
 * record answers "no" for nearly all, without unescaping, folding or copying a value.
 * Sound: of each keyword it looks for a part that all JSON writers write the same way but for the case
 * of ASCII letters; records that spell letters otherwise (JSON's \u escapes, and the two characters
 * beyond ASCII that fold to ASCII letters, U+212A and U+017F) are never refused.
 * Method: three neighbouring bytes of each part are looked up by their nibbles, 32 places at a time
 * (the way of Hyperscan's Teddy), then the part is compared. Needs AVX2; without it there is no filter.
 */
#ifndef DETECT_FILTER_H
#define DETECT_FILTER_H

#include "detect/blob.h"

#define FILTER_PART_LEAST 3u

struct filter;

/* What it will be asked of: JSON records, or values as they are, one behind the other. */
enum filter_form { FILTER_JSON, FILTER_TEXT, FILTER_FORMS };

/* parts: folded, FILTER_PART_LEAST bytes or more, they stay where they are. NULL when memory is short or
 * the processor cannot: then every record may hold a keyword. */
struct filter *filter_new(const struct slice *parts, uint32_t count, enum filter_form form);
void filter_free(struct filter **filter);
bool filter_passes(const struct filter *filter, struct slice raw);

#endif
