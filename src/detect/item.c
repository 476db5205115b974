/* Items of a selection: field, modifiers, values. */
#include "detect/item.h"

#include <stdlib.h>

#include "event/json_event.h"

#define VALUES_MOST 20000u

bool item_add(struct item *item, const struct test *test, bool text)
{
    if (item->count == item->capacity) {
        uint32_t more = item->capacity ? item->capacity * 2 : 8;
        struct test *values = arena_array(item->arena, more, sizeof *values);
        bool *is_text = arena_array(item->arena, more, sizeof *is_text);
        if (!values || !is_text || more > VALUES_MOST * 2)
            return false;
        if (item->count) {
            memcpy(values, item->values, item->count * sizeof *values);
            memcpy(is_text, item->is_text, item->count * sizeof *is_text);
        }
        item->values = values;
        item->is_text = is_text;
        item->capacity = more;
    }
    item->values[item->count] = *test;
    item->is_text[item->count++] = text;
    return true;
}

bool item_no_memory(struct item *item, struct error *e)
{
    return yaml_error(e, item->node, "no memory left for this item, or more than %u values",
                      VALUES_MOST);
}

/* IMPLEMENTS sigma-2/number-forms: a number written 1.50 or 1e3 is the number 1.5 or 1000, which is
 * how events have it; 007 and 0x1 are text. Empty when it is what is written. */
static struct slice number_text(struct item *item, const struct yaml *node)
{
    char text[JSON_EVENT_NUMBER];
    size_t len = node->plain && item->field.len ? json_event_number(node->text, text) : 0;
    return len ? arena_copy(item->arena, slice_from(text, len)) : SLICE_NONE;
}

/* IMPLEMENTS sigma-2/null sigma-2/empty sigma-2/numbers-as-text sigma-2/booleans-as-text */
static bool value_read(struct item *item, const struct yaml *node, struct error *e)
{
    struct test test = { .kind = TEST_PATTERN, .field = item->field, .text = node->text,
                         .origin = item->count };
    if (node->kind != YAML_SCALAR)
        return yaml_error(e, node, "a value must be text, a number, true, false or null");
    if (yaml_is_null(node)) {
        if (item->node != node)
            return yaml_error(e, node, "null must not stand in a list");
        test.kind = TEST_NULL;
        if (!item->field.len)
            return yaml_error(e, node, "null needs a field");
        return item_add(item, &test, false) || item_no_memory(item, e);
    }
    test.number_text = number_text(item, node);
    if (!pattern_read(node->text, true, item->arena, &test.pattern) || !item_add(item, &test, true))
        return item_no_memory(item, e);
    return true;
}

/* The test, or, of a number with another canonical form, either of two: a log may hold it as text. */
static struct expr *value_expr(struct item *item, const struct test *test)
{
    struct test canonical = *test;
    if (test->kind != TEST_PATTERN || !test->number_text.len)
        return expr_test(item->arena, test);
    struct expr *both = expr_new(item->arena, EXPR_OR, 2);
    if (!both || !pattern_read(test->number_text, false, item->arena, &canonical.pattern) ||
        !(both->children[0] = expr_test(item->arena, test)) ||
        !(both->children[1] = expr_test(item->arena, &canonical)))
        return NULL;
    return both;
}

static bool values_read(struct item *item, const struct yaml *node, struct error *e)
{
    if (node->kind == YAML_SCALAR)
        return value_read(item, node, e);
    if (node->kind == YAML_MAPPING)
        return yaml_error(e, node, "a field's value must not be a mapping");
    if (!node->count)
        return yaml_error(e, node, "the list of values is empty");
    for (uint32_t i = 0; i < node->count; i++)
        if (!value_read(item, &node->children[i], e))
            return false;
    return true;
}

static int by_origin(const void *a, const void *b)
{
    const struct test *x = *(const struct test *const *)a, *y = *(const struct test *const *)b;
    return x->origin != y->origin ? (x->origin > y->origin) - (x->origin < y->origin) : (x > y) - (x < y);
}

/* Any of them. */
static struct expr *any_of(struct item *item, const struct test *const *tests, uint32_t count)
{
    struct expr *out = expr_new(item->arena, EXPR_OR, count);
    for (uint32_t i = 0; out && i < count; i++)
        if (!(out->children[i] = value_expr(item, tests[i])))
            return NULL;
    return out && count == 1 ? out->children[0] : out;
}

/* All values, of each any of the forms that windash or base64offset made of it. */
static struct expr *all_of(struct item *item, const struct test **tests)
{
    qsort(tests, item->count, sizeof *tests, by_origin);
    struct expr *out = expr_new(item->arena, EXPR_AND, item->count);
    uint32_t groups = 0;
    for (uint32_t first = 0, i = 1; out && i <= item->count; i++) {
        if (i < item->count && tests[i]->origin == tests[first]->origin)
            continue;
        if (!(out->children[groups++] = any_of(item, tests + first, i - first)))
            return NULL;
        first = i;
    }
    if (out)
        out->count = groups;
    return out && groups == 1 ? out->children[0] : out;
}

/* IMPLEMENTS sigma-2/lists-or: any of the values, unless |all. */
bool item_read(const struct yaml *node, const struct placeholders *placeholders,
               struct arena *arena, struct expr **out, struct error *e)
{
    struct item item = { .node = node, .placeholders = placeholders, .arena = arena };
    struct slice rest = node->key, names = SLICE_NONE;
    if (node->key.len) {
        slice_split(&rest, '|', &item.field);
        names = rest;
    }
    if (!values_read(&item, node, e) || (names.data && !modifiers_apply(&item, names, e)))
        return false;
    const struct test **tests = arena_array(arena, item.count + 1, sizeof *tests);
    for (uint32_t i = 0; tests && i < item.count; i++)
        tests[i] = &item.values[i];
    *out = !tests ? NULL : item.all ? all_of(&item, tests) : any_of(&item, tests, item.count);
    if (*out && item.neq)
        *out = expr_not(arena, *out);
    return *out || item_no_memory(&item, e);
}
