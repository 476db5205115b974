/* Trees become atoms and nodes; each rule gets the literals of which one must be there. */
#include "detect/lower.h"

#include <math.h>

#include "base/fold.h"
#include "detect/filter.h"
#include "detect/regex.h"

struct pending { /* a witness being collected */
    struct witness witness;
    struct slice literal;
    uint32_t *rules;
    uint32_t count, capacity;
    struct pending *next;
};

void lowering_init(struct lowering *l, struct arena *arena, struct error *e)
{
    *l = (struct lowering){ .arena = arena, .e = e };
    for (int i = 0; i < SECTIONS; i++)
        buffer_init(&l->sections[i], 512u * 1024 * 1024);
}

void lowering_free(struct lowering *l)
{
    for (int i = 0; i < SECTIONS; i++)
        buffer_free(&l->sections[i]);
    map_free(&l->texts);
    map_free(&l->slots);
    map_free(&l->regexes);
    map_free(&l->atoms);
    map_free(&l->witnesses);
}

static void put(struct lowering *l, enum section section, const void *data, size_t size)
{
    buffer_add(&l->sections[section], slice_from(data, size));
}

uint32_t lower_count(const struct lowering *l, enum section section, size_t size)
{
    return (uint32_t)(l->sections[section].len / size);
}

struct ref lower_text(struct lowering *l, struct slice text)
{
    if (!text.len)
        return (struct ref){ 0, 0 };
    uintptr_t known = (uintptr_t)map_get(&l->texts, text);
    uint32_t at = known ? (uint32_t)(known - 1) : (uint32_t)l->sections[SECTION_TEXT].len;
    if (!known) {
        put(l, SECTION_TEXT, text.data, text.len);
        map_put(&l->texts, arena_copy(l->arena, text), (void *)((uintptr_t)at + 1));
    }
    return (struct ref){ at, (uint32_t)text.len };
}

uint16_t lower_slot(struct lowering *l, struct slice field)
{
    if (!field.len)
        return SLOT_WHOLE;
    uintptr_t known = (uintptr_t)map_get(&l->slots, field);
    if (known)
        return (uint16_t)(known - 1);
    uint32_t slot = lower_count(l, SECTION_SLOT, sizeof(struct ref));
    if (slot >= SLOT_WHOLE) {
        error_set(l->e, "more than %u different fields in one set of rules", SLOT_WHOLE);
        return 0;
    }
    struct ref ref = lower_text(l, field);
    put(l, SECTION_SLOT, &ref, sizeof ref);
    map_put(&l->slots, field, (void *)((uintptr_t)slot + 1));
    return (uint16_t)slot;
}

static struct slice folded(struct lowering *l, struct slice text)
{
    return text.len ? fold_case_in(l->arena, text) : SLICE("");
}

/* The pattern's form: one of the four that can be indexed, with its literal, or GLOB. */
static enum atom_kind shape(const struct pattern *p, struct slice *literal)
{
    const struct piece *s = p->pieces;
    *literal = SLICE("");
    if (p->count == 0)
        return ATOM_EXACT;
    if (p->count == 1 && s[0].kind == PIECE_TEXT)
        return *literal = s[0].text, ATOM_EXACT;
    if (p->count == 2 && s[0].kind == PIECE_ANY && s[1].kind == PIECE_TEXT)
        return *literal = s[1].text, ATOM_SUFFIX;
    if (p->count == 2 && s[0].kind == PIECE_TEXT && s[1].kind == PIECE_ANY)
        return *literal = s[0].text, ATOM_PREFIX;
    if (p->count == 3 && s[0].kind == PIECE_ANY && s[1].kind == PIECE_TEXT &&
        s[2].kind == PIECE_ANY)
        return *literal = s[1].text, ATOM_CONTAINS;
    return ATOM_GLOB;
}

static struct pattern test_pattern(struct lowering *l, const struct test *test)
{
    struct pattern pattern = test->pattern;
    if (!test->field.len) /* keywords are looked for anywhere in a value */
        pattern_widen(&pattern, true, true, l->arena);
    return pattern;
}

