/* item - one item of a selection in the making: a field, its values, and what its modifiers made of them
 * (private to detect).
 */
#ifndef DETECT_ITEM_H
#define DETECT_ITEM_H

#include "detect/modifier.h"

struct item {
    const struct yaml *node;
    const struct placeholders *placeholders;
    struct arena *arena;
    struct slice field;
    struct test *values;
    bool *is_text;        /* value i is still text that text modifiers may change */
    uint32_t count, capacity;
    bool all, neq, has_regex;
    /* the last modifier, but for expand, that said how text is compared, */
    const struct modifier *changed;
    const struct modifier *rewritten; /* of those, that made other text of it, */
    const struct modifier *encoded;   /* of those, that made other bytes of it; NULL: none */
};

/* Text: value i may be changed by text modifiers. False: memory, or too many values. */
bool item_add(struct item *item, const struct test *test, bool text);
/* Says so; always false. */
bool item_no_memory(struct item *item, struct error *e);

#endif
