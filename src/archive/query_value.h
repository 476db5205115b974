/* query_value - what a value means: word, wildcard, range, network, expression (private). */
#ifndef ARCHIVE_QUERY_VALUE_H
#define ARCHIVE_QUERY_VALUE_H

#include "archive/query_lex.h"
#include "archive/tree.h"

/* Fills the test of node (place and field are set) from the token; exact: an `=` stood before it.
 * False: the lexer's error is set. */
bool query_value(struct lexer *lexer, struct node *node, struct token token, bool exact,
                 int64_t now);

#endif
