#include "archive/query_value.h"

#include "base/clock.h"

static bool no_room(struct lexer *lexer)
{
    return lexer_error(lexer, 0, NULL, "the query is too long");
}

static bool fold_into(struct lexer *lexer, struct slice text, struct slice *out)
{
    BUFFER_AUTO folded;
    buffer_init(&folded, QUERY_BYTES_MAX * 8);
    words_fold(text, &folded);
    *out = arena_copy(lexer->arena, buffer_slice(&folded));
    return (out->data && !folded.failed) || no_room(lexer);
}

static bool set_needle(struct lexer *lexer, struct node *node, struct slice text)
{
    BUFFER_AUTO escaped;
    buffer_init(&escaped, QUERY_BYTES_MAX * 8);
    if (!fold_into(lexer, text, &node->needle))
        return false;
    tree_escape(node->needle, &escaped);
    node->escaped = SLICE_NONE;
    if (!slice_equal(buffer_slice(&escaped), node->needle))
        node->escaped = arena_copy(lexer->arena, buffer_slice(&escaped));
    return !lexer->arena->exhausted || no_room(lexer);
}

/* --- regular expressions -------------------------------------------------------------------- */

static void *regex_alloc(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void regex_free(void *memory, void *arena)
{
    (void)memory; /* goes with the arena */
    (void)arena;
}

static pcre2_code *compile(struct arena *arena, struct slice pattern, int *code, size_t *at)
{
    pcre2_general_context *general = pcre2_general_context_create(regex_alloc, regex_free, arena);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    if (!context)
        return NULL;
    pcre2_set_parens_nest_limit(context, 64);
    return pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len,
                         PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
                             PCRE2_NEVER_BACKSLASH_C,
                         code, at, context);
}

static bool set_regex(struct lexer *lexer, struct node *node, struct token token)
{
    int code = 0;
    size_t at = 0;
    node->test = TEST_REGEX;
    node->regex = compile(lexer->arena, token.text, &code, &at);
    if (node->regex)
        return true;
    unsigned char message[200] = "";
    pcre2_get_error_message(code, message, sizeof message);
    return lexer_error(lexer, token.at + 1 + at, NULL, "the regular expression is wrong: %s",
                       (const char *)message);
}

/* --- wildcards ------------------------------------------------------------------------------ */

/* Only bare words have wildcards, and a backslash is a backslash: paths are asked for more often
 * than stars, and a star can be put into quotation marks. */
static bool has_wildcard(struct slice s)
{
    return slice_find_byte(s, '*') < s.len || slice_find_byte(s, '?') < s.len;
}

static void add_wild(struct slice pattern, struct buffer *out)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] == '*' || pattern.data[i] == '?') {
            buffer_add(out, pattern.data[i] == '*' ? SLICE("[^\\s\\x00]*") : SLICE("[^\\s\\x00]"));
            continue;
        }
        char c = pattern.data[i];
        if (strchr("\\^$.[]|()+{}#", c))
            buffer_add_byte(out, '\\');
        buffer_add_byte(out, c);
    }
}

/* Free text: `a*b?c` as an expression over the folded text, within one word-like run; also as it
 * stands inside JSON. */
static bool set_wild_regex(struct lexer *lexer, struct node *node, struct slice pattern,
                           size_t at)
{
    BUFFER_AUTO out, escaped;
    int code;
    size_t where;
    buffer_init(&out, QUERY_BYTES_MAX * 32);
    buffer_init(&escaped, QUERY_BYTES_MAX * 8);
    tree_escape(pattern, &escaped);
    if (!node->open_left)
        buffer_add(&out, SLICE("(?<![[:alnum:]])"));
    buffer_add(&out, SLICE("(?:"));
    add_wild(pattern, &out);
    if (!slice_equal(buffer_slice(&escaped), pattern)) {
        buffer_add_byte(&out, '|');
        add_wild(buffer_slice(&escaped), &out);
    }
    buffer_add_byte(&out, ')');
    if (!node->open_right)
        buffer_add(&out, SLICE("(?![[:alnum:]])"));
    if (!out.failed && !escaped.failed)
        node->regex = compile(lexer->arena, buffer_slice(&out), &code, &where);
    return node->regex ||
           lexer_error(lexer, at, NULL, "this wildcard pattern cannot be searched for");
}