static void lower_pattern(struct lowering *l, const struct test *test, struct atom *atom)
{
    struct slice literal;
    struct pattern pattern = test_pattern(l, test);
    atom->kind = (uint8_t)shape(&pattern, &literal);
    atom->flags = test->cased ? ATOM_CASED : 0;
    atom->shown = lower_text(l, pattern_text(&pattern, l->arena));
    if (atom->kind != ATOM_GLOB) {
        atom->text = lower_text(l, test->cased ? literal : folded(l, literal));
        return;
    }
    atom->pieces.first = lower_count(l, SECTION_PIECE, sizeof(struct glob_piece));
    atom->pieces.count = pattern.count;
    for (uint32_t i = 0; i < pattern.count; i++) {
        struct slice text = pattern.pieces[i].text;
        struct glob_piece piece = { .kind = pattern.pieces[i].kind };
        if (piece.kind == PIECE_TEXT)
            piece.text = lower_text(l, test->cased ? text : folded(l, text));
        put(l, SECTION_PIECE, &piece, sizeof piece);
    }
}

static bool lower_regex(struct lowering *l, const struct test *test, struct atom *atom,
                        struct error *e)
{
    struct slice key = arena_print(l->arena, "%u:%.*s", test->flags, SLICE_ARGS(test->text));
    uintptr_t known = (uintptr_t)map_get(&l->regexes, key);
    atom->kind = ATOM_REGEX;
    atom->text = atom->shown = lower_text(l, test->text);
    if (known) {
        atom->regex = (uint32_t)(known - 1);
        return true;
    }
    struct blob_regex regex = { .text = atom->text, .flags = test->flags, .database = NONE };
    hs_database_t *database = NULL;
    if (!regex_compile(test->text, test->flags, &database, e))
        return false;
    if (database) {
        char *bytes = NULL;
        size_t size = 0;
        if (hs_serialize_database(database, &bytes, &size) == HS_SUCCESS) {
            struct blob_database d = { l->sections[SECTION_DATABASE_BYTES].len, size };
            regex.database = lower_count(l, SECTION_DATABASE, sizeof d);
            put(l, SECTION_DATABASE, &d, sizeof d);
            put(l, SECTION_DATABASE_BYTES, bytes, size);
            free(bytes);
        }
        hs_free_database(database);
    }
    atom->regex = lower_count(l, SECTION_REGEX, sizeof regex);
    put(l, SECTION_REGEX, &regex, sizeof regex);
    return map_put(&l->regexes, key, (void *)((uintptr_t)atom->regex + 1));
}

/* Index of the atom, made when new within this group; NONE with the error set. */
static uint32_t lower_test(struct lowering *l, const struct test *test, struct error *e)
{
    struct atom atom;
    memset(&atom, 0, sizeof atom);
    atom.slot = lower_slot(l, test->field);
    if (test->kind == TEST_PATTERN) {
        lower_pattern(l, test, &atom);
    } else if (test->kind == TEST_REGEX) {
        if (!lower_regex(l, test, &atom, e))
            return NONE;
    } else {
        static const uint8_t kinds[] = { [TEST_CIDR] = ATOM_CIDR, [TEST_COMPARE] = ATOM_COMPARE,
                                         [TEST_NULL] = ATOM_NULL, [TEST_EXISTS] = ATOM_EXISTS,
                                         [TEST_FIELD] = ATOM_FIELD, [TEST_TIME] = ATOM_TIME };
        atom.kind = kinds[test->kind];
        atom.flags = (test->cased ? ATOM_CASED : 0) | (test->exists ? ATOM_POSITIVE : 0);
        atom.mode = test->kind == TEST_COMPARE ? (uint8_t)test->compare : (uint8_t)test->mode;
        atom.part = (uint8_t)test->part;
        atom.other = test->kind == TEST_FIELD ? lower_slot(l, test->text) : 0;
        atom.text = atom.shown = lower_text(l, test->text);
        atom.number = test->number;
        if (test->kind == TEST_CIDR)
            atom.network = test->network;
    }
    struct atom keyed = atom;
    if (atom.kind == ATOM_GLOB)
        keyed.pieces = (struct span){ 0, 0 };
    struct slice key = slice_from(&keyed, sizeof keyed);
    uintptr_t known = (uintptr_t)map_get(&l->atoms, key);
    if (known)
        return (uint32_t)(known - 1);
    uint32_t index = lower_count(l, SECTION_ATOM, sizeof atom);
    put(l, SECTION_ATOM, &atom, sizeof atom);
    map_put(&l->atoms, arena_copy(l->arena, key), (void *)((uintptr_t)index + 1));
    return index;
}

