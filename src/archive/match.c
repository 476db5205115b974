#include "archive/match.h"

#include <stdio.h>
#include <stdlib.h>

#include "archive/filter.h"
#include "archive/find.h"

/* Per test of the tree, in the order of a walk: the words a block must have. */
struct leaf {
    const struct node *node;
    struct words words;
};

struct matcher {
    const struct query *query;
    struct leaf *leaves;
    size_t leaf_count;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    bool uses_words;
};

/* --- the words of a test -------------------------------------------------------------------- */

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* A stretch between wildcards: a word that touches one may go on there. */
static void add_stretch(struct words *words, struct slice stretch, bool wild_before,
                        bool wild_after)
{
    size_t from = 0, to = stretch.len;
    while (wild_before && from < to && is_word_byte(stretch.data[from]))
        from++;
    while (wild_after && to > from && is_word_byte(stretch.data[to - 1]))
        to--;
    words_add_needle(words, slice_cut(stretch, from, to));
}

static void add_pattern(struct words *words, struct slice pattern)
{
    size_t start = 0;
    for (size_t i = 0; i <= pattern.len; i++) {
        if (i < pattern.len && pattern.data[i] != '*' && pattern.data[i] != '?')
            continue;
        add_stretch(words, slice_cut(pattern, start, i), start > 0, i < pattern.len);
        start = i + 1;
    }
}

static void add_address(struct words *words, const struct network *network)
{
    char text[16];
    if (network->len != 4 || network->bits != 32)
        return; /* one IPv6 address is written in many ways */
    int len = snprintf(text, sizeof text, "%u.%u.%u.%u", network->bytes[0], network->bytes[1],
                       network->bytes[2], network->bytes[3]);
    words_add_needle(words, slice_from(text, (size_t)len));
}

static void words_of(const struct node *node, struct words *words)
{
    bool in_text = node->place == PLACE_TEXT || node->place == PLACE_FIELD ||
                   node->place == PLACE_RAW;
    if (!in_text)
        return;
    if (node->test == TEST_WORDS || node->test == TEST_EXACT)
        words_add_needle(words, node->needle);
    else if (node->test == TEST_WILD && node->place != PLACE_TEXT)
        add_pattern(words, node->needle);
    else if (node->test == TEST_WILD && !node->regex)
        add_stretch(words, node->needle, node->open_left, node->open_right);
    else if (node->test == TEST_NETWORK)
        add_address(words, &node->network);
}

/* --- make ----------------------------------------------------------------------------------- */

static size_t count_tests(const struct node *node)
{
    size_t count = node->kind == NODE_TEST;
    for (uint32_t i = 0; i < node->count; i++)
        count += count_tests(node->children[i]);
    return count;
}

static void collect(struct matcher *m, const struct node *node)
{
    if (node->kind == NODE_TEST) {
        struct leaf *leaf = &m->leaves[m->leaf_count++];
        leaf->node = node;
        words_of(node, &leaf->words);
        m->uses_words |= leaf->words.count > 0;
    }
    for (uint32_t i = 0; i < node->count; i++)
        collect(m, node->children[i]);
}

struct matcher *matcher_new(const struct query *query)
{
    struct matcher *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->query = query;
    m->leaves = calloc(count_tests(query->filter) + 1, sizeof *m->leaves);
    m->match = pcre2_match_data_create(1, NULL);
    m->limits = pcre2_match_context_create(NULL);
    if (!m->leaves || !m->match || !m->limits) {
        matcher_free(&m);
        return NULL;
    }
    pcre2_set_match_limit(m->limits, 100000); /* an expression that explodes does not match */
    pcre2_set_depth_limit(m->limits, 1000);
    collect(m, query->filter);
    return m;
}

void matcher_free(struct matcher **matcher)
{
    struct matcher *m = *matcher;
    if (!m)
        return;
    for (size_t i = 0; i < m->leaf_count; i++)
        words_free(&m->leaves[i].words);
    free(m->leaves);
    pcre2_match_data_free(m->match);
    pcre2_match_context_free(m->limits);
    free(m);
    *matcher = NULL;
}

bool matcher_uses_words(const struct matcher *matcher)
{
    return matcher->uses_words;
}

/* --- one value ------------------------------------------------------------------------------ */

static bool test_regex(struct matcher *m, const struct node *node, struct slice bytes)
{
    return pcre2_match(node->regex, (PCRE2_SPTR)(bytes.data ? bytes.data : ""), bytes.len, 0, 0,
                       m->match, m->limits) >= 0;
}

