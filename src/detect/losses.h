/* losses - what detection did not look at or could not count, for people to see: events of log sources
 * that nobody knows, with names; hits that correlations lost; regular expressions given up.
 *
 * The detector's thread notes, any thread reads. Counted since the program started; new rules do not set
 * it back.
 * Never: asked for single events; this is the sum only.
 */
#ifndef DETECT_LOSSES_H
#define DETECT_LOSSES_H

#include "detect/correlator.h"

#define LOSSES_NAMES 16u
#define LOSSES_NAME 96

struct losses_source {
    char name[LOSSES_NAME];    /* "Channel=…" (scanner_unknown) */
    uint64_t events;           /* behind the first 4,096 of all by every 64th: about */
};

struct losses {
    uint64_t events;           /* looked at */
    uint64_t unknown;          /* of log sources that nobody knows: no rule was tried on them */
    struct losses_source sources[LOSSES_NAMES]; /* the first names seen; the most frequent first */
    uint32_t source_count;
    uint64_t dropped;          /* hits that correlations did not count: too late, or beyond memory */
    uint64_t regex_limit;      /* regular expressions given up at their limit */
    uint64_t cut;              /* batches that raised more than their memory holds */
};

struct losses_book;

struct losses_book *losses_new(void); /* NULL: memory */
void losses_free(struct losses_book **book);
/* Behind each event: notes the name of its log source where that is not known. The detector's thread. */
void losses_event(struct losses_book *book, const struct scanner *scanner);
/* Behind each batch: what the two counted so far; cut: it raised more than its memory holds. */
void losses_batch(struct losses_book *book, const struct scanner *scanner,
                  const struct correlator *correlator, bool cut);
/* Before scanner and correlator go: what they counted stays. */
void losses_keep(struct losses_book *book, const struct scanner *scanner,
                 const struct correlator *correlator);
/* Any thread. */
struct losses losses_look(struct losses_book *book);

#endif
