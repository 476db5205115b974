/* verify - is the archive whole: every block's checksums, every event's place, the chain, and whatever
 * stands beside the blocks and can be computed from them (verify_beside.h).
 *
 * Read-only, beside a running server; one day file after the other. Inflates everything, so it
 * takes as long as a search for what is nowhere.
 */
#ifndef ARCHIVE_VERIFY_H
#define ARCHIVE_VERIFY_H

#include <stdatomic.h>

#include "archive/day.h"
#include "base/arena.h"
#include "base/error.h"

struct verify_result {
    struct day_name name;
    uint64_t batches, events, blocks, bytes;   /* read; inflated */
    uint64_t damaged;            /* blocks whose bytes, or what is said of them, are wrong */
    uint64_t missing, repeated;  /* events that stand in no block, or in two */
    uint64_t broken;             /* batches whose digest or link of the chain is wrong */
    uint64_t goes_on;            /* first number of a file behind one that was set aside; 0: none was */
    struct slice first;          /* the first thing found wrong; empty: all is well */
    unsigned char head[32];      /* the chain's last link */
};

static inline bool verify_is_well(const struct verify_result *r)
{
    return r->first.len == 0;
}

/* One file. False: it cannot be read at all (e); what is wrong inside it stands in the result. */
bool verify_day(const char *directory, const struct day_name *name, struct arena *arena,
                struct verify_result *result_out, struct error *e);
/* The same, given up (ERROR_BUSY) soon after another thread set *stop. */
bool verify_day_until(const char *directory, const struct day_name *name, const atomic_bool *stop,
                      struct arena *arena, struct verify_result *result_out, struct error *e);

#endif