static bool set_wild_text(struct lexer *lexer, struct node *node, size_t at)
{
    struct slice pattern = node->needle;
    node->open_left = slice_starts(pattern, SLICE("*"));
    while (slice_starts(pattern, SLICE("*")))
        pattern = slice_after(pattern, 1);
    while (slice_ends(pattern, SLICE("*"))) {
        pattern.len--;
        node->open_right = true;
    }
    if (has_wildcard(pattern))
        return set_wild_regex(lexer, node, pattern, at) &&
               set_needle(lexer, node, tree_wild_literal(pattern));
    return set_needle(lexer, node, pattern);
}

static bool set_wild(struct lexer *lexer, struct node *node, struct token token)
{
    node->test = TEST_WILD;
    if (!fold_into(lexer, token.text, &node->needle))
        return false;
    return node->place != PLACE_TEXT || set_wild_text(lexer, node, token.at);
}

/* --- ranges --------------------------------------------------------------------------------- */

static bool is_time(const struct node *node)
{
    return node->place == PLACE_TIME || node->place == PLACE_RECEIVED;
}

/* How long the moment written is: a day for a date, a minute for hh:mm (a zone may follow), else a
 * second. */
static int64_t moment_len(struct slice text)
{
    if (text.len < 10 || text.data[4] != '-')
        return CLOCK_SECOND;
    if (text.len == 10)
        return CLOCK_DAY;
    return text.len > 16 && text.data[16] == ':' ? CLOCK_SECOND : CLOCK_MINUTE;
}

struct bound {
    long double number;
    int64_t from, to; /* of the moment written */
};

static bool read_bound(struct lexer *lexer, const struct node *node, struct slice text, size_t at,
                       int64_t now, struct bound *out)
{
    if (is_time(node)) {
        struct error e = ERROR_NONE;
        if (!query_time(text, now, &out->from, &e))
            return lexer_error(lexer, at, "write 2026-11-24, 2026-11-24T08:00 or -1h",
                               "\"%.*s\" is not a time", SLICE_ARGS(text));
        out->to = out->from + moment_len(text);
        return true;
    }
    return slice_to_long_double(text, &out->number) ||
           lexer_error(lexer, at, "compare with a number, as in bytes:>1000",
                       "\"%.*s\" is not a number", SLICE_ARGS(text));
}

static void open_range(struct node *node)
{
    node->test = TEST_RANGE;
    node->low = -__builtin_inf();
    node->high = __builtin_inf();
    node->time_low = INT64_MIN;
    node->time_high = INT64_MAX;
}

static bool compare_range(struct lexer *lexer, struct node *node, struct token token, int64_t now)
{
    struct bound bound = { .number = 0 };
    bool less = token.text.data[0] == '<';
    bool equal = token.text.len > 1 && token.text.data[1] == '=';
    struct slice text = slice_after(token.text, equal ? 2 : 1);
    if (!read_bound(lexer, node, text, token.at, now, &bound))
        return false;
    open_range(node);
    if (less) {
        node->high = bound.number;
        node->high_open = !equal;
        node->time_high = equal ? bound.to : bound.from;
    } else {
        node->low = bound.number;
        node->low_open = !equal;
        node->time_low = equal ? bound.from : bound.to;
    }
    if (is_time(node) && slice_starts(text, SLICE("-")) && !less)
        node->time_low = bound.from; /* >-1h: since an hour ago */
    return true;
}

static bool between(struct lexer *lexer, struct node *node, struct slice low, struct slice high,
                    size_t at, int64_t now)
{
    struct bound from = { .number = 0 }, to = { .number = 0 };
    open_range(node);
    if (low.len && !slice_is(low, "*")) {
        if (!read_bound(lexer, node, low, at, now, &from))
            return false;
        node->low = from.number;
        node->time_low = from.from;
    }
    if (high.len && !slice_is(high, "*")) {
        if (!read_bound(lexer, node, high, at, now, &to))
            return false;
        node->high = to.number;
        node->time_high = to.to;
    }
    return true;
}

static bool bracket_range(struct lexer *lexer, struct node *node, struct token token, int64_t now)
{
    struct slice inside = slice_trim(slice_cut(token.text, 1, token.text.len - 1));
    size_t i = slice_find_byte(inside, ' ');
    struct slice low = slice_cut(inside, 0, i), rest = slice_trim(slice_after(inside, i));
    if (rest.len < 4 || !slice_equal_nocase(slice_cut(rest, 0, 3), SLICE("to ")))
        return lexer_error(lexer, token.at, "write [1 to 5]", "this is not a range");
    return between(lexer, node, low, slice_trim(slice_after(rest, 3)), token.at, now);
}

