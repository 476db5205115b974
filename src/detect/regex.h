/* regex - expressions of |re: Vectorscan, PCRE2 for what it refuses (private to detect). */
#ifndef DETECT_REGEX_H
#define DETECT_REGEX_H

#include "detect/blob.h"

/* The database, or NULL when only PCRE2 takes it; false with the reason when neither does. */
bool regex_compile(struct slice text, unsigned flags, hs_database_t **out, struct error *e);
pcre2_code *regex_compile_pcre(struct slice text, unsigned flags, struct error *e);
/* Longest run of characters that every match holds; empty when none is certain. */
struct slice regex_literal(struct slice text, unsigned flags, struct arena *arena);

#endif
