/* Each rule gets its witnesses: literals of which at least one stands in every event that matches. */
#include <math.h>

#include "detect/lower.h"

#include "detect/regex.h"

struct literal {
    struct slice text;   /* folded */
    struct slice field;
    enum atom_kind kind;
    bool decides;        /* the atom holds exactly when the literal is found */
    const struct test *test;
};

struct demand {
    struct literal *literals;
    uint32_t count;
    double cost;         /* how often one of them will be found, about; INFINITY: nothing demanded */
};

static const struct demand nothing = { NULL, 0, INFINITY };

/* What stands in a large share of the events of some log source, however long it is. */
static const char *const everywhere[] = {
    "c:\\windows\\system32\\ntdll.dll+", ":\\windows\\system32\\kernelbase.dll+",
    "c:\\windows\\system32\\svchost.exe", "c:\\windows\\system32\\lsass.exe",
    "c:\\windows\\system32\\services.exe", "c:\\windows\\syswow64\\", "c:\\windows\\explorer.exe",
    "c:\\windows\\system32\\wbem\\wmiprvse.exe", "c:\\windows\\system32\\cmd.exe",
    "\\windowspowershell\\v1.0\\powershell.exe", "c:\\program files (x86)\\", "c:\\users\\",
    "c:\\program files\\", "c:\\programdata\\microsoft\\windows", "\\appdata\\local\\temp\\",
    "\\appdata\\roaming\\microsoft\\", "hklm\\system\\currentcontrolset\\services\\",
    "hklm\\software\\microsoft\\windows\\currentversion\\", "\\software\\wow6432node\\",
    "microsoft corporation", "unknown(", "https://www.", "/usr/bin/", "mozilla/5.0 (",
};

/* Whole values that tell nearly nothing, however rare their letters are. */
static const char *const usual[] = {
    "get", "post", "http", "https", "tcp", "udp", "true", "false", "success", "system", "allow", "accept",
};
#define USUAL 50.0 /* anything else that a rule demands comes first */

static bool is_usual(struct slice text)
{
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (slice_is(text, usual[i]))
            return true;
    return false;
}

static bool is_everywhere(struct slice text)
{
    for (size_t i = 0; i < sizeof everywhere / sizeof *everywhere; i++) {
        struct slice all = slice_of(everywhere[i]);
        if (text.len <= all.len && slice_find(all, text) + text.len <= all.len)
            return true;
    }
    return false;
}

/* About the share of events that hold it (USUAL: to be avoided). */
static double literal_cost(struct slice text, enum atom_kind kind)
{
    double cost = pow(0.75, (double)text.len);
    cost *= kind == ATOM_CONTAINS ? 1.5 : 1;
    if (kind == ATOM_EXACT && is_usual(text))
        return USUAL;
    if (kind != ATOM_EXACT && cost < 0.3 && is_everywhere(text))
        return 0.3;
    return cost < 1e-4 ? 1e-4 : cost;
}

static struct demand demand_of(struct lowering *l, struct slice field, struct slice text,
                               enum atom_kind kind, bool decides, const struct test *test)
{
    if (!text.len && kind != ATOM_EXACT)
        return nothing;
    struct literal *literal = arena_alloc(l->arena, sizeof *literal);
    if (!literal)
        return nothing;
    *literal = (struct literal){ text, field, kind, decides, test };
    return (struct demand){ literal, 1, literal_cost(text, kind) };
}

static struct demand demand_test(struct lowering *l, const struct test *test)
{
    struct slice literal;
    if (test->kind == TEST_REGEX) {
        struct slice needed = regex_literal(test->text, test->flags, l->arena);
        return needed.len ? demand_of(l, test->field, lower_folded(l, needed), ATOM_CONTAINS, false, test)
                          : nothing;
    }
    if (test->kind != TEST_PATTERN)
        return nothing;
    struct pattern pattern = lower_pattern_of(l, test);
    enum atom_kind kind = lower_shape(&pattern, &literal);
    if (kind != ATOM_GLOB)
        return demand_of(l, test->field, lower_folded(l, literal), kind, !test->cased, test);
    for (uint32_t i = 0; i < pattern.count; i++)
        if (pattern.pieces[i].text.len > literal.len)
            literal = pattern.pieces[i].text;
    return literal.len ? demand_of(l, test->field, lower_folded(l, literal), ATOM_CONTAINS, false, test)
                       : nothing;
}

