/* automaton - Vectorscan's databases, scanned by those of its builds that lose nothing (private to detect).
 *
 * The library holds itself several times, compiled for wider and wider registers, and takes the widest.
 * In release 5.4.9 (Debian 12) the wide ones lose matches: of 4,000 expressions made at random, compared
 * with PCRE2 on texts of up to 300 bytes, the one for AVX-512 lost some in 95 ("w." finds nothing behind
 * the 64th byte), the one for AVX2 in 3; the one for SSE4.2 lost none of 2.4 million. Upstream mended some
 * of it later (VectorCamp/vectorscan, pull requests 368 and 378). A rule that is silently lost is the one
 * fault that nobody ever notices, so databases are made for any processor and scanned sixteen bytes at a
 * time, which costs little: most values are shorter. tests/unit/detect/test_automaton.c compares what is
 * installed with PCRE2 and with a plain search.
 */
#ifndef DETECT_AUTOMATON_H
#define DETECT_AUTOMATON_H

#include <hs/hs.h>

#include "base/slice.h"

/* What databases are made for; as static as the program. */
const hs_platform_info_t *automaton_platform(void);
/* Calls found for each match until it returns other than 0. database: made for automaton_platform(). */
void automaton_scan(const hs_database_t *database, struct slice text, hs_scratch_t *scratch,
                    match_event_handler found, void *owner);
/* The build that scans, for people: "SSE4.2", "SSSE3", or "the library's choice" where there is but one. */
const char *automaton_build(void);

#endif