static bool lower_node(struct lowering *l, const struct expr *expr, struct error *e)
{
    struct node node = { .op = expr->op, .arg = expr->count,
                         .selection = lower_text(l, expr->selection) };
    size_t at = l->sections[SECTION_NODE].len;
    if (expr->op == EXPR_TEST && (node.arg = lower_test(l, expr->test, e)) == NONE)
        return false;
    put(l, SECTION_NODE, &node, sizeof node);
    for (uint32_t i = 0; i < expr->count; i++)
        if (!lower_node(l, expr->children[i], e))
            return false;
    if (l->sections[SECTION_NODE].failed)
        return error_set(e, "the rules are too large");
    uint32_t end = lower_count(l, SECTION_NODE, sizeof node);
    memcpy(l->sections[SECTION_NODE].data + at + offsetof(struct node, end), &end, sizeof end);
    return true;
}

bool lower_expr(struct lowering *l, const struct expr *expr, uint32_t *node_out, struct error *e)
{
    *node_out = lower_count(l, SECTION_NODE, sizeof(struct node));
    return lower_node(l, expr, e);
}

/* --- what must be there: a set of literals of which at least one stands in a matching event --- */

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

static double literal_cost(struct slice text, enum atom_kind kind)
{
    double cost = pow(0.75, (double)text.len);
    if (kind == ATOM_CONTAINS)
        cost *= 1.5;
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
        return needed.len ? demand_of(l, test->field, folded(l, needed), ATOM_CONTAINS, false, test)
                          : nothing;
    }
    if (test->kind != TEST_PATTERN)
        return nothing;
    struct pattern pattern = test_pattern(l, test);
    enum atom_kind kind = shape(&pattern, &literal);
    if (kind != ATOM_GLOB)
        return demand_of(l, test->field, folded(l, literal), kind, !test->cased, test);
    for (uint32_t i = 0; i < pattern.count; i++)
        if (pattern.pieces[i].text.len > literal.len)
            literal = pattern.pieces[i].text;
    return literal.len ? demand_of(l, test->field, folded(l, literal), ATOM_CONTAINS, false, test)
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

/* --- the index of a group --- */

static int by_slot(const void *a, const void *b)
{
    const struct pending *const *x = a, *const *y = b;
    if ((*x)->witness.slot != (*y)->witness.slot)
        return (*x)->witness.slot < (*y)->witness.slot ? -1 : 1;
    if ((*x)->witness.kind != (*y)->witness.kind)
        return (*x)->witness.kind < (*y)->witness.kind ? -1 : 1;
    return slice_compare((*x)->literal, (*y)->literal);
}

static uint64_t witness_key(const struct witness *w, struct slice text, uint32_t *length)
{
    size_t n = text.len < 8 ? text.len : 8;
    *length = (uint32_t)n;
    if (w->kind == ATOM_EXACT) {
        *length = 0;
        return slice_hash(text);
    }
    return blob_key(w->kind == ATOM_PREFIX ? text.data : text.data + text.len - n, n);
}

