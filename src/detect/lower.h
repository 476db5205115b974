/* lower - from rule trees to the sections of the blob (private to detect). */
#ifndef DETECT_LOWER_H
#define DETECT_LOWER_H

#include "base/map.h"
#include "detect/blob.h"

struct lowering {
    struct arena *arena;
    struct buffer sections[SECTIONS];
    struct map texts, slots, regexes;
    struct map atoms;        /* of the group now being lowered: key → index + 1 */
    struct map witnesses;    /* of the group: key → struct pending */
    struct pending *first_pending;
    uint32_t group;
    struct error *e;
};

void lowering_init(struct lowering *l, struct arena *arena, struct error *e);
void lowering_free(struct lowering *l);

struct ref lower_text(struct lowering *l, struct slice text);
uint16_t lower_slot(struct lowering *l, struct slice field);
uint32_t lower_count(const struct lowering *l, enum section section, size_t size);

/* Each group of rules of one log source: begin, each rule, end. */
void lower_group_begin(struct lowering *l);
/* False with the error set when the engine cannot run it (a regex nobody compiles). */
bool lower_rule(struct lowering *l, const struct expr *expr, struct blob_rule *out,
                uint32_t rule, struct error *e);
bool lower_group_end(struct lowering *l, struct group *group, struct error *e);
/* A tree alone, not indexed (conditions of log sources). */
bool lower_expr(struct lowering *l, const struct expr *expr, uint32_t *node_out, struct error *e);

/* ---- between lower.c, witness.c (lower_rule) and index.c (lower_group_end) ---- */

struct pending { /* a witness being collected */
    struct witness witness;
    struct slice literal;
    uint32_t *rules;
    uint32_t count, capacity;
    struct pending *next;
};

void lower_put(struct lowering *l, enum section section, const void *data, size_t size);
struct slice lower_folded(struct lowering *l, struct slice text);
/* The pattern's form: one of the four that can be indexed, with its literal, or GLOB. */
enum atom_kind lower_shape(const struct pattern *p, struct slice *literal);
/* The pattern as it is searched: a keyword's with wildcards around. */
struct pattern lower_pattern_of(struct lowering *l, const struct test *test);
/* Index of the atom, made when new within this group; NONE with the error set. */
uint32_t lower_test(struct lowering *l, const struct test *test, struct error *e);

/* All sections into one blob. */
bool lower_finish(struct lowering *l, struct buffer *out);

#endif