static bool test_address(const struct node *node, struct slice bytes)
{
    unsigned char address[16];
    unsigned len = tree_address(bytes, address);
    if (len == 16 && slice_find_byte(bytes, '.') < bytes.len && node->network.len == 4) {
        memmove(address, address + 12, 4); /* ::ffff:10.0.0.1 */
        len = 4;
    }
    return len && tree_network_has(&node->network, address, len);
}

static bool test_number(const struct node *node, struct slice bytes)
{
    double number;
    if (!slice_to_double(slice_trim(bytes), &number))
        return false;
    return (node->low_open ? number > node->low : number >= node->low) &&
           (node->high_open ? number < node->high : number <= node->high);
}

static bool test_value(struct matcher *m, struct view *view, const struct node *node,
                       struct slice bytes)
{
    switch (node->test) {
    case TEST_EXISTS: return true;
    case TEST_REGEX: return test_regex(m, node, bytes);
    case TEST_NETWORK: return test_address(node, bytes);
    case TEST_RANGE: return test_number(node, bytes);
    default: break;
    }
    buffer_clear(&view->value);
    words_fold(bytes, &view->value);
    struct slice folded = buffer_slice(&view->value);
    if (view->value.failed)
        return false;
    if (node->test == TEST_EXACT)
        return slice_equal(folded, node->needle);
    if (node->test == TEST_WILD)
        return tree_wild(node->needle, folded);
    return node->needle.len == 0 ? folded.len == 0
                                 : words_find(folded, 0, node->needle, true) < folded.len;
}

/* --- from afar ------------------------------------------------------------------------------ */

static struct slice origin_value(const struct block_origin *origin, enum place place)
{
    return place == PLACE_SOURCE ? origin->source
         : place == PLACE_SYSTEM ? origin->system : origin->agency;
}

static bool any_origin(struct matcher *m, const struct node *node, const struct glance *glance)
{
    struct view scratch;
    bool any = false;
    match_view_init(&scratch);
    for (uint32_t i = 0; i < glance->origin_count && !any; i++)
        any = test_value(m, &scratch, node, origin_value(&glance->origins[i], node->place));
    match_view_free(&scratch);
    return any;
}

static bool id_may_be(const struct node *node, const struct glance *glance)
{
    struct event_id id;
    if (node->test != TEST_EXACT || !event_id_parse(node->needle, &id))
        return node->test != TEST_EXACT;
    return id.day == glance->name->day && !strcmp(id.class, glance->name->class) &&
           id.sequence >= glance->summary->sequence_min &&
           id.sequence <= glance->summary->sequence_max;
}

static enum glance_result glance_test(struct matcher *m, const struct leaf *leaf,
                                      const struct glance *glance)
{
    const struct node *node = leaf->node;
    switch (node->place) {
    case PLACE_SOURCE: case PLACE_SYSTEM: case PLACE_AGENCY:
        return any_origin(m, node, glance) ? GLANCE_MAY : GLANCE_SOURCE;
    case PLACE_CLASS:
        if (node->test == TEST_EXACT && !slice_is(node->needle, glance->name->class))
            return GLANCE_SOURCE;
        return GLANCE_MAY;
    case PLACE_ID:
        return id_may_be(node, glance) ? GLANCE_MAY : GLANCE_SOURCE;
    case PLACE_TIME:
        if (node->test == TEST_RANGE && (glance->summary->time_max < node->time_low ||
                                         glance->summary->time_min >= node->time_high))
            return GLANCE_TIME;
        return GLANCE_MAY;
    default:
        break;
    }
    if (glance->filter.len && leaf->words.count && !filter_has_all(glance->filter, &leaf->words))
        return GLANCE_WORDS;
    return GLANCE_MAY;
}

static enum glance_result glance_node(struct matcher *m, const struct node *node, size_t *leaf,
                                      const struct glance *glance)
{
    enum glance_result result = GLANCE_MAY, child;
    bool any = false;
    if (node->kind == NODE_TEST)
        return glance_test(m, &m->leaves[(*leaf)++], glance);
    for (uint32_t i = 0; i < node->count; i++) {
        child = glance_node(m, node->children[i], leaf, glance);
        any |= child == GLANCE_MAY;
        if (child != GLANCE_MAY && result == GLANCE_MAY)
            result = child;
    }
    if (node->kind == NODE_ALL || node->kind == NODE_NOT || (node->kind == NODE_OR && any))
        return GLANCE_MAY;
    return result;
}

enum glance_result match_glance(const struct matcher *matcher, const struct glance *glance)
{
    size_t leaf = 0;
    return glance_node((struct matcher *)matcher, matcher->query->filter, &leaf, glance);
}

