#include <stdio.h>
#include <stdlib.h>

#include "archive/filter.h"
#include "archive/limit.h"
#include "archive/matcher.h"

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
    pcre2_set_match_limit(m->limits, MATCH_STEPS);
    pcre2_set_heap_limit(m->limits, MATCH_HEAP_KIB);
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

uint64_t matcher_undecided(const struct matcher *matcher)
{
    return matcher->undecided;
}

bool matcher_late(const struct matcher *matcher)
{
    return matcher->late;
}

/* --- one view ------------------------------------------------------------------------------- */

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

/* --- one value ------------------------------------------------------------------------------ */

bool match_regex(struct matcher *m, struct view *view, const struct node *node, struct slice bytes)
{
    m->late = m->late || (view->late && view->late(view->owner));
    if (m->late)
        return false;
    int answer = pcre2_match(node->regex, (PCRE2_SPTR)(bytes.data ? bytes.data : ""), bytes.len, 0,
                             0, m->match, m->limits);
    m->undecided += answer < PCRE2_ERROR_NOMATCH;
    return answer >= 0;
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
    long double number;
    if (!slice_to_long_double(slice_trim(bytes), &number))
        return false;
    return (node->low_open ? number > node->low : number >= node->low) &&
           (node->high_open ? number < node->high : number <= node->high);
}

bool match_value(struct matcher *m, struct view *view, const struct node *node, struct slice bytes)
{
    switch (node->test) {
    case TEST_EXISTS: return true;
    case TEST_REGEX: return match_regex(m, view, node, bytes);
    case TEST_NETWORK:
        if (test_address(node, bytes))
            return true;
        if (node->needle.len == 0)
            return false;
        break;
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

struct slice match_origin(const struct block_origin *origin, enum place place)
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
        any = match_value(m, &scratch, node, match_origin(&glance->origins[i], node->place));
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
