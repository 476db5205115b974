/* holdings - how much the archive holds, over all its day files: for the page of the machine.
 *
 * A file is counted when it has changed since it was last asked, so that a full archive costs a look
 * at its directory only.
 * Good: one for the process; any thread.
 */
#ifndef ARCHIVE_HOLDINGS_H
#define ARCHIVE_HOLDINGS_H

#include "base/error.h"

struct holdings;

struct holdings_sums {
    uint64_t files, days, events;
    uint64_t bytes;              /* on disk, write-ahead logs included */
    uint64_t raw_bytes;          /* of the records as they came */
    int64_t oldest, newest;      /* beginning of the first and last receipt day, ns UTC; 0: none */
};

struct holdings *holdings_new(void);   /* NULL when memory is short */
void holdings_free(struct holdings **holdings);
/* A file that cannot be read now counts with its bytes alone. */
bool holdings_look(struct holdings *holdings, const char *directory,
                   struct holdings_sums *sums_out, struct error *e);

#endif
