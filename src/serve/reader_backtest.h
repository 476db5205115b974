/* reader_backtest - a back-test as a job of the reader: the request as JSON in, lines out. */
#ifndef SERVE_READER_BACKTEST_H
#define SERVE_READER_BACKTEST_H

#include "archive/search.h"
#include "base/json.h"
#include "process/heritage.h"

#include "serve/answer.h"

/* request: {"rule":"…","beside":"…","days":n,"budget_ms":n,"budget_bytes":n}. Sends 'Q', then 'M', 'D' and
 * 'P' as they come, at the end 'D' and 'F' (serve/query_wire.h). False: e says why, or nobody listens. */
bool reader_backtest(const struct heritage *heritage, const struct json *request,
                     const struct search_scope *scope, struct arena *arena, struct answer *answer,
                     struct error *e);

#endif
