#include "detect/needs.h"

#include <stdlib.h>

#include "detect/regex.h"
#include "detect/view.h"

struct needs {
    struct ruleset *ruleset;
    struct view view;             /* for what the names of fields mean */
    struct arena arena;
    struct needs_text *texts;
    uint32_t text_count, text_capacity;
    struct span *demands;         /* by atom: texts, all of which stand in a value that passes */
    bool *present;                /* by slot: the events at hand may have it */
    const struct needs_events *events;
};

/* ---- texts ------------------------------------------------------------------------------------- */

static bool add_text(struct needs *n, struct slice text, bool left, bool right)
{
    if (!text.len)
        return true;
    if (n->text_count == n->text_capacity) {
        uint32_t capacity = n->text_capacity ? n->text_capacity * 2 : 256;
        struct needs_text *more = realloc(n->texts, capacity * sizeof *more);
        if (!more)
            return false;
        n->texts = more;
        n->text_capacity = capacity;
    }
    n->texts[n->text_count++] = (struct needs_text){ text, left, right };
    return true;
}

static bool add_pieces(struct needs *n, const struct atom *atom)
{
    const struct glob_piece *pieces = n->ruleset->pieces + atom->pieces.first;
    uint32_t count = atom->pieces.count;
    for (uint32_t i = 0; i < count; i++)
        if (pieces[i].kind == PIECE_TEXT &&
            !add_text(n, blob_text(n->ruleset, pieces[i].text), i > 0, i + 1 < count))
            return false;
    return true;
}

/* The index looks for it too, folded, whatever the expression says of case (witness.c). */
static bool add_regex(struct needs *n, const struct atom *atom)
{
    const struct blob_regex *regex = &n->ruleset->regexes[atom->regex];
    unsigned flags = regex->flags & (REGEX_CASELESS | REGEX_MULTILINE | REGEX_DOTALL);
    return add_text(n, regex_literal(blob_text(n->ruleset, regex->text), flags, &n->arena), true, true);
}

static bool add_atom(struct needs *n, const struct atom *atom)
{
    struct slice text = blob_text(n->ruleset, atom->text);
    switch ((enum atom_kind)atom->kind) {
    case ATOM_EXACT: return add_text(n, text, false, false);
    case ATOM_PREFIX: return add_text(n, text, false, true);
    case ATOM_SUFFIX: return add_text(n, text, true, false);
    case ATOM_CONTAINS: return add_text(n, text, true, true);
    case ATOM_GLOB: return add_pieces(n, atom);
    case ATOM_REGEX: return add_regex(n, atom);
    default: return true;
    }
}

/* What a decoder says of the event (view.c, put_own) stands in none of its values. */
static bool is_own(const struct needs *n, uint32_t slot)
{
    for (int i = 0; i < 4; i++)
        if (n->view.own_slots[i] == (int32_t)slot)
            return true;
    return false;
}

static bool add_atoms(struct needs *n)
{
    for (uint32_t i = 0; i < n->ruleset->atom_count; i++) {
        const struct atom *atom = &n->ruleset->atoms[i];
        n->demands[i].first = n->text_count;
        if (!is_own(n, atom->slot) && !add_atom(n, atom))
            return false;
        n->demands[i].count = n->text_count - n->demands[i].first;
    }
    return true;
}

struct needs *needs_new(struct ruleset *ruleset)
{
    struct needs *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    arena_init(&n->arena, ARENA_NO_CEILING);
    n->ruleset = ruleset_share(ruleset);
    n->demands = calloc(ruleset->atom_count + 1u, sizeof *n->demands);
    n->present = calloc(ruleset->slot_count + 1u, sizeof *n->present);
    if (!view_init(&n->view, ruleset) || !n->demands || !n->present || !add_atoms(n))
        needs_free(&n);
    return n;
}

void needs_free(struct needs **needs)
{
    struct needs *n = *needs;
    *needs = NULL;
    if (!n)
        return;
    view_free(&n->view);
    arena_free(&n->arena);
    ruleset_free(&n->ruleset);
    free(n->texts);
    free(n->demands);
    free(n->present);
    free(n);
}

uint32_t needs_texts(const struct needs *n, const struct needs_text **texts_out)
{
    *texts_out = n->texts;
    return n->text_count;
}

/* ---- fields ------------------------------------------------------------------------------------ */

