/* query_stage - the pipes behind the filter: parsed and written out (private). */
#ifndef ARCHIVE_QUERY_STAGE_H
#define ARCHIVE_QUERY_STAGE_H

#include "archive/query_lex.h"
#include "archive/tree.h"

/* Everything behind the first '|', which was read. False: the lexer's error is set. */
bool query_stages(struct lexer *lexer, struct query *query);
/* " | count by user over 1h" */
void query_stage_print(const struct stage *stage, struct buffer *out);

#endif
