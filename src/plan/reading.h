/* reading - plan.yaml into struct plan, strictly: an unknown key is an error that names the nearest known
 * one, and what a name refers to must exist (private to plan).
 *
 * plan_file.c reads the head, roles, numbers and measures, plan_obligation.c the duties. All bytes are in
 * the plan's arena. Each function answers false (or NULL) with the error set at the node.
 */
#ifndef PLAN_READING_H
#define PLAN_READING_H

#include "base/yaml.h"

#include "plan/plan.h"

struct reading {
    struct plan *plan;
    const struct yaml *root;
    struct error *e;
};

/* Zeroed room for `count`, for one where there is none: NULL is always an error. */
void *reading_make(struct reading *r, size_t count, size_t size);
/* The member that must be there, of that kind. */
const struct yaml *reading_want(struct reading *r, const struct yaml *node, const char *key,
                                enum yaml_kind kind);
/* The text of such a member, not empty. */
bool reading_text(struct reading *r, const struct yaml *node, const char *key, struct slice *out);
/* The member, else the node itself: where an error is shown. */
const struct yaml *reading_at(const struct yaml *node, const char *key);
/* vi and en as members of node itself. */
bool reading_words(struct reading *r, const struct yaml *node, struct plan_words *out);
bool reading_list(struct reading *r, const struct yaml *node, struct slice **out, uint32_t *count);
/* The beginning of the day 2019-08-12. */
bool reading_day(struct reading *r, const struct yaml *node, int64_t *out);
/* plan, regime or proposed: where a number comes from. */
bool reading_source(struct reading *r, const struct yaml *node, struct slice source);
/* A text file named by node, beside plan.yaml, never outside of its folder. path_out may be NULL. */
bool reading_file(struct reading *r, const struct yaml *node, size_t most, const char **path_out,
                  struct slice *out);

/* Whole parts of the file (plan_obligation.c), in this order: they refer to each other, and to roles and
 * measures. */
bool reading_clauses(struct reading *r);
bool reading_obligations(struct reading *r);
bool reading_asides(struct reading *r);

#endif
