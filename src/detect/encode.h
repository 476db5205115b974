/* encode - text as attackers wrap it: base64 and UTF-16 (private to detect).
 *
 * All return bytes of the arena; data is NULL when memory is short.
 */
#ifndef DETECT_ENCODE_H
#define DETECT_ENCODE_H

#include "base/arena.h"

/* RFC 4648 with padding. */
struct slice encode_base64(struct arena *arena, struct slice bytes);
/* The bytes as they stand encoded `shift` (0 to 2) bytes behind a multiple of three, without the
 * characters that depend on their neighbours: 0, 2, 3 in front, 0, 3, 2 behind. bytes: 2 or more. */
struct slice encode_base64_shifted(struct arena *arena, struct slice bytes, size_t shift);
/* UTF-8 as UTF-16, big-endian or not; mark: FE FF as a unit before it. */
struct slice encode_utf16(struct arena *arena, struct slice text, bool big, bool mark);

#endif
