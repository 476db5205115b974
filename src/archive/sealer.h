/* sealer - what sealing has in its hands between two steps (private: seal.c chooses and stores,
 * seal_build.c loads and builds,
 * seal_indicators.c stores what the window's events name). */
#ifndef ARCHIVE_SEALER_H
#define ARCHIVE_SEALER_H

#include <assert.h>

#include "archive/indicator_run.h"
#include "archive/limit.h"
#include "archive/press.h"
#include "archive/words.h"
#include "archive/writer.h"

enum phase { PHASE_LOAD, PHASE_BUILD, PHASE_STORE };
enum build { BUILD_FILL, BUILD_PRESS, BUILD_FILTER }; /* of one block */

struct tail {
    int64_t block;
    uint64_t events, text;       /* by the directory */
    bool damaged;                /* stays where it is */
    struct fetched data;
    struct block_memo memo;
    unsigned char **names;       /* what the names of its fields say, by shape */
};

struct row {
    uint64_t group;              /* hashes: channel or program with event id; */
    uint32_t host;
    uint32_t tail : 31, inner : 1; /* inner: a value of it begins or ends inside of a word */
    uint64_t sequence;
    uint32_t row;
};
static_assert(sizeof(struct row) <= 32, "qsort moves rows themselves up to this size");

/* Rows in order: those of all tails, or of one sealed window block after block. */
struct run {
    size_t next, end;            /* tails not loaded yet */
    struct row *rows;
    size_t count, at;
};

struct sealer {
    struct day_name name;
    bool packing;                /* sealed blocks to packed ones, not tails to sealed ones */
    enum phase phase;
    struct tail *tails;
    size_t tail_count;
    struct run runs[PACK_RUNS];
    size_t run_count;
    size_t loaded, built;        /* rows */
    size_t damaged;              /* tails that were set aside, */
    char why[300];               /* the first of them with its reason */
    enum build stage;
    struct block_builder *builder;
    struct words words;          /* of the block being built */
    enum block_part part;        /* being pressed */
    struct slice parts[PART_COUNT]; /* of the builder, while they are pressed */
    struct press press;
    struct buffer pressed;
    int level;                   /* zstd's, of sealed blocks */
    struct buffer folded, filter;
    struct block_done *done;
    size_t done_count, done_capacity;
    struct arena arena;          /* parts and origins of the finished blocks; indicators */
    struct map seen;             /* bytes of an indicator's key → struct indicator_count */
    struct map names;            /* field name → what it says + 1 */
};

bool sealer_no_memory(struct error *e);
/* One step of loading; *done_out when every run can be read from. */
bool sealer_load(struct archive *archive, struct day *day, bool *done_out, struct error *e);
/* The run whose first row comes first; NULL at the end. */
struct run *sealer_first(struct sealer *s);
/* Within the transaction that stores the window: its indicators as a run. */
bool sealer_store_indicators(struct sealer *s, struct day *day, struct error *e);
/* With each packing of a day that is over: some small runs become one. One that cannot be read stays. */
bool sealer_merge_indicators(struct sealer *s, struct day *day, struct error *e);
/* Goes on with the next block, some 10 ms. Between two blocks s->stage is BUILD_FILL. */
bool sealer_build(struct archive *archive, struct day *day, struct error *e);

#endif
