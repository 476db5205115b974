/* tree - what a parsed query is, for those who run it (private to the room; query.h is the door). */
#ifndef ARCHIVE_TREE_H
#define ARCHIVE_TREE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "archive/query.h"
#include "archive/words.h"

enum node_kind { NODE_ALL, NODE_AND, NODE_OR, NODE_NOT, NODE_TEST };

enum test_kind {
    TEST_WORDS,    /* needle stands in it at word boundaries */
    TEST_EXACT,    /* it is the needle, folded */
    TEST_WILD,     /* it matches the pattern from end to end; in free text: some words of it do */
    TEST_REGEX,
    TEST_NETWORK,
    TEST_RANGE,    /* number (or time) within low..high */
    TEST_EXISTS
};

/* Where a test looks. The envelope's names come before fields of the same name; `fields.source`
 * is the field. */
enum place {
    PLACE_TEXT,    /* raw line and values */
    PLACE_FIELD,
    PLACE_SOURCE, PLACE_SYSTEM, PLACE_AGENCY, PLACE_DECODER, PLACE_PRODUCT, PLACE_CATEGORY,
    PLACE_SERVICE, PLACE_CLASS, PLACE_ID, PLACE_TIME, PLACE_RECEIVED, PLACE_RAW
};

struct network {
    unsigned char bytes[16];
    unsigned len;          /* 4 or 16 */
    unsigned bits;
};

struct node {
    enum node_kind kind;
    struct node **children;
    uint32_t count;

    enum test_kind test;   /* NODE_TEST */
    enum place place;
    struct slice field;    /* as written; compared without case */
    struct slice written;  /* the value as written, for query_print */
    struct slice needle;   /* folded; TEST_WILD: the pattern, folded; in free text its
                            * only stretch without wildcards when regex is NULL;
                            * TEST_NETWORK: the one address as a word, else empty */
    bool open_left, open_right; /* TEST_WILD in free text: `*` at that end */
    struct slice escaped;  /* needle as it stands inside JSON, where that differs; else empty */
    pcre2_code *regex;
    struct network network;
    long double low, high; /* TEST_RANGE of numbers */
    int64_t time_low, time_high; /* of PLACE_TIME, PLACE_RECEIVED: [low, high) */
    bool low_open, high_open;
};

enum stage_kind {
    STAGE_COUNT, STAGE_TOP, STAGE_STATS, STAGE_TIMECHART, STAGE_FIELDS, STAGE_SORT, STAGE_LIMIT,
    STAGE_UNIQ
};

enum stat_kind { STAT_COUNT, STAT_SUM, STAT_AVG, STAT_MIN, STAT_MAX, STAT_DISTINCT };

struct stat {
    enum stat_kind kind;
    struct slice field;    /* empty for a bare count */
    struct slice name;     /* of its column */
};

struct sort_key {
    struct slice field;
    bool descending;
};

struct stage {
    enum stage_kind kind;
    struct slice by[QUERY_COLUMNS_MAX];   /* by …; fields …; uniq … */
    uint32_t by_count;
    struct stat stats[QUERY_COLUMNS_MAX];
    uint32_t stat_count;
    struct sort_key keys[QUERY_COLUMNS_MAX];
    uint32_t key_count;
    int64_t span;          /* over 1h: ns; 0: none (timechart: chosen from the range) */
    uint64_t number;       /* limit, top */
    bool bare;             /* `top 10` without a field: of the table before */
};

struct query {
    struct node *filter;
    struct stage stages[QUERY_STAGES_MAX];
    uint32_t stage_count;
    int64_t now;
};

enum place tree_place(struct slice name, struct slice *field_out);
const char *tree_place_name(enum place place);

/* Address as text to bytes: 4 or 16, 0 when it is none. */
unsigned tree_address(struct slice text, unsigned char *bytes);
bool tree_network_has(const struct network *network, const unsigned char *address, unsigned len);
/* Wildcard pattern over text, both folded. */
bool tree_wild(struct slice pattern, struct slice text);
/* Longest stretch of the pattern without wildcards. */
struct slice tree_wild_literal(struct slice pattern);
/* Escapes as JSON would write it (\\ \" \n \r \t). */
void tree_escape(struct slice text, struct buffer *out);

#endif
