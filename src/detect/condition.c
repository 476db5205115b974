/* Conditions: not > and > or, parentheses, `1|any|all of them|pattern`, a list is OR.
 * IMPLEMENTS sigma-2/condition-grammar sigma-2/condition-quantifiers sigma-2/condition-list
 *            sigma-2/condition-underscore sigma-2/condition-pattern sigma-2/condition-missing */
#include "detect/rule.h"

#define NESTING_MOST 64

struct parser {
    const struct yaml *node;
    const struct selection *selections;
    uint32_t count;
    struct arena *arena;
    struct error *e;
    struct slice text;
    size_t at;
    struct slice token;   /* the next one; empty at the end */
    unsigned depth;
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-' || c == '*' || c == '.';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A token that is no word and no parenthesis is taken byte by byte, for the error. */
static void step(struct parser *p)
{
    while (p->at < p->text.len && is_blank(p->text.data[p->at]))
        p->at++;
    size_t from = p->at;
    if (from < p->text.len && is_name(p->text.data[from]))
        while (p->at < p->text.len && is_name(p->text.data[p->at]))
            p->at++;
    else if (from < p->text.len)
        p->at++;
    p->token = slice_cut(p->text, from, p->at);
}

/* `*` anywhere in the pattern. */
static bool name_fits(struct slice name, struct slice pattern)
{
    size_t n = 0, p = 0, star = SIZE_MAX, back = 0;
    while (n < name.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            back = n;
        } else if (p < pattern.len && pattern.data[p] == name.data[n]) {
            p++, n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++back;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}

static struct expr *fail(struct parser *p, const char *what, struct slice about)
{
    yaml_error(p->e, p->node, "condition: %s '%.*s'", what, SLICE_ARGS(about));
    return NULL;
}

static struct expr *parse_or(struct parser *p);

static struct expr *named(struct parser *p, struct slice name)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (slice_equal(p->selections[i].name, name))
            return p->selections[i].expr;
    fail(p, "there is no selection", name);
    error_hint(p->e, "selections are written exactly as in 'detection', small letters included");
    return NULL;
}

static struct expr *quantified(struct parser *p, bool all)
{
    struct slice pattern = p->token;
    bool them = slice_is(pattern, "them");
    uint32_t found = 0;
    if (!pattern.len || !is_name(pattern.data[0]))
        return fail(p, "'of' needs 'them' or a name, not", pattern);
    step(p);
    struct expr *out = expr_new(p->arena, all ? EXPR_AND : EXPR_OR, p->count);
    if (!out)
        return NULL;
    for (uint32_t i = 0; i < p->count; i++) {
        struct slice name = p->selections[i].name;
        bool exact = slice_equal(name, pattern);
        bool hidden = name.len && name.data[0] == '_';
        if (exact || (!hidden && (them || name_fits(name, pattern))))
            out->children[found++] = p->selections[i].expr;
    }
    out->count = found;
    return found ? out : fail(p, "no selection is named like", pattern);
}

static struct expr *parse_one(struct parser *p)
{
    struct slice word = p->token;
    if (!word.len) {
        yaml_error(p->e, p->node, "condition: it ends where a selection is expected");
        return NULL;
    }
    if (slice_is(word, "(")) {
        if (++p->depth > NESTING_MOST)
            return fail(p, "parentheses nested too deep at", word);
        step(p);
        struct expr *inner = parse_or(p);
        p->depth--;
        if (!inner)
            return NULL;
        if (!slice_is(p->token, ")"))
            return fail(p, "a ')' is missing before", p->token);
        step(p);
        return inner;
    }
    if (!is_name(word.data[0]))
        return fail(p, word.data[0] == '|' ? "aggregation by '|' was removed from Sigma, write a "
                                             "correlation rule instead of"
                                           : "unexpected", word);
    step(p);
    if (slice_is(p->token, "of") &&
        (slice_is(word, "1") || slice_is(word, "any") || slice_is(word, "all"))) {
        step(p);
        return quantified(p, slice_is(word, "all"));
    }
    if (slice_is(p->token, "of"))
        return fail(p, "write '1 of', 'any of' or 'all of', not", word);
    if (slice_is(word, "and") || slice_is(word, "or") || slice_is(word, "not"))
        return fail(p, "a selection is missing before", word);
    if (slice_find_byte(word, '*') < word.len)
        return fail(p, "write '1 of' or 'all of' before", word);
    return named(p, word);
}

static struct expr *parse_not(struct parser *p)
{
    if (!slice_is(p->token, "not"))
        return parse_one(p);
    if (++p->depth > NESTING_MOST)
        return fail(p, "nested too deep at", p->token);
    step(p);
    struct expr *inner = parse_not(p);
    p->depth--;
    return inner ? expr_not(p->arena, inner) : NULL;
}

static struct expr *parse_chain(struct parser *p, const char *word, enum expr_op op,
                                struct expr *(*part)(struct parser *))
{
    struct expr *first = part(p);
    while (first && slice_is(p->token, word)) {
        step(p);
        struct expr *second = part(p);
        struct expr *both = second ? expr_new(p->arena, op, 2) : NULL;
        if (!both)
            return NULL;
        both->children[0] = first;
        both->children[1] = second;
        first = both;
    }
    return first;
}

static struct expr *parse_and(struct parser *p)
{
    return parse_chain(p, "and", EXPR_AND, parse_not);
}

static struct expr *parse_or(struct parser *p)
{
    return parse_chain(p, "or", EXPR_OR, parse_and);
}

static struct expr *parse_text(struct parser *p, const struct yaml *node)
{
    p->node = node;
    if (node->kind != YAML_SCALAR || !slice_trim(node->text).len) {
        yaml_error(p->e, node, "the condition must be text");
        return NULL;
    }
    p->text = node->text;
    p->at = 0;
    step(p);
    struct expr *out = parse_or(p);
    if (out && p->token.len)
        return fail(p, slice_is(p->token, "|") ? "aggregation was removed from Sigma (write a "
                                                 "correlation rule), at"
                                               : "'and' or 'or' expected before", p->token);
    return out;
}

bool condition_read(const struct yaml *node, const struct selection *selections, uint32_t count,
                    struct arena *arena, struct expr **out, struct error *e)
{
    struct parser p = { .selections = selections, .count = count, .arena = arena, .e = e };
    if (node->kind == YAML_SEQUENCE) {
        if (!node->count)
            return yaml_error(e, node, "the list of conditions is empty");
        *out = expr_new(arena, EXPR_OR, node->count);
        for (uint32_t i = 0; *out && i < node->count; i++)
            if (!((*out)->children[i] = parse_text(&p, &node->children[i])))
                *out = NULL;
    } else {
        *out = parse_text(&p, node);
    }
    if (!*out && e && !e->set)
        return yaml_error(e, node, "no memory left for this condition");
    return *out != NULL;
}
