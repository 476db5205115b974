/* verify_beside - what stands in a day file beside the blocks' checked bytes, and by what searches decide
 * whether to look at these: the directory, origins, filters, the summary, alerts, hits, indicators (private).
 *
 * Nothing of it has to be believed: each block's rows and values are at hand, and it is computed from them
 * anew. What is wrong here hides events that are whole.
 */
#ifndef ARCHIVE_VERIFY_BESIDE_H
#define ARCHIVE_VERIFY_BESIDE_H

#include "archive/fetch.h"
#include "archive/words.h"

/* Told of what is wrong: its number, or of the whole file (what NULL). */
typedef void beside_note(void *owner, const char *what, uint64_t number, const char *reason);

struct beside {
    sqlite3 *db;
    const char *file;
    beside_note *note;
    void *owner;
    sqlite3_stmt *row, *origin;
    struct words words;          /* of the block at hand */
    struct buffer scratch, stored;
    uint64_t *keys;              /* of all indicators in the file, rising */
    size_t key_count, key_capacity;
};

/* False: its tables cannot be read at all (e). Close it in any case. */
bool beside_open(struct beside *beside, sqlite3 *db, const char *file, beside_note *note, void *owner,
                 struct error *e);
void beside_close(struct beside *beside);

/* Whether what the file says of that block, whose parts are all read, is true. */
bool beside_block(struct beside *beside, int64_t block, const struct fetched *f, struct error *e);
/* Tells what is wrong of the other tables. False: they cannot be read. */
bool beside_tables(struct beside *beside, struct error *e);

#endif
