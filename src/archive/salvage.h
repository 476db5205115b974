/* salvage - a damaged day file, block by block: whatever is whole in it is found (private).
 *
 * Good: after day_open or a day's directory failed; a torn tail or a bad page then costs the blocks
 *       on it. Blocks are found by their rows part alone, which says times, origins and sequences;
 *       neither the directory nor the table of origins is needed.
 * Bad: for a sound file: every block's rows are inflated before a search can skip any.
 * Never: for verifying, sealing, backing up: there a damaged file is a failure.
 */
#ifndef ARCHIVE_SALVAGE_H
#define ARCHIVE_SALVAGE_H

#include "archive/fetch.h"

struct salvage {
    sqlite3 *db;
    const char *file;
    int64_t next;              /* block to look for */
    int64_t lost_from, lost_to; /* blocks of the last gap that salvage_next came over; 0: none */
};

/* A handle for reading a file that is shorter than its head says, or whose head or schema is damaged. The
 * caller closes it (day_close). False: it has no table of parts any more (e says what SQLite says). */
bool salvage_open(const char *directory, const struct day_name *name, sqlite3 **db_out,
                  struct error *e);
/* The next block whose rows can be read, from s->next on: its number, its rows in f. Blocks that are
 * lost before it are told in lost_from and lost_to (lost_to INT64_MAX: that one and whatever came
 * behind it), also where it gives false: there is no further one. */
bool salvage_next(struct salvage *s, struct fetched *f, int64_t *block_out);
/* What the directory would say of a block that has these rows. */
struct block_summary salvage_summary(const struct block_rows *rows);
/* As fetch_sequence, from any whole block of the damaged file. */
bool salvage_sequence(struct fetched *f, sqlite3 *db, const char *file, uint64_t sequence,
                      uint32_t *row_out, struct error *e);

#endif
