/* find - a folded needle in text that is not folded: ASCII text needs no copy of itself for that. */
#ifndef ARCHIVE_FIND_H
#define ARCHIVE_FIND_H

#include "base/slice.h"

/* First place at or behind `from` where the needle (ASCII letters small) stands in the text whatever
 * the case of its ASCII letters; text.len when nowhere. An empty needle stands everywhere. */
size_t find_any_case(struct slice text, size_t from, struct slice needle);
/* No byte is above 0x7f. */
bool find_is_ascii(struct slice text);

#endif
