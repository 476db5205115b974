/* losses - what detection did not look at or could not count since the pipeline started, for people to see:
 * events of log sources that nobody knows, with names; hits that correlations lost; regular expressions
 * given up. The pipeline writes it down, the hub reads and shows it.
 * Never: asked for single events; this is the sum only.
 */
#ifndef EVENT_LOSSES_H
#define EVENT_LOSSES_H

#include "base/json.h"

#define LOSSES_NAMES 16u
#define LOSSES_NAME 96

struct losses_source {
    char name[LOSSES_NAME];    /* "Channel=…" (detect/scanner.h) */
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

/* {"events":n,"unknown":n,"dropped":n,"regex_limit":n,"cut":n,"sources":[{"name":"…","events":n}]} */
void losses_write(const struct losses *losses, struct json_writer *w);
/* The same back; false: json is no object. What is missing is 0. */
bool losses_read(const struct json *json, struct losses *losses_out);

#endif
