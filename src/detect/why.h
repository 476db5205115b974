/* why - the reason of a match in words and JSON, for people (private to detect). */
#ifndef DETECT_WHY_H
#define DETECT_WHY_H

#include "detect/evaluate.h"

/* [{"selection","field","test","pattern","value"}, …]: every test that holds and contributes; behind
 * them, with "not": true, of every selection below a 'not' the test that failed, so that it did not
 * apply (no "value": the field is absent). For the event loaded in the evaluator. */
bool why_write(struct evaluator *v, uint32_t rule, struct arena *arena, struct slice *out);
/* Whom the alert is about, for folding: the first of well-known fields, "src_ip=203.0.113.7". */
struct slice why_entity(const struct event *event, struct arena *arena);
/* The rule's texts outlive the ruleset: copied to the arena. */
bool alert_copy_texts(struct alert *alert, struct arena *arena);
/* Name of the atom's test as in a rule: "contains", "re|i", … */
const char *why_modifier(const struct ruleset *r, const struct atom *atom);

#endif
