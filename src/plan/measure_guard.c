/* measure_guard - what a measure's SQL may do: the authoriser and a look at its names. */
#include "plan/measure_guard.h"

#include <strings.h>

static const char *const functions[] = {   /* what a measure may call */
    "abs", "avg", "coalesce", "count", "ifnull", "iif", "instr", "json_extract", "json_valid",
    "length", "like", "lower", "max", "min", "nullif", "printf", "replace", "round", "row_number",
    "substr", "sum", "total", "trim", "upper", "->", "->>",
    "date_text", "day_add", "day_start", "days_between", "working_days",   /* ours */
    NULL
};

static bool is_view(const char *name)
{
    return name && name[0] == 'm' && name[1] == '_';
}

/* ---- names ------------------------------------------------------------------------------------ */

struct token {
    char kind;              /* 'n' name, '(' and other characters as themselves, 0 end */
    struct slice text;      /* of a name, without quotes */
};

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static size_t skip_quoted(struct slice sql, size_t at)
{
    char close = sql.data[at] == '[' ? ']' : sql.data[at];
    for (at++; at < sql.len && sql.data[at] != close; at++)
        ;
    return at < sql.len ? at + 1 : at;
}

static struct token next_token(struct slice sql, size_t *at)
{
    while (*at < sql.len) {
        char c = sql.data[*at], d = *at + 1 < sql.len ? sql.data[*at + 1] : 0;
        size_t from = *at;
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            ++*at;
        } else if (c == '-' && d == '-') {
            while (*at < sql.len && sql.data[*at] != '\n')
                ++*at;
        } else if (c == '/' && d == '*') {
            size_t end = slice_find(slice_after(sql, from + 2), SLICE("*/"));
            *at = from + 2 + end + 2 < sql.len ? from + 2 + end + 2 : sql.len;
        } else if (c == '\'') {
            *at = skip_quoted(sql, from);
            return (struct token){ '\'', SLICE_NONE };
        } else if (c == '"' || c == '`' || c == '[') {
            *at = skip_quoted(sql, from);
            return (struct token){ 'n', slice_cut(sql, from + 1, *at - 1) };
        } else if (is_name_byte(c)) {
            while (*at < sql.len && is_name_byte(sql.data[*at]))
                ++*at;
            return (struct token){ 'n', slice_cut(sql, from, *at) };
        } else {
            ++*at;
            return (struct token){ c, SLICE_NONE };
        }
    }
    return (struct token){ 0, SLICE_NONE };
}

bool measure_check_names(struct slice sql, struct error *e)
{
    struct token before = { 0 }, t;

    for (size_t at = 0; (t = next_token(sql, &at)).kind; before = t) {
        bool view = before.kind == 'n' && before.text.len >= 2 &&
                    slice_equal_nocase(slice_cut(before.text, 0, 2), SLICE("m_"));
        bool named = t.kind == '(';     /* m_x( … ): columns of a WITH, or a function */
        if (view && t.kind == 'n' && slice_equal_nocase(t.text, SLICE("as"))) {
            size_t look = at;
            struct token after = next_token(sql, &look);
            named = after.kind == '(' ||
                    (after.kind == 'n' && (slice_equal_nocase(after.text, SLICE("not")) ||
                                           slice_equal_nocase(after.text, SLICE("materialized"))));
        }
        if (view && named) {
            error_set(e, "a measure may not name anything of its own '%.*s'",
                      SLICE_ARGS(before.text));
            return error_hint(e, "names that begin with m_ are the views of the records");
        }
    }
    return true;
}

/* Steps over a balanced ( … ); at stands behind the opening one. */
static void skip_brackets(struct slice sql, size_t *at)
{
    struct token t;
    for (int depth = 1; depth > 0 && (t = next_token(sql, at)).kind;)
        depth += t.kind == '(' ? 1 : t.kind == ')' ? -1 : 0;
}

/* Steps over CASE … END; at stands behind CASE. */
static void skip_case(struct slice sql, size_t *at)
{
    struct token t;
    for (int depth = 1; depth > 0 && (t = next_token(sql, at)).kind;)
        if (t.kind == 'n')
            depth += slice_equal_nocase(t.text, SLICE("case"))  ? 1
                     : slice_equal_nocase(t.text, SLICE("end")) ? -1 : 0;
}