/* --- rows ----------------------------------------------------------------------------------- */

void match_view_init(struct view *view)
{
    *view = (struct view){ .name = NULL };
    buffer_init(&view->folded, (size_t)1 << 30);
    buffer_init(&view->value, (size_t)1 << 30);
    buffer_init(&view->plain, (size_t)1 << 30);
}

void match_view_free(struct view *view)
{
    buffer_free(&view->folded);
    buffer_free(&view->value);
    buffer_free(&view->plain);
}

void view_begin(struct view *view)
{
    view->is_folded = false;
    buffer_clear(&view->folded);
}

static bool need(struct view *view, enum block_part part, struct error *e)
{
    return view->fetched->parts[part].data || view->need(view->owner, part, e);
}

static bool fold_text(struct view *view, struct error *e)
{
    const struct block_rows *rows = &view->fetched->rows;
    if (view->is_folded)
        return true;
    if (!need(view, PART_TEXT, e))
        return false;
    struct slice text = view->fetched->parts[PART_TEXT];
    view->as_is = find_is_ascii(text);
    if (view->as_is) {
        view->searched_at = rows->text_at;
    } else {
        uint32_t *at = arena_array(view->arena, (size_t)rows->count + 1, sizeof *at);
        if (!at)
            return error_set(e, "memory is short for searching a block");
        for (uint32_t i = 0; i < rows->count; i++) {
            words_fold(slice_cut(text, rows->text_at[i], rows->text_at[i + 1]), &view->folded);
            at[i + 1] = (uint32_t)view->folded.len;
        }
        view->searched_at = at;
    }
    view->searched = view->as_is ? text : buffer_slice(&view->folded);
    view->is_folded = true;
    return !view->folded.failed || error_set(e, "memory is short for searching a block");
}

static bool has(const uint64_t *mask, uint32_t row)
{
    return mask[row / 64] >> (row % 64) & 1;
}

static void set(uint64_t *mask, uint32_t row)
{
    mask[row / 64] |= UINT64_C(1) << (row % 64);
}

/* The next row of the mask at or behind `row`; count when there is none. */
static uint32_t next_row(const uint64_t *mask, uint32_t row, uint32_t count)
{
    while (row < count) {
        uint64_t rest = mask[row / 64] >> (row % 64);
        if (rest) {
            row += (uint32_t)__builtin_ctzll(rest);
            return row < count ? row : count;
        }
        row = (row / 64 + 1) * 64;
    }
    return count;
}

struct edges {
    bool left, right; /* a word boundary is asked for there */
};

static bool at_edges(struct slice folded, size_t at, size_t len, struct edges edges)
{
    if (edges.left && edges.right)
        return words_at_boundary(folded, at, len);
    if (edges.left) /* as if the text ended behind it */
        return words_at_boundary(slice_cut(folded, 0, at + len), at, len);
    if (edges.right)
        return words_at_boundary(slice_after(folded, at), 0, len);
    return true;
}

static size_t find_in(const struct view *view, struct slice text, size_t from, struct slice needle)
{
    return view->as_is ? find_any_case(text, from, needle) : words_find(text, from, needle, false);
}

/* The line as it was searched; it ends before its NUL. */
static struct slice line_at(const struct view *view, uint32_t row)
{
    return slice_cut(view->searched, view->searched_at[row], view->searched_at[row + 1] - 1);
}

/* Sets in out the rows of mask in whose folded text the needle stands. */
static void scan(struct view *view, struct slice needle, struct edges edges, const uint64_t *mask,
                 uint64_t *out)
{
    uint32_t count = view->fetched->rows.count, row = next_row(mask, 0, count);
    while (row < count) {
        size_t at = find_in(view, view->searched, view->searched_at[row], needle);
        if (at >= view->searched.len)
            return;
        while (row < count && view->searched_at[row + 1] <= at)
            row++;
        if (row >= count)
            return;
        if (!has(mask, row)) {
            row = next_row(mask, row, count);
            continue;
        }
        struct slice line = line_at(view, row);
        for (at -= view->searched_at[row]; at < line.len;
             at = find_in(view, line, at + 1, needle))
            if (at + needle.len <= line.len && at_edges(line, at, needle.len, edges)) {
                set(out, row);
                break;
            }
        row = next_row(mask, row + 1, count);
    }
}

static bool narrow(struct view *view, const struct node *node, struct edges edges,
                   const uint64_t *mask, uint64_t *out, struct error *e)
{
    if (!fold_text(view, e))
        return false;
    scan(view, node->needle, edges, mask, out);
    if (node->escaped.len)
        scan(view, node->escaped, edges, mask, out);
    return true;
}

