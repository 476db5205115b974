/* exception - which matches raise nothing, because people said so for a rule, an agency, a system or a
 * source, until a day.
 *
 * An exception is a Sigma filter (event/roster.h): compiled like a rule, it is tried on the event of
 * an alert only. Filters of rule files are part of the rule and leave no trace; exceptions are tried
 * behind it, so that what they silence is counted.
 */
#ifndef DETECT_EXCEPTION_H
#define DETECT_EXCEPTION_H

#include "detect/ruleset.h"
#include "event/event.h"
#include "event/roster.h"

struct exception_set;

/* Compiles the roster's exceptions, or where `rules` is not NULL those that name one of them; the texts
 * are copied. logsources: folder, or NULL. A filter that cannot be compiled is left out and told in the
 * log. NULL: memory. */
struct exception_set *exception_set_new(const struct roster *roster, const struct ruleset *rules,
                                        const char *logsources);
void exception_set_free(struct exception_set **set);
/* The number of the exception that silences an alert of this rule (its id, or title) about the event;
 * 0: none does. One thread. */
int64_t exception_find(struct exception_set *set, const struct event *event, struct slice rule,
                       int64_t now);

#endif
