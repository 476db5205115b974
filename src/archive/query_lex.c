#include "archive/query_lex.h"

#include <stdarg.h>

static unsigned column_of(struct slice text, size_t at)
{
    unsigned column = 1;
    for (size_t i = 0; i < at && i < text.len; i++)
        column += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return column;
}

bool lexer_error(struct lexer *lexer, size_t at, const char *hint, const char *format, ...)
{
    va_list args;
    lexer->failed = true;
    if (!lexer->e || lexer->e->set)
        return false;
    error_at(lexer->e, "query", 1, column_of(lexer->text, at), lexer->text);
    va_start(args, format);
    error_vset(lexer->e, format, args);
    va_end(args);
    error_kind(lexer->e, ERROR_INPUT);
    if (hint)
        error_hint(lexer->e, "%s", hint);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_word(const struct lexer *lexer, char c)
{
    return is_blank(c) || c == '(' || c == ')' || c == '|' || c == '"' ||
           (lexer->in_stage && c == ',');
}

static bool name_letter(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@';
    return letter || (!first && ((c >= '0' && c <= '9') || c == '.' || c == '-'));
}

/* Length of a field name that ends in ':' here; 0 when this is a plain word, as http://, C:\ and
 * std::vector are. A value may begin with :: (an address) and with a backslash (a share). */
static size_t name_len(const struct lexer *lexer)
{
    struct slice rest = slice_after(lexer->text, lexer->at);
    size_t i = 0;
    while (i < rest.len && name_letter(rest.data[i], i == 0))
        i++;
    if (i == 0 || i >= rest.len || rest.data[i] != ':')
        return 0;
    struct slice value = slice_after(rest, i + 1);
    bool drive = i == 1 && slice_starts(value, SLICE("\\"));
    bool joined = slice_starts(value, SLICE(":")) && !slice_starts(value, SLICE("::"));
    return drive || joined || slice_starts(value, SLICE("//")) ? 0 : i;
}

static struct token quoted(struct lexer *lexer)
{
    struct token token = { TOKEN_QUOTED, SLICE_NONE, lexer->at };
    char *out = arena_alloc(lexer->arena, lexer->text.len + 1);
    size_t len = 0;
    if (!out) {
        lexer_error(lexer, token.at, NULL, "the query is too long");
        return token;
    }
    for (lexer->at++; lexer->at < lexer->text.len; lexer->at++) {
        char c = lexer->text.data[lexer->at];
        if (c == '"') {
            lexer->at++;
            token.text = slice_from(out, len);
            return token;
        }
        if (c == '\\' && lexer->at + 1 < lexer->text.len &&
            (lexer->text.data[lexer->at + 1] == '"' || lexer->text.data[lexer->at + 1] == '\\'))
            c = lexer->text.data[++lexer->at];
        out[len++] = c;
    }
    lexer_error(lexer, token.at, "close it with \"", "the quotation mark is not closed");
    return token;
}

static struct token regex(struct lexer *lexer)
{
    struct token token = { TOKEN_REGEX, SLICE_NONE, lexer->at };
    char *out = arena_alloc(lexer->arena, lexer->text.len + 1);
    size_t len = 0;
    if (!out) {
        lexer_error(lexer, token.at, NULL, "the query is too long");
        return token;
    }
    for (lexer->at++; lexer->at < lexer->text.len; lexer->at++) {
        char c = lexer->text.data[lexer->at];
        if (c == '/') {
            lexer->at++;
            token.text = slice_from(out, len);
            return token;
        }
        if (c == '\\' && lexer->at + 1 < lexer->text.len) {
            lexer->at++;
            if (lexer->text.data[lexer->at] != '/')
                out[len++] = '\\';
            c = lexer->text.data[lexer->at];
        }
        out[len++] = c;
    }
    lexer_error(lexer, token.at, "close it with /; a slash inside is written \\/",
                "the regular expression is not closed");
    return token;
}

static struct token word(struct lexer *lexer)
{
    struct token token = { TOKEN_WORD, SLICE_NONE, lexer->at };
    while (lexer->at < lexer->text.len && !ends_word(lexer, lexer->text.data[lexer->at]))
        lexer->at++;
    token.text = slice_cut(lexer->text, token.at, lexer->at);
    return token;
}

static bool at_end(struct lexer *lexer)
{
    while (lexer->at < lexer->text.len && is_blank(lexer->text.data[lexer->at]))
        lexer->at++;
    return lexer->failed || lexer->at >= lexer->text.len;
}

struct token lexer_next(struct lexer *lexer)
{
    if (at_end(lexer))
        return (struct token){ TOKEN_END, SLICE_NONE, lexer->text.len };
    static const struct { char c; enum token_kind kind; } signs[] = {
        { '(', TOKEN_OPEN }, { ')', TOKEN_CLOSE }, { '|', TOKEN_PIPE }, { ',', TOKEN_COMMA },
    };
    char c = lexer->text.data[lexer->at];
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (c == signs[i].c && (c != ',' || lexer->in_stage)) {
            lexer->at++;
            return (struct token){ signs[i].kind, SLICE_NONE, lexer->at - 1 };
        }
    if (c == '"')
        return quoted(lexer);
    size_t len = lexer->in_stage ? 0 : name_len(lexer);
    if (len) {
        struct token token = { TOKEN_NAME, slice_cut(lexer->text, lexer->at, lexer->at + len),
                               lexer->at };
        lexer->at += len + 1;
        return token;
    }
    return word(lexer);
}

/* [1 to 5] is one value although it has blanks. */
static struct token bracket(struct lexer *lexer)
{
    struct token token = { TOKEN_WORD, SLICE_NONE, lexer->at };
    while (lexer->at < lexer->text.len && lexer->text.data[lexer->at] != ']')
        lexer->at++;
    if (lexer->at >= lexer->text.len)
        lexer_error(lexer, token.at, "write [1 to 5]", "the range is not closed");
    else
        lexer->at++;
    token.text = slice_cut(lexer->text, token.at, lexer->at);
    return token;
}

struct token lexer_value(struct lexer *lexer)
{
    struct token none = { TOKEN_END, SLICE_NONE, lexer->at };
    if (lexer->failed || lexer->at >= lexer->text.len || is_blank(lexer->text.data[lexer->at]))
        return none;
    char c = lexer->text.data[lexer->at];
    if (c == '/')
        return regex(lexer);
    if (c == '[')
        return bracket(lexer);
    if (c == '"')
        return quoted(lexer);
    if (ends_word(lexer, c))
        return none;
    if (c == '=' && lexer->at + 1 < lexer->text.len && lexer->text.data[lexer->at + 1] == '"') {
        lexer->at++;
        return (struct token){ TOKEN_EQUALS, SLICE_NONE, lexer->at - 1 };
    }
    return word(lexer);
}