/* Steps over a value: -1, 'text', :asof, l.due, days_between(a, b), ( … ), CASE … END. */
static void skip_value(struct slice sql, size_t *at)
{
    size_t look = *at;
    struct token t = next_token(sql, &look);

    while (t.kind == '-' || t.kind == '+' || t.kind == ':')
        t = next_token(sql, &look);
    if (t.kind == '(')
        skip_brackets(sql, &look);
    else if (t.kind == 'n' && slice_equal_nocase(t.text, SLICE("case")))
        skip_case(sql, &look);
    for (;;) {
        *at = look;
        t = next_token(sql, &look);
        if (t.kind == '(')
            skip_brackets(sql, &look);
        else if (t.kind == '.')
            next_token(sql, &look);
        else
            return;
    }
}

/* The operator at this place: '|' for ||, + - * / %, or 0; at is moved behind it. */
static char operator_at(struct slice sql, size_t *at)
{
    size_t look = *at;
    struct token t = next_token(sql, &look), after = { 0 };
    size_t behind = look;

    if (t.kind == '|' || t.kind == '-')
        after = next_token(sql, &look);
    if (t.kind == '|' && after.kind == '|')
        behind = look;
    else if (t.kind == 0 || !memchr("+-*/%", t.kind, 5) || (t.kind == '-' && after.kind == '>'))
        return 0;
    *at = behind;
    return t.kind;
}

bool measure_check_joins(struct slice sql, struct error *e)
{
    struct token before = { 0 };

    for (size_t at = 0;;) {
        size_t here = at, look = at;
        char first = operator_at(sql, &look);
        bool binary = before.kind == 'n' || before.kind == ')' || before.kind == '\'';
        if (first && binary) {
            skip_value(sql, &look);
            char second = operator_at(sql, &look);
            unsigned line = 1;
            for (size_t i = 0; i < here; i++)
                line += sql.data[i] == '\n';
            if (second && (first == '|') != (second == '|')) {
                error_set(e, "'||' binds tighter than '%c' in line %u", first == '|' ? second : first,
                          line);
                return error_hint(e, "put the arithmetic in parentheses");
            }
        }
        before = next_token(sql, &at);
        if (!before.kind)
            return true;
    }
}

/* Whether the name stands where a table may stand. */
static bool names_table(struct slice sql, struct slice table)
{
    struct token before = { 0 }, t;

    for (size_t at = 0; (t = next_token(sql, &at)).kind; before = t) {
        bool place = before.kind == ',' ||
                     (before.kind == 'n' && (slice_equal_nocase(before.text, SLICE("from")) ||
                                             slice_equal_nocase(before.text, SLICE("join")))) ||
                     before.kind == '(' || before.kind == '.';
        if (place && t.kind == 'n' && slice_equal_nocase(t.text, table))
            return true;
    }
    return false;
}

/* Whether the measure itself defines the name: WITH name(…) AS ( … ). */
static bool defines(struct slice sql, struct slice name)
{
    struct token t;

    for (size_t at = 0; (t = next_token(sql, &at)).kind;) {
        if (t.kind != 'n' || !slice_equal_nocase(t.text, name))
            continue;
        size_t look = at;
        struct token after = next_token(sql, &look);
        if (after.kind == '(') {
            skip_brackets(sql, &look);
            after = next_token(sql, &look);
        }
        if (after.kind != 'n' || !slice_equal_nocase(after.text, SLICE("as")))
            continue;
        after = next_token(sql, &look);
        if (after.kind == '(' || (after.kind == 'n' &&
                                  (slice_equal_nocase(after.text, SLICE("not")) ||
                                   slice_equal_nocase(after.text, SLICE("materialized")))))
            return true;
    }
    return false;
}

static bool is_table(const struct measure_guard *guard, struct slice name)
{
    for (uint32_t i = 0; i < guard->table_count; i++)
        if (slice_equal_nocase(guard->tables[i], name))
            return true;
    return false;
}

/* A source of rows of which no column is read: the table of a view that SQLite merged into the
 * measure, or what the measure itself defined; not a table that it only counts. */
static bool may_count(const struct measure_guard *guard, struct slice name)
{
    return is_table(guard, name) ? !names_table(guard->sql, name) : defines(guard->sql, name);
}

int measure_authorise(void *context, int action, const char *first, const char *second,
                      const char *database, const char *view)
{
    const struct measure_guard *guard = context;

    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        for (const char *const *f = functions; *f; f++)
            if (second && strcasecmp(*f, second) == 0)
                return SQLITE_OK;
        return SQLITE_DENY;
    case SQLITE_READ:
        /* A view read by the measure, or a table read by a view. What stands in `view` can also be
         * the name of a measure's own WITH: measure_check_names refuses such names. */
        if (database && strcmp(database, "main") != 0)
            return SQLITE_DENY;
        if (is_view(first) || is_view(view))
            return SQLITE_OK;
        return second && !second[0] && first && may_count(guard, slice_of(first)) ? SQLITE_OK
                                                                                  : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}
