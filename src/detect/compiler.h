/* compiler - rules and log sources in, a frozen ruleset out.
 *
 * First of the three stages. Errors do not stop it: each fault of a wrong rule is reported with its file
 * and line, and the rule left out; what remains is complete.
 */
#ifndef DETECT_COMPILER_H
#define DETECT_COMPILER_H

#include "base/arena.h"
#include "detect/ruleset.h"

struct compiler_options {
    const char *const *rules;      /* folders or files, NULL-ended */
    const struct slice *texts;     /* further documents, not in files; */
    uint32_t text_count;
    bool filters_alone;            /* a filter matches by itself what it would leave out: exceptions */
    const char *logsources;        /* folder of logsources/ *.yaml; NULL: gating by decoders only */
    const char *placeholders;      /* YAML file of lists; NULL: none */
    const struct slice *disabled;  /* rule ids to leave out */
    uint32_t disabled_count;
    void (*report)(void *owner, const struct error *e, bool warning); /* each fault; may be NULL */
    void *owner;
};

struct compiler_count {
    uint32_t files, rules, refused, filters, warnings;
};

/* False only when the folders or log sources cannot be read or memory is short; wrong rules are
 * counted in refused. The ruleset is the caller's. */
bool compiler_run(const struct compiler_options *options, struct ruleset **out,
                  struct compiler_count *count_out, struct error *e);

#endif
