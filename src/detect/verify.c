#include "detect/verify.h"

#define DEPTH_MOST 400u                          /* nodes within each other: evaluation recurses */
#define SPAN_MOST (INT64_MAX / 64)               /* of a correlation; those of a chain are added */
#define KEY_MOST 8u                              /* bytes of a prefix or suffix key */

static const size_t elements[SECTIONS] = {
    [SECTION_TEXT] = 1, [SECTION_SLOT] = sizeof(struct ref),
    [SECTION_ATOM] = sizeof(struct atom), [SECTION_PIECE] = sizeof(struct glob_piece),
    [SECTION_NODE] = sizeof(struct node), [SECTION_RULE] = sizeof(struct blob_rule),
    [SECTION_WITNESS] = sizeof(struct witness), [SECTION_BUCKET] = sizeof(struct bucket),
    [SECTION_FIELD] = sizeof(struct field_index), [SECTION_GROUP] = sizeof(struct group),
    [SECTION_LIST] = sizeof(uint32_t), [SECTION_SOURCE] = sizeof(struct source),
    [SECTION_RENAME] = sizeof(struct rename), [SECTION_NAME_RULE] = sizeof(struct name_rule),
    [SECTION_NAME] = sizeof(struct ref), [SECTION_CORRELATION] = sizeof(struct blob_correlation),
    [SECTION_REGEX] = sizeof(struct blob_regex), [SECTION_DATABASE] = sizeof(struct blob_database),
    [SECTION_DATABASE_BYTES] = 1, [SECTION_SELECTOR] = sizeof(uint32_t),
};

bool verify_head(const struct blob_head *head, size_t size)
{
    for (int i = 0; i < SECTIONS; i++) {
        uint64_t at = head->sections[i].at, bytes = head->sections[i].size;
        if (at < sizeof *head || at % 64 || at > size || bytes > size - at || bytes % elements[i] ||
            bytes / elements[i] >= NONE)
            return false;
    }
    return true;
}

uint32_t verify_count(const struct ruleset *r, enum section s)
{
    const struct blob_head *head = (const void *)r->bytes;
    return (uint32_t)(head->sections[s].size / elements[s]);
}

static bool is_ref(const struct ruleset *r, struct ref ref)
{
    uint32_t size = verify_count(r, SECTION_TEXT);
    return ref.at <= size && ref.len <= size - ref.at;
}

static bool are_refs(const struct ruleset *r, const struct ref *refs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_ref(r, refs[i]))
            return false;
    return true;
}

static bool is_span(const struct ruleset *r, enum section s, struct span span)
{
    uint32_t count = verify_count(r, s);
    return span.first <= count && span.count <= count - span.first;
}

/* A span of the list, each of it below `most`. */
static bool is_list(const struct ruleset *r, struct span span, uint32_t most)
{
    if (!is_span(r, SECTION_LIST, span))
        return false;
    for (uint32_t i = 0; i < span.count; i++)
        if (r->list[span.first + i] >= most)
            return false;
    return true;
}

static bool is_slot(const struct ruleset *r, uint32_t slot)
{
    return slot < r->slot_count;
}

static bool is_slot_or_whole(const struct ruleset *r, uint32_t slot)
{
    return is_slot(r, slot) || slot == SLOT_WHOLE;
}

static bool is_or_none(uint32_t index, uint32_t count)
{
    return index == NONE || index < count;
}

/* ---- the trees ------------------------------------------------------------------------------------- */

static bool is_glob(const struct ruleset *r, struct span pieces)
{
    if (!is_span(r, SECTION_PIECE, pieces))
        return false;
    for (uint32_t i = 0; i < pieces.count; i++) {
        const struct glob_piece *p = &r->pieces[pieces.first + i];
        if (p->kind > PIECE_ONE || !is_ref(r, p->text))
            return false;
    }
    return true;
}

static bool is_atom(const struct ruleset *r, const struct atom *a)
{
    if (!is_slot_or_whole(r, a->slot) || !is_ref(r, a->text) || !is_ref(r, a->shown))
        return false;
    switch ((enum atom_kind)a->kind) {
    case ATOM_EXACT: case ATOM_PREFIX: case ATOM_SUFFIX: case ATOM_CONTAINS: return true;
    case ATOM_GLOB: return is_glob(r, a->pieces);
    case ATOM_REGEX: return a->regex < r->regex_count;
    case ATOM_CIDR: return a->network.bits <= 128;
    case ATOM_COMPARE: return a->mode <= COMPARE_NEQ;
    case ATOM_NULL: case ATOM_EXISTS: return is_slot(r, a->slot);
    case ATOM_FIELD: return a->mode <= FIELD_CONTAINS && is_slot(r, a->other);
    case ATOM_TIME: return a->part <= TIME_YEAR;
    }
    return false;
}

