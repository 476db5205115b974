/* blob - the frozen form of a ruleset: arrays that refer to each other by index.
 *
 * Private to detect: lower.c writes it, ruleset.c opens it, scanner.c and evaluate.c read it.
 */
#ifndef DETECT_BLOB_H
#define DETECT_BLOB_H

#include <hs/hs.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/buffer.h"
#include "detect/rule.h"
#include "detect/ruleset.h"

#define SLOT_WHOLE 0xffffu   /* keyword: every value of the event */
#define NONE UINT32_MAX

struct span { uint32_t first, count; };       /* of another array */
struct ref { uint32_t at, len; };             /* of the text section */

enum atom_kind {
    ATOM_EXACT, ATOM_PREFIX, ATOM_SUFFIX, ATOM_CONTAINS, /* these four can be indexed */
    ATOM_GLOB, ATOM_REGEX, ATOM_CIDR, ATOM_COMPARE, ATOM_NULL, ATOM_EXISTS, ATOM_FIELD, ATOM_TIME
};
#define ATOM_INDEXABLE(kind) ((kind) <= ATOM_CONTAINS)

#define ATOM_CASED 1u
#define ATOM_IN_INDEX 2u     /* the group's index tells whether it holds */
#define ATOM_POSITIVE 4u     /* EXISTS: must be there */

struct atom {
    uint8_t kind, flags, mode, part;  /* mode: enum compare or field_mode */
    uint16_t slot, other;             /* other: FIELD's second field */
    struct ref text;                  /* literal (folded unless cased), number, network, expression */
    struct ref shown;                 /* the pattern as written */
    struct span pieces;               /* GLOB */
    uint32_t regex;                   /* REGEX */
    uint32_t pad;
    int64_t number;                   /* TIME */
    struct network network;           /* CIDR */
};

struct glob_piece { uint32_t kind; struct ref text; };

struct node {
    uint32_t op;          /* enum expr_op */
    uint32_t arg;         /* TEST: atom */
    uint32_t end;         /* index behind the subtree */
    struct ref selection;
};

struct blob_rule {
    struct ref id, name, title, title_vi, description, author, license, status, tags, file,
        references, falsepositives, product, category, service;
    uint32_t line, level, flags;
    uint32_t group;       /* NONE: correlation */
    uint32_t node;        /* root */
    uint32_t correlation; /* NONE: none */
    struct span feeds;    /* correlations that it feeds: pairs (correlation, position) in LIST */
};
#define RULE_SILENT 1u
#define RULE_UNREACHABLE 2u
#define RULE_ALWAYS 4u

/* A literal whose presence makes rules candidates. */
struct witness {
    struct ref text;
    uint16_t slot;
    uint16_t kind;        /* ATOM_EXACT … ATOM_CONTAINS */
    uint32_t atom;        /* that is decided by it, or NONE */
    struct span rules;    /* in LIST */
};

struct bucket { uint64_t key; uint32_t first, count; uint32_t length, pad; }; /* of witness indices in LIST */

/* The index of one field in one group of rules. */
struct field_index {
    uint32_t slot;
    uint32_t lengths_prefix, lengths_suffix; /* bit n-1: keys of n bytes exist, n = 1..8 */
    struct span exact, prefix, suffix;       /* hash tables of buckets; count is a power of two or 0 */
    uint32_t database;                       /* or NONE */
    struct span contains;                    /* witness by the database's id (LIST) */
    uint32_t atoms_only;
};

struct group {
    struct ref product, category, service;
    struct span fields, always, rules;       /* always: in LIST; rules: in RULE (contiguous) */
    uint32_t uses_whole;                     /* a keyword index exists */
    struct span parts;                       /* in NAME: for filter.h; none: no filter */
};

/* Where log sources come from (logsources/ *.yaml). */
struct source {
    struct ref product, category, service;
    uint32_t node;
    uint32_t unnamed;                        /* 1: events whose values have no names */
    struct span renames;                     /* in RENAME */
};
struct rename { uint16_t to, from; };
/* What a name of an event is called in rules (logsource.h). */
enum name_kind { NAME_RENAME, NAME_STRIP, NAME_RESTORE, NAME_UNWRAP };
struct name_rule { struct ref from, to; uint32_t kind; };

struct blob_correlation {
    uint32_t rule, type;
    int64_t timespan;
    struct { uint32_t compare, pad; double number; } bounds[CORRELATION_BOUNDS];
    uint32_t bound_count, rule_count, group_count, field_count;
    struct span group_slots;  /* LIST: rule_count × group_count slots (NONE: no such field) */
    struct span group_names;  /* NAME */
    struct span fields;       /* LIST: rule_count x field_count slots */
    struct span rules;        /* LIST: rule indices */
};

struct blob_regex {
    struct ref text;
    struct ref needs;   /* ASCII that stands in every text that matches; empty: nothing is certain */
    uint32_t flags;
    uint32_t database;  /* NONE: PCRE2 */
};
struct blob_database { uint64_t at, len; };

enum section {
    SECTION_TEXT, SECTION_SLOT, SECTION_ATOM, SECTION_PIECE, SECTION_NODE, SECTION_RULE,
    SECTION_WITNESS, SECTION_BUCKET, SECTION_FIELD, SECTION_GROUP, SECTION_LIST, SECTION_SOURCE,
    SECTION_RENAME, SECTION_NAME_RULE, SECTION_NAME, SECTION_CORRELATION, SECTION_REGEX,
    SECTION_DATABASE, SECTION_DATABASE_BYTES, SECTION_SELECTOR, SECTIONS
};

struct blob_head {
    char magic[8];
    uint64_t key, checksum, size;
    struct { uint64_t at, size; } sections[SECTIONS];
};

struct ruleset {
    int users;
    struct arena kept;           /* of the bytes */
    const char *bytes;
    size_t size;
    const char *text;
    const struct ref *slots;
    const struct atom *atoms;
    const struct glob_piece *pieces;
    const struct node *nodes;
    const struct blob_rule *rules;
    const struct witness *witnesses;
    const struct bucket *buckets;
    const struct field_index *fields;
    const struct group *groups;
    const uint32_t *list;
    const struct source *sources;
    const struct rename *renames;
    const struct name_rule *name_rules;
    const struct ref *names;
    const struct blob_correlation *correlations;
    const struct blob_regex *regexes;
    const struct blob_database *databases;
    const uint32_t *selectors;   /* slots that choose log sources: slot | presence-only << 16 */
    uint32_t slot_count, atom_count, node_count, rule_count, witness_count, group_count,
        source_count, name_rule_count, correlation_count, regex_count, database_count,
        selector_count;
    hs_database_t **opened;
    pcre2_code **pcre;           /* by regex index */
    hs_scratch_t *scratch;       /* prototype: scanners clone it */
};

static inline struct slice blob_text(const struct ruleset *r, struct ref ref)
{
    return (struct slice){ r->text + ref.at, ref.len };
}

/* Last or first n bytes (n <= 8) as a number. */
static inline uint64_t blob_key(const char *bytes, size_t n)
{
    uint64_t key = 0;
    memcpy(&key, bytes, n);
    return key;
}

static inline uint64_t blob_hash(uint64_t key, uint32_t length)
{
    key ^= (uint64_t)length * UINT64_C(0x9e3779b97f4a7c15);
    key *= UINT64_C(0xff51afd7ed558ccd);
    return key ^ key >> 29;
}

#endif
