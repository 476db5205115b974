/* matcher - what looking from afar (match.c) and looking at rows (match_rows.c) share. */
#ifndef ARCHIVE_MATCHER_H
#define ARCHIVE_MATCHER_H

#include "archive/match.h"

/* Per test of the tree, in the order of a walk: the words a block must have. */
struct leaf {
    const struct node *node;
    struct words words;
};

struct matcher {
    const struct query *query;
    struct leaf *leaves;
    size_t leaf_count;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    bool uses_words, late;
    uint64_t undecided;
};

/* Whether the value passes the test; view lends its buffer. */
bool match_value(struct matcher *m, struct view *view, const struct node *node, struct slice bytes);
bool match_regex(struct matcher *m, struct view *view, const struct node *node, struct slice bytes);
/* What of an origin PLACE_SOURCE, PLACE_SYSTEM and PLACE_AGENCY mean. */
struct slice match_origin(const struct block_origin *origin, enum place place);

#endif
