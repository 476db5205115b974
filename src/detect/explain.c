/* A rule's compiled form as text: the tree, test by test, and what its index looks for. */
#include "detect/why.h"

static void indent(struct buffer *out, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        buffer_add(out, SLICE("  "));
}

static void explain_atom(const struct ruleset *r, const struct atom *atom, struct buffer *out)
{
    static const char *const kinds[] = { "is", "starts with", "ends with", "contains", "is like",
                                         "matches", "is in", "is", "is null", "", "", "" };
    const char *modifier = why_modifier(r, atom);
    struct slice field = atom->slot == SLOT_WHOLE ? SLICE("any value")
                                                  : blob_text(r, r->slots[atom->slot]);
    buffer_print(out, "%.*s %s%s%s", SLICE_ARGS(field), kinds[atom->kind],
                 *modifier ? " " : "", modifier);
    if (atom->kind != ATOM_NULL && atom->kind != ATOM_EXISTS) {
        struct slice text = ATOM_INDEXABLE(atom->kind) ? blob_text(r, atom->text)
                                                       : blob_text(r, atom->shown);
        buffer_print(out, " '%.*s'", SLICE_ARGS(text));
    }
    if (atom->flags & ATOM_IN_INDEX)
        buffer_add(out, SLICE("   [index]"));
    else if (atom->kind == ATOM_REGEX)
        buffer_add(out, r->regexes[atom->regex].database == NONE ? SLICE("   [PCRE2]")
                                                                 : SLICE("   [Vectorscan]"));
}

static void explain_node(const struct ruleset *r, uint32_t index, unsigned depth,
                         struct buffer *out)
{
    static const char *const names[] = { "all of", "any of", "not", "", "true", "false" };
    const struct node *node = &r->nodes[index];
    indent(out, depth);
    if (node->selection.len)
        buffer_print(out, "%.*s: ", SLICE_ARGS(blob_text(r, node->selection)));
    if (node->op == EXPR_TEST)
        explain_atom(r, &r->atoms[node->arg], out);
    else
        buffer_add(out, slice_of(names[node->op]));
    buffer_add_byte(out, '\n');
    for (uint32_t child = index + 1; child < node->end; child = r->nodes[child].end)
        explain_node(r, child, depth + 1, out);
}

static void explain_index(const struct ruleset *r, uint32_t rule, struct buffer *out)
{
    static const char *const kinds[] = { "is", "starts with", "ends with", "contains" };
    if (r->rules[rule].flags & RULE_ALWAYS) {
        buffer_add(out, SLICE("index: none; tried on every event of its log source\n"));
        return;
    }
    buffer_add(out, SLICE("index: tried only when one of these is found\n"));
    for (uint32_t i = 0; i < r->witness_count; i++) {
        const struct witness *w = &r->witnesses[i];
        for (uint32_t k = 0; k < w->rules.count; k++) {
            if (r->list[w->rules.first + k] != rule)
                continue;
            struct slice field = w->slot == SLOT_WHOLE ? SLICE("any value")
                                                       : blob_text(r, r->slots[w->slot]);
            buffer_print(out, "  %.*s %s '%.*s'\n", SLICE_ARGS(field), kinds[w->kind],
                         SLICE_ARGS(blob_text(r, w->text)));
        }
    }
}

static void explain_correlation(const struct ruleset *r, const struct blob_correlation *k,
                                struct buffer *out)
{
    static const char *const types[] = { "event_count", "value_count", "temporal",
                                         "temporal_ordered", "value_sum", "value_avg" };
    static const char *const compares[] = { "<", "<=", ">", ">=", "=", "!=" };
    buffer_print(out, "correlation: %s within %lld s", types[k->type],
                 (long long)(k->timespan / 1000000000));
    for (uint32_t i = 0; i < k->bound_count; i++)
        buffer_print(out, " %s %g", compares[k->bounds[i].compare], k->bounds[i].number);
    buffer_add(out, SLICE("\n"));
    for (uint32_t i = 0; i < k->group_count; i++)
        buffer_print(out, "  group by %.*s\n",
                     SLICE_ARGS(blob_text(r, r->names[k->group_names.first + i])));
    for (uint32_t i = 0; i < k->rule_count; i++)
        buffer_print(out, "  rule %.*s\n",
                     SLICE_ARGS(blob_text(r, r->rules[r->list[k->rules.first + i]].title)));
}

void ruleset_explain(const struct ruleset *r, uint32_t index, struct buffer *out)
{
    struct ruleset_rule rule = ruleset_rule(r, index);
    buffer_print(out, "%.*s\n%.*s  %s  %.*s:%u\n", SLICE_ARGS(rule.title), SLICE_ARGS(rule.id),
                 alert_level_name(rule.level), SLICE_ARGS(rule.file), rule.line);
    if (rule.silent)
        buffer_add(out, SLICE("raises nothing alone: a correlation refers to it\n"));
    if (rule.correlation) {
        explain_correlation(r, &r->correlations[r->rules[index].correlation], out);
        return;
    }
    buffer_print(out, "log source: product=%.*s category=%.*s service=%.*s%s\n",
                 SLICE_ARGS(rule.product), SLICE_ARGS(rule.category), SLICE_ARGS(rule.service),
                 rule.unreachable ? " (nothing in logsources/ selects it)" : "");
    explain_node(r, r->rules[index].node, 0, out);
    explain_index(r, index, out);
}
