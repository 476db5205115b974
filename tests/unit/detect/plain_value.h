/* plain_value - an item of a selection, its modifiers and values, straight from the specification. */
#ifndef TEST_DETECT_PLAIN_VALUE_H
#define TEST_DETECT_PLAIN_VALUE_H

#include "base/arena.h"
#include "base/yaml.h"
#include "event/event.h"

/* Characters; ANY and ONE are the wildcards, bytes that are no UTF-8 stand from 0x110000 on. */
#define ANY (-1)
#define ONE (-2)
struct points { int32_t *at; size_t count; };

enum plain_kind {
    PLAIN_PATTERN, PLAIN_REGEX, PLAIN_NETWORK, PLAIN_COMPARE, PLAIN_NULL, PLAIN_EXISTS, PLAIN_FIELD,
    PLAIN_TIME
};
enum plain_affix { AFFIX_NONE, AFFIX_STARTS = 1, AFFIX_ENDS = 2, AFFIX_CONTAINS = 3 };

struct plain_value {
    enum plain_kind kind;
    struct points pattern;    /* PLAIN_PATTERN */
    struct slice text;        /* as written, placeholders replaced */
    bool number;              /* a plain number that no modifier made text of */
    uint64_t of;              /* the same for all that windash or base64offset made of one value */
};

struct plain_item {
    struct slice field;       /* empty: keyword */
    struct plain_value *values;
    size_t count;
    bool all, neq, cased, caseless, multiline, dotall;
    enum plain_affix affix;   /* of fieldref */
    struct slice type;        /* which comparison, which part of a date */
};

/* keyed: node->key is the field with its modifiers; else node is a keyword. Fails the test where the
 * specification does not know what is written. */
void plain_item_read(const struct yaml *node, bool keyed, const struct yaml *lists,
                     struct arena *arena, struct plain_item *out);
struct points plain_points(struct slice text, struct arena *arena);
int32_t plain_fold(int32_t c);
/* A field's value against value i of the item. */
bool plain_value_holds(const struct plain_item *item, size_t i, const struct event_field *field,
                       struct arena *arena);

#endif
