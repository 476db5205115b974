/* fetch - blocks out of a day file, for readers: the directory and parts, one short read each.
 *
 * Sealing replaces tail blocks, so a reader that has listed the directory may find a tail gone;
 * fetch_block then gives ERROR_NOT_FOUND and the reader lists again.
 */
#ifndef ARCHIVE_FETCH_H
#define ARCHIVE_FETCH_H

#include "archive/block.h"
#include "archive/day.h"

struct fetched {
    struct buffer inflated[PART_COUNT];
    struct slice parts[PART_COUNT]; /* inflated; data NULL: not read */
    struct arena arena;
    struct block_rows rows;
    const void *held;               /* whose block the rows are: for fetch_sequence to look here first */
};

void fetch_init(struct fetched *f);
void fetch_free(struct fetched *f);

/* The stored bytes of one part, in the buffer (cleared first). */
bool fetch_stored(sqlite3 *db, const char *file, int64_t block, enum block_part part,
                  struct buffer *out, struct error *e);
/* Rows of a block, then any of its other parts when asked. Checksums are held. */
bool fetch_rows(struct fetched *f, sqlite3 *db, const char *file, int64_t block, struct error *e);
bool fetch_part(struct fetched *f, sqlite3 *db, const char *file, int64_t block,
                enum block_part part, struct error *e);
/* The same from stored bytes at hand. */
bool fetch_rows_of(struct fetched *f, struct slice stored, struct error *e);
bool fetch_part_of(struct fetched *f, struct slice stored, enum block_part part, struct error *e);

/* The same from the parts that a builder gives away. */
bool fetch_take(struct fetched *f, struct block_builder *builder, struct error *e);

/* The event of that sequence: its block's parts in f, its row in *row_out. ERROR_NOT_FOUND when
 * the file has no such event. */
bool fetch_sequence(struct fetched *f, sqlite3 *db, const char *file, uint64_t sequence,
                    uint32_t *row_out, struct error *e);

/* The i-th number of an origin in block.origins (day.h). */
uint32_t fetch_number(struct slice numbers, size_t i);

/* All its bytes into the arena; false when exhausted. */
bool fetch_copy_event(const struct event *from, struct arena *arena, struct event *to);

#endif
