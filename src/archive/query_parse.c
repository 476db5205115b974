/* The grammar:
 *     query  = [or] { "|" stage }
 *     or     = and { "or" and }
 *     and    = not { ["and"] not }
 *     not    = "not" not | "-" term | "(" or ")" | term
 *     term   = [name ":"] value | name ":" "(" or-of-values ")"
 */
#include "archive/query_lex.h"
#include "archive/query_stage.h"
#include "archive/query_value.h"
#include "archive/tree.h"
#include "base/clock.h"

struct parser {
    struct lexer lexer;
    struct token token;     /* the next one, not yet used */
    struct arena *arena;
    int64_t now;
    unsigned nodes, depth;
};

static void next(struct parser *p)
{
    p->token = lexer_next(&p->lexer);
}

static bool is_keyword(const struct parser *p, const char *word)
{
    return p->token.kind == TOKEN_WORD && slice_equal_nocase(p->token.text, slice_of(word));
}

static struct node *node_new(struct parser *p, enum node_kind kind)
{
    struct node *node = NULL;
    if (p->nodes++ < QUERY_NODES_MAX)
        node = arena_zero(p->arena, sizeof *node);
    if (!node) {
        lexer_error(&p->lexer, p->token.at, "ask for less at once",
                    "the query has too many parts (at most %d)", QUERY_NODES_MAX);
        return NULL;
    }
    node->kind = kind;
    return node;
}

static bool node_add(struct parser *p, struct node *parent, struct node *child)
{
    if ((parent->count & (parent->count - 1)) == 0) { /* full at each power of two */
        size_t capacity = parent->count ? (size_t)parent->count * 2 : 1;
        struct node **children = arena_array(p->arena, capacity, sizeof *children);
        if (!children)
            return lexer_error(&p->lexer, p->token.at, NULL, "the query is too long");
        if (parent->count)
            memcpy(children, parent->children, parent->count * sizeof *children);
        parent->children = children;
    }
    parent->children[parent->count++] = child;
    return true;
}

static struct node *parse_or(struct parser *p);
static struct node *parse_values(struct parser *p, enum place place, struct slice field);

/* One value of a field, or of the free text. The token after it is read. */
static struct node *parse_value(struct parser *p, enum place place, struct slice field,
                                struct token token, bool exact)
{
    struct node *node = node_new(p, NODE_TEST);
    if (!node)
        return NULL;
    node->place = place;
    node->field = arena_copy(p->arena, field);
    if (!query_value(&p->lexer, node, token, exact, p->now))
        return NULL;
    next(p);
    return node;
}

/* A value of a field stands at the lexer's place. */
static struct node *parse_field_value(struct parser *p, enum place place, struct slice field)
{
    struct token token = lexer_value(&p->lexer);
    bool exact = token.kind == TOKEN_EQUALS;
    if (exact)
        token = lexer_next(&p->lexer);
    return parse_value(p, place, field, token, exact);
}

static struct node *parse_field(struct parser *p)
{
    struct slice field;
    enum place place = tree_place(p->token.text, &field);
    if (p->lexer.at < p->lexer.text.len && p->lexer.text.data[p->lexer.at] == '(') {
        p->lexer.at++;
        next(p);
        return parse_values(p, place, field);
    }
    return parse_field_value(p, place, field);
}

/* (a or b c): values of one field; blank means or, since a field rarely holds both. */
static struct node *parse_values(struct parser *p, enum place place, struct slice field)
{
    struct node *any = node_new(p, NODE_OR);
    size_t open = p->token.at;
    while (any && !p->lexer.failed && p->token.kind != TOKEN_CLOSE) {
        if (is_keyword(p, "and") || is_keyword(p, "not")) {
            lexer_error(&p->lexer, p->token.at, is_keyword(p, "and") ? "write field:a field:b"
                                                                     : "write not field:a",
                        "a list of values takes only `or`");
            return NULL;
        }
        if (is_keyword(p, "or")) {
            next(p);
            continue;
        }
        if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_QUOTED &&
            p->token.kind != TOKEN_NAME) {
            lexer_error(&p->lexer, p->token.kind == TOKEN_END ? open : p->token.at,
                        "write field:(a or b)", "a list of values is not closed");
            return NULL;
        }
        p->lexer.at = p->token.at; /* read again, as a value */
        struct node *value = parse_field_value(p, place, field);
        if (!value || !node_add(p, any, value))
            return NULL;
    }
    if (any && any->count == 0) {
        lexer_error(&p->lexer, open, "write field:(a or b)", "the list of values is empty");
        return NULL;
    }
    next(p);
    return any && any->count == 1 ? any->children[0] : any;
}

