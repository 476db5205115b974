/* modifier - what may stand behind a field's name: one row each.
 *
 * To add one: a row with its compile function. Modifiers run from left to right over the item's
 * values; a test walks the table, compiles each example and looks the name up in docs/detection.md.
 */
#ifndef DETECT_MODIFIER_H
#define DETECT_MODIFIER_H

#include "detect/rule.h"

enum modifier_kind {
    MODIFIER_TEXT,     /* changes text values */
    MODIFIER_ENCODE,   /* turns text into other bytes, no wildcards in it */
    MODIFIER_TYPE,     /* makes the value something else than text */
    MODIFIER_FLAG,     /* of a regular expression */
    MODIFIER_LIST      /* changes what a list means */
};

struct item;

struct modifier {
    const char *name;
    enum modifier_kind kind;
    bool (*compile)(struct item *item, const struct modifier *self, struct error *e);
    int argument;
    const char *example;   /* a selection's line */
};

extern const struct modifier modifiers[];  /* ended by .name NULL */
/* The names, '|' between, one after the other. */
bool modifiers_apply(struct item *item, struct slice names, struct error *e);

#endif