static bool is_leaf(const struct ruleset *r, const struct node *n)
{
    return n->op == EXPR_TEST ? n->arg < r->atom_count : n->op == EXPR_TRUE || n->op == EXPR_FALSE;
}

/* Subtrees stand within each other, not across; a 'not' has one child. */
static bool are_nodes(const struct ruleset *r)
{
    uint32_t ends[DEPTH_MOST], depth = 0;
    for (uint32_t i = 0; i < r->node_count; i++) {
        const struct node *n = &r->nodes[i];
        while (depth && ends[depth - 1] == i)
            depth--;
        if (n->op > EXPR_FALSE || !is_ref(r, n->selection) || n->end <= i || n->end > r->node_count ||
            (depth && n->end > ends[depth - 1]))
            return false;
        if (n->end == i + 1 ? n->op == EXPR_NOT || (n->op > EXPR_NOT && !is_leaf(r, n)) : n->op > EXPR_NOT)
            return false;
        if (n->op == EXPR_NOT && r->nodes[i + 1].end != n->end)
            return false;
        if (n->end > i + 1) {
            if (depth == DEPTH_MOST)
                return false;
            ends[depth++] = n->end;
        }
    }
    return true;
}

static bool are_patterns(const struct ruleset *r)
{
    uint64_t size = verify_count(r, SECTION_DATABASE_BYTES);
    for (uint32_t i = 0; i < r->database_count; i++)
        if (r->databases[i].at > size || r->databases[i].len > size - r->databases[i].at)
            return false;
    for (uint32_t i = 0; i < r->regex_count; i++)
        if (!is_ref(r, r->regexes[i].text) || !is_ref(r, r->regexes[i].needs) ||
            !is_or_none(r->regexes[i].database, r->database_count))
            return false;
    for (uint32_t i = 0; i < r->atom_count; i++)
        if (!is_atom(r, &r->atoms[i]))
            return false;
    return are_nodes(r);
}

/* ---- the rules and their index --------------------------------------------------------------------- */

/* Those it feeds: pairs of a correlation and the place that the rule has in it. */
static bool are_feeds(const struct ruleset *r, struct span feeds)
{
    if (!is_span(r, SECTION_LIST, feeds) || feeds.count % 2)
        return false;
    for (uint32_t i = 0; i < feeds.count; i += 2) {
        uint32_t correlation = r->list[feeds.first + i];
        if (correlation >= r->correlation_count ||
            r->list[feeds.first + i + 1] >= r->correlations[correlation].rule_count)
            return false;
    }
    return true;
}

static bool is_rule(const struct ruleset *r, const struct blob_rule *b)
{
    const struct ref texts[] = { b->id, b->name, b->title, b->title_vi, b->description, b->author,
                                 b->license, b->status, b->tags, b->file, b->references,
                                 b->falsepositives, b->product, b->category, b->service };
    bool correlation = b->group == NONE;
    return are_refs(r, texts, sizeof texts / sizeof *texts) && b->level <= LEVEL_CRITICAL &&
           (correlation ? b->correlation < r->correlation_count
                        : b->group < r->group_count && b->node < r->node_count && b->correlation == NONE) &&
           are_feeds(r, b->feeds);
}

/* A rule becomes a candidate once: by its witnesses, or always. */
static bool is_witness(const struct ruleset *r, const struct witness *w)
{
    if (!is_ref(r, w->text) || !is_slot_or_whole(r, w->slot) || w->kind > ATOM_CONTAINS ||
        !is_or_none(w->atom, r->atom_count) || !is_list(r, w->rules, r->rule_count))
        return false;
    for (uint32_t i = 0; i < w->rules.count; i++) {
        const struct blob_rule *rule = &r->rules[r->list[w->rules.first + i]];
        if (rule->group == NONE || rule->flags & RULE_ALWAYS)
            return false;
    }
    return true;
}

/* Looked up until an empty bucket: there has to be one. `lengths`: of its keys. */
static bool is_table(const struct ruleset *r, struct span table, uint32_t lengths)
{
    bool empty = false;
    if (!table.count)
        return !lengths;
    if (!is_span(r, SECTION_BUCKET, table) || table.count & (table.count - 1) || lengths >> KEY_MOST)
        return false;
    for (uint32_t i = 0; i < table.count; i++) {
        const struct bucket *b = &r->buckets[table.first + i];
        empty = empty || !b->count;
        if (b->count && !is_list(r, (struct span){ b->first, b->count }, r->witness_count))
            return false;
    }
    return empty;
}