/* A source may call a field by another's name; which source fits is left open. */
static void follow_renames(struct needs *n)
{
    const struct ruleset *r = n->ruleset;
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < r->source_count; i++)
            for (uint32_t k = 0; k < r->sources[i].renames.count; k++) {
                const struct rename *rename = &r->renames[r->sources[i].renames.first + k];
                more |= n->present[rename->from] && !n->present[rename->to];
                n->present[rename->to] |= n->present[rename->from];
            }
    }
}

/* False: memory is short. */
static bool note_fields(struct needs *n)
{
    memset(n->present, 0, n->ruleset->slot_count * sizeof *n->present);
    for (uint32_t i = 0; i < n->events->name_count; i++) {
        struct view_known known;
        if (!view_slots(&n->view, n->events->names[i], &known))
            return false;
        for (uint32_t k = 0; k < known.count; k++)
            n->present[known.slots[k]] = true;
    }
    follow_renames(n);
    return true;
}

/* ---- conditions -------------------------------------------------------------------------------- */

static bool has_texts(const struct needs *n, uint32_t atom)
{
    const struct span *demand = &n->demands[atom];
    for (uint32_t i = 0; n->events->absent && i < demand->count; i++)
        if (n->events->absent[demand->first + i])
            return false;
    return true;
}

static bool atom_may(const struct needs *n, uint32_t index)
{
    const struct atom *atom = &n->ruleset->atoms[index];
    if (atom->slot == SLOT_WHOLE)
        return has_texts(n, index);
    if (atom->kind == ATOM_NULL || is_own(n, atom->slot))
        return true;
    if (atom->kind == ATOM_EXISTS)
        return n->present[atom->slot] || !(atom->flags & ATOM_POSITIVE);
    if (atom->kind == ATOM_FIELD && !n->present[atom->other] && !is_own(n, atom->other))
        return false;
    return n->present[atom->slot] && has_texts(n, index);
}

/* IMPLEMENTS sigma-2/index-sound.
 * Whether the condition may hold for one of the events; of what is negated nothing is known. */
static bool node_may(const struct needs *n, uint32_t index)
{
    const struct node *nodes = n->ruleset->nodes, *node = &nodes[index];
    switch ((enum expr_op)node->op) {
    case EXPR_TEST: return atom_may(n, node->arg);
    case EXPR_NOT: case EXPR_TRUE: return true;
    case EXPR_FALSE: return false;
    case EXPR_AND: case EXPR_OR: break;
    }
    bool any = node->op == EXPR_OR;
    for (uint32_t child = index + 1; child < node->end; child = nodes[child].end)
        if (node_may(n, child) == any)
            return any;
    return !any;
}

/* As classes.c (part_fits) finds out what an event's log source is. */
static bool part_may(const struct needs *n, struct ref wanted, int part)
{
    const struct ruleset *r = n->ruleset;
    struct slice text = blob_text(r, wanted);
    if (!text.len)
        return true;
    for (uint32_t i = 0; i < n->events->label_count; i++) {
        const struct event_logsource *label = &n->events->labels[i];
        const struct slice parts[] = { label->product, label->category, label->service };
        if (slice_equal_nocase(parts[part], text))
            return true;
    }
    for (uint32_t i = 0; i < r->source_count; i++) {
        const struct source *s = &r->sources[i];
        const struct ref parts[] = { s->product, s->category, s->service };
        if (slice_equal(blob_text(r, parts[part]), text) && node_may(n, s->node))
            return true;
    }
    return false;
}

static bool group_may(const struct needs *n, const struct group *g)
{
    return part_may(n, g->product, 0) && part_may(n, g->category, 1) && part_may(n, g->service, 2);
}

/* The log source is looked at last: that is dear, and most rules fall before. */
static bool group_met(const struct needs *n, const struct group *g, bool *each)
{
    bool met = false;
    for (uint32_t rule = g->rules.first; rule < g->rules.first + g->rules.count; rule++) {
        if ((each && each[rule]) || !node_may(n, n->ruleset->rules[rule].node))
            continue;
        if (!met && !group_may(n, g))
            return false;
        met = true;
        if (!each)
            return true;
        each[rule] = true;
    }
    return met;
}

bool needs_met(struct needs *n, const struct needs_events *events, bool *each)
{
    bool met = false;
    n->events = events;
    if (!note_fields(n)) { /* nothing is proved then */
        if (each)
            memset(each, true, n->ruleset->rule_count);
        return true;
    }
    for (uint32_t i = 0; i < n->ruleset->group_count && (each || !met); i++)
        met |= group_met(n, &n->ruleset->groups[i], each);
    return met;
}
