/* passing - which blocks of an archive a back-test may pass by, since no rule can match in them.
 *
 * Joins what rules need (detect/needs.h) with what a block says of itself: from its rows which fields its
 * events have and what decoders said of them, from its filter which words are in none (archive/lack.h).
 * Never: passes by a block with records of auditd, which are looked at joined, across blocks too.
 */
#ifndef SERVE_PASSING_H
#define SERVE_PASSING_H

#include "archive/block.h"
#include "detect/ruleset.h"

struct passing;

/* Shares the ruleset. NULL: memory is short. */
struct passing *passing_new(struct ruleset *rules);
void passing_free(struct passing **passing);
/* False only when nothing in the block can match. filter: empty where there is none. */
bool passing_wanted(struct passing *passing, const struct block_rows *rows, struct slice filter);

#endif
