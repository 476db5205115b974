/* catalogue - which blocks of which day files a search must look at, newest first (private).
 *
 * Day files are listed and asked for their summaries; a file's directory is read when the search
 * reaches its newest event, its tails with it (sealing may take them away a moment later), and given
 * up when its last block is done with: so memory holds some days, however many the archive has. */
#ifndef ARCHIVE_CATALOGUE_H
#define ARCHIVE_CATALOGUE_H

#include "archive/fetch.h"
#include "archive/search.h"

struct catalogue_file {
    struct day_name name;
    char file[DAY_FILE];
    const struct search_window *window; /* NULL: all of it */
    sqlite3 *db;                 /* open while few are; see catalogue_db */
    struct day_summary summary;
    uint64_t used;
    struct slice damage;         /* why it is read by salvage.h; empty: sound */
    bool loaded;
    int64_t last_block;          /* that was read of the directory */
    struct arena arena;          /* of its directory */
    uint64_t waiting;            /* blocks not done with */
    struct block_origin *origins; /* by number - 1 */
    unsigned char *sight;        /* enum: whether it is there at all, and the scope lets see it */
    uint32_t origin_count;
};

struct catalogue_block {
    struct catalogue_file *file;
    int64_t block;
    int kind;
    struct block_summary summary;
    struct block_origin *origins; /* visible ones */
    uint32_t origin_count;
    bool all_visible;            /* no row needs to be looked at for the scope */
    struct slice tail[PART_COUNT]; /* stored parts of a tail */
};

struct catalogue {
    const struct search_options *options;
    struct arena *arena;
    struct search_foot *foot;
    /* Told of what is not read (block 0: the whole file), where that is wanted; NULL: it is not. */
    void (*tell)(void *owner, const char *file, int64_t block, const char *why);
    void *owner;
    struct catalogue_file *files;  /* by time_max, newest first */
    size_t file_count, next_file;
    struct catalogue_block **heap; /* by time_max, newest on top */
    size_t count, capacity;
    struct catalogue_block *given; /* by the last catalogue_take */
    uint64_t uses;
    unsigned open;
};

/* options, arena, foot, tell and owner are set by the caller, the rest is zero. */
bool catalogue_open(struct catalogue *catalogue, struct error *e);
void catalogue_close(struct catalogue *catalogue);
/* The block whose newest event is newest of all that are left; NULL at the end. It holds until the
 * next call. */
struct catalogue_block *catalogue_take(struct catalogue *catalogue);
/* Time of the newest event that may still come; INT64_MIN when none. */
int64_t catalogue_newest(struct catalogue *catalogue);
/* Open handle of a file; NULL when it cannot be opened (any more). */
sqlite3 *catalogue_db(struct catalogue *catalogue, struct catalogue_file *file, struct error *e);
/* Blocks not taken where the search ended early, those of files not reached too: counted, in the
 * foot's blocks as well, and told of. Once, at the end. */
uint64_t catalogue_rest(struct catalogue *catalogue, const char *why);

bool search_scope_sees(const struct search_scope *scope, struct slice agency);
/* Notes a damaged file or block in the foot. */
void search_note_damage(struct search_foot *foot, struct arena *arena, const char *file,
                        int64_t block, const struct error *e);
/* Holds the rows of a block that is read against what the directory says of it, since by that other
 * blocks are left out: a difference is noted as damage. */
void search_hold_rows(struct search_foot *foot, struct arena *arena, const char *file, int64_t block,
                      const struct block_summary *summary, const struct block_rows *rows);

#endif