static uint64_t *mask_new(struct view *view, struct error *e)
{
    uint64_t *mask = arena_array(view->arena, mask_words(view->fetched->rows.count), sizeof *mask);
    if (!mask)
        error_set(e, "memory is short for searching a block");
    return mask;
}

static bool match_text(struct matcher *m, struct view *view, const struct node *node,
                       const uint64_t *mask, uint64_t *out, struct error *e)
{
    const struct block_rows *rows = &view->fetched->rows;
    if (node->test == TEST_WORDS)
        return narrow(view, node, (struct edges){ true, true }, mask, out, e);
    if (!node->regex)
        return narrow(view, node, (struct edges){ !node->open_left, !node->open_right }, mask,
                      out, e);
    uint64_t *maybe = mask_new(view, e);
    if (!maybe || !narrow(view, node, (struct edges){ false, false }, mask, maybe, e))
        return false;
    for (uint32_t row = next_row(maybe, 0, rows->count); row < rows->count;
         row = next_row(maybe, row + 1, rows->count)) {
        struct slice line = line_at(view, row);
        if (view->as_is) {
            buffer_clear(&view->value);
            words_fold(line, &view->value);
            line = buffer_slice(&view->value);
        }
        if (test_regex(m, node, line))
            set(out, row);
    }
    return true;
}

static struct slice plain(struct view *view, const struct block_value *value)
{
    if (!value->escaped)
        return value->bytes;
    buffer_clear(&view->plain);
    char *room = buffer_extend(&view->plain, value->bytes.len + 1);
    return room ? slice_from(room, block_unescape(value->bytes, room)) : SLICE_NONE;
}

/* Which shapes have the field at all. */
static bool *shapes_with(struct view *view, struct slice field, struct error *e)
{
    const struct block_rows *rows = &view->fetched->rows;
    bool *with = arena_zero(view->arena, rows->shape_count + 1);
    if (!with)
        error_set(e, "memory is short for searching a block");
    for (uint32_t i = 0; with && i < rows->shape_count; i++)
        for (uint32_t k = 0; k < rows->shapes[i].count && !with[i]; k++)
            with[i] = slice_equal_nocase(rows->shapes[i].names[k], field);
    return with;
}

static bool match_field_row(struct matcher *m, struct view *view, const struct node *node,
                            uint32_t row, bool *hit_out, struct error *e)
{
    struct fetched *f = view->fetched;
    struct block_fields walk = block_fields_of(&f->rows, f->parts[PART_TEXT],
                                               f->parts[PART_FIELDS], row);
    struct block_value value;
    *hit_out = false;
    while (!*hit_out && block_fields_next(&walk, &value))
        if (slice_equal_nocase(value.name, node->field))
            *hit_out = test_value(m, view, node, plain(view, &value));
    return !walk.failed || error_set(e, "the fields of an event are damaged");
}

static bool match_field(struct matcher *m, struct view *view, const struct node *node,
                        const uint64_t *mask, uint64_t *out, struct error *e)
{
    const struct block_rows *rows = &view->fetched->rows;
    bool *with = shapes_with(view, node->field, e);
    uint64_t *maybe = mask_new(view, e), *there = mask_new(view, e);
    if (!with || !maybe || !there)
        return false;
    bool any = false;
    for (uint32_t row = next_row(mask, 0, rows->count); row < rows->count;
         row = next_row(mask, row + 1, rows->count))
        if (with[rows->shape[row]]) {
            set(there, row);
            any = true;
        }
    if (!any)
        return true;
    if (node->test == TEST_EXISTS) {
        for (size_t i = 0; i < mask_words(rows->count); i++)
            out[i] |= there[i];
        return true;
    }
    bool narrows = (node->test == TEST_WORDS || node->test == TEST_EXACT) && node->needle.len;
    if (narrows && !narrow(view, node, (struct edges){ false, false }, there, maybe, e))
        return false;
    if (!narrows)
        maybe = there;
    if (next_row(maybe, 0, rows->count) == rows->count)
        return true;
    if (!need(view, PART_TEXT, e) || !need(view, PART_FIELDS, e))
        return false;
    for (uint32_t row = next_row(maybe, 0, rows->count); row < rows->count;
         row = next_row(maybe, row + 1, rows->count)) {
        bool hit;
        if (!match_field_row(m, view, node, row, &hit, e))
            return false;
        if (hit)
            set(out, row);
    }
    return true;
}

static bool match_time(const struct node *node, int64_t time)
{
    return node->test != TEST_RANGE || (time >= node->time_low && time < node->time_high);
}