/* A hash table of buckets over the witnesses [first, first + count) of one kind. */
static bool lower_table(struct lowering *l, struct pending **sorted, uint32_t first, uint32_t count,
                        struct span *table, uint32_t *lengths)
{
    uint32_t capacity = 4;
    while (capacity < count * 2)
        capacity *= 2;
    struct bucket *buckets = arena_zero(l->arena, capacity * sizeof *buckets);
    uint32_t *owner = arena_array(l->arena, count, sizeof *owner);
    if (!buckets || !owner)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length;
        uint64_t key = witness_key(&sorted[i]->witness, sorted[i]->literal, &length);
        uint32_t at = (uint32_t)blob_hash(key, length) & (capacity - 1);
        while (buckets[at].count && (buckets[at].key != key || buckets[at].length != length))
            at = (at + 1) & (capacity - 1);
        buckets[at].key = key;
        buckets[at].length = length;
        buckets[at].count++;
        owner[i] = at;
        if (length)
            *lengths |= 1u << (length - 1);
    }
    for (uint32_t at = 0; at < capacity; at++) {
        if (!buckets[at].count)
            continue;
        buckets[at].first = lower_count(l, SECTION_LIST, 4);
        for (uint32_t i = 0; i < count; i++)
            if (owner[i] == at)
                buffer_add_u32(&l->sections[SECTION_LIST], first + i);
    }
    *table = (struct span){ lower_count(l, SECTION_BUCKET, sizeof *buckets), capacity };
    put(l, SECTION_BUCKET, buckets, capacity * sizeof *buckets);
    return true;
}

static bool lower_database(struct lowering *l, struct pending **sorted, uint32_t first,
                           uint32_t count, struct field_index *field, struct error *e)
{
    const char **texts = arena_array(l->arena, count, sizeof *texts);
    size_t *lengths = arena_array(l->arena, count, sizeof *lengths);
    unsigned *flags = arena_zero(l->arena, count * sizeof *flags);
    unsigned *ids = arena_array(l->arena, count, sizeof *ids);
    if (!texts || !lengths || !flags || !ids)
        return error_set(e, "no memory left for the index");
    field->contains = (struct span){ lower_count(l, SECTION_LIST, 4), count };
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = sorted[i]->literal.data;
        lengths[i] = sorted[i]->literal.len;
        ids[i] = i;
        buffer_add_u32(&l->sections[SECTION_LIST], first + i);
    }
    hs_database_t *database = NULL;
    hs_compile_error_t *wrong = NULL;
    if (hs_compile_lit_multi(texts, flags, ids, lengths, count, HS_MODE_BLOCK, NULL, &database,
                             &wrong) != HS_SUCCESS) {
        error_set(e, "the pattern library refused %u literals: %s", count,
                  wrong ? wrong->message : "no reason given");
        hs_free_compile_error(wrong);
        return false;
    }
    char *bytes = NULL;
    size_t size = 0;
    if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) {
        hs_free_database(database);
        return error_set(e, "the pattern database cannot be stored");
    }
    struct blob_database d = { l->sections[SECTION_DATABASE_BYTES].len, size };
    field->database = lower_count(l, SECTION_DATABASE, sizeof d);
    put(l, SECTION_DATABASE, &d, sizeof d);
    put(l, SECTION_DATABASE_BYTES, bytes, size);
    free(bytes);
    hs_free_database(database);
    return true;
}

/* The longest part of a folded keyword that every JSON record writes the same way but for case. */
static struct slice plain_part(struct slice text)
{
    struct slice best = SLICE("");
    for (size_t from = 0, to; from < text.len; from = to + 1) {
        for (to = from; to < text.len && text.data[to] >= ' ' && text.data[to] < 0x7f &&
                        !strchr("\"\\/", text.data[to]);)
            to++;
        if (to - from > best.len)
            best = slice_cut(text, from, to);
    }
    return best;
}

/* What the filter of the group's keywords [0, count) looks for; nothing where some keyword has no part
 * that it could. */
static struct span lower_parts(struct lowering *l, struct pending **keywords, uint32_t count)
{
    struct span span = { lower_count(l, SECTION_NAME, sizeof(struct ref)), count };
    for (uint32_t i = 0; i < count; i++)
        if (keywords[i]->witness.kind != ATOM_CONTAINS ||
            plain_part(keywords[i]->literal).len < FILTER_PART_LEAST)
            return (struct span){ 0, 0 };
    for (uint32_t i = 0; i < count; i++) {
        struct ref part = lower_text(l, plain_part(keywords[i]->literal));
        put(l, SECTION_NAME, &part, sizeof part);
    }
    return span;
}