static struct node *parse_negated(struct parser *p, struct node *inner)
{
    struct node *node = inner ? node_new(p, NODE_NOT) : NULL;
    return node && node_add(p, node, inner) ? node : NULL;
}

static struct node *parse_group(struct parser *p)
{
    size_t open = p->token.at;
    next(p);
    struct node *inner = parse_or(p);
    if (!inner)
        return NULL;
    if (p->token.kind != TOKEN_CLOSE) {
        lexer_error(&p->lexer, open, "close it with )", "the parenthesis is not closed");
        return NULL;
    }
    next(p);
    return inner;
}

static struct node *parse_not(struct parser *p)
{
    struct node *node = NULL;
    if (++p->depth > QUERY_DEPTH_MAX) {
        lexer_error(&p->lexer, p->token.at, NULL, "the query is nested too deeply (at most %d)",
                    QUERY_DEPTH_MAX);
        return NULL;
    }
    if (is_keyword(p, "not")) {
        next(p);
        node = parse_negated(p, parse_not(p));
    } else if (p->token.kind == TOKEN_WORD && p->token.text.len > 1 &&
               p->token.text.data[0] == '-') {
        p->lexer.at = p->token.at + 1; /* -word, -field:value */
        next(p);
        node = parse_negated(p, parse_not(p));
    } else if (p->token.kind == TOKEN_WORD && slice_is(p->token.text, "-")) {
        next(p);
        node = parse_negated(p, parse_not(p));
    } else if (p->token.kind == TOKEN_OPEN)
        node = parse_group(p);
    else if (p->token.kind == TOKEN_NAME)
        node = parse_field(p);
    else if (p->token.kind == TOKEN_WORD && slice_is(p->token.text, "*")) {
        node = node_new(p, NODE_ALL);
        next(p);
    } else if (is_keyword(p, "and") || is_keyword(p, "or"))
        lexer_error(&p->lexer, p->token.at, "put it in quotation marks to find the word itself",
                    "a word or field:value is missing here");
    else if (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_QUOTED)
        node = parse_value(p, PLACE_TEXT, SLICE_NONE, p->token, false);
    else
        lexer_error(&p->lexer, p->token.at, NULL,
                    p->token.kind == TOKEN_CLOSE ? "this parenthesis closes nothing"
                                                 : "a word or field:value is missing here");
    p->depth--;
    return p->lexer.failed ? NULL : node;
}

static bool and_goes_on(struct parser *p)
{
    return p->token.kind != TOKEN_END && p->token.kind != TOKEN_CLOSE &&
           p->token.kind != TOKEN_PIPE && !is_keyword(p, "or");
}

static struct node *join(struct parser *p, enum node_kind kind, struct node *first,
                         struct node *(*more)(struct parser *), const char *word, bool optional)
{
    struct node *all = NULL;
    while (first && !p->lexer.failed && (optional ? and_goes_on(p) : is_keyword(p, word))) {
        if (is_keyword(p, word))
            next(p);
        struct node *child = more(p);
        if (!child)
            return NULL;
        if (!all && (!(all = node_new(p, kind)) || !node_add(p, all, first)))
            return NULL;
        if (!node_add(p, all, child))
            return NULL;
    }
    if (p->lexer.failed)
        return NULL;
    return all ? all : first;
}

static struct node *parse_and(struct parser *p)
{
    return join(p, NODE_AND, parse_not(p), parse_not, "and", true);
}

static struct node *parse_or(struct parser *p)
{
    return join(p, NODE_OR, parse_and(p), parse_and, "or", false);
}

