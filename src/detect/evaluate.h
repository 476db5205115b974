/* evaluate - does an atom hold, does a tree hold (private to detect). */
#ifndef DETECT_EVALUATE_H
#define DETECT_EVALUATE_H

#include "detect/view.h"

struct evaluator {
    const struct ruleset *ruleset;
    struct view view;
    const struct event *event;
    uint32_t *memo;            /* by atom: stamp * 2 + answer */
    uint32_t stamp;            /* of the event */
    hs_scratch_t *scratch;
    pcre2_match_data *match;
    pcre2_match_context *context;
    struct buffer clean;       /* a value that is not UTF-8, repaired for regexes */
    bool trust_index;          /* an indexed atom that did not fire does not hold */
    uint64_t regex_limit;      /* regexes given up at PCRE2's limit */
    bool line_only;            /* keywords look at a line of text alone: choosing the log source */
};

bool evaluator_init(struct evaluator *v, const struct ruleset *ruleset);
void evaluator_free(struct evaluator *v);
bool evaluate_node(struct evaluator *v, uint32_t node);
bool evaluate_atom(struct evaluator *v, uint32_t atom);
/* Does the atom hold for this very value? For the explanation of an alert. */
bool evaluate_value(struct evaluator *v, const struct atom *atom, struct view_value *value);

#endif