static bool lower_field(struct lowering *l, struct pending **sorted, uint32_t first, uint32_t count,
                        struct error *e)
{
    struct field_index field = { .slot = sorted[0]->witness.slot, .database = NONE };
    uint32_t ignored = 0;
    for (uint32_t from = 0, to; from < count; from = to) {
        uint16_t kind = sorted[from]->witness.kind;
        bool fine;
        for (to = from; to < count && sorted[to]->witness.kind == kind;)
            to++;
        if (kind == ATOM_CONTAINS)
            fine = lower_database(l, sorted + from, first + from, to - from, &field, e);
        else
            fine = lower_table(l, sorted + from, first + from, to - from,
                               kind == ATOM_EXACT ? &field.exact
                               : kind == ATOM_PREFIX ? &field.prefix : &field.suffix,
                               kind == ATOM_EXACT ? &ignored
                               : kind == ATOM_PREFIX ? &field.lengths_prefix
                                                     : &field.lengths_suffix);
        if (!fine)
            return error_set(e, "no memory left for the index");
    }
    put(l, SECTION_FIELD, &field, sizeof field);
    return true;
}

bool lower_group_end(struct lowering *l, struct group *group, struct error *e)
{
    uint32_t count = 0, first = lower_count(l, SECTION_WITNESS, sizeof(struct witness));
    for (struct pending *p = l->first_pending; p; p = p->next)
        count++;
    struct pending **sorted = arena_array(l->arena, count + 1, sizeof *sorted);
    if (!sorted)
        return error_set(e, "no memory left for the index");
    count = 0;
    for (struct pending *p = l->first_pending; p; p = p->next)
        sorted[count++] = p;
    qsort(sorted, count, sizeof *sorted, by_slot);
    struct atom *atoms = (struct atom *)(void *)l->sections[SECTION_ATOM].data;
    for (uint32_t i = 0; i < count; i++) {
        struct witness *w = &sorted[i]->witness;
        w->rules = (struct span){ lower_count(l, SECTION_LIST, 4), sorted[i]->count };
        for (uint32_t k = 0; k < sorted[i]->count; k++)
            buffer_add_u32(&l->sections[SECTION_LIST], sorted[i]->rules[k]);
        if (w->atom != NONE)
            atoms[w->atom].flags |= ATOM_IN_INDEX;
        put(l, SECTION_WITNESS, w, sizeof *w);
    }
    group->fields.first = lower_count(l, SECTION_FIELD, sizeof(struct field_index));
    for (uint32_t from = 0, to; from < count; from = to) {
        for (to = from; to < count && sorted[to]->witness.slot == sorted[from]->witness.slot;)
            to++;
        if (sorted[from]->witness.slot == SLOT_WHOLE) {
            group->uses_whole = 1;
            group->parts = lower_parts(l, sorted + from, to - from);
        }
        if (!lower_field(l, sorted + from, first + from, to - from, e))
            return false;
    }
    group->fields.count = lower_count(l, SECTION_FIELD, sizeof(struct field_index)) -
                          group->fields.first;
    return true;
}

bool lower_finish(struct lowering *l, struct buffer *out)
{
    struct blob_head head = { .magic = "HDRULES", .key = ruleset_key() };
    buffer_clear(out);
    buffer_add(out, slice_from(&head, sizeof head));
    for (int i = 0; i < SECTIONS; i++) {
        while (out->len % 64)
            buffer_add_byte(out, 0);
        head.sections[i].at = out->len;
        head.sections[i].size = l->sections[i].len;
        buffer_add(out, buffer_slice(&l->sections[i]));
        if (l->sections[i].failed || out->failed)
            return false;
    }
    head.size = out->len;
    head.checksum = slice_hash(slice_cut(buffer_slice(out), sizeof head, out->len));
    memcpy(out->data, &head, sizeof head);
    return true;
}
