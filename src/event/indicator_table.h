/* indicator_table - millions of indicators in one file, mapped read-only and asked by hash.
 *
 * The hub builds it, replaces it by rename and nudges; the pipeline maps the new one between two
 * batches, like the roster. The same bytes in memory serve `detect --indicators`.
 *
 *     head | filter: 16 bits an entry | directory: first entry of each run of hashes | entries
 *     sorted by hash, 32 bytes each | texts: keys, notes | sources
 *
 * Most values of most events are refused by one bit of the filter (2 MB for a million entries).
 * What passes is compared byte by byte, so a hash that is equal by chance raises nothing.
 * Entries marked `allow` are the allow-list: what they name is never alerted on (indicator_match.h).
 * Good: any number of threads read one table.
 * Never: a file from anywhere but our own hub (the checksum finds damage, not malice).
 */
#ifndef EVENT_INDICATOR_TABLE_H
#define EVENT_INDICATOR_TABLE_H

#include "base/error.h"
#include "event/indicator.h"

#define INDICATOR_SOURCES_MOST 4096u
#define INDICATOR_ENTRIES_MOST 50000000u

struct indicator_table;
struct indicator_builder;

struct indicator_row {
    enum indicator_type type;
    struct slice key;              /* of struct indicator */
    struct slice source, license;  /* whose feed it stands in */
    struct slice note;             /* what the feed says of it; may be empty */
    unsigned confidence;           /* 0..100 */
    enum indicator_tlp tlp;
    int64_t valid_until;           /* ns UTC; 0: open */
    bool allow;                    /* of the allow-list; a domain whose confidence is … */
#define INDICATOR_TRUSTED 100u     /* … this one stands for all its sub-domains too */
};

/* ---- building ------------------------------------------------------------------------------------ */

struct indicator_builder *indicator_builder_new(void);             /* NULL: memory */
void indicator_builder_free(struct indicator_builder **builder);
/* Copies the row. False when memory or a ceiling ends. */
bool indicator_builder_add(struct indicator_builder *builder, const struct indicator_row *row,
                           struct error *e);
/* Sorts and writes the file whole (file_replace) / opens it from memory. Ends the builder's use. */
bool indicator_builder_save(struct indicator_builder *builder, uint64_t generation,
                            const char *path, struct error *e);
bool indicator_builder_table(struct indicator_builder *builder, struct indicator_table **out,
                             struct error *e);

/* ---- asking -------------------------------------------------------------------------------------- */

/* Maps it. False when it is damaged or of another format. */
bool indicator_table_open(const char *path, struct indicator_table **out, struct error *e);
void indicator_table_close(struct indicator_table **table);


/* Entries but those of the allow-list, and their generation. */
uint32_t indicator_table_count(const struct indicator_table *table);
uint64_t indicator_table_generation(const struct indicator_table *table);
size_t indicator_table_bytes(const struct indicator_table *table);

/* Which prefix lengths its networks have (or those of the allow-list), by bit 0..128 of three words;
 * which types of indicators it holds, by bit. */
const uint64_t *indicator_table_lengths(const struct indicator_table *table, bool allow);
unsigned indicator_table_types(const struct indicator_table *table);

/* The first entry of that key (the most confident; those of the allow-list before all) and how many
 * follow; INDICATOR_NONE when there is none. hash is indicator_hash of it. */
#define INDICATOR_NONE UINT32_MAX
uint32_t indicator_table_find(const struct indicator_table *table, enum indicator_type type,
                              uint64_t hash, struct slice key, uint32_t *count_out);
/* An entry's row; the slices live as long as the table. */
struct indicator_row indicator_table_row(const struct indicator_table *table, uint32_t entry);
/* A key's value for people, in out (INDICATOR_VALUE_MOST bytes). */
struct slice indicator_key_text(enum indicator_type type, struct slice key, char *out);

#endif