static bool is_field(const struct ruleset *r, const struct field_index *f)
{
    return is_slot_or_whole(r, f->slot) && is_or_none(f->database, r->database_count) &&
           is_list(r, f->contains, r->witness_count) && is_table(r, f->exact, 0) &&
           is_table(r, f->prefix, f->lengths_prefix) && is_table(r, f->suffix, f->lengths_suffix);
}

/* Rules of a group stand together and belong to it; `next`: the first that no group has had. */
static bool is_group(const struct ruleset *r, uint32_t index, uint32_t *next)
{
    const struct group *g = &r->groups[index];
    const struct ref texts[] = { g->product, g->category, g->service };
    if (!are_refs(r, texts, 3) || !is_span(r, SECTION_FIELD, g->fields) ||
        !is_span(r, SECTION_NAME, g->parts) || !is_span(r, SECTION_RULE, g->rules) ||
        g->rules.first < *next || !is_list(r, g->always, r->rule_count))
        return false;
    *next = g->rules.first + g->rules.count;
    for (uint32_t i = g->rules.first; i < *next; i++)
        if (r->rules[i].group != index)
            return false;
    for (uint32_t i = 0; i < g->always.count; i++) {
        uint32_t rule = r->list[g->always.first + i];
        if (r->rules[rule].group != index || !(r->rules[rule].flags & RULE_ALWAYS) ||
            (i && rule <= r->list[g->always.first + i - 1]))
            return false;
    }
    for (uint32_t i = 0; i < g->parts.count; i++)
        if (!is_ref(r, r->names[g->parts.first + i]) || !r->names[g->parts.first + i].len)
            return false;
    return true;
}

static bool is_correlation(const struct ruleset *r, const struct blob_correlation *k)
{
    if (k->rule >= r->rule_count || k->type > CORRELATION_VALUE_AVG || k->timespan <= 0 ||
        k->timespan > SPAN_MOST || k->bound_count > CORRELATION_BOUNDS || k->rules.count != k->rule_count ||
        k->group_names.count != k->group_count ||
        k->group_slots.count != (uint64_t)k->rule_count * k->group_count ||
        k->fields.count != (uint64_t)k->rule_count * k->field_count)
        return false;
    for (uint32_t i = 0; i < k->bound_count; i++)
        if (k->bounds[i].compare > COMPARE_NEQ)
            return false;
    return is_list(r, k->rules, r->rule_count) && is_list(r, k->group_slots, r->slot_count) &&
           is_list(r, k->fields, r->slot_count) && is_span(r, SECTION_NAME, k->group_names) &&
           are_refs(r, r->names + k->group_names.first, k->group_names.count);
}

static bool are_rules(const struct ruleset *r)
{
    uint32_t next = 0, fields = verify_count(r, SECTION_FIELD);
    if (r->group_count >= UINT16_MAX || r->slot_count > SLOT_WHOLE) /* counted in 16 bits */
        return false;
    for (uint32_t i = 0; i < r->rule_count; i++)
        if (!is_rule(r, &r->rules[i]))
            return false;
    for (uint32_t i = 0; i < r->witness_count; i++)
        if (!is_witness(r, &r->witnesses[i]))
            return false;
    for (uint32_t i = 0; i < fields; i++)
        if (!is_field(r, &r->fields[i]))
            return false;
    for (uint32_t i = 0; i < r->group_count; i++)
        if (!is_group(r, i, &next))
            return false;
    for (uint32_t i = 0; i < r->correlation_count; i++)
        if (!is_correlation(r, &r->correlations[i]))
            return false;
    return true;
}

/* ---- the log sources ------------------------------------------------------------------------------- */

static bool is_source(const struct ruleset *r, const struct source *s)
{
    const struct ref texts[] = { s->product, s->category, s->service };
    if (!are_refs(r, texts, 3) || s->node >= r->node_count || !is_span(r, SECTION_RENAME, s->renames))
        return false;
    for (uint32_t i = 0; i < s->renames.count; i++) {
        const struct rename *rename = &r->renames[s->renames.first + i];
        if (!is_slot(r, rename->to) || !is_slot(r, rename->from))
            return false;
    }
    return true;
}

bool verify_sections(const struct ruleset *r)
{
    if (!are_refs(r, r->slots, r->slot_count) || !are_patterns(r) || !are_rules(r))
        return false;
    for (uint32_t i = 0; i < r->source_count; i++)
        if (!is_source(r, &r->sources[i]))
            return false;
    for (uint32_t i = 0; i < r->name_rule_count; i++)
        if (!is_ref(r, r->name_rules[i].from) || !is_ref(r, r->name_rules[i].to) ||
            r->name_rules[i].kind > NAME_UNWRAP)
            return false;
    for (uint32_t i = 0; i < r->selector_count; i++)
        if (!is_slot(r, r->selectors[i] & 0xffff))
            return false;
    return true;
}
