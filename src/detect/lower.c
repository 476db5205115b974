/* Trees become atoms and nodes. */
#include "detect/lower.h"

#include "base/fold.h"
#include "detect/regex.h"

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

void lower_put(struct lowering *l, enum section section, const void *data, size_t size)
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
        lower_put(l, SECTION_TEXT, text.data, text.len);
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
    lower_put(l, SECTION_SLOT, &ref, sizeof ref);
    map_put(&l->slots, field, (void *)((uintptr_t)slot + 1));
    return (uint16_t)slot;
}

struct slice lower_folded(struct lowering *l, struct slice text)
{
    return text.len ? fold_case_in(l->arena, text) : SLICE("");
}

enum atom_kind lower_shape(const struct pattern *p, struct slice *literal)
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

struct pattern lower_pattern_of(struct lowering *l, const struct test *test)
{
    struct pattern pattern = test->pattern;
    if (!test->field.len) /* keywords are looked for anywhere in a value */
        pattern_widen(&pattern, true, true, l->arena);
    return pattern;
}

static void lower_pattern(struct lowering *l, const struct test *test, struct atom *atom)
{
    struct slice literal;
    struct pattern pattern = lower_pattern_of(l, test);
    atom->kind = (uint8_t)lower_shape(&pattern, &literal);
    atom->flags = test->cased ? ATOM_CASED : 0;
    atom->shown = lower_text(l, pattern_text(&pattern, l->arena));
    if (atom->kind != ATOM_GLOB) {
        atom->text = lower_text(l, test->cased ? literal : lower_folded(l, literal));
        return;
    }
    atom->pieces.first = lower_count(l, SECTION_PIECE, sizeof(struct glob_piece));
    atom->pieces.count = pattern.count;
    for (uint32_t i = 0; i < pattern.count; i++) {
        struct slice text = pattern.pieces[i].text;
        struct glob_piece piece = { .kind = pattern.pieces[i].kind };
        if (piece.kind == PIECE_TEXT)
            piece.text = lower_text(l, test->cased ? text : lower_folded(l, text));
        lower_put(l, SECTION_PIECE, &piece, sizeof piece);
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
    struct blob_regex regex = { .text = atom->text, .database = NONE,
                                .needs = lower_text(l, regex_needs(test->text, test->flags, l->arena)),
                                .flags = test->flags | regex_narrow(test->text, test->flags) };
    hs_database_t *database = NULL;
    if (!regex_compile(test->text, regex.flags, &database, e))
        return false;
    if (database) {
        char *bytes = NULL;
        size_t size = 0;
        if (hs_serialize_database(database, &bytes, &size) == HS_SUCCESS) {
            struct blob_database d = { l->sections[SECTION_DATABASE_BYTES].len, size };
            regex.database = lower_count(l, SECTION_DATABASE, sizeof d);
            lower_put(l, SECTION_DATABASE, &d, sizeof d);
            lower_put(l, SECTION_DATABASE_BYTES, bytes, size);
            free(bytes);
        }
        hs_free_database(database);
    }
    atom->regex = lower_count(l, SECTION_REGEX, sizeof regex);
    lower_put(l, SECTION_REGEX, &regex, sizeof regex);
    return map_put(&l->regexes, key, (void *)((uintptr_t)atom->regex + 1));
}

uint32_t lower_test(struct lowering *l, const struct test *test, struct error *e)
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
    lower_put(l, SECTION_ATOM, &atom, sizeof atom);
    map_put(&l->atoms, arena_copy(l->arena, key), (void *)((uintptr_t)index + 1));
    return index;
}

/* About what it takes to ask that part of an event. */
static unsigned cost_of(const struct expr *expr)
{
    struct slice literal;
    unsigned sum = 1;
    if (expr->op != EXPR_TEST) {
        for (uint32_t i = 0; i < expr->count; i++)
            sum += cost_of(expr->children[i]);
        return sum;
    }
    if (!expr->test->field.len)
        return 1000;
    switch (expr->test->kind) {
    case TEST_NULL: case TEST_EXISTS: return 1;
    case TEST_REGEX: return 100;
    case TEST_PATTERN: break;
    default: return 8;
    }
    enum atom_kind kind = lower_shape(&expr->test->pattern, &literal);
    return kind < ATOM_CONTAINS ? 2 : kind == ATOM_CONTAINS ? 8 : 16;
}

static bool lower_node(struct lowering *l, const struct expr *expr, struct error *e);

/* "a and (b and c)" is "a and b and c", where nobody named the part: each filter of a rule would otherwise
 * put one tree more around it, and evaluation recurses. */
static bool melts(const struct expr *child, enum expr_op op)
{
    return child->op == op && (op == EXPR_AND || op == EXPR_OR) && !child->selection.len;
}

static uint32_t count_children(const struct expr *expr, enum expr_op op)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < expr->count; i++)
        count += melts(expr->children[i], op) ? count_children(expr->children[i], op) : 1;
    return count;
}

struct cheapest { /* the children, the cheap ones first: mostly one of them answers already */
    struct expr **children;
    unsigned *costs;
    uint32_t count;
};

static void sort_children(struct cheapest *c, const struct expr *expr, enum expr_op op)
{
    for (uint32_t i = 0; i < expr->count; i++) {
        if (melts(expr->children[i], op)) {
            sort_children(c, expr->children[i], op);
            continue;
        }
        unsigned cost = cost_of(expr->children[i]);
        uint32_t at = c->count++;
        for (; at > 0 && c->costs[at - 1] > cost; at--) {
            c->costs[at] = c->costs[at - 1];
            c->children[at] = c->children[at - 1];
        }
        c->costs[at] = cost;
        c->children[at] = expr->children[i];
    }
}

static bool lower_children(struct lowering *l, const struct expr *expr, struct error *e)
{
    uint32_t count = count_children(expr, expr->op);
    struct cheapest sorted = { arena_array(l->arena, count + 1, sizeof *sorted.children),
                               arena_array(l->arena, count + 1, sizeof *sorted.costs), 0 };
    if (!sorted.children || !sorted.costs)
        return error_set(e, "the rules are too large");
    sort_children(&sorted, expr, expr->op);
    for (uint32_t i = 0; i < count; i++)
        if (!lower_node(l, sorted.children[i], e))
            return false;
    return true;
}

static bool lower_node(struct lowering *l, const struct expr *expr, struct error *e)
{
    struct node node = { .op = expr->op, .selection = lower_text(l, expr->selection) };
    size_t at = l->sections[SECTION_NODE].len;
    if (expr->op == EXPR_TEST && (node.arg = lower_test(l, expr->test, e)) == NONE)
        return false;
    lower_put(l, SECTION_NODE, &node, sizeof node);
    if (!lower_children(l, expr, e))
        return false;
    if (l->sections[SECTION_NODE].failed)
        return error_set(e, "the rules are too large");
    uint32_t end = lower_count(l, SECTION_NODE, sizeof node);
    memcpy(l->sections[SECTION_NODE].data + at + offsetof(struct node, end), &end, sizeof end);
    return true;
}

bool lower_expr(struct lowering *l, const struct expr *expr, uint32_t *node_out, struct error *e)
{
    size_t before = l->sections[SECTION_NODE].len;
    *node_out = lower_count(l, SECTION_NODE, sizeof(struct node));
    if (lower_node(l, expr, e))
        return true;
    l->sections[SECTION_NODE].len = before; /* no half tree stays */
    return false;
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
