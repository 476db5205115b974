/* catalogue - which blocks of which day files a search must look at, newest first (private).
 *
 * Day files are listed and asked for their times; a file's directory is read when the search
 * reaches its newest event, its tails with it (sealing may take them away a moment later). */
#ifndef ARCHIVE_CATALOGUE_H
#define ARCHIVE_CATALOGUE_H

#include "archive/fetch.h"
#include "archive/search.h"

struct catalogue_file {
    struct day_name name;
    char file[DAY_FILE];
    const struct search_window *window; /* NULL: all of it */
    sqlite3 *db;                 /* open while few are; see catalogue_db */
    int64_t time_min, time_max;
    uint64_t used;
    struct slice damage;         /* why it is read by salvage.h; empty: sound */
    bool loaded;
    int64_t last_block;          /* that was read of the directory */
    struct block_origin *origins; /* by number - 1 */
    bool *visible;               /* the scope lets see it */
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
    struct catalogue_file *files;  /* by time_max, newest first */
    size_t file_count, next_file;
    struct catalogue_block **heap; /* by time_max, newest on top */
    size_t count, capacity;
    uint64_t uses;
    unsigned open;
};

bool catalogue_open(struct catalogue *catalogue, const struct search_options *options,
                    struct arena *arena, struct search_foot *foot, struct error *e);
void catalogue_close(struct catalogue *catalogue);
/* The block whose newest event is newest of all that are left; NULL at the end. */
struct catalogue_block *catalogue_take(struct catalogue *catalogue);
/* Time of the newest event that may still come; INT64_MIN when none. */
int64_t catalogue_newest(struct catalogue *catalogue);
/* Open handle of a file; NULL when it cannot be opened (any more). */
sqlite3 *catalogue_db(struct catalogue *catalogue, struct catalogue_file *file, struct error *e);
/* Blocks not taken: counted where the search ended early. */
uint64_t catalogue_rest(struct catalogue *catalogue);

bool search_scope_sees(const struct search_scope *scope, struct slice agency);
/* Notes a damaged file or block in the foot. */
void search_note_damage(struct search_foot *foot, struct arena *arena, const char *file,
                        int64_t block, const struct error *e);

#endif