bool query_parse(struct slice text, int64_t now, struct arena *arena, struct query **query_out,
                 struct error *e)
{
    struct error ignored = ERROR_NONE;
    struct parser p = { .arena = arena, .now = now };
    *query_out = NULL;
    p.lexer = (struct lexer){ .text = text, .arena = arena, .e = e ? e : &ignored };
    if (text.len > QUERY_BYTES_MAX)
        return lexer_error(&p.lexer, QUERY_BYTES_MAX, NULL,
                           "the query is longer than %d bytes", QUERY_BYTES_MAX);
    struct query *query = arena_zero(arena, sizeof *query);
    if (!query)
        return lexer_error(&p.lexer, 0, NULL, "memory is short for the query");
    query->now = now;
    next(&p);
    if (p.token.kind == TOKEN_END || p.token.kind == TOKEN_PIPE)
        query->filter = node_new(&p, NODE_ALL);
    else
        query->filter = parse_or(&p);
    if (!query->filter || p.lexer.failed)
        return lexer_error(&p.lexer, 0, NULL, "the query cannot be read");
    if (p.token.kind == TOKEN_CLOSE)
        return lexer_error(&p.lexer, p.token.at, NULL, "this parenthesis closes nothing");
    if (p.token.kind == TOKEN_PIPE && !query_stages(&p.lexer, query))
        return lexer_error(&p.lexer, p.token.at, NULL, "the query cannot be read");
    *query_out = query;
    return true;
}

/* --- written out ---------------------------------------------------------------------------- */

static void print_node(const struct node *node, struct buffer *out)
{
    switch (node->kind) {
    case NODE_ALL:
        buffer_add_byte(out, '*');
        return;
    case NODE_NOT:
        buffer_add(out, SLICE("not "));
        print_node(node->children[0], out);
        return;
    case NODE_AND:
    case NODE_OR:
        buffer_add_byte(out, '(');
        for (uint32_t i = 0; i < node->count; i++) {
            if (i)
                buffer_add(out, node->kind == NODE_AND ? SLICE(" and ") : SLICE(" or "));
            print_node(node->children[i], out);
        }
        buffer_add_byte(out, ')');
        return;
    case NODE_TEST:
        break;
    }
    const char *place = tree_place_name(node->place);
    if (node->place == PLACE_FIELD) {
        struct slice ignored;
        if (tree_place(node->field, &ignored) != PLACE_FIELD)
            buffer_add(out, SLICE("fields."));
        buffer_print(out, "%.*s:", SLICE_ARGS(node->field));
    } else if (place)
        buffer_print(out, "%s:", place);
    buffer_add(out, node->written);
}

void query_print(const struct query *query, struct buffer *out)
{
    print_node(query->filter, out);
    for (uint32_t i = 0; i < query->stage_count; i++)
        query_stage_print(&query->stages[i], out);
}

bool query_gives_table(const struct query *query)
{
    for (uint32_t i = 0; i < query->stage_count; i++)
        if (query->stages[i].kind != STAGE_LIMIT && query->stages[i].kind != STAGE_SORT)
            return true;
    return false;
}

bool query_is_plain(const struct query *query)
{
    return query->stage_count == 0;
}

/* --- times ---------------------------------------------------------------------------------- */

bool query_duration(struct slice text, int64_t *ns_out)
{
    static const struct { char unit; int64_t ns; } units[] = {
        { 's', CLOCK_SECOND }, { 'm', CLOCK_MINUTE }, { 'h', CLOCK_HOUR }, { 'd', CLOCK_DAY },
        { 'w', 7 * CLOCK_DAY },
    };
    uint64_t number;
    if (text.len < 2 || !slice_to_u64(slice_cut(text, 0, text.len - 1), &number))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].unit == text.data[text.len - 1] && number > 0 &&
            number <= (uint64_t)(INT64_MAX / units[i].ns)) {
            *ns_out = (int64_t)number * units[i].ns;
            return true;
        }
    return false;
}

bool query_time(struct slice text, int64_t now, int64_t *time_out, struct error *e)
{
    int64_t span, seconds;
    if (slice_equal_nocase(text, SLICE("now"))) {
        *time_out = now;
        return true;
    }
    if (slice_starts(text, SLICE("-")) && query_duration(slice_after(text, 1), &span)) {
        *time_out = now - span;
        return true;
    }
    if (slice_starts(text, SLICE("@")) && slice_to_i64(slice_after(text, 1), &seconds) &&
        seconds < INT64_MAX / CLOCK_SECOND && seconds > -(INT64_MAX / CLOCK_SECOND)) {
        *time_out = seconds * CLOCK_SECOND;
        return true;
    }
    if (clock_parse(text, time_out))
        return true;
    error_set(e, "\"%.*s\" is not a time", SLICE_ARGS(text));
    error_kind(e, ERROR_INPUT);
    return error_hint(e, "write 2026-11-24, 2026-11-24T08:00, 2026-11-24T01:00Z, -1h or now");
}
