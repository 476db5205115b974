/* error - where and why something failed, in words that the person who caused it understands.
 *
 * The sentence stands where it is raised; English is the key of the Vietnamese text (base/text.h).
 * Good: `return error_set(e, "port %u is taken", port);` and a hint that says what to do.
 * Bad: a bare number; a sentence that names our functions.
 * Never: a secret in it; used for broken invariants (those assert).
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

#include "base/slice.h"

enum error_kind {       /* what the edges (CLI exit code, HTTP status) make of it */
    ERROR_INPUT = 1,    /* the input is wrong: 2, 400 */
    ERROR_NOT_FOUND,    /* 404 */
    ERROR_FORBIDDEN,    /* 403 */
    ERROR_CONFLICT,     /* 409: somebody was faster, already exists */
    ERROR_BUSY,         /* 429/503: try again later */
    ERROR_FAILED,       /* the machine failed: 3, 500 */
    ERROR_DAMAGED       /* what the machine keeps is broken, and stays so: 3, 500 */
};

struct error {
    bool set;
    enum error_kind kind;      /* ERROR_FAILED unless error_kind() said otherwise */
    char place[256];           /* file:line:column, field, cell; may be empty */
    char sentence[512];        /* English */
    char sentence_vi[512];
    char hint[256];            /* what to do; may be empty */
    char hint_vi[256];
    char excerpt[200];         /* the line that is wrong; may be empty */
    unsigned excerpt_column;   /* 1-based column in excerpt to mark; 0: none */
};

/* Sets the sentence (first error wins: a set error is not overwritten). e may be NULL.
 * Always returns false, for `return error_set(...)`. */
#define error_set(e, ...) error_set_((e), __VA_ARGS__)
bool error_set_(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool error_vset(struct error *e, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
/* As error_set with ": strerror(errno)" behind it; ENOSPC, EACCES, EADDRINUSE also give a hint. */
bool error_errno(struct error *e, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool error_kind(struct error *e, enum error_kind kind);
bool error_place(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool error_hint(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Place as file:line:column (line 0: file alone; column 0: without) and the line shown. */
bool error_at(struct error *e, const char *file, unsigned line, unsigned column, struct slice text);
void error_clear(struct error *e);

/* In the language asked for ("vi" or else English), falling back to English. */
const char *error_sentence(const struct error *e, const char *language);
const char *error_hint_in(const struct error *e, const char *language);

/* Several lines as a terminal shows them: place, sentence, excerpt with mark, hint. Ends with \n. */
struct buffer;
void error_print(const struct error *e, const char *language, struct buffer *out);

#define ERROR_NONE ((struct error){ .set = false })

#endif