static bool match_id(struct matcher *m, struct view *view, const struct node *node,
                     uint64_t sequence)
{
    struct event_id id = { .day = view->name->day, .sequence = sequence };
    char text[EVENT_ID_TEXT];
    memcpy(id.class, view->name->class, sizeof id.class);
    event_id_print(&id, text);
    return test_value(m, view, node, slice_of(text));
}

static bool match_envelope_row(struct matcher *m, struct view *view, const struct node *node,
                               uint32_t row)
{
    const struct block_rows *rows = &view->fetched->rows;
    const struct block_origin *origin = &rows->origins[rows->origin[row]];
    const struct block_label *label = &rows->labels[rows->label[row]];
    struct slice value = SLICE_NONE;
    switch (node->place) {
    case PLACE_TIME: return match_time(node, rows->time[row]);
    case PLACE_RECEIVED: return match_time(node, rows->received[row]);
    case PLACE_ID: return match_id(m, view, node, rows->sequence[row]);
    case PLACE_SOURCE: case PLACE_SYSTEM: case PLACE_AGENCY:
        value = origin_value(origin, node->place);
        break;
    case PLACE_DECODER: value = label->decoder; break;
    case PLACE_PRODUCT: value = label->logsource.product; break;
    case PLACE_CATEGORY: value = label->logsource.category; break;
    case PLACE_SERVICE: value = label->logsource.service; break;
    case PLACE_CLASS: value = slice_of(view->name->class); break;
    case PLACE_RAW: value = block_raw(rows, view->fetched->parts[PART_TEXT], row); break;
    default: break;
    }
    if (node->test == TEST_EXISTS)
        return value.len > 0;
    return test_value(m, view, node, value);
}

static bool match_test(struct matcher *m, struct view *view, const struct node *node,
                       const uint64_t *mask, uint64_t *out, struct error *e)
{
    uint32_t count = view->fetched->rows.count;
    if (node->place == PLACE_TEXT)
        return match_text(m, view, node, mask, out, e);
    if (node->place == PLACE_FIELD)
        return match_field(m, view, node, mask, out, e);
    if (node->place == PLACE_RAW && !need(view, PART_TEXT, e))
        return false;
    for (uint32_t row = next_row(mask, 0, count); row < count;
         row = next_row(mask, row + 1, count))
        if (match_envelope_row(m, view, node, row))
            set(out, row);
    return true;
}

/* Cheap ones first: envelope, words, then what walks over fields. */
static int cost(const struct node *node)
{
    if (node->kind != NODE_TEST)
        return 2;
    if (node->place == PLACE_FIELD)
        return node->test == TEST_WORDS || node->test == TEST_EXACT ? 3 : 4;
    if (node->place == PLACE_RAW)
        return 4;
    return node->place == PLACE_TEXT ? 1 : 0;
}

/* out receives the rows of mask that match. */
static bool match_node(struct matcher *m, struct view *view, const struct node *node,
                       const uint64_t *mask, uint64_t *out, struct error *e)
{
    size_t words = mask_words(view->fetched->rows.count);
    if (node->kind == NODE_ALL) {
        memcpy(out, mask, words * sizeof *out);
        return true;
    }
    if (node->kind == NODE_TEST)
        return match_test(m, view, node, mask, out, e);
    uint64_t *left = mask_new(view, e);
    if (!left)
        return false;
    memcpy(left, mask, words * sizeof *left);
    if (node->kind == NODE_NOT) {
        if (!match_node(m, view, node->children[0], mask, out, e))
            return false;
        for (size_t i = 0; i < words; i++)
            out[i] = mask[i] & ~out[i];
        return true;
    }
    for (int dear = 0; dear <= 4; dear++)
        for (uint32_t i = 0; i < node->count; i++) {
            if (cost(node->children[i]) != dear)
                continue;
            uint64_t *hit = mask_new(view, e);
            if (!hit || !match_node(m, view, node->children[i], left, hit, e))
                return false;
            for (size_t k = 0; k < words; k++) {
                if (node->kind == NODE_AND)
                    left[k] = hit[k];
                else {
                    out[k] |= hit[k];
                    left[k] &= ~hit[k];
                }
            }
        }
    if (node->kind == NODE_AND)
        memcpy(out, left, words * sizeof *out);
    return true;
}

bool match_rows(struct matcher *matcher, struct view *view, uint64_t *mask, struct error *e)
{
    size_t words = mask_words(view->fetched->rows.count);
    uint64_t *out = mask_new(view, e);
    if (!out || !match_node(matcher, view, matcher->query->filter, mask, out, e))
        return false;
    memcpy(mask, out, words * sizeof *mask);
    return true;
}
