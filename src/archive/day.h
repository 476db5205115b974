/* day - one day file: its name, its tables, and statements on it.
 *
 * Tables (format 6):
 *   batch   one row a committed batch, in arrival order: digest, chain, counts (outbox cursor)
 *   block   the directory: which events, times and origins a block holds; kind 0 tail, 1 sealed,
 *           2 found damaged when it was to be sealed or packed, 3 packed when its day was over
 *   part    the bytes of a block: row id = block * 4 + part (block.h)
 *   origin  source, system and agency behind the numbers in block.origins (u32 each)
 *   alert   alerts as detect made them, earlier events as ids in words
 *   summary one row: how many blocks, events and bytes of text, and the times they reach over
 *   hits    events counted by correlations whose window was open, a row a batch (hits.h)
 *   indicators  addresses, hashes and host names, a row a sealed window (indicator_run.h)
 *   mark    what senders' requests hold that may be sent again (event/batch.h)
 * Format 5 had a row a hit (`hit`) and one a value (`indicator`): they are read where they stand.
 * Never: opened for writing by two processes; carried across fork.
 */
#ifndef ARCHIVE_DAY_H
#define ARCHIVE_DAY_H

#include <sqlite3.h>

#include "base/arena.h"
#include "base/error.h"

#define DAY_CLASS 16
#define DAY_FILE 48

struct day_name {
    int32_t day;              /* 20261124 */
    char class[DAY_CLASS];
};

/* Lower-case letters, digits, '-'; 1 to 15. */
bool day_class_valid(const char *class);
/* "20261124.standard.db" → name; false for any other file. */
bool day_name_parse(const char *file, struct day_name *name_out);
/* text has DAY_FILE bytes. */
void day_name_print(const struct day_name *name, char *text);
/* Newest day first, then by class. A missing directory is an empty one. */
bool day_list(const char *directory, struct arena *arena, struct day_name **names_out,
              size_t *count_out, struct error *e);

bool day_is_there(const char *directory, const struct day_name *name);
/* For writing: made when missing (WAL, synchronous=FULL, WAL kept at close). ERROR_DAMAGED: its pages
 * are broken; ERROR_CONFLICT: it has another format. */
bool day_create(const char *directory, const struct day_name *name, sqlite3 **db_out,
                struct error *e);
/* Brings all of the WAL into the file, and changes nothing else. */
bool day_settle(const char *directory, const struct day_name *name, struct error *e);
/* Takes it out of WAL mode, for a day that is over: one file, that can be read from where nothing can be
 * written. ERROR_BUSY at once while somebody reads it. Who writes it again puts it back. */
bool day_finish(const char *directory, const struct day_name *name, struct error *e);
/* For reading, while it may be written. ERROR_NOT_FOUND when missing. */
bool day_open(const char *directory, const struct day_name *name, sqlite3 **db_out,
              struct error *e);
void day_close(sqlite3 **db);
/* Files of an earlier format lack the later tables, those of this one the earlier. */
bool day_has_table(sqlite3 *db, const char *table, const char *file, bool *there_out, struct error *e);

/* So that names made or changed in it outlive a power cut. */
bool day_sync_folder(const char *directory, struct error *e);

/* The file in one row; a file without that row (of an earlier version, not written since) is counted
 * block by block. */
struct day_summary {
    uint64_t blocks, events, text_bytes;
    int64_t time_min, time_max;   /* event time; 0 without blocks */
};
bool day_summary_read(sqlite3 *db, const char *file, struct day_summary *out, struct error *e);
/* Whether the row is true of the blocks, where there is one: it has no checksum. */
bool day_summary_holds(sqlite3 *db, const char *file, bool *holds_out, struct error *e);

/* Says what SQLite said: a full disk is ERROR_BUSY with a hint, pages that are broken or cannot be read
 * ERROR_DAMAGED, the rest (also what cannot be written or synced) ERROR_FAILED. */
bool day_failed(sqlite3 *db, const char *file, struct error *e);
bool day_run(sqlite3 *db, const char *sql, const char *file, struct error *e);
/* NULL after a failure (e set). */
sqlite3_stmt *day_prepare(sqlite3 *db, const char *sql, const char *file, struct error *e);

void day_bind_text(sqlite3_stmt *statement, int column, struct slice text);
void day_bind_bytes(sqlite3_stmt *statement, int column, struct slice bytes);
/* The bytes live until the statement steps. */
struct slice day_column(sqlite3_stmt *statement, int column);

static inline void day_finalize(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}
#define DAY_STATEMENT __attribute__((cleanup(day_finalize))) sqlite3_stmt

/* mark.place where the mark is a checked one (event/batch.h). */
#define MARK_CHECKED (-1)

/* Kinds of block. A damaged tail is left where it is, for verify to show. */
enum { BLOCK_TAIL, BLOCK_SEALED, BLOCK_DAMAGED, BLOCK_PACKED };

#endif
