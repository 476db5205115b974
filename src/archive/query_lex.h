/* query_lex - the query's text cut into tokens, each with its place. */
#ifndef ARCHIVE_QUERY_LEX_H
#define ARCHIVE_QUERY_LEX_H

#include "archive/query.h"

enum token_kind {
    TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_PIPE, TOKEN_COMMA,
    TOKEN_WORD,      /* bare; wildcards and escapes still in it */
    TOKEN_QUOTED,    /* "…", unescaped */
    TOKEN_REGEX,     /* /…/, `\/` undone */
    TOKEN_NAME,      /* name followed by ':' */
    TOKEN_EQUALS     /* = before a quoted value */
};

struct token {
    enum token_kind kind;
    struct slice text;   /* in the arena or the query */
    size_t at;           /* byte where it begins */
};

struct lexer {
    struct slice text;
    size_t at;
    struct arena *arena;
    struct error *e;
    bool in_stage;       /* behind the first pipe: commas and = count, no names */
    bool failed;
};

/* Marks the column of byte `at` in e; returns false. */
bool lexer_error(struct lexer *lexer, size_t at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
struct token lexer_next(struct lexer *lexer);
/* The value behind a name's ':' (a regex may stand here, comparison signs belong to the word). */
struct token lexer_value(struct lexer *lexer);

#endif
