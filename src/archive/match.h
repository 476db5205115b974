/* match - which rows of a block a filter wants (private to search).
 *
 * First from afar (match_glance): the directory's times and origins, the word filter. Then on the
 * rows, cheap tests before dear ones, each on what the ones before left over; the parts of the
 * block are inflated when the first test needs them. */
#ifndef ARCHIVE_MATCH_H
#define ARCHIVE_MATCH_H

#include "archive/fetch.h"
#include "archive/tree.h"

/* What is known of a block without opening it. */
struct glance {
    const struct day_name *name;
    const struct block_summary *summary;
    const struct block_origin *origins;  /* those that the scope lets see */
    uint32_t origin_count;
    struct slice filter;                 /* empty: none */
};

enum glance_result { GLANCE_MAY, GLANCE_TIME, GLANCE_SOURCE, GLANCE_WORDS };

/* A block being matched. The caller fills what stands above the line. */
struct view {
    const struct day_name *name;
    struct fetched *fetched;             /* rows are read */
    bool (*need)(void *owner, enum block_part part, struct error *e); /* reads a part on demand */
    bool (*late)(void *owner);           /* the search's time is over; NULL: never */
    void *owner;
    struct arena *arena;                 /* of this block */
    /* -------------------------------------------------------------- */
    struct buffer folded;                /* text that is not ASCII, folded */
    struct slice searched;               /* that, or the text itself; rows at searched_at */
    const uint32_t *searched_at;
    bool as_is;                          /* the text itself: its letters are of any case */
    bool is_folded;
    struct buffer value, plain;          /* scratch */
};

struct matcher;

/* Prepares the filter for many blocks. NULL: memory is short. */
struct matcher *matcher_new(const struct query *query);
void matcher_free(struct matcher **matcher);
bool matcher_uses_words(const struct matcher *matcher);
/* How many values an expression gave up on: whether they match is not known. */
uint64_t matcher_undecided(const struct matcher *matcher);
/* The time was over while expressions ran: the block was not matched to its end. */
bool matcher_late(const struct matcher *matcher);

/* The first thing that proves that nothing in the block can match. */
enum glance_result match_glance(const struct matcher *matcher, const struct glance *glance);

void match_view_init(struct view *view);
void match_view_free(struct view *view);
void view_begin(struct view *view); /* before each block */

/* Clears in mask (a bit a row) what does not match. False: the block is damaged, e says where; or it
 * is matcher_late(). */
bool match_rows(struct matcher *matcher, struct view *view, uint64_t *mask, struct error *e);

static inline size_t mask_words(uint32_t rows)
{
    return ((size_t)rows + 63) / 64;
}

#endif