static struct demand demand_expr(struct lowering *l, const struct expr *expr);

static struct demand demand_any(struct lowering *l, const struct expr *expr)
{
    struct demand sum = { NULL, 0, 0 };
    struct demand *parts = arena_array(l->arena, expr->count + 1, sizeof *parts);
    if (!parts || !expr->count)
        return nothing;
    for (uint32_t i = 0; i < expr->count; i++) {
        parts[i] = demand_expr(l, expr->children[i]);
        if (isinf(parts[i].cost))
            return nothing;
        sum.count += parts[i].count;
        sum.cost += parts[i].cost;
    }
    sum.literals = arena_array(l->arena, sum.count, sizeof *sum.literals);
    if (!sum.literals)
        return nothing;
    uint32_t at = 0;
    for (uint32_t i = 0; i < expr->count; i++)
        for (uint32_t k = 0; k < parts[i].count; k++)
            sum.literals[at++] = parts[i].literals[k];
    return sum;
}

/* IMPLEMENTS sigma-2/index-sound.
 * Negated branches demand nothing: their literals are absent from events that match. */
static struct demand demand_expr(struct lowering *l, const struct expr *expr)
{
    if (expr->op == EXPR_TEST)
        return demand_test(l, expr->test);
    if (expr->op == EXPR_OR)
        return demand_any(l, expr);
    if (expr->op == EXPR_FALSE)
        return (struct demand){ NULL, 0, 0 };
    if (expr->op != EXPR_AND)
        return nothing;
    struct demand best = nothing;
    for (uint32_t i = 0; i < expr->count; i++) {
        struct demand part = demand_expr(l, expr->children[i]);
        if (part.cost < best.cost)
            best = part;
    }
    return best;
}

static struct pending *pending_witness(struct lowering *l, const struct literal *literal)
{
    struct slice key = arena_print(l->arena, "%d:%.*s", (int)literal->kind,
                                   SLICE_ARGS(literal->field));
    char *bytes = arena_alloc(l->arena, key.len + 1 + literal->text.len);
    if (!bytes)
        return NULL;
    memcpy(bytes, key.data, key.len);
    bytes[key.len] = 0;
    memcpy(bytes + key.len + 1, literal->text.data, literal->text.len);
    key = slice_from(bytes, key.len + 1 + literal->text.len);
    struct pending *p = map_get(&l->witnesses, key);
    if (p || !(p = arena_zero(l->arena, sizeof *p)) || !map_put(&l->witnesses, key, p))
        return p;
    p->witness = (struct witness){ .text = lower_text(l, literal->text), .atom = NONE,
                                   .slot = lower_slot(l, literal->field),
                                   .kind = (uint16_t)literal->kind };
    p->literal = literal->text;
    p->next = l->first_pending;
    l->first_pending = p;
    return p;
}

static bool pending_add(struct lowering *l, struct pending *p, uint32_t rule)
{
    if (p->count && p->rules[p->count - 1] == rule)
        return true;
    if (p->count == p->capacity) {
        uint32_t more = p->capacity ? p->capacity * 2 : 4;
        uint32_t *rules = arena_array(l->arena, more, sizeof *rules);
        if (!rules)
            return false;
        if (p->count)
            memcpy(rules, p->rules, p->count * sizeof *rules);
        p->rules = rules;
        p->capacity = more;
    }
    p->rules[p->count++] = rule;
    return true;
}

void lower_group_begin(struct lowering *l)
{
    map_free(&l->atoms);
    map_free(&l->witnesses);
    l->atoms = l->witnesses = MAP_EMPTY;
    l->first_pending = NULL;
}

bool lower_rule(struct lowering *l, const struct expr *expr, struct blob_rule *out, uint32_t rule,
                struct error *e)
{
    if (!lower_expr(l, expr, &out->node, e))
        return false;
    struct demand demand = demand_expr(l, expr);
    if (isinf(demand.cost)) {
        out->flags |= RULE_ALWAYS;
        return true;
    }
    for (uint32_t i = 0; i < demand.count; i++) {
        const struct literal *literal = &demand.literals[i];
        struct pending *p = pending_witness(l, literal);
        if (!p || !pending_add(l, p, rule))
            return error_set(e, "no memory left for the index");
        /* the byte that stands between values must not make a match across two of them */
        if (literal->decides && !memchr(literal->text.data, 0xff, literal->text.len))
            p->witness.atom = lower_test(l, literal->test, e);
    }
    return true;
}