/* 100..200, 100.., ..200; a version such as 1..x is a word. */
static bool is_dotted_range(const struct node *node, struct slice text, struct slice *low,
                            struct slice *high)
{
    double number;
    size_t i = slice_find(text, SLICE(".."));
    if (i >= text.len || node->place == PLACE_TEXT || text.len < 3)
        return false;
    *low = slice_cut(text, 0, i);
    *high = slice_after(text, i + 2);
    if (is_time(node))
        return true;
    return (low->len == 0 || slice_to_double(*low, &number)) &&
           (high->len == 0 || slice_to_double(*high, &number));
}

/* One address is also looked for as a word: a field may hold a sentence with it. */
static bool set_network(struct lexer *lexer, struct node *node, struct slice text)
{
    size_t slash = slice_find_byte(text, '/');
    uint64_t bits;
    unsigned len = tree_address(slice_cut(text, 0, slash), node->network.bytes);
    if (len == 0 || node->place == PLACE_TEXT)
        return false;
    bits = len * 8;
    if (slash < text.len && (!slice_to_u64(slice_after(text, slash + 1), &bits) || bits > len * 8))
        return false;
    node->network.len = len;
    node->network.bits = (unsigned)bits;
    node->test = TEST_NETWORK;
    if (slash == text.len && (node->place == PLACE_FIELD || node->place == PLACE_RAW))
        fold_into(lexer, text, &node->needle);
    return true;
}

/* --- which of them -------------------------------------------------------------------------- */

static bool set_words(struct lexer *lexer, struct node *node, struct slice text, bool exact)
{
    bool key = node->place != PLACE_TEXT && node->place != PLACE_FIELD && node->place != PLACE_RAW;
    node->test = exact || key ? TEST_EXACT : TEST_WORDS;
    return set_needle(lexer, node, text);
}

static bool set_word(struct lexer *lexer, struct node *node, struct token token, bool exact,
                     int64_t now)
{
    struct slice text = token.text, low, high;
    bool field = node->place != PLACE_TEXT;
    if (field && !exact && text.len > 1 && text.data[0] == '=') {
        exact = true;
        token.text = text = slice_after(text, 1);
        token.at++;
    }
    if (!exact && field && (text.data[0] == '<' || text.data[0] == '>'))
        return compare_range(lexer, node, token, now);
    if (!exact && field && text.data[0] == '[')
        return bracket_range(lexer, node, token, now);
    if (!exact && is_dotted_range(node, text, &low, &high))
        return between(lexer, node, low, high, token.at, now);
    if (is_time(node))
        return between(lexer, node, text, text, token.at, now);
    if (field && slice_is(text, "*")) {
        node->test = TEST_EXISTS;
        return true;
    }
    if (!exact && set_network(lexer, node, text))
        return !lexer->failed;
    if (slice_find_byte(text, '/') < text.len && field && !exact) {
        unsigned char bytes[16];
        size_t slash = slice_find_byte(text, '/');
        if (tree_address(slice_cut(text, 0, slash), bytes))
            return lexer_error(lexer, token.at, "write 10.0.0.0/8 or 2001:db8::/32",
                               "\"%.*s\" is not a network", SLICE_ARGS(text));
    }
    if (has_wildcard(text))
        return set_wild(lexer, node, token);
    return set_words(lexer, node, text, exact);
}

bool query_value(struct lexer *lexer, struct node *node, struct token token, bool exact,
                 int64_t now)
{
    node->kind = NODE_TEST;
    node->written = slice_cut(lexer->text, token.at, lexer->at);
    if (exact)
        node->written = slice_cut(lexer->text, token.at - 1, lexer->at);
    node->written = arena_copy(lexer->arena, node->written);
    if (token.kind == TOKEN_REGEX)
        return set_regex(lexer, node, token);
    if (token.kind == TOKEN_WORD && token.text.len)
        return set_word(lexer, node, token, exact, now);
    if (token.kind == TOKEN_QUOTED && is_time(node))
        return between(lexer, node, token.text, token.text, token.at, now);
    if (token.kind == TOKEN_QUOTED)
        return set_words(lexer, node, token.text, exact);
    return lexer_error(lexer, token.at,
                       "write field:value or field:*; a colon to be found goes into quotation marks",
                       "a value is missing here");
}
