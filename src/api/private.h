/* private - what the API keeps beside its threads: the plan's standings and the rules' texts. */
#ifndef API_PRIVATE_H
#define API_PRIVATE_H

#include <stdatomic.h>

#include "api/rule_book.h"
#include "api/standings.h"
#include "api/stream.h"

struct standings *api_standings_of(const struct api_call *call);
struct rule_book *api_rules_of(const struct api_call *call);
struct api_news *api_news_of(const struct api_call *call);
/* How many back-tests run. */
atomic_uint *api_backtests_of(const struct api_call *call);
int64_t api_started(const struct api_call *call);

#endif
