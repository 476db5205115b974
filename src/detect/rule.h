/* rule - a Sigma document, read and checked: metadata, log source, and its condition as a tree.
 *
 * First of the three stages (compile, freeze, scan). Everything a rule asks for is either in the
 * tree or an error with file, line and column; nothing is left out silently.
 * Source of the meaning: sigma-specification v2.1.0 (docs/conformance.md, clause by clause).
 */
#ifndef DETECT_RULE_H
#define DETECT_RULE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/yaml.h"
#include "event/alert.h"
#include "event/network.h"

enum piece_kind { PIECE_TEXT, PIECE_ANY, PIECE_ONE };

/* A string value cut at its wildcards. */
struct piece {
    enum piece_kind kind;
    struct slice text; /* PIECE_TEXT, escapes resolved */
};

struct pattern {
    struct piece *pieces;
    uint32_t count;
};

enum test_kind {
    TEST_PATTERN,   /* whole value against pattern; keyword: anywhere in any value */
    TEST_REGEX,
    TEST_CIDR,
    TEST_COMPARE,   /* lt lte gt gte of numbers */
    TEST_NULL,
    TEST_EXISTS,
    TEST_FIELD,     /* against another field's value */
    TEST_TIME       /* part of a date */
};

enum compare { COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE, COMPARE_EQ, COMPARE_NEQ };
enum field_mode { FIELD_EQUAL, FIELD_STARTS, FIELD_ENDS, FIELD_CONTAINS };
enum time_part { TIME_MINUTE, TIME_HOUR, TIME_DAY, TIME_WEEK, TIME_MONTH, TIME_YEAR };

#define REGEX_CASELESS 1u
#define REGEX_MULTILINE 2u
#define REGEX_DOTALL 4u

struct test {
    enum test_kind kind;
    struct slice field;       /* empty: keyword, the whole event */
    bool cased;
    struct pattern pattern;   /* TEST_PATTERN */
    struct slice number_text; /* TEST_PATTERN of a number: its canonical digits, which fit too */
    struct slice text;        /* TEST_REGEX: expression; TEST_FIELD: the other field; number as text */
    unsigned flags;           /* REGEX_… */
    struct network network;   /* TEST_CIDR */
    enum compare compare;     /* TEST_COMPARE */
    enum field_mode mode;     /* TEST_FIELD */
    enum time_part part;      /* TEST_TIME */
    bool exists;              /* TEST_EXISTS */
    int64_t number;           /* TEST_TIME */
    uint64_t origin;          /* the same for what modifiers made of one value of the rule */
};

enum expr_op { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_TEST, EXPR_TRUE, EXPR_FALSE };

struct expr {
    enum expr_op op;
    struct slice selection;   /* name of the selection this subtree is; empty inside */
    struct expr **children;
    uint32_t count;
    struct test *test;
};

struct selection {
    struct slice name;
    struct expr *expr;
    const struct yaml *node;
};

enum correlation_type {
    CORRELATION_EVENT_COUNT, CORRELATION_VALUE_COUNT, CORRELATION_TEMPORAL,
    CORRELATION_TEMPORAL_ORDERED, CORRELATION_VALUE_SUM, CORRELATION_VALUE_AVG
};

#define CORRELATION_BOUNDS 2

struct correlation {
    enum correlation_type type;
    struct slice *rules;           /* ids or names it refers to */
    uint32_t rule_count;
    struct slice *group_by;
    uint32_t group_count;
    struct alias { struct slice name, rule, field; } *aliases;
    uint32_t alias_count;
    int64_t timespan;              /* ns */
    struct { enum compare compare; double number; } bounds[CORRELATION_BOUNDS];
    uint32_t bound_count;          /* 0 (temporal): all rules must have matched */
    struct slice *fields;          /* value_count (several: a tuple), value_sum, value_avg */
    uint32_t field_count;
    bool generate;                 /* the referred rules fire alone too */
};

enum rule_kind { RULE_DETECTION, RULE_CORRELATION, RULE_FILTER };

struct rule {
    enum rule_kind kind;
    const char *file;
    unsigned line;
    struct slice id, name, title, title_vi, description, description_vi, author, license, status;
    struct slice tags;             /* space between */
    struct slice references;       /* newline between */
    struct slice falsepositives;
    enum alert_level level;
    struct slice product, category, service; /* of the log source; lower case, empty: any */
    struct selection *selections;
    uint32_t selection_count;
    struct expr *condition;        /* RULE_DETECTION, RULE_FILTER */
    struct correlation *correlation;
    struct slice *targets;         /* RULE_FILTER: ids or names; none: any rule of its log source */
    uint32_t target_count;
    const struct yaml *node;
    bool refused;                  /* by the compiler, and told: a correlation whose rules are not there */
};

/* Lists the user gives for %name% (expand): one mapping of name to a value or a list. */
struct placeholders {
    const struct yaml *document;   /* NULL: none given */
};

/* Who hears what is wrong with a rule, each with its place. */
struct faults {
    void (*tell)(void *owner, const struct error *e);
    void *owner;
    uint32_t count;
};

/* Tells it and clears it; nothing where there is none. */
void faults_tell(struct faults *faults, struct error *e);

/* Reads one document; false when it has faults: all that do not follow from each other were told. The rule
 * and all in it are the arena's. */
bool rule_read(const struct yaml *document, const struct placeholders *placeholders,
               struct arena *arena, struct rule *rule_out, struct faults *faults);

/* One item of a selection, "field|modifier|…" with its values (item.c). */
bool item_read(const struct yaml *node, const struct placeholders *placeholders,
               struct arena *arena, struct expr **out, struct error *e);
/* The condition over the selections (condition.c). */
bool condition_read(const struct yaml *node, const struct selection *selections, uint32_t count,
                    struct arena *arena, struct expr **out, struct error *e);
/* A correlation section (correlation_rule.c); its faults are told, each. */
void correlation_read(const struct yaml *node, struct arena *arena, struct correlation **out,
                      struct faults *faults);

/* Nodes of the tree; NULL when the arena is exhausted. */
struct expr *expr_new(struct arena *arena, enum expr_op op, uint32_t children);
struct expr *expr_test(struct arena *arena, const struct test *test);
struct expr *expr_not(struct arena *arena, struct expr *of);

/* A string with Sigma's wildcards and escapes; wildcards false: taken as it is. */
bool pattern_read(struct slice text, bool wildcards, struct arena *arena, struct pattern *out);
/* Its bytes when it has no wildcard. */
bool pattern_plain(const struct pattern *pattern, struct slice *out);
/* Puts * before and behind, unless it is there. */
bool pattern_widen(struct pattern *pattern, bool before, bool behind, struct arena *arena);
/* As written in a rule, for people. */
struct slice pattern_text(const struct pattern *pattern, struct arena *arena);

#endif
