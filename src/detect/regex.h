/* regex - expressions of |re: Vectorscan, PCRE2 for what it refuses (private to detect). */
#ifndef DETECT_REGEX_H
#define DETECT_REGEX_H

#include "detect/blob.h"

/* Every character beyond ASCII means the same to the expression, so it is searched for in narrowed text:
 * a database of bytes is made seven times as fast as one of UTF-8, is smaller, and scans faster. */
#define REGEX_NARROW 8u
#define REGEX_NARROW_CASELESS 16u /* ... and the whole of it without case */

/* REGEX_NARROW, with or without _CASELESS, or 0. */
unsigned regex_narrow(struct slice text, unsigned flags);
/* UTF-8, or what should be, with one byte for each character, and for each byte that is none. */
struct slice regex_narrowed(struct slice text, unsigned flags, struct buffer *room);
/* The database, or NULL when only PCRE2 takes it; false with the reason when neither does. With
 * REGEX_NARROW in `flags` the database wants narrowed text; PCRE2 never does. */
bool regex_compile(struct slice text, unsigned flags, hs_database_t **out, struct error *e);
pcre2_code *regex_compile_pcre(struct slice text, unsigned flags, struct error *e);
/* Longest run of characters that every match holds; empty when none is certain. */
struct slice regex_literal(struct slice text, unsigned flags, struct arena *arena);
/* The same, as it stands byte for byte in a text that need not be UTF-8: only ASCII of an expression with
 * case. To look for it costs far less than to scan. */
struct slice regex_needs(struct slice text, unsigned flags, struct arena *arena);

#endif
